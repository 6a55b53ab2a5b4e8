/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cjson/cJSON.h>

#include "event/civil.h"
#include "event/failure.h"

#define ARN         "arn:aws:kafka:eu-west-1:111122223333:cluster/demo/1-1"
#define FUNCTION    "arn:aws:lambda:eu-west-1:111122223333:function:f"
#define REQUEST     "{\"requestContext\":{\"requestId\":\"r-1\",\"functionArn\":\"" FUNCTION "\",\"condition\":"
#define WALL_MS     1795428000123 /* 2026-11-23T10:00:00.123Z */
#define WALL        ",\"version\":\"1.0\",\"timestamp\":\"2026-11-23T10:00:00.123Z\","
#define RECORD_TIME 1795427940000

static const struct esm__event_source msk = {ARN, "b1:9092,b2:9092"};
static const struct esm__event_source self_managed = {NULL, "b1:9092"};

static const esm_record records[] = {
    {.topic = "orders",
     .offset = 100,
     .timestamp_ms = RECORD_TIME,
     .timestamp_type = ESM_TIMESTAMP_CREATE_TIME,
     .key = "key",
     .key_size = 3,
     .value = "value",
     .value_size = 5},
    {.topic = "orders", .partition = 1, .offset = 9007199254740993},
    {.topic = "orders",
     .offset = 349,
     .timestamp_ms = RECORD_TIME + 59999,
     .timestamp_type = ESM_TIMESTAMP_CREATE_TIME},
};
static const uint32_t indexes[] = {0, 2, 1};

static struct esm__failure example(void)
{
    return (struct esm__failure){.source = &msk,
                                 .slice = {records, indexes, 3},
                                 .request_id = "r-1",
                                 .function_arn = FUNCTION,
                                 .reason = ESM_REASON_RETRIES,
                                 .attempts = 4,
                                 .has_response = 1,
                                 .status_code = 200,
                                 .function_error = "Unhandled",
                                 .wall_ms = WALL_MS};
}

/* The document, NUL-terminated, to be freed. */
static char *document(const struct esm__failure *failure, int with_payload)
{
    struct esm__bytes out;
    esm__bytes_init(&out, NULL);
    ck_assert_int_eq(esm__failure_append(&out, failure, with_payload), 0);
    ck_assert_int_eq(esm__bytes_terminate(&out), 0);
    return out.data;
}

static char *record_document(const struct esm__failure *failure, size_t i)
{
    struct esm__bytes out;
    esm__bytes_init(&out, NULL);
    ck_assert_int_eq(esm__failure_append_record(&out, failure, i), 0);
    ck_assert_int_eq(esm__bytes_terminate(&out), 0);
    return out.data;
}

static char *event_of(const struct esm__event_source *source, const struct esm__slice *slice)
{
    size_t length = esm__event_length(source, slice, NULL);
    char *event = malloc(length + 1);
    *esm__event_write(event, source, slice) = '\0';
    return event;
}

START_TEST(queues_get_the_documented_body)
{
    struct esm__failure failure = example();
    char *text = document(&failure, 0);
    char expected[2048];
    snprintf(expected, sizeof(expected),
             REQUEST
             "\"RetryAttemptsExhausted\",\"approximateInvokeCount\":4},\"responseContext\":{"
             "\"statusCode\":200,\"executedVersion\":\"$LATEST\",\"functionError\":\"Unhandled\"}" WALL
             "\"KafkaBatchInfo\":{\"batchSize\":3,\"eventSourceArn\":\"" ARN
             "\",\"bootstrapServers\":\"b1:9092,b2:9092\",\"payloadSize\":%zu,\"recordsInfo\":{"
             "\"orders-0\":{\"firstRecordOffset\":\"100\",\"lastRecordOffset\":\"349\","
             "\"firstRecordTimestamp\":\"2026-11-23T09:59:00.000Z\","
             "\"lastRecordTimestamp\":\"2026-11-23T09:59:59.999Z\"},"
             "\"orders-1\":{\"firstRecordOffset\":\"9007199254740993\",\"lastRecordOffset\":"
             "\"9007199254740993\",\"firstRecordTimestamp\":\"1970-01-01T00:00:00.000Z\","
             "\"lastRecordTimestamp\":\"1970-01-01T00:00:00.000Z\"}}}}",
             esm__event_length(&msk, &failure.slice, NULL));
    ck_assert_str_eq(text, expected);
    free(text);
}
END_TEST

START_TEST(s3_gets_the_event_as_a_string)
{
    struct esm__failure failure = example();
    char *without = document(&failure, 0);
    char *text = document(&failure, 1);
    char *event = event_of(&msk, &failure.slice);
    size_t head = strlen(without) - 1;
    ck_assert_int_eq(strncmp(text, without, head), 0);
    ck_assert_int_eq(strncmp(text + head, ",\"payload\":\"{\\\"eventSource\\\":\\\"aws:kafka\\\"", 42), 0);
    cJSON *parsed = cJSON_Parse(text);
    ck_assert_str_eq(cJSON_GetObjectItem(parsed, "payload")->valuestring, event);
    cJSON_Delete(parsed);
    free(without);
    free(text);
    free(event);
}
END_TEST

START_TEST(a_topic_gets_one_document_for_each_record)
{
    struct esm__failure failure = example();
    char *text = record_document(&failure, 1);
    struct esm__slice alone = {records, &indexes[1], 1};
    char *event = event_of(&msk, &alone);
    char expected[2048];
    snprintf(expected, sizeof(expected),
             REQUEST
             "\"RetriesExhausted\",\"approximateInvokeCount\":4},\"responseContext\":{"
             "\"statusCode\":200,\"executedVersion\":\"$LATEST\",\"functionError\":\"Unhandled\"}" WALL
             "\"KafkaBatchInfo\":{\"batchSize\":1,\"eventSourceArn\":\"" ARN
             "\",\"bootstrapServers\":\"b1:9092,b2:9092\",\"payloadSize\":%zu,"
             "\"recordInfo\":{\"offset\":\"349\",\"timestamp\":\"2026-11-23T09:59:59.999Z\"}},"
             "\"payload\":%s}",
             strlen(event), event);
    ck_assert_str_eq(text, expected);
    ck_assert_ptr_null(strstr(text, "\"offset\":100"));
    free(text);
    free(event);
}
END_TEST

/* What stands between the condition and the version. */
static void check_contexts(const struct esm__failure *failure, const char *condition,
                           const char *record_condition, const char *expected)
{
    char whole[512];
    char *text = document(failure, 0);
    snprintf(whole, sizeof(whole), REQUEST "\"%s\",%s" WALL, condition, expected);
    text[strlen(whole)] = '\0';
    ck_assert_str_eq(text, whole);
    free(text);
    text = record_document(failure, 0);
    snprintf(whole, sizeof(whole), REQUEST "\"%s\",%s" WALL, record_condition, expected);
    text[strlen(whole)] = '\0';
    ck_assert_str_eq(text, whole);
    free(text);
}

START_TEST(contexts_follow_the_reason)
{
    struct esm__failure failure = example();
    failure.executed_version = "12";
    failure.function_error = NULL;
    check_contexts(&failure, "RetryAttemptsExhausted", "RetriesExhausted",
                   "\"approximateInvokeCount\":4},\"responseContext\":{\"statusCode\":200,"
                   "\"executedVersion\":\"12\",\"functionError\":null}");
    failure.has_response = 0;
    check_contexts(&failure, "RetryAttemptsExhausted", "RetriesExhausted",
                   "\"approximateInvokeCount\":4},\"responseContext\":null");
    failure = example();
    failure.reason = ESM_REASON_TOO_LARGE;
    check_contexts(&failure, "MaximumPayloadSizeExceeded", "MaximumPayloadSizeExceeded",
                   "\"approximateInvokeCount\":4},\"responseContext\":null");
    failure.reason = ESM_REASON_AGE;
    failure.attempts = 0;
    check_contexts(&failure, "RecordAgeExceeded", "RecordAgeExceeded", "\"approximateInvokeCount\":1}");
    ck_assert_str_eq(esm__failure_condition(ESM_REASON_NONE), "Unknown");
}
END_TEST

START_TEST(what_is_unknown_is_left_out)
{
    struct esm__failure failure = example();
    failure.source = &self_managed;
    failure.request_id = NULL;
    failure.function_arn = NULL;
    char *text = document(&failure, 1);
    ck_assert_int_eq(strncmp(text, "{\"requestContext\":{\"condition\":", 31), 0);
    ck_assert_ptr_null(strstr(text, "Arn"));
    free(text);
    text = record_document(&failure, 0);
    ck_assert_ptr_null(strstr(text, "Arn"));
    free(text);
}
END_TEST

START_TEST(foreign_text_is_escaped)
{
    static const struct esm__event_source odd = {"a\"rn", "b\\1"};
    static const esm_record record = {.topic = "t\"\n\xff"};
    struct esm__failure failure = example();
    failure.source = &odd;
    failure.slice = (struct esm__slice){&record, indexes, 1};
    failure.request_id = "r\"";
    failure.function_arn = "http://x/\"\x01";
    failure.executed_version = "\"";
    failure.function_error = "Un\"handled\n\xff";
    char *text = document(&failure, 1);
    cJSON *parsed = cJSON_Parse(text);
    ck_assert_ptr_nonnull(parsed);
    const cJSON *request = cJSON_GetObjectItem(parsed, "requestContext");
    ck_assert_str_eq(cJSON_GetObjectItem(request, "requestId")->valuestring, "r\"");
    ck_assert_str_eq(cJSON_GetObjectItem(request, "functionArn")->valuestring, "http://x/\"\x01");
    const cJSON *response = cJSON_GetObjectItem(parsed, "responseContext");
    ck_assert_str_eq(cJSON_GetObjectItem(response, "executedVersion")->valuestring, "\"");
    ck_assert_str_eq(cJSON_GetObjectItem(response, "functionError")->valuestring,
                     "Un\"handled\n\xef\xbf\xbd");
    const cJSON *info = cJSON_GetObjectItem(parsed, "KafkaBatchInfo");
    ck_assert_str_eq(cJSON_GetObjectItem(info, "eventSourceArn")->valuestring, "a\"rn");
    ck_assert_str_eq(cJSON_GetObjectItem(info, "bootstrapServers")->valuestring, "b\\1");
    ck_assert_str_eq(cJSON_GetObjectItem(info, "recordsInfo")->child->string, "t\"\n\xef\xbf\xbd-0");
    cJSON *event = cJSON_Parse(cJSON_GetObjectItem(parsed, "payload")->valuestring);
    ck_assert_str_eq(cJSON_GetObjectItem(event, "records")->child->string, "t\"\n\xef\xbf\xbd-0");
    cJSON_Delete(event);
    cJSON_Delete(parsed);
    free(text);
}
END_TEST

START_TEST(the_longest_topic_has_room)
{
    char topic[ESM__TOPIC_SIZE_MAX + 1];
    memset(topic, 1, ESM__TOPIC_SIZE_MAX);
    topic[ESM__TOPIC_SIZE_MAX] = '\0';
    const esm_record record = {.topic = topic, .partition = INT32_MAX};
    struct esm__failure failure = example();
    failure.slice = (struct esm__slice){&record, indexes, 1};
    char *text = document(&failure, 0);
    ck_assert_ptr_nonnull(strstr(text, "\\u0001-2147483647\":{\"firstRecordOffset\""));
    free(text);
}
END_TEST

/* ---- want of memory ---- */

static void *scarce_malloc(void *user_data, size_t size)
{
    return (*(int *)user_data)-- > 0 ? malloc(size) : NULL;
}

static void *scarce_realloc(void *user_data, void *memory, size_t size)
{
    return (*(int *)user_data)-- > 0 ? realloc(memory, size) : NULL;
}

static void scarce_free(void *user_data, void *memory)
{
    (void)user_data;
    free(memory);
}

START_TEST(want_of_memory_leaves_what_was_there)
{
    struct esm__failure failure = example();
    int successes = 0;
    for (int allowed = 0; successes < 2; allowed++) {
        ck_assert_int_lt(allowed, 100);
        int left = 2;
        esm_allocator *allocator = NULL;
        struct esm__bytes out;
        ck_assert_int_eq(
            esm_allocator_new(&allocator, scarce_malloc, scarce_realloc, scarce_free, &left, NULL), 0);
        esm__bytes_init(&out, allocator);
        ck_assert_int_eq(esm__bytes_append_text(&out, "before"), 0);
        left = allowed;
        int error = allowed % 2 == 0 ? esm__failure_append(&out, &failure, 1)
                                     : esm__failure_append_record(&out, &failure, 0);
        if (error == 0) {
            successes++;
        } else {
            ck_assert_int_eq(error, ESM_ERR_NOMEM);
            ck_assert_uint_eq(out.size, 6);
        }
        ck_assert_int_eq(memcmp(out.data, "before", 6), 0);
        esm__bytes_free(&out);
        esm_allocator_unref(allocator);
    }
}
END_TEST

/* ---- dates ---- */

static const struct {
    int64_t wall_ms;
    const char *text;
} dates[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {-1, "1969-12-31T23:59:59.999Z"},
    {951782400000, "2000-02-29T00:00:00.000Z"},
    {951868799999, "2000-02-29T23:59:59.999Z"},
    {951868800000, "2000-03-01T00:00:00.000Z"},
    {4107542399999, "2100-02-28T23:59:59.999Z"},
    {4107542400000, "2100-03-01T00:00:00.000Z"},
    {1735689599999, "2024-12-31T23:59:59.999Z"},
    {253402300799999, "9999-12-31T23:59:59.999Z"},
    {253402300800000, "+10000-01-01T00:00:00.000Z"},
    {-62135596800000, "0001-01-01T00:00:00.000Z"},
    {-62167219200000, "0000-01-01T00:00:00.000Z"},
    {-62167219200001, "-0001-12-31T23:59:59.999Z"},
    {INT64_MAX, "+292278994-08-17T07:12:55.807Z"},
    {INT64_MIN, "-292275055-05-16T16:47:04.192Z"},
};

START_TEST(dates_are_written)
{
    char text[ESM__ISO_SIZE];
    esm__civil_format(text, dates[_i].wall_ms);
    ck_assert_str_eq(text, dates[_i].text);
}
END_TEST

/* Against the C library's calendar, every day of 800 years. */
START_TEST(dates_agree_with_libc)
{
    for (int64_t day = -146097; day < 146097; day++) {
        time_t seconds = (time_t)(day * 86400 + 3661);
        struct tm tm;
        struct esm__civil civil = esm__civil_from_ms((int64_t)seconds * 1000 + 5);
        ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
        ck_assert(civil.year == tm.tm_year + 1900 && civil.month == tm.tm_mon + 1 && civil.day == tm.tm_mday);
        ck_assert(civil.hour == 1 && civil.minute == 1 && civil.second == 1 && civil.millisecond == 5);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("failure");
    TCase *tests = tcase_create("failure");
    tcase_add_test(tests, queues_get_the_documented_body);
    tcase_add_test(tests, s3_gets_the_event_as_a_string);
    tcase_add_test(tests, a_topic_gets_one_document_for_each_record);
    tcase_add_test(tests, contexts_follow_the_reason);
    tcase_add_test(tests, what_is_unknown_is_left_out);
    tcase_add_test(tests, foreign_text_is_escaped);
    tcase_add_test(tests, the_longest_topic_has_room);
    tcase_add_test(tests, want_of_memory_leaves_what_was_there);
    tcase_add_loop_test(tests, dates_are_written, 0, sizeof(dates) / sizeof(*dates));
    tcase_add_test(tests, dates_agree_with_libc);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
