/* SPDX-License-Identifier: MIT */
/* The poller in simulated time: what its callbacks are asked, and when. */
#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"
#include "poller/inside.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct rig rig;

static void setup(void)
{
    memset(&rig, 0, sizeof(rig));
    rig.answer = rig_succeed;
}

/* ---- batches ---- */

START_TEST(batch_closes_at_its_size)
{
    rig_start(&rig, 0, OPTIONS("BatchSize", "3"));
    esm_partition *p = rig_partition(&rig, 0, 10);
    rig_push_many(p, 10, 13);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [10-12] #1\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(batch_closes_at_the_end_of_its_window)
{
    rig_start(&rig, 0, OPTIONS("BatchSize", "10", "batch.window_ms", "500"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_turn(&rig);
    rig_advance(&rig, 300);
    rig_push_many(p, 0, 0); /* the window starts here */
    rig_turn(&rig);
    rig_advance(&rig, 200);
    rig_push_many(p, 1, 1);
    rig_advance(&rig, 299);
    rig_expect(&rig, "");
    rig_advance(&rig, 1);
    rig_expect(&rig, "invoke t-0 [0-1] #1\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(window_of_zero_sends_what_is_there)
{
    rig_start(&rig, 0, OPTIONS("MaximumBatchingWindowInSeconds", "0"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 4);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [0-4] #1\n");
    rig_stop(&rig);
}
END_TEST

static enum esm_outcome check_event(struct rig *r, esm_invocation *invocation)
{
    size_t size = 0;
    const char *event = esm_invocation_get_event(invocation, &size);
    ck_assert_ptr_nonnull(event);
    ck_assert_uint_eq(strlen(event), size);
    ck_assert_uint_eq(esm_invocation_get_event_size(invocation), size);
    ck_assert_uint_lt(size, 1024);
    ck_assert_ptr_eq(esm_invocation_get_event(invocation, NULL), event);
    return rig_succeed(r, invocation);
}

START_TEST(event_stays_below_its_limit)
{
    rig.answer = check_event;
    rig_start(&rig, 0, OPTIONS("batch.max_bytes", "1024", "batch.window_ms", "0"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    char value[101];
    memset(value, 'x', 100);
    value[100] = '\0';
    for (int i = 0; i < 40; i++) {
        while (rig_push(p, i, value) == ESM_ERR_FULL)
            rig_turn(&rig);
    }
    rig_advance(&rig, 1000);
    ck_assert_int_eq(rig.committed[0], 40);
    ck_assert_int_ge(esm_poller_get_counter(rig.poller, ESM_COUNTER_INVOCATIONS), 12);
    ck_assert_int_le(esm_poller_get_counter(rig.poller, ESM_COUNTER_INVOCATIONS), 20);
    rig_stop(&rig);
}
END_TEST

START_TEST(one_record_that_is_too_large_goes_to_the_destination)
{
    rig_start(&rig, 1, OPTIONS("batch.max_bytes", "1024", "BatchSize", "3"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    char value[2001];
    memset(value, 'x', 2000);
    value[2000] = '\0';
    rig_push_many(p, 0, 0);
    ck_assert_int_eq(rig_push(p, 1, value), 0);
    rig_advance(&rig, 1000);
    rig_expect(&rig, "invoke t-0 [0] #1\ncommit t-0 1\ndeliver t-0 [1] TOO_LARGE #1\ncommit t-0 2\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(one_batch_of_a_partition_is_out_and_others_go_on)
{
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "2", "max_in_flight", "2"));
    esm_partition *p0 = rig_partition(&rig, 0, 0);
    esm_partition *p1 = rig_partition(&rig, 1, 0);
    esm_partition *p2 = rig_partition(&rig, 2, 0);
    rig_push_many(p0, 0, 3);
    rig_push_many(p1, 0, 1);
    rig_push_many(p2, 0, 1);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [0-1] #1\ninvoke t-1 [0-1] #1\n"); /* two are out: the third waits */
    rig_answer(&rig, 1, ESM_OUTCOME_SUCCESS);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-2 [0-1] #1\n");
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [2-3] #1\n");
    rig_stop(&rig);
}
END_TEST

/* ---- failures ---- */

START_TEST(poison_record_is_cornered)
{
    rig.answer = rig_poison;
    rig.poison = 2;
    rig_start(&rig, 1, OPTIONS("BatchSize", "4", "BisectBatchOnFunctionError", "true", "MaximumRetryAttempts", "0"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 3);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [0-3] #1\ninvoke t-0 [0-1] #1\ninvoke t-0 [2-3] #1\ninvoke t-0 [2] #1\n"
                     "deliver t-0 [2] RETRIES #1\ninvoke t-0 [3] #1\n");
    rig_advance(&rig, 100);
    rig_expect(&rig, "commit t-0 4\n");
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_SPLITS), 2);
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_DELIVERED), 1);
    rig_stop(&rig);
}
END_TEST

START_TEST(failing_batch_blocks_its_partition_and_nothing_is_gathered_behind_it)
{
    rig.answer = rig_fail;
    rig_start(&rig, 0, OPTIONS("BatchSize", "2", "backoff.function_ms", "0"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 1);
    ck_assert_uint_eq(esm_partition_get_wanted(p, NULL), 2);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(esm_poller_dispatch(rig.poller, 0), 0);
    ck_assert_uint_eq(esm_partition_get_wanted(p, NULL), 0);
    ck_assert_int_eq(rig_push(p, 2, "x"), ESM_ERR_FULL);
    ck_assert_int_eq(esm_partition_get_position(p), 0);
    ck_assert_int_ge(esm_poller_get_counter(rig.poller, ESM_COUNTER_RETRIES), 1);
    rig_stop(&rig);
}
END_TEST

START_TEST(without_a_destination_records_are_dropped_and_committed)
{
    rig.answer = rig_fail;
    rig_start(&rig, 0, OPTIONS("BatchSize", "2", "MaximumRetryAttempts", "1"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 1);
    rig_advance(&rig, 2000);
    rig_expect(&rig, "invoke t-0 [0-1] #1\ninvoke t-0 [0-1] #2\ncommit t-0 2\n");
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_DROPPED), 2);
    rig_stop(&rig);
}
END_TEST

START_TEST(destination_that_fails_holds_the_partition)
{
    rig.answer = rig_fail;
    rig.delivery = ESM_OUTCOME_UNAVAILABLE;
    rig_start(&rig, 1, OPTIONS("BatchSize", "1", "MaximumRetryAttempts", "0"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 1);
    rig_advance(&rig, 600000);
    ck_assert_int_ge(esm_poller_get_counter(rig.poller, ESM_COUNTER_DELIVERY_ERRORS), 10);
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_INVOCATIONS), 1);
    ck_assert_int_eq(esm_partition_get_position(p), 0);
    rig.delivery = ESM_OUTCOME_SUCCESS;
    rig_advance(&rig, 61000);
    ck_assert_int_eq(rig.committed[0], 2);
    rig_stop(&rig);
}
END_TEST

START_TEST(failed_deliveries_drop_where_that_was_asked_for)
{
    rig.answer = rig_fail;
    rig.delivery = ESM_OUTCOME_UNAVAILABLE;
    rig_start(&rig, 1, OPTIONS("BatchSize", "1", "MaximumRetryAttempts", "0", "on_delivery_failure", "drop",
                               "delivery.max_attempts", "3"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 0);
    rig_advance(&rig, 10000);
    rig_expect(&rig, "invoke t-0 [0] #1\ndeliver t-0 [0] RETRIES #1\ndeliver t-0 [0] RETRIES #1\n"
                     "deliver t-0 [0] RETRIES #1\ncommit t-0 1\n");
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_DROPPED), 1);
    rig_stop(&rig);
}
END_TEST

START_TEST(partial_response_retries_what_it_names)
{
    rig.response = "{\"batchItemFailures\":[{\"itemIdentifier\":{\"partition\":\"t-0\",\"offset\":1}},"
                   "{\"itemIdentifier\":{\"partition\":\"t-0\",\"offset\":3}}]}";
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "4", "FunctionResponseTypes", "ReportBatchItemFailures"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 3);
    rig_turn(&rig);
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_advance(&rig, 2000);
    rig_expect(&rig, "invoke t-0 [0-3] #1\ncommit t-0 1\ninvoke t-0 [1 3] #1\n");
    rig.response = "null";
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_advance(&rig, 200);
    rig_expect(&rig, "commit t-0 4\n");
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_PARTIALS), 1);
    rig_stop(&rig);
}
END_TEST

START_TEST(partial_response_of_a_callback_in_c)
{
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "4", "FunctionResponseTypes", "ReportBatchItemFailures"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 3);
    rig_turn(&rig);
    ck_assert_int_eq(esm_invocation_fail_record(rig.held[0], 4), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_invocation_fail_record(rig.held[0], 2), 0);
    ck_assert_int_eq(esm_invocation_fail_record(rig.held[0], 2), 0);
    rig_answer(&rig, 0, ESM_OUTCOME_PARTIAL);
    rig_advance(&rig, 2000);
    rig_expect(&rig, "invoke t-0 [0-3] #1\ncommit t-0 2\ninvoke t-0 [2] #1\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(malformed_response_is_a_failure)
{
    rig.response = "{\"batchItemFailures\":[{\"itemIdentifier\":7}]}";
    rig_start(&rig, 0, OPTIONS("BatchSize", "2", "FunctionResponseTypes", "ReportBatchItemFailures",
                               "MaximumRetryAttempts", "1"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 1);
    rig_advance(&rig, 2000);
    rig_expect(&rig, "invoke t-0 [0-1] #1\ninvoke t-0 [0-1] #2\ncommit t-0 2\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(expired_records_leave_the_batch)
{
    rig.answer = NULL;
    rig_start(&rig, 1, OPTIONS("BatchSize", "2", "MaximumRecordAgeInSeconds", "60"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 1);
    rig_turn(&rig);
    rig_answer(&rig, 0, ESM_OUTCOME_FAILURE);
    rig.wall_ms += 61000;
    rig_advance(&rig, 1100);
    rig_expect(&rig, "invoke t-0 [0-1] #1\ndeliver t-0 [0-1] AGE #1\ncommit t-0 2\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(throttling_lowers_what_is_in_flight_and_loses_nothing)
{
    rig.answer = NULL;
    rig.quiet_commits = 1;
    rig_start(&rig, 0, OPTIONS("BatchSize", "1", "max_in_flight", "8", "batch.window_ms", "0"));
    for (int i = 0; i < 8; i++)
        rig_push_many(rig_partition(&rig, i, 0), 0, 0);
    rig_turn(&rig);
    ck_assert_uint_eq(rig.held_count, 8);
    while (rig.held_count > 0)
        rig_answer(&rig, 0, ESM_OUTCOME_THROTTLED);
    rig_advance(&rig, 1000);
    ck_assert_uint_eq(rig.held_count, 4); /* halved once for the eight */
    for (int round = 0; round < 20; round++) {
        while (rig.held_count > 0)
            rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
        rig_advance(&rig, 100);
    }
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(rig.committed[i], 1);
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_THROTTLES), 8);
    rig_stop(&rig);
}
END_TEST

/* ---- tokens ---- */

static int refuse(void *user_data, esm_invocation *invocation)
{
    (void)invocation;
    return ++*(int *)user_data < 4 ? -1 : 0;
}

START_TEST(callback_that_refuses_or_forgets_is_a_failed_attempt)
{
    int calls = 0;
    rig_start(&rig, 1, OPTIONS("BatchSize", "1", "MaximumRetryAttempts", "4"));
    ck_assert_int_eq(esm_poller_set_invoke(rig.poller, refuse, &calls, NULL), 0);
    rig_push_many(rig_partition(&rig, 0, 0), 0, 0);
    rig_advance(&rig, 60000);
    ck_assert_int_eq(calls, 5);
    rig_expect(&rig, "deliver t-0 [0] RETRIES #5\ncommit t-0 1\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(first_answer_wins)
{
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "1"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 0);
    rig_turn(&rig);
    esm_invocation *invocation = esm_invocation_ref(rig.held[0]);
    ck_assert_int_eq(esm_invocation_complete(invocation, 0, NULL, 0), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_invocation_complete(invocation, ESM_OUTCOME_PARTIAL, NULL, 0), ESM_ERR_INVALID_ARGUMENT);
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    ck_assert_int_eq(esm_invocation_complete(invocation, ESM_OUTCOME_FAILURE, NULL, 0), ESM_ERR_ALREADY_COMPLETED);
    rig_advance(&rig, 200);
    rig_expect(&rig, "invoke t-0 [0] #1\ncommit t-0 1\n");
    esm_invocation_unref(invocation);
    rig_stop(&rig);
}
END_TEST

START_TEST(timeout_ends_an_invocation_that_leaked)
{
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "1", "invoke.timeout_ms", "5000", "count_timeouts", "true",
                               "MaximumRetryAttempts", "0"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 0);
    rig_advance(&rig, 4999);
    rig_expect(&rig, "invoke t-0 [0] #1\n");
    ck_assert_int_eq(rig.cancels, 0);
    rig_advance(&rig, 200);
    ck_assert_int_eq(rig.cancels, 1);
    rig_expect(&rig, "commit t-0 1\n");
    ck_assert_int_eq(esm_invocation_complete(rig.held[0], ESM_OUTCOME_SUCCESS, NULL, 0), ESM_ERR_STALE);
    rig_stop(&rig);
}
END_TEST

START_TEST(second_body_of_a_batch_is_charged)
{
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("invoke.timeout_ms", "1000", "batch.window_ms", "0", "backoff.service_ms", "0"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 0);
    rig_turn(&rig);
    size_t held = rig.poller->held, size = esm_invocation_get_event_size(rig.held[0]);
    rig_advance(&rig, 1000);
    rig_expect(&rig, "invoke t-0 [0] #1\ninvoke t-0 [0] #2\n"); /* the first token is out still, with its event */
    ck_assert_uint_eq(rig.poller->held, held + size);
    rig.held[0] = esm_invocation_unref(rig.held[0]);
    rig.held[0] = rig.held[1];
    rig.held_count = 1;
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_turn(&rig);
    ck_assert_uint_eq(rig.poller->held, 0);
    rig_stop(&rig);
}
END_TEST

START_TEST(token_outlives_its_poller)
{
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "2"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 1);
    rig_turn(&rig);
    esm_invocation *invocation = esm_invocation_ref(rig.held[0]);
    rig_stop(&rig);
    ck_assert_int_eq(esm_record_get_offset(esm_invocation_get_record(invocation, 1)), 1);
    size_t size;
    ck_assert_ptr_nonnull(strstr(esm_invocation_get_event(invocation, &size), "\"t-0\""));
    ck_assert_int_eq(esm_invocation_complete(invocation, ESM_OUTCOME_SUCCESS, NULL, 0), ESM_ERR_STALE);
    esm_invocation_unref(invocation);
}
END_TEST

static void *answer_in_a_thread(void *argument)
{
    esm_invocation *invocation = argument;
    esm_invocation_set_status(invocation, 200);
    esm_invocation_get_event(invocation, NULL);
    esm_invocation_complete(invocation, ESM_OUTCOME_SUCCESS, "null", 4);
    esm_invocation_unref(invocation);
    return NULL;
}

static int invoke_in_a_thread(void *user_data, esm_invocation *invocation)
{
    pthread_t *threads = user_data;
    static size_t next;
    return pthread_create(&threads[next++ % 64], NULL, answer_in_a_thread, esm_invocation_ref(invocation));
}

static int commit_and_stop(void *user_data, esm_commit *commit)
{
    int64_t offset = 0;
    esm_commit_get_offset(commit, 0, NULL, NULL, &offset, NULL);
    if (offset == 32)
        esm_poller_stop(user_data, -1);
    return esm_commit_complete(commit, ESM_OUTCOME_SUCCESS);
}

START_TEST(answers_come_from_any_thread)
{
    pthread_t threads[64];
    esm_config *config;
    esm_poller *poller;
    esm_partition *partition;
    ck_assert_int_eq(esm_config_new(NULL, &config), 0);
    ck_assert_int_eq(esm_config_set(config, "BatchSize", "1"), 0);
    ck_assert_int_eq(esm_config_set(config, "FunctionResponseTypes", "ReportBatchItemFailures"), 0);
    ck_assert_int_eq(esm_poller_new(NULL, &poller, config), 0);
    ck_assert_int_eq(esm_poller_set_invoke(poller, invoke_in_a_thread, threads, NULL), 0);
    ck_assert_int_eq(esm_poller_set_commit(poller, commit_and_stop, poller, NULL), 0);
    ck_assert_int_eq(esm_poller_add_partition(poller, "t", 0, 0, 0, &partition), 0);
    for (int offset = 0; offset < 32; offset++)
        while (rig_push(partition, offset, "x") == ESM_ERR_FULL)
            ck_assert_int_eq(esm_poller_dispatch(poller, -1), 0);
    ck_assert_int_eq(esm_poller_run(poller), 0);
    ck_assert_int_eq(esm_poller_get_counter(poller, ESM_COUNTER_INVOCATIONS), 32);
    ck_assert_int_eq(esm_partition_get_position(partition), 32);
    for (int i = 0; i < 32; i++)
        pthread_join(threads[i], NULL);
    ck_assert_ptr_null(esm_poller_unref(poller));
    esm_config_free(config);
}
END_TEST

/* ---- commits ---- */

START_TEST(commits_coalesce_one_at_a_time)
{
    rig_start(&rig, 0, OPTIONS("BatchSize", "1", "commit.interval_ms", "100"));
    rig.commit = 0;
    esm_partition *p0 = rig_partition(&rig, 0, 0);
    esm_partition *p1 = rig_partition(&rig, 1, 5);
    ck_assert_int_eq(esm_partition_set_metadata(p1, "esm/1 parts=2"), 0);
    rig_push_many(p0, 0, 0);
    rig_push_many(p1, 5, 5);
    rig_advance(&rig, 99);
    rig_expect(&rig, "invoke t-0 [0] #1\ninvoke t-1 [5] #1\n");
    rig_advance(&rig, 1);
    rig_expect(&rig, "commit t-0 1\ncommit t-1 6 esm/1 parts=2\n");
    rig_push_many(p0, 1, 1);
    rig_advance(&rig, 1000); /* one request is out: nothing more is sent */
    rig_expect(&rig, "invoke t-0 [1] #1\n");
    ck_assert_int_eq(esm_commit_set_outcome(rig.commit_held, 0, ESM_OUTCOME_FAILURE), 0);
    ck_assert_int_eq(esm_commit_complete(rig.commit_held, ESM_OUTCOME_SUCCESS), 0);
    rig.commit_held = esm_commit_unref(rig.commit_held);
    rig.commit = ESM_OUTCOME_SUCCESS;
    rig_advance(&rig, 500); /* the failed one is not sent again: the newest offset is */
    rig_expect(&rig, "commit t-0 2\n");
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_COMMIT_ERRORS), 1);
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_COMMITTED), 3);
    rig_stop(&rig);
}
END_TEST

START_TEST(success_of_a_request_leaves_what_came_after_it)
{
    rig_start(&rig, 0, OPTIONS("BatchSize", "1"));
    rig.commit = 0;
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 0);
    rig_advance(&rig, 100);
    rig_expect(&rig, "invoke t-0 [0] #1\ncommit t-0 1\n");
    rig_push_many(p, 1, 1);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [1] #1\n");
    ck_assert_int_eq(esm_commit_complete(rig.commit_held, ESM_OUTCOME_SUCCESS), 0);
    rig.commit_held = esm_commit_unref(rig.commit_held);
    rig.commit = ESM_OUTCOME_SUCCESS;
    rig_advance(&rig, 100);
    rig_expect(&rig, "commit t-0 2\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(before_next_waits_for_the_commit)
{
    rig_start(&rig, 0, OPTIONS("BatchSize", "1", "commit.before_next", "true"));
    rig.commit = 0;
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 1);
    rig_advance(&rig, 5000);
    rig_expect(&rig, "invoke t-0 [0] #1\ncommit t-0 1\n");
    rig.commit = ESM_OUTCOME_SUCCESS;
    ck_assert_int_eq(esm_commit_complete(rig.commit_held, ESM_OUTCOME_SUCCESS), 0);
    rig.commit_held = esm_commit_unref(rig.commit_held);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [1] #1\ncommit t-0 2\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(before_next_goes_on_behind_a_gap)
{
    rig_start(&rig, 0, OPTIONS("BatchSize", "2", "commit.before_next", "true"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 1);
    rig_turn(&rig);
    rig_push_many(p, 3, 4); /* 2 is a transaction's marker */
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [0-1] #1\ncommit t-0 2\ncommit t-0 3\ninvoke t-0 [3-4] #1\ncommit t-0 5\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(first_position_is_committed_at_once)
{
    rig_start(&rig, 0, NULL);
    esm_partition *p;
    ck_assert_int_eq(esm_poller_add_partition(rig.poller, "t", 3, 77, -1, &p), 0);
    rig_turn(&rig);
    rig_expect(&rig, "commit t-3 77\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(failed_commit_waits_its_back_off_out)
{
    rig.commit = ESM_OUTCOME_UNAVAILABLE;
    rig.quiet_commits = 1;
    rig_start(&rig, 0, OPTIONS("BatchSize", "1", "commit.interval_ms", "0", "backoff.commit_ms", "60000"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 0);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(esm_poller_dispatch(rig.poller, 0), 0);
    ck_assert_int_gt(esm_poller_get_deadline_ms(rig.poller), rig.monotonic_ms);
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_COMMITS), 1);
    rig.commit = ESM_OUTCOME_SUCCESS;
    rig_advance(&rig, 60000);
    ck_assert_int_eq(rig.committed[0], 1);
    rig_stop(&rig);
}
END_TEST

START_TEST(gap_at_the_end_of_the_log_is_committed)
{
    rig_start(&rig, 0, NULL);
    esm_partition *p = rig_partition(&rig, 0, 0);
    ck_assert_int_eq(esm_partition_skip_to(p, 9), 0);
    ck_assert_int_eq(esm_partition_skip_to(p, 8), ESM_ERR_INVALID_ARGUMENT);
    rig_advance(&rig, 100);
    rig_expect(&rig, "commit t-0 9\n");
    rig_stop(&rig);
}
END_TEST

/* ---- feeding ---- */

static void want(void *user_data, esm_partition *partition)
{
    (void)partition;
    ++*(int *)user_data;
}

START_TEST(push_says_full_and_want_says_when_there_is_room)
{
    int wants = 0;
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "2"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    ck_assert_int_eq(esm_partition_set_want(p, want, &wants, NULL), 0);
    rig_push_many(p, 0, 3);
    ck_assert_uint_eq(esm_partition_get_wanted(p, NULL), 0);
    ck_assert_int_eq(rig_push(p, 4, "x"), ESM_ERR_FULL);
    rig_turn(&rig);
    ck_assert_int_eq(wants, 0);
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_turn(&rig);
    ck_assert_int_eq(wants, 1);
    ck_assert_uint_eq(esm_partition_get_wanted(p, NULL), 2);
    rig_turn(&rig);
    ck_assert_int_eq(wants, 1);
    rig_stop(&rig);
}
END_TEST

static void want_alone(void *user_data, esm_partition *partition)
{
    esm_partition **others = user_data;
    (void)partition;
    ck_assert_int_eq(esm_partition_remove(others[0], -1, NULL, NULL), 0);
    ck_assert_int_eq(esm_partition_set_want(others[1], NULL, NULL, NULL), 0);
}

START_TEST(room_is_not_told_to_who_is_gone_meanwhile)
{
    int wants = 0;
    esm_partition *partitions[3];
    rig_start(&rig, 0, OPTIONS("BatchSize", "1"));
    for (int i = 2; i >= 0; i--) {
        partitions[i] = rig_partition(&rig, i, 0);
        ck_assert_int_eq(esm_partition_set_want(partitions[i], want, &wants, NULL), 0);
    }
    ck_assert_int_eq(esm_partition_set_want(partitions[2], want_alone, partitions, NULL), 0);
    for (int i = 2; i >= 0; i--) {
        rig_push_many(partitions[i], 0, 1);
        ck_assert_int_eq(rig_push(partitions[i], 2, "x"), ESM_ERR_FULL);
    }
    rig_turn(&rig);
    ck_assert_int_eq(wants, 0);
    rig_stop(&rig);
}
END_TEST

START_TEST(push_refuses_what_is_wrong)
{
    rig_start(&rig, 0, NULL);
    esm_partition *p = rig_partition(&rig, 0, 10);
    esm_partition *other = NULL;
    ck_assert_int_eq(rig_push(p, 9, "x"), ESM_ERR_INVALID_ARGUMENT);
    rig_push_many(p, 15, 15); /* a gap is fine */
    ck_assert_int_eq(rig_push(p, 15, "x"), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_partition_push(p, NULL), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_poller_add_partition(rig.poller, "t", 0, 0, 0, &other), ESM_ERR_CONFLICT);
    ck_assert_int_eq(esm_poller_add_partition(rig.poller, "", 1, 0, 0, &other), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_poller_add_partition(rig.poller, "t", -1, 0, 0, &other), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_ptr_null(other);
    rig_advance(&rig, 1000);
    rig_expect(&rig, "invoke t-0 [15] #1\ncommit t-0 16\n");
    rig_stop(&rig);
}
END_TEST

static enum esm_outcome write_event(struct rig *r, esm_invocation *invocation)
{
    (void)r;
    ck_assert_ptr_nonnull(esm_invocation_get_event(invocation, NULL));
    return 0;
}

START_TEST(budget_bounds_what_is_held_and_starves_nobody)
{
    rig.answer = write_event;
    rig.quiet_commits = 1;
    rig_start(&rig, 0, OPTIONS("memory.budget_bytes", "8388608", "BatchSize", "10000", "max_in_flight", "10000"));
    enum { PARTITIONS = 40, SIZE = 100000 };
    esm_partition *partitions[PARTITIONS];
    int64_t next[PARTITIONS] = {0};
    static char value[SIZE + 1];
    memset(value, 'x', SIZE);
    for (int i = 0; i < PARTITIONS; i++)
        partitions[i] = rig_partition(&rig, i, 0);
    int64_t highest = 0;
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < PARTITIONS; i++)
            while (rig_push(partitions[i], next[i], value) == 0)
                next[i]++;
        rig_advance(&rig, 10);
        rig.text_size = 0;
        int64_t held = esm_poller_get_counter(rig.poller, ESM_COUNTER_BYTES_HELD);
        highest = held > highest ? held : highest;
        while (rig.held_count > 0)
            rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
        rig_turn(&rig);
    }
    /* at most one record of each partition above the budget, with its place in an event */
    ck_assert_int_le(highest, 8388608 + PARTITIONS * (SIZE + SIZE * 4 / 3 + 8192));
    for (int i = 0; i < PARTITIONS; i++)
        ck_assert_int_ge(next[i], 3);
    rig_stop(&rig);
}
END_TEST

/* ---- taking away, stopping ---- */

static void removed(void *user_data, int drained)
{
    *(int *)user_data = drained ? 1 : 2;
}

static void push_bytes(esm_partition *partition, int64_t offset, size_t size)
{
    char *value = malloc(size + 1);
    memset(value, 'x', size);
    value[size] = '\0';
    ck_assert_int_eq(rig_push(partition, offset, value), 0);
    free(value);
}

START_TEST(kept_memory_does_not_come_on_top_of_a_record)
{
    rig_start(&rig, 0, OPTIONS("BatchSize", "1", "memory.budget_bytes", "8388608"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig.answer = NULL;
    push_bytes(p, 0, 900000);
    push_bytes(p, 1, 2800000);
    rig_turn(&rig);
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_turn(&rig); /* the first batch is put aside with its chunk */
    ck_assert_uint_gt(rig.poller->spare_bytes, 900000);
    ck_assert_uint_gt(esm_partition_get_wanted(p, NULL), 0);
    push_bytes(p, 2, 1000000); /* there is less room than the chunk has */
    ck_assert_uint_lt(p->closed->next->memory, 1100000);
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_turn(&rig);
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_stop(&rig);
}
END_TEST

START_TEST(partition_that_comes_does_not_exceed_the_whole)
{
    size_t bytes;
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "1", "memory.budget_bytes", "8388608"));
    esm_partition *p0 = rig_partition(&rig, 0, 0);
    push_bytes(p0, 0, 1900000);
    push_bytes(p0, 1, 1900000);
    ck_assert_uint_gt(rig.poller->held, 8388608 * 7 / 8);
    esm_partition *p1 = rig_partition(&rig, 1, 0);
    ck_assert_uint_eq(esm_partition_get_wanted(p1, &bytes), 1);
    ck_assert_uint_eq(bytes, 1); /* one record, as ever, and not its share */
    rig_turn(&rig);
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_turn(&rig);
    esm_partition_get_wanted(p1, &bytes);
    ck_assert_uint_gt(bytes, 1000000);
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_stop(&rig);
}
END_TEST

START_TEST(removed_partition_drains)
{
    int how = 0;
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "2"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 2);
    rig_turn(&rig);
    ck_assert_int_eq(esm_partition_remove(p, 3000, removed, &how), 0);
    ck_assert_int_eq(rig_push(p, 3, "x"), ESM_ERR_STATE);
    rig_advance(&rig, 1000);
    ck_assert_int_eq(how, 0);
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_turn(&rig);
    ck_assert_int_eq(how, 1);
    rig_expect(&rig, "invoke t-0 [0-1] #1\ncommit t-0 2\n");
    p = rig_partition(&rig, 0, 2); /* it may come back */
    rig_push_many(p, 2, 3);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [2-3] #1\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(removed_partition_is_abandoned_in_the_end)
{
    int how = 0;
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "2"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 1);
    rig_turn(&rig);
    ck_assert_int_eq(esm_partition_remove(p, 3000, removed, &how), 0);
    rig_advance(&rig, 2999);
    ck_assert_int_eq(how, 0);
    rig_advance(&rig, 1);
    ck_assert_int_eq(how, 2);
    ck_assert_int_eq(rig.cancels, 1);
    p = rig_partition(&rig, 0, 0);
    /* A late answer changes nothing. */
    ck_assert_int_eq(esm_invocation_complete(rig.held[0], ESM_OUTCOME_SUCCESS, NULL, 0), ESM_ERR_STALE);
    rig_advance(&rig, 1000);
    ck_assert_int_eq(esm_partition_get_position(p), 0);
    rig_expect(&rig, "invoke t-0 [0-1] #1\n");
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_ABANDONED), 2);
    rig_stop(&rig);
}
END_TEST

START_TEST(lost_partition_commits_nothing)
{
    int how = 0;
    rig_start(&rig, 0, OPTIONS("BatchSize", "2"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 1);
    rig_turn(&rig);
    ck_assert_int_eq(esm_partition_remove(p, 0, removed, &how), 0);
    rig_advance(&rig, 1000);
    ck_assert_int_eq(how, 2);
    rig_expect(&rig, "invoke t-0 [0-1] #1\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(stop_drains_and_commits)
{
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "2"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 3);
    rig_turn(&rig);
    ck_assert_int_eq(esm_poller_stop(rig.poller, 10000), 0);
    rig_advance(&rig, 500);
    ck_assert_int_eq(esm_poller_get_state(rig.poller), ESM_POLLER_DRAINING);
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [0-1] #1\ncommit t-0 2\n");
    ck_assert_int_eq(esm_poller_get_state(rig.poller), ESM_POLLER_STOPPED);
    ck_assert_int_eq(esm_poller_dispatch(rig.poller, 0), ESM_ERR_STATE);
    rig_stop(&rig);
}
END_TEST

START_TEST(later_stop_brings_the_deadline_forward)
{
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "2"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 1);
    rig_turn(&rig);
    ck_assert_int_eq(esm_poller_stop(rig.poller, 1000), 0);
    rig_turn(&rig);
    ck_assert_int_eq(esm_poller_stop(rig.poller, 50000), 0);
    rig_advance(&rig, 900);
    ck_assert_int_eq(esm_poller_get_state(rig.poller), ESM_POLLER_DRAINING);
    ck_assert_int_eq(esm_poller_stop(rig.poller, 0), 0);
    rig_turn(&rig);
    ck_assert_int_eq(esm_poller_get_state(rig.poller), ESM_POLLER_STOPPED);
    ck_assert_int_eq(rig.cancels, 1);
    rig_expect(&rig, "invoke t-0 [0-1] #1\n");
    rig_stop(&rig);
}
END_TEST

/* ---- what is called between two dispatches, long after the last ---- */

START_TEST(removal_between_dispatches_drains_its_whole_time)
{
    int how = 0;
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "1"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 0);
    rig_turn(&rig);
    rig.monotonic_ms += 10000;
    ck_assert_int_eq(esm_partition_remove(p, 3000, removed, &how), 0);
    rig_advance(&rig, 2999);
    ck_assert_int_eq(how, 0);
    rig_advance(&rig, 1);
    ck_assert_int_eq(how, 2);
    rig_stop(&rig);
}
END_TEST

START_TEST(age_without_a_timestamp_begins_when_the_record_comes)
{
    esm_record *record;
    rig_start(&rig, 1, OPTIONS("BatchSize", "1", "MaximumRecordAgeInSeconds", "60"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_turn(&rig);
    rig.wall_ms += 3600000;
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    ck_assert_int_eq(esm_partition_push(p, record), 0);
    esm_record_free(record);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [0] #1\n");
    rig_stop(&rig);
}
END_TEST

static int note_event(void *user_data, enum esm_source_event event)
{
    *(enum esm_source_event *)user_data = event;
    return 0;
}

START_TEST(stop_goes_on_when_the_source_has_closed)
{
    enum esm_source_event event = 0;
    rig_start(&rig, 0, NULL);
    ck_assert_int_eq(esm_poller_set_source(rig.poller, note_event, &event, NULL), 0);
    rig_turn(&rig);
    ck_assert_int_eq(event, ESM_SOURCE_START);
    ck_assert_int_eq(esm_poller_stop(rig.poller, 30000), 0);
    rig_advance(&rig, 40000);
    ck_assert_int_eq(event, ESM_SOURCE_STOP);
    ck_assert_int_eq(esm_poller_get_state(rig.poller), ESM_POLLER_DRAINING);
    ck_assert_int_eq(esm_poller_get_deadline_ms(rig.poller), ESM_NEVER);
    ck_assert_int_eq(esm_poller_source_closed(rig.poller), 0);
    ck_assert_int_le(esm_poller_get_deadline_ms(rig.poller), rig.monotonic_ms);
    rig_turn(&rig);
    ck_assert_int_eq(esm_poller_get_state(rig.poller), ESM_POLLER_STOPPED);
    rig_stop(&rig);
}
END_TEST

START_TEST(removal_is_told_when_a_stop_ends_it)
{
    int how = 0;
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "1"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 0);
    rig_turn(&rig);
    ck_assert_int_eq(esm_partition_remove(p, 20000, removed, &how), 0);
    ck_assert_int_eq(esm_poller_stop(rig.poller, 1000), 0);
    rig_advance(&rig, 1000);
    ck_assert_int_eq(esm_poller_get_state(rig.poller), ESM_POLLER_STOPPED);
    ck_assert_int_eq(how, 2);
    rig_stop(&rig);
}
END_TEST

static void stop_hard(void *user_data)
{
    esm_poller_stop(user_data, 0);
}

/* Even where the stop is heard only at the end of the last turn. */
START_TEST(removal_is_told_before_the_poller_has_stopped)
{
    int how = 0;
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("BatchSize", "1"));
    esm_partition *p = rig_partition(&rig, 0, 0);
    rig_push_many(p, 0, 0);
    rig_turn(&rig);
    ck_assert_int_eq(esm_partition_remove(p, 20000, removed, &how), 0);
    ck_assert_int_eq(esm_poller_post(rig.poller, stop_hard, rig.poller), 0);
    rig_turn(&rig);
    ck_assert_int_eq(esm_poller_get_state(rig.poller), ESM_POLLER_STOPPED);
    ck_assert_int_eq(how, 2);
    rig_stop(&rig);
}
END_TEST

static void count_want(void *user_data, esm_partition *partition)
{
    (void)partition;
    ++*(int *)user_data;
}

/* Answered tokens that are still held fill the budget; what others do meanwhile must not make the poller forget who waits. */
START_TEST(room_is_told_when_the_last_token_gives_it_back)
{
    enum { SIZE = 3300000 };
    static char value[SIZE + 1];
    int wants = 0;
    memset(value, 'x', SIZE);
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("memory.budget_bytes", "8388608", "BatchSize", "1"));
    esm_partition *p0 = rig_partition(&rig, 0, 0);
    esm_partition *p1 = rig_partition(&rig, 1, 0);
    ck_assert_int_eq(esm_partition_set_want(p0, count_want, &wants, NULL), 0);
    ck_assert_int_eq(rig_push(p0, 0, value), 0);
    rig_turn(&rig);
    esm_invocation *kept = esm_invocation_ref(rig.held[0]);
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS);
    rig_turn(&rig);
    ck_assert_uint_eq(esm_partition_get_wanted(p0, NULL), 0);
    rig_push_many(p1, 0, 0);
    rig_turn(&rig);
    rig_answer(&rig, 0, ESM_OUTCOME_SUCCESS); /* wakes all that wait, in vain */
    rig_advance(&rig, 200);
    ck_assert_int_eq(wants, 0);
    esm_invocation_unref(kept);
    rig_turn(&rig);
    ck_assert_int_eq(wants, 1);
    rig_stop(&rig);
}
END_TEST

START_TEST(room_is_told_when_a_reserve_is_given_up)
{
    enum { SIZE = 1400000 };
    static char value[SIZE + 1];
    int wants = 0;
    memset(value, 'x', SIZE);
    rig.answer = NULL;
    rig_start(&rig, 0, OPTIONS("memory.budget_bytes", "8388608", "BatchSize", "1"));
    ck_assert_int_eq(esm_poller_reserve_bytes(rig.poller, 4194304), 0);
    esm_partition *p = rig_partition(&rig, 0, 0);
    ck_assert_int_eq(esm_partition_set_want(p, count_want, &wants, NULL), 0);
    ck_assert_int_eq(rig_push(p, 0, value), 0);
    rig_turn(&rig);
    ck_assert_uint_eq(esm_partition_get_wanted(p, NULL), 0);
    rig_turn(&rig);
    ck_assert_int_eq(wants, 0);
    ck_assert_int_eq(esm_poller_reserve_bytes(rig.poller, 0), 0);
    rig_turn(&rig);
    ck_assert_int_eq(wants, 1);
    rig_stop(&rig);
}
END_TEST

/* ---- the loop ---- */

static enum esm_outcome reenter(struct rig *r, esm_invocation *invocation)
{
    ck_assert_int_eq(esm_poller_dispatch(r->poller, 0), ESM_ERR_RECURSIVE);
    ck_assert_int_eq(esm_poller_run(r->poller), ESM_ERR_RECURSIVE);
    ck_assert_ptr_eq(esm_poller_unref(r->poller), r->poller);
    return rig_succeed(r, invocation);
}

START_TEST(callbacks_cannot_enter_the_poller)
{
    rig.answer = reenter;
    rig_start(&rig, 0, OPTIONS("BatchSize", "1"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 0);
    rig_advance(&rig, 200);
    rig_expect(&rig, "invoke t-0 [0] #1\ncommit t-0 1\n");
    rig_stop(&rig);
}
END_TEST

START_TEST(poller_wants_its_callbacks)
{
    esm_config *config;
    esm_poller *poller;
    ck_assert_int_eq(esm_config_new(NULL, &config), 0);
    ck_assert_int_eq(esm_config_set(config, "DestinationConfig.OnFailure.Destination", "kafka://dead"), 0);
    ck_assert_int_eq(esm_poller_new(NULL, &poller, config), 0);
    ck_assert_int_eq(esm_poller_dispatch(poller, 0), ESM_ERR_STATE);
    int calls = 0;
    ck_assert_int_eq(esm_poller_set_invoke(poller, refuse, &calls, NULL), 0);
    ck_assert_int_eq(esm_poller_dispatch(poller, 0), ESM_ERR_STATE);
    ck_assert_int_eq(esm_poller_get_state(poller), ESM_POLLER_NEW);
    ck_assert_ptr_null(esm_poller_unref(poller));
    esm_config_free(config);
}
END_TEST

static int is_readable(int fd, int wait_ms)
{
    struct pollfd descriptor = {.fd = fd, .events = POLLIN};
    return poll(&descriptor, 1, wait_ms) == 1;
}

static void count_call(void *user_data)
{
    ++*(int *)user_data;
}

static int succeed_at_once(void *user_data, esm_invocation *invocation)
{
    ++*(int *)user_data;
    return esm_invocation_complete(invocation, ESM_OUTCOME_SUCCESS, NULL, 0);
}

START_TEST(descriptor_is_readable_when_there_is_work)
{
    esm_config *config;
    esm_poller *poller;
    esm_partition *partition;
    int calls = 0;
    int posts = 0;
    ck_assert_int_eq(esm_config_new(NULL, &config), 0);
    ck_assert_int_eq(esm_config_set(config, "batch.window_ms", "50"), 0);
    ck_assert_int_eq(esm_poller_new(NULL, &poller, config), 0);
    ck_assert_int_eq(esm_poller_set_invoke(poller, succeed_at_once, &calls, NULL), 0);
    int fd = esm_poller_get_fd(poller);
    ck_assert_int_ge(fd, 0);
    while (is_readable(fd, 0))
        ck_assert_int_eq(esm_poller_dispatch(poller, 0), 0);
    ck_assert_int_eq(esm_poller_post(poller, count_call, &posts), 0);
    ck_assert(is_readable(fd, 1000));
    ck_assert_int_eq(esm_poller_dispatch(poller, 0), 0);
    ck_assert_int_eq(posts, 1);
    ck_assert_int_eq(esm_poller_add_partition(poller, "t", 0, 0, 0, &partition), 0);
    ck_assert_int_eq(rig_push(partition, 0, "x"), 0);
    for (int i = 0; i < 100 && esm_partition_get_position(partition) == 0; i++) {
        ck_assert(is_readable(fd, 2000)); /* for the window, though nothing else happens */
        ck_assert_int_eq(esm_poller_dispatch(poller, 0), 0);
    }
    ck_assert_int_eq(calls, 1);
    ck_assert_ptr_null(esm_poller_unref(poller));
    esm_config_free(config);
}
END_TEST

struct watched {
    esm_watch *watch;
    esm_timer *timer;
    esm_poller *poller;
    int fd;
    int reads;
    int fires;
};

static void read_and_free(void *user_data, uint32_t events)
{
    struct watched *watched = user_data;
    ck_assert_uint_eq(events, ESM_WATCH_READ);
    watched->reads++;
    esm_watch_free(watched->watch);
}

static void fire_and_free(void *user_data)
{
    struct watched *watched = user_data;
    if (++watched->fires == 2)
        esm_timer_free(watched->timer);
    else
        esm_timer_set(watched->timer, rig.monotonic_ms + 10);
}

START_TEST(watches_and_timers_may_end_in_their_own_callbacks)
{
    struct watched watched = {0};
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    rig_start(&rig, 0, NULL);
    ck_assert_int_eq(esm_poller_add_watch(rig.poller, ends[0], ESM_WATCH_READ, read_and_free, &watched, &watched.watch),
                     0);
    ck_assert_int_eq(esm_poller_add_watch(rig.poller, ends[0], 8, read_and_free, &watched, &watched.watch),
                     ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_poller_add_timer(rig.poller, fire_and_free, &watched, &watched.timer), 0);
    ck_assert_int_eq(esm_timer_set(watched.timer, rig.monotonic_ms + 10), 0);
    rig_turn(&rig);
    ck_assert_int_eq(watched.reads, 0);
    ck_assert_int_eq((int)write(ends[1], "xy", 2), 2);
    rig_turn(&rig);
    rig_advance(&rig, 100);
    ck_assert_int_eq(watched.reads, 1);
    ck_assert_int_eq(watched.fires, 2);
    close(ends[0]);
    close(ends[1]);
    rig_stop(&rig);
}
END_TEST

static Suite *suite(void)
{
    const TTest *const tests[] = {
        batch_closes_at_its_size, batch_closes_at_the_end_of_its_window, window_of_zero_sends_what_is_there,
        event_stays_below_its_limit, one_record_that_is_too_large_goes_to_the_destination,
        one_batch_of_a_partition_is_out_and_others_go_on, poison_record_is_cornered,
        failing_batch_blocks_its_partition_and_nothing_is_gathered_behind_it,
        without_a_destination_records_are_dropped_and_committed, destination_that_fails_holds_the_partition,
        failed_deliveries_drop_where_that_was_asked_for, partial_response_retries_what_it_names,
        partial_response_of_a_callback_in_c, malformed_response_is_a_failure, expired_records_leave_the_batch,
        throttling_lowers_what_is_in_flight_and_loses_nothing, callback_that_refuses_or_forgets_is_a_failed_attempt,
        first_answer_wins, timeout_ends_an_invocation_that_leaked, second_body_of_a_batch_is_charged,
        token_outlives_its_poller,
        answers_come_from_any_thread, commits_coalesce_one_at_a_time,
        success_of_a_request_leaves_what_came_after_it, before_next_waits_for_the_commit,
        before_next_goes_on_behind_a_gap,
        first_position_is_committed_at_once, failed_commit_waits_its_back_off_out,
        gap_at_the_end_of_the_log_is_committed,
        push_says_full_and_want_says_when_there_is_room, room_is_not_told_to_who_is_gone_meanwhile,
        push_refuses_what_is_wrong,
        budget_bounds_what_is_held_and_starves_nobody, kept_memory_does_not_come_on_top_of_a_record,
        partition_that_comes_does_not_exceed_the_whole,
        removed_partition_drains,
        removed_partition_is_abandoned_in_the_end, lost_partition_commits_nothing, stop_drains_and_commits,
        later_stop_brings_the_deadline_forward, removal_between_dispatches_drains_its_whole_time,
        age_without_a_timestamp_begins_when_the_record_comes, stop_goes_on_when_the_source_has_closed,
        removal_is_told_when_a_stop_ends_it, removal_is_told_before_the_poller_has_stopped,
        room_is_told_when_a_reserve_is_given_up, room_is_told_when_the_last_token_gives_it_back,
        callbacks_cannot_enter_the_poller, poller_wants_its_callbacks,
        descriptor_is_readable_when_there_is_work, watches_and_timers_may_end_in_their_own_callbacks,
    };
    Suite *suite = suite_create("poller");
    TCase *cases = tcase_create("poller");
    tcase_add_checked_fixture(cases, setup, NULL);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return suite;
}

UNIT_MAIN
