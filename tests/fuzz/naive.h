/* SPDX-License-Identifier: MIT */
/*
 * A matcher that is written to be read: the values of an event as a list, and all ways to choose from it, one
 * after the other. Patterns are read by the library, and single values tested by it.
 */
#ifndef ESM_TESTS_FUZZ_NAIVE_H
#define ESM_TESTS_FUZZ_NAIVE_H

#include "filter/pattern.h"

enum naive_answer {
    NAIVE_NO,
    NAIVE_YES,
    NAIVE_MAYBE /* it would take too long */
};

/* What the event is like. */
struct naive_shape {
    size_t choices;      /* in how many ways one element of each array can be chosen */
    unsigned depth;      /* elements that lie within each other */
    int has_plain_names; /* without dots, and no two the same in one object */
};

/* event: begins with a JSON object, and has less than 1024 values and arrays. */
enum naive_answer naive_match(const struct esm__pattern *pattern, const char *event, size_t size,
                              struct naive_shape *ret_shape);

#endif
