/* SPDX-License-Identifier: MIT */
/*
 * A topic as destination: one message for each record. A delivery that fails is tried again by the poller,
 * with a new token; what the topic has acknowledged, or still has under way, is remembered until then and not
 * sent twice. After a restart, or where too many deliveries fail at once, a record may come twice.
 */
#include "kafka/client.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <esm/kafka.h>
#include "base/alloc.h"
#include "kafka/helper.h"

enum {
    REMEMBERED = 64,
    QUEUE_KBYTES_LEAST = 1024,
    EVENTS_A_TURN = 200
};

struct shipment;

struct message {
    struct shipment *shipment;
    enum {
        UNSENT,
        SENT,
        ACKNOWLEDGED
    } state;
};

/* The records of one delivery, over all its attempts. */
struct shipment {
    struct shipment *next;
    struct destination *destination;
    esm_delivery *delivery; /* NULL: between two attempts */
    int32_t partition;
    int64_t first, last, first_timestamp_ms;
    size_t count, sent, acknowledged;
    struct message messages[];
};

struct destination {
    esm_poller *poller;
    esm_allocator *allocator;
    const char *topic, *brokers; /* the poller's configuration's */
    rd_kafka_t *producer;
    rd_kafka_queue_t *events;
    int wake_fd;
    esm_watch *watch;
    int is_connected;
    struct shipment *shipments; /* newest first */
};

/* ---- shipments ---- */

static int is_of(const struct shipment *shipment, const esm_delivery *delivery)
{
    const esm_record *first = esm_delivery_get_record(delivery, 0);
    const esm_record *last = esm_delivery_get_record(delivery, shipment->count - 1);
    return esm_delivery_get_record_count(delivery) == shipment->count &&
           esm_record_get_partition(first) == shipment->partition &&
           esm_record_get_offset(first) == shipment->first && esm_record_get_offset(last) == shipment->last &&
           esm_record_get_timestamp_ms(first, NULL) == shipment->first_timestamp_ms;
}

static struct shipment *shipment_find(struct destination *destination, const esm_delivery *delivery)
{
    struct shipment *shipment = destination->shipments;
    while (shipment != NULL && !is_of(shipment, delivery))
        shipment = shipment->next;
    return shipment;
}

static void shipment_free(struct shipment *shipment)
{
    struct destination *destination = shipment->destination;
    struct shipment **link = &destination->shipments;
    while (*link != shipment)
        link = &(*link)->next;
    *link = shipment->next;
    esm__free(destination->allocator, shipment);
}

/* Those whose partition went away are never asked for again: the oldest goes. */
static void forget_oldest(struct destination *destination)
{
    struct shipment *oldest = NULL;
    size_t idle = 0;
    for (struct shipment *one = destination->shipments; one != NULL; one = one->next)
        if (one->delivery == NULL && one->sent == 0) {
            oldest = one;
            idle++;
        }
    if (idle > REMEMBERED)
        shipment_free(oldest);
}

static struct shipment *shipment_new(struct destination *destination, const esm_delivery *delivery)
{
    size_t count = esm_delivery_get_record_count(delivery);
    struct shipment *shipment =
        esm__calloc(destination->allocator, 1, sizeof(*shipment) + count * sizeof(shipment->messages[0]));
    if (shipment == NULL)
        return NULL;
    const esm_record *first = esm_delivery_get_record(delivery, 0);
    shipment->destination = destination;
    shipment->partition = esm_record_get_partition(first);
    shipment->first = esm_record_get_offset(first);
    shipment->first_timestamp_ms = esm_record_get_timestamp_ms(first, NULL);
    shipment->last = esm_record_get_offset(esm_delivery_get_record(delivery, count - 1));
    shipment->count = count;
    for (size_t i = 0; i < count; i++)
        shipment->messages[i].shipment = shipment;
    shipment->next = destination->shipments;
    destination->shipments = shipment;
    return shipment;
}

static void answer(struct shipment *shipment, enum esm_outcome outcome)
{
    esm_delivery_complete(shipment->delivery, outcome);
    shipment->delivery = esm_delivery_unref(shipment->delivery);
}

static void settle(struct shipment *shipment)
{
    if (shipment->sent > 0)
        return;
    int is_done = shipment->acknowledged == shipment->count;
    if (shipment->delivery != NULL)
        answer(shipment, is_done ? ESM_OUTCOME_SUCCESS : ESM_OUTCOME_UNAVAILABLE);
    else
        is_done = 0; /* the next attempt shall find it */
    if (is_done)
        shipment_free(shipment);
    else
        forget_oldest(shipment->destination);
}

/* ---- sending ---- */

static void report(struct destination *destination, const esm_record *record, const char *reason)
{
    esm__kafka_log(destination->poller, ESM_LOG_WARNING, "destination %s: record %lld of %s-%d: %s",
                   destination->topic, (long long)esm_record_get_offset(record), esm_record_get_topic(record),
                   (int)esm_record_get_partition(record), reason);
}

/* 0, or why not. */
static rd_kafka_resp_err_t produce(struct shipment *shipment, size_t index)
{
    const char *document;
    size_t size, key_size;
    if (esm_delivery_write_document(shipment->delivery, ESM_DOCUMENT_RECORD, index, &document, &size) != 0)
        return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    const void *key = esm_record_get_key(esm_delivery_get_record(shipment->delivery, index), &key_size);
    union { /* librdkafka copies both, but takes them without const */
        const void *in;
        void *out;
    } bytes[] = {{key}, {document}};
    return rd_kafka_producev(shipment->destination->producer, RD_KAFKA_V_TOPIC(shipment->destination->topic),
                             RD_KAFKA_V_KEY(bytes[0].out, key_size), RD_KAFKA_V_VALUE(bytes[1].out, size),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_OPAQUE(&shipment->messages[index]), RD_KAFKA_V_END);
}

static void send_rest(struct shipment *shipment)
{
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (size_t i = 0; i < shipment->count && error != RD_KAFKA_RESP_ERR__QUEUE_FULL; i++) {
        if (shipment->messages[i].state != UNSENT)
            continue;
        error = produce(shipment, i);
        if (error) {
            report(shipment->destination, esm_delivery_get_record(shipment->delivery, i),
                   rd_kafka_err2str(error));
            continue;
        }
        shipment->messages[i].state = SENT;
        shipment->sent++;
    }
}

/* Nobody waits any more. What was sent may still arrive; the next attempt finds it. */
static void cancelled(void *user_data)
{
    struct shipment *shipment = user_data;
    shipment->delivery = esm_delivery_unref(shipment->delivery);
}

static int deliver(void *user_data, esm_delivery *delivery)
{
    struct destination *destination = user_data;
    if (!destination->is_connected) {
        if (esm__kafka_connect(destination->poller, destination->producer, destination->brokers) != 0)
            return ESM_ERR_TRANSPORT;
        destination->is_connected = 1;
    }
    struct shipment *shipment = shipment_find(destination, delivery);
    if (shipment == NULL)
        shipment = shipment_new(destination, delivery);
    if (shipment == NULL)
        return ESM_ERR_NOMEM;
    esm_delivery_unref(shipment->delivery);
    shipment->delivery = esm_delivery_ref(delivery);
    esm_delivery_set_cancel(delivery, cancelled, shipment);
    send_rest(shipment);
    settle(shipment);
    return 0;
}

/* ---- what becomes of the messages ---- */

static void reported(struct destination *destination, const rd_kafka_message_t *one)
{
    struct message *message = one->_private;
    struct shipment *shipment = message->shipment;
    shipment->sent--;
    message->state = one->err ? UNSENT : ACKNOWLEDGED;
    if (!one->err)
        shipment->acknowledged++;
    else if (shipment->delivery != NULL)
        report(destination,
               esm_delivery_get_record(shipment->delivery, (size_t)(message - shipment->messages)),
               rd_kafka_err2str(one->err));
    settle(shipment);
}

static void woken(void *user_data, uint32_t events)
{
    struct destination *destination = user_data;
    rd_kafka_event_t *event;
    uint64_t count;
    (void)events;
    ssize_t size = read(destination->wake_fd, &count, sizeof(count));
    (void)size;
    for (int i = 0; i < EVENTS_A_TURN; i++) {
        const rd_kafka_message_t *message;
        if ((event = rd_kafka_queue_poll(destination->events, 0)) == NULL)
            return;
        if (!esm__kafka_handle_event(destination->poller, destination->producer, event))
            while ((message = rd_kafka_event_message_next(event)) != NULL)
                reported(destination, message);
        rd_kafka_event_destroy(event);
    }
    esm__wake(destination->wake_fd);
}

/* ---- life ---- */

static void destination_free(void *user_data)
{
    struct destination *destination = user_data;
    if (destination->events != NULL) {
        esm__kafka_watch_queue(destination->events, -1);
        rd_kafka_queue_destroy(destination->events);
    }
    if (destination->producer != NULL) {
        rd_kafka_purge(destination->producer,
                       RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
        rd_kafka_destroy(destination->producer);
    }
    while (destination->shipments != NULL) {
        if (destination->shipments->delivery != NULL)
            answer(destination->shipments, ESM_OUTCOME_UNAVAILABLE);
        shipment_free(destination->shipments);
    }
    esm_watch_free(destination->watch);
    if (destination->wake_fd >= 0)
        close(destination->wake_fd);
    esm_allocator *allocator = destination->allocator;
    esm__free(allocator, destination);
    esm_allocator_unref(allocator);
}

static int make_producer(struct destination *destination, const struct esm__settings *settings)
{
    char timeout[32], queue[32];
    size_t kbytes = settings->memory_budget / 8 >> 10;
    snprintf(timeout, sizeof(timeout), "%lld", (long long)settings->delivery_timeout_ms);
    snprintf(queue, sizeof(queue), "%zu", kbytes < QUEUE_KBYTES_LEAST ? (size_t)QUEUE_KBYTES_LEAST : kbytes);
    const struct esm__kafka_property defaults[] = {
        {"client.id", "libesm"},         {"partitioner", "murmur2_random"}, /* a key goes where Java's clients
                                                                               send it */
        {"message.timeout.ms", timeout}, {"queue.buffering.max.kbytes", queue}, {NULL, NULL},
    };
    static const struct esm__kafka_property promises[] = {{"acks", "all"},
                                                          {"enable.idempotence", "true"},
                                                          {NULL, NULL}};
    rd_kafka_conf_t *conf;
    int error = esm__kafka_conf_new(destination->poller, defaults, promises, &conf);
    if (error != 0)
        return error;
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
    error = esm__kafka_client_new(destination->poller, RD_KAFKA_PRODUCER, conf, &destination->producer);
    if (error != 0)
        return error;
    destination->events = rd_kafka_queue_get_main(destination->producer);
    rd_kafka_set_log_queue(destination->producer, destination->events);
    esm__kafka_watch_queue(destination->events, destination->wake_fd);
    return 0;
}

static int destination_new(esm_poller *poller, const struct esm__settings *settings, struct destination **ret)
{
    esm_allocator *allocator = esm__kafka_allocator(poller);
    struct destination *destination = esm__calloc(allocator, 1, sizeof(*destination));
    if (destination == NULL)
        return ESM_ERR_NOMEM;
    destination->poller = poller;
    destination->allocator = esm_allocator_ref(allocator);
    destination->topic = settings->destination;
    destination->brokers = settings->bootstrap_servers;
    destination->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    int error = destination->wake_fd < 0 ? ESM_ERR_SYSTEM : 0;
    if (error == 0)
        error = esm_poller_add_watch(poller, destination->wake_fd, ESM_WATCH_READ, woken, destination,
                                     &destination->watch);
    if (error == 0)
        error = make_producer(destination, settings);
    if (error != 0) {
        destination_free(destination);
        return error;
    }
    *ret = destination;
    return 0;
}

static int check(esm_poller *poller, const struct esm__settings *settings)
{
    const char *fault = NULL;
    if (settings->destination_kind != ESM__DESTINATION_KAFKA)
        fault = "DestinationConfig.OnFailure.Destination is not kafka://topic";
    else if (settings->bootstrap_servers == NULL)
        fault = "needs SelfManagedEventSource.Endpoints or kafka.bootstrap.servers";
    else if (settings->topic != NULL && strcmp(settings->topic, settings->destination) == 0)
        fault = "the destination is the source topic itself";
    if (fault == NULL)
        return 0;
    esm__kafka_log(poller, ESM_LOG_ERROR, "Kafka destination: %s", fault);
    return ESM_ERR_CONFIG;
}

int esm_poller_use_kafka_destination(esm_poller *poller)
{
    struct esm__settings settings;
    struct destination *destination;
    if (poller == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (esm_poller_get_state(poller) != ESM_POLLER_NEW)
        return ESM_ERR_STATE;
    int error = esm__config_get_settings(esm_poller_get_config(poller), &settings);
    if (error == 0)
        error = check(poller, &settings);
    if (error == 0)
        error = destination_new(poller, &settings, &destination);
    if (error != 0)
        return error;
    error = esm_poller_set_destination(poller, deliver, destination, destination_free);
    if (error != 0)
        destination_free(destination);
    return error;
}
