/* SPDX-License-Identifier: MIT */
/* The Lambda event, written by hand for the hand-written loop: one buffer for each partition, used again and
 * again. */
#ifndef ESM_TESTS_BENCH_EVENT_H
#define ESM_TESTS_BENCH_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

struct event {
    char *data;
    size_t size;
    size_t capacity;
    char *head;   /* the event up to its first record */
    char *prefix; /* a record up to its offset */
};

void event_init_tables(void); /* once, before anything is written */
void event_init(struct event *event, const char *brokers, const char *topic, int32_t partition);
void event_free(struct event *event);
void event_write(struct event *event, rd_kafka_message_t **messages, size_t count);

#endif
