/* SPDX-License-Identifier: MIT */
/* Arithmetic that says when it does not fit. */
#ifndef ESM_BASE_CHECKED_H
#define ESM_BASE_CHECKED_H

#include <stddef.h>
#include <stdint.h>

static inline int esm__add(size_t a, size_t b, size_t *ret)
{
    return !__builtin_add_overflow(a, b, ret);
}

static inline int esm__mul(size_t a, size_t b, size_t *ret)
{
    return !__builtin_mul_overflow(a, b, ret);
}

/* Saturating, for times: a deadline too far away is ESM_NEVER. */
static inline int64_t esm__add_ms(int64_t a, int64_t b)
{
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return b > 0 ? INT64_MAX : INT64_MIN;
}

#endif
