/* SPDX-License-Identifier: MIT */
#ifndef ESM_JSON_UTF8_H
#define ESM_JSON_UTF8_H

#include <stddef.h>

/* The size of the well-formed sequence at `at` (RFC 3629: no overlong forms, no surrogates), 1 to 4; 0: there
 * is none. */
static inline size_t esm__utf8_sequence(const char *at, size_t left)
{
    const unsigned char *b = (const unsigned char *)at;
    if (left == 0)
        return 0;
    if (b[0] < 0x80)
        return 1;
    if (b[0] < 0xc2 || left < 2 || (b[1] & 0xc0) != 0x80)
        return 0;
    if (b[0] < 0xe0)
        return 2;
    if (left < 3 || (b[2] & 0xc0) != 0x80)
        return 0;
    if (b[0] < 0xf0)
        return (b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ? 0 : 3;
    if (left < 4 || (b[3] & 0xc0) != 0x80 || b[0] > 0xf4)
        return 0;
    return (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f) ? 0 : 4;
}

#endif
