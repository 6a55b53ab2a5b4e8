/* SPDX-License-Identifier: MIT */
/*
 * Numbers as JSON writes them, compared by value where a double tells them apart from every other number, and
 * else by their text. What a double tells apart is what is the shortest decimal of its double; between such
 * decimals the order of the doubles is that of the decimals, so no double is ever made of them.
 */
#ifndef ESM_FILTER_NUMBER_H
#define ESM_FILTER_NUMBER_H

#include <stddef.h>
#include <stdint.h>

struct esm__number {
    uint64_t digits;  /* 17 of them, the first one not 0; of zero: 0 */
    int32_t exponent; /* the value is 0.ddddd times 10 to this */
    int32_t sign;     /* -1, 0, 1 */
};

/* text: a lexeme of JSON. 1: ret has its value; 0: no double stands for exactly this. */
int esm__number_read(const char *text, size_t size, struct esm__number *ret);

/* -1, 0, 1 */
int esm__number_compare(const struct esm__number *a, const struct esm__number *b);

#endif
