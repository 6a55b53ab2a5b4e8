/* SPDX-License-Identifier: MIT */
/* The words for what a good value is, and for why one is not. All append. */
#ifndef ESM_CONFIG_REASON_H
#define ESM_CONFIG_REASON_H

#include "base/bytes.h"
#include "config/table.h"

/* A text in quotes, harmless and cut short. */
int esm__quote(struct esm__span text, struct esm__bytes *to);

/* The value of an option with these flags, or, where that is secret, "the value". 0, ESM_ERR_NOMEM. */
int esm__reason_show(unsigned flags, struct esm__span shown, struct esm__bytes *reason);

/* "a whole number from 1 to 10000". 0, ESM_ERR_NOMEM. */
typedef int (*esm__describe_fn)(const struct esm__option *option, struct esm__bytes *to);

int esm__describe(const struct esm__option *option, struct esm__bytes *to);
int esm__describe_choices(const struct esm__option *option, struct esm__bytes *to);
int esm__describe_count(const struct esm__option *option, struct esm__bytes *to);

/* The value, unless it is secret, then the words. ESM_ERR_CONFIG once they are written, ESM_ERR_NOMEM. */
int esm__reason_say(const struct esm__option *option, struct esm__span shown, const char *middle,
                    const char *end, struct esm__bytes *reason);
int esm__reason_not(const struct esm__option *option, struct esm__span shown, esm__describe_fn describe,
                    struct esm__bytes *reason);
int esm__reason_not_good(const struct esm__option *option, struct esm__span shown, struct esm__bytes *reason);

#endif
