/* SPDX-License-Identifier: MIT */
/*
 * A cluster, pollers of a consumer group on it, and what their function has seen. The cluster is librdkafka's
 * mock one, or whatever answers at an address.
 */
#ifndef ESM_TESTS_GROUP_H
#define ESM_TESTS_GROUP_H

#include <pthread.h>
#include <stdatomic.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <esm/esm.h>
#include <esm/kafka.h>

enum {
    PARTITIONS_MOST = 16,
    OFFSETS_MOST = 100000,
    WORKERS = 4
};

struct cluster {
    rd_kafka_t *client; /* a producer */
    rd_kafka_mock_cluster_t *mock;
    char brokers[256];
};

void cluster_open(struct cluster *cluster, const char *brokers); /* NULL: a mock one */
void cluster_close(struct cluster *cluster);
void cluster_create(struct cluster *cluster, const char *topic, int partitions);
void cluster_grow(struct cluster *cluster, const char *topic, int partitions);                  /* not mock */
void cluster_delete(struct cluster *cluster, const char *topic, int partition, int64_t before); /* not mock */
/* `count` records into each of the partitions, key "k<partition>", value "<index>" filled up to `size`. */
void cluster_produce(struct cluster *cluster, const char *topic, int partitions, int count, size_t size);
/* What a group has committed; -1: nothing. `metadata` may be NULL, else it takes 64 bytes. */
int64_t cluster_committed(struct cluster *cluster, const char *group, const char *topic, int partition,
                          char *metadata);
void cluster_watermarks(struct cluster *cluster, const char *topic, int partition, int64_t *low,
                        int64_t *high);
/* Reads all that a topic holds, in one partition after another; calls `fn` for each. */
void cluster_read(struct cluster *cluster, const char *topic, int partitions,
                  void (*fn)(void *data, const rd_kafka_message_t *message), void *data);

/* What a function has seen, over all pollers of a group. */
struct seen {
    pthread_mutex_t lock;
    int count[PARTITIONS_MOST]; /* different records */
    int repeats;
    int64_t next[PARTITIONS_MOST];  /* the offset after the highest; -1: none yet */
    int64_t first[PARTITIONS_MOST]; /* the first offset; -1: none */
    unsigned char times[PARTITIONS_MOST][OFFSETS_MOST];
    int64_t committed[PARTITIONS_MOST]; /* as last looked up by watch_commits() */
    char fault[256];                    /* the first rule that was broken */
};

void seen_init(struct seen *seen);
int seen_total(struct seen *seen); /* different records */

/* One poller with a thread of its own, and worker threads that answer. */
struct member {
    struct seen *seen;
    esm_poller *poller;
    pthread_t thread, workers[WORKERS];
    int result; /* of esm_poller_run() */
    int function_ms;
    enum esm_outcome (*decide)(esm_invocation *invocation); /* NULL: success */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    esm_invocation *todo[1024];
    size_t todo_count;
    int is_over;
    atomic_int assigned, revoked, lost, commit_failures, warnings;
    char log[1 << 18];
    size_t log_size;
};

/* Options as name, value, ..., NULL, over Topics, group and brokers. Returns what use_kafka() says; 0: it
 * runs. */
int member_start(struct member *member, struct seen *seen, const char *brokers, const char *topic,
                 const char *group, const char *const *options);
void member_stop(struct member *member, int64_t drain_ms);   /* and waits */
int member_logged(struct member *member, const char *words); /* how many lines have the words */

int wait_for(int (*holds)(void *data), void *data, int timeout_ms);
int wait_seen(struct seen *seen, int count, int timeout_ms);

/* Looks up what the group has committed, again and again: it must never go down. */
struct watcher {
    struct cluster *cluster;
    const char *group, *topic;
    int partitions;
    struct seen *seen;
    atomic_int is_over;
    pthread_t thread;
};
void watch_commits(struct watcher *watcher, struct cluster *cluster, const char *group, const char *topic,
                   int partitions, struct seen *seen);
void watch_end(struct watcher *watcher);

int64_t now_ms(void);

#endif
