/* SPDX-License-Identifier: MIT */
/* Consuming, committing, starting positions and slow functions, on the mock cluster. */
#include "group.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../unit/unit.h"

static struct cluster cluster;
static struct seen seen;
static struct member member;

static void setup(void)
{
    cluster_open(&cluster, NULL);
    seen_init(&seen);
}

static void teardown(void)
{
    cluster_close(&cluster);
}

static void check_committed(const char *group, const char *topic, int partitions, int64_t expected)
{
    for (int i = 0; i < partitions; i++)
        ck_assert_int_eq(cluster_committed(&cluster, group, topic, i, NULL), expected);
}

START_TEST(all_is_seen_and_committed)
{
    char metadata[64];
    cluster_create(&cluster, "t", 4);
    cluster_produce(&cluster, "t", 4, 2500, 100);
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", NULL), 0);
    ck_assert(wait_seen(&seen, 10000, 20000));
    member_stop(&member, -1);
    ck_assert_int_eq(member.result, 0);
    ck_assert_str_eq(seen.fault, "");
    ck_assert_int_eq(seen.repeats, 0);
    check_committed("g", "t", 4, 2500);
    cluster_committed(&cluster, "g", "t", 0, metadata);
    ck_assert_str_eq(metadata, "esm/1 parts=4");
}
END_TEST

/* ---- where a group starts ---- */

static int has_four(void *data)
{
    return ((struct member *)data)->assigned >= 4;
}

static void commit_by_another(const char *group, const char *topic, int partition, int64_t offset,
                              const char *metadata)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", cluster.brokers, NULL, 0);
    rd_kafka_conf_set(conf, "group.id", group, NULL, 0);
    rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, NULL, 0);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, topic, partition);
    one->offset = offset;
    if (metadata != NULL) {
        one->metadata = strdup(metadata);
        one->metadata_size = strlen(metadata);
    }
    ck_assert_int_eq(rd_kafka_commit(consumer, list, 0), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(consumer);
}

static const char *const latest[] = {"StartingPosition", "LATEST", NULL};

START_TEST(latest_holds_from_the_first_moment)
{
    cluster_create(&cluster, "t", 4);
    cluster_produce(&cluster, "t", 4, 100, 100);
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", latest), 0);
    ck_assert(wait_for(has_four, &member, 20000));
    member_stop(&member, -1);
    ck_assert_int_eq(seen_total(&seen), 0);
    check_committed("g", "t", 4, 100);

    cluster_produce(&cluster, "t", 4, 50, 100);
    struct member again = {0};
    ck_assert_int_eq(member_start(&again, &seen, cluster.brokers, "t", "g", latest), 0);
    ck_assert(wait_seen(&seen, 200, 20000));
    member_stop(&again, -1);
    ck_assert_str_eq(seen.fault, "");
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(seen.first[i], 100);
    check_committed("g", "t", 4, 150);
}
END_TEST

START_TEST(trim_horizon_commits_the_beginning)
{
    cluster_create(&cluster, "t", 4);
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", NULL), 0);
    ck_assert(wait_for(has_four, &member, 20000));
    member_stop(&member, -1);
    check_committed("g", "t", 4, 0);
}
END_TEST

/* Two partitions at the group's first start: the third and the fourth are new, the second is not. */
START_TEST(new_partitions_start_at_their_beginning)
{
    cluster_create(&cluster, "t", 4);
    cluster_produce(&cluster, "t", 4, 100, 100);
    commit_by_another("g", "t", 0, 40, "esm/1 parts=2");
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", latest), 0);
    ck_assert(wait_seen(&seen, 60 + 0 + 100 + 100, 20000));
    member_stop(&member, -1);
    ck_assert_int_eq(seen.first[0], 40);
    ck_assert_int_eq(seen.first[1], -1);
    ck_assert_int_eq(seen.first[2], 0);
    ck_assert_int_eq(seen.first[3], 0);
    check_committed("g", "t", 4, 100);
    char metadata[64];
    cluster_committed(&cluster, "g", "t", 3, metadata);
    ck_assert_str_eq(metadata, "esm/1 parts=2");
}
END_TEST

START_TEST(a_foreign_group_starts_at_the_beginning_and_says_so)
{
    cluster_create(&cluster, "t", 4);
    cluster_produce(&cluster, "t", 4, 100, 100);
    commit_by_another("g", "t", 0, 40, NULL);
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", latest), 0);
    ck_assert(wait_seen(&seen, 360, 20000));
    ck_assert_int_eq(member_logged(&member, "a group that another program began"), 3);
    member_stop(&member, -1);
    ck_assert_int_eq(seen.first[0], 40);
    ck_assert_int_eq(seen.first[1], 0);
    check_committed("g", "t", 4, 100);
}
END_TEST

START_TEST(a_topic_that_comes_later_is_waited_for)
{
    rd_kafka_mock_topic_set_error(cluster.mock, "t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", NULL), 0);
    sleep(2);
    ck_assert_int_eq(member_logged(&member, "topic t: "), 1);
    rd_kafka_mock_topic_set_error(cluster.mock, "t", RD_KAFKA_RESP_ERR_NO_ERROR);
    cluster_produce(&cluster, "t", 1, 10, 100);
    ck_assert(wait_seen(&seen, 10, 20000));
    member_stop(&member, -1);
}
END_TEST

/* ---- trouble ---- */

START_TEST(a_slow_function_keeps_its_partitions)
{
    static const char *const options[] = {"kafka.max.poll.interval.ms", "4500", NULL};
    cluster_create(&cluster, "t", 1);
    cluster_produce(&cluster, "t", 1, 10, 100);
    member.function_ms = 13500;
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", options), 0);
    ck_assert(wait_seen(&seen, 10, 20000));
    sleep(14);
    ck_assert_int_eq(member.assigned, 1);
    ck_assert_int_eq(member.lost + member.revoked, 0);
    member_stop(&member, -1);
    ck_assert_int_eq(seen.repeats, 0);
    check_committed("g", "t", 1, 10);
}
END_TEST

START_TEST(a_failed_commit_is_made_good_and_fails_no_batch)
{
    enum {
        OFFSET_COMMIT = 8
    };
    cluster_create(&cluster, "t", 4);
    cluster_produce(&cluster, "t", 4, 500, 100);
    rd_kafka_mock_push_request_errors(cluster.mock, OFFSET_COMMIT, 3,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE,
                                      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", NULL), 0);
    ck_assert(wait_seen(&seen, 2000, 20000));
    member_stop(&member, -1);
    ck_assert_int_eq(member.commit_failures, 3);
    ck_assert_str_eq(seen.fault, "");
    ck_assert_int_eq(seen.repeats, 0);
    check_committed("g", "t", 4, 500);
}
END_TEST

/* Draining a full queue does not wake the thread that fetches; it would sleep up to a second each time. */
START_TEST(a_drained_queue_is_filled_at_once)
{
    static const char *const options[] = {"memory.budget_bytes", "8388608",
                                          NULL}; /* 2 MiB for the one queue */
    cluster_create(&cluster, "t", 1);
    cluster_produce(&cluster, "t", 1, 4500, 1024);
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", options), 0);
    ck_assert(wait_seen(&seen, 1, 20000));
    int64_t begin = now_ms();
    ck_assert(wait_seen(&seen, 4500, 20000));
    int64_t took = now_ms() - begin;
    member_stop(&member, -1);
    ck_assert_msg(took < 800, "4500 records took %d ms", (int)took);
}
END_TEST

START_TEST(a_hard_stop_is_quick_and_loses_nothing)
{
    cluster_create(&cluster, "t", 4);
    cluster_produce(&cluster, "t", 4, 1000, 100);
    member.function_ms = 3000;
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", NULL), 0);
    ck_assert(wait_seen(&seen, 400, 20000));
    int64_t begin = now_ms();
    esm_poller_stop(member.poller, 0);
    pthread_join(member.thread, NULL);
    ck_assert_int_lt(now_ms() - begin, 1000);
    check_committed("g", "t", 4, 0);
    exit(0); /* the workers still sleep, as a killed program's would */
}
END_TEST

/* ---- configuration ---- */

START_TEST(what_librdkafka_refuses_is_told)
{
    static const char *const unknown[] = {"kafka.no.such.property", "1", NULL};
    static const char *const bad[] = {"kafka.session.timeout.ms", "soon", NULL};
    static const char *const no_key[] = {"kafka.ssl.key.pem", "nonsense", "kafka.security.protocol", "ssl",
                                         NULL};
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", unknown), ESM_ERR_CONFIG);
    ck_assert_int_eq(member_logged(&member, "kafka.no.such.property"), 1);
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", bad), ESM_ERR_CONFIG);
    ck_assert_int_eq(member_logged(&member, "kafka.session.timeout.ms"), 1);
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", no_key), ESM_ERR_CONFIG);
    ck_assert_int_eq(member_logged(&member, "ssl.key.pem failed"), 1);
}
END_TEST

START_TEST(a_poller_may_go_without_ever_running)
{
    esm_config *config;
    esm_poller *poller;
    ck_assert_int_eq(esm_config_new(NULL, &config), 0);
    ck_assert_int_eq(esm_config_set(config, "Topics", "t"), 0);
    ck_assert_int_eq(esm_poller_new(NULL, &poller, config), 0);
    ck_assert_int_eq(esm_poller_use_kafka(poller), ESM_ERR_CONFIG); /* no brokers, no group */
    ck_assert_int_eq(esm_poller_use_kafka(NULL), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_ptr_null(esm_poller_unref(poller));
    ck_assert_int_eq(esm_config_set(config, "kafka.bootstrap.servers", cluster.brokers), 0);
    ck_assert_int_eq(esm_config_set(config, "StartingPosition", "LATEST"), 0);
    ck_assert_int_eq(esm_config_set(config, "UUID", "11111111-2222-3333-4444-555555555555"), 0);
    ck_assert_int_eq(esm_poller_new(NULL, &poller, config), 0);
    ck_assert_int_eq(esm_poller_use_kafka(poller), 0);
    ck_assert_int_eq(esm_poller_use_kafka_destination(poller), ESM_ERR_CONFIG); /* there is none */
    ck_assert_ptr_null(esm_poller_unref(poller));
    esm_config_free(config);
}
END_TEST

static int ignore(void *user_data, esm_invocation *invocation)
{
    (void)user_data;
    return esm_invocation_complete(invocation, ESM_OUTCOME_SUCCESS, NULL, 0);
}

/* Freed in each state that a source goes through, without being stopped. */
START_TEST(a_running_poller_may_be_freed)
{
    cluster_create(&cluster, "t", 4);
    cluster_produce(&cluster, "t", 4, 100, 100);
    esm_config *config;
    ck_assert_int_eq(esm_config_new(NULL, &config), 0);
    ck_assert_int_eq(esm_config_set(config, "Topics", "t"), 0);
    ck_assert_int_eq(esm_config_set(config, "kafka.bootstrap.servers", cluster.brokers), 0);
    ck_assert_int_eq(esm_config_set(config, "StartingPosition", "TRIM_HORIZON"), 0);
    ck_assert_int_eq(esm_config_set(config, "UUID", "11111111-2222-3333-4444-555555555555"), 0);
    static const int times_ms[] = {1, 20, 300, 4000};
    for (size_t i = 0; i < sizeof(times_ms) / sizeof(times_ms[0]); i++) {
        esm_poller *poller;
        ck_assert_int_eq(esm_poller_new(NULL, &poller, config), 0);
        ck_assert_int_eq(esm_poller_set_invoke(poller, ignore, NULL, NULL), 0);
        ck_assert_int_eq(esm_poller_use_kafka(poller), 0);
        for (int64_t end = now_ms() + times_ms[i]; now_ms() < end;)
            ck_assert_int_eq(esm_poller_dispatch(poller, 1), 0);
        int64_t begin = now_ms();
        ck_assert_ptr_null(esm_poller_unref(poller));
        ck_assert_int_lt(now_ms() - begin, 4000);
    }
    esm_config_free(config);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("source");
    TCase *tests = tcase_create("source");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, all_is_seen_and_committed);
    tcase_add_test(tests, latest_holds_from_the_first_moment);
    tcase_add_test(tests, trim_horizon_commits_the_beginning);
    tcase_add_test(tests, new_partitions_start_at_their_beginning);
    tcase_add_test(tests, a_foreign_group_starts_at_the_beginning_and_says_so);
    tcase_add_test(tests, a_topic_that_comes_later_is_waited_for);
    tcase_add_test(tests, a_slow_function_keeps_its_partitions);
    tcase_add_test(tests, a_failed_commit_is_made_good_and_fails_no_batch);
    tcase_add_test(tests, a_drained_queue_is_filled_at_once);
    tcase_add_exit_test(tests, a_hard_stop_is_quick_and_loses_nothing, 0);
    tcase_add_test(tests, what_librdkafka_refuses_is_told);
    tcase_add_test(tests, a_poller_may_go_without_ever_running);
    tcase_add_test(tests, a_running_poller_may_be_freed);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
