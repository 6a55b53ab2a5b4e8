/* SPDX-License-Identifier: MIT */
/* Many invocations at once, some of which fail or hang, do not wait for each other. */
#include "rig.h"

/* ---- many at once ---- */

static atomic_int wanted, inside, peak;

/* Nobody is answered before so many have been inside at the same time as are wanted, or too much time has
 * passed. */
static int gather(struct exchange *exchange)
{
    int count = atomic_fetch_add(&inside, 1) + 1;
    int most = atomic_load(&peak);
    while (most < count && !atomic_compare_exchange_weak(&peak, &most, count))
        ;
    for (int i = 0; i < 500 && atomic_load(&peak) < atomic_load(&wanted); i++)
        sleep_ms(10);
    atomic_fetch_sub(&inside, 1);
    return succeed(exchange);
}

static void invoke_everywhere(struct rig *rig, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        for (int partition = 0; partition < PARTITIONS; partition++)
            push(rig, partition, round, round, "x", 1);
        for (int partition = 0; partition < PARTITIONS; partition++)
            run_to(rig, partition, round + 1);
    }
}

START_TEST(connections_are_reused)
{
    struct rig rig;
    int most = _i == 0 ? PARTITIONS : 4;
    char text[16];
    snprintf(text, sizeof(text), "%d", most);
    wanted = most;
    peak = 0;
    rig_start(&rig, gather, NULL, LAMBDA, (const char *const[]){"max_in_flight", text, NULL});
    invoke_everywhere(&rig, 3);
    ck_assert_int_eq(peak, most);
    ck_assert_int_eq(server_requests(rig.server), 3 * PARTITIONS);
    ck_assert_int_eq(count_of(&rig, ESM_COUNTER_INVOCATIONS), 3 * PARTITIONS);
    ck_assert_int_le(server_connections(rig.server), most);
    rig_stop(&rig);
}
END_TEST

/* Every third answer is a trouble of one kind or another; every tenth request is dropped before it is
 * answered. */
static int often_fail(struct exchange *exchange)
{
    if (exchange->number % 10 == 3)
        return 0;
    switch (exchange->number % 9) {
    case 0: return server_status(exchange, "429 Slow");
    case 3: return server_status(exchange, "503 Busy");
    case 6: return server_reset(exchange);
    default: return succeed(exchange);
    }
}

START_TEST(nothing_is_lost_when_much_fails)
{
    struct rig rig;
    rig_start(&rig, often_fail, NULL, LAMBDA,
              (const char *const[]){"max_in_flight", "20", "backoff.max_ms", "20", NULL});
    invoke_everywhere(&rig, 3);
    ck_assert_int_eq(esm_poller_stop(rig.poller, -1), 0);
    ck_assert_int_eq(esm_poller_run(rig.poller), 0); /* commits what is not committed yet */
    ck_assert_int_eq(count_of(&rig, ESM_COUNTER_COMMITTED), 3 * PARTITIONS);
    ck_assert_int_eq(count_of(&rig, ESM_COUNTER_DROPPED) + count_of(&rig, ESM_COUNTER_DELIVERED), 0);
    ck_assert_int_gt(count_of(&rig, ESM_COUNTER_INVOKE_ERRORS), 10);
    rig_stop(&rig);
}
END_TEST

/* An invocation must not begin before the one before it has ended well. */
static int in_order(struct exchange *exchange)
{
    static atomic_int next;
    if (exchange->number % 3 == 1)
        return server_status(exchange, "500 Oh");
    for (int offset = 0; offset < 100; offset++)
        if (has_offset(exchange, offset))
            ck_assert_int_eq(atomic_fetch_add(&next, 1), offset);
    return succeed(exchange);
}

START_TEST(order_holds_over_retries)
{
    struct rig rig;
    rig_start(&rig, in_order, NULL, LAMBDA, (const char *const[]){"BatchSize", "7", NULL});
    push(&rig, 0, 0, 99, "x", 1);
    run_to(&rig, 0, 100);
    ck_assert_int_gt(count_of(&rig, ESM_COUNTER_INVOKE_ERRORS), 3);
    rig_stop(&rig);
}
END_TEST

/* ---- answers that do not come ---- */

static atomic_int closed;

static int hang_on_13(struct exchange *exchange)
{
    if (!has_offset(exchange, 13))
        return succeed(exchange);
    atomic_fetch_add(&closed, server_wait(exchange, 10000));
    return 0;
}

START_TEST(hang_ends_and_others_go_on)
{
    struct rig rig;
    closed = 0;
    rig_start(&rig, hang_on_13, NULL, "/",
              (const char *const[]){"invoke.timeout_ms", "700", "MaximumRetryAttempts", "0", NULL});
    push(&rig, 0, 13, 13, "x", 1);
    int64_t before = now_ms();
    for (int i = 20; i < 40; i++) {
        push(&rig, 1, i, i, "x", 1);
        run_to(&rig, 1, i + 1);
    }
    ck_assert_int_lt(now_ms() - before, 500);
    ck_assert_int_eq(esm_partition_get_position(rig.partitions[0]), 13);
    run_to(&rig, 0, 14);
    ck_assert_int_ge(now_ms() - before, 550);
    ck_assert_int_lt(now_ms() - before, 1500);
    ck_assert_int_eq(rig.delivered, 13);
    ck_assert_int_lt(rig.longest_ms, 300);
    rig_stop(&rig);
    ck_assert_int_eq(closed, 1);
}
END_TEST

/* Nobody was reached, so nothing counts, although a timeout after sending would. */
START_TEST(connection_that_hangs_costs_no_attempt)
{
    struct nobody nobody;
    struct rig rig = {.delivered = -1};
    nobody_open(&nobody, "http", 1);
    ck_assert_int_eq(rig_start_poller(&rig, (const char *const[]){"function.url", nobody.url,
                                                                  "batch.window_ms", "0", "invoke.timeout_ms",
                                                                  "300", "backoff.service_ms", "10",
                                                                  "MaximumRetryAttempts", "0", NULL}),
                     0);
    ck_assert_int_eq(esm_poller_use_lambda(rig.poller), 0);
    push(&rig, 0, 0, 0, "x", 1);
    run_for(&rig, 1000);
    ck_assert_int_ge(count_of(&rig, ESM_COUNTER_INVOKE_ERRORS), 2);
    ck_assert_int_eq(rig.delivered, -1);
    esm_poller_unref(rig.poller);
    nobody_close(&nobody);
}
END_TEST

START_TEST(hard_stop_closes_what_is_out)
{
    struct rig rig;
    closed = 0;
    rig_start(&rig, hang_on_13, NULL, LAMBDA, NULL);
    push(&rig, 0, 13, 13, "x", 1);
    while (server_requests(rig.server) == 0)
        turn(&rig);
    if (_i == 0) {
        ck_assert_int_eq(esm_poller_stop(rig.poller, 0), 0);
        ck_assert_int_eq(esm_poller_run(rig.poller), 0);
    } else {
        rig.poller = esm_poller_unref(rig.poller);
    }
    for (int i = 0; i < 100 && closed == 0; i++)
        sleep_ms(10);
    ck_assert_int_eq(closed, 1);
    rig_stop(&rig);
}
END_TEST

/* Reads the head, and for a second nothing of the body. */
static int stall(struct exchange *exchange)
{
    sleep_ms(exchange->number == 0 ? 1000 : 0);
    return 1;
}

START_TEST(endpoint_that_does_not_read_holds_nothing_up)
{
    struct rig rig;
    static char value[4 * 1024 * 1024];
    rig_start(&rig, succeed, stall, LAMBDA, NULL);
    push(&rig, 0, 0, 0, value, sizeof(value));
    run_to(&rig, 0, 1);
    ck_assert_int_eq(count_of(&rig, ESM_COUNTER_INVOCATIONS), 1);
    ck_assert_int_lt(rig.longest_ms, 300);
    rig_stop(&rig);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("http-stall");
    TCase *tests = tcase_create("http-stall");
    tcase_set_timeout(tests, 60);
    setenv("no_proxy", "*", 1);
    tcase_add_loop_test(tests, connections_are_reused, 0, 2);
    tcase_add_test(tests, nothing_is_lost_when_much_fails);
    tcase_add_test(tests, order_holds_over_retries);
    tcase_add_test(tests, hang_ends_and_others_go_on);
    tcase_add_test(tests, connection_that_hangs_costs_no_attempt);
    tcase_add_loop_test(tests, hard_stop_closes_what_is_out, 0, 2);
    tcase_add_test(tests, endpoint_that_does_not_read_holds_nothing_up);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
