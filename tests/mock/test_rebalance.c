/* SPDX-License-Identifier: MIT */
/* Two pollers of one group in one process: the second one comes, the first one goes, and records flow all the
 * time. */
#include "group.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../unit/unit.h"

enum {
    PARTITIONS = 4,
    CHUNK = 50
};

static struct cluster cluster;
static struct seen seen;
static struct member first, second;
static int produced; /* into each partition */

static void produce(int count)
{
    cluster_produce(&cluster, "t", PARTITIONS, count, 100);
    produced += count;
}

static int produce_and_look(void *data)
{
    produce(CHUNK);
    return ((struct member *)data)->assigned > 0;
}

static void check_all(void)
{
    ck_assert(wait_seen(&seen, PARTITIONS * produced, 20000));
    ck_assert_str_eq(seen.fault, "");
}

/* The mock coordinator takes no commit during a rebalance: what is read again has to be committed too. */
static int is_committed(void *data)
{
    int count = 0;
    (void)data;
    pthread_mutex_lock(&seen.lock);
    for (int i = 0; i < PARTITIONS; i++)
        count += seen.committed[i] == produced;
    pthread_mutex_unlock(&seen.lock);
    return count == PARTITIONS;
}

static void come_and_go(const char *strategy)
{
    const char *const options[] = {"kafka.partition.assignment.strategy", strategy, "BatchSize", "20", NULL};
    struct watcher watcher;
    cluster_open(&cluster, NULL);
    cluster_create(&cluster, "t", PARTITIONS);
    seen_init(&seen);
    first.function_ms = second.function_ms = 3;
    produce(1000);
    ck_assert_int_eq(member_start(&first, &seen, cluster.brokers, "t", "g", options), 0);
    watch_commits(&watcher, &cluster, "g", "t", PARTITIONS, &seen);
    ck_assert(wait_seen(&seen, 1000, 20000));

    ck_assert_int_eq(member_start(&second, &seen, cluster.brokers, "t", "g", options), 0);
    ck_assert(wait_for(produce_and_look, &second, 20000));
    ck_assert_int_gt(first.revoked, 0);
    produce(500);
    check_all();

    int before = second.assigned;
    produce(500);
    member_stop(&first, -1);
    ck_assert_int_eq(first.result, 0);
    produce(500);
    check_all();
    ck_assert_int_gt(second.assigned, before);
    ck_assert(wait_for(is_committed, NULL, 20000));
    member_stop(&second, -1);
    watch_end(&watcher);
    ck_assert_str_eq(seen.fault, "");
    ck_assert_int_eq(first.lost + second.lost, 0);
    printf("%s: %d records, %d repeats\n", strategy, seen_total(&seen), seen.repeats);
    cluster_close(&cluster);
}

START_TEST(eager)
{
    come_and_go("range");
}
END_TEST

START_TEST(cooperative)
{
    come_and_go("cooperative-sticky");
    ck_assert_int_eq(first.revoked, PARTITIONS / 2); /* the others stayed */
}
END_TEST

static int came_again(void *data)
{
    (void)data;
    return seen.repeats >= PARTITIONS / 2 * 20;
}

/* A function that does not answer in time: the partition moves on all the same, and its records come again.
 */
START_TEST(a_partition_is_given_back_after_drain_ms)
{
    static const char *const options[] = {"drain_ms", "500", "BatchSize", "20", NULL};
    cluster_open(&cluster, NULL);
    cluster_create(&cluster, "t", PARTITIONS);
    seen_init(&seen);
    produce(20);
    first.function_ms = 15000;
    ck_assert_int_eq(member_start(&first, &seen, cluster.brokers, "t", "g", options), 0);
    ck_assert(wait_seen(&seen, PARTITIONS * 20, 20000));
    ck_assert_int_eq(member_start(&second, &seen, cluster.brokers, "t", "g", options), 0);
    ck_assert(wait_for(produce_and_look, &second, 10000));
    ck_assert_int_ge(member_logged(&first, "records unresolved"), 2);
    ck_assert(wait_for(came_again, NULL, 10000));
    member_stop(&second, -1);
    member_stop(&first, 0);
    ck_assert_str_eq(seen.fault, "");
    cluster_close(&cluster);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("rebalance");
    TCase *tests = tcase_create("rebalance");
    tcase_set_timeout(tests, 90);
    tcase_add_test(tests, eager);
    tcase_add_test(tests, cooperative);
    tcase_add_test(tests, a_partition_is_given_back_after_drain_ms);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
