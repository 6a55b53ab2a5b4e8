/* SPDX-License-Identifier: MIT */
/* A topic as destination: each poison record is there, once. */
#include "group.h"

#include <string.h>

#include "../unit/unit.h"

enum {
    PARTITIONS = 4,
    RECORDS = 500,
    POISON = 100,
    PRODUCE = 0
};

static struct cluster cluster;
static struct seen seen;
static struct member member;
static const char *const options[] = {"DestinationConfig.OnFailure.Destination",
                                      "kafka://failed",
                                      "BisectBatchOnFunctionError",
                                      "true",
                                      "MaximumRetryAttempts",
                                      "0",
                                      NULL};

static void setup(void)
{
    cluster_open(&cluster, NULL);
    seen_init(&seen);
    cluster_create(&cluster, "t", PARTITIONS);
    cluster_create(&cluster, "failed", 2);
    cluster_produce(&cluster, "t", PARTITIONS, RECORDS, 100);
}

static void teardown(void)
{
    cluster_close(&cluster);
}

static int is_poison(const esm_record *record)
{
    return esm_record_get_offset(record) % POISON == 7;
}

static enum esm_outcome fail_poison(esm_invocation *invocation)
{
    for (size_t i = 0; i < esm_invocation_get_record_count(invocation); i++)
        if (is_poison(esm_invocation_get_record(invocation, i)))
            return ESM_OUTCOME_FAILURE;
    return ESM_OUTCOME_SUCCESS;
}

static int arrived[PARTITIONS][RECORDS];
static int strange;

static void look(void *data, const rd_kafka_message_t *message)
{
    char text[4096], key[16];
    int partition;
    long offset;
    (void)data;
    snprintf(text, sizeof(text), "%.*s", (int)message->len, (const char *)message->payload);
    const char *info = strstr(text, "\"recordInfo\":{\"offset\":\"");
    const char *records = strstr(text, "\"records\":{\"t-");
    if (info == NULL || records == NULL || strstr(text, "\"condition\":\"RetriesExhausted\"") == NULL ||
        sscanf(info, "\"recordInfo\":{\"offset\":\"%ld\"", &offset) != 1 ||
        sscanf(records, "\"records\":{\"t-%d\"", &partition) != 1 || offset >= RECORDS ||
        partition >= PARTITIONS) {
        strange++;
        return;
    }
    snprintf(key, sizeof(key), "k%d", partition);
    strange += message->key_len != strlen(key) || memcmp(message->key, key, message->key_len) != 0;
    arrived[partition][offset]++;
}

static void check_arrived(void)
{
    cluster_read(&cluster, "failed", 2, look, NULL);
    ck_assert_int_eq(strange, 0);
    for (int partition = 0; partition < PARTITIONS; partition++)
        for (int offset = 0; offset < RECORDS; offset++)
            ck_assert_msg(arrived[partition][offset] == (offset % POISON == 7),
                          "partition %d, offset %d: %d times", partition, offset, arrived[partition][offset]);
}

static int all_delivered(void *data)
{
    (void)data;
    return member_logged(&member, "given up and delivered") == PARTITIONS * RECORDS / POISON;
}

/* A batch that is seen and delivered from may still have halves to do, which a stop would leave. */
static int all_committed(void *data)
{
    (void)data;
    for (int i = 0; i < PARTITIONS; i++)
        if (cluster_committed(&cluster, "g", "t", i, NULL) != RECORDS)
            return 0;
    return 1;
}

static void run_until_delivered(void)
{
    member.decide = fail_poison;
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "t", "g", options), 0);
    ck_assert(wait_for(all_delivered, NULL, 40000));
    ck_assert(wait_seen(&seen, PARTITIONS * RECORDS, 20000));
    ck_assert(wait_for(all_committed, NULL, 20000));
    member_stop(&member, -1);
}

START_TEST(each_poison_record_arrives_once)
{
    run_until_delivered();
    check_arrived();
}
END_TEST

/* Refused by the broker: tried again, and nothing that was acknowledged comes twice. */
START_TEST(a_failed_delivery_is_tried_again)
{
    rd_kafka_mock_push_request_errors(cluster.mock, PRODUCE, 2, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    run_until_delivered();
    ck_assert_int_gt(member_logged(&member, "destination failed: record"), 0);
    check_arrived();
}
END_TEST

static enum esm_outcome fail_all(esm_invocation *invocation)
{
    (void)invocation;
    return ESM_OUTCOME_FAILURE;
}

static int gave_up_twice(void *data)
{
    (void)data;
    return member_logged(&member, "the destination did not take them") >= 3;
}

/* One record of the batch is too large for good: the partition stands, and the others are not sent again and
 * again. */
START_TEST(a_record_that_is_too_large_holds_its_partition)
{
    static const char *const limited[] = {"DestinationConfig.OnFailure.Destination",
                                          "kafka://failed",
                                          "MaximumRetryAttempts",
                                          "0",
                                          "kafka.message.max.bytes",
                                          "20000",
                                          "backoff.max_ms",
                                          "200",
                                          "backoff.delivery_ms",
                                          "100",
                                          NULL};
    cluster_create(&cluster, "one", 1);
    cluster_produce(&cluster, "one", 1, 9, 100);
    cluster_produce(&cluster, "one", 1, 1, 19000); /* base64 makes more of it */
    member.decide = fail_all;
    ck_assert_int_eq(member_start(&member, &seen, cluster.brokers, "one", "g", limited), 0);
    ck_assert(wait_for(gave_up_twice, NULL, 20000));
    member_stop(&member, 1000);
    int64_t low, high, sum = 0;
    for (int i = 0; i < 2; i++) {
        cluster_watermarks(&cluster, "failed", i, &low, &high);
        sum += high;
    }
    ck_assert_int_eq(sum, 9);
    ck_assert_int_eq(cluster_committed(&cluster, "g", "one", 0, NULL), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("destination");
    TCase *tests = tcase_create("destination");
    tcase_set_timeout(tests, 90);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, each_poison_record_arrives_once);
    tcase_add_test(tests, a_failed_delivery_is_tried_again);
    tcase_add_test(tests, a_record_that_is_too_large_holds_its_partition);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
