/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "event/event.h"
#include "event/header_bytes.h"
#include "json/base64.h"

static const struct esm__event_source msk = {"arn:aws:kafka:eu-west-1:111122223333:cluster/demo/1-1",
                                             "b1:9092,b2:9092"};
static const struct esm__event_source self_managed = {NULL, "b1:9092"};

static const uint32_t in_order[] = {0, 1, 2, 3, 4, 5, 6, 7};

/* The event, NUL-terminated, written into memory of exactly its computed length. */
static char *write_event(const struct esm__event_source *source, const struct esm__slice *slice)
{
    size_t length = esm__event_length(source, slice, NULL);
    char *exact = malloc(length + 1);
    ck_assert_ptr_eq(esm__event_write(exact + 1, source, slice), exact + 1 + length);
    char *text = malloc(length + 1);
    memcpy(text, exact + 1, length);
    text[length] = '\0';
    free(exact);
    return text;
}

/* One record under "orders-0" of a self-managed cluster; `fields` follows the offset. */
static void check_record(const esm_record *record, const char *fields)
{
    struct esm__slice slice = {record, in_order, 1};
    char expected[4096];
    snprintf(
        expected, sizeof(expected),
        "{\"eventSource\":\"SelfManagedKafka\",\"bootstrapServers\":\"b1:9092\",\"records\":{\"orders-0\":[{"
        "\"topic\":\"orders\",\"partition\":0,\"offset\":%s}]}}",
        fields);
    char *text = write_event(&self_managed, &slice);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(an_msk_event_is_as_documented)
{
    static const struct esm__header trace = {"trace", "12\xc3\xa9", 5, 4};
    const esm_record record = {.topic = "orders",
                               .offset = 15,
                               .timestamp_ms = 1545084650987,
                               .timestamp_type = ESM_TIMESTAMP_CREATE_TIME,
                               .key = "key",
                               .key_size = 3,
                               .value = "{\"a\":1}",
                               .value_size = 7,
                               .headers = &trace,
                               .header_count = 1};
    struct esm__slice slice = {&record, in_order, 1};
    char *text = write_event(&msk, &slice);
    ck_assert_str_eq(
        text,
        "{\"eventSource\":\"aws:kafka\","
        "\"eventSourceArn\":\"arn:aws:kafka:eu-west-1:111122223333:cluster/demo/1-1\","
        "\"bootstrapServers\":\"b1:9092,b2:9092\",\"records\":{\"orders-0\":[{\"topic\":\"orders\","
        "\"partition\":0,\"offset\":15,\"timestamp\":1545084650987,\"timestampType\":\"CREATE_TIME\","
        "\"key\":\"a2V5\",\"value\":\"eyJhIjoxfQ==\",\"headers\":[{\"trace\":[49,50,-61,-87]}]}]}}");
    free(text);
}
END_TEST

START_TEST(fields_follow_their_rules)
{
    esm_record record = {.topic = "orders", .timestamp_type = ESM_TIMESTAMP_NOT_AVAILABLE};
    check_record(&record, "0,\"timestamp\":0,\"timestampType\":\"CREATE_TIME\",\"headers\":[]");
    record.offset = INT64_MAX;
    record.timestamp_ms = INT64_MAX;
    record.timestamp_type = ESM_TIMESTAMP_LOG_APPEND_TIME;
    check_record(&record,
                 "9223372036854775807,\"timestamp\":9223372036854775807,"
                 "\"timestampType\":\"LOG_APPEND_TIME\",\"headers\":[]");
    record.offset = 1;
    record.timestamp_ms = 2;
    record.key = "";
    check_record(&record,
                 "1,\"timestamp\":2,\"timestampType\":\"LOG_APPEND_TIME\",\"key\":\"\",\"headers\":[]");
    record.key = NULL;
    record.value = "";
    check_record(&record,
                 "1,\"timestamp\":2,\"timestampType\":\"LOG_APPEND_TIME\",\"value\":\"\",\"headers\":[]");
}
END_TEST

START_TEST(headers_keep_order_repeats_and_absence)
{
    static const struct esm__header headers[] = {
        {"b", "\x00\x7f\x80\xff", 1, 4}, {"a", NULL, 1, 0}, {"b", "", 1, 0}, {"\"q\"", "\x9c", 3, 1}};
    const esm_record record = {.topic = "orders", .headers = headers, .header_count = 4};
    check_record(&record,
                 "0,\"timestamp\":0,\"timestampType\":\"CREATE_TIME\",\"headers\":["
                 "{\"b\":[0,127,-128,-1]},{\"a\":[]},{\"b\":[]},{\"\\\"q\\\"\":[-100]}]");
}
END_TEST

START_TEST(every_byte_of_a_header_is_signed)
{
    unsigned char bytes[256];
    char expected[2048];
    char text[2048];
    size_t size = 0;
    for (int i = 0; i < 256; i++) {
        bytes[i] = (unsigned char)i;
        size += (size_t)snprintf(expected + size, sizeof(expected) - size, "%s%d", i == 0 ? "" : ",",
                                 i < 128 ? i : i - 256);
        ck_assert_uint_eq(esm__header_bytes_length(bytes, (size_t)i + 1), size);
        *esm__header_bytes_write(text, bytes, (size_t)i + 1) = '\0';
        ck_assert_str_eq(text, expected);
    }
}
END_TEST

START_TEST(partitions_are_grouped)
{
    esm_record records[5] = {{.topic = "b", .partition = 10, .offset = 1},
                             {.topic = "b", .partition = 2, .offset = 7},
                             {.topic = "b", .partition = 10, .offset = 2},
                             {.topic = "a-1", .partition = 0, .offset = 0},
                             {.topic = "b", .partition = 2, .offset = 9}};
    uint32_t indexes[] = {0, 1, 2, 3, 4};
    struct esm__slice slice = {records, indexes, 5};
    esm__slice_sort(records, indexes, 5);
    char *text = write_event(&self_managed, &slice);
#define RECORD(topic, partition, offset)                                                                     \
    "{\"topic\":\"" topic "\",\"partition\":" #partition ",\"offset\":" #offset                              \
    ",\"timestamp\":0,\"timestampType\":\"CREATE_TIME\",\"headers\":[]}"
    ck_assert_str_eq(text,
                     "{\"eventSource\":\"SelfManagedKafka\",\"bootstrapServers\":\"b1:9092\",\"records\":{"
                     "\"a-1-0\":[" RECORD("a-1", 0, 0) "],\"b-2\":[" RECORD("b", 2, 7) "," RECORD(
                         "b", 2, 9) "],\"b-10\":[" RECORD("b", 10, 1) "," RECORD("b", 10, 2) "]}}");
    free(text);
}
END_TEST

START_TEST(a_slice_is_part_of_its_batch)
{
    esm_record records[4];
    uint32_t lengths[4];
    for (int i = 0; i < 4; i++) {
        records[i] = (esm_record){.topic = "t", .offset = i * 1000};
        lengths[i] = (uint32_t)esm__event_record_length(&records[i]);
    }
    const uint32_t indexes[] = {1, 3};
    struct esm__slice slice = {records, indexes, 2};
    char *text = write_event(&self_managed, &slice);
    ck_assert_ptr_null(strstr(text, "\"offset\":0,"));
    ck_assert_ptr_nonnull(strstr(text, "\"offset\":1000,"));
    ck_assert_ptr_null(strstr(text, "\"offset\":2000,"));
    ck_assert_ptr_nonnull(strstr(text, "\"offset\":3000,"));
    ck_assert_uint_eq(esm__event_length(&self_managed, &slice, lengths), strlen(text));
    /* What a batcher adds up. */
    ck_assert_uint_eq(esm__event_envelope_length(&self_managed) + esm__event_group_length("t", 0) +
                          lengths[1] + lengths[3] + 1,
                      strlen(text));
    free(text);
}
END_TEST

START_TEST(odd_names_are_escaped)
{
    static const struct esm__event_source odd = {"\"arn\"\n", "h\\1"};
    const esm_record record = {.topic = "a\"\xff\x01-", .partition = 3};
    struct esm__slice slice = {&record, in_order, 1};
    char *text = write_event(&odd, &slice);
    ck_assert_str_eq(
        text,
        "{\"eventSource\":\"aws:kafka\",\"eventSourceArn\":\"\\\"arn\\\"\\n\","
        "\"bootstrapServers\":\"h\\\\1\",\"records\":{\"a\\\"\xef\xbf\xbd\\u0001--3\":[{\"topic\":"
        "\"a\\\"\xef\xbf\xbd\\u0001-\",\"partition\":3,\"offset\":0,\"timestamp\":0,"
        "\"timestampType\":\"CREATE_TIME\",\"headers\":[]}]}}");
    free(text);
}
END_TEST

START_TEST(no_records_are_an_event_too)
{
    struct esm__slice slice = {NULL, NULL, 0};
    char *text = write_event(&self_managed, &slice);
    ck_assert_str_eq(
        text, "{\"eventSource\":\"SelfManagedKafka\",\"bootstrapServers\":\"b1:9092\",\"records\":{}}");
    free(text);
}
END_TEST

/* ---- random records, read back ---- */

#define RECORDS_MAX 40

static unsigned char pool[4096];
static struct esm__header pool_headers[RECORDS_MAX][4];

static void *random_span(uint32_t *ret_size)
{
    *ret_size = rand() % 8 == 0 ? (uint32_t)rand() % 2000 : (uint32_t)rand() % 70;
    if (rand() % 4 == 0) {
        *ret_size = 0;
        return rand() % 2 == 0 ? NULL : pool;
    }
    return pool + rand() % 2000;
}

static int64_t random_number(void)
{
    static const int64_t extremes[] = {0, 9, 10, 99, 100, 9007199254740993, INT64_MAX - RECORDS_MAX};
    int64_t any = (int64_t)((uint64_t)rand() << 31 | (uint64_t)rand()) >> rand() % 62;
    return rand() % 2 == 0 ? extremes[rand() % 7] : any;
}

static void random_record(esm_record *record, int i)
{
    static const char *const topics[] = {"orders", "orders-1", "x"};
    static const char *const names[] = {"", "trace", "\xc3\xa9", "a\"b"};
    *record =
        (esm_record){.topic = topics[rand() % 3], .partition = rand() % 3 == 0 ? INT32_MAX : rand() % 3};
    record->offset = random_number() + i;
    record->timestamp_type = (uint32_t)(1 + rand() % 3);
    record->timestamp_ms = record->timestamp_type == ESM_TIMESTAMP_NOT_AVAILABLE ? 0 : random_number();
    record->key = random_span(&record->key_size);
    record->value = random_span(&record->value_size);
    record->headers = pool_headers[i];
    record->header_count = (uint32_t)rand() % 5;
    for (uint32_t k = 0; k < record->header_count; k++) {
        struct esm__header *header = &pool_headers[i][k];
        header->name = names[rand() % 4];
        header->name_size = (uint32_t)strlen(header->name);
        header->value = random_span(&header->value_size);
    }
}

static void check_span(const cJSON *item, const void *data, size_t size)
{
    static char decoded[4096];
    size_t decoded_size;
    ck_assert_int_eq(item == NULL, data == NULL);
    if (item == NULL)
        return;
    ck_assert_int_eq(esm__base64_decode(decoded, item->valuestring, strlen(item->valuestring), &decoded_size),
                     0);
    ck_assert_uint_eq(decoded_size, size);
    ck_assert(size == 0 || memcmp(decoded, data, size) == 0);
}

static void check_headers(const cJSON *headers, const esm_record *record)
{
    ck_assert_int_eq(cJSON_GetArraySize(headers), (int)record->header_count);
    for (uint32_t i = 0; i < record->header_count; i++) {
        const cJSON *member = cJSON_GetArrayItem(headers, (int)i)->child;
        ck_assert_str_eq(member->string, record->headers[i].name);
        ck_assert_int_eq(cJSON_GetArraySize(member), (int)record->headers[i].value_size);
        const signed char *bytes = record->headers[i].value;
        for (const cJSON *byte = member->child; byte != NULL; byte = byte->next)
            ck_assert_int_eq(byte->valueint, *bytes++);
        ck_assert_ptr_null(member->next);
    }
}

static void check_parsed(const char *text, const struct esm__slice *slice)
{
    cJSON *event = cJSON_Parse(text);
    ck_assert_ptr_nonnull(event);
    size_t i = 0;
    const cJSON *group;
    const cJSON *item;
    cJSON_ArrayForEach(group, cJSON_GetObjectItem(event, "records"))
    {
        ck_assert_ptr_nonnull(group->child);
        cJSON_ArrayForEach(item, group)
        {
            const esm_record *record = esm__slice_get(slice, i++);
            char key[64];
            snprintf(key, sizeof(key), "%s-%d", record->topic, (int)record->partition);
            ck_assert_str_eq(group->string, key);
            ck_assert_str_eq(cJSON_GetObjectItem(item, "topic")->valuestring, record->topic);
            ck_assert_int_eq(cJSON_GetObjectItem(item, "partition")->valueint, record->partition);
            ck_assert(fabs(cJSON_GetObjectItem(item, "offset")->valuedouble - (double)record->offset) < 1);
            ck_assert(
                fabs(cJSON_GetObjectItem(item, "timestamp")->valuedouble - (double)record->timestamp_ms) < 1);
            check_span(cJSON_GetObjectItem(item, "key"), record->key, record->key_size);
            check_span(cJSON_GetObjectItem(item, "value"), record->value, record->value_size);
            check_headers(cJSON_GetObjectItem(item, "headers"), record);
        }
    }
    ck_assert_uint_eq(i, slice->count);
    cJSON_Delete(event);
}

START_TEST(random_events_come_back)
{
    for (size_t i = 0; i < sizeof(pool); i++)
        pool[i] = (unsigned char)rand();
    for (int round = 0; round < 100; round++) {
        esm_record records[RECORDS_MAX];
        uint32_t indexes[RECORDS_MAX];
        size_t count = 0;
        for (int i = 0; i < RECORDS_MAX; i++)
            random_record(&records[i], i);
        for (uint32_t i = 0; i < RECORDS_MAX; i++)
            if (rand() % 3 != 0)
                indexes[count++] = i;
        esm__slice_sort(records, indexes, count);
        struct esm__slice slice = {records, indexes, count};
        if (!esm__slice_is_sorted(&slice)) /* two of one offset */
            continue;
        char *text = write_event(round % 2 == 0 ? &msk : &self_managed, &slice);
        check_parsed(text, &slice);
        free(text);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("event");
    TCase *tests = tcase_create("event");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, an_msk_event_is_as_documented);
    tcase_add_test(tests, fields_follow_their_rules);
    tcase_add_test(tests, headers_keep_order_repeats_and_absence);
    tcase_add_test(tests, every_byte_of_a_header_is_signed);
    tcase_add_test(tests, partitions_are_grouped);
    tcase_add_test(tests, a_slice_is_part_of_its_batch);
    tcase_add_test(tests, odd_names_are_escaped);
    tcase_add_test(tests, no_records_are_an_event_too);
    tcase_add_test(tests, random_events_come_back);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
