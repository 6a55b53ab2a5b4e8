/* SPDX-License-Identifier: MIT */
/* What a pattern asks of one value: one test of the list that stands at the end of its path. */
#ifndef ESM_FILTER_TEST_H
#define ESM_FILTER_TEST_H

#include "filter/address.h"
#include "filter/fold.h"
#include "filter/number.h"
#include "filter/text.h"

enum esm__test_kind {
    ESM__TEST_EXISTS,
    ESM__TEST_ABSENT,  /* no value: never true of one */
    ESM__TEST_LITERAL, /* null, true, false */
    ESM__TEST_EQUALS,  /* a string */
    ESM__TEST_BEGINS,
    ESM__TEST_ENDS,
    ESM__TEST_LIKE,   /* wildcard */
    ESM__TEST_FOLDED, /* the same without regard to case */
    ESM__TEST_FOLDED_BEGINS,
    ESM__TEST_FOLDED_ENDS,
    ESM__TEST_NETWORK,
    ESM__TEST_NUMBER, /* by value */
    ESM__TEST_LEXEME, /* by text: no double stands for it */
    ESM__TEST_RANGE,
    ESM__TEST_NONE_OF, /* anything-but */
};

struct esm__bound {
    struct esm__number number;
    int is_there, includes;
};

struct esm__tests {
    const struct esm__test *list;
    size_t count;
};

struct esm__test {
    enum esm__test_kind kind;
    union {
        enum esm__json_type literal;
        struct esm__text text;
        struct {
            const struct esm__fold *list;
            size_t count;
        } folds;
        struct esm__network network;
        struct esm__number number;
        struct {
            struct esm__bound low, high;
        } range;
        struct esm__tests none_of;
    };
};

/* Whether one of the tests is true of a scalar: STRING, NUMBER, TRUE, FALSE or NULL. 1 or 0. */
int esm__tests_match(struct esm__tests tests, enum esm__json_type type, const struct esm__json_token *token);

#endif
