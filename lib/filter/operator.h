/* SPDX-License-Identifier: MIT */
/* The list of values and operators that stands at the end of a path. */
#ifndef ESM_FILTER_OPERATOR_H
#define ESM_FILTER_OPERATOR_H

#include "base/bytes.h"
#include "filter/arena.h"
#include "filter/test.h"

/* How far a pattern was read. */
struct esm__reader {
    struct esm__json json;
    struct esm__arena *arena;
    struct esm__bytes path;
    int or_is_operator, has_or;
    unsigned or_depth;
    const char *why;
    size_t where;
};

/* Says why, unless the scanner knows better. ESM_ERR_CONFIG. */
int esm__reader_fail(struct esm__reader *reader, const char *why);

/* Behind the beginning of the list. 0, ESM_ERR_CONFIG, ESM_ERR_NOMEM. */
int esm__operator_read_tests(struct esm__reader *reader, struct esm__tests *ret);

/* Whether a name is one that $or does not take for a field. */
int esm__operator_is_reserved(const struct esm__json_token *name);

#endif
