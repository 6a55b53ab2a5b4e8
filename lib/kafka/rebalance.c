/* SPDX-License-Identifier: MIT */
/*
 * Partitions that come and go. A rebalance event is answered late: once it is known where its partitions
 * begin, or once they have drained. It must be answered, with an empty list too, or the group waits for this
 * member.
 */
#include "kafka/source.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

static int is_cooperative(struct esm__source *source)
{
    const char *protocol = rd_kafka_rebalance_protocol(source->client);
    return protocol != NULL && strcmp(protocol, "COOPERATIVE") == 0;
}

static int report(struct esm__source *source, const char *what, rd_kafka_error_t *error)
{
    if (error == NULL)
        return 0;
    esm__kafka_log(source->poller, ESM_LOG_WARNING, "%s: librdkafka: %s: %s", what,
                   rd_kafka_error_name(error), rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return ESM_ERR_TRANSPORT;
}

static rd_kafka_error_t *error_of(rd_kafka_resp_err_t error)
{
    return error ? rd_kafka_error_new(error, "%s", rd_kafka_err2str(error)) : NULL;
}

static int assign(struct esm__source *source, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_error_t *error = is_cooperative(source) ? rd_kafka_incremental_assign(source->client, list)
                                                     : error_of(rd_kafka_assign(source->client, list));
    return report(source, "assigning", error);
}

static int unassign(struct esm__source *source, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_error_t *error = is_cooperative(source) ? rd_kafka_incremental_unassign(source->client, list)
                                                     : error_of(rd_kafka_assign(source->client, NULL));
    return report(source, "giving partitions back", error);
}

static void assign_nothing(struct esm__source *source)
{
    rd_kafka_topic_partition_list_t *empty = rd_kafka_topic_partition_list_new(1);
    assign(source, empty);
    rd_kafka_topic_partition_list_destroy(empty);
}

static void log_partitions(struct esm__source *source, const char *what,
                           const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        esm__kafka_log(source->poller, ESM_LOG_INFO, "%s-%d: %s", list->elems[i].topic,
                       (int)list->elems[i].partition, what);
}

/* ---- one partition ---- */

struct esm__part *esm__part_find(struct esm__source *source, int32_t number)
{
    struct esm__part *part = source->parts;
    while (part != NULL && part->number != number)
        part = part->next;
    return part;
}

static void count_queues(struct esm__source *source)
{
    /* A queue overshoots its limit by one fetch, which is half of it. */
    esm_poller_reserve_bytes(source->poller,
                             source->part_count * (source->queue_bytes + source->queue_bytes / 2));
}

static struct esm__part *part_new(struct esm__source *source, int32_t number)
{
    struct esm__part *part = esm__calloc(source->allocator, 1, sizeof(*part));
    if (part == NULL)
        return NULL;
    part->source = source;
    part->number = number;
    part->average = 1024;
    part->come_back = -1;
    part->next = source->parts;
    source->parts = part;
    source->part_count++;
    esm__fetch_open(part);
    return part;
}

static void part_free(struct esm__part *part)
{
    struct esm__source *source = part->source;
    struct esm__part **link = &source->parts;
    while (*link != part)
        link = &(*link)->next;
    *link = part->next;
    source->part_count--;
    esm__fetch_close(part);
    esm__range_forget(part);
    esm__free(source->allocator, part);
}

int esm__part_add(struct esm__part *part, int64_t start, int64_t committed)
{
    struct esm__source *source = part->source;
    part->next_offset = start;
    int error = esm_poller_add_partition(source->poller, source->settings.topic, part->number, start,
                                         committed, &part->handle);
    if (error == 0)
        error = esm_partition_set_metadata(part->handle, source->metadata);
    if (error == 0)
        error = esm_partition_set_want(part->handle, esm__fetch_want, part, NULL);
    if (error == 0)
        esm__fetch_mark(part); /* what is in its queue already makes no event */
    else if (error != ESM_ERR_STATE)
        esm_poller_fail(source->poller, error, "cannot take a partition");
    return error;
}

static void removed(void *user_data, int drained)
{
    struct esm__part *part = user_data;
    (void)drained;
    part->handle = NULL;
    if (part->is_leaving) {
        esm__wake(part->source->wake_fd); /* the revocation goes on */
    } else if (part->come_back >= 0) {
        int64_t start = part->come_back;
        part->come_back = -1;
        part->is_lost = 0;
        esm__part_add(part, start, -1);
    }
}

void esm__part_remove(struct esm__part *part, int64_t drain_ms)
{
    if (part->handle != NULL)
        esm_partition_remove(part->handle, drain_ms, removed, part);
}

/* The offset that librdkafka has to read next. */
static int64_t read_from(const struct esm__part *part)
{
    return part->count > part->at ? part->messages[part->count - 1]->offset + 1 : part->next_offset;
}

static int restart_alone(struct esm__source *source, const char *topic, int32_t number, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, number)->offset = offset;
    int error = unassign(source, list);
    if (error == 0)
        error = assign(source, list);
    rd_kafka_topic_partition_list_destroy(list);
    return error;
}

/* A seek would do, had the partition not stopped with its error. An eager group takes assignments whole only.
 */
int esm__part_restart(struct esm__part *part, int64_t offset)
{
    struct esm__source *source = part->source;
    const char *topic = source->settings.topic;
    if (source->rebalance_count > 0)
        return ESM_ERR_STATE;
    if (is_cooperative(source))
        return restart_alone(source, topic, part->number, offset);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)source->part_count);
    for (const struct esm__part *one = source->parts; one != NULL; one = one->next)
        rd_kafka_topic_partition_list_add(list, topic, one->number)->offset =
            one == part ? offset : read_from(one);
    int error = assign(source, list);
    rd_kafka_topic_partition_list_destroy(list);
    return error;
}

/* ---- coming ---- */

static void start_answered(struct esm__job *job)
{
    struct esm__start *start = (struct esm__start *)job;
    struct esm__source *source = start->source;
    source->is_asking = 0;
    if (!start->error && source->state == ESM__SOURCE_CONSUMING) {
        source->start = start;
        return;
    }
    if (start->error) {
        esm__kafka_log(source->poller, ESM_LOG_WARNING,
                       "asking where the partitions of %s begin: %s; asking again", source->settings.topic,
                       rd_kafka_err2str(start->error));
        source->ask_again_ms = esm__source_now(source) + ESM__RETRY_MS;
    }
    esm__start_free(start);
}

static void ask_start(struct esm__source *source, const rd_kafka_topic_partition_list_t *list)
{
    struct esm__start *start;
    if (source->is_asking || esm__source_now(source) < source->ask_again_ms)
        return;
    if (esm__start_new(source, list, &start) != 0) {
        source->ask_again_ms = esm__source_now(source) + ESM__RETRY_MS;
        return;
    }
    source->is_asking = 1;
    source->ask_again_ms = 0;
    start->job.done = start_answered;
    esm__helper_submit(&source->helper, &start->job);
}

static int add_handles(struct esm__source *source, const struct esm__start *start)
{
    int error = 0;
    for (int i = 0; i < start->partitions->cnt && error == 0; i++) {
        const rd_kafka_topic_partition_t *one = &start->partitions->elems[i];
        if (start->is_foreign && start->committed[i] < 0)
            esm__kafka_log(
                source->poller, ESM_LOG_WARNING,
                "%s-%d: has no offset in a group that another program began: starts at its beginning",
                one->topic, (int)one->partition);
        esm__kafka_log(source->poller, ESM_LOG_INFO, "%s-%d: assigned, from offset %lld on", one->topic,
                       (int)one->partition, (long long)one->offset);
        error = esm__part_add(esm__part_find(source, one->partition), one->offset, start->committed[i]);
    }
    return error;
}

static void take_partitions(struct esm__source *source, struct esm__start *start)
{
    snprintf(source->metadata, sizeof(source->metadata), "esm/1 parts=%d", (int)start->first_count);
    int error = 0;
    for (int i = 0; i < start->partitions->cnt && error == 0; i++)
        if (esm__part_find(source, start->partitions->elems[i].partition) == NULL &&
            part_new(source, start->partitions->elems[i].partition) == NULL)
            error = ESM_ERR_NOMEM;
    if (error != 0) {
        esm_poller_fail(source->poller, error, "no memory for the partitions");
        assign_nothing(source);
        return;
    }
    count_queues(source);
    if (assign(source, start->partitions) == 0)
        add_handles(source, start);
}

static int serve_assign(struct esm__source *source, const rd_kafka_topic_partition_list_t *list)
{
    if (list->cnt == 0 || source->state != ESM__SOURCE_CONSUMING ||
        rd_kafka_assignment_lost(source->client)) {
        assign_nothing(source);
        return 1;
    }
    if (source->start == NULL) {
        ask_start(source, list);
        return 0;
    }
    struct esm__start *start = source->start;
    source->start = NULL;
    take_partitions(source, start);
    esm__start_free(start);
    return 1;
}

/* ---- going ---- */

static int serve_revoke(struct esm__source *source, const rd_kafka_topic_partition_list_t *list)
{
    int is_lost = rd_kafka_assignment_lost(source->client);
    int at_once = is_lost || source->state != ESM__SOURCE_CONSUMING;
    size_t left = 0;
    if (!source->is_rebalance_begun)
        log_partitions(source, is_lost ? "lost" : at_once ? "given back" : "revoked, drains", list);
    for (int i = 0; i < list->cnt; i++) {
        struct esm__part *part = esm__part_find(source, list->elems[i].partition);
        if (part == NULL)
            continue;
        part->is_leaving = 1;
        if (!source->is_rebalance_begun || at_once)
            esm__part_remove(part, at_once ? 0 : -1);
        left += part->handle != NULL;
    }
    source->is_rebalance_begun = 1;
    if (left > 0)
        return 0;
    for (int i = 0; i < list->cnt; i++) {
        struct esm__part *part = esm__part_find(source, list->elems[i].partition);
        if (part != NULL)
            part_free(part);
    }
    count_queues(source);
    unassign(source, list);
    return 1;
}

/* ---- the events, oldest first ---- */

static int serve(struct esm__source *source, rd_kafka_event_t *event)
{
    const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
    if (rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
        return serve_assign(source, list);
    return serve_revoke(source, list);
}

void esm__rebalance_step(struct esm__source *source)
{
    while (source->rebalance_count > 0 && serve(source, source->rebalances[0])) {
        rd_kafka_event_destroy(source->rebalances[0]);
        source->rebalance_count--;
        memmove(source->rebalances, source->rebalances + 1,
                source->rebalance_count * sizeof(source->rebalances[0]));
        source->is_rebalance_begun = 0;
        source->ask_again_ms = 0;
    }
}

void esm__rebalance_add(struct esm__source *source, rd_kafka_event_t *event)
{
    if (source->rebalance_count == ESM__REBALANCES) { /* librdkafka waits for each answer: two is the most */
        rd_kafka_event_destroy(event);
        esm_poller_fail(source->poller, ESM_ERR_TRANSPORT,
                        "librdkafka: too many rebalances without an answer");
        return;
    }
    source->rebalances[source->rebalance_count++] = event;
}

void esm__rebalance_abandon(struct esm__source *source)
{
    while (source->rebalance_count > 0)
        rd_kafka_event_destroy(source->rebalances[--source->rebalance_count]);
    esm__start_free(source->start);
    source->start = NULL;
    for (struct esm__part *part = source->parts; part != NULL; part = part->next)
        esm__fetch_close(part);
}

void esm__rebalance_free(struct esm__source *source)
{
    while (source->parts != NULL)
        part_free(source->parts);
}
