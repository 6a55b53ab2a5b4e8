/* SPDX-License-Identifier: MIT */
/* Filters in the poller: who reaches the function, and what becomes of the offsets of the others. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "rig.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define WANTED       "[{\"Pattern\": \"{\\\"value\\\": [\\\"yes\\\"]}\"}]"

static struct rig rig;

static void setup(void)
{
    memset(&rig, 0, sizeof(rig));
    rig.answer = rig_succeed;
}

static int64_t counted(enum esm_counter counter)
{
    return esm_poller_get_counter(rig.poller, counter);
}

START_TEST(filtered_records_take_no_place_in_a_batch)
{
    rig_start(&rig, 0, OPTIONS("FilterCriteria.Filters", WANTED, "BatchSize", "2"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(rig_push(p, i, i % 3 == 1 ? "yes" : "no"), 0);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [1 4] #1\n");
    rig_advance(&rig, 100);
    rig_expect(&rig, "commit t-0 7\n");
    rig_advance(&rig, 500);
    rig_expect(&rig, "invoke t-0 [7] #1\ncommit t-0 8\n");
    ck_assert_int_eq(counted(ESM_COUNTER_POLLED), 8);
    ck_assert_int_eq(counted(ESM_COUNTER_FILTERED), 5);
    ck_assert_int_eq(counted(ESM_COUNTER_INVOKED), 3);
    rig_stop(&rig);
}
END_TEST

START_TEST(offsets_are_committed_though_nothing_ever_matches)
{
    rig_start(&rig, 0, OPTIONS("FilterCriteria.Filters", WANTED));
    esm_partition *p = rig_partition(&rig, 0, 0);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(rig_push(p, i, "no"), 0);
    rig_turn(&rig);
    rig_expect(&rig, "");
    rig_advance(&rig, 100);
    rig_expect(&rig, "commit t-0 1000\n");
    ck_assert_int_eq(rig_push(p, 1005, "no"), 0);
    rig_advance(&rig, 100);
    rig_expect(&rig, "commit t-0 1006\n");
    ck_assert_int_eq(rig_push(p, 1005, "no"), ESM_ERR_INVALID_ARGUMENT);
    rig_stop(&rig);
}
END_TEST

START_TEST(nothing_behind_an_unresolved_record_is_committed)
{
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("FilterCriteria.Filters", WANTED, "BatchSize", "1"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    ck_assert_int_eq(rig_push(p, 0, "no"), 0);
    ck_assert_int_eq(rig_push(p, 1, "yes"), 0);
    ck_assert_int_eq(rig_push(p, 2, "no"), 0);
    rig_advance(&rig, 1000);
    rig_expect(&rig, "invoke t-0 [1] #1\ncommit t-0 1\n");
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_advance(&rig, 100);
    rig_expect(&rig, "commit t-0 3\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(before_next_waits_for_filtered_ones_too)
{
    rig_start(&rig, 0, OPTIONS("FilterCriteria.Filters", WANTED, "BatchSize", "1", "commit.before_next", "true"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    ck_assert_int_eq(rig_push(p, 0, "no"), 0);
    ck_assert_int_eq(rig_push(p, 1, "yes"), 0);
    rig_turn(&rig);
    rig_expect(&rig, "commit t-0 1\ninvoke t-0 [1] #1\ncommit t-0 2\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(tombstones_pass_unless_they_are_to_be_dropped)
{
    for (int drop = 0; drop <= 1; drop++) {
        setup();
        rig_start(&rig, 0, OPTIONS("FilterCriteria.Filters", WANTED, "batch.window_ms", "0", "filter.on_tombstone",
                                   drop ? "drop" : "pass"));
        esm_partition *p = rig_partition(&rig, 0, 0);
        ck_assert_int_eq(rig_push(p, 0, NULL), 0);
        rig_advance(&rig, 100);
        rig_expect(&rig, drop ? "commit t-0 1\n" : "invoke t-0 [0] #1\ncommit t-0 1\n");
        rig_stop(&rig);
    }
}
END_TEST

START_TEST(mismatches_pass_unless_they_are_to_be_dropped)
{
    for (int drop = 0; drop <= 1; drop++) {
        setup();
        rig_start(&rig, 0, OPTIONS("FilterCriteria.Filters", WANTED, "batch.window_ms", "0", "filter.on_mismatch",
                                   drop ? "drop" : "pass"));
        esm_partition *p = rig_partition(&rig, 0, 0);
        ck_assert_int_eq(rig_push(p, 0, "{}"), 0);
        rig_advance(&rig, 100);
        rig_expect(&rig, drop ? "commit t-0 1\n" : "invoke t-0 [0] #1\ncommit t-0 1\n");
        rig_stop(&rig);
    }
}
END_TEST

START_TEST(patterns_see_the_partition_that_was_pushed_to)
{
    rig_start(&rig, 0, OPTIONS("FilterCriteria.Filters", "[{\"Pattern\": \"{\\\"partition\\\": [2], \\\"topic\\\": [\\\"t\\\"]}\"}]",
                               "batch.window_ms", "0"));
    ck_assert_int_eq(rig_push(rig_partition(&rig, 1, 0), 0, "a"), 0);
    ck_assert_int_eq(rig_push(rig_partition(&rig, 2, 0), 0, "a"), 0);
    rig.quiet_commits = 1;
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-2 [0] #1\n");
    rig_stop(&rig);
}
END_TEST

static void keep_log(void *user_data, enum esm_log_level level, const char *text)
{
    if (level >= ESM_LOG_WARNING)
        snprintf(user_data, 200, "%s", text);
}

START_TEST(name_that_no_record_has_is_told)
{
    char log[200] = "";
    rig_start(&rig, 0, OPTIONS("FilterCriteria.Filters", "[{\"Pattern\": \"{\\\"values\\\": [1]}\"}]"));
    ck_assert_int_eq(esm_poller_set_log(rig.poller, ESM_LOG_WARNING, keep_log, log, NULL), 0);
    rig_partition(&rig, 0, 0);
    ck_assert_str_eq(log, "FilterCriteria: a record has no field \"values\", so that it counts as absent");
    rig_stop(&rig);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        filtered_records_take_no_place_in_a_batch, offsets_are_committed_though_nothing_ever_matches,
        nothing_behind_an_unresolved_record_is_committed, before_next_waits_for_filtered_ones_too,
        tombstones_pass_unless_they_are_to_be_dropped, mismatches_pass_unless_they_are_to_be_dropped,
        patterns_see_the_partition_that_was_pushed_to,
        name_that_no_record_has_is_told,
    };
    Suite *suite = suite_create("poller_filter");
    TCase *cases = tcase_create("poller_filter");
    tcase_add_checked_fixture(cases, setup, NULL);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return suite;
}

UNIT_MAIN
