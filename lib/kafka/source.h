/* SPDX-License-Identifier: MIT */
/*
 * A consumer group as the source of a poller, and which file does what:
 *
 *     source.c     its life: finding the topic, the client, events, closing
 *     rebalance.c  partitions that come and go
 *     start.c      where a partition begins, asked of the cluster by the helper
 *     fetch.c      records out of the partitions' queues
 *     range.c      an offset that is not in the log
 *     commit.c     the poller's commits
 *     join.c       when not to commit
 *     client.c     configuration, events and log, shared with destination.c
 *     helper.c     the thread for calls without an asynchronous form
 *
 * Everything belongs to the poller's thread but what says otherwise.
 */
#ifndef ESM_KAFKA_SOURCE_H
#define ESM_KAFKA_SOURCE_H

#include <pthread.h>
#include <stdatomic.h>

#include "kafka/client.h"
#include "kafka/helper.h"

enum {
    ESM__FETCH_BATCH = 256,  /* messages taken from a queue at a time */
    ESM__METADATA_SIZE = 32, /* "esm/1 parts=2147483647" */
    ESM__ASK_MS = 3000,      /* how long one question to the cluster may take */
    ESM__RETRY_MS = 500,
    ESM__REBALANCES = 8,
};

/* One assignment of one partition. */
struct esm__part {
    struct esm__source *source;
    struct esm__part *next;
    int32_t number;
    esm_partition *handle;                          /* NULL: the poller has let go of it */
    rd_kafka_queue_t *queue;                        /* NULL: released */
    int is_leaving;                                 /* revoked: nothing more is read */
    int64_t next_offset;                            /* the one after the last that was pushed */
    size_t average;                                 /* bytes of a record, smoothed; for guesses only */
    rd_kafka_message_t *messages[ESM__FETCH_BATCH]; /* taken, not pushed yet: from `at` to `count` */
    size_t at, count;

    /* Under source->ready_lock; librdkafka's threads write here. */
    struct esm__part *next_ready;
    int is_ready;

    /* range.c */
    int is_lost; /* its offset is not in the log */
    int64_t lost_offset;
    struct esm__range *range; /* the question under way */
    int64_t come_back;        /* where to begin anew once the poller has let go; -1: not */
};

enum esm__source_state {
    ESM__SOURCE_NEW,
    ESM__SOURCE_FINDING, /* how many partitions the topic has */
    ESM__SOURCE_CONSUMING,
    ESM__SOURCE_LEAVING,    /* the group */
    ESM__SOURCE_DESTROYING, /* the helper has the client */
    ESM__SOURCE_GONE,
};

struct esm__source {
    esm_poller *poller;
    esm_allocator *allocator;      /* the poller's; a reference */
    struct esm__settings settings; /* its texts are the poller's configuration's */
    size_t references;             /* as source and as commit callback of the poller */
    enum esm__source_state state;
    int is_stopping;
    char metadata[ESM__METADATA_SIZE]; /* what commits carry */

    rd_kafka_conf_t *conf; /* until there is a client */
    rd_kafka_t *client;    /* first a prober without a group, then the consumer */
    rd_kafka_queue_t *events;
    enum esm__kafka_refill refill;
    size_t queue_bytes, queue_records; /* a partition's queue: librdkafka fetches up to one of them */
    int64_t poll_ms;                   /* the longest without a poll */
    int64_t leave_deadline;

    int wake_fd;
    esm_watch *watch;
    esm_timer *timer;
    struct esm__helper helper;
    int is_asking;                  /* a question of source.c or rebalance.c is under way */
    int64_t ask_again_ms;           /* not before */
    rd_kafka_resp_err_t find_error; /* the last one that was told */

    /* rebalance.c */
    rd_kafka_event_t *rebalances[ESM__REBALANCES]; /* oldest first */
    size_t rebalance_count;
    int is_rebalance_begun;   /* the oldest one */
    size_t leaving;           /* partitions that still drain */
    struct esm__start *start; /* the answer to where they begin; NULL: none yet */
    struct esm__part *parts;
    size_t part_count;

    /* fetch.c */
    pthread_mutex_t ready_lock;
    struct esm__part *ready, **ready_end;
    esm_record *record;
    int is_wake_due; /* something was drained from a full queue since the last wake */
    int64_t last_wake_ms;
    int is_short_of_memory; /* every partition is looked at again */

    esm_commit *commit;    /* the one that is out */
    int is_commit_held;    /* until the group is joined */
    atomic_int is_joining; /* librdkafka's threads write it */
};

int64_t esm__source_now(struct esm__source *source);

/* rebalance.c */
void esm__rebalance_add(struct esm__source *source, rd_kafka_event_t *event); /* takes the event */
void esm__rebalance_step(struct esm__source *source);
void esm__rebalance_abandon(struct esm__source *source); /* what is pending: the client goes */
void esm__rebalance_free(struct esm__source *source);    /* partitions that nobody took back */
struct esm__part *esm__part_find(struct esm__source *source, int32_t number);
int esm__part_add(struct esm__part *part, int64_t start, int64_t committed);
void esm__part_remove(struct esm__part *part, int64_t drain_ms);
int esm__part_restart(struct esm__part *part, int64_t offset); /* librdkafka reads on from there */

/* fetch.c */
void esm__fetch_ready(struct esm__source *source);
void esm__fetch_retry(struct esm__source *source); /* after a want of memory */
void esm__fetch_mark(struct esm__part *part);      /* any thread */
void esm__fetch_open(struct esm__part *part);
void esm__fetch_close(struct esm__part *part);
void esm__fetch_want(void *user_data, esm_partition *partition);

/* range.c */
void esm__range_lost(struct esm__part *part, int64_t offset);
void esm__range_step(struct esm__part *part); /* asks, if it is to be asked */
void esm__range_forget(struct esm__part *part);

/* commit.c */
int esm__commit_send(void *user_data, esm_commit *commit);
void esm__commit_event(struct esm__source *source, rd_kafka_event_t *event);
void esm__commit_step(struct esm__source *source); /* sends what was held */
void esm__commit_abandon(struct esm__source *source);

/* join.c */
void esm__join_watch(struct esm__source *source); /* for the client that source->conf will make */

/*
 * start.c: where partitions begin. The group's commits decide; then StartingPosition, but only for partitions
 * that were there when the group first started.
 */
struct esm__start {
    struct esm__job job;
    struct esm__source *source;
    rd_kafka_t *client;
    rd_kafka_topic_partition_list_t *partitions; /* in: which; out: offsets */
    int64_t *committed;                          /* out: of each; -1: none */
    int32_t
        first_count; /* out: partitions at the group's first start; 0: a group that libesm did not start */
    int is_foreign;  /* out: the group has offsets without the note */
    rd_kafka_resp_err_t error;
};
int esm__start_new(struct esm__source *source, const rd_kafka_topic_partition_list_t *partitions,
                   struct esm__start **ret);
void esm__start_free(struct esm__start *start);
rd_kafka_resp_err_t esm__start_count(rd_kafka_t *client, const char *topic, int32_t *ret_count); /* blocks */
int esm__start_read_note(const char *text, size_t size, int32_t *ret_count); /* 1: it is one */

#endif
