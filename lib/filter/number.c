/* SPDX-License-Identifier: MIT */
#include "filter/number.h"

#include <math.h>
#include <stdlib.h>

#include "base/bytes.h"

enum {
    DIGITS = 17,         /* as many as a shortest decimal may have */
    SAFE_DIGITS = 15,    /* so many always come back from a double */
    SAFE_EXPONENT = 300, /* as long as it is far from the ends of its range */
    EXPONENT_MAX = 1000000
};

/* Steps over an exponent's digits. What is too large for every double stays too large. */
static int32_t read_exponent(const char *at, const char *end)
{
    int32_t value = 0;
    int is_negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    for (; at < end; at++)
        value = value < EXPONENT_MAX ? value * 10 + (*at - '0') : value;
    return is_negative ? -value : value;
}

static int push_digits(struct esm__number *number, int count, int zeros, int digit)
{
    if (count + zeros >= DIGITS)
        return 0;
    for (; zeros > 0; zeros--)
        number->digits *= 10;
    number->digits = number->digits * 10 + (uint64_t)digit;
    return 1;
}

/* The digits and their place. 0: there are more than a double can have. */
static int read_decimal(const char *text, size_t size, struct esm__number *ret, int *ret_count)
{
    const char *at = text, *end = text + size;
    int64_t place = 0;
    int count = 0, zeros = 0, has_point = 0;
    *ret = (struct esm__number){0, 0, *at == '-' ? -1 : 1};
    for (at += *at == '-'; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            has_point = 1;
            continue;
        }
        int has_begun = count > 0 || *at != '0';
        place += has_point ? -!has_begun : has_begun;
        if (*at == '0') {
            zeros += count > 0 && zeros < DIGITS; /* they count if another digit follows */
        } else {
            if (!push_digits(ret, count, zeros, *at - '0'))
                return 0;
            count += zeros + 1;
            zeros = 0;
        }
    }
    place += at < end ? read_exponent(at + 1, end) : 0;
    for (int i = count; i < DIGITS; i++)
        ret->digits *= 10;
    ret->exponent = place > EXPONENT_MAX    ? EXPONENT_MAX
                    : place < -EXPONENT_MAX ? -EXPONENT_MAX
                                            : (int32_t)place;
    if (count == 0)
        *ret = (struct esm__number){0, 0, 0};
    *ret_count = count;
    return 1;
}

/* By way of an integer and an exponent, in which no locale has a say. */
static double to_double(uint64_t digits, int32_t exponent)
{
    char text[48];
    esm__format(text, sizeof(text), "%llue%d", (unsigned long long)digits, (int)exponent - DIGITS);
    return strtod(text, NULL);
}

/* The nearest decimal of so many digits. */
static void to_decimal(double value, int digits, uint64_t *ret_digits, int32_t *ret_exponent)
{
    char text[48];
    char *at = text;
    esm__format(text, sizeof(text), "%.*e", digits - 1, value);
    *ret_digits = 0;
    for (int count = 0; *at != 'e'; at++)
        if (*at >= '0' && *at <= '9' && count++ < DIGITS)
            *ret_digits = *ret_digits * 10 + (uint64_t)(*at - '0');
    for (int i = digits; i < DIGITS; i++)
        *ret_digits *= 10;
    *ret_exponent = (int32_t)strtol(at + 1, NULL, 10) + 1;
}

static int is_shortest(const struct esm__number *number)
{
    double value = to_double(number->digits, number->exponent);
    if (value == 0 || isinf(value))
        return 0;
    /* The engine writes at least two digits: 4.9e-324 is the smallest double's name there, not 5e-324. */
    for (int count = 2; count <= DIGITS; count++) {
        uint64_t digits;
        int32_t exponent;
        to_decimal(value, count, &digits, &exponent);
        if (to_double(digits, exponent) == value)
            return digits == number->digits && exponent == number->exponent;
    }
    return 0;
}

/* Up to 2^53 every integer is the only one near its double. */
static int is_small_integer(const struct esm__number *number)
{
    if (number->exponent < 1 || number->exponent > 16)
        return 0;
    uint64_t unit = 1;
    for (int i = number->exponent; i < DIGITS; i++)
        unit *= 10;
    return number->digits % unit == 0 && number->digits / unit <= (uint64_t)1 << 53;
}

int esm__number_read(const char *text, size_t size, struct esm__number *ret)
{
    int count;
    if (!read_decimal(text, size, ret, &count))
        return 0;
    if (count <= SAFE_DIGITS && ret->exponent >= -SAFE_EXPONENT && ret->exponent <= SAFE_EXPONENT)
        return 1;
    return is_small_integer(ret) || is_shortest(ret);
}

int esm__number_compare(const struct esm__number *a, const struct esm__number *b)
{
    int larger = a->exponent != b->exponent ? (a->exponent > b->exponent ? 1 : -1)
                                            : (a->digits > b->digits) - (a->digits < b->digits);
    if (a->sign != b->sign)
        return a->sign > b->sign ? 1 : -1;
    return larger * a->sign;
}
