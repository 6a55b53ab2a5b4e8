/* SPDX-License-Identifier: MIT */
#include "filter/operator.h"

#include <string.h>

int esm__reader_fail(struct esm__reader *reader, const char *why)
{
    reader->why = reader->json.error != NULL ? reader->json.error : why;
    reader->where = (size_t)(reader->json.at - reader->json.start);
    return ESM_ERR_CONFIG;
}

int esm__operator_is_reserved(const struct esm__json_token *name)
{
    static const char *const names[] = {"exactly",
                                        "equals-ignore-case",
                                        "prefix",
                                        "suffix",
                                        "anything-but",
                                        "exists",
                                        "wildcard",
                                        "numeric",
                                        "cidr",
                                        "=",
                                        "<",
                                        "<=",
                                        ">",
                                        ">=",
                                        "regex",
                                        "not-wildcard",
                                        "not-equals-ignore-case",
                                        "date-after",
                                        "date-on-or-after",
                                        "date-before",
                                        "date-on-or-before",
                                        "in-date-range",
                                        "ip-address-in-range",
                                        "ip-address-not-in-range"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (esm__json_equals(name, names[i], strlen(names[i])))
            return 1;
    return 0;
}

/* ---- values ---- */

static int keep_text(struct esm__reader *reader, const struct esm__json_token *token, struct esm__text *ret)
{
    char *data = esm__arena_get(reader->arena, token->size + 1, 1);
    if (data == NULL)
        return ESM_ERR_NOMEM;
    *ret = (struct esm__text){data, esm__json_decode(token, data)};
    return 0;
}

static int keep_folds(struct esm__reader *reader, const struct esm__json_token *token, struct esm__test *ret)
{
    struct esm__text text;
    int error = keep_text(reader, token, &text);
    struct esm__fold *folds = error != 0 ? NULL : esm__arena_get(reader->arena, text.size, sizeof(*folds));
    if (folds == NULL)
        return ESM_ERR_NOMEM;
    ret->folds.list = folds;
    ret->folds.count = esm__fold_make(text, folds);
    return 0;
}

/* A string, or a number, as something to be equal to. */
static int keep_value(struct esm__reader *reader, enum esm__json_type type,
                      const struct esm__json_token *token, struct esm__test *ret)
{
    ret->kind = type == ESM__JSON_STRING ? ESM__TEST_EQUALS : ESM__TEST_NUMBER;
    if (type == ESM__JSON_NUMBER && esm__number_read(token->text, token->size, &ret->number))
        return 0;
    if (type == ESM__JSON_NUMBER)
        ret->kind = ESM__TEST_LEXEME;
    return keep_text(reader, token, &ret->text);
}

/* A string that is an address is compared as one. */
static int keep_plain(struct esm__reader *reader, const struct esm__json_token *token, struct esm__test *ret)
{
    int error = keep_value(reader, ESM__JSON_STRING, token, ret);
    struct esm__network address;
    if (error == 0 && esm__address_read(ret->text.data, ret->text.size, &address))
        *ret = (struct esm__test){.kind = ESM__TEST_NETWORK, .network = address};
    return error;
}

/* Stars that follow each other, and backslashes before anything but a star or a backslash, are faults. */
static int check_wildcard(struct esm__reader *reader, struct esm__text text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '*' && i + 1 < text.size && text.data[i + 1] == '*')
            return esm__reader_fail(reader, "wildcard has two stars in a row");
        if (text.data[i] == '\\' && (++i == text.size || (text.data[i] != '*' && text.data[i] != '\\')))
            return esm__reader_fail(reader, "wildcard has a backslash that is not before * or another one");
    }
    return 0;
}

static int is_folded(enum esm__test_kind kind)
{
    return kind == ESM__TEST_FOLDED || kind == ESM__TEST_FOLDED_BEGINS || kind == ESM__TEST_FOLDED_ENDS;
}

/* A test of this kind, from a string. */
static int keep_string_test(struct esm__reader *reader, const struct esm__json_token *token,
                            enum esm__test_kind kind, struct esm__test *ret)
{
    *ret = (struct esm__test){.kind = kind};
    if (is_folded(kind))
        return keep_folds(reader, token, ret);
    int error = keep_text(reader, token, &ret->text);
    return error == 0 && kind == ESM__TEST_LIKE ? check_wildcard(reader, ret->text) : error;
}

/* ---- operators: each is called behind its name ---- */

static int expect_end(struct esm__reader *reader)
{
    struct esm__json_token token;
    return esm__json_next(&reader->json, &token) == ESM__JSON_OBJECT_END
               ? 0
               : esm__reader_fail(reader, "two operators stand in one object");
}

static int read_string(struct esm__reader *reader, enum esm__test_kind kind, const char *why,
                       struct esm__test *ret)
{
    struct esm__json_token token;
    if (esm__json_next(&reader->json, &token) != ESM__JSON_STRING)
        return esm__reader_fail(reader, why);
    return keep_string_test(reader, &token, kind, ret);
}

/* A string, or {"equals-ignore-case": string}. */
static int read_end(struct esm__reader *reader, enum esm__test_kind plain, enum esm__test_kind folded,
                    struct esm__test *ret)
{
    static const char why[] = "prefix and suffix want a text, or equals-ignore-case with one";
    struct esm__json_token token;
    switch (esm__json_next(&reader->json, &token)) {
    case ESM__JSON_STRING: return keep_string_test(reader, &token, plain, ret);
    case ESM__JSON_OBJECT: break;
    default: return esm__reader_fail(reader, why);
    }
    if (esm__json_next(&reader->json, &token) != ESM__JSON_KEY ||
        !esm__json_equals(&token, "equals-ignore-case", 18))
        return esm__reader_fail(reader, why);
    int error = read_string(reader, folded, why, ret);
    return error != 0 ? error : expect_end(reader);
}

static int read_exactly(struct esm__reader *reader, struct esm__test *ret)
{
    return read_string(reader, ESM__TEST_EQUALS, "exactly wants a text", ret);
}

static int read_prefix(struct esm__reader *reader, struct esm__test *ret)
{
    return read_end(reader, ESM__TEST_BEGINS, ESM__TEST_FOLDED_BEGINS, ret);
}

static int read_suffix(struct esm__reader *reader, struct esm__test *ret)
{
    return read_end(reader, ESM__TEST_ENDS, ESM__TEST_FOLDED_ENDS, ret);
}

static int read_ignore_case(struct esm__reader *reader, struct esm__test *ret)
{
    return read_string(reader, ESM__TEST_FOLDED, "equals-ignore-case wants a text", ret);
}

static int read_wildcard(struct esm__reader *reader, struct esm__test *ret)
{
    return read_string(reader, ESM__TEST_LIKE, "wildcard wants a text", ret);
}

static int read_exists(struct esm__reader *reader, struct esm__test *ret)
{
    struct esm__json_token token;
    switch (esm__json_next(&reader->json, &token)) {
    case ESM__JSON_TRUE: *ret = (struct esm__test){.kind = ESM__TEST_EXISTS}; return 0;
    case ESM__JSON_FALSE: *ret = (struct esm__test){.kind = ESM__TEST_ABSENT}; return 0;
    default: return esm__reader_fail(reader, "exists wants true or false");
    }
}

static int read_cidr(struct esm__reader *reader, struct esm__test *ret)
{
    struct esm__test string;
    int error = read_string(reader, ESM__TEST_EQUALS, "cidr wants a text", &string);
    if (error != 0)
        return error;
    *ret = (struct esm__test){.kind = ESM__TEST_NETWORK};
    return esm__network_read(string.text.data, string.text.size, &ret->network)
               ? 0
               : esm__reader_fail(reader, "cidr wants an address, a slash and the bits of a network");
}

/* ---- numeric ---- */

static int word_is(const struct esm__json_token *token, const char *word)
{
    return esm__json_equals(token, word, strlen(word));
}

static int read_bound(struct esm__reader *reader, struct esm__bound *ret, int includes)
{
    struct esm__json_token token;
    if (esm__json_next(&reader->json, &token) != ESM__JSON_NUMBER)
        return esm__reader_fail(reader, "numeric wants a number behind each comparison");
    if (!esm__number_read(token.text, token.size, &ret->number))
        return esm__reader_fail(reader, "numeric has a number that a double does not hold");
    ret->is_there = 1;
    ret->includes = includes;
    return 0;
}

static int read_numeric(struct esm__reader *reader, struct esm__test *ret)
{
    static const char wants[] =
        "numeric wants = and a number, or an end of a range, or its low end and then its high end";
    struct esm__json_token word;
    struct esm__bound *low = &ret->range.low, *high = &ret->range.high;
    enum esm__json_type type;
    int is_equal = 0;
    *ret = (struct esm__test){.kind = ESM__TEST_RANGE};
    if (esm__json_next(&reader->json, &word) != ESM__JSON_ARRAY)
        return esm__reader_fail(reader, wants);
    while ((type = esm__json_next(&reader->json, &word)) == ESM__JSON_STRING) {
        int includes = word_is(&word, ">=") || word_is(&word, "<=");
        int is_low = word_is(&word, ">") || word_is(&word, ">="),
            is_high = word_is(&word, "<") || word_is(&word, "<=");
        is_equal = word_is(&word, "=");
        if ((!is_equal && !is_low && !is_high) || high->is_there || (low->is_there && !is_high))
            return esm__reader_fail(reader, wants);
        int error = read_bound(reader, is_high ? high : low, includes || is_equal);
        if (error != 0)
            return error;
        if (is_equal)
            *high = *low;
    }
    if (type != ESM__JSON_ARRAY_END || (!low->is_there && !high->is_there))
        return esm__reader_fail(reader, wants);
    if (!is_equal && low->is_there && high->is_there && esm__number_compare(&low->number, &high->number) >= 0)
        return esm__reader_fail(reader, "numeric wants the low end below the high end");
    return 0;
}

/* ---- anything-but ---- */

static int read_list_of(struct esm__reader *reader, enum esm__json_type wanted, enum esm__test_kind kind,
                        struct esm__tests *ret, const char *why);

/* Behind "anything-but": the operators that may stand in it. */
static int read_excluded_operator(struct esm__reader *reader, struct esm__tests *ret)
{
    static const struct {
        const char *name;
        enum esm__test_kind kind;
    } kinds[] = {{"prefix", ESM__TEST_BEGINS},
                 {"suffix", ESM__TEST_ENDS},
                 {"equals-ignore-case", ESM__TEST_FOLDED},
                 {"wildcard", ESM__TEST_LIKE}};
    struct esm__json_token name;
    if (esm__json_next(&reader->json, &name) == ESM__JSON_KEY)
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
            if (word_is(&name, kinds[i].name)) {
                int error = read_list_of(reader, ESM__JSON_STRING, kinds[i].kind, ret,
                                         "an operator in anything-but wants a text, or a list of texts");
                return error != 0 ? error : expect_end(reader);
            }
    return esm__reader_fail(reader, "anything-but takes prefix, suffix, equals-ignore-case and wildcard");
}

static int add_test(struct esm__reader *reader, struct esm__tests *tests, size_t *capacity,
                    const struct esm__test *test)
{
    if (tests->count == *capacity) {
        size_t more = *capacity == 0 ? 1 : *capacity * 2;
        struct esm__test *list = esm__arena_get(reader->arena, more, sizeof(*list));
        if (list == NULL)
            return ESM_ERR_NOMEM;
        if (tests->count > 0)
            memcpy(list, tests->list, tests->count * sizeof(*list));
        tests->list = list;
        *capacity = more;
    }
    ((struct esm__test *)(uintptr_t)tests->list)[tests->count++] = *test;
    return 0;
}

static int keep_excluded(struct esm__reader *reader, enum esm__json_type type,
                         const struct esm__json_token *token, enum esm__test_kind kind, struct esm__test *ret)
{
    int is_end = kind == ESM__TEST_BEGINS || kind == ESM__TEST_ENDS;
    if (is_end && token->size == 0)
        return esm__reader_fail(reader,
                                "anything-but has an empty prefix or suffix, which nothing could pass");
    if (kind != ESM__TEST_EQUALS)
        return keep_string_test(reader, token, kind, ret);
    int error = keep_value(reader, type, token, ret);
    return error == 0 && ret->kind == ESM__TEST_LEXEME
               ? esm__reader_fail(reader, "anything-but has a number that a double does not hold")
               : error;
}

/* One value, or a list of values of one type. kind: EQUALS also stands for numbers. wanted: ERROR, either
 * type. */
static int read_list_of(struct esm__reader *reader, enum esm__json_type wanted, enum esm__test_kind kind,
                        struct esm__tests *ret, const char *why)
{
    struct esm__json_token token;
    size_t capacity = 0;
    enum esm__json_type type = esm__json_next(&reader->json, &token);
    int is_list = type == ESM__JSON_ARRAY, error = 0;
    if (is_list)
        type = esm__json_next(&reader->json, &token);
    if (wanted == ESM__JSON_ERROR)
        wanted = type;
    while (type == wanted && (type == ESM__JSON_STRING || type == ESM__JSON_NUMBER)) {
        struct esm__test test = {.kind = kind};
        error = keep_excluded(reader, type, &token, kind, &test);
        if (error == 0)
            error = add_test(reader, ret, &capacity, &test);
        if (!is_list || error != 0)
            return error;
        type = esm__json_next(&reader->json, &token);
    }
    return is_list && type == ESM__JSON_ARRAY_END && ret->count > 0 ? 0 : esm__reader_fail(reader, why);
}

static int read_anything_but(struct esm__reader *reader, struct esm__test *ret)
{
    struct esm__json look = reader->json;
    struct esm__json_token token;
    *ret = (struct esm__test){.kind = ESM__TEST_NONE_OF};
    if (esm__json_next(&look, &token) != ESM__JSON_OBJECT)
        return read_list_of(reader, ESM__JSON_ERROR, ESM__TEST_EQUALS, &ret->none_of,
                            "anything-but wants a text, a number, or a list of one of them");
    esm__json_next(&reader->json, &token);
    return read_excluded_operator(reader, &ret->none_of);
}

/* ---- the list ---- */

static const struct {
    const char *name;
    int (*read)(struct esm__reader *, struct esm__test *);
} operators[] = {{"exists", read_exists},
                 {"anything-but", read_anything_but},
                 {"prefix", read_prefix},
                 {"suffix", read_suffix},
                 {"equals-ignore-case", read_ignore_case},
                 {"numeric", read_numeric},
                 {"wildcard", read_wildcard},
                 {"cidr", read_cidr},
                 {"exactly", read_exactly}};

static int read_operator(struct esm__reader *reader, struct esm__test *ret)
{
    struct esm__json_token name;
    enum esm__json_type type = esm__json_next(&reader->json, &name);
    if (type == ESM__JSON_OBJECT_END)
        return esm__reader_fail(reader, "an operator is missing");
    if (type == ESM__JSON_ERROR)
        return esm__reader_fail(reader, "");
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (word_is(&name, operators[i].name)) {
            int error = operators[i].read(reader, ret);
            return error != 0 ? error : expect_end(reader);
        }
    return esm__reader_fail(reader,
                            "there is no such operator: the names are exists, anything-but, prefix, suffix, "
                            "equals-ignore-case, numeric, wildcard, cidr and exactly");
}

static int read_test(struct esm__reader *reader, enum esm__json_type type,
                     const struct esm__json_token *token, struct esm__test *ret)
{
    *ret = (struct esm__test){.kind = ESM__TEST_LITERAL, .literal = type};
    switch (type) {
    case ESM__JSON_NULL:
    case ESM__JSON_TRUE:
    case ESM__JSON_FALSE: return 0;
    case ESM__JSON_STRING: return keep_plain(reader, token, ret);
    case ESM__JSON_NUMBER: return keep_value(reader, type, token, ret);
    case ESM__JSON_OBJECT: return read_operator(reader, ret);
    case ESM__JSON_ARRAY: return esm__reader_fail(reader, "a list stands inside a list of values");
    default: return esm__reader_fail(reader, "");
    }
}

int esm__operator_read_tests(struct esm__reader *reader, struct esm__tests *ret)
{
    struct esm__json_token token;
    enum esm__json_type type;
    size_t capacity = 0;
    *ret = (struct esm__tests){0};
    while ((type = esm__json_next(&reader->json, &token)) != ESM__JSON_ARRAY_END) {
        struct esm__test test;
        int error = read_test(reader, type, &token, &test);
        if (error == 0)
            error = add_test(reader, ret, &capacity, &test);
        if (error != 0)
            return error;
    }
    return ret->count > 0 ? 0 : esm__reader_fail(reader, "a list of values is empty");
}
