/* SPDX-License-Identifier: MIT */
/* The source's life: finding the topic, the client, its events, closing. */
#include "kafka/source.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <esm/kafka.h>
#include "base/alloc.h"

enum {
    EVENTS_A_TURN = 200,
    POLL_MS_MOST = 1000,
    TICK_MS = 50,    /* while something is awaited that makes no event */
    LEAVE_MS = 5000, /* how long leaving the group may take */
    QUEUE_BYTES_LEAST = 64 << 10,
    QUEUE_BYTES_MOST = 4 << 20,
    QUEUE_BYTES_ALONE = 16 << 20, /* where nothing wakes the fetching thread over a full queue */
    RECORD_OVERHEAD = 512,        /* what librdkafka needs for a queued record beside its bytes */
    QUEUE_RECORDS_LEAST = 100,
};

int64_t esm__source_now(struct esm__source *source)
{
    int64_t now = 0;
    esm_poller_get_time(source->poller, &now, NULL);
    return now;
}

/* ---- the client goes ---- */

struct destroy_job {
    struct esm__job job;
    struct esm__source *source;
};

static void destroy_client(struct esm__job *job)
{
    /* Leaving has been tried; a destroy must not wait for it again. */
    rd_kafka_destroy_flags(((struct destroy_job *)job)->source->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

static void consume(struct esm__source *source);

/* A client is destroyed in order to go on as consumer, or for good. */
static void client_destroyed(struct esm__job *job)
{
    struct esm__source *source = ((struct destroy_job *)job)->source;
    source->client = NULL;
    esm__free(source->allocator, job);
    if (!source->is_stopping)
        consume(source);
    else if (source->state == ESM__SOURCE_DESTROYING)
        source->state = ESM__SOURCE_GONE;
}

/* Everything that belongs to the client is given back first. */
static void let_go(struct esm__source *source)
{
    esm__rebalance_abandon(source);
    esm__commit_abandon(source);
    if (source->events != NULL) {
        esm__kafka_watch_queue(source->events, -1);
        rd_kafka_queue_destroy(source->events);
        source->events = NULL;
    }
}

static void give_to_helper(struct esm__source *source)
{
    let_go(source);
    struct destroy_job *job = esm__calloc(source->allocator, 1, sizeof(*job));
    source->state = ESM__SOURCE_DESTROYING;
    if (job == NULL) { /* rather a pause than a leak */
        rd_kafka_destroy_flags(source->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        source->client = NULL;
        source->state = ESM__SOURCE_GONE;
        return;
    }
    job->job.run = destroy_client;
    job->job.done = client_destroyed;
    job->source = source;
    esm__helper_submit(&source->helper, &job->job);
}

/* ---- finding the topic, then consuming it ---- */

struct find_job {
    struct esm__job job;
    struct esm__source *source;
    int32_t count;
    rd_kafka_resp_err_t error;
};

static void find(struct esm__job *job)
{
    struct find_job *one = (struct find_job *)job;
    one->error = esm__start_count(one->source->client, one->source->settings.topic, &one->count);
}

static void set_queue_size(struct esm__source *source, size_t partitions)
{
    size_t bytes = source->settings.memory_budget / 4 / partitions;
    if (bytes > QUEUE_BYTES_MOST)
        bytes = QUEUE_BYTES_MOST;
    if (bytes < QUEUE_BYTES_LEAST)
        bytes = QUEUE_BYTES_LEAST;
    if (source->refill == ESM__REFILL_ALONE && bytes < QUEUE_BYTES_ALONE)
        bytes = QUEUE_BYTES_ALONE;
    source->queue_bytes = bytes;
    source->queue_records = bytes / RECORD_OVERHEAD;
    if (source->queue_records < QUEUE_RECORDS_LEAST)
        source->queue_records = QUEUE_RECORDS_LEAST;
}

static int set_number(struct esm__source *source, const char *name, size_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%zu", value);
    return esm__kafka_set(source->poller, source->conf, name, text);
}

static int finish_conf(struct esm__source *source)
{
    int error = set_number(source, "queued.max.messages.kbytes", source->queue_bytes >> 10);
    if (error == 0)
        error = set_number(source, "queued.min.messages", source->queue_records);
    if (error == 0)
        error = set_number(source, "fetch.message.max.bytes", source->queue_bytes / 2);
    if (error == 0 && source->refill == ESM__REFILL_BY_PROPERTY)
        error = set_number(source, "fetch.queue.backoff.ms", 1);
    if (error == 0)
        error = esm__kafka_set(source->poller, source->conf, "group.id", source->settings.group_id);
    return error;
}

static void open_events(struct esm__source *source, rd_kafka_queue_t *queue)
{
    source->events = queue;
    rd_kafka_set_log_queue(source->client, queue);
    esm__kafka_watch_queue(queue, source->wake_fd);
}

static int subscribe(struct esm__source *source)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, source->settings.topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t error = rd_kafka_subscribe(source->client, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (error)
        esm__kafka_log(source->poller, ESM_LOG_ERROR, "subscribing to %s: %s", source->settings.topic,
                       rd_kafka_err2str(error));
    return error ? ESM_ERR_TRANSPORT : 0;
}

static void consume(struct esm__source *source)
{
    int error = finish_conf(source);
    rd_kafka_conf_t *conf = source->conf;
    if (error == 0) {
        esm__join_watch(source);
        source->conf = NULL;
        error = esm__kafka_client_new(source->poller, RD_KAFKA_CONSUMER, conf, &source->client);
    }
    if (error == 0) {
        rd_kafka_poll_set_consumer(source->client);
        open_events(source, rd_kafka_queue_get_consumer(source->client));
        source->state = ESM__SOURCE_CONSUMING;
        error = esm__kafka_connect(source->poller, source->client, source->settings.bootstrap_servers);
    }
    if (error == 0)
        error = subscribe(source);
    if (error != 0)
        esm_poller_fail(source->poller, error, "the consumer could not be made");
    else
        esm__kafka_log(source->poller, ESM_LOG_INFO, "consumer group %s: joins for %s, librdkafka %s",
                       source->settings.group_id, source->settings.topic, rd_kafka_version_str());
}

static void found(struct esm__job *job)
{
    struct find_job *one = (struct find_job *)job;
    struct esm__source *source = one->source;
    source->is_asking = 0;
    if (source->state != ESM__SOURCE_FINDING) {
        ; /* the poller was freed */
    } else if (source->is_stopping) {
        give_to_helper(source);
    } else if (one->error) {
        if (one->error != source->find_error)
            esm__kafka_log(source->poller, ESM_LOG_WARNING, "topic %s: %s; asking again",
                           source->settings.topic, rd_kafka_err2str(one->error));
        source->find_error = one->error;
        source->ask_again_ms = esm__source_now(source) + ESM__RETRY_MS;
    } else {
        set_queue_size(source, (size_t)one->count);
        give_to_helper(source);
    }
    esm__free(source->allocator, one);
}

static void ask_topic(struct esm__source *source)
{
    if (source->is_asking || esm__source_now(source) < source->ask_again_ms)
        return;
    struct find_job *job = esm__calloc(source->allocator, 1, sizeof(*job));
    if (job == NULL)
        return; /* the timer comes back to it */
    job->job.run = find;
    job->job.done = found;
    job->source = source;
    source->is_asking = 1;
    esm__helper_submit(&source->helper, &job->job);
}

/* ---- events ---- */

/* The partition queues take every record. One that comes here was on its way when its queue was opened. */
static void handle_stray(struct esm__source *source, rd_kafka_event_t *event)
{
    const rd_kafka_message_t *message = rd_kafka_event_message_next(event);
    struct esm__part *part = message == NULL ? NULL : esm__part_find(source, message->partition);
    if (part != NULL && part->handle != NULL && !part->is_leaving && message->offset >= part->next_offset)
        esm__range_lost(part, message->offset);
}

static void handle(struct esm__source *source, rd_kafka_event_t *event)
{
    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_REBALANCE: esm__rebalance_add(source, event); return;
    case RD_KAFKA_EVENT_OFFSET_COMMIT: esm__commit_event(source, event); break;
    case RD_KAFKA_EVENT_FETCH: handle_stray(source, event); break;
    default: esm__kafka_handle_event(source->poller, source->client, event);
    }
    rd_kafka_event_destroy(event);
}

static void serve_events(struct esm__source *source)
{
    for (int i = 0; source->events != NULL; i++) {
        if (i == EVENTS_A_TURN) {
            esm__wake(source->wake_fd);
            return;
        }
        rd_kafka_event_t *event = rd_kafka_queue_poll(source->events, 0);
        if (event == NULL)
            return;
        handle(source, event);
    }
}

/* ---- closing ---- */

static void leave(struct esm__source *source)
{
    source->state = ESM__SOURCE_LEAVING;
    source->leave_deadline = esm__source_now(source) + LEAVE_MS;
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(source->client, source->events);
    if (error == NULL)
        return;
    esm__kafka_log(source->poller, ESM_LOG_WARNING, "leaving the group: %s", rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    source->leave_deadline = 0;
}

static void serve_leaving(struct esm__source *source)
{
    int is_late = esm__source_now(source) >= source->leave_deadline;
    if (is_late)
        esm__kafka_log(source->poller, ESM_LOG_WARNING,
                       "the group was not left in time: it will notice by itself");
    if (is_late || rd_kafka_consumer_closed(source->client))
        give_to_helper(source);
}

static void free_waiting(struct esm__source *source)
{
    esm__helper_join(&source->helper);
    esm_watch_free(source->watch);
    esm_timer_free(source->timer);
    if (source->wake_fd >= 0)
        close(source->wake_fd);
    source->watch = NULL;
    source->timer = NULL;
    source->wake_fd = -1;
}

static int stop(struct esm__source *source)
{
    source->is_stopping = 1;
    switch (source->state) {
    case ESM__SOURCE_NEW: return esm_poller_source_closed(source->poller);
    case ESM__SOURCE_FINDING:
        if (!source->is_asking)
            give_to_helper(source);
        break;
    case ESM__SOURCE_CONSUMING: leave(source); break;
    default: /* the prober is being destroyed, or consume() has failed half-way */
        if (source->client == NULL)
            source->state = ESM__SOURCE_GONE;
    }
    esm__wake(source->wake_fd);
    return 0;
}

/* ---- the turn ---- */

static void set_timer(struct esm__source *source)
{
    int64_t now = esm__source_now(source);
    int64_t wait = source->poll_ms;
    if (source->rebalance_count > 0 || source->state != ESM__SOURCE_CONSUMING || source->is_short_of_memory)
        wait = TICK_MS;
    if (source->is_wake_due)
        wait = 1;
    esm_timer_set(source->timer, now + wait);
}

static void serve(struct esm__source *source)
{
    esm__helper_collect(&source->helper);
    serve_events(source);
    if (source->state == ESM__SOURCE_FINDING)
        ask_topic(source);
    if (source->state == ESM__SOURCE_CONSUMING || source->state == ESM__SOURCE_LEAVING)
        esm__rebalance_step(source);
    esm__commit_step(source);
    if (source->state == ESM__SOURCE_CONSUMING)
        esm__fetch_ready(source);
    if (source->state == ESM__SOURCE_LEAVING)
        serve_leaving(source);
    if (source->state == ESM__SOURCE_GONE) {
        free_waiting(source);
        esm_poller_source_closed(source->poller);
        return;
    }
    set_timer(source);
}

static void woken(void *user_data, uint32_t events)
{
    struct esm__source *source = user_data;
    uint64_t count;
    (void)events;
    ssize_t size =
        read(source->wake_fd, &count, sizeof(count)); /* before looking, so that nothing is missed */
    (void)size;
    serve(source);
}

static void tick(void *user_data)
{
    struct esm__source *source = user_data;
    esm__fetch_retry(source);
    for (struct esm__part *part = source->parts; part != NULL; part = part->next)
        esm__range_step(part);
    serve(source);
}

/* ---- as the poller sees it ---- */

static int start(struct esm__source *source)
{
    source->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (source->wake_fd < 0)
        return ESM_ERR_SYSTEM;
    int error =
        esm_poller_add_watch(source->poller, source->wake_fd, ESM_WATCH_READ, woken, source, &source->watch);
    if (error == 0)
        error = esm_poller_add_timer(source->poller, tick, source, &source->timer);
    if (error == 0)
        error = esm__helper_start(&source->helper, source->wake_fd);
    if (error == 0)
        error = esm__kafka_connect(source->poller, source->client, source->settings.bootstrap_servers);
    if (error != 0) {
        free_waiting(source);
        return error;
    }
    source->state = ESM__SOURCE_FINDING;
    open_events(source, rd_kafka_queue_get_main(source->client));
    esm__wake(source->wake_fd);
    return 0;
}

static int handle_source(void *user_data, enum esm_source_event event)
{
    return event == ESM_SOURCE_START ? start(user_data) : stop(user_data);
}

static void source_unref(void *user_data)
{
    struct esm__source *source = user_data;
    if (--source->references > 0)
        return;
    source->is_stopping = 1;
    source->state = ESM__SOURCE_GONE;
    let_go(source);
    esm__helper_join(&source->helper);
    if (source->client != NULL) /* before the descriptor that its threads write to */
        rd_kafka_destroy_flags(source->client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free_waiting(source);
    if (source->conf != NULL)
        rd_kafka_conf_destroy(source->conf);
    esm__rebalance_free(source);
    esm_record_free(source->record);
    pthread_mutex_destroy(&source->ready_lock);
    esm_allocator *allocator = esm_allocator_ref(source->allocator);
    esm_allocator_unref(source->allocator);
    esm__free(allocator, source);
    esm_allocator_unref(allocator);
}

static int check(esm_poller *poller, const struct esm__settings *settings)
{
    const char *missing = NULL;
    if (settings->topic == NULL)
        missing = "Topics";
    else if (settings->bootstrap_servers == NULL)
        missing = "SelfManagedEventSource.Endpoints or kafka.bootstrap.servers";
    else if (settings->group_id == NULL)
        missing = "a consumer group";
    else if (settings->starting_position == ESM__START_UNSET)
        missing = "StartingPosition";
    if (missing == NULL)
        return 0;
    esm__kafka_log(poller, ESM_LOG_ERROR, "consuming needs %s", missing);
    return ESM_ERR_CONFIG;
}

static int make_conf(struct esm__source *source)
{
    /* A partition whose queue was full is left out of the request that waits at the broker; beside idle
     * partitions it gets a queue's worth in that time. The default of 500 ms made 18 thousand records a
     * second of 360 thousand. */
    static const struct esm__kafka_property defaults[] = {{"client.id", "libesm"},
                                                          {"fetch.wait.max.ms", "20"},
                                                          {NULL, NULL}};
    static const struct esm__kafka_property promises[] = {
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"enable.partition.eof", "false"},
        {NULL, NULL},
    };
    int error = esm__kafka_conf_new(source->poller, defaults, promises, &source->conf);
    if (error != 0)
        return error;
    rd_kafka_conf_set_events(source->conf, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT |
                                               RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_ERROR |
                                               RD_KAFKA_EVENT_LOG);
    source->refill = esm__kafka_get_refill(source->conf, source->settings.kafka_wake);
    source->poll_ms = esm__kafka_get_int(source->conf, "max.poll.interval.ms", 300000) / 3;
    if (source->poll_ms > POLL_MS_MOST)
        source->poll_ms = POLL_MS_MOST;
    return 0;
}

static int source_new(esm_poller *poller, const struct esm__settings *settings, struct esm__source **ret)
{
    esm_allocator *allocator = esm__kafka_allocator(poller);
    struct esm__source *source = esm__calloc(allocator, 1, sizeof(*source));
    if (source == NULL)
        return ESM_ERR_NOMEM;
    source->poller = poller;
    source->allocator = esm_allocator_ref(allocator);
    source->settings = *settings;
    source->references = 1;
    source->wake_fd = -1;
    source->ready_end = &source->ready;
    pthread_mutex_init(&source->ready_lock, NULL);
    int error = esm_record_new(allocator, &source->record);
    if (error == 0)
        error = make_conf(source);
    /* The prober finds the number of partitions, by which the consumer's queues are made. Made here, it tells
     * at once what librdkafka has against the configuration. */
    if (error == 0)
        error = esm__kafka_client_new(poller, RD_KAFKA_CONSUMER, rd_kafka_conf_dup(source->conf),
                                      &source->client);
    if (error != 0) {
        source_unref(source);
        return error;
    }
    *ret = source;
    return 0;
}

int esm_poller_use_kafka(esm_poller *poller)
{
    struct esm__settings settings;
    struct esm__source *source;
    if (poller == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (esm_poller_get_state(poller) != ESM_POLLER_NEW)
        return ESM_ERR_STATE;
    int error = esm__config_get_settings(esm_poller_get_config(poller), &settings);
    if (error == 0)
        error = check(poller, &settings);
    if (error == 0)
        error = source_new(poller, &settings, &source);
    if (error != 0)
        return error;
    error = esm_poller_set_source(poller, handle_source, source, source_unref);
    if (error == 0) {
        source->references++;
        error = esm_poller_set_commit(poller, esm__commit_send, source, source_unref);
    }
    if (error != 0)
        source_unref(source);
    return error;
}
