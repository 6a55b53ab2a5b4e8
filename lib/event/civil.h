/* SPDX-License-Identifier: MIT */
/* Wall time as a date, in UTC, without locale, time zone or limits. */
#ifndef ESM_EVENT_CIVIL_H
#define ESM_EVENT_CIVIL_H

#include <stdint.h>

struct esm__civil {
    int64_t year; /* astronomical: 0 is 1 BC */
    int month, day, hour, minute, second, millisecond;
};

struct esm__civil esm__civil_from_ms(int64_t wall_ms);

#define ESM__ISO_SIZE 40

/* "2026-11-23T10:00:00.123Z", NUL-terminated; years outside 0..9999 have a sign and as many digits as they
 * need. */
void esm__civil_format(char to[ESM__ISO_SIZE], int64_t wall_ms);

#endif
