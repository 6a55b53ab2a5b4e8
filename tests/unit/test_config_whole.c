/* SPDX-License-Identifier: MIT */
/* Options together: rules, settings, what follows from them; copies; want of memory. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "config_rig.h"

/* ---- the whole ---- */

static const struct rule_case {
    const char *set[3][2];
    uint32_t parts;
    const char *fault; /* NULL: none */
    const char *part;
} rule_cases[] = {
    {{{"StartingPosition", "AT_TIMESTAMP"}}, 0, "StartingPosition", "needs StartingPositionTimestamp"},
    {{{"StartingPosition", "LATEST"}, {"StartingPositionTimestamp", "5"}},
     0,
     "StartingPositionTimestamp",
     "needs"},
    {{{"StartingPosition", "AT_TIMESTAMP"}, {"StartingPositionTimestamp", "5"}}, 0, NULL, NULL},
    {{{"batch.window_ms", "5"}, {"MaximumBatchingWindowInSeconds", "1"}},
     0,
     "batch.window_ms",
     "is refused beside"},
    {{{"kafka.bootstrap.servers", "a"}, {ENDPOINTS, "a:1"}},
     0,
     "kafka.bootstrap.servers",
     "is refused beside"},
    {{{MSK_GROUP, "a"}, {GROUP, "b"}}, 0, MSK_GROUP, "is refused beside"},
    {{{MSK_GROUP, "a"}, {"kafka.group.id", "b"}}, 0, "kafka.group.id", "is refused beside"},
    {{{GROUP, "a"}, {"kafka.group.id", "b"}}, 0, "kafka.group.id", "is refused beside"},
    {{{"partial_response", "checkpoint"}}, 0, "partial_response", "needs FunctionResponseTypes"},
    {{{"partial_response", "checkpoint"}, {"FunctionResponseTypes", "ReportBatchItemFailures"}},
     0,
     NULL,
     NULL},
    {{{"delivery.max_attempts", "5"}}, 0, "delivery.max_attempts", "needs on_delivery_failure = drop"},
    {{{"delivery.max_attempts", "5"}, {"on_delivery_failure", "drop"}}, 0, NULL, NULL},
    {{{"backoff.service_ms", "70000"}}, 0, "backoff.service_ms", "is above backoff.max_ms"},
    {{{"backoff.service_ms", "70000"}, {"backoff.max_ms", "70000"}}, 0, NULL, NULL},
    {{{"backoff.max_ms", "10"}}, 0, NULL, NULL},
    {{{"ProvisionedPollerConfig.MinimumPollers", "5"}, {"ProvisionedPollerConfig.MaximumPollers", "4"}},
     0,
     "ProvisionedPollerConfig.MinimumPollers",
     "is above"},
    {{{"ProvisionedPollerConfig.MinimumPollers", "5"}, {"ProvisionedPollerConfig.MaximumPollers", "5"}},
     0,
     NULL,
     NULL},
    {{{DESTINATION, "kafka://a"}, {"Topics", "a"}}, 0, DESTINATION, "is the source topic"},
    {{{DESTINATION, "kafka://ab"}, {"Topics", "a"}}, ESM_CONFIG_DESTINATION, NULL, NULL},
    {{{DESTINATION, QUEUE_ARN}}, 0, NULL, NULL},
    {{{DESTINATION, QUEUE_ARN}}, ESM_CONFIG_DESTINATION, DESTINATION, "not served yet"},
    {{{"BatchSize", "5"}}, 0, NULL, NULL},
    {{{"Topics", "a"}, {"UUID", "a1b2c3d4-5678-90ab-cdef-11111EXAMPLE"}, {ENDPOINTS, "a:1"}},
     ESM_CONFIG_KAFKA,
     "StartingPosition",
     "is missing"},
    {{{"StartingPosition", "LATEST"}, {ENDPOINTS, "a:1"}}, ESM_CONFIG_KAFKA, "Topics", "is missing"},
    {{{"StartingPosition", "LATEST"}, {"Topics", "a"}, {GROUP, "g"}},
     ESM_CONFIG_KAFKA,
     ENDPOINTS,
     "is missing"},
    {{{"StartingPosition", "LATEST"}, {"Topics", "a"}, {"kafka.bootstrap.servers", "a"}},
     ESM_CONFIG_KAFKA,
     GROUP,
     "is missing"},
    {{{"Topics", "a"}}, ESM_CONFIG_FUNCTION, "FunctionName", "is missing"},
    {{{"function.url", "http://a"}}, ESM_CONFIG_FUNCTION, NULL, NULL},
    {{{"FunctionArn", "a"}}, ESM_CONFIG_FUNCTION, NULL, NULL},
    {{{"FunctionArn", "a"}, {"aws.endpoint_url", "http://a"}}, ESM_CONFIG_FUNCTION, NULL, NULL},
};

START_TEST(options_are_looked_at_together)
{
    const struct rule_case *rule = &rule_cases[_i];
    for (size_t i = 0; i < 3 && rule->set[i][0] != NULL; i++)
        set(rule->set[i][0], rule->set[i][1]);
    for (int again = 0; again < 2; again++) { /* a second look finds no more than the first */
        ck_assert_int_eq(esm_config_validate(config, rule->parts), rule->fault == NULL ? 0 : ESM_ERR_CONFIG);
        ck_assert_uint_eq(esm_config_get_fault_count(config), rule->fault != NULL);
        if (rule->fault != NULL)
            expect_fault(rule->fault, rule->part);
    }
}
END_TEST

START_TEST(defaults_are_those_of_aws)
{
    struct esm__settings got = settings();
    ck_assert_int_eq(got.enabled, 1);
    ck_assert_uint_eq(got.batch_size, 100);
    ck_assert_int_eq(got.batch_window_ms, 500);
    ck_assert_uint_eq(got.batch_max_bytes, 6291456);
    ck_assert_uint_eq(got.max_in_flight, 100);
    ck_assert_uint_eq(got.memory_budget, 134217728);
    ck_assert_int_eq(got.max_retries, -1);
    ck_assert_int_eq(got.max_record_age_ms, -1);
    ck_assert_int_eq(got.bisect, 0);
    ck_assert_int_eq(got.partial_response, ESM_PARTIAL_RESPONSE_OFF);
    ck_assert_int_eq(got.count_timeouts, 0);
    ck_assert_int_eq(got.retry_cap_with_destination, 0);
    static const int64_t first[] = {0, 1000, 100, 10000, 1000, 100};
    for (size_t i = 0; i < 6; i++)
        ck_assert_int_eq(got.backoff_first_ms[i], first[i]);
    ck_assert_int_eq(got.backoff_max_ms, 60000);
    ck_assert_uint_eq(got.backoff_factor_percent, 200);
    ck_assert_int_eq(got.has_backoff_seed, 0);
    ck_assert_int_eq(got.invoke_timeout_ms, 930000);
    ck_assert_int_eq(got.invoke_connect_timeout_ms, 5000);
    ck_assert_int_eq(got.destination_kind, ESM__DESTINATION_NONE);
    ck_assert_int_eq(got.delivery_max_attempts, -1);
    ck_assert_int_eq(got.delivery_timeout_ms, 60000);
    ck_assert_int_eq(got.commit_interval_ms, 100);
    ck_assert_int_eq(got.commit_before_next, 0);
    ck_assert_int_eq(got.drain_ms, 3000);
    ck_assert_int_eq(got.stop_drain_ms, 30000);
    ck_assert_int_eq(got.kafka_wake, 1);
    ck_assert_int_eq(got.offset_out_of_range, ESM__OUT_OF_RANGE_EARLIEST);
    ck_assert_int_eq(got.starting_position, ESM__START_UNSET);
    ck_assert_ptr_null(got.function_name);
    ck_assert_ptr_null(got.group_id);
    ck_assert_ptr_null(got.aws_region);
}
END_TEST

START_TEST(settings_follow_from_several_options)
{
    set("backoff.max_ms", "50");
    for (size_t i = 1; i < 6; i++)
        ck_assert_int_eq(settings().backoff_first_ms[i], 50);
    set("function.url", "http://localhost:8080/a/b?key=1");
    ck_assert_int_eq(settings().count_timeouts, 1);
    set("count_timeouts", "false");
    ck_assert_int_eq(settings().count_timeouts, 0);
    set("function.url", NULL);
    set("count_timeouts", "true");
    ck_assert_int_eq(settings().count_timeouts, 1);

    set("aws_strict", "true");
    ck_assert_int_eq(settings().max_retries, -1); /* no destination */
    ck_assert_int_eq(settings().retry_cap_with_destination, 1);
    set(DESTINATION, "kafka://failed");
    ck_assert_int_eq(settings().max_retries, 10);
    ck_assert_str_eq(settings().destination, "failed");
    ck_assert_int_eq(settings().destination_kind, ESM__DESTINATION_KAFKA);
    set("retry_cap_with_destination", "false");
    ck_assert_int_eq(settings().max_retries, -1);
    set("aws_strict", NULL);
    set("retry_cap_with_destination", "true");
    ck_assert_int_eq(settings().max_retries, 10);
    set("MaximumRetryAttempts", "20");
    ck_assert_int_eq(settings().max_retries, 20);

    set(DESTINATION, "arn:aws:sns:eu-west-1:123456789012:x");
    ck_assert_int_eq(settings().destination_kind, ESM__DESTINATION_SNS);
    set(DESTINATION, "arn:aws:s3:::x");
    ck_assert_int_eq(settings().destination_kind, ESM__DESTINATION_S3);
    set("on_delivery_failure", "drop");
    ck_assert_int_eq(settings().delivery_max_attempts, 10);
    set("FunctionResponseTypes", "ReportBatchItemFailures");
    set("partial_response", "checkpoint");
    ck_assert_int_eq(settings().partial_response, ESM_PARTIAL_RESPONSE_CHECKPOINT);
    set("offset_out_of_range", "stop");
    ck_assert_int_eq(settings().offset_out_of_range, ESM__OUT_OF_RANGE_STOP);
    set("kafka_wake", "off");
    ck_assert_int_eq(settings().kafka_wake, 0);
    set("kafka.bootstrap.servers", "my_kafka");
    ck_assert_str_eq(settings().bootstrap_servers, "my_kafka");
}
END_TEST

START_TEST(group_and_region_follow_the_names)
{
    static const struct {
        const char *name;
        const char *value;
        const char *group;
        const char *region;
    } steps[] = {
        {"Topics", "t", NULL, NULL},
        {"function.url", "https://h.example:8080/a/b/?key=1", "esm-h.example-8080-a-b-t", NULL},
        {"EventSourceArn", "arn:aws:kafka:us-east-1:123456789012:cluster/d/x", "esm-h.example-8080-a-b-t",
         "us-east-1"},
        {"FunctionName", "f", "esm-f-t", "us-east-1"},
        {"FunctionName", "arn:aws:lambda:eu-west-1:123456789012:function:f:PROD", "esm-f-PROD-t",
         "eu-west-1"},
        {"aws.region", "eu-west-2", "esm-f-PROD-t", "eu-west-2"},
        {"UUID", "a1b2c3d4-5678-90ab-cdef-11111EXAMPLE", "a1b2c3d4-5678-90ab-cdef-11111EXAMPLE", "eu-west-2"},
        {"kafka.group.id", "k", "k", "eu-west-2"},
        {"kafka.group.id", NULL, "a1b2c3d4-5678-90ab-cdef-11111EXAMPLE", "eu-west-2"},
        {GROUP, "g", "g", "eu-west-2"},
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        set(steps[i].name, steps[i].value);
        struct esm__settings got = settings();
        ck_assert_pstr_eq(got.group_id, steps[i].group);
        ck_assert_pstr_eq(got.aws_region, steps[i].region);
    }
}
END_TEST

START_TEST(a_clone_stands_alone)
{
    esm_config *clone;
    load_file("get.json");
    esm_config_set(config, "BatchSize", "0");
    char *before = print(config);
    ck_assert_int_eq(esm__config_clone(config, NULL, &clone), 0);
    ck_assert_uint_eq(esm_config_get_fault_count(clone), 1);
    esm_config_free(config);
    config = clone;
    char *after = print(config);
    ck_assert_str_eq(before, after);
    esm_config_set(config, "BatchSize", NULL);
    ck_assert_str_eq(settings().group_id, "orders-group");
    esm_free(NULL, before);
    esm_free(NULL, after);
}
END_TEST

/* ---- want of memory ---- */

static esm_allocator *config_allocator; /* of the configuration that the steps run on */

struct meter {
    size_t left; /* allocations that still work */
    size_t live;
};

static void *meter_malloc(void *user_data, size_t size)
{
    struct meter *meter = user_data;
    if (meter->left == 0)
        return NULL;
    meter->left--;
    meter->live++;
    return malloc(size);
}

static void *meter_realloc(void *user_data, void *memory, size_t size)
{
    struct meter *meter = user_data;
    if (meter->left == 0)
        return NULL;
    meter->left--;
    return realloc(memory, size);
}

static void meter_free(void *user_data, void *memory)
{
    struct meter *meter = user_data;
    meter->live--;
    free(memory);
}

static int do_load(esm_config *on)
{
    static const char json[] =
        "{\"BatchSize\": 0, \"Topics\": [\"a\"], \"FunctionName\": \"f\", \"Bogus\": 1, \"Tags\": {\"a\": "
        "\"b\"},"
        "\"DestinationConfig\": {\"OnFailure\": {\"Destination\": \"kafka://a\"}}, \"kafka\": "
        "{\"client.id\": \"x\","
        "\"acks\": 1, \"group.id\": []}, \"max_in_flight\": 3, \"LoggingConfig\": 1, \"Enabled\": 7}";
    return esm_config_load_json(on, json, sizeof(json) - 1);
}

static int do_set(esm_config *on)
{
    return esm_config_set(on, "MetricsConfig.Metrics", "EventCount, ErrorCount");
}

static int do_set_bad(esm_config *on)
{
    return esm_config_set(on, "MetricsConfig.Metrics", "EventCount, Bogus");
}

static int do_load_broken(esm_config *on)
{
    return esm_config_load_json(on, "{\"a\": ", 6);
}

static int do_validate(esm_config *on)
{
    return esm_config_validate(on, ALL_PARTS);
}

static int do_print(esm_config *on)
{
    char *json = NULL;
    int error = esm_config_to_json(on, &json);
    ck_assert_int_eq(error == 0, json != NULL);
    esm_free(config_allocator, json);
    return error;
}

static const struct step {
    int (*run)(esm_config *on);
    int result;
} steps[] = {
    {do_load, ESM_ERR_CONFIG},     {do_set, 0},
    {do_set_bad, ESM_ERR_CONFIG},  {do_load_broken, ESM_ERR_CONFIG},
    {do_validate, ESM_ERR_CONFIG}, {do_print, 0},
};

static void state_of(const esm_config *of, char *text, size_t size)
{
    const char *a, *b;
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; esm_config_get_entry(of, i, &a, &b) == 0; i++)
        used += (size_t)snprintf(text + used, size - used, "%s=%s\n", a, b);
    for (size_t i = 0; esm_config_get_fault(of, i, &a, &b) == 0; i++)
        used += (size_t)snprintf(text + used, size - used, "%s:%s\n", a, b);
    ck_assert_uint_lt(used, size);
}

/* Each step is tried with 0, 1, 2, ... allocations that work: it fails and changes nothing, until it does not
 * fail. */
START_TEST(without_memory_nothing_changes)
{
    struct meter meter = {SIZE_MAX, 0};
    esm_config *on;
    static char before[8192], after[8192];
    ck_assert_int_eq(
        esm_allocator_new(&config_allocator, meter_malloc, meter_realloc, meter_free, &meter, NULL), 0);
    meter.left = 0;
    ck_assert_int_eq(esm_config_new(config_allocator, &on), ESM_ERR_NOMEM);
    meter.left = SIZE_MAX;
    ck_assert_int_eq(esm_config_new(config_allocator, &on), 0);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        size_t limit = 0;
        int error;
        state_of(on, before, sizeof(before));
        for (;; limit++) {
            size_t live = meter.live;
            meter.left = limit;
            error = steps[i].run(on);
            if (error != ESM_ERR_NOMEM)
                break;
            state_of(on, after, sizeof(after));
            ck_assert_str_eq(before, after);
            ck_assert_uint_eq(meter.live, live);
        }
        ck_assert_int_eq(error, steps[i].result);
        ck_assert_uint_gt(limit, 2);
    }
    meter.left = SIZE_MAX;
    esm_config_free(on);
    config_allocator = esm_allocator_unref(config_allocator);
    ck_assert_uint_eq(meter.live, 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("config_whole");
    TCase *tests = tcase_create("config_whole");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, options_are_looked_at_together, 0,
                        (int)(sizeof(rule_cases) / sizeof(rule_cases[0])));
    tcase_add_test(tests, defaults_are_those_of_aws);
    tcase_add_test(tests, settings_follow_from_several_options);
    tcase_add_test(tests, group_and_region_follow_the_names);
    tcase_add_test(tests, a_clone_stands_alone);
    tcase_add_test(tests, without_memory_nothing_changes);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
