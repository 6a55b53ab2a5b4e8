/* SPDX-License-Identifier: MIT */
/* Memory runs out under a filter: it says so and matches as before. */
#include "../unit/unit.h"

#include <stdio.h>
#include <string.h>

#include <esm/filter.h>
#include "memory.h"

static const char first[] = "{\"a\":{\"b\":[1],\"c\":[{\"exists\":false}]}}";

/* With all that takes memory: lists that grow, $or in $or, every operator, paths, and many branches. */
static const char second[] =
    "{\"value\":[\"x\",1,1e400,null,\"::1\",{\"prefix\":\"y\"},{\"suffix\":{\"equals-ignore-case\":\"y\"}},"
    "{\"wildcard\":\"a*\"},{\"equals-ignore-case\":\"b\"},{\"anything-but\":[\"p\",\"q\",\"r\"]}],"
    "\"a long name that makes the path grow\":{\"another that makes it grow\":[{\"numeric\":[\">\",1]}]},"
    "\"$or\":[{\"a\":[7]},{\"$or\":[{\"b\":[1]},{\"c\":[2]},{\"d\":[3]}],\"e\":[1]},{\"f\":[1],\"g\":[1],"
    "\"h\":[1],\"i\":[1]},{\"j\":[1]},{\"k\":[1]},{\"l\":[1]},{\"m\":[1]},{\"n\":[1]},{\"o\":[1]},"
    "{\"p\":[1]},{\"q\":[{\"exists\":false}]}]}";
static const char met[] =
    "{\"value\":\"x\",\"a long name that makes the path grow\":{\"another that makes it "
    "grow\":2},\"p\":1,\"q\":1}";
static const char as_field[] = "{\"$or\":[\"x\",\"y\"]}"; /* which is read twice */

static void make_filter(struct memory *memory)
{
    esm_filter *filter = NULL;
    memory_arm(memory);
    if (memory_check(memory, esm_filter_new(memory->allocator, &filter)))
        ck_assert_ptr_null(filter);
    esm_filter_free(filter);
}

static int matches(const esm_filter *filter, const char *event)
{
    int matches = -1;
    ck_assert_int_eq(esm_filter_match_json(filter, event, strlen(event), &matches), 0);
    return matches;
}

static void expect(const esm_filter *filter, int has_second)
{
    ck_assert_int_eq(matches(filter, "{\"a\":[{\"b\":1},{\"c\":2}]}"), 1);
    ck_assert_int_eq(matches(filter, "{\"a\":[{\"b\":2},{\"c\":2}]}"), 0);
    ck_assert_int_eq(matches(filter, met), has_second);
}

static void add_pattern(struct memory *memory)
{
    esm_filter *filter;
    char reason[100] = "as was";
    ck_assert_int_eq(esm_filter_new(memory->allocator, &filter), 0);
    ck_assert_int_eq(esm_filter_add_pattern(filter, first, strlen(first), NULL, 0), 0);
    size_t live = memory->live;
    memory_arm(memory);
    if (memory_check(memory,
                     esm_filter_add_pattern(filter, second, strlen(second), reason, sizeof(reason)))) {
        ck_assert_uint_eq(memory->live, live);
        expect(filter, 0);
        ck_assert_int_eq(esm_filter_add_pattern(filter, second, strlen(second), NULL, 0), 0);
    }
    ck_assert_str_eq(reason, "as was");
    expect(filter, 1);
    esm_filter_free(filter);
}

static void add_first_pattern(struct memory *memory)
{
    esm_filter *filter;
    ck_assert_int_eq(esm_filter_new(memory->allocator, &filter), 0);
    memory_arm(memory);
    if (memory_check(memory, esm_filter_add_pattern(filter, as_field, strlen(as_field), NULL, 0)))
        ck_assert_int_eq(matches(filter, "{}"), 1); /* as without any */
    else
        ck_assert_int_eq(matches(filter, "{}"), 0);
    esm_filter_free(filter);
}

/* Each piece is too large to find room beside another. */
static void add_large_pattern(struct memory *memory)
{
    static char pattern[70000], x[6001];
    esm_filter *filter;
    memset(x, 'x', sizeof(x) - 1);
    snprintf(
        pattern, sizeof(pattern),
        "{\"%s\":[\"%s\",{\"prefix\":\"%s\"},{\"suffix\":{\"equals-ignore-case\":\"%s\"}},{\"wildcard\":\"%s*"
        "\"},"
        "{\"anything-but\":{\"equals-ignore-case\":[\"%s\",\"%s\"]}}],\"a\":{\"%s\":[{\"exists\":false}]}}",
        x, x, x, x, x, x, x, x);
    ck_assert_int_eq(esm_filter_new(memory->allocator, &filter), 0);
    memory_arm(memory);
    if (memory_check(memory, esm_filter_add_pattern(filter, pattern, strlen(pattern), NULL, 0)))
        ck_assert_int_eq(matches(filter, "{}"), 1);
    else
        ck_assert_int_eq(matches(filter, "{}"), 0);
    esm_filter_free(filter);
}

/* What is no pattern is one for no lack of memory either. */
static void refuse_pattern(struct memory *memory)
{
    static const char wrong[] =
        "{\"$or\":[{\"a\":[{\"prefix\":\"x\"}]},{\"b\":[1]}],\"a name that makes the path "
        "grow\":[{\"no\":1}]}";
    esm_filter *filter;
    char reason[100] = "";
    ck_assert_int_eq(esm_filter_new(memory->allocator, &filter), 0);
    ck_assert_int_eq(esm_filter_add_pattern(filter, first, strlen(first), NULL, 0), 0);
    size_t live = memory->live;
    memory_arm(memory);
    int error = esm_filter_add_pattern(filter, wrong, strlen(wrong), reason, sizeof(reason));
    ck_assert_int_eq(error, memory->was_hit ? ESM_ERR_NOMEM : ESM_ERR_CONFIG);
    ck_assert_int_eq(reason[0] == '\0', memory->was_hit);
    memory_heal(memory);
    ck_assert_uint_eq(memory->live, live);
    expect(filter, 0);
    esm_filter_free(filter);
}

static void (*const scenarios[])(struct memory *) = {
    make_filter, add_pattern, add_first_pattern, add_large_pattern, refuse_pattern,
};

START_TEST(call_says_that_there_is_no_memory)
{
    memory_each(scenarios[_i]);
}
END_TEST

/* Once the patterns are in, nothing wants memory. */
START_TEST(matching_wants_no_memory)
{
    struct memory memory = {.nth = 1, .and_after = 1};
    esm_filter *filter;
    memory_make(&memory);
    ck_assert_int_eq(esm_filter_new(memory.allocator, &filter), 0);
    ck_assert_int_eq(esm_filter_add_pattern(filter, first, strlen(first), NULL, 0), 0);
    ck_assert_int_eq(esm_filter_add_pattern(filter, second, strlen(second), NULL, 0), 0);
    memory_arm(&memory);
    expect(filter, 1);
    ck_assert_uint_eq(memory.asked, 0);
    esm_filter_free(filter);
    memory_free(&memory);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("fault_filter");
    TCase *tcase = tcase_create("all");
    tcase_add_loop_test(tcase, call_says_that_there_is_no_memory, 0,
                        sizeof(scenarios) / sizeof(scenarios[0]));
    tcase_add_test(tcase, matching_wants_no_memory);
    suite_add_tcase(all, tcase);
    return all;
}

UNIT_MAIN
