/* SPDX-License-Identifier: MIT */
/* Values: from text or JSON to the one form in which a configuration keeps them, a text, or to the reason why
 * not. */
#ifndef ESM_CONFIG_VALUE_H
#define ESM_CONFIG_VALUE_H

#include "base/bytes.h"
#include "config/table.h"
#include "json/scanner.h"

/*
 * Both append to ret and NUL-terminate it; nothing appended: the value is that of an option that was not set.
 * ESM_ERR_CONFIG: `reason` has it instead, with the value unless that is secret. ESM_ERR_NOMEM.
 */
int esm__value_read_text(const struct esm__option *option, struct esm__span text, struct esm__bytes *ret,
                         struct esm__bytes *reason);

/* Takes the value that comes next in `json`, which is known to be well-formed. */
int esm__value_read_json(const struct esm__option *option, struct esm__json *json, struct esm__bytes *ret,
                         struct esm__bytes *reason);

/* Any scalar, as text, for "kafka.*". */
int esm__value_read_scalar(struct esm__json *json, int secret, struct esm__bytes *ret,
                           struct esm__bytes *reason);

int esm__value_is_text(struct esm__span text); /* UTF-8 without NUL */

/* Of values in the form that is kept. */
int64_t esm__value_to_int(const char *value);
int64_t esm__value_to_ms(const char *value); /* TIME */

#endif
