/* SPDX-License-Identifier: MIT */
/* One value of one option at a time, by tables. */
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <esm/config.h>
#include "config/settings.h"
#include "config/table.h"

#define ENDPOINTS    "SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS"
#define DESTINATION  "DestinationConfig.OnFailure.Destination"
#define GROUP        "SelfManagedKafkaEventSourceConfig.ConsumerGroupId"
#define QUEUE_ARN    "arn:aws:sqs:eu-west-1:123456789012:failed"
#define FUNCTION_ARN "arn:aws:lambda:eu-west-1:123456789012:function:"
#define TEXT_50      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TEXT_200     TEXT_50 TEXT_50 TEXT_50 TEXT_50

static esm_config *config;

static void setup(void)
{
    ck_assert_int_eq(esm_config_new(NULL, &config), 0);
}

static void teardown(void)
{
    esm_config_free(config);
}

static const char *get(const char *name)
{
    const char *value = NULL;
    ck_assert_msg(esm_config_get(config, name, &value) == 0, "%s", name);
    return value;
}

static void expect_good(const char *name, const char *value, const char *kept)
{
    ck_assert_msg(esm_config_set(config, name, value) == 0, "%s = %s is refused", name, value);
    ck_assert_msg(get(name) != NULL && strcmp(get(name), kept) == 0, "%s = %s is kept as %s", name, value,
                  get(name));
    ck_assert_uint_eq(esm_config_get_fault_count(config), 0);
}

/* The fault names option and value (as JSON: no quotes here; of a list, the item), stays through a
 * validation, and goes when the option is set anew. */
static void expect_bad(const char *name, const char *value)
{
    const char *option;
    const char *reason;
    ck_assert_msg(esm_config_set(config, name, value) == ESM_ERR_CONFIG, "%s = %s is accepted", name, value);
    ck_assert_uint_eq(esm_config_get_fault_count(config), 1);
    ck_assert_int_eq(esm_config_get_fault(config, 0, &option, &reason), 0);
    ck_assert_str_eq(option, name);
    ck_assert_msg(strlen(value) > 80 || strpbrk(value, ",\"") != NULL || strstr(reason, value) != NULL,
                  "%s = %s: %s", name, value, reason);
    ck_assert_int_eq(esm_config_validate(config, 0), ESM_ERR_CONFIG);
    ck_assert_int_eq(esm_config_set(config, name, NULL), 0);
    ck_assert_int_eq(esm_config_validate(config, 0), 0);
}

static void check_int(const struct esm__option *option)
{
    static const char *const no_numbers[] = {"x",   "1.5", "1e3", "0x10",
                                             "- 1", "--1", "+1",  "99999999999999999999",
                                             " 1"};
    char text[32];
    for (size_t i = 0; i < sizeof(no_numbers) / sizeof(no_numbers[0]); i++)
        expect_bad(option->name, no_numbers[i]);
    snprintf(text, sizeof(text), "%" PRId64, option->min - 1);
    if ((option->flags & ESM__MINUS_ONE) == 0 || option->min != 0)
        expect_bad(option->name, text);
    if (option->max < INT64_MAX) {
        snprintf(text, sizeof(text), "%" PRId64, option->max + 1);
        expect_bad(option->name, text);
    }
    expect_bad(option->name, "-2");
    if (option->refusal != NULL)
        return;
    snprintf(text, sizeof(text), "%" PRId64, option->min);
    expect_good(option->name, text, text);
    snprintf(text, sizeof(text), "%" PRId64, option->max);
    expect_good(option->name, text, text);
    if ((option->flags & ESM__MINUS_ONE) != 0)
        expect_good(option->name, "-1", "-1");
}

static void check_choice(const struct esm__option *option)
{
    for (const char *choice = option->choices; choice != NULL;) {
        char text[64];
        size_t size = strcspn(choice, "|");
        snprintf(text, sizeof(text), "%.*s", (int)size, choice);
        if (option->refusal == NULL || strcmp(text, option->fallback) == 0)
            expect_good(option->name, text, text);
        else
            expect_bad(option->name, text);
        choice = choice[size] == '|' ? choice + size + 1 : NULL;
    }
    ck_assert_int_eq(esm_config_set(config, option->name, NULL), 0);
    expect_bad(option->name, "no such choice");
}

static void check_refused(const struct esm__option *option)
{
    static const char *const empty[] = {"{}", "[]", "null", "{\"Filters\": []}", "[\"\", {\"a\": null}]", ""};
    static const char *const full[] = {"[1]", "{\"a\": \"b\"}", "true", "[[[\"x\"]]]", "{", "nonsense"};
    const char *option_name;
    const char *reason;
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
        ck_assert_int_eq(esm_config_set(config, option->name, empty[i]), 0);
    for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++)
        ck_assert_int_eq(esm_config_set(config, option->name, full[i]), ESM_ERR_CONFIG);
    ck_assert_int_eq(esm_config_set(config, option->name, full[0]), ESM_ERR_CONFIG);
    ck_assert_int_eq(esm_config_get_fault(config, 0, &option_name, &reason), 0);
    ck_assert_str_eq(option_name, option->name);
    ck_assert_ptr_nonnull(strstr(reason, option->refusal));
    ck_assert_ptr_null(get(option->name));
}

START_TEST(every_option_takes_its_range_and_nothing_else)
{
    const struct esm__option *option = &esm__options[_i];
    const char *name, *fallback, *text;
    ck_assert_int_eq(esm_config_describe((size_t)_i, &name, &fallback, &text), 0);
    ck_assert_str_eq(name, option->name);
    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_eq(get(name), fallback);
    switch (option->type) {
    case ESM__OPTION_INT: check_int(option); break;
    case ESM__OPTION_CHOICE: check_choice(option); break;
    case ESM__OPTION_BOOL:
        expect_good(name, "true", "true");
        expect_good(name, "false", "false");
        expect_bad(name, "True");
        expect_bad(name, "1");
        break;
    case ESM__OPTION_JSON: check_refused(option); break;
    case ESM__OPTION_IGNORED:
        ck_assert_int_eq(esm_config_set(config, name, "anything"), 0);
        ck_assert_ptr_null(get(name));
        break;
    case ESM__OPTION_TEXT: /* these have their samples below */
    case ESM__OPTION_LIST:
    case ESM__OPTION_TIME:
    case ESM__OPTION_FILTERS:
    case ESM__OPTION_TAGS: break;
    }
    /* The default is a value that the option takes. */
    if (fallback != NULL) {
        ck_assert_int_eq(esm_config_set(config, name, NULL), 0);
        expect_good(name, fallback, fallback);
    }
}
END_TEST

/* kept NULL: refused. */
static const struct sample {
    const char *name;
    const char *value;
    const char *kept;
} samples[] = {
    {"FunctionName", "orders", "orders"},
    {"FunctionName", "or_d-e.rs9", "or_d-e.rs9"},
    {"FunctionName", "orders:PROD", "orders:PROD"},
    {"FunctionName", "orders:$LATEST", "orders:$LATEST"},
    {"FunctionName", "orders:$LATEST.PUBLISHED", "orders:$LATEST.PUBLISHED"},
    {"FunctionName", "123456789012:function:orders", "123456789012:function:orders"},
    {"FunctionName", "123456789012:orders:7", "123456789012:orders:7"},
    {"FunctionName", "eu-west-1:123456789012:function:orders", "eu-west-1:123456789012:function:orders"},
    {"FunctionName", "function:orders", "function:orders"},
    {"FunctionName", "123456789012", "123456789012"},
    {"FunctionName", FUNCTION_ARN "orders", FUNCTION_ARN "orders"},
    {"FunctionName", FUNCTION_ARN "orders:PROD", FUNCTION_ARN "orders:PROD"},
    {"FunctionName", "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:o",
     "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:o"},
    {"FunctionName", "orders:", NULL},
    {"FunctionName", ":orders", NULL},
    {"FunctionName", "orders:a:b", NULL},
    {"FunctionName", "or ders", NULL},
    {"FunctionName", "orders:$NEWEST", NULL},
    {"FunctionName", "\xc3\xa9t\xc3\xa9", NULL},
    {"FunctionName", "arn:aws:sqs:eu-west-1:123456789012:orders", NULL},
    {"FunctionName", "arn:aws:lambda::123456789012:function:orders", NULL},
    {"FunctionName", "arn:aws:lambda:eu-west-1:12345:function:orders", NULL},
    {"FunctionName", TEXT_50 "aaaaaaaaaaaaaa", TEXT_50 "aaaaaaaaaaaaaa"},
    {"FunctionName", TEXT_50 "aaaaaaaaaaaaaaa", NULL},
    {"FunctionArn", FUNCTION_ARN "orders", FUNCTION_ARN "orders"},
    {"EventSourceArn", "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/x-1",
     "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/x-1"},
    {"EventSourceArn", "arn:aws:kafka:eusc-de-east-1:123456789012:vpc-connection/1/demo/x",
     "arn:aws:kafka:eusc-de-east-1:123456789012:vpc-connection/1/demo/x"},
    {"EventSourceArn", "arn:aws:kinesis:eu-west-1:123456789012:stream/x", NULL},
    {"EventSourceArn", "arn:aws:kafka:europe:123456789012:cluster/demo/x-1", NULL},
    {"EventSourceArn", "arn:aws:kafka:eu-west-1:123456789012:", NULL},
    {"EventSourceArn", "arn", NULL},
    {"FilterCriteria.Filters", "[{\"Pattern\": \"{\\\"value\\\": [1]}\"}]", "[{\"Pattern\": \"{\\\"value\\\": [1]}\"}]"},
    {"FilterCriteria.Filters", "[{\"Pattern\": \"\"}]", NULL},
    {"FilterCriteria.Filters", "[{\"Pattern\": \"{\\\"value\\\": []}\"}]", NULL},
    {"FilterCriteria.Filters", "[{\"Pattern\": 1}]", NULL},
    {"FilterCriteria.Filters", "[\"{}\"]", NULL},
    {"FilterCriteria.Filters", "[[{\"Pattern\": \"{\\\"value\\\": [1]}\"}]]", NULL},
    {"FilterCriteria.Filters", "{}", NULL},
    {"FilterCriteria.Filters", "{\"value\": [1]}", NULL},
    {ENDPOINTS, "localhost:9092", "localhost:9092"},
    {ENDPOINTS, "b-1.x.example:9092, b-2.x.example:9094", "b-1.x.example:9092,b-2.x.example:9094"},
    {ENDPOINTS, "[\"a:1\", \"b:65535\"]", "a:1,b:65535"},
    {ENDPOINTS, "a:1,a:2,a:3,a:4,a:5,a:6,a:7,a:8,a:9,a:10", "a:1,a:2,a:3,a:4,a:5,a:6,a:7,a:8,a:9,a:10"},
    {ENDPOINTS, "a:1,a:2,a:3,a:4,a:5,a:6,a:7,a:8,a:9,a:10,a:11", NULL},
    {ENDPOINTS, "[]", NULL},
    {ENDPOINTS, "[\"a:1\"", NULL},
    {ENDPOINTS, "[\"a:1\"] x", NULL},
    {ENDPOINTS, "[1]", NULL},
    {ENDPOINTS, "localhost", NULL},
    {ENDPOINTS, "localhost:", NULL},
    {ENDPOINTS, "localhost:0", NULL},
    {ENDPOINTS, "localhost:65536", NULL},
    {ENDPOINTS, "localhost:123456", NULL},
    {ENDPOINTS, "local_host:9092", NULL},
    {ENDPOINTS, "-a:9092", NULL},
    {ENDPOINTS, "a..b:9092", NULL},
    {ENDPOINTS, "a:1,,b:2", NULL},
    {ENDPOINTS, TEXT_200 TEXT_50 "." TEXT_50 ":9092", NULL},
    {"Topics", "orders", "orders"},
    {"Topics", "[\"a.b_c-D9\"]", "a.b_c-D9"},
    {"Topics", "a", "a"},
    {"Topics", ".orders", NULL},
    {"Topics", "or ders", NULL},
    {"Topics", "a,b", NULL},
    {"Topics", "[]", NULL},
    {"Topics", "[\"a\", \"b\"]", NULL},
    {"Topics", "[\"a\\u0000\"]", NULL},
    {"Topics", TEXT_200 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     TEXT_200 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    {"Topics", TEXT_200 TEXT_50, NULL},
    {"StartingPositionTimestamp", "0", "0"},
    {"StartingPositionTimestamp", "1545084650.987", "1545084650.987"},
    {"StartingPositionTimestamp", "1545084650.9", "1545084650.900"},
    {"StartingPositionTimestamp", "1545084650.98765", "1545084650.987"},
    {"StartingPositionTimestamp", "2018-12-17T22:10:50Z", "1545084650"},
    {"StartingPositionTimestamp", "2018-12-17T23:10:50.987+01:00", "1545084650.987"},
    {"StartingPositionTimestamp", "2018-12-17T16:40:50-0530", "1545084650"},
    {"StartingPositionTimestamp", "2024-02-29T00:00:00Z", "1709164800"},
    {"StartingPositionTimestamp", "2000-03-01T00:00:00Z", "951868800"},
    {"StartingPositionTimestamp", "2000-02-29T00:00:00Z", "951782400"},
    {"StartingPositionTimestamp", "2023-02-29T00:00:00Z", NULL},
    {"StartingPositionTimestamp", "2024-04-31T00:00:00Z", NULL},
    {"StartingPositionTimestamp", "2024-13-01T00:00:00Z", NULL},
    {"StartingPositionTimestamp", "2024-01-01T24:00:00Z", NULL},
    {"StartingPositionTimestamp", "2024-01-01T00:00:00", NULL},
    {"StartingPositionTimestamp", "2024-01-01", NULL},
    {"StartingPositionTimestamp", "1969-12-31T23:59:59Z", NULL},
    {"StartingPositionTimestamp", "-1", NULL},
    {"StartingPositionTimestamp", "1.", NULL},
    {"StartingPositionTimestamp", "99999999999", NULL},
    {"StartingPositionTimestamp", "yesterday", NULL},
    {GROUP, "group-1 a/b*c:_+=.@d", "group-1 a/b*c:_+=.@d"},
    {GROUP, TEXT_200, TEXT_200},
    {GROUP, TEXT_200 "a", NULL},
    {GROUP, "a#b", NULL},
    {"AmazonManagedKafkaEventSourceConfig.ConsumerGroupId", "g", "g"},
    {"UUID", "a1b2c3d4-5678-90ab-cdef-11111EXAMPLE", "a1b2c3d4-5678-90ab-cdef-11111EXAMPLE"},
    {"UUID", "a1b2c3d4-5678-90ab-cdef-11111EXAMPL", NULL},
    {"UUID", "a1b2c3d45678-90ab-cdef-11111-EXAMPLE", NULL},
    {"FunctionResponseTypes", "ReportBatchItemFailures", "ReportBatchItemFailures"},
    {"FunctionResponseTypes", "[\"ReportBatchItemFailures\"]", "ReportBatchItemFailures"},
    {"FunctionResponseTypes", "ReportNothing", NULL},
    {"FunctionResponseTypes", "[\"ReportBatchItemFailures\", \"ReportBatchItemFailures\"]", NULL},
    {DESTINATION, QUEUE_ARN, QUEUE_ARN},
    {DESTINATION, "arn:aws:sns:eu-west-1:123456789012:failed", "arn:aws:sns:eu-west-1:123456789012:failed"},
    {DESTINATION, "arn:aws:s3:::failed", "arn:aws:s3:::failed"},
    {DESTINATION, "kafka://failed", "kafka://failed"},
    {DESTINATION, "kafka://", NULL},
    {DESTINATION, "kafka://.failed", NULL},
    {DESTINATION, "kafka://a/b", NULL},
    {DESTINATION, QUEUE_ARN ".fifo", NULL},
    {DESTINATION, "arn:aws:sns:eu-west-1:123456789012:failed.fifo", NULL},
    {DESTINATION, "arn:aws:sqs:::failed", NULL},
    {DESTINATION, "arn:aws:lambda:eu-west-1:123456789012:function:x", NULL},
    {DESTINATION, "arn:aws:s3:::" TEXT_200 TEXT_200, NULL},
    {DESTINATION, "failed", NULL},
    {"ParallelizationFactor", "1", "1"},
    {"ParallelizationFactor", "2", NULL},
    {"TumblingWindowInSeconds", "0", "0"},
    {"TumblingWindowInSeconds", "30", NULL},
    {"MaximumRecordAgeInSeconds", "0", NULL},
    {"ProvisionedPollerConfig.PollerGroupName", "group_1", "group_1"},
    {"ProvisionedPollerConfig.PollerGroupName", "group 1", NULL},
    {"MetricsConfig.Metrics", "EventCount,ErrorCount,KafkaMetrics", "EventCount,ErrorCount,KafkaMetrics"},
    {"MetricsConfig.Metrics", "EventCount,Everything", NULL},
    {"KMSKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/x", NULL},
    {"Tags", "{\"team\": \"orders\", \"empty\": \"\"}", "{\"team\": \"orders\", \"empty\": \"\"}"},
    {"Tags", "{\"team\": 1}", NULL},
    {"Tags", "{\"\": \"x\"}", NULL},
    {"Tags", "[]", NULL},
    {"Tags", "team=orders", NULL},
    {"function.url", "http://localhost:8080/orders", "http://localhost:8080/orders"},
    {"function.url", "https://example.com", "https://example.com"},
    {"function.url", "https://example.com/@user", "https://example.com/@user"},
    {"function.url", "ftp://example.com", NULL},
    {"function.url", "http://", NULL},
    {"function.url", "http:///orders", NULL},
    {"function.url", "http://a b/", NULL},
    {"aws.endpoint_url", "http://localhost:4566", "http://localhost:4566"},
    {"aws.endpoint_url", "localhost:4566", NULL},
    {"aws.access_key_id", "AKIDEXAMPLE", "AKIDEXAMPLE"},
    {"aws.secret_access_key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
    {"aws.session_token", "a/b+c==", "a/b+c=="},
    {"aws.profile", "orders-dev", "orders-dev"},
    {"aws.region", "eu-west-1", "eu-west-1"},
    {"aws.region", "us-gov-east-1", "us-gov-east-1"},
    {"aws.region", "europe", NULL},
    {"aws.region", "europe-1", NULL},
    {"aws.region", "eu--west-1", NULL},
    {"aws.region", "EU-WEST-1", NULL},
    {"kafka.security.protocol", "sasl_ssl", "sasl_ssl"},
    {"kafka.client.id", "\xc3\xa9", "\xc3\xa9"},
};

START_TEST(texts_look_as_they_must)
{
    const struct sample *sample = &samples[_i];
    if (sample->kept == NULL)
        expect_bad(sample->name, sample->value);
    else
        expect_good(sample->name, sample->value, sample->kept);
}
END_TEST

START_TEST(every_text_option_has_samples)
{
    const struct esm__option *option = &esm__options[_i];
    int good = option->refusal != NULL;
    int bad = option->type == ESM__OPTION_TEXT && option->check == NULL; /* it takes any text */
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        if (strcmp(samples[i].name, option->name) == 0) {
            good |= samples[i].kept != NULL;
            bad |= samples[i].kept == NULL;
        }
    bad |= strstr(option->name, "ConsumerGroupId") != NULL || strcmp(option->name, "FunctionArn") == 0;
    if (option->type == ESM__OPTION_TEXT || option->type == ESM__OPTION_LIST ||
        option->type == ESM__OPTION_TIME || option->type == ESM__OPTION_TAGS)
        ck_assert_msg(good && bad, "%s has no samples", option->name);
}
END_TEST

START_TEST(unknown_names_get_a_hint)
{
    static const struct {
        const char *name;
        const char *hint;
    } cases[] = {
        {"BatchSise", "BatchSize"},
        {"batchsize", "BatchSize"},
        {"MaximumRetryAttempt", "MaximumRetryAttempts"},
        {"ConsumerGroupId", "ConsumerGroupId"},
        {"Destination", DESTINATION},
        {"commit.intervall_ms", "commit.interval_ms"},
        {"ProvisionedPollersConfig.MinimumPollers", "ProvisionedPollerConfig.MinimumPollers"},
        {"something else entirely", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *option;
        const char *reason;
        ck_assert_int_eq(esm_config_set(config, cases[i].name, "1"), ESM_ERR_CONFIG);
        ck_assert_int_eq(
            esm_config_get_fault(config, esm_config_get_fault_count(config) - 1, &option, &reason), 0);
        ck_assert_str_eq(option, cases[i].name);
        ck_assert_msg((cases[i].hint == NULL) == (strstr(reason, "did you mean") == NULL), "%s: %s", option,
                      reason);
        ck_assert_msg(cases[i].hint == NULL || strstr(reason, cases[i].hint) != NULL, "%s: %s", option,
                      reason);
    }
    const char *value;
    size_t count = esm_config_get_fault_count(config);
    ck_assert_int_eq(esm_config_set(config, "BatchSise", "2"), ESM_ERR_CONFIG);
    ck_assert_uint_eq(esm_config_get_fault_count(config), count); /* the same again */
    ck_assert_int_eq(esm_config_get(config, "BatchSise", &value), ESM_ERR_NOT_FOUND);
}
END_TEST

START_TEST(librdkafkas_options_pass_but_for_those_that_break_a_promise)
{
    static const char *const names[] = {"enable.auto.commit",
                                        "enable.auto.offset.store",
                                        "auto.offset.reset",
                                        "enable.partition.eof",
                                        "queued.min.messages",
                                        "queued.max.messages.kbytes",
                                        "fetch.queue.backoff.ms",
                                        "fetch.message.max.bytes",
                                        "plugin.library.paths",
                                        "acks",
                                        "enable.idempotence",
                                        "Upper.Case",
                                        "",
                                        "with space"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char name[64];
        const char *option, *reason;
        snprintf(name, sizeof(name), "kafka.%s", names[i]);
        ck_assert_msg(esm_config_set(config, name, "true") == ESM_ERR_CONFIG, "%s", name);
        ck_assert_int_eq(esm_config_get_fault(config, i, &option, &reason), 0);
        ck_assert_str_eq(option, name);
        ck_assert_ptr_null(get(name));
    }
    ck_assert_int_eq(esm_config_set(config, "kafka.acks.of.another.kind", "1"), 0);
}
END_TEST

START_TEST(entries_come_in_the_order_of_their_names)
{
    const char *name, *value;
    ck_assert_int_eq(esm_config_set(config, "max_in_flight", "7"), 0);
    ck_assert_int_eq(esm_config_set(config, "kafka.client.id", "me"), 0);
    ck_assert_int_eq(esm_config_set(config, "SelfManagedEventSource.Endpoints", "a:1"), 0);
    ck_assert_int_eq(esm_config_set(config, "BatchSize", "5"), 0);
    ck_assert_int_eq(esm_config_set(config, "BatchSize", "6"), 0);
    static const char *const expected[][2] = {
        {"BatchSize", "6"}, {ENDPOINTS, "a:1"}, {"kafka.client.id", "me"}, {"max_in_flight", "7"}};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(esm_config_get_entry(config, i, &name, &value), 0);
        ck_assert_str_eq(name, expected[i][0]);
        ck_assert_str_eq(value, expected[i][1]);
    }
    ck_assert_int_eq(esm_config_get_entry(config, 4, &name, &value), ESM_ERR_NOT_FOUND);
    ck_assert_int_eq(esm_config_set(config, "BatchSize", NULL), 0);
    ck_assert_str_eq(get("BatchSize"), "100");
    ck_assert_int_eq(esm_config_get_entry(config, 3, &name, &value), ESM_ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_bad_value_leaves_the_old_one)
{
    ck_assert_int_eq(esm_config_set(config, "BatchSize", "5"), 0);
    ck_assert_int_eq(esm_config_set(config, "BatchSize", "0"), ESM_ERR_CONFIG);
    ck_assert_str_eq(get("BatchSize"), "5");
    ck_assert_int_eq(esm_config_validate(config, 0), ESM_ERR_CONFIG);
    ck_assert_int_eq(esm_config_set(config, "BatchSize", "8"), 0);
    ck_assert_int_eq(esm_config_validate(config, 0), 0);
}
END_TEST

START_TEST(arguments_are_checked)
{
    const char *a, *b, *c;
    char *json;
    ck_assert_int_eq(esm_config_new(NULL, NULL), ESM_ERR_INVALID_ARGUMENT);
    esm_config_free(NULL);
    ck_assert_int_eq(esm_config_load_json(NULL, "{}", 2), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_config_load_json(config, NULL, 2), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_config_set(NULL, "BatchSize", "1"), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_config_set(config, NULL, "1"), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_config_get(NULL, "BatchSize", &a), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_config_get(config, "BatchSize", NULL), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_config_get_entry(config, 0, NULL, &b), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_config_validate(NULL, 0), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_config_validate(config, 8), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_uint_eq(esm_config_get_fault_count(NULL), 0);
    ck_assert_int_eq(esm_config_get_fault(config, 0, &a, &b), ESM_ERR_NOT_FOUND);
    ck_assert_int_eq(esm_config_get_fault(config, 0, NULL, &b), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_config_to_json(NULL, &json), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_config_to_json(config, NULL), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_config_describe(esm__option_count, &a, &b, &c), ESM_ERR_NOT_FOUND);
    ck_assert_int_eq(esm_config_describe(0, &a, NULL, &c), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_config_set(config, "kafka.client.id", "\xff"), ESM_ERR_CONFIG);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("config");
    TCase *tests = tcase_create("config");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, every_option_takes_its_range_and_nothing_else, 0, (int)esm__option_count);
    tcase_add_loop_test(tests, texts_look_as_they_must, 0, (int)(sizeof(samples) / sizeof(samples[0])));
    tcase_add_loop_test(tests, every_text_option_has_samples, 0, (int)esm__option_count);
    tcase_add_test(tests, unknown_names_get_a_hint);
    tcase_add_test(tests, librdkafkas_options_pass_but_for_those_that_break_a_promise);
    tcase_add_test(tests, entries_come_in_the_order_of_their_names);
    tcase_add_test(tests, a_bad_value_leaves_the_old_one);
    tcase_add_test(tests, arguments_are_checked);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
