/* SPDX-License-Identifier: MIT */
/*
 * Records out of the partitions' queues. A queue says only that it is no longer empty; whoever stops early
 * remembers it by staying marked, or is called by the poller when there is room.
 */
#include "kafka/source.h"

enum {
    RECORDS_A_TURN = 2000,
    WAKE_INTERVAL_MS = 2
};

/* ---- which partitions have something to do ---- */

void esm__fetch_mark(struct esm__part *part)
{
    struct esm__source *source = part->source;
    pthread_mutex_lock(&source->ready_lock);
    int is_first = source->ready == NULL;
    if (!part->is_ready) {
        part->is_ready = 1;
        part->next_ready = NULL;
        *source->ready_end = part;
        source->ready_end = &part->next_ready;
    }
    pthread_mutex_unlock(&source->ready_lock);
    if (is_first)
        esm__wake(source->wake_fd);
}

static struct esm__part *take_ready(struct esm__source *source)
{
    pthread_mutex_lock(&source->ready_lock);
    struct esm__part *part = source->ready;
    if (part != NULL) {
        source->ready = part->next_ready;
        if (source->ready == NULL)
            source->ready_end = &source->ready;
        part->is_ready = 0;
    }
    pthread_mutex_unlock(&source->ready_lock);
    return part;
}

static void unmark(struct esm__part *part)
{
    struct esm__source *source = part->source;
    pthread_mutex_lock(&source->ready_lock);
    struct esm__part **link = &source->ready;
    while (*link != NULL && *link != part)
        link = &(*link)->next_ready;
    if (*link == part) {
        *link = part->next_ready;
        if (*link == NULL)
            source->ready_end = link;
    }
    part->is_ready = 0;
    pthread_mutex_unlock(&source->ready_lock);
}

void esm__fetch_want(void *user_data, esm_partition *partition)
{
    (void)partition;
    esm__fetch_mark(user_data);
}

/* ---- a queue's life ---- */

/* On librdkafka's thread, under its lock. */
static void queue_filled(rd_kafka_t *client, void *user_data)
{
    (void)client;
    esm__fetch_mark(user_data);
}

/* Before the partition is assigned, so that none of its records takes the consumer's queue. */
void esm__fetch_open(struct esm__part *part)
{
    struct esm__source *source = part->source;
    part->queue = rd_kafka_queue_get_partition(source->client, source->settings.topic, part->number);
    rd_kafka_queue_forward(part->queue, NULL);
    rd_kafka_queue_cb_event_enable(part->queue, queue_filled, part);
}

static void drop_messages(struct esm__part *part)
{
    while (part->at < part->count)
        rd_kafka_message_destroy(part->messages[part->at++]);
}

/* Before the partition is given back: what is left in the queue goes to the consumer's, which drops it. */
void esm__fetch_close(struct esm__part *part)
{
    if (part->queue == NULL)
        return;
    rd_kafka_queue_cb_event_enable(part->queue, NULL, NULL);
    unmark(part);
    drop_messages(part);
    rd_kafka_queue_forward(part->queue, part->source->events);
    rd_kafka_queue_destroy(part->queue);
    part->queue = NULL;
}

/* ---- one record ---- */

static int fill_headers(esm_record *record, const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t size;
    int error = 0;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0; /* it has none */
    for (size_t i = 0; error == 0 && rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; i++)
        error = esm_record_add_header(record, name, value, value == NULL ? 0 : size);
    return error;
}

static int fill(esm_record *record, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);
    esm_record_clear(record);
    esm_record_set_offset(record, message->offset);
    if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && timestamp_ms >= 0)
        esm_record_set_timestamp_ms(record, timestamp_ms,
                                    type == RD_KAFKA_TIMESTAMP_CREATE_TIME ? ESM_TIMESTAMP_CREATE_TIME
                                                                           : ESM_TIMESTAMP_LOG_APPEND_TIME);
    if (message->key != NULL)
        esm_record_set_key(record, message->key, message->key_len);
    if (message->payload != NULL)
        esm_record_set_value(record, message->payload, message->len);
    return fill_headers(record, message);
}

static void handle_error(struct esm__part *part, const rd_kafka_message_t *message)
{
    struct esm__source *source = part->source;
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
        esm__range_lost(part, message->offset);
    else
        esm__kafka_log(source->poller, ESM_LOG_WARNING, "%s-%d: librdkafka: %s", source->settings.topic,
                       (int)part->number, rd_kafka_message_errstr(message));
}

/* 0: done with it, be it pushed or not wanted. */
static int push(struct esm__part *part, const rd_kafka_message_t *message)
{
    if (message->err) {
        handle_error(part, message);
        return 0;
    }
    if (message->offset < part->next_offset)
        return 0; /* read again after a restart */
    int error = fill(part->source->record, message);
    if (error == 0)
        error = esm_partition_push(part->handle, part->source->record);
    if (error == 0)
        part->next_offset = message->offset + 1;
    return error;
}

/* ---- one partition's turn ---- */

static void watch_fullness(struct esm__part *part, size_t length)
{
    struct esm__source *source = part->source;
    if (source->refill != ESM__REFILL_BY_WAKE)
        return;
    /* The size is a guess; half of the limit is near enough, since a wake too many costs a microsecond. */
    if (length >= source->queue_records / 2 || length * part->average >= source->queue_bytes / 2)
        source->is_wake_due = 1;
}

static void learn_average(struct esm__part *part)
{
    size_t bytes = 0;
    for (size_t i = 0; i < part->count; i++)
        bytes += part->messages[i]->len + part->messages[i]->key_len;
    part->average = (part->average * 3 + bytes / part->count) / 4 + 1;
}

/* As much as the partition wants, guessed in bytes, so that little is left over. */
static int take_messages(struct esm__part *part)
{
    size_t bytes;
    size_t most = esm_partition_get_wanted(part->handle, &bytes);
    size_t length = most == 0 ? 0 : rd_kafka_queue_length(part->queue);
    if (most > length)
        most = length;
    if (most > bytes / part->average + 1)
        most = bytes / part->average + 1;
    if (most > ESM__FETCH_BATCH)
        most = ESM__FETCH_BATCH;
    if (most == 0)
        return 0;
    ssize_t count = rd_kafka_consume_batch_queue(part->queue, 0, part->messages, most);
    part->at = 0;
    part->count = count > 0 ? (size_t)count : 0;
    watch_fullness(part, length);
    if (part->count > 0)
        learn_average(part);
    return 1;
}

/* Returns how many records it has done. */
static size_t pump(struct esm__part *part, size_t most)
{
    struct esm__source *source = part->source;
    size_t done = 0;
    int error = 0;
    while (done < most && part->handle != NULL && !part->is_leaving) {
        if (part->at == part->count && !take_messages(part))
            return done;
        while (part->at < part->count && (error = push(part, part->messages[part->at])) == 0) {
            rd_kafka_message_destroy(part->messages[part->at++]);
            done++;
        }
        if (error == ESM_ERR_FULL)
            return done; /* esm__fetch_want() comes */
        if (error == ESM_ERR_NOMEM) {
            source->is_short_of_memory = 1;
            return done;
        }
        if (error != 0) { /* it drains, and will be read again */
            drop_messages(part);
            return done;
        }
    }
    if (done >= most)
        esm__fetch_mark(part);
    return done;
}

/* ---- everything that is ready ---- */

static void mark_all(struct esm__source *source)
{
    source->is_short_of_memory = 0;
    for (struct esm__part *part = source->parts; part != NULL; part = part->next)
        if (part->queue != NULL)
            esm__fetch_mark(part);
}

static void refill(struct esm__source *source)
{
    int64_t now = esm__source_now(source);
    if (!source->is_wake_due || now - source->last_wake_ms < WAKE_INTERVAL_MS)
        return; /* the timer comes back to it */
    esm__kafka_wake_brokers(source->client);
    source->is_wake_due = 0;
    source->last_wake_ms = now;
}

void esm__fetch_ready(struct esm__source *source)
{
    struct esm__part *part;
    size_t left = RECORDS_A_TURN;
    while (left > 0 && (part = take_ready(source)) != NULL) {
        size_t done = pump(part, left);
        left -= done < left ? done : left;
    }
    pthread_mutex_lock(&source->ready_lock);
    int is_more = source->ready != NULL;
    pthread_mutex_unlock(&source->ready_lock);
    if (is_more)
        esm__wake(source->wake_fd);
    refill(source);
}

void esm__fetch_retry(struct esm__source *source)
{
    if (source->is_short_of_memory)
        mark_all(source);
}
