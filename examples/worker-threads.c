/* SPDX-License-Identifier: MIT */
/*
 * Functions on worker threads: the invoke callback queues a reference to the invocation; a pool of threads
 * answers, in any order. The records are made up; with Kafka, esm_poller_use_kafka() takes the place of
 * feed().
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <esm/esm.h>

#define WORKERS    4
#define PARTITIONS 8
#define RECORDS    50 /* of each partition */
#define QUEUE      8  /* as many as max_in_flight */

struct pool {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    esm_invocation *queue[QUEUE];
    size_t first, count;
    int closed;
    atomic_int done; /* records that succeeded */
    pthread_t threads[WORKERS];
};

static void must(int error)
{
    if (error) {
        fprintf(stderr, "worker-threads: %s\n", esm_strerror(error));
        exit(EXIT_FAILURE);
    }
}

static int put(void *user_data, esm_invocation *invocation)
{
    struct pool *pool = user_data;
    pthread_mutex_lock(&pool->mutex);
    int is_full = pool->count == QUEUE;
    if (!is_full)
        pool->queue[(pool->first + pool->count++) % QUEUE] = esm_invocation_ref(invocation);
    pthread_cond_signal(&pool->filled);
    pthread_mutex_unlock(&pool->mutex);
    return is_full ? ESM_ERR_FULL : 0; /* 0: accepted, a worker answers; else it is tried again later */
}

/* The next invocation; NULL: there will be none. */
static esm_invocation *take(struct pool *pool)
{
    esm_invocation *invocation = NULL;
    pthread_mutex_lock(&pool->mutex);
    while (pool->count == 0 && !pool->closed)
        pthread_cond_wait(&pool->filled, &pool->mutex);
    if (pool->count > 0) {
        invocation = pool->queue[pool->first++ % QUEUE];
        pool->count--;
    }
    pthread_mutex_unlock(&pool->mutex);
    return invocation;
}

/* Fails the first attempt of the batch that begins a partition, to show that it comes again. */
static enum esm_outcome work_on(const esm_invocation *invocation)
{
    int is_first = esm_record_get_offset(esm_invocation_get_record(invocation, 0)) == 0;
    return is_first && esm_invocation_get_attempt(invocation) == 1 ? ESM_OUTCOME_FAILURE
                                                                   : ESM_OUTCOME_SUCCESS;
}

static void *worker(void *user_data)
{
    struct pool *pool = user_data;
    esm_invocation *invocation;
    while ((invocation = take(pool)) != NULL) {
        enum esm_outcome outcome = work_on(invocation);
        if (esm_invocation_complete(invocation, outcome, NULL, 0) == 0 && outcome == ESM_OUTCOME_SUCCESS)
            pool->done += (int)esm_invocation_get_record_count(invocation);
        esm_invocation_unref(invocation);
    }
    return NULL;
}

static void close_pool(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->closed = 1;
    pthread_cond_broadcast(&pool->filled);
    pthread_mutex_unlock(&pool->mutex);
    for (size_t i = 0; i < WORKERS; i++)
        pthread_join(pool->threads[i], NULL);
}

static esm_poller *new_poller(struct pool *pool)
{
    esm_config *config;
    esm_poller *poller;
    must(esm_config_new(NULL, &config));
    must(esm_config_set(config, "BatchSize", "10"));
    must(esm_config_set(config, "backoff.function_ms", "50"));
    must(esm_config_set(config, "max_in_flight", "8"));
    must(esm_poller_new(NULL, &poller, config));
    must(esm_poller_set_invoke(poller, put, pool, NULL));
    esm_config_free(config);
    return poller;
}

/* Gives every partition what it wants now, as a consumer would: an array in place of what it has fetched. */
static void feed(esm_partition *const *partitions, int64_t *next_offsets, esm_record *record)
{
    for (int i = 0; i < PARTITIONS; i++) {
        while (next_offsets[i] < RECORDS && esm_partition_get_wanted(partitions[i], NULL) > 0) {
            must(esm_record_set_offset(record, next_offsets[i]++));
            must(esm_partition_push(partitions[i], record));
        }
    }
}

static void run(esm_poller *poller)
{
    esm_partition *partitions[PARTITIONS];
    int64_t next_offsets[PARTITIONS] = {0};
    esm_record *record;
    must(esm_record_new(NULL, &record));
    for (int i = 0; i < PARTITIONS; i++)
        must(esm_poller_add_partition(poller, "work", i, 0, 0, &partitions[i]));
    while (esm_poller_get_counter(poller, ESM_COUNTER_COMMITTED) < PARTITIONS * RECORDS) {
        feed(partitions, next_offsets, record);
        must(esm_poller_dispatch(poller, -1));
    }
    esm_record_free(record);
    must(esm_poller_stop(poller, -1));
    must(esm_poller_run(poller));
}

int main(void)
{
    struct pool pool = {.mutex = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};
    esm_poller *poller = new_poller(&pool);
    for (size_t i = 0; i < WORKERS; i++)
        if (pthread_create(&pool.threads[i], NULL, worker, &pool) != 0)
            must(ESM_ERR_SYSTEM);
    run(poller);
    close_pool(&pool);
    int retries = (int)esm_poller_get_counter(poller, ESM_COUNTER_RETRIES);
    printf("%d records done by %d workers, %d retries\n", pool.done, WORKERS, retries);
    esm_poller_unref(poller);
    return pool.done == PARTITIONS * RECORDS ? EXIT_SUCCESS : EXIT_FAILURE;
}
