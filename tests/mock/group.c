/* SPDX-License-Identifier: MIT */
#include "group.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    ASK_MS = 10000
};

/* Works outside a test too. */
#define require(holds, why) require_at((holds) != 0, #holds, why, __LINE__)

static void require_at(int holds, const char *what, const char *why, int line)
{
    if (holds)
        return;
    fprintf(stderr, "group.c:%d: %s: %s\n", line, what, why);
    abort();
}

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the cluster ---- */

static rd_kafka_t *client_new(rd_kafka_type_t type, const char *const *properties)
{
    char reason[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (; properties[0] != NULL; properties += 2)
        require(rd_kafka_conf_set(conf, properties[0], properties[1], reason, sizeof(reason)) ==
                    RD_KAFKA_CONF_OK,
                reason);
    rd_kafka_conf_set_log_cb(conf, NULL);
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof(reason));
    require(client != NULL, reason);
    return client;
}

void cluster_open(struct cluster *cluster, const char *brokers)
{
    memset(cluster, 0, sizeof(*cluster));
    const char *const properties[] = {
        "linger.ms", "1", "log_level", "3", brokers == NULL ? NULL : "bootstrap.servers", brokers, NULL};
    cluster->client = client_new(RD_KAFKA_PRODUCER, properties);
    if (brokers == NULL) {
        cluster->mock = rd_kafka_mock_cluster_new(cluster->client, 1);
        require(cluster->mock != NULL, "");
        brokers = rd_kafka_mock_cluster_bootstraps(cluster->mock);
        rd_kafka_brokers_add(cluster->client, brokers);
    }
    snprintf(cluster->brokers, sizeof(cluster->brokers), "%s", brokers);
}

void cluster_close(struct cluster *cluster)
{
    if (cluster->mock != NULL)
        rd_kafka_mock_cluster_destroy(cluster->mock);
    rd_kafka_destroy(cluster->client);
}

/* Waits for the answer of an admin request. */
static void await_admin(rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ASK_MS);
    require(event != NULL, "");
    require(!rd_kafka_event_error(event), rd_kafka_event_error_string(event));
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
}

static void create(struct cluster *cluster, const char *topic, int partitions)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(cluster->client);
    rd_kafka_NewTopic_t *request = rd_kafka_NewTopic_new(topic, partitions, 1, NULL, 0);
    rd_kafka_CreateTopics(cluster->client, &request, 1, NULL, queue);
    await_admin(queue);
    rd_kafka_NewTopic_destroy(request);
}

void cluster_create(struct cluster *cluster, const char *topic, int partitions)
{
    if (cluster->mock == NULL)
        create(cluster, topic, partitions);
    else
        require(rd_kafka_mock_topic_create(cluster->mock, topic, partitions, 1) == RD_KAFKA_RESP_ERR_NO_ERROR,
                "");
}

void cluster_grow(struct cluster *cluster, const char *topic, int partitions)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(cluster->client);
    rd_kafka_NewPartitions_t *request = rd_kafka_NewPartitions_new(topic, (size_t)partitions, NULL, 0);
    rd_kafka_CreatePartitions(cluster->client, &request, 1, NULL, queue);
    await_admin(queue);
    rd_kafka_NewPartitions_destroy(request);
}

void cluster_delete(struct cluster *cluster, const char *topic, int partition, int64_t before)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(cluster->client);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = before;
    rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(cluster->client, &request, 1, NULL, queue);
    await_admin(queue);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
}

void cluster_produce(struct cluster *cluster, const char *topic, int partitions, int count, size_t size)
{
    char key[16], *value = calloc(1, size + 16);
    for (int i = 0; i < count; i++)
        for (int partition = 0; partition < partitions; partition++) {
            rd_kafka_resp_err_t error;
            int length = snprintf(value, size + 16, "%d", i);
            memset(value + length, '.', size);
            snprintf(key, sizeof(key), "k%d", partition);
            while ((error = rd_kafka_producev(
                        cluster->client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                        RD_KAFKA_V_KEY(key, strlen(key)), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                        RD_KAFKA_V_VALUE(value, size < (size_t)length ? (size_t)length : size),
                        RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
                rd_kafka_poll(cluster->client, 10);
            require(error == RD_KAFKA_RESP_ERR_NO_ERROR, "");
        }
    require(rd_kafka_flush(cluster->client, 60000) == RD_KAFKA_RESP_ERR_NO_ERROR, "");
    free(value);
}

static rd_kafka_t *consumer_new(struct cluster *cluster, const char *group)
{
    const char *const properties[] = {"bootstrap.servers",
                                      cluster->brokers,
                                      "group.id",
                                      group,
                                      "auto.offset.reset",
                                      "earliest",
                                      "enable.auto.commit",
                                      "false",
                                      "enable.partition.eof",
                                      "true",
                                      "log_level",
                                      "3",
                                      NULL};
    return client_new(RD_KAFKA_CONSUMER, properties);
}

static int64_t ask_committed(rd_kafka_t *consumer, const char *topic, int partition, char *metadata)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition);
    int64_t offset = -2;
    if (!rd_kafka_committed(consumer, list, ASK_MS) && !list->elems[0].err)
        offset = list->elems[0].offset < 0 ? -1 : list->elems[0].offset;
    if (metadata != NULL)
        snprintf(metadata, 64, "%.*s", (int)list->elems[0].metadata_size,
                 (const char *)list->elems[0].metadata);
    rd_kafka_topic_partition_list_destroy(list);
    return offset;
}

int64_t cluster_committed(struct cluster *cluster, const char *group, const char *topic, int partition,
                          char *metadata)
{
    rd_kafka_t *consumer = consumer_new(cluster, group);
    int64_t offset = ask_committed(consumer, topic, partition, metadata);
    rd_kafka_destroy(consumer);
    require(offset != -2, "");
    return offset;
}

void cluster_watermarks(struct cluster *cluster, const char *topic, int partition, int64_t *low,
                        int64_t *high)
{
    require(rd_kafka_query_watermark_offsets(cluster->client, topic, partition, low, high, ASK_MS) ==
                RD_KAFKA_RESP_ERR_NO_ERROR,
            "");
}

void cluster_read(struct cluster *cluster, const char *topic, int partitions,
                  void (*fn)(void *data, const rd_kafka_message_t *message), void *data)
{
    rd_kafka_t *consumer = consumer_new(cluster, "reader");
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
    for (int i = 0; i < partitions; i++)
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = 0;
    rd_kafka_assign(consumer, list);
    int64_t end = now_ms() + ASK_MS;
    for (int left = partitions; left > 0 && now_ms() < end;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
        if (message == NULL)
            continue;
        left -= message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (!message->err)
            fn(data, message);
        rd_kafka_message_destroy(message);
    }
    require(now_ms() < end, topic);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(consumer);
}

/* ---- what was seen ---- */

void seen_init(struct seen *seen)
{
    memset(seen, 0, sizeof(*seen));
    pthread_mutex_init(&seen->lock, NULL);
    for (int i = 0; i < PARTITIONS_MOST; i++)
        seen->next[i] = seen->first[i] = seen->committed[i] = -1;
}

int seen_total(struct seen *seen)
{
    int total = 0;
    pthread_mutex_lock(&seen->lock);
    for (int i = 0; i < PARTITIONS_MOST; i++)
        total += seen->count[i];
    pthread_mutex_unlock(&seen->lock);
    return total;
}

static void fault(struct seen *seen, const char *what, int partition, int64_t offset)
{
    if (seen->fault[0] == '\0')
        snprintf(seen->fault, sizeof(seen->fault),
                 "%s: partition %d, offset %" PRId64 ", next %" PRId64 ", committed %" PRId64, what,
                 partition, offset, seen->next[partition], seen->committed[partition]);
}

/* Offsets rise by one, but for a step back to what is not committed. */
static void seen_add(struct seen *seen, const esm_record *record)
{
    int partition = esm_record_get_partition(record);
    int64_t offset = esm_record_get_offset(record);
    if (offset >= OFFSETS_MOST || partition >= PARTITIONS_MOST) {
        fault(seen, "more records than expected", 0, offset);
        return;
    }
    if (seen->first[partition] < 0)
        seen->first[partition] = seen->next[partition] = offset;
    if (offset > seen->next[partition])
        fault(seen, "a record was left out", partition, offset);
    if (offset < seen->committed[partition])
        fault(seen, "a committed record came again", partition, offset);
    if (seen->times[partition][offset]++ == 0)
        seen->count[partition]++;
    else
        seen->repeats++;
    seen->next[partition] = offset + 1;
}

/* ---- a member ---- */

static int invoke(void *user_data, esm_invocation *invocation)
{
    struct member *member = user_data;
    pthread_mutex_lock(&member->seen->lock);
    for (size_t i = 0; i < esm_invocation_get_record_count(invocation); i++)
        seen_add(member->seen, esm_invocation_get_record(invocation, i));
    pthread_mutex_unlock(&member->seen->lock);
    pthread_mutex_lock(&member->lock);
    member->todo[member->todo_count++] = esm_invocation_ref(invocation);
    pthread_cond_signal(&member->changed);
    pthread_mutex_unlock(&member->lock);
    return 0;
}

static void *work(void *data)
{
    struct member *member = data;
    pthread_mutex_lock(&member->lock);
    while (!member->is_over || member->todo_count > 0) {
        if (member->todo_count == 0) {
            pthread_cond_wait(&member->changed, &member->lock);
            continue;
        }
        esm_invocation *invocation = member->todo[--member->todo_count];
        pthread_mutex_unlock(&member->lock);
        if (member->function_ms > 0)
            usleep((useconds_t)member->function_ms * 1000);
        enum esm_outcome outcome = member->decide == NULL ? ESM_OUTCOME_SUCCESS : member->decide(invocation);
        esm_invocation_complete(invocation, outcome, NULL, 0);
        esm_invocation_unref(invocation);
        pthread_mutex_lock(&member->lock);
    }
    pthread_mutex_unlock(&member->lock);
    return NULL;
}

static void log_line(void *user_data, enum esm_log_level level, const char *text)
{
    struct member *member = user_data;
    if (getenv("ESM_TEST_LOG") != NULL)
        fprintf(stderr, "%" PRId64 " %p %d %s\n", now_ms(), user_data, (int)level, text);
    member->assigned += strstr(text, "assigned, from") != NULL;
    member->revoked += strstr(text, "revoked, drains") != NULL;
    member->lost += strstr(text, ": lost") != NULL;
    member->commit_failures += strstr(text, "partitions failed") != NULL;
    member->warnings += level <= ESM_LOG_WARNING;
    pthread_mutex_lock(&member->lock);
    if (member->log_size + strlen(text) + 2 < sizeof(member->log))
        member->log_size += (size_t)sprintf(member->log + member->log_size, "%s\n", text);
    pthread_mutex_unlock(&member->lock);
}

int member_logged(struct member *member, const char *words)
{
    int count = 0;
    pthread_mutex_lock(&member->lock);
    for (const char *at = member->log; (at = strstr(at, words)) != NULL; at++)
        count++;
    pthread_mutex_unlock(&member->lock);
    return count;
}

static void *run(void *data)
{
    struct member *member = data;
    member->result = esm_poller_run(member->poller);
    return NULL;
}

static void set(esm_config *config, const char *name, const char *value)
{
    int error = esm_config_set(config, name, value);
    const char *reason = "";
    if (error != 0)
        esm_config_get_fault(config, 0, NULL, &reason);
    require(error == 0, reason);
}

static int make_poller(struct member *member, const char *brokers, const char *topic, const char *group,
                       const char *const *options)
{
    esm_config *config;
    require(esm_config_new(NULL, &config) == 0, "");
    set(config, "Topics", topic);
    set(config, "kafka.bootstrap.servers", brokers);
    set(config, "SelfManagedKafkaEventSourceConfig.ConsumerGroupId", group);
    set(config, "StartingPosition", "TRIM_HORIZON");
    set(config, "batch.window_ms", "20");
    /* The mock cluster waits a session's length for who has left, and 3 s for who comes first. */
    set(config, "kafka.session.timeout.ms", "4000");
    set(config, "kafka.heartbeat.interval.ms", "200");
    int has_destination = 0;
    for (; options != NULL && options[0] != NULL; options += 2) {
        set(config, options[0], options[1]);
        has_destination |= strstr(options[0], "Destination") != NULL;
    }
    require(esm_poller_new(NULL, &member->poller, config) == 0, "");
    esm_config_free(config);
    require(esm_poller_set_log(member->poller, ESM_LOG_DEBUG, log_line, member, NULL) == 0, "");
    require(esm_poller_set_invoke(member->poller, invoke, member, NULL) == 0, "");
    int error = esm_poller_use_kafka(member->poller);
    if (error == 0 && has_destination)
        error = esm_poller_use_kafka_destination(member->poller);
    return error;
}

int member_start(struct member *member, struct seen *seen, const char *brokers, const char *topic,
                 const char *group, const char *const *options)
{
    member->seen = seen;
    member->is_over = 0;
    pthread_mutex_init(&member->lock, NULL);
    pthread_cond_init(&member->changed, NULL);
    int error = make_poller(member, brokers, topic, group, options);
    if (error != 0) {
        require(esm_poller_unref(member->poller) == NULL, "");
        return error;
    }
    for (int i = 0; i < WORKERS; i++)
        require(pthread_create(&member->workers[i], NULL, work, member) == 0, "");
    require(pthread_create(&member->thread, NULL, run, member) == 0, "");
    return 0;
}

void member_stop(struct member *member, int64_t drain_ms)
{
    esm_poller_stop(member->poller, drain_ms);
    pthread_join(member->thread, NULL);
    pthread_mutex_lock(&member->lock);
    member->is_over = 1;
    pthread_cond_broadcast(&member->changed);
    pthread_mutex_unlock(&member->lock);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(member->workers[i], NULL);
    require(esm_poller_unref(member->poller) == NULL, "");
}

/* ---- waiting ---- */

int wait_for(int (*holds)(void *data), void *data, int timeout_ms)
{
    int64_t end = now_ms() + timeout_ms;
    while (!holds(data)) {
        if (now_ms() >= end)
            return 0;
        usleep(5000);
    }
    return 1;
}

struct amount {
    struct seen *seen;
    int count;
};

static int has_seen(void *data)
{
    struct amount *amount = data;
    return seen_total(amount->seen) >= amount->count;
}

int wait_seen(struct seen *seen, int count, int timeout_ms)
{
    struct amount amount = {seen, count};
    return wait_for(has_seen, &amount, timeout_ms);
}

static void *watch(void *data)
{
    struct watcher *watcher = data;
    rd_kafka_t *consumer = consumer_new(watcher->cluster, watcher->group);
    while (!watcher->is_over) {
        for (int i = 0; i < watcher->partitions; i++) {
            int64_t offset = ask_committed(consumer, watcher->topic, i, NULL);
            pthread_mutex_lock(&watcher->seen->lock);
            if (offset != -2 && offset < watcher->seen->committed[i])
                fault(watcher->seen, "the commit went back", i, offset);
            if (offset > watcher->seen->committed[i])
                watcher->seen->committed[i] = offset;
            pthread_mutex_unlock(&watcher->seen->lock);
        }
        usleep(20000);
    }
    rd_kafka_destroy(consumer);
    return NULL;
}

void watch_commits(struct watcher *watcher, struct cluster *cluster, const char *group, const char *topic,
                   int partitions, struct seen *seen)
{
    watcher->cluster = cluster;
    watcher->group = group;
    watcher->topic = topic;
    watcher->partitions = partitions;
    watcher->seen = seen;
    watcher->is_over = 0;
    require(pthread_create(&watcher->thread, NULL, watch, watcher) == 0, "");
}

void watch_end(struct watcher *watcher)
{
    watcher->is_over = 1;
    pthread_join(watcher->thread, NULL);
}
