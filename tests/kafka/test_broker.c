/* SPDX-License-Identifier: MIT */
/* What only a real broker does: times, deleted records, new partitions, commits during a rebalance. */
#include "../mock/group.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../unit/unit.h"

enum {
    PARTITIONS = 3
};

static struct cluster cluster;
static struct seen seen;
static struct member member;
static char topic[64];

static void setup(void)
{
    const char *brokers = getenv("KAFKA_BOOTSTRAP");
    ck_assert_msg(brokers != NULL, "KAFKA_BOOTSTRAP names no broker");
    cluster_open(&cluster, brokers);
    seen_init(&seen);
    snprintf(topic, sizeof(topic), "t-%d", (int)getpid());
    cluster_create(&cluster, topic, PARTITIONS);
}

static void teardown(void)
{
    cluster_close(&cluster);
}

/* The topic's name is the group's too. */
static void start(struct member *one, const char *const *options)
{
    ck_assert_int_eq(member_start(one, &seen, cluster.brokers, topic, topic, options), 0);
}

static void check_committed(int partitions, int64_t expected)
{
    for (int i = 0; i < partitions; i++)
        ck_assert_int_eq(cluster_committed(&cluster, topic, topic, i, NULL), expected);
}

static int has_all(void *data)
{
    return ((struct member *)data)->assigned >= PARTITIONS;
}

START_TEST(trim_horizon_is_the_oldest_record)
{
    cluster_produce(&cluster, topic, PARTITIONS, 100, 100);
    for (int i = 0; i < PARTITIONS; i++)
        cluster_delete(&cluster, topic, i, 30);
    start(&member, NULL);
    ck_assert(wait_seen(&seen, PARTITIONS * 70, 20000));
    member_stop(&member, -1);
    ck_assert_str_eq(seen.fault, "");
    ck_assert_int_eq(seen.first[0], 30);
    check_committed(PARTITIONS, 100);
}
END_TEST

START_TEST(latest_holds_from_the_first_moment)
{
    static const char *const options[] = {"StartingPosition", "LATEST", NULL};
    cluster_produce(&cluster, topic, PARTITIONS, 100, 100);
    start(&member, options);
    ck_assert(wait_for(has_all, &member, 20000));
    member_stop(&member, -1);
    check_committed(PARTITIONS, 100);
    cluster_produce(&cluster, topic, PARTITIONS, 50, 100);
    struct member again = {0};
    start(&again, options);
    ck_assert(wait_seen(&seen, PARTITIONS * 50, 20000));
    member_stop(&again, -1);
    ck_assert_str_eq(seen.fault, "");
    ck_assert_int_eq(seen.first[1], 100);
    check_committed(PARTITIONS, 150);
}
END_TEST

/* Partition 0 alone has records after that time: the others begin at their ends. */
START_TEST(at_timestamp_is_the_first_record_of_that_time)
{
    char seconds[32];
    cluster_produce(&cluster, topic, PARTITIONS, 100, 100);
    sleep(2);
    snprintf(seconds, sizeof(seconds), "%lld", (long long)time(NULL));
    sleep(1);
    cluster_produce(&cluster, topic, 1, 60, 100);
    const char *const options[] = {"StartingPosition", "AT_TIMESTAMP", "StartingPositionTimestamp", seconds,
                                   NULL};
    start(&member, options);
    ck_assert(wait_seen(&seen, 60, 20000));
    member_stop(&member, -1);
    ck_assert_int_eq(seen_total(&seen), 60);
    ck_assert_int_eq(seen.first[0], 100);
    ck_assert_int_eq(cluster_committed(&cluster, topic, topic, 0, NULL), 160);
    ck_assert_int_eq(cluster_committed(&cluster, topic, topic, 1, NULL), 100);
}
END_TEST

/* A partition that is added while the group runs with LATEST: nothing that is in it may be missed. */
START_TEST(a_new_partition_starts_at_its_beginning)
{
    static const char *const options[] = {"StartingPosition", "LATEST",
                                          "kafka.topic.metadata.refresh.interval.ms", "1000", NULL};
    cluster_produce(&cluster, topic, PARTITIONS, 10, 100);
    start(&member, options);
    ck_assert(wait_for(has_all, &member, 20000));
    cluster_grow(&cluster, topic, PARTITIONS + 1);
    sleep(1);
    teardown(); /* a producer that knows of it */
    cluster_open(&cluster, getenv("KAFKA_BOOTSTRAP"));
    cluster_produce(&cluster, topic, PARTITIONS + 1, 20, 100);
    ck_assert(wait_seen(&seen, (PARTITIONS + 1) * 20, 30000));
    member_stop(&member, -1);
    ck_assert_int_eq(seen.first[PARTITIONS], 0);
    ck_assert_int_eq(seen.first[0], 10);
    ck_assert_str_eq(seen.fault, "");
}
END_TEST

/* ---- offsets that are not in the log ---- */

static void let_it_commit_ten(const char *const *options)
{
    cluster_produce(&cluster, topic, PARTITIONS, 10, 100);
    start(&member, options);
    ck_assert(wait_seen(&seen, PARTITIONS * 10, 20000));
    member_stop(&member, -1);
    check_committed(PARTITIONS, 10);
    cluster_produce(&cluster, topic, PARTITIONS, 90, 100);
    cluster_delete(&cluster, topic, 1, 50); /* of it 10 to 49 are lost */
    seen.next[1] = 50;
}

static void goes_on(const char *strategy)
{
    const char *const options[] = {"kafka.partition.assignment.strategy", strategy, NULL};
    let_it_commit_ten(options);
    struct member again = {0};
    start(&again, options);
    ck_assert(wait_seen(&seen, PARTITIONS * 100 - 40, 30000));
    ck_assert_int_eq(
        member_logged(&again, "offset 10 is out of range, the log is from 50 to 100: goes on at 50"), 1);
    member_stop(&again, -1);
    ck_assert_int_eq(seen.times[1][49], 0);
    ck_assert_int_eq(seen.times[1][50], 1);
    ck_assert_str_eq(seen.fault, "");
    check_committed(PARTITIONS, 100);
}

START_TEST(out_of_range_goes_on_eager)
{
    goes_on("range");
}
END_TEST

START_TEST(out_of_range_goes_on_cooperative)
{
    goes_on("cooperative-sticky");
}
END_TEST

static int has_gone_on(void *data)
{
    return member_logged(data, "offset 10 is out of range, the log is from 50 to 100: goes on at 100") == 1;
}

START_TEST(out_of_range_latest)
{
    static const char *const options[] = {"offset_out_of_range", "latest", NULL};
    let_it_commit_ten(options);
    seen.next[1] = 100;
    struct member again = {0};
    start(&again, options);
    ck_assert(wait_seen(&seen, 100 + 10 + 100, 30000));
    ck_assert(wait_for(has_gone_on, &again, 10000));
    member_stop(&again, -1);
    check_committed(PARTITIONS, 100);
    ck_assert_int_eq(seen.count[1], 10);
}
END_TEST

START_TEST(out_of_range_stops)
{
    static const char *const options[] = {"offset_out_of_range", "stop", NULL};
    let_it_commit_ten(options);
    struct member again = {0};
    start(&again, options);
    pthread_join(again.thread, NULL);
    ck_assert_int_eq(again.result, ESM_ERR_NOT_FOUND);
    ck_assert_int_eq(member_logged(&again, "offset 10 is out of range, the log is from 50 to 100: stops"), 1);
    ck_assert_int_eq(cluster_committed(&cluster, topic, topic, 1, NULL), 10);
}
END_TEST

/* The group has committed past the end, as after a topic was made anew: back to the beginning, and the commit
 * follows. */
START_TEST(beyond_the_end_begins_anew)
{
    cluster_produce(&cluster, topic, PARTITIONS, 10, 100);
    start(&member, NULL);
    ck_assert(wait_seen(&seen, PARTITIONS * 10, 20000));
    member_stop(&member, -1);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", cluster.brokers, NULL, 0);
    rd_kafka_conf_set(conf, "group.id", topic, NULL, 0);
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, NULL, 0);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 1)->offset = 1000;
    ck_assert_int_eq(rd_kafka_commit(consumer, list, 0), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(consumer);

    seen_init(&seen);
    struct member again = {0};
    start(&again, NULL);
    ck_assert(wait_seen(&seen, 10, 30000));
    member_stop(&again, -1);
    ck_assert_int_eq(seen.count[1], 10);
    ck_assert_int_eq(
        member_logged(&again, "offset 1000 is out of range, the log is from 0 to 10: goes on at 0"), 1);
    check_committed(PARTITIONS, 10);
}
END_TEST

/* ---- rebalances: a real coordinator takes commits while the group prepares ---- */

static int second_has_some(void *data)
{
    cluster_produce(&cluster, topic, PARTITIONS, 20, 100);
    return ((struct member *)data)->assigned > 0;
}

static void come_and_go(const char *strategy)
{
    const char *const options[] = {"kafka.partition.assignment.strategy", strategy, "BatchSize", "20", NULL};
    static struct member second;
    struct watcher watcher;
    int64_t low, high;
    member.function_ms = second.function_ms = 3;
    cluster_produce(&cluster, topic, PARTITIONS, 500, 100);
    start(&member, options);
    watch_commits(&watcher, &cluster, topic, topic, PARTITIONS, &seen);
    ck_assert(wait_seen(&seen, 500, 20000));
    start(&second, options);
    ck_assert(wait_for(second_has_some, &second, 20000));
    cluster_produce(&cluster, topic, PARTITIONS, 500, 100);
    cluster_watermarks(&cluster, topic, 0, &low, &high);
    ck_assert(wait_seen(&seen, PARTITIONS * (int)high, 20000));
    cluster_produce(&cluster, topic, PARTITIONS, 500, 100);
    member_stop(&member, -1);
    cluster_watermarks(&cluster, topic, 0, &low, &high);
    ck_assert(wait_seen(&seen, PARTITIONS * (int)high, 20000));
    member_stop(&second, -1);
    watch_end(&watcher);
    ck_assert_str_eq(seen.fault, "");
    ck_assert_int_eq(member.lost + second.lost, 0);
    ck_assert_int_eq(seen.repeats, 0);
    check_committed(PARTITIONS, high);
}

START_TEST(rebalance_eager)
{
    come_and_go("range");
}
END_TEST

START_TEST(rebalance_cooperative)
{
    come_and_go("cooperative-sticky");
    ck_assert_int_lt(member.revoked, PARTITIONS);
}
END_TEST

/* The group protocol of Kafka 4, which a newer librdkafka speaks. */
START_TEST(the_consumer_protocol)
{
    static const char *const options[] = {"kafka.group.protocol",
                                          "consumer",
                                          "kafka.session.timeout.ms",
                                          NULL,
                                          "kafka.heartbeat.interval.ms",
                                          NULL,
                                          NULL};
    cluster_produce(&cluster, topic, PARTITIONS, 100, 100);
    start(&member, options);
    ck_assert(wait_seen(&seen, PARTITIONS * 100, 30000));
    member_stop(&member, -1);
    ck_assert_str_eq(seen.fault, "");
    check_committed(PARTITIONS, 100);
}
END_TEST

/* ---- a destination ---- */

static enum esm_outcome fail_seven(esm_invocation *invocation)
{
    for (size_t i = 0; i < esm_invocation_get_record_count(invocation); i++)
        if (esm_record_get_offset(esm_invocation_get_record(invocation, i)) == 7)
            return ESM_OUTCOME_FAILURE;
    return ESM_OUTCOME_SUCCESS;
}

static int is_committed(void *data)
{
    (void)data;
    for (int i = 0; i < PARTITIONS; i++)
        if (cluster_committed(&cluster, topic, topic, i, NULL) != 100)
            return 0;
    return 1;
}

static void count(void *data, const rd_kafka_message_t *message)
{
    (void)message;
    ++*(int *)data;
}

START_TEST(each_poison_record_arrives_once)
{
    char destination[128], name[80];
    int arrived = 0;
    snprintf(name, sizeof(name), "%s-failed", topic);
    snprintf(destination, sizeof(destination), "kafka://%s", name);
    cluster_create(&cluster, name, 1);
    const char *const options[] = {"DestinationConfig.OnFailure.Destination",
                                   destination,
                                   "BisectBatchOnFunctionError",
                                   "true",
                                   "MaximumRetryAttempts",
                                   "0",
                                   NULL};
    cluster_produce(&cluster, topic, PARTITIONS, 100, 100);
    member.decide = fail_seven;
    start(&member, options);
    ck_assert(wait_for(is_committed, NULL, 20000));
    member_stop(&member, -1);
    cluster_read(&cluster, name, 1, count, &arrived);
    ck_assert_int_eq(arrived, PARTITIONS);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("broker");
    TCase *tests = tcase_create("broker");
    tcase_set_timeout(tests, 90);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, trim_horizon_is_the_oldest_record);
    tcase_add_test(tests, latest_holds_from_the_first_moment);
    tcase_add_test(tests, at_timestamp_is_the_first_record_of_that_time);
    tcase_add_test(tests, a_new_partition_starts_at_its_beginning);
    tcase_add_test(tests, out_of_range_goes_on_eager);
    tcase_add_test(tests, out_of_range_goes_on_cooperative);
    tcase_add_test(tests, out_of_range_latest);
    tcase_add_test(tests, out_of_range_stops);
    tcase_add_test(tests, beyond_the_end_begins_anew);
    tcase_add_test(tests, rebalance_eager);
    tcase_add_test(tests, rebalance_cooperative);
    if (rd_kafka_version() >= 0x020a0000)
        tcase_add_test(tests, the_consumer_protocol);
    tcase_add_test(tests, each_poison_record_arrives_once);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
