/* SPDX-License-Identifier: MIT */
#include "bench.h"
#include "event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char base64_pairs[4096][2]; /* twelve bits at a time */

void event_init_tables(void)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 4096; i++) {
        base64_pairs[i][0] = alphabet[i >> 6];
        base64_pairs[i][1] = alphabet[i & 63];
    }
}

static char *write_base64(char *out, const unsigned char *in, size_t size)
{
    /* Six bytes are read as eight, so the last two bytes of the input are left to the slow loop. */
    for (; size >= 8; size -= 6, in += 6, out += 8) {
        uint64_t word;
        memcpy(&word, in, 8);
        word = __builtin_bswap64(word);
        memcpy(out, base64_pairs[word >> 52], 2);
        memcpy(out + 2, base64_pairs[word >> 40 & 4095], 2);
        memcpy(out + 4, base64_pairs[word >> 28 & 4095], 2);
        memcpy(out + 6, base64_pairs[word >> 16 & 4095], 2);
    }
    for (; size; out += 4) {
        size_t n = size < 3 ? size : 3;
        unsigned bits = (unsigned)in[0] << 16 | (n > 1 ? (unsigned)in[1] << 8 : 0) | (n > 2 ? in[2] : 0);
        memcpy(out, base64_pairs[bits >> 12], 2);
        memcpy(out + 2, base64_pairs[bits & 4095], 2);
        memset(out + 1 + n, '=', 3 - n);
        size -= n;
        in += n;
    }
    return out;
}

static char *write_text(char *out, const char *text, size_t size)
{
    memcpy(out, text, size);
    return out + size;
}

#define WRITE(out, literal) write_text(out, literal, sizeof(literal) - 1)

static char *write_number(char *out, int64_t number)
{
    char digits[20];
    char *at = digits + sizeof(digits);
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        *out++ = '-';
    return write_text(out, at, (size_t)(digits + sizeof(digits) - at));
}

static void reserve(struct event *event, size_t more)
{
    if (event->capacity - event->size >= more)
        return;
    while (event->capacity - event->size < more)
        event->capacity = event->capacity ? event->capacity * 2 : 65536;
    event->data = realloc(event->data, event->capacity);
    if (!event->data)
        bench_die("no memory");
}

/* Header names are taken as they are: the benchmark's records have none that would need escaping. */
static void write_headers(struct event *event, const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers = NULL;
    const char *name;
    const void *value;
    size_t size;
    if (rd_kafka_message_headers(message, &headers))
        return;
    for (size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &size); i++) {
        reserve(event, strlen(name) + 5 * size + 16);
        char *out = event->data + event->size;
        out = i ? WRITE(out, ",{\"") : WRITE(out, "{\"");
        out = write_text(out, name, strlen(name));
        out = WRITE(out, "\":[");
        for (size_t j = 0; j < size; j++) {
            if (j)
                *out++ = ',';
            out = write_number(out, ((const signed char *)value)[j]);
        }
        out = WRITE(out, "]}");
        event->size = (size_t)(out - event->data);
    }
}

static void write_record(struct event *event, const rd_kafka_message_t *message)
{
    size_t prefix = strlen(event->prefix);
    reserve(event, prefix + message->key_len / 3 * 4 + message->len / 3 * 4 + 256);
    char *out = event->data + event->size;
    rd_kafka_timestamp_type_t type;
    int64_t timestamp = rd_kafka_message_timestamp(message, &type);
    if (event->data[event->size - 1] != '[')
        *out++ = ',';
    out = write_text(out, event->prefix, prefix);
    out = write_number(out, message->offset);
    out = WRITE(out, ",\"timestamp\":");
    out = write_number(out, timestamp < 0 ? 0 : timestamp);
    if (type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME)
        out = WRITE(out, ",\"timestampType\":\"LOG_APPEND_TIME\"");
    else
        out = WRITE(out, ",\"timestampType\":\"CREATE_TIME\"");
    if (message->key) {
        out = write_base64(WRITE(out, ",\"key\":\""), message->key, message->key_len);
        *out++ = '"';
    }
    if (message->payload) {
        out = write_base64(WRITE(out, ",\"value\":\""), message->payload, message->len);
        *out++ = '"';
    }
    out = WRITE(out, ",\"headers\":[");
    event->size = (size_t)(out - event->data);
    write_headers(event, message);
    reserve(event, 8); /* for the end of the record, and of the event */
    out = WRITE(event->data + event->size, "]}");
    event->size = (size_t)(out - event->data);
}

void event_write(struct event *event, rd_kafka_message_t **messages, size_t count)
{
    size_t head = strlen(event->head);
    event->size = 0;
    reserve(event, head);
    event->size = (size_t)(write_text(event->data, event->head, head) - event->data);
    for (size_t i = 0; i < count; i++)
        write_record(event, messages[i]);
    event->size = (size_t)(WRITE(event->data + event->size, "]}}") - event->data);
}

void event_init(struct event *event, const char *brokers, const char *topic, int32_t partition)
{
    *event = (struct event){.data = NULL};
    if (asprintf(&event->head,
                 "{\"eventSource\":\"SelfManagedKafka\",\"bootstrapServers\":\"%s\",\"records\":{\"%s-%d\":[",
                 brokers, topic, partition) < 0 ||
        asprintf(&event->prefix, "{\"topic\":\"%s\",\"partition\":%d,\"offset\":", topic, partition) < 0)
        bench_die("no memory");
}

void event_free(struct event *event)
{
    free(event->data);
    free(event->head);
    free(event->prefix);
}
