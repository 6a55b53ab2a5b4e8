/* SPDX-License-Identifier: MIT */
#include "event/event.h"

#include <assert.h>
#include <string.h>

#include "event/header_bytes.h"
#include "json/base64.h"
#include "json/writer.h"

/* The fixed parts, once, for the length and for the text. */
#define MSK          "{\"eventSource\":\"aws:kafka\",\"eventSourceArn\":\""
#define MSK_END      "\""
#define SELF_MANAGED "{\"eventSource\":\"SelfManagedKafka\""
#define SERVERS      ",\"bootstrapServers\":\""
#define RECORDS      "\",\"records\":{"
#define RECORDS_END  "}}"
#define GROUP        "\""
#define GROUP_OPEN   "\":["
#define GROUP_END    "]"
#define TOPIC        "{\"topic\":\""
#define PARTITION    "\",\"partition\":"
#define OFFSET       ",\"offset\":"
#define TIMESTAMP    ",\"timestamp\":"
#define CREATE_TIME  ",\"timestampType\":\"CREATE_TIME\""
#define APPEND_TIME  ",\"timestampType\":\"LOG_APPEND_TIME\""
#define KEY          ",\"key\":\""
#define VALUE        ",\"value\":\""
#define SPAN_END     "\""
#define HEADERS      ",\"headers\":["
#define HEADERS_END  "]}"
#define HEADER       "{\""
#define HEADER_OPEN  "\":["
#define HEADER_END   "]}"

#define SIZE(literal) (sizeof(literal) - 1)

/* ---- lengths ---- */

static size_t text_length(const char *text)
{
    return esm__json_text_length(text, strlen(text));
}

size_t esm__event_envelope_length(const struct esm__event_source *source)
{
    size_t length =
        source->arn == NULL ? SIZE(SELF_MANAGED) : SIZE(MSK) + text_length(source->arn) + SIZE(MSK_END);
    return length + SIZE(SERVERS) + text_length(source->bootstrap_servers) + SIZE(RECORDS) +
           SIZE(RECORDS_END);
}

size_t esm__event_key_length(const char *topic, int32_t partition)
{
    return text_length(topic) + 1 + esm__json_int_length(partition);
}

size_t esm__event_group_length(const char *topic, int32_t partition)
{
    return SIZE(GROUP) + esm__event_key_length(topic, partition) + SIZE(GROUP_OPEN) + SIZE(GROUP_END);
}

static size_t headers_length(const esm_record *record)
{
    size_t length = SIZE(HEADERS) + SIZE(HEADERS_END);
    for (uint32_t i = 0; i < record->header_count; i++) {
        const struct esm__header *header = &record->headers[i];
        length += (i != 0) + SIZE(HEADER) + esm__json_text_length(header->name, header->name_size) +
                  SIZE(HEADER_OPEN) + esm__header_bytes_length(header->value, header->value_size) +
                  SIZE(HEADER_END);
    }
    return length;
}

size_t esm__event_record_length(const esm_record *record)
{
    size_t length = SIZE(TOPIC) + text_length(record->topic) + SIZE(PARTITION) +
                    esm__json_int_length(record->partition) + SIZE(OFFSET) +
                    esm__json_int_length(record->offset) + SIZE(TIMESTAMP) +
                    esm__json_int_length(record->timestamp_ms);
    length += record->timestamp_type == ESM_TIMESTAMP_LOG_APPEND_TIME ? SIZE(APPEND_TIME) : SIZE(CREATE_TIME);
    if (record->key != NULL)
        length += SIZE(KEY) + esm__base64_length(record->key_size) + SIZE(SPAN_END);
    if (record->value != NULL)
        length += SIZE(VALUE) + esm__base64_length(record->value_size) + SIZE(SPAN_END);
    return length + headers_length(record);
}

size_t esm__event_length(const struct esm__event_source *source, const struct esm__slice *slice,
                         const uint32_t *record_lengths)
{
    size_t length = esm__event_envelope_length(source) + slice->count - (slice->count != 0);
    for (size_t first = 0, end; first < slice->count; first = end) {
        const esm_record *record = esm__slice_get(slice, first);
        length += esm__event_group_length(record->topic, record->partition);
        end = esm__slice_run_end(slice, first);
    }
    for (size_t i = 0; i < slice->count; i++)
        length += record_lengths != NULL ? record_lengths[slice->indexes[i]]
                                         : esm__event_record_length(esm__slice_get(slice, i));
    return length;
}

/* ---- text ---- */

static char *write_text(char *to, const char *text)
{
    return esm__json_write_text(to, text, strlen(text));
}

char *esm__event_write_key(char *to, const char *topic, int32_t partition)
{
    to = write_text(to, topic);
    *to++ = '-';
    return esm__json_write_int(to, partition);
}

/* What follows the last header's value in every event takes what is written behind it. */
static_assert(SIZE(HEADER_END HEADERS_END GROUP_END RECORDS_END) >= ESM__HEADER_BYTES_SPILL,
              "room behind headers");

static char *write_headers(char *to, const esm_record *record)
{
    to = ESM__JSON_WRITE(to, HEADERS);
    for (uint32_t i = 0; i < record->header_count; i++) {
        const struct esm__header *header = &record->headers[i];
        if (i != 0)
            *to++ = ',';
        to = ESM__JSON_WRITE(to, HEADER);
        to = esm__json_write_text(to, header->name, header->name_size);
        to = ESM__JSON_WRITE(to, HEADER_OPEN);
        to = esm__header_bytes_write(to, header->value, header->value_size);
        to = ESM__JSON_WRITE(to, HEADER_END);
    }
    return ESM__JSON_WRITE(to, HEADERS_END);
}

/* What all records of a partition begin with. */
static char *write_record_start(char *to, const esm_record *record)
{
    to = ESM__JSON_WRITE(to, TOPIC);
    to = write_text(to, record->topic);
    to = ESM__JSON_WRITE(to, PARTITION);
    to = esm__json_write_int(to, record->partition);
    return ESM__JSON_WRITE(to, OFFSET);
}

static char *write_record_rest(char *to, const esm_record *record)
{
    to = esm__json_write_int(to, record->offset);
    to = ESM__JSON_WRITE(to, TIMESTAMP);
    to = esm__json_write_int(to, record->timestamp_ms);
    if (record->timestamp_type == ESM_TIMESTAMP_LOG_APPEND_TIME)
        to = ESM__JSON_WRITE(to, APPEND_TIME);
    else
        to = ESM__JSON_WRITE(to, CREATE_TIME);
    if (record->key != NULL) {
        to = ESM__JSON_WRITE(to, KEY);
        to = esm__base64_encode(to, record->key, record->key_size);
        to = ESM__JSON_WRITE(to, SPAN_END);
    }
    if (record->value != NULL) {
        to = ESM__JSON_WRITE(to, VALUE);
        to = esm__base64_encode(to, record->value, record->value_size);
        to = ESM__JSON_WRITE(to, SPAN_END);
    }
    return write_headers(to, record);
}

/* The records first .. end - 1, all of one partition. */
static char *write_group(char *to, const struct esm__slice *slice, size_t first, size_t end)
{
    const esm_record *record = esm__slice_get(slice, first);
    to = ESM__JSON_WRITE(to, GROUP);
    to = esm__event_write_key(to, record->topic, record->partition);
    to = ESM__JSON_WRITE(to, GROUP_OPEN);
    const char *start = to;
    to = write_record_start(to, record);
    size_t start_size = (size_t)(to - start);
    to = write_record_rest(to, record);
    for (size_t i = first + 1; i < end; i++) {
        *to++ = ',';
        memcpy(to, start, start_size);
        to = write_record_rest(to + start_size, esm__slice_get(slice, i));
    }
    return ESM__JSON_WRITE(to, GROUP_END);
}

char *esm__event_write(char *to, const struct esm__event_source *source, const struct esm__slice *slice)
{
    assert(esm__slice_is_sorted(slice));
    if (source->arn == NULL) {
        to = ESM__JSON_WRITE(to, SELF_MANAGED);
    } else {
        to = ESM__JSON_WRITE(to, MSK);
        to = write_text(to, source->arn);
        to = ESM__JSON_WRITE(to, MSK_END);
    }
    to = ESM__JSON_WRITE(to, SERVERS);
    to = write_text(to, source->bootstrap_servers);
    to = ESM__JSON_WRITE(to, RECORDS);
    for (size_t first = 0, end; first < slice->count; first = end) {
        if (first != 0)
            *to++ = ',';
        end = esm__slice_run_end(slice, first);
        to = write_group(to, slice, first, end);
    }
    return ESM__JSON_WRITE(to, RECORDS_END);
}
