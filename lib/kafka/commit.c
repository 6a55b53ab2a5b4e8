/* SPDX-License-Identifier: MIT */
/* The poller's commits. It sends one at a time and tries again itself: here each is sent once and answered
 * once. */
#include "kafka/source.h"

#include <string.h>

static void answer(struct esm__source *source, enum esm_outcome outcome)
{
    esm_commit *commit = source->commit;
    source->commit = NULL;
    esm_commit_complete(commit, outcome);
    esm_commit_unref(commit);
}

/* librdkafka frees it with the list. */
static void set_metadata(struct esm__source *source, rd_kafka_topic_partition_t *one, const char *metadata)
{
    size_t size = strlen(metadata);
    one->metadata = rd_kafka_mem_malloc(source->client, size);
    memcpy(one->metadata, metadata, size);
    one->metadata_size = size;
}

static rd_kafka_topic_partition_list_t *list_of(struct esm__source *source, const esm_commit *commit)
{
    const char *topic, *metadata;
    int32_t number;
    int64_t offset;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)esm_commit_get_count(commit));
    for (size_t i = 0; esm_commit_get_offset(commit, i, &topic, &number, &offset, &metadata) == 0; i++) {
        rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, topic, number);
        one->offset = offset;
        if (metadata != NULL && metadata[0] != '\0')
            set_metadata(source, one, metadata);
    }
    return list;
}

/* The result comes as an event; librdkafka wants a callback all the same. */
static void unused(rd_kafka_t *client, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t *list,
                   void *opaque)
{
    (void)client;
    (void)error;
    (void)list;
    (void)opaque;
}

static void send_now(struct esm__source *source)
{
    if (source->state != ESM__SOURCE_CONSUMING || rd_kafka_assignment_lost(source->client)) {
        answer(source, ESM_OUTCOME_UNAVAILABLE);
        return;
    }
    rd_kafka_topic_partition_list_t *list = list_of(source, source->commit);
    if (rd_kafka_commit_queue(source->client, list, source->events, unused, source))
        answer(source, ESM_OUTCOME_UNAVAILABLE);
    rd_kafka_topic_partition_list_destroy(list);
}

void esm__commit_step(struct esm__source *source)
{
    if (source->commit == NULL || !source->is_commit_held || atomic_load(&source->is_joining))
        return;
    source->is_commit_held = 0;
    send_now(source);
}

int esm__commit_send(void *user_data, esm_commit *commit)
{
    struct esm__source *source = user_data;
    if (source->commit != NULL)
        return ESM_ERR_CONFLICT;
    source->commit = esm_commit_ref(commit);
    source->is_commit_held = 1;
    esm__commit_step(source);
    return 0;
}

/* librdkafka may have sorted the list. */
static void fail_one(struct esm__source *source, const rd_kafka_topic_partition_t *one,
                     rd_kafka_resp_err_t error)
{
    const char *topic;
    int32_t number;
    for (size_t i = 0; esm_commit_get_offset(source->commit, i, &topic, &number, NULL, NULL) == 0; i++)
        if (number == one->partition && strcmp(topic, one->topic) == 0)
            esm_commit_set_outcome(source->commit, i, ESM_OUTCOME_UNAVAILABLE);
    esm__kafka_log(source->poller, ESM_LOG_DEBUG, "%s-%d: committing offset %lld: %s", one->topic,
                   (int)one->partition, (long long)one->offset, rd_kafka_err2str(error));
}

void esm__commit_event(struct esm__source *source, rd_kafka_event_t *event)
{
    const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);
    if (source->commit == NULL)
        return;
    for (int i = 0; list != NULL && i < list->cnt; i++)
        if (error || list->elems[i].err)
            fail_one(source, &list->elems[i], error ? error : list->elems[i].err);
    answer(source, error ? ESM_OUTCOME_UNAVAILABLE : ESM_OUTCOME_SUCCESS);
}

void esm__commit_abandon(struct esm__source *source)
{
    if (source->commit != NULL)
        answer(source, ESM_OUTCOME_UNAVAILABLE);
}
