/* SPDX-License-Identifier: MIT */
#include "filter/test.h"

/* What several tests of one value would find out again and again. */
struct value {
    enum esm__json_type type;
    const struct esm__json_token *token;
    enum {
        UNREAD,
        GOOD,
        BAD
    } number_is, address_is;
    struct esm__number number;
    struct esm__network address;
};

static const struct esm__number *number_of(struct value *value)
{
    if (value->number_is == UNREAD)
        value->number_is =
            esm__number_read(value->token->text, value->token->size, &value->number) ? GOOD : BAD;
    return value->number_is == GOOD ? &value->number : NULL;
}

static const struct esm__network *address_of(struct value *value)
{
    char text[ESM__ADDRESS_MAX];
    if (value->address_is == UNREAD) {
        size_t size = esm__text_copy(value->token, text, sizeof(text));
        value->address_is = size != SIZE_MAX && esm__address_read(text, size, &value->address) ? GOOD : BAD;
    }
    return value->address_is == GOOD ? &value->address : NULL;
}

/* side: -1 below, 1 above. */
static int is_within(const struct esm__number *number, const struct esm__bound *bound, int side)
{
    int order = esm__number_compare(number, &bound->number);
    return !bound->is_there || order == -side || (order == 0 && bound->includes);
}

static int matches_string(const struct esm__test *test, struct value *value)
{
    const struct esm__json_token *token = value->token;
    struct esm__cursor cursor;
    switch (test->kind) {
    case ESM__TEST_EQUALS: return esm__text_is(token, test->text);
    case ESM__TEST_BEGINS: return esm__text_begins(token, test->text);
    case ESM__TEST_ENDS: return esm__text_ends(token, test->text);
    case ESM__TEST_LIKE: return esm__text_is_like(token, test->text);
    case ESM__TEST_FOLDED:
        cursor = esm__cursor(token);
        return esm__fold_take(&cursor, test->folds.list, test->folds.count) && esm__cursor_next(&cursor) < 0;
    case ESM__TEST_FOLDED_BEGINS:
        cursor = esm__cursor(token);
        return esm__fold_take(&cursor, test->folds.list, test->folds.count);
    case ESM__TEST_FOLDED_ENDS: return esm__fold_ends(token, test->folds.list, test->folds.count);
    case ESM__TEST_NETWORK:
        return address_of(value) != NULL && esm__network_has(&test->network, address_of(value));
    default: return 0;
    }
}

static int matches_number(const struct esm__test *test, struct value *value)
{
    const struct esm__number *number = number_of(value);
    switch (test->kind) {
    case ESM__TEST_NUMBER: return number != NULL && esm__number_compare(number, &test->number) == 0;
    case ESM__TEST_LEXEME: return esm__text_is(value->token, test->text);
    case ESM__TEST_RANGE:
        return number != NULL && is_within(number, &test->range.low, -1) &&
               is_within(number, &test->range.high, 1);
    default: return 0;
    }
}

static int matches_one(const struct esm__test *test, struct value *value)
{
    switch (test->kind) {
    case ESM__TEST_EXISTS: return 1;
    case ESM__TEST_ABSENT: return 0;
    case ESM__TEST_LITERAL: return value->type == test->literal;
    case ESM__TEST_NONE_OF:
        for (size_t i = 0; i < test->none_of.count; i++)
            if (matches_one(&test->none_of.list[i], value))
                return 0;
        return 1;
    default: break;
    }
    return value->type == ESM__JSON_STRING   ? matches_string(test, value)
           : value->type == ESM__JSON_NUMBER ? matches_number(test, value)
                                             : 0;
}

int esm__tests_match(struct esm__tests tests, enum esm__json_type type, const struct esm__json_token *token)
{
    struct value value = {.type = type, .token = token};
    for (size_t i = 0; i < tests.count; i++)
        if (matches_one(&tests.list[i], &value))
            return 1;
    return 0;
}
