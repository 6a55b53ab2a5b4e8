/* SPDX-License-Identifier: MIT */
/* Memory runs out: records, JSON, documents, configuration, policy. */
#include "../unit/unit.h"

#include <string.h>

#include <esm/policy.h>
#include "config/settings.h"
#include "event/failure.h"
#include "json/writer.h"
#include "memory.h"

/* ---- small objects ---- */

static void make_record(struct memory *memory)
{
    esm_record *record = NULL;
    memory_arm(memory);
    if (memory_check(memory, esm_record_new(memory->allocator, &record))) {
        ck_assert_ptr_null(record);
        return;
    }
    esm_record_free(record);
}

static void add_headers(struct memory *memory)
{
    esm_record *record;
    ck_assert_int_eq(esm_record_new(memory->allocator, &record), 0);
    memory_arm(memory);
    for (size_t i = 0; i < 20; i++) {
        int error = esm_record_add_header(record, "name", "value", 5);
        if (memory->was_hit && memory->is_armed) {
            ck_assert_int_eq(error, ESM_ERR_NOMEM);
            ck_assert_uint_eq(esm_record_get_header_count(record), i);
            memory_heal(memory);
            error = esm_record_add_header(record, "name", "value", 5);
        }
        ck_assert_int_eq(error, 0);
    }
    ck_assert_uint_eq(esm_record_get_header_count(record), 20);
    esm_record_free(record);
}

static void append_json(struct memory *memory)
{
    struct esm__bytes bytes;
    esm__bytes_init(&bytes, memory->allocator);
    memory_arm(memory);
    int error = 0;
    size_t before = 0;
    for (int i = 0; i < 40 && error == 0; i++) {
        before = bytes.size;
        error =
            i % 2 == 0 ? esm__json_append_string(&bytes, "a\nb", 3) : esm__json_append_int(&bytes, INT64_MIN);
    }
    if (memory_check(memory, error))
        ck_assert_uint_eq(bytes.size, before);
    esm__bytes_free(&bytes);
}

static void write_failures(struct memory *memory)
{
    static const esm_record records[] = {{.topic = "t", .value = "value", .value_size = 5}};
    static const uint32_t indexes[] = {0};
    static const struct esm__event_source source = {"arn", "b:1"};
    const struct esm__failure failure = {
        .source = &source, .slice = {records, indexes, 1}, .reason = ESM_REASON_AGE, .request_id = "r"};
    struct esm__bytes first;
    struct esm__bytes second;
    esm__bytes_init(&first, memory->allocator);
    esm__bytes_init(&second, memory->allocator);
    memory_arm(memory);
    int error = esm__failure_append(&first, &failure, 1);
    if (error == 0)
        error = esm__failure_append_record(&second, &failure, 0);
    if (memory_check(memory, error)) {
        first.size = second.size = 0;
        ck_assert_int_eq(esm__failure_append(&first, &failure, 1), 0);
        ck_assert_int_eq(esm__failure_append_record(&second, &failure, 0), 0);
    }
    ck_assert_int_eq(first.data[first.size - 1], '}');
    ck_assert_int_eq(second.data[second.size - 1], '}');
    esm__bytes_free(&first);
    esm__bytes_free(&second);
}

/* ---- configuration ---- */

static const char mapping[] =
    "{\"FunctionName\":\"f\",\"Topics\":[\"t\"],\"StartingPosition\":\"LATEST\",\"BatchSize\":7,"
    "\"SelfManagedEventSource\":{\"Endpoints\":{\"KAFKA_BOOTSTRAP_SERVERS\":[\"a:1\",\"b:2\"]}},"
    "\"DestinationConfig\":{\"OnFailure\":{\"Destination\":\"kafka://d\"}},\"kafka.client.id\":\"x\"}";
static const char wrong_mapping[] =
    "{\"BatchSize\":0,\"Unknown\":1,\"Topics\":{},\"MaximumRetryAttempts\":3}";

static char *print(const esm_config *config)
{
    char *json;
    ck_assert_int_eq(esm_config_to_json(config, &json), 0);
    return json;
}

static void expect_same(const esm_config *one, const esm_config *other, esm_allocator *allocator)
{
    char *first = print(one);
    char *second = print(other);
    ck_assert_str_eq(first, second);
    esm_free(allocator, first);
    esm_free(allocator, second);
    ck_assert_uint_eq(esm_config_get_fault_count(one), esm_config_get_fault_count(other));
}

static void make_config(struct memory *memory)
{
    esm_config *config = NULL;
    memory_arm(memory);
    if (memory_check(memory, esm_config_new(memory->allocator, &config))) {
        ck_assert_ptr_null(config);
        return;
    }
    esm_config_free(config);
}

static void load(struct memory *memory, const char *json, int expected)
{
    esm_config *config;
    esm_config *reference;
    ck_assert_int_eq(esm_config_new(memory->allocator, &config), 0);
    ck_assert_int_eq(esm_config_new(memory->allocator, &reference), 0);
    ck_assert_int_eq(esm_config_load_json(reference, json, strlen(json)), expected);
    memory_arm(memory);
    int error = esm_config_load_json(config, json, strlen(json));
    ck_assert_int_eq(error, memory->was_hit ? ESM_ERR_NOMEM : expected);
    memory_heal(memory);
    if (error == ESM_ERR_NOMEM)
        ck_assert_int_eq(esm_config_load_json(config, json, strlen(json)), expected);
    expect_same(config, reference, memory->allocator);
    esm_config_free(config);
    esm_config_free(reference);
}

static void load_mapping(struct memory *memory)
{
    load(memory, mapping, 0);
}

static void load_wrong_mapping(struct memory *memory)
{
    load(memory, wrong_mapping, ESM_ERR_CONFIG);
}

static void set_option(struct memory *memory)
{
    esm_config *config;
    esm_config *before;
    const char *value;
    ck_assert_int_eq(esm_config_new(memory->allocator, &config), 0);
    ck_assert_int_eq(esm_config_load_json(config, mapping, strlen(mapping)), 0);
    ck_assert_int_eq(esm__config_clone(config, memory->allocator, &before), 0);
    memory_arm(memory);
    if (memory_check(memory, esm_config_set(config, "FunctionName", "other"))) {
        expect_same(config, before, memory->allocator);
        ck_assert_int_eq(esm_config_set(config, "FunctionName", "other"), 0);
    }
    ck_assert_int_eq(esm_config_get(config, "FunctionName", &value), 0);
    ck_assert_str_eq(value, "other");
    esm_config_free(before);
    esm_config_free(config);
}

static void copy_and_print(struct memory *memory)
{
    esm_config *config;
    esm_config *clone = NULL;
    char *json = NULL;
    ck_assert_int_eq(esm_config_new(memory->allocator, &config), 0);
    ck_assert_int_eq(esm_config_load_json(config, mapping, strlen(mapping)), 0);
    memory_arm(memory);
    int error = esm__config_clone(config, memory->allocator, &clone);
    ck_assert_int_eq(error == 0, clone != NULL);
    if (error == 0)
        error = esm_config_validate(clone, ESM_CONFIG_KAFKA);
    if (error == 0)
        error = esm_config_to_json(clone, &json);
    ck_assert_int_eq(error == 0, json != NULL);
    memory_check(memory, error);
    esm_free(memory->allocator, json);
    esm_config_free(clone);
    esm_config_free(config);
}

static void find_faults(struct memory *memory)
{
    esm_config *config;
    ck_assert_int_eq(esm_config_new(memory->allocator, &config), 0);
    memory_arm(memory);
    int error = esm_config_validate(config, ESM_CONFIG_KAFKA | ESM_CONFIG_FUNCTION);
    ck_assert_int_eq(error, memory->was_hit ? ESM_ERR_NOMEM : ESM_ERR_CONFIG);
    memory_heal(memory);
    ck_assert_int_eq(esm_config_validate(config, ESM_CONFIG_KAFKA | ESM_CONFIG_FUNCTION), ESM_ERR_CONFIG);
    ck_assert_uint_eq(esm_config_get_fault_count(config), 4);
    esm_config_free(config);
}

/* ---- policy ---- */

static void add_records(struct memory *memory)
{
    esm_policy_options *options = NULL;
    esm_policy *policy = NULL;
    uint32_t lane = 0;
    uint64_t batch = 0;
    memory_arm(memory);
    int error = esm_policy_options_new(memory->allocator, &options);
    if (error == 0)
        error = esm_policy_options_set_bisect(options, 1);
    if (error == 0)
        error = esm_policy_new(memory->allocator, &policy, options);
    if (error == 0)
        error = esm_policy_add_lane(policy, 0, 0, &lane);
    if (error == 0)
        error = esm_policy_open_batch(policy, &batch);
    for (int64_t offset = 0; error == 0 && offset < 100; offset++) {
        error = esm_policy_add_record(policy, batch, lane, offset, -1, NULL);
        if (error == ESM_ERR_NOMEM)
            ck_assert_uint_eq(esm_policy_get_open_records(policy, batch), (size_t)offset);
    }
    memory_check(memory, error);
    esm_policy_free(policy);
    esm_policy_options_free(options);
}

/* Once the records are in, nothing that comes of them wants memory. */
static void bisect_all(esm_policy *policy)
{
    const esm_action *action;
    for (int64_t now = 0; (action = esm_policy_next_action(policy, ESM_ACTION_ALL)) != NULL; now += 100000) {
        uint64_t id = esm_action_get_id(action);
        int error = 0;
        if (esm_action_get_type(action) == ESM_ACTION_INVOKE)
            error = esm_policy_answer_invoke(policy, id, ESM_OUTCOME_FAILURE, 0, NULL, 0);
        else if (esm_action_get_type(action) == ESM_ACTION_DELIVER)
            error = esm_policy_answer_deliver(policy, id, ESM_OUTCOME_SUCCESS);
        else if (esm_action_get_type(action) == ESM_ACTION_COMMIT)
            error = esm_policy_answer_commit(policy, id, ESM_OUTCOME_SUCCESS);
        ck_assert_int_eq(error, 0);
        esm_policy_set_time(policy, now, now);
    }
}

START_TEST(outcomes_want_no_memory)
{
    struct memory memory = {.nth = 1, .and_after = 1};
    esm_policy_options *options;
    esm_policy *policy;
    uint32_t lane;
    uint64_t batch;
    memory_make(&memory);
    ck_assert_int_eq(esm_policy_options_new(memory.allocator, &options), 0);
    ck_assert_int_eq(esm_policy_options_set_bisect(options, 1), 0);
    ck_assert_int_eq(esm_policy_options_set_max_retries(options, 0), 0);
    ck_assert_int_eq(esm_policy_options_set_delivery(options, 1, -1), 0);
    ck_assert_int_eq(esm_policy_new(memory.allocator, &policy, options), 0);
    ck_assert_int_eq(esm_policy_add_lane(policy, 0, 0, &lane), 0);
    ck_assert_int_eq(esm_policy_open_batch(policy, &batch), 0);
    for (int64_t offset = 0; offset < 200; offset += 2) /* with gaps */
        ck_assert_int_eq(esm_policy_add_record(policy, batch, lane, offset, -1, NULL), 0);
    memory_arm(&memory);
    ck_assert_int_eq(esm_policy_close_batch(policy, batch), 0);
    bisect_all(policy);
    ck_assert_uint_eq(memory.asked, 0);
    ck_assert_int_eq(esm_policy_get_position(policy, lane), 199);
    esm_policy_free(policy);
    esm_policy_options_free(options);
    memory_free(&memory);
}
END_TEST

static void (*const scenarios[])(struct memory *) = {
    make_record,        add_headers, append_json,    write_failures, make_config, load_mapping,
    load_wrong_mapping, set_option,  copy_and_print, find_faults,    add_records,
};

START_TEST(call_says_that_there_is_no_memory)
{
    memory_each(scenarios[_i]);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("fault_rooms");
    TCase *tcase = tcase_create("all");
    tcase_add_loop_test(tcase, call_says_that_there_is_no_memory, 0,
                        sizeof(scenarios) / sizeof(scenarios[0]));
    tcase_add_test(tcase, outcomes_want_no_memory);
    suite_add_tcase(all, tcase);
    return all;
}

UNIT_MAIN
