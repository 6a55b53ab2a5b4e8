/* SPDX-License-Identifier: MIT */
/* Where partitions begin. All but _new and _free runs on the helper's thread: each question blocks. */
#include "kafka/source.h"

#include <string.h>

#include "base/alloc.h"

/* Times that ListOffsets takes for "the beginning" and "the end". */
enum {
    TIME_BEGINNING = -2,
    TIME_END = -1
};

int esm__start_read_note(const char *text, size_t size, int32_t *ret_count)
{
    static const char prefix[] = "esm/1 parts=";
    size_t at = sizeof(prefix) - 1;
    if (text == NULL || size <= at || size > at + 9 || memcmp(text, prefix, at) != 0)
        return 0;
    int32_t count = 0;
    for (; at < size; at++) {
        if (text[at] < '0' || text[at] > '9')
            return 0;
        count = count * 10 + (text[at] - '0');
    }
    *ret_count = count;
    return 1;
}

rd_kafka_resp_err_t esm__start_count(rd_kafka_t *client, const char *topic, int32_t *ret_count)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    if (handle == NULL)
        return rd_kafka_last_error();
    rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, handle, &metadata, ESM__ASK_MS);
    rd_kafka_topic_destroy(handle);
    if (error)
        return error;
    error = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (!error && metadata->topics[0].partition_cnt == 0)
        error = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (!error)
        *ret_count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    return error;
}

static rd_kafka_resp_err_t first_error(const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].err)
            return list->elems[i].err;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* What the whole group has committed, be it for partitions that are others' now. */
static rd_kafka_resp_err_t ask_committed(struct esm__start *start, int32_t count,
                                         rd_kafka_topic_partition_list_t **ret)
{
    const char *topic = start->partitions->elems[0].topic;
    for (int i = 0; i < start->partitions->cnt; i++)
        if (start->partitions->elems[i].partition >= count)
            count = start->partitions->elems[i].partition + 1;
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(count);
    rd_kafka_topic_partition_list_add_range(all, topic, 0, count - 1);
    rd_kafka_resp_err_t error = rd_kafka_committed(start->client, all, ESM__ASK_MS);
    if (!error)
        error = first_error(all);
    if (error)
        rd_kafka_topic_partition_list_destroy(all);
    else
        *ret = all;
    return error;
}

static void read_notes(struct esm__start *start, const rd_kafka_topic_partition_list_t *all, int32_t count)
{
    int has_note = 0, has_offset = 0;
    for (int i = 0; i < all->cnt && !has_note; i++) {
        const rd_kafka_topic_partition_t *one = &all->elems[i];
        has_offset |= one->offset >= 0;
        has_note =
            one->offset >= 0 && esm__start_read_note(one->metadata, one->metadata_size, &start->first_count);
    }
    start->is_foreign = has_offset && !has_note;
    if (!has_note)
        start->first_count = has_offset ? 0 : count;
}

static int64_t time_for(const struct esm__start *start, int32_t partition)
{
    const struct esm__settings *settings = &start->source->settings;
    if (partition >= start->first_count || settings->starting_position == ESM__START_TRIM_HORIZON)
        return TIME_BEGINNING;
    return settings->starting_position == ESM__START_AT_TIMESTAMP ? settings->starting_timestamp_ms
                                                                  : TIME_END;
}

/* Asks for the offsets at the times that stand in the list. A time after the last record gives the end. */
static rd_kafka_resp_err_t ask_times(rd_kafka_t *client, rd_kafka_topic_partition_list_t *times)
{
    if (times->cnt == 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(client, times, ESM__ASK_MS);
    if (!error)
        error = first_error(times);
    if (error)
        return error;
    rd_kafka_topic_partition_list_t *ends = rd_kafka_topic_partition_list_new(times->cnt);
    for (int i = 0; i < times->cnt; i++)
        if (times->elems[i].offset < 0)
            rd_kafka_topic_partition_list_add(ends, times->elems[i].topic, times->elems[i].partition)
                ->offset = TIME_END;
    if (ends->cnt > 0)
        error = rd_kafka_offsets_for_times(client, ends, ESM__ASK_MS);
    if (!error)
        error = first_error(ends);
    for (int i = 0; !error && i < ends->cnt; i++) {
        const rd_kafka_topic_partition_t *end = &ends->elems[i];
        if (end->offset < 0)
            error = RD_KAFKA_RESP_ERR__NO_OFFSET;
        rd_kafka_topic_partition_list_set_offset(times, end->topic, end->partition, end->offset);
    }
    rd_kafka_topic_partition_list_destroy(ends);
    return error;
}

static rd_kafka_resp_err_t resolve(struct esm__start *start, const rd_kafka_topic_partition_list_t *all)
{
    rd_kafka_topic_partition_list_t *times = rd_kafka_topic_partition_list_new(start->partitions->cnt);
    for (int i = 0; i < start->partitions->cnt; i++) {
        rd_kafka_topic_partition_t *one = &start->partitions->elems[i];
        int64_t committed = all->elems[one->partition].offset;
        start->committed[i] = committed >= 0 ? committed : -1;
        one->offset = start->committed[i];
        if (committed < 0)
            rd_kafka_topic_partition_list_add(times, one->topic, one->partition)->offset =
                time_for(start, one->partition);
    }
    rd_kafka_resp_err_t error = ask_times(start->client, times);
    for (int i = 0; !error && i < times->cnt; i++)
        rd_kafka_topic_partition_list_set_offset(start->partitions, times->elems[i].topic,
                                                 times->elems[i].partition, times->elems[i].offset);
    rd_kafka_topic_partition_list_destroy(times);
    return error;
}

static void run(struct esm__job *job)
{
    struct esm__start *start = (struct esm__start *)job;
    rd_kafka_topic_partition_list_t *all;
    int32_t count;
    start->error = esm__start_count(start->client, start->partitions->elems[0].topic, &count);
    if (!start->error)
        start->error = ask_committed(start, count, &all);
    if (start->error)
        return;
    read_notes(start, all, count);
    start->error = resolve(start, all);
    rd_kafka_topic_partition_list_destroy(all);
}

int esm__start_new(struct esm__source *source, const rd_kafka_topic_partition_list_t *partitions,
                   struct esm__start **ret)
{
    struct esm__start *start = esm__calloc(source->allocator, 1, sizeof(*start));
    if (start == NULL)
        return ESM_ERR_NOMEM;
    start->job.run = run;
    start->source = source;
    start->client = source->client;
    start->partitions = rd_kafka_topic_partition_list_copy(partitions);
    start->committed = esm__calloc(source->allocator, (size_t)partitions->cnt, sizeof(*start->committed));
    if (start->committed == NULL) {
        esm__start_free(start);
        return ESM_ERR_NOMEM;
    }
    *ret = start;
    return 0;
}

void esm__start_free(struct esm__start *start)
{
    if (start == NULL)
        return;
    rd_kafka_topic_partition_list_destroy(start->partitions);
    esm__free(start->source->allocator, start->committed);
    esm__free(start->source->allocator, start);
}
