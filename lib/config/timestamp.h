/* SPDX-License-Identifier: MIT */
#ifndef ESM_CONFIG_TIMESTAMP_H
#define ESM_CONFIG_TIMESTAMP_H

#include "config/check.h"

/* Seconds since 1970 with or without fraction, or ISO 8601 with a zone. 1: read; 0: neither. Wall
 * milliseconds. */
int esm__timestamp_read(struct esm__span text, int64_t *ret_ms);

#endif
