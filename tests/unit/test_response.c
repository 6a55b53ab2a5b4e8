/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "event/response.h"

/* A batch of two topics and three partitions as it came in; the invocation holds all but the record at
 * index 3. */
static const esm_record records[] = {
    {.topic = "orders", .partition = 0, .offset = 100},
    {.topic = "orders", .partition = 1, .offset = 100},
    {.topic = "orders", .partition = 0, .offset = 102},
    {.topic = "orders", .partition = 0, .offset = 103},
    {.topic = "orders-1", .partition = 0, .offset = 7},
    {.topic = "orders", .partition = 1, .offset = INT64_MAX},
    {.topic = "orders", .partition = 0, .offset = 9007199254740993},
};
static const uint32_t indexes[] = {0, 2, 6, 1, 5, 4}; /* by topic, partition and offset */
static const struct esm__slice slice = {records, indexes, 6};

/* What stands in an object of the list; in an identifier; one identifier of orders. */
#define ITEM(item)                "{\"batchItemFailures\":[{" item "}]}"
#define ID(members)               "{\"itemIdentifier\":{" members "}}"
#define ORDERS(partition, offset) ID("\"partition\":\"orders-" partition "\",\"offset\":" #offset)
#define LIST(list)                "{\"batchItemFailures\":[" list "]}"
#define NONE                      UINT32_MAX

static const struct {
    const char *body;
    enum esm__verdict verdict;
    uint32_t failed[7]; /* the first NONE ends it */
} rows[] = {
    /* Nothing is said. */
    {"", ESM__VERDICT_SUCCESS, {NONE}},
    {" \r\n\t", ESM__VERDICT_SUCCESS, {NONE}},
    {"null", ESM__VERDICT_SUCCESS, {NONE}},
    {" null ", ESM__VERDICT_SUCCESS, {NONE}},
    {"{}", ESM__VERDICT_SUCCESS, {NONE}},
    {"\"\"", ESM__VERDICT_SUCCESS, {NONE}},
    {"[]", ESM__VERDICT_SUCCESS, {NONE}},
    {"{\"statusCode\":200,\"body\":\"[1,{}]\"}", ESM__VERDICT_SUCCESS, {NONE}},
    {LIST(""), ESM__VERDICT_SUCCESS, {NONE}},
    {"{\"batchItemFailures\":null}", ESM__VERDICT_SUCCESS, {NONE}},
    {"{\"batchItemFailures\":\"\"}", ESM__VERDICT_SUCCESS, {NONE}},
    {"{\"BatchItemFailures\":[1]}", ESM__VERDICT_SUCCESS, {NONE}},

    /* Records of the event are named. */
    {LIST(ORDERS("0", 100)), ESM__VERDICT_PARTIAL, {0, NONE}},
    {LIST(ORDERS("1", 100)), ESM__VERDICT_PARTIAL, {1, NONE}},
    {LIST(ORDERS("1-0", 7)), ESM__VERDICT_PARTIAL, {4, NONE}},
    {LIST(ORDERS("1", 9223372036854775807)), ESM__VERDICT_PARTIAL, {5, NONE}},
    {LIST(ORDERS("0", 9007199254740993)), ESM__VERDICT_PARTIAL, {6, NONE}},
    {LIST(ORDERS("0", 102) "," ORDERS("1", 100) "," ORDERS("0", 100)), ESM__VERDICT_PARTIAL, {0, 2, 1, NONE}},
    {LIST(ORDERS("0", 100) "," ORDERS("0", 100)), ESM__VERDICT_PARTIAL, {0, NONE}},
    {LIST(ORDERS("0", 100) "," ORDERS("0", 102) "," ORDERS("0", 9007199254740993) "," ORDERS(
         "1", 100) "," ORDERS("1", 9223372036854775807) "," ORDERS("1-0", 7) "," ORDERS("0", 100)),
     ESM__VERDICT_PARTIAL,
     {0, 2, 6, 1, 5, 4, NONE}},
    {LIST(ID("\"offset\" : 100 , \"partition\" : \"orders-0\"")), ESM__VERDICT_PARTIAL, {0, NONE}},
    {LIST(ID("\"\\u0070artition\":\"\\u006frders\\u002d0\",\"offset\":100")),
     ESM__VERDICT_PARTIAL,
     {0, NONE}},

    /* What else is said is not looked at. */
    {"{\"a\":{\"batchItemFailures\":[1]},\"batchItemFailures\":[{\"x\":[],\"itemIdentifier\":{\"partition\":"
     "\"orders-0\",\"y\":{\"offset\":1},\"offset\":102,\"z\":null},\"w\":1}],\"v\":2}",
     ESM__VERDICT_PARTIAL,
     {2, NONE}},

    /* The last of two members of one name counts. */
    {"{\"batchItemFailures\":[1],\"batchItemFailures\":[]}", ESM__VERDICT_SUCCESS, {NONE}},
    {"{\"batchItemFailures\":[],\"batchItemFailures\":[1]}", ESM__VERDICT_MALFORMED, {NONE}},
    {ITEM("\"itemIdentifier\":null,\"itemIdentifier\":{\"partition\":\"orders-1\",\"offset\":5,"
          "\"partition\":\"orders-0\",\"offset\":102}"),
     ESM__VERDICT_PARTIAL,
     {2, NONE}},
    {LIST(ID("\"partition\":\"orders-0\",\"offset\":102,\"offset\":null")), ESM__VERDICT_MALFORMED, {NONE}},

    /* One unknown record spoils it all. */
    {LIST(ORDERS("0", 101)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("0", 103)), ESM__VERDICT_MALFORMED, {NONE}}, /* of the batch, and not of this invocation */
    {LIST(ORDERS("0", -100)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("2", 100)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("00", 100)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("01", 100)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("-0", 100)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("4294967296", 100)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("0", 9007199254740992)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("0", 100) "," ORDERS("0", 99)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ID("\"partition\":\"payments-0\",\"offset\":100")), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ID("\"partition\":\"orders\",\"offset\":100")), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ID("\"partition\":\"orders-\",\"offset\":100")), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ID("\"partition\":\"\",\"offset\":100")), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ID("\"partition\":\"orders\\u0000-0\",\"offset\":100")), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ID("\"partition\":\"orders-0\\u0000\",\"offset\":100")), ESM__VERDICT_MALFORMED, {NONE}},

    /* Identifiers of another form. */
    {ITEM("\"itemIdentifier\":null"), ESM__VERDICT_MALFORMED, {NONE}},
    {ITEM("\"itemIdentifier\":\"\""), ESM__VERDICT_MALFORMED, {NONE}},
    {ITEM("\"itemIdentifier\":\"orders-0\""), ESM__VERDICT_MALFORMED, {NONE}},
    {ITEM("\"itemIdentifier\":100"), ESM__VERDICT_MALFORMED, {NONE}},
    {ITEM("\"itemIdentifier\":[]"), ESM__VERDICT_MALFORMED, {NONE}},
    {ITEM("\"itemIdentifier\":{}"), ESM__VERDICT_MALFORMED, {NONE}},
    {ITEM("\"foo\":\"1\""), ESM__VERDICT_MALFORMED, {NONE}},
    {ITEM("\"itemidentifier\":{\"partition\":\"orders-0\",\"offset\":100}"), ESM__VERDICT_MALFORMED, {NONE}},
    {ITEM(""), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ID("\"offset\":100")), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ID("\"partition\":\"orders-0\"")), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ID("\"partition\":0,\"offset\":100")), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("0", "100")), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("0", 100.0)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("0", 1e2)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("0", 99999999999999999999)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("0", true)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("0", null)), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("0", 100) ",null"), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST("\"orders-0\""), ESM__VERDICT_MALFORMED, {NONE}},
    {LIST("[]"), ESM__VERDICT_MALFORMED, {NONE}},

    /* Bodies of another form. */
    {"{\"batchItemFailures\":{}}", ESM__VERDICT_MALFORMED, {NONE}},
    {"{\"batchItemFailures\":0}", ESM__VERDICT_MALFORMED, {NONE}},
    {"{\"batchItemFailures\":false}", ESM__VERDICT_MALFORMED, {NONE}},
    {"{\"batchItemFailures\":\"x\"}", ESM__VERDICT_MALFORMED, {NONE}},
    {"\"OK\"", ESM__VERDICT_MALFORMED, {NONE}},
    {"0", ESM__VERDICT_MALFORMED, {NONE}},
    {"true", ESM__VERDICT_MALFORMED, {NONE}},
    {"[" ORDERS("0", 100) "]", ESM__VERDICT_MALFORMED, {NONE}},

    /* Not JSON; what is wrong may come behind what would do. */
    {"ok", ESM__VERDICT_MALFORMED, {NONE}},
    {"{", ESM__VERDICT_MALFORMED, {NONE}},
    {"[", ESM__VERDICT_MALFORMED, {NONE}},
    {"null null", ESM__VERDICT_MALFORMED, {NONE}},
    {"[]]", ESM__VERDICT_MALFORMED, {NONE}},
    {"\"\"x", ESM__VERDICT_MALFORMED, {NONE}},
    {LIST("") "}", ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("0", 100) ","), ESM__VERDICT_MALFORMED, {NONE}},
    {"{\"batchItemFailures\":[],\"a\":\"\xff\"}", ESM__VERDICT_MALFORMED, {NONE}},
    {LIST(ORDERS("0", 0100)), ESM__VERDICT_MALFORMED, {NONE}},
};

START_TEST(every_row_holds)
{
    uint32_t *failed = malloc(slice.count * sizeof(*failed));
    size_t size = strlen(rows[_i].body);
    char *body = malloc(size + 1);
    size_t expected = 0;
    size_t count = 77;
    memcpy(body + 1, rows[_i].body, size);
    while (rows[_i].failed[expected] != NONE)
        expected++;
    ck_assert_msg(esm__response_read(body + 1, size, &slice, failed, &count) == rows[_i].verdict, "%s",
                  rows[_i].body);
    ck_assert_uint_eq(count, expected);
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(failed[i], rows[_i].failed[i]);
    free(body);
    free(failed);
}
END_TEST

START_TEST(a_nul_is_not_blank)
{
    uint32_t failed[6];
    size_t count;
    ck_assert_int_eq(esm__response_read("\0", 1, &slice, failed, &count), ESM__VERDICT_MALFORMED);
    ck_assert_int_eq(esm__response_read(NULL, 0, &slice, failed, &count), ESM__VERDICT_SUCCESS);
}
END_TEST

START_TEST(the_longest_topic_is_found_and_a_longer_one_is_not)
{
    char topic[ESM__TOPIC_SIZE_MAX + 1];
    char body[4096];
    size_t size = 0;
    uint32_t failed[1];
    size_t count;
    memset(topic, 't', ESM__TOPIC_SIZE_MAX);
    topic[ESM__TOPIC_SIZE_MAX] = '\0';
    const esm_record record = {.topic = topic, .partition = INT32_MAX, .offset = 1};
    struct esm__slice one = {&record, indexes, 1};
    for (int extra = 0; extra < 200; extra++) {
        size = (size_t)snprintf(body, sizeof(body),
                                "{\"batchItemFailures\":[{\"itemIdentifier\":{\"partition\":\"");
        for (int i = 0; i < ESM__TOPIC_SIZE_MAX + extra; i++)
            size += (size_t)snprintf(body + size, sizeof(body) - size, "\\u0074");
        size += (size_t)snprintf(body + size, sizeof(body) - size, "-2147483647\",\"offset\":1}}]}");
        ck_assert_int_eq(esm__response_read(body, size, &one, failed, &count),
                         extra == 0 ? ESM__VERDICT_PARTIAL : ESM__VERDICT_MALFORMED);
    }
}
END_TEST

START_TEST(a_key_of_any_length_is_read)
{
    static char body[8192];
    uint32_t failed[6];
    size_t count;
    for (int length = 0; length < 8000; length += 61) {
        int size =
            snprintf(body, sizeof(body),
                     "{\"batchItemFailures\":[{\"itemIdentifier\":{\"partition\":\"%0*d\",\"offset\":1}}]}",
                     length, 0);
        ck_assert_int_eq(esm__response_read(body, (size_t)size, &slice, failed, &count),
                         ESM__VERDICT_MALFORMED);
    }
}
END_TEST

/* All of 10,000 records, the largest batch, named twice in the worst order. */
START_TEST(many_failures_take_no_time)
{
    enum {
        COUNT = 10000
    };
    esm_record *many = calloc(COUNT, sizeof(*many));
    uint32_t *order = calloc(COUNT, sizeof(*order));
    uint32_t *failed = calloc(COUNT, sizeof(*failed));
    char *body = malloc(COUNT * 2 * 80);
    size_t size = (size_t)sprintf(body, "{\"batchItemFailures\":[");
    for (uint32_t i = 0; i < COUNT; i++) {
        many[i] = (esm_record){.topic = "orders", .partition = (int32_t)(i % 7), .offset = i};
        order[i] = i;
    }
    for (int i = 2 * COUNT - 1; i >= 0; i--)
        size +=
            (size_t)sprintf(body + size, "%s{\"itemIdentifier\":{\"partition\":\"orders-%d\",\"offset\":%d}}",
                            i == 2 * COUNT - 1 ? "" : ",", i % COUNT % 7, i % COUNT);
    size += (size_t)sprintf(body + size, "]}");
    esm__slice_sort(many, order, COUNT);
    struct esm__slice all = {many, order, COUNT};
    size_t count;
    clock_t start = clock();
    ck_assert_int_eq(esm__response_read(body, size, &all, failed, &count), ESM__VERDICT_PARTIAL);
    ck_assert(clock() - start <
              CLOCKS_PER_SEC); /* milliseconds; a search for each through all takes seconds */
    ck_assert_uint_eq(count, COUNT);
    ck_assert_int_eq(memcmp(failed, order, COUNT * sizeof(*failed)), 0);
    free(many);
    free(order);
    free(failed);
    free(body);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("response");
    TCase *tests = tcase_create("response");
    tcase_add_loop_test(tests, every_row_holds, 0, sizeof(rows) / sizeof(*rows));
    tcase_add_test(tests, a_nul_is_not_blank);
    tcase_add_test(tests, the_longest_topic_is_found_and_a_longer_one_is_not);
    tcase_add_test(tests, a_key_of_any_length_is_read);
    tcase_add_test(tests, many_failures_take_no_time);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
