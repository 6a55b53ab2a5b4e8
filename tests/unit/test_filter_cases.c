/* SPDX-License-Identifier: MIT */
/* Filters against answers that AWS has given: tests/cases/ says where they come from. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <cjson/cJSON.h>

#include <esm/filter.h>
#include "json/base64.h"
#include "json/scanner.h"

enum {
    PATTERNS = 75,
    FILTERS = 70,
    LINE_MAX_SIZE = 65536
};

static cJSON *cases[PATTERNS + FILTERS]; /* the patterns first */
static int case_count;

static void read_cases(const char *name)
{
    char path[4096];
    static char line[LINE_MAX_SIZE];
    snprintf(path, sizeof(path), "%s/../../cases/%s", getenv("ESM_TEST_DATA"), name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "no %s", path);
    for (; fgets(line, sizeof(line), file) != NULL; case_count++) {
        ck_assert_int_lt(case_count, PATTERNS + FILTERS);
        cases[case_count] = cJSON_Parse(line);
        ck_assert_msg(cases[case_count] != NULL, "%s: line %d", name, case_count + 1);
    }
    fclose(file);
}

static void free_cases(void)
{
    while (case_count > 0)
        cJSON_Delete(cases[--case_count]);
}

static void setup(void)
{
    read_cases("event_patterns.jsonl");
    ck_assert_int_eq(case_count, PATTERNS);
    read_cases("lambda_esm_filters.jsonl");
    ck_assert_int_eq(case_count, PATTERNS + FILTERS);
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(member(object, name));
}

/* ---- one case ---- */

static esm_filter *new_filter(void)
{
    esm_filter *filter;
    ck_assert_int_eq(esm_filter_new(NULL, &filter), 0);
    return filter;
}

/* How often it is refused. */
static int add(esm_filter *filter, const char *pattern, const char *name)
{
    char reason[256] = "";
    int error = esm_filter_add_pattern(filter, pattern, strlen(pattern), reason, sizeof(reason));
    ck_assert_msg(error == 0 || error == ESM_ERR_CONFIG, "%s: %d", name, error);
    ck_assert_msg((error == 0) == (reason[0] == '\0'), "%s: \"%s\"", name, reason);
    return error != 0;
}

static void expect_json(const esm_filter *filter, const char *json, int expected, const char *name)
{
    int matches = -1;
    ck_assert_int_eq(esm_filter_match_json(filter, json, strlen(json), &matches), 0);
    ck_assert_msg(matches == expected, "%s: %d", name, matches);
}

static void expect_record(const esm_filter *filter, const void *value, size_t size, int expected,
                          const char *name)
{
    esm_record *record;
    int matches = -1;
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    ck_assert_int_eq(esm_record_set_value(record, value, size), 0);
    ck_assert_int_eq(esm_filter_match(filter, record, &matches), 0);
    ck_assert_msg(matches == expected, "%s as a record: %d", name, matches);
    esm_record_free(record);
}

static void expect_base64(const esm_filter *filter, const char *base64, int expected, const char *name)
{
    char bytes[256];
    size_t size;
    ck_assert_uint_le(strlen(base64), sizeof(bytes));
    ck_assert_int_eq(esm__base64_decode(bytes, base64, strlen(base64), &size), 0);
    expect_record(filter, bytes, size, expected, name);
}

/* The text of the value of an object that has a value only, as it stands there. 1 or 0. */
static int find_value(const char *object, const char **ret, size_t *ret_size)
{
    struct esm__json json;
    struct esm__json_token token;
    esm__json_init(&json, object, strlen(object));
    if (esm__json_next(&json, &token) != ESM__JSON_OBJECT || esm__json_next(&json, &token) != ESM__JSON_KEY ||
        !esm__json_equals(&token, "value", 5))
        return 0;
    struct esm__json value = json;
    esm__json_next(&value, &token);
    *ret = token.text;
    ck_assert_int_eq(esm__json_skip(&json), 0);
    *ret_size = (size_t)(json.at - token.text);
    return esm__json_next(&json, &token) == ESM__JSON_OBJECT_END;
}

static int records; /* that were made of `record` */

static void run_pattern(const cJSON *item, const char *name)
{
    esm_filter *filter = new_filter();
    int refused = add(filter, text(item, "pattern"), name);
    ck_assert_msg(refused == (member(item, "error") != NULL), "%s: refused: %d", name, refused);
    if (!refused)
        expect_json(filter, text(item, "event"), cJSON_IsTrue(member(item, "matches")), name);
    esm_filter_free(filter);
}

static void run_filters(const cJSON *item, const char *name)
{
    const cJSON *pattern;
    const char *value;
    size_t size;
    int refused = 0, expected = cJSON_IsTrue(member(item, "passes"));
    esm_filter *filter = new_filter();
    cJSON_ArrayForEach(pattern, member(item, "filters")) refused +=
        add(filter, cJSON_GetStringValue(pattern), name);
    ck_assert_msg((refused > 0) == (member(item, "error") != NULL), "%s: refused: %d", name, refused);
    if (text(item, "value_base64") != NULL)
        expect_base64(filter, text(item, "value_base64"), expected, name);
    if (text(item, "record") != NULL) {
        expect_json(filter, text(item, "record"), expected, name);
        if (strcmp(text(item, "source_type"), "kafka") == 0 &&
            find_value(text(item, "record"), &value, &size)) {
            expect_record(filter, value, size, expected, name);
            records++;
        }
    }
    esm_filter_free(filter);
}

/* ---- all ---- */

static void run(int number)
{
    const cJSON *item = cases[number];
    const char *name = text(item, "name");
    ck_assert_msg((cJSON_IsBool(member(item, "matches")) || cJSON_IsBool(member(item, "passes"))) !=
                      (member(item, "error") != NULL),
                  "%s has no answer", name);
    if (number < PATTERNS)
        run_pattern(item, name);
    else
        run_filters(item, name);
}

START_TEST(answer_is_that_of_aws)
{
    run(_i);
}
END_TEST

/* Nothing of the files is left out, and each case has a name of its own. */
START_TEST(all_cases_are_there)
{
    for (int i = 0; i < case_count; i++)
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(text(cases[i], "name"), text(cases[j], "name"));
    for (int i = PATTERNS; i < case_count; i++)
        run_filters(cases[i], text(cases[i], "name"));
    ck_assert_int_eq(records, 18);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("filter_cases");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, setup, free_cases);
    tcase_add_loop_test(tcase, answer_is_that_of_aws, 0, PATTERNS + FILTERS);
    tcase_add_test(tcase, all_cases_are_there);
    suite_add_tcase(all, tcase);
    return all;
}

UNIT_MAIN
