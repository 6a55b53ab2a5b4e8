/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "json/scanner.h"
#include "json/writer.h"

/* The last token: END for a text that is JSON, else ERROR. */
static enum esm__json_type scan(const char *text, size_t size, struct esm__json *json)
{
    struct esm__json_token token;
    enum esm__json_type type;
    /* A copy of exactly this size, so that a sanitizer sees a read behind it. */
    char *copy = malloc(size + 1);
    memcpy(copy + 1, text, size);
    esm__json_init(json, copy + 1, size);
    do
        type = esm__json_next(json, &token);
    while (type != ESM__JSON_END && type != ESM__JSON_ERROR);
    ck_assert_int_eq(esm__json_next(json, &token), type);
    json->at = text + esm__json_position(json);
    json->start = text;
    free(copy);
    return type;
}

static const char *const accepted[] = {
    "null",
    "true",
    "false",
    " \t\r\n1 \n",
    "0",
    "-0",
    "12",
    "-12",
    "0.5",
    "1.25e10",
    "1E+2",
    "1e-2",
    "0e0",
    "123456789012345678901234567890",
    "[]",
    "[ ]",
    "{}",
    "{ }",
    "[1]",
    "[1, 2 ,3]",
    "[[],{}]",
    "{\"a\":1}",
    "{\"a\" : 1 , \"a\":2}",
    "{\"\":0}",
    "\"\"",
    "\" \x7f\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uAbCd\"",
    "\"\xc2\x80\"",
    "\"\xdf\xbf\"",
    "\"\xe0\xa0\x80\"",
    "\"\xed\x9f\xbf\"",
    "\"\xee\x80\x80\"",
    "\"\xef\xbf\xbf\"",
    "\"\xf0\x90\x80\x80\"",
    "\"\xf4\x8f\xbf\xbf\"",
    "\"\\ud83d\\ude00\"",
    /* The grammar allows halves of surrogates. */
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"0123456\xc3\xa9 01234567\"",
};

START_TEST(accepts)
{
    struct esm__json json;
    const char *text = accepted[_i];
    ck_assert_msg(scan(text, strlen(text), &json) == ESM__JSON_END, "%s: %s", text, json.error);
    /* And no part of it but white space and numbers can do without its end. */
    for (size_t size = 0; size < strlen(text); size++)
        if (scan(text, size, &json) == ESM__JSON_END)
            ck_assert_msg(strspn(text, " \t\r\n-0123456789.eE+") == strlen(text), "%s up to %zu", text, size);
}
END_TEST

/* The text, and where the fault is seen. */
static const struct {
    const char *text;
    size_t position;
} refused[] = {
    {"", 0},
    {" ", 1},
    {"nul", 0},
    {"nulL", 0},
    {"True", 0},
    {"NaN", 0},
    {"Infinity", 0},
    {"-", 1},
    {"-a", 1},
    {"+1", 0},
    {"01", 1},
    {"-01", 2},
    {"00", 1},
    {".5", 0},
    {"1.", 2},
    {"1.e1", 2},
    {"1e", 2},
    {"1e+", 3},
    {"0x10", 1},
    {"1 2", 2},
    {"[1 2]", 3},
    {"[", 1},
    {"[1", 2},
    {"[1,", 3},
    {"[1,]", 3},
    {"[,1]", 1},
    {"[,]", 1},
    {"]", 0},
    {"}", 0},
    {"[}", 1},
    {"{]", 1},
    {"[1}", 2},
    {"{\"a\":1]", 6},
    {"{", 1},
    {"{\"a\"", 4},
    {"{\"a\":", 5},
    {"{\"a\"}", 4},
    {"{\"a\":}", 5},
    {"{\"a\" 1}", 5},
    {"{\"a\":1,}", 7},
    {"{,}", 1},
    {"{a:1}", 1},
    {"{1:1}", 1},
    {"{'a':1}", 1},
    {"{\"a\":1 \"b\":2}", 7},
    {"{\"a\":1:2}", 6},
    {"[]]", 2},
    {"[],", 2},
    {"null null", 5},
    {"\"", 1},
    {"\"a", 2},
    {"\"\\", 2},
    {"\"\\\"", 3},
    {"\"\\a\"", 2},
    {"\"\\u12\"", 5},
    {"\"\\u12g4\"", 5},
    {"\"\\U0041\"", 2},
    {"\"\n\"", 1},
    {"\"\x1f\"", 1},
    {"\"12345678\t\"", 9},
    {"'a'", 0},
    {"// 1", 0},
    {"1 // 1", 2},
    {"/**/1", 0},
    {"\xef\xbb\xbf[]", 0},
    {"\xc2\xa0[]", 0},
    {"\f1", 0},
    {"\"\x80\"", 1},
    {"\"\xbf\"", 1},
    {"\"\xc0\x80\"", 1},
    {"\"\xc1\xbf\"", 1},
    {"\"\xc2\"", 1},
    {"\"\xc2 \"", 1},
    {"\"\xe0\x9f\xbf\"", 1},
    {"\"\xe0\xa0\"", 1},
    {"\"\xed\xa0\x80\"", 1},
    {"\"\xed\xbf\xbf\"", 1},
    {"\"\xf0\x8f\xbf\xbf\"", 1},
    {"\"\xf0\x90\x80\"", 1},
    {"\"\xf4\x90\x80\x80\"", 1},
    {"\"\xf5\x80\x80\x80\"", 1},
    {"\"\xff\"", 1},
    {"\"\xc3\xa9\xe9\"", 3},
    {"\"0123456789\xfe\"", 11},
};

START_TEST(refuses)
{
    struct esm__json json;
    const char *text = refused[_i].text;
    ck_assert_msg(scan(text, strlen(text), &json) == ESM__JSON_ERROR, "%s", text);
    ck_assert_ptr_nonnull(json.error);
    ck_assert_msg(esm__json_position(&json) == refused[_i].position, "%s: %zu", text,
                  esm__json_position(&json));
}
END_TEST

START_TEST(refuses_nul)
{
    struct esm__json json;
    ck_assert_int_eq(scan("1\0", 2, &json), ESM__JSON_ERROR);
    ck_assert_int_eq(scan("\"\0\"", 3, &json), ESM__JSON_ERROR);
    ck_assert_int_eq(scan("\"\\\0\"", 4, &json), ESM__JSON_ERROR);
    ck_assert_uint_eq(esm__json_position(&json), 2);
}
END_TEST

START_TEST(depth_has_a_limit)
{
    static char text[2 * (ESM__JSON_DEPTH_MAX + 1)];
    struct esm__json json;
    memset(text, '[', ESM__JSON_DEPTH_MAX);
    memset(text + ESM__JSON_DEPTH_MAX, ']', ESM__JSON_DEPTH_MAX);
    ck_assert_int_eq(scan(text, (size_t)2 * ESM__JSON_DEPTH_MAX, &json), ESM__JSON_END);
    memset(text, '[', ESM__JSON_DEPTH_MAX + 1);
    ck_assert_int_eq(scan(text, sizeof(text), &json), ESM__JSON_ERROR);
    ck_assert_uint_eq(esm__json_position(&json), ESM__JSON_DEPTH_MAX);
}
END_TEST

START_TEST(tokens_come_in_order)
{
    static const char text[] = " {\"a\\n\": [1.50, \"x\", true], \"b\":{\"c\":null,\"d\":false}} ";
    static const struct {
        enum esm__json_type type;
        const char *text;
        unsigned depth;
    } tokens[] = {
        {ESM__JSON_OBJECT, "{", 1},    {ESM__JSON_KEY, "a\\n", 1},     {ESM__JSON_ARRAY, "[", 2},
        {ESM__JSON_NUMBER, "1.50", 2}, {ESM__JSON_STRING, "x", 2},     {ESM__JSON_TRUE, "true", 2},
        {ESM__JSON_ARRAY_END, "]", 1}, {ESM__JSON_KEY, "b", 1},        {ESM__JSON_OBJECT, "{", 2},
        {ESM__JSON_KEY, "c", 2},       {ESM__JSON_NULL, "null", 2},    {ESM__JSON_KEY, "d", 2},
        {ESM__JSON_FALSE, "false", 2}, {ESM__JSON_OBJECT_END, "}", 1}, {ESM__JSON_OBJECT_END, "}", 0},
    };
    struct esm__json json;
    struct esm__json_token token;
    esm__json_init(&json, text, strlen(text));
    for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++) {
        ck_assert_int_eq(esm__json_next(&json, &token), tokens[i].type);
        ck_assert_uint_eq(token.size, strlen(tokens[i].text));
        ck_assert_int_eq(memcmp(token.text, tokens[i].text, token.size), 0);
        ck_assert_int_eq(token.has_escapes, i == 1);
        ck_assert_uint_eq(json.depth, tokens[i].depth);
    }
    ck_assert_int_eq(esm__json_next(&json, &token), ESM__JSON_END);
}
END_TEST

START_TEST(subtrees_are_skipped)
{
    static const char text[] = "[{\"a\":[1,[2]],\"b\":{}}, 3, [4]]";
    struct esm__json json;
    struct esm__json_token token;
    esm__json_init(&json, text, strlen(text));
    ck_assert_int_eq(esm__json_next(&json, &token), ESM__JSON_ARRAY);
    struct esm__json copy = json;
    ck_assert_int_eq(esm__json_skip(&json), 0);
    ck_assert_int_eq(esm__json_next(&json, &token), ESM__JSON_NUMBER);
    ck_assert_int_eq(*token.text, '3');
    ck_assert_int_eq(esm__json_skip(&json), 0);
    ck_assert_int_eq(esm__json_skip(&json), -1); /* there is no value before the bracket */
    ck_assert_int_eq(esm__json_next(&json, &token), ESM__JSON_ERROR);

    ck_assert_int_eq(esm__json_next(&copy, &token), ESM__JSON_OBJECT);
    ck_assert_int_eq(esm__json_next(&copy, &token), ESM__JSON_KEY);
    ck_assert_int_eq(esm__json_leave(&copy, copy.depth - 1), 0);
    ck_assert_int_eq(esm__json_next(&copy, &token), ESM__JSON_NUMBER);
}
END_TEST

START_TEST(members_are_found)
{
    static const char text[] = "{\"a\":1,\"\\u0062\":{\"a\":2},\"a\":[3]} ";
    struct esm__json json;
    struct esm__json value;
    struct esm__json_token token;
    esm__json_init(&json, text, strlen(text));
    esm__json_next(&json, &token);
    struct esm__json object = json;
    ck_assert_int_eq(esm__json_find(&json, "a", &value), 1);
    ck_assert_int_eq(esm__json_next(&value, &token), ESM__JSON_ARRAY); /* the last one wins */
    ck_assert_int_eq(esm__json_next(&json, &token), ESM__JSON_END);
    json = object;
    ck_assert_int_eq(esm__json_find(&json, "b", &value), 1);
    ck_assert_int_eq(esm__json_next(&value, &token), ESM__JSON_OBJECT);
    json = object;
    ck_assert_int_eq(esm__json_find(&json, "c", &value), 0);
    esm__json_init(&json, text, 20);
    esm__json_next(&json, &token);
    ck_assert_int_eq(esm__json_find(&json, "a", &value), -1);
}
END_TEST

static const struct {
    const char *raw; /* with its quotes */
    const char *decoded;
    size_t size;
} strings[] = {
    {"\"\"", "", 0},
    {"\"plain\"", "plain", 5},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8},
    {"\"a\\u0041b\"", "aAb", 3},
    {"\"\\u0000\"", "\0", 1},
    {"\"\\u007f\\u0080\\u07FF\\u0800\\uffff\"", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", 11},
    {"\"\\ud83d\\uDE00\"", "\xf0\x9f\x98\x80", 4},
    {"\"\\ud800\\udc00\\udbff\\udfff\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8},
    {"\"\\ud800\"", "\xef\xbf\xbd", 3},
    {"\"\\ud800x\"", "\xef\xbf\xbdx", 4},
    {"\"\\ud800\\n\"", "\xef\xbf\xbd\n", 4},
    {"\"\\udc00\\ud800\"", "\xef\xbf\xbd\xef\xbf\xbd", 6},
    {"\"\\ud800\\u0041\"",
     "\xef\xbf\xbd"
     "A",
     4},
    {"\"\xc3\xa9\\u00e9\"", "\xc3\xa9\xc3\xa9", 4},
};

START_TEST(strings_are_decoded_and_compared)
{
    struct esm__json json;
    struct esm__json_token token;
    char decoded[64];
    esm__json_init(&json, strings[_i].raw, strlen(strings[_i].raw));
    ck_assert_int_eq(esm__json_next(&json, &token), ESM__JSON_STRING);
    size_t size = esm__json_decode(&token, decoded);
    ck_assert_uint_eq(size, strings[_i].size);
    ck_assert_uint_le(size, token.size);
    ck_assert_int_eq(memcmp(decoded, strings[_i].decoded, size), 0);
    ck_assert(esm__json_equals(&token, decoded, size));
    decoded[size] = 'x';
    ck_assert(!esm__json_equals(&token, decoded, size + 1));
    if (size != 0) {
        ck_assert(!esm__json_equals(&token, decoded, size - 1));
        decoded[size - 1] ^= 1;
        ck_assert(!esm__json_equals(&token, decoded, size));
    }
}
END_TEST

static const struct {
    const char *text;
    int fits;
    int64_t value;
} integers[] = {
    {"0", 1, 0},
    {"-0", 1, 0},
    {"9007199254740993", 1, 9007199254740993},
    {"9223372036854775807", 1, INT64_MAX},
    {"9223372036854775808", 0, 0},
    {"-9223372036854775808", 1, INT64_MIN},
    {"-9223372036854775809", 0, 0},
    {"1.0", 0, 0},
    {"1e2", 0, 0},
    {"100000000000000000000", 0, 0},
};

START_TEST(integers_are_exact)
{
    struct esm__json_token token = {integers[_i].text, strlen(integers[_i].text), 0};
    int64_t value = 77;
    ck_assert_int_eq(esm__json_to_int64(&token, &value), integers[_i].fits ? 0 : -1);
    ck_assert_int_eq(value, integers[_i].fits ? integers[_i].value : 77);
}
END_TEST

static const struct {
    const char *text;
    const char *escaped;
} texts[] = {
    {"", ""},
    {"plain text of some length", "plain text of some length"},
    {"\"\\/\b\f\n\r\t\x01\x1f\x7f", "\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f"},
    {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
    {"\xff", "\xef\xbf\xbd"},
    {"12345678\xc3", "12345678\xef\xbf\xbd"},
    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
};

START_TEST(texts_are_escaped)
{
    size_t size = strlen(texts[_i].text);
    size_t length = esm__json_text_length(texts[_i].text, size);
    char escaped[128];
    ck_assert_uint_eq(length, strlen(texts[_i].escaped));
    ck_assert_ptr_eq(esm__json_write_text(escaped, texts[_i].text, size), escaped + length);
    escaped[length] = '\0';
    ck_assert_str_eq(escaped, texts[_i].escaped);
}
END_TEST

START_TEST(random_texts_are_strings_again)
{
    for (unsigned round = 0; round < 20000; round++) {
        char text[40];
        char decoded[400];
        struct esm__bytes out;
        struct esm__json json;
        struct esm__json_token token;
        size_t size = (size_t)rand() % (sizeof(text) + 1);
        for (size_t i = 0; i < size; i++)
            text[i] = (char)(rand() % (round % 2 != 0 ? 128 : 256));
        esm__bytes_init(&out, NULL);
        ck_assert_int_eq(esm__json_append_string(&out, text, size), 0);
        ck_assert_int_eq(scan(out.data, out.size, &json), ESM__JSON_END);
        esm__json_init(&json, out.data, out.size);
        ck_assert_int_eq(esm__json_next(&json, &token), ESM__JSON_STRING);
        if (round % 2 != 0) {
            ck_assert_uint_eq(esm__json_decode(&token, decoded), size);
            ck_assert_int_eq(memcmp(decoded, text, size), 0);
        }
        esm__bytes_free(&out);
    }
}
END_TEST

static void check_int(int64_t value)
{
    char expected[32];
    char text[32];
    int length = snprintf(expected, sizeof(expected), "%lld", (long long)value);
    ck_assert_uint_eq(esm__json_int_length(value), (size_t)length);
    *esm__json_write_int(text, value) = '\0';
    ck_assert_str_eq(text, expected);
}

START_TEST(integers_are_written)
{
    check_int(INT64_MAX);
    check_int(INT64_MIN);
    for (int64_t power = 1; power <= INT64_MAX / 10; power *= 10)
        for (int64_t near = power - 2; near <= power + 2; near++) {
            check_int(near);
            check_int(-near);
            check_int(near * 9);
        }
    for (int shift = 0; shift < 63; shift++)
        check_int(((int64_t)1 << shift) + rand() % 3 - 1);
    struct esm__bytes out;
    esm__bytes_init(&out, NULL);
    ck_assert_int_eq(esm__json_append_int(&out, -42), 0);
    ck_assert_uint_eq(out.size, 3);
    ck_assert_int_eq(memcmp(out.data, "-42", 3), 0);
    esm__bytes_free(&out);
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof(*(table)))

static Suite *suite(void)
{
    Suite *suite = suite_create("json");
    TCase *tests = tcase_create("json");
    tcase_add_loop_test(tests, accepts, 0, COUNT(accepted));
    tcase_add_loop_test(tests, refuses, 0, COUNT(refused));
    tcase_add_test(tests, refuses_nul);
    tcase_add_test(tests, depth_has_a_limit);
    tcase_add_test(tests, tokens_come_in_order);
    tcase_add_test(tests, subtrees_are_skipped);
    tcase_add_test(tests, members_are_found);
    tcase_add_loop_test(tests, strings_are_decoded_and_compared, 0, COUNT(strings));
    tcase_add_loop_test(tests, integers_are_exact, 0, COUNT(integers));
    tcase_add_loop_test(tests, texts_are_escaped, 0, COUNT(texts));
    tcase_add_test(tests, random_texts_are_strings_again);
    tcase_add_test(tests, integers_are_written);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
