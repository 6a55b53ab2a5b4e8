/* SPDX-License-Identifier: MIT */
/*
 * The loop that one would write by hand: take up to a batch from each partition's queue, write the event,
 * POST it, commit what was answered with 200. One batch in flight per partition. No filter, no retry, no
 * split, no limit of memory: the least that libesm can be compared with. It is meant to be fast; whatever
 * goes wrong ends it.
 */
#include "bench.h"
#include "event.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <curl/curl.h>
#include <librdkafka/rdkafka.h>

#define COMMIT_INTERVAL_MS   100
#define CONSUMER_INTERVAL_MS 100 /* how often the consumer queue, with its rebalances, is looked at */
#define WAKE_INTERVAL_MS     2
#define NEVER                INT64_MAX

struct partition {
    struct loop *loop;
    rd_kafka_queue_t *queue;
    CURL *easy;
    struct event event;
    int32_t number;
    int in_flight; /* records */
    int64_t next;  /* offset behind the batch in flight */
    int64_t done;  /* offset to commit; -1: nothing new */
};

struct loop {
    const struct bench_options *options;
    rd_kafka_t *kafka;
    rd_kafka_message_t **messages; /* one batch */
    struct partition *partitions;
    int partition_count;
    CURLM *multi;
    struct curl_slist *headers;
    int epoll;
    int wakeup;
    int64_t curl_at; /* when curl, a wake, the consumer queue and a commit are due, monotonic ms */
    int64_t wake_at;
    int64_t consumer_at;
    int64_t commit_at;
    int64_t woken_at;
    int64_t taken;
    int64_t answered;
    int64_t invocations;
};

static void must(bool ok, const char *what)
{
    if (!ok)
        bench_die("%s failed (errno: %s)", what, strerror(errno));
}

/* ---- Kafka ---- */

static void on_queue(rd_kafka_t *kafka, void *opaque) /* on a thread of librdkafka */
{
    (void)kafka;
    uint64_t one = 1;
    (void)!write(((struct loop *)opaque)->wakeup, &one, sizeof(one));
}

static size_t on_answer(char *data, size_t size, size_t count, void *opaque)
{
    (void)data;
    (void)opaque;
    return size * count;
}

static void partition_init(struct partition *partition, struct loop *loop, int32_t number)
{
    const struct bench_options *options = loop->options;
    *partition = (struct partition){.loop = loop, .number = number, .done = -1};
    event_init(&partition->event, options->brokers, options->topic, number);
    partition->easy = curl_easy_init();
    must(partition->easy != NULL, "curl_easy_init");
    curl_easy_setopt(partition->easy, CURLOPT_URL, options->url);
    curl_easy_setopt(partition->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(partition->easy, CURLOPT_HTTPHEADER, loop->headers);
    curl_easy_setopt(partition->easy, CURLOPT_UPLOAD_BUFFERSIZE, 65536L);
    curl_easy_setopt(partition->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(partition->easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(partition->easy, CURLOPT_PRIVATE, partition);
    partition->queue = rd_kafka_queue_get_partition(loop->kafka, options->topic, number);
    must(partition->queue != NULL, "rd_kafka_queue_get_partition");
    rd_kafka_queue_forward(partition->queue, NULL);
    rd_kafka_queue_cb_event_enable(partition->queue, on_queue, loop);
}

static void partitions_free(struct loop *loop)
{
    for (int i = 0; i < loop->partition_count; i++) {
        struct partition *partition = &loop->partitions[i];
        rd_kafka_queue_cb_event_enable(partition->queue, NULL, NULL);
        rd_kafka_queue_destroy(partition->queue);
        curl_multi_remove_handle(loop->multi, partition->easy);
        curl_easy_cleanup(partition->easy);
        event_free(&partition->event);
    }
    free(loop->partitions);
    loop->partitions = NULL;
    loop->partition_count = 0;
}

static void on_rebalance(rd_kafka_t *kafka, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t *list,
                         void *opaque)
{
    struct loop *loop = opaque;
    if (error != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        if (loop->answered < loop->options->records)
            bench_die("the partitions were revoked: %s", rd_kafka_err2str(error));
        rd_kafka_assign(kafka, NULL);
        return;
    }
    must(!rd_kafka_assign(kafka, list), "rd_kafka_assign");
    loop->partitions = calloc((size_t)list->cnt, sizeof(*loop->partitions));
    must(loop->partitions != NULL, "calloc");
    for (int i = 0; i < list->cnt; i++)
        partition_init(&loop->partitions[i], loop, list->elems[i].partition);
    loop->partition_count = list->cnt;
}

static void kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
        bench_die("%s", error);
}

/* From 2.2 on a full queue has a back-off of its own, which a wake does not end: it is made short there. */
static bool wake_helps(void)
{
    return rd_kafka_version() < 0x02020000;
}

static void kafka_open(struct loop *loop)
{
    const struct bench_options *options = loop->options;
    char number[24];
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    kafka_set(conf, "bootstrap.servers", options->brokers);
    kafka_set(conf, "group.id", options->group);
    kafka_set(conf, "enable.auto.commit", "false");
    kafka_set(conf, "enable.auto.offset.store", "false");
    kafka_set(conf, "auto.offset.reset", "earliest");
    if (options->queue_kbytes) {
        snprintf(number, sizeof(number), "%lld", (long long)options->queue_kbytes);
        kafka_set(conf, "queued.max.messages.kbytes", number);
        snprintf(number, sizeof(number), "%lld", (long long)options->queue_kbytes * 512);
        kafka_set(conf, "fetch.message.max.bytes", number);
        /* A fetch leaves full queues out, and while the others have nothing to read it holds them up. */
        kafka_set(conf, "fetch.wait.max.ms", "10");
    }
    if (options->wake && !wake_helps())
        kafka_set(conf, "fetch.queue.backoff.ms", "1");
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_opaque(conf, loop);
    loop->kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
    if (!loop->kafka)
        bench_die("%s", error);
    rd_kafka_poll_set_consumer(loop->kafka);

    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, options->topic, RD_KAFKA_PARTITION_UA);
    must(!rd_kafka_subscribe(loop->kafka, topics), "rd_kafka_subscribe");
    rd_kafka_topic_partition_list_destroy(topics);
}

static void poll_consumer(struct loop *loop, int64_t now)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(loop->kafka, 0);
    if (message)
        bench_die("from the consumer queue: %s",
                  message->err ? rd_kafka_message_errstr(message) : "a record");
    loop->consumer_at = now + (loop->partition_count ? CONSUMER_INTERVAL_MS : 5);
}

static void commit(struct loop *loop, int async)
{
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(loop->partition_count);
    for (int i = 0; i < loop->partition_count; i++) {
        struct partition *partition = &loop->partitions[i];
        if (partition->done < 0)
            continue;
        rd_kafka_topic_partition_list_add(offsets, loop->options->topic, partition->number)->offset =
            partition->done;
        partition->done = -1;
    }
    if (offsets->cnt)
        must(!rd_kafka_commit(loop->kafka, offsets, async), "rd_kafka_commit");
    rd_kafka_topic_partition_list_destroy(offsets);
    loop->commit_at = NEVER;
}

/* Threads that sleep because a queue was full are not woken by draining it. This does it, and without SASL no
 * more. */
static void wake_brokers(struct loop *loop, int64_t now)
{
    rd_kafka_error_destroy(rd_kafka_sasl_set_credentials(loop->kafka, "", ""));
    loop->woken_at = now;
    loop->wake_at = NEVER;
}

/* ---- HTTP ---- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *opaque, void *known)
{
    struct loop *loop = opaque;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
        curl_multi_assign(loop->multi, fd, NULL);
        return 0;
    }
    struct epoll_event event = {.data.fd = fd};
    event.events =
        (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
    must(!epoll_ctl(loop->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
    curl_multi_assign(loop->multi, fd, loop);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *opaque)
{
    (void)multi;
    ((struct loop *)opaque)->curl_at = timeout_ms < 0 ? NEVER : bench_now_ms() + timeout_ms;
    return 0;
}

static void http_open(struct loop *loop)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    loop->multi = curl_multi_init();
    loop->headers = curl_slist_append(curl_slist_append(NULL, "Content-Type: application/json"), "Expect:");
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    must(loop->multi && loop->headers && loop->epoll >= 0 && loop->wakeup >= 0, "opening HTTP");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = loop->wakeup};
    must(!epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wakeup, &event), "epoll_ctl");
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop);
    curl_multi_setopt(loop->multi, CURLMOPT_MAXCONNECTS, 1024L);
}

static void post(struct partition *partition)
{
    struct loop *loop = partition->loop;
    curl_easy_setopt(partition->easy, CURLOPT_POSTFIELDS, partition->event.data);
    curl_easy_setopt(partition->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)partition->event.size);
    must(!curl_multi_add_handle(loop->multi, partition->easy), "curl_multi_add_handle");
}

static void finish_posts(struct loop *loop, int64_t now)
{
    int left;
    for (CURLMsg *done; (done = curl_multi_info_read(loop->multi, &left));) {
        struct partition *partition = NULL;
        CURL *easy = done->easy_handle;
        CURLcode result = done->data.result;
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&partition);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (result || status != 200)
            bench_die("the function: %s, status %ld", curl_easy_strerror(result), status);
        curl_multi_remove_handle(loop->multi, easy);
        loop->answered += partition->in_flight;
        loop->invocations++;
        partition->in_flight = 0;
        partition->done = partition->next;
        if (loop->commit_at == NEVER)
            loop->commit_at = now + COMMIT_INTERVAL_MS;
    }
}

/* ---- the loop ---- */

static int take_batch(struct partition *partition)
{
    struct loop *loop = partition->loop;
    ssize_t count =
        rd_kafka_consume_batch_queue(partition->queue, 0, loop->messages, (size_t)loop->options->batch);
    must(count >= 0, "rd_kafka_consume_batch_queue");
    if (!count)
        return 0;
    if (!loop->taken)
        bench_start();
    for (ssize_t i = 0; i < count; i++) {
        if (loop->messages[i]->err)
            bench_die("partition %d: %s", partition->number, rd_kafka_message_errstr(loop->messages[i]));
    }
    event_write(&partition->event, loop->messages, (size_t)count);
    partition->next = loop->messages[count - 1]->offset + 1;
    for (ssize_t i = 0; i < count; i++)
        rd_kafka_message_destroy(loop->messages[i]);
    partition->in_flight = (int)count;
    loop->taken += count;
    return (int)count;
}

static void take_batches(struct loop *loop)
{
    for (int i = 0; i < loop->partition_count; i++) {
        struct partition *partition = &loop->partitions[i];
        if (partition->in_flight || !take_batch(partition))
            continue;
        post(partition);
        if (loop->options->wake && wake_helps() && loop->wake_at == NEVER)
            loop->wake_at = loop->woken_at + WAKE_INTERVAL_MS;
    }
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void wait_for_events(struct loop *loop)
{
    struct epoll_event events[64];
    int64_t due =
        earliest(earliest(loop->curl_at, loop->wake_at), earliest(loop->consumer_at, loop->commit_at));
    int64_t wait = due - bench_now_ms();
    int count = epoll_wait(loop->epoll, events, 64, wait > 0 ? (int)wait : 0);
    int running;
    for (int i = 0; i < count; i++) {
        uint64_t wakeups;
        if (events[i].data.fd == loop->wakeup) {
            (void)!read(loop->wakeup, &wakeups, sizeof(wakeups));
            continue;
        }
        int bits = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(loop->multi, events[i].data.fd, bits, &running);
    }
}

static void run(struct loop *loop)
{
    int running;
    while (loop->answered < loop->options->records) {
        take_batches(loop);
        wait_for_events(loop);
        int64_t now = bench_now_ms();
        if (loop->curl_at <= now) {
            loop->curl_at = NEVER;
            curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        finish_posts(loop, now);
        if (loop->wake_at <= now)
            wake_brokers(loop, now);
        if (loop->commit_at <= now)
            commit(loop, 1);
        if (loop->consumer_at <= now)
            poll_consumer(loop, now);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options;
    bench_options_parse(&options, argc, argv);
    struct loop loop = {.options = &options, .curl_at = NEVER, .wake_at = NEVER, .commit_at = NEVER};
    loop.messages = calloc((size_t)options.batch, sizeof(rd_kafka_message_t *));
    must(loop.messages != NULL, "calloc");
    event_init_tables();
    http_open(&loop);
    kafka_open(&loop);
    run(&loop);
    bench_finish("loop", &options, loop.answered, loop.invocations);

    commit(&loop, 0);
    partitions_free(&loop);
    rd_kafka_consumer_close(loop.kafka);
    rd_kafka_destroy(loop.kafka);
    curl_multi_cleanup(loop.multi);
    curl_slist_free_all(loop.headers);
    curl_global_cleanup();
    close(loop.epoll);
    close(loop.wakeup);
    free(loop.messages);
    return 0;
}
