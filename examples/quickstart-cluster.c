/* SPDX-License-Identifier: MIT */
/* The cluster of the quickstart: a producer with librdkafka's mock broker inside, and a consumer that looks
 * at it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "quickstart.h"

#define WAIT_MS 10000

struct cluster {
    rd_kafka_t *producer;
    rd_kafka_t *reader; /* of the same group, which it never joins */
    rd_kafka_mock_cluster_t *mock;
};

static void must(int error, const char *what)
{
    if (error) {
        fprintf(stderr, "quickstart: %s: %s\n", what, rd_kafka_err2str((rd_kafka_resp_err_t)error));
        exit(EXIT_FAILURE);
    }
}

static rd_kafka_t *client_new(rd_kafka_type_t type, const char *const (*options)[2])
{
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (; (*options)[0]; options++)
        if (rd_kafka_conf_set(conf, (*options)[0], (*options)[1], reason, sizeof(reason)) != RD_KAFKA_CONF_OK)
            must(RD_KAFKA_RESP_ERR__INVALID_ARG, reason);
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof(reason));
    if (!client)
        must(rd_kafka_last_error(), reason);
    return client;
}

struct cluster *cluster_new(void)
{
    struct cluster *cluster = calloc(1, sizeof(*cluster));
    must(cluster ? 0 : RD_KAFKA_RESP_ERR__FAIL, "no memory");
    cluster->producer = client_new(RD_KAFKA_PRODUCER, (const char *const[][2]){{"test.mock.num.brokers", "1"},
                                                                               {"log_level", "4"},
                                                                               {NULL, NULL}});
    cluster->mock = rd_kafka_handle_mock_cluster(cluster->producer);
    cluster->reader = client_new(RD_KAFKA_CONSUMER,
                                 (const char *const[][2]){{"bootstrap.servers", cluster_get_brokers(cluster)},
                                                          {"group.id", GROUP},
                                                          {"enable.auto.commit", "false"},
                                                          {NULL, NULL}});
    must(rd_kafka_mock_topic_create(cluster->mock, TOPIC, PARTITIONS, 1), "creating " TOPIC);
    must(rd_kafka_mock_topic_create(cluster->mock, DEAD_LETTERS, 1, 1), "creating " DEAD_LETTERS);
    return cluster;
}

void cluster_free(struct cluster *cluster)
{
    rd_kafka_consumer_close(cluster->reader);
    rd_kafka_destroy(cluster->reader);
    rd_kafka_destroy(cluster->producer);
    free(cluster);
}

const char *cluster_get_brokers(const struct cluster *cluster)
{
    return rd_kafka_mock_cluster_bootstraps(cluster->mock);
}

void cluster_produce_orders(struct cluster *cluster)
{
    static const char note[] =
        "to be left with the neighbours, who are at home from nine to five on all days but "
        "Sunday, and have a dog that barks at bells";
    for (int order = 0; order < RECORDS; order++) {
        char key[32], value[256];
        int key_size = snprintf(key, sizeof(key), "order-%05d", order);
        int size = snprintf(value, sizeof(value), "{\"order\":%d,\"amount\":%d,\"note\":\"%s\"}", order,
                            order % 97, note);
        must(rd_kafka_producev(cluster->producer, RD_KAFKA_V_TOPIC(TOPIC),
                               RD_KAFKA_V_PARTITION(order % PARTITIONS),
                               RD_KAFKA_V_KEY(key, (size_t)key_size), RD_KAFKA_V_VALUE(value, (size_t)size),
                               RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
             "producing");
    }
    must(rd_kafka_flush(cluster->producer, WAIT_MS), "producing");
}

int64_t cluster_get_end(struct cluster *cluster, const char *topic, int32_t partition)
{
    int64_t low, high;
    must(rd_kafka_query_watermark_offsets(cluster->reader, topic, partition, &low, &high, WAIT_MS),
         "asking for the end of a partition");
    return high;
}

int64_t cluster_get_committed(struct cluster *cluster, int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, TOPIC, partition);
    must(rd_kafka_committed(cluster->reader, list, WAIT_MS), "asking for committed offsets");
    int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return offset;
}

/* The message is AWS's document on one record; its payload is the event of that record. */
static void read_letter(const rd_kafka_message_t *message, struct letter *ret)
{
    cJSON *document = cJSON_ParseWithLength(message->payload, message->len);
    const cJSON *context = cJSON_GetObjectItem(document, "requestContext");
    const cJSON *records = cJSON_GetObjectItem(cJSON_GetObjectItem(document, "payload"), "records");
    const cJSON *record = records && records->child ? records->child->child : NULL;
    const cJSON *condition = cJSON_GetObjectItem(context, "condition");
    const cJSON *count = cJSON_GetObjectItem(context, "approximateInvokeCount");
    *ret = (struct letter){.order = -1, .invocations = count ? count->valueint : -1};
    if (record)
        ret->order = cJSON_GetObjectItem(record, "offset")->valueint * PARTITIONS +
                     cJSON_GetObjectItem(record, "partition")->valueint;
    snprintf(ret->condition, sizeof(ret->condition), "%s", condition ? condition->valuestring : "none");
    cJSON_Delete(document);
}

size_t cluster_read_letters(struct cluster *cluster, struct letter *letters, size_t most)
{
    int64_t end = cluster_get_end(cluster, DEAD_LETTERS, 0), next = 0;
    size_t count = 0;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, DEAD_LETTERS, 0)->offset = 0;
    must(rd_kafka_assign(cluster->reader, list), "reading " DEAD_LETTERS);
    rd_kafka_topic_partition_list_destroy(list);
    while (next < end && count < most) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(cluster->reader, WAIT_MS);
        must(message ? message->err : RD_KAFKA_RESP_ERR__TIMED_OUT, "reading " DEAD_LETTERS);
        next = message->offset + 1;
        read_letter(message, &letters[count++]);
        rd_kafka_message_destroy(message);
    }
    return count;
}
