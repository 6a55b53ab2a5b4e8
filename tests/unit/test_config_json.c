/* SPDX-License-Identifier: MIT */
/* JSON in and out, and secrets. */
#include "unit.h"

#include <string.h>

#include "config_rig.h"
#include "config/table.h"
#include "base/bytes.h"

/* ---- JSON in ---- */

START_TEST(the_seeds_mapping_is_accepted_as_it_is)
{
    load_file("seed.json");
    ck_assert_int_eq(esm_config_validate(config, ESM_CONFIG_DESTINATION), 0);
    struct esm__settings got = settings();
    ck_assert_str_eq(got.function_name, "MyKafkaFunction");
    ck_assert_str_eq(got.topic, "streamtopic");
    ck_assert_str_eq(got.group_id, "esm-MyKafkaFunction-streamtopic");
    ck_assert_str_eq(got.aws_region, "us-east-1");
    ck_assert_int_eq(got.starting_position, ESM__START_LATEST);
    ck_assert_int_eq(got.enabled, 1);
    ck_assert_ptr_null(got.bootstrap_servers);
    /* Brokers by ARN are not served yet, and said so. */
    ck_assert_int_eq(esm_config_validate(config, ALL_PARTS), ESM_ERR_CONFIG);
    ck_assert_uint_eq(esm_config_get_fault_count(config), 1);
    expect_fault("EventSourceArn", "not looked up by ARN yet");
    set(ENDPOINTS, "b-1:9092,b-2:9092");
    ck_assert_int_eq(esm_config_validate(config, ALL_PARTS), 0);
    ck_assert_str_eq(settings().bootstrap_servers, "b-1:9092,b-2:9092");
}
END_TEST

START_TEST(awss_answer_is_accepted_as_input)
{
    load_file("get.json");
    struct esm__settings got = settings();
    ck_assert_int_eq(got.enabled, 0); /* State: Disabled */
    ck_assert_str_eq(got.function_name, "arn:aws:lambda:eu-west-1:123456789012:function:orders:PROD");
    ck_assert_str_eq(got.uuid, "a1b2c3d4-5678-90ab-cdef-11111EXAMPLE");
    ck_assert_str_eq(got.group_id, "orders-group");
    ck_assert_int_eq(got.starting_position, ESM__START_AT_TIMESTAMP);
    ck_assert_int_eq(got.starting_timestamp_ms, 1717236000250);
    ck_assert_uint_eq(got.batch_size, 250);
    ck_assert_int_eq(got.batch_window_ms, 2000);
    ck_assert_int_eq(got.max_record_age_ms, 3600000);
    ck_assert_int_eq(got.max_retries, 5);
    ck_assert_int_eq(got.bisect, 1);
    ck_assert_int_eq(got.partial_response, ESM_PARTIAL_RESPONSE_EXACT);
    ck_assert_int_eq(got.destination_kind, ESM__DESTINATION_SQS);
}
END_TEST

START_TEST(enabled_is_stronger_than_state)
{
    ck_assert_int_eq(load("{\"State\": \"Disabled\", \"Enabled\": true}"), 0);
    ck_assert_str_eq(get("Enabled"), "true");
    ck_assert_int_eq(load("{\"Enabled\": true, \"State\": \"Disabling\"}"), 0);
    ck_assert_str_eq(get("Enabled"), "true");
    set("Enabled", NULL);
    ck_assert_int_eq(load("{\"State\": \"Enabled\"}"), 0);
    ck_assert_str_eq(get("Enabled"), "true");
    ck_assert_int_eq(load("{\"State\": \"Disabling\"}"), 0);
    ck_assert_str_eq(get("Enabled"), "false");
}
END_TEST

START_TEST(own_options_stand_beside_awss)
{
    ck_assert_int_eq(
        load("{\"BatchSize\": 7, \"max_in_flight\": 3, \"drain_ms\": \"5\", \"aws_strict\": true,"
             "\"commit.before_next\": \"true\", \"count_timeouts\": false, \"batch\": {\"window_ms\": 0},"
             "\"kafka.client.id\": \"me\", \"kafka\": {\"session.timeout.ms\": 6000,"
             "\"api.version.request\": true, \"statistics.interval.ms\": null},"
             "\"SelfManagedEventSource\": {\"Endpoints\": [\"a:1\"]}, \"DestinationConfig\": null}"),
        0);
    ck_assert_str_eq(get("BatchSize"), "7");
    ck_assert_str_eq(get("max_in_flight"), "3");
    ck_assert_str_eq(get("drain_ms"), "5");
    ck_assert_str_eq(get("aws_strict"), "true");
    ck_assert_str_eq(get("commit.before_next"), "true");
    ck_assert_str_eq(get("count_timeouts"), "false");
    ck_assert_str_eq(get("batch.window_ms"), "0");
    ck_assert_str_eq(get("kafka.client.id"), "me");
    ck_assert_str_eq(get("kafka.session.timeout.ms"), "6000");
    ck_assert_str_eq(get("kafka.api.version.request"), "true");
    ck_assert_ptr_null(get("kafka.statistics.interval.ms"));
    ck_assert_str_eq(get(ENDPOINTS), "a:1");
    ck_assert_int_eq(load("{\"max_in_flight\": null, \"BatchSize\": null}"), 0);
    ck_assert_str_eq(get("max_in_flight"), "100");
    ck_assert_str_eq(get("BatchSize"), "100");
}
END_TEST

START_TEST(objects_can_be_set_by_their_name)
{
    set("DestinationConfig", "{\"OnFailure\": {\"Destination\": \"kafka://failed\"}}");
    set("SelfManagedEventSource.Endpoints", "{\"KAFKA_BOOTSTRAP_SERVERS\": [\"a:1\", \"b:2\"]}");
    ck_assert_str_eq(get(DESTINATION), "kafka://failed");
    ck_assert_str_eq(get("SelfManagedEventSource.Endpoints"), "a:1,b:2");
    ck_assert_int_eq(esm_config_set(config, "DestinationConfig", "{\"OnFailure\": 1}"), ESM_ERR_CONFIG);
    expect_fault("DestinationConfig.OnFailure", "is not an object");
    ck_assert_int_eq(esm_config_set(config, "DestinationConfig", "{\"OnFailure\": {}}"), 0);
    ck_assert_uint_eq(esm_config_get_fault_count(config), 1); /* an empty object is not its name set anew */
}
END_TEST

START_TEST(all_faults_come_at_once)
{
    static const struct {
        const char *option;
        const char *part;
    } expected[] = {
        {"BatchSize", "\"0\" is not a whole number from 1 to 10000"},
        {"MaximumRetryAttempts", "\"3\\\"\" is not"},
        {"MaximumRecordAgeInSeconds", "\"1.5\""},
        {"Enabled", "\"1\" is not true or false"},
        {"Topics", "is not a list"},
        {"StartingPosition", "is not TRIM_HORIZON, LATEST or AT_TIMESTAMP"},
        {FILTERS, "Filters[0] \"{}\": Invalid filter pattern definition."},
        {"SourceAccessConfigurations", "kafka.sasl.password"},
        {GROUP, "is not"},
        {"SelfManagedKafkaEventSourceConfig.SchemaRegistryConfig", "not served yet"},
        {"ParallelizationFactor", "not served yet"},
        {"TumblingWindowInSeconds", "other sources"},
        {"Queues", "other sources"},
        {"ScalingConfig", "other sources"},
        {"DocumentDBEventSourceConfig", "other sources"},
        {"KMSKeyArn", "not served yet"},
        {"kafka_destination_format", "not served yet"},
        {"Batchsize", "did you mean BatchSize?"},
        {"kafka.acks", "is refused"},
        {"kafka.client.id", "is not a text"},
        {"LoggingConfig", "is not an object"},
        {"DestinationConfig.OnFail", "no such option"},
    };
    ck_assert_int_eq(
        load("{\"BatchSize\": 0, \"MaximumRetryAttempts\": \"3\", \"MaximumRecordAgeInSeconds\": 1.5, "
             "\"Enabled\": 1,"
             "\"Topics\": \"orders\", \"StartingPosition\": \"latest\", \"FilterCriteria\": {\"Filters\": "
             "[{\"Pattern\":"
             "\"{}\"}]}, \"SourceAccessConfigurations\": [{\"Type\": \"BASIC_AUTH\", \"URI\": "
             "\"arn:hidden\"}],"
             "\"SelfManagedKafkaEventSourceConfig\": {\"ConsumerGroupId\": \"a#b\", \"SchemaRegistryConfig\":"
             "{\"EventRecordFormat\": \"JSON\"}}, \"ParallelizationFactor\": 2, \"TumblingWindowInSeconds\": "
             "5,"
             "\"Queues\": [\"q\"], \"ScalingConfig\": {\"MaximumConcurrency\": 2},"
             "\"DocumentDBEventSourceConfig\": {\"DatabaseName\": \"d\"}, \"KMSKeyArn\": \"arn:aws:kms:::x\","
             "\"kafka_destination_format\": \"raw\", \"Batchsize\": 1, \"kafka\": {\"acks\": 1, "
             "\"client.id\": []},"
             "\"LoggingConfig\": [], \"DestinationConfig\": {\"OnFail\": {}}, \"max_in_flight\": 9}"),
        ESM_ERR_CONFIG);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        expect_fault(expected[i].option, expected[i].part);
    ck_assert_uint_eq(esm_config_get_fault_count(config), sizeof(expected) / sizeof(expected[0]));
    ck_assert_str_eq(get("max_in_flight"), "9"); /* the rest was taken */
    ck_assert_int_eq(esm_config_validate(config, 0), ESM_ERR_CONFIG);
    struct esm__settings untouched;
    ck_assert_int_eq(esm__config_get_settings(config, &untouched), ESM_ERR_CONFIG);
}
END_TEST

START_TEST(a_member_given_twice_is_a_fault)
{
    ck_assert_int_eq(load("{\"BatchSize\": 1, \"BatchSize\": 2}"), ESM_ERR_CONFIG);
    expect_fault("BatchSize", "more than once");
    ck_assert_int_eq(load("{\"BatchSize\": 3}"), 0); /* another JSON sets it anew */
    ck_assert_uint_eq(esm_config_get_fault_count(config), 0);
    ck_assert_str_eq(get("BatchSize"), "3");
    ck_assert_int_eq(load("{\"kafka.client.id\": \"a\", \"kafka\": {\"client.id\": \"b\"}}"), ESM_ERR_CONFIG);
    expect_fault("kafka.client.id", "more than once");
    ck_assert_int_eq(load("{\"BatchSize\": 0, \"BatchSize\": 2}"), ESM_ERR_CONFIG); /* a good value mends no bad one */
    expect_fault("BatchSize", "more than once");
}
END_TEST

START_TEST(numbers_keep_their_last_digit)
{
    ck_assert_int_eq(load("{\"backoff.seed\": 9007199254740993}"), 0);
    ck_assert_str_eq(get("backoff.seed"), "9007199254740993");
    ck_assert_uint_eq(settings().backoff_seed, 9007199254740993u);
    ck_assert_int_eq(load("{\"BatchSize\": 1e2}"), ESM_ERR_CONFIG);
    ck_assert_int_eq(load("{\"BatchSize\": 100.0}"), ESM_ERR_CONFIG);
    ck_assert_int_eq(load("{\"BatchSize\": 99999999999999999999999}"), ESM_ERR_CONFIG);
}
END_TEST

START_TEST(broken_json_says_where_and_takes_nothing)
{
    static const struct {
        const char *json;
        size_t size; /* 0: that of the text */
        const char *where;
    } cases[] = {
        {"", 0, "line 1, column 1"},
        {"{\n  \"BatchSize\": 5,\n}", 0, "line 3, column 1"},
        {"{\"BatchSize\": 5", 0, "line 1, column"},
        {"{\"BatchSize\": 5} x", 0, "line 1, column 18"},
        {"{\"BatchSize\": 5}\0", 17, "line 1, column 17"},
        {"{\"BatchSize\":\0 5}", 17, "line 1, column 14"},
        {"{\"BatchSize\": 05}", 0, "line 1, column"},
        {"{\"BatchSize\": 5, \"a\": \"\xff\"}", 0, "line 1, column"},
        {"{\"BatchSize\": 5, \"a\": \"\\x\"}", 0, "line 1, column"},
        {"{\"BatchSize\": 5, 'a': 1}", 0, "line 1, column 18"},
        {"\xef\xbb\xbf{\"BatchSize\": 5}", 0, "line 1, column 1"},
        {"[{\"BatchSize\": 5}]", 0, "not an object"},
        {"5", 0, "not an object"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size = cases[i].size == 0 ? strlen(cases[i].json) : cases[i].size;
        ck_assert_msg(esm_config_load_json(config, cases[i].json, size) == ESM_ERR_CONFIG, "case %zu", i);
        ck_assert_uint_eq(esm_config_get_fault_count(config), 1);
        expect_fault("", cases[i].where);
        ck_assert_str_eq(get("BatchSize"), "100");
    }
    ck_assert_int_eq(load("{}"), 0);
    ck_assert_uint_eq(esm_config_get_fault_count(config), 0);
}
END_TEST

/* Deep, wide and long JSON is refused or taken, and nothing falls over. */
START_TEST(bombs_do_not_go_off)
{
    size_t size = 200000;
    char *bomb = malloc(size + 100);
    memset(bomb, '[', size);
    ck_assert_int_eq(esm_config_load_json(config, bomb, size), ESM_ERR_CONFIG);
    memcpy(bomb, "{\"Queues\":", 10);
    memset(bomb + 10 + 500, ']', 500);
    bomb[1010] = '}';
    ck_assert_int_eq(esm_config_load_json(config, bomb, 1011), 0); /* deep and empty */
    ck_assert_int_eq(esm_config_load_json(config, bomb, 256 * 1024 + 1), ESM_ERR_CONFIG);
    expect_fault("", "256 KiB");
    for (size_t i = 0; i < size; i += 5)
        memcpy(bomb + i, "{\"a\":", 5);
    ck_assert_int_eq(esm_config_load_json(config, bomb, size), ESM_ERR_CONFIG);
    ck_assert_int_eq(load("{\"Bat\\u0000chSize\": 1, \"FunctionName\": \"a\\u0000b\"}"), ESM_ERR_CONFIG);
    expect_fault("FunctionName", "NUL");
    free(bomb);
}
END_TEST

/* ---- JSON out ---- */

/* What is printed, read again, is the same configuration: by print and by settings. */
static void expect_round_trip(void)
{
    esm_config *again;
    char *first = print(config);
    ck_assert_int_eq(esm_config_new(NULL, &again), 0);
    int error = esm_config_load_json(again, first, strlen(first));
    ck_assert_msg(error == 0, "%s", first);
    ck_assert_int_eq(esm_config_validate(again, 0), 0);
    char *second = print(again);
    ck_assert_str_eq(first, second);
    for (size_t i = 0; i < esm__option_count; i++) {
        const char *a, *b;
        esm_config_get(config, esm__options[i].name, &a);
        esm_config_get(again, esm__options[i].name, &b);
        ck_assert_msg((a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0), "%s",
                      esm__options[i].name);
    }
    esm_free(NULL, first);
    esm_free(NULL, second);
    esm_config_free(again);
}

START_TEST(what_is_printed_can_be_read)
{
    expect_round_trip();
    load_file("seed.json");
    expect_round_trip();
    load_file("get.json");
    set("Tags", "{\"a\": \"b\\u00e9\\\"\"}");
    set("kafka.client.id", "a\"b\\c\n");
    set("backoff.seed", "9223372036854775807");
    set("function.url", "http://localhost/x");
    set("MaximumBatchingWindowInSeconds", NULL);
    set("batch.window_ms", "20");
    expect_round_trip();
    char *json = print(config);
    ck_assert_ptr_nonnull(strstr(json, "\"backoff.seed\": \"9223372036854775807\"")); /* no double has it */
    esm_free(NULL, json);
}
END_TEST

START_TEST(the_shape_is_awss)
{
    load_file("seed.json");
    set(ENDPOINTS, "a:1,b:2");
    set("DestinationConfig.OnFailure.Destination", "kafka://failed");
    set("max_in_flight", "5");
    set("kafka.client.id", "me");
    char *json = print(config);
    ck_assert_str_eq(json,
                     "{\n"
                     "    \"FunctionName\": \"MyKafkaFunction\",\n"
                     "    \"EventSourceArn\": \"arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/"
                     "751d2973-a626-431c-9d4e-d7975eb44dd7-2\",\n"
                     "    \"SelfManagedEventSource\": {\n"
                     "        \"Endpoints\": {\n"
                     "            \"KAFKA_BOOTSTRAP_SERVERS\": [\"a:1\", \"b:2\"]\n"
                     "        }\n"
                     "    },\n"
                     "    \"Topics\": [\"streamtopic\"],\n"
                     "    \"StartingPosition\": \"LATEST\",\n"
                     "    \"Enabled\": true,\n"
                     "    \"BatchSize\": 100,\n"
                     "    \"MaximumRetryAttempts\": -1,\n"
                     "    \"MaximumRecordAgeInSeconds\": -1,\n"
                     "    \"BisectBatchOnFunctionError\": false,\n"
                     "    \"DestinationConfig\": {\n"
                     "        \"OnFailure\": {\n"
                     "            \"Destination\": \"kafka://failed\"\n"
                     "        }\n"
                     "    },\n"
                     "    \"max_in_flight\": 5,\n"
                     "    \"kafka.client.id\": \"me\"\n"
                     "}\n");
    esm_free(NULL, json);
}
END_TEST

START_TEST(secrets_stay_inside)
{
    static const char *const names[] = {
        "kafka.sasl.password",           "kafka.ssl.key.pem",
        "kafka.ssl.key.location",        "kafka.ssl.keystore.password",
        "kafka.ssl.key.password",        "kafka.sasl.oauthbearer.client.secret",
        "kafka.sasl.oauthbearer.config", "kafka.sasl.oauthbearer.assertion.private.key.passphrase"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        set(names[i], "hunter2");
        ck_assert_str_eq(get(names[i]), "hunter2");
    }
    set("kafka.sasl.username", "alice");
    char *json = print(config);
    ck_assert_ptr_null(strstr(json, "hunter2"));
    ck_assert_ptr_nonnull(strstr(json, "alice"));
    esm_free(NULL, json);

    esm_config_set(config, "sasl.password", "hunter2");
    esm_config_set(config, "function.url", "http://bob:hunter2@example.com/");
    esm_config_set(config, "aws.endpoint_url", "hunter2@example.com");
    load(
        "{\"kafka.sasl.password\": {\"x\": \"hunter2\"}, \"kafka\": {\"ssl.key.password\": "
        "\"hunter2\\u0000\"},"
        "\"SourceAccessConfigurations\": [{\"URI\": \"hunter2\"}], \"SaslPassword\": \"hunter2\"}");
    ck_assert_uint_eq(esm_config_get_fault_count(config), 7);
    const char *option, *reason;
    for (size_t i = 0; esm_config_get_fault(config, i, &option, &reason) == 0; i++)
        ck_assert_msg(strstr(reason, "hunter2") == NULL, "%s: %s", option, reason);
}
END_TEST

/* A pattern of so many characters, of two bytes each as far as they go, as an item of the list. */
static char *pattern_of(size_t characters)
{
    static const char head[] = "{\"Pattern\": \"{\\\"value\\\": [\\\"", tail[] = "\\\"]}\"}";
    size_t filling = characters - strlen("{\"value\": [\"\"]}");
    char *item = calloc(1, sizeof(head) + 2 * filling + sizeof(tail));
    strcpy(item, head);
    for (size_t i = 0; i < filling; i++)
        strcat(item, "\xc3\xa9");
    return strcat(item, tail);
}

static int load_filters(size_t count, const char *item)
{
    struct esm__bytes json;
    esm__bytes_init(&json, NULL);
    ck_assert_int_eq(esm__bytes_append_text(&json, "{\"FilterCriteria\": {\"Filters\": ["), 0);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(esm__bytes_format(&json, "%s%s", i > 0 ? "," : "", item), 0);
    ck_assert_int_eq(esm__bytes_append_text(&json, "]}}"), 0);
    int error = esm_config_load_json(config, json.data, json.size);
    esm__bytes_free(&json);
    return error;
}

START_TEST(rules_show_no_secret)
{
    const char *option, *reason;
    set("aws.secret_access_key", "hunter2");
    set("aws.session_token", "hunter2");
    ck_assert_int_eq(esm_config_validate(config, 0), ESM_ERR_CONFIG);
    expect_fault("aws.secret_access_key", "the value needs aws.access_key_id");
    for (size_t i = 0; esm_config_get_fault(config, i, &option, &reason) == 0; i++)
        ck_assert_msg(strstr(reason, "hunter2") == NULL, "%s: %s", option, reason);
}
END_TEST

START_TEST(filters_have_their_limits)
{
    static const char item[] = "{\"Pattern\": \"{\\\"value\\\": {\\\"a\\\": [1]}}\"}";
    char *longest = pattern_of(4096), *longer = pattern_of(4097);
    ck_assert_int_eq(load_filters(5, item), 0);
    ck_assert_int_eq(esm_config_validate(config, 0), 0);
    ck_assert_int_eq(load_filters(6, item), 0);
    ck_assert_int_eq(esm_config_validate(config, 0), ESM_ERR_CONFIG);
    expect_fault(FILTERS, "has more patterns than filter.max_patterns allows");
    set("filter.max_patterns", "10");
    ck_assert_int_eq(esm_config_validate(config, 0), 0);
    ck_assert_int_eq(load_filters(11, item), 0);
    ck_assert_int_eq(esm_config_validate(config, 0), ESM_ERR_CONFIG);
    ck_assert_int_eq(load_filters(1, longest), 0);
    ck_assert_int_eq(load_filters(1, longer), ESM_ERR_CONFIG);
    expect_fault(FILTERS, "longer than 4096 characters");
    free(longest);
    free(longer);
}
END_TEST

START_TEST(each_bad_pattern_is_named)
{
    ck_assert_int_eq(load("{\"FilterCriteria\": {\"Filters\": [{\"Pattern\": \"{\\\"value\\\": [1]}\"}, {\"Pattern\": \"[]\"},"
                          "{\"pattern\": \"{}\"}, {\"Pattern\": null}, 7, {\"Pattern\": \"{\\\"a\\\": \\\"b\\\"}\"}]}}"),
                     ESM_ERR_CONFIG);
    ck_assert_uint_eq(esm_config_get_fault_count(config), 1);
    expect_fault(FILTERS, "Filters[1] \"[]\": Invalid filter pattern definition. line 1, column ");
    expect_fault(FILTERS, "; Filters[2] \"{\\\"pattern\\\": \\\"{}\\\"}\": has another member than Pattern; "
                          "Filters[3] \"{\\\"Pattern\\\": null}\": has no Pattern that is a text; "
                          "Filters[4] \"7\": is not an object with a Pattern; "
                          "Filters[5] \"{\\\"a\\\": \\\"b\\\"}\": Invalid filter pattern definition. line 1, column 10: ");
    ck_assert_ptr_null(get(FILTERS));
    ck_assert_int_eq(load("{\"FilterCriteria\": {}}"), 0);
    ck_assert_int_eq(load("{\"FilterCriteria\": null}"), 0);
    ck_assert_int_eq(load("{\"FilterCriteria\": {\"Filters\": null}}"), 0);
    ck_assert_uint_eq(esm_config_get_fault_count(config), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("config_json");
    TCase *tests = tcase_create("config_json");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, the_seeds_mapping_is_accepted_as_it_is);
    tcase_add_test(tests, awss_answer_is_accepted_as_input);
    tcase_add_test(tests, enabled_is_stronger_than_state);
    tcase_add_test(tests, own_options_stand_beside_awss);
    tcase_add_test(tests, objects_can_be_set_by_their_name);
    tcase_add_test(tests, all_faults_come_at_once);
    tcase_add_test(tests, a_member_given_twice_is_a_fault);
    tcase_add_test(tests, numbers_keep_their_last_digit);
    tcase_add_test(tests, broken_json_says_where_and_takes_nothing);
    tcase_add_test(tests, bombs_do_not_go_off);
    tcase_add_test(tests, what_is_printed_can_be_read);
    tcase_add_test(tests, the_shape_is_awss);
    tcase_add_test(tests, secrets_stay_inside);
    tcase_add_test(tests, rules_show_no_secret);
    tcase_add_test(tests, filters_have_their_limits);
    tcase_add_test(tests, each_bad_pattern_is_named);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
