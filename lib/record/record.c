/* SPDX-License-Identifier: MIT */
#include "record/view.h"

#include <string.h>

#include "base/alloc.h"

/* What esm_record_new() makes: only such records are ever handed out without const. */
struct owned_record {
    esm_record view; /* first */
    esm_allocator *allocator;
    struct esm__header *headers;
    uint32_t capacity;
};

int esm_record_new(esm_allocator *allocator, esm_record **ret)
{
    if (ret == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    struct owned_record *owned = esm__calloc(allocator, 1, sizeof(*owned));
    if (owned == NULL)
        return ESM_ERR_NOMEM;
    owned->allocator = esm_allocator_ref(allocator);
    esm_record_clear(&owned->view);
    *ret = &owned->view;
    return 0;
}

void esm_record_free(esm_record *record)
{
    struct owned_record *owned = (struct owned_record *)record;
    if (owned == NULL)
        return;
    esm_allocator *allocator = owned->allocator;
    esm__free(allocator, owned->headers);
    esm__free(allocator, owned);
    esm_allocator_unref(allocator);
}

void esm_record_clear(esm_record *record)
{
    if (record != NULL)
        *record = (esm_record){.timestamp_type = ESM_TIMESTAMP_NOT_AVAILABLE};
}

int esm_record_set_topic(esm_record *record, const char *topic, int32_t partition)
{
    if (record == NULL || topic == NULL || partition < 0)
        return ESM_ERR_INVALID_ARGUMENT;
    size_t size = strnlen(topic, ESM__TOPIC_SIZE_MAX + 1);
    if (size == 0 || size > ESM__TOPIC_SIZE_MAX)
        return ESM_ERR_INVALID_ARGUMENT;
    record->topic = topic;
    record->partition = partition;
    return 0;
}

int esm_record_set_offset(esm_record *record, int64_t offset)
{
    if (record == NULL || offset < 0)
        return ESM_ERR_INVALID_ARGUMENT;
    record->offset = offset;
    return 0;
}

int esm_record_set_timestamp_ms(esm_record *record, int64_t timestamp_ms, enum esm_timestamp_type type)
{
    if (record == NULL || type < ESM_TIMESTAMP_NOT_AVAILABLE || type > ESM_TIMESTAMP_LOG_APPEND_TIME)
        return ESM_ERR_INVALID_ARGUMENT;
    if (type == ESM_TIMESTAMP_NOT_AVAILABLE)
        timestamp_ms = 0;
    if (timestamp_ms < 0)
        return ESM_ERR_INVALID_ARGUMENT;
    record->timestamp_ms = timestamp_ms;
    record->timestamp_type = (uint32_t)type;
    return 0;
}

static int is_span(const void *data, size_t size)
{
    return data == NULL ? size == 0 : size <= ESM__RECORD_SIZE_MAX;
}

int esm_record_set_key(esm_record *record, const void *key, size_t size)
{
    if (record == NULL || !is_span(key, size))
        return ESM_ERR_INVALID_ARGUMENT;
    record->key = key;
    record->key_size = (uint32_t)size;
    return 0;
}

int esm_record_set_value(esm_record *record, const void *value, size_t size)
{
    if (record == NULL || !is_span(value, size))
        return ESM_ERR_INVALID_ARGUMENT;
    record->value = value;
    record->value_size = (uint32_t)size;
    return 0;
}

static int grow_headers(struct owned_record *owned)
{
    if (owned->capacity > UINT32_MAX / 2 / sizeof(*owned->headers))
        return ESM_ERR_NOMEM;
    uint32_t capacity = owned->capacity == 0 ? 8 : owned->capacity * 2;
    struct esm__header *headers = esm__realloc(owned->allocator, owned->headers, capacity * sizeof(*headers));
    if (headers == NULL)
        return ESM_ERR_NOMEM;
    owned->headers = headers;
    owned->capacity = capacity;
    return 0;
}

int esm_record_add_header(esm_record *record, const char *name, const void *value, size_t size)
{
    if (record == NULL || name == NULL || !is_span(value, size))
        return ESM_ERR_INVALID_ARGUMENT;
    size_t name_size = strlen(name);
    if (name_size > ESM__RECORD_SIZE_MAX)
        return ESM_ERR_INVALID_ARGUMENT;
    struct owned_record *owned = (struct owned_record *)record;
    if (record->header_count == owned->capacity) {
        int error = grow_headers(owned);
        if (error != 0)
            return error;
    }
    owned->headers[record->header_count++] = (struct esm__header){
        .name = name, .value = value, .name_size = (uint32_t)name_size, .value_size = (uint32_t)size};
    record->headers = owned->headers;
    return 0;
}

const char *esm_record_get_topic(const esm_record *record)
{
    return record->topic;
}

int32_t esm_record_get_partition(const esm_record *record)
{
    return record->partition;
}

int64_t esm_record_get_offset(const esm_record *record)
{
    return record->offset;
}

int64_t esm_record_get_timestamp_ms(const esm_record *record, enum esm_timestamp_type *ret_type)
{
    if (ret_type != NULL)
        *ret_type = (enum esm_timestamp_type)record->timestamp_type;
    return record->timestamp_ms;
}

const void *esm_record_get_key(const esm_record *record, size_t *ret_size)
{
    if (ret_size != NULL)
        *ret_size = record->key_size;
    return record->key;
}

const void *esm_record_get_value(const esm_record *record, size_t *ret_size)
{
    if (ret_size != NULL)
        *ret_size = record->value_size;
    return record->value;
}

size_t esm_record_get_header_count(const esm_record *record)
{
    return record->header_count;
}

int esm_record_get_header(const esm_record *record, size_t index, const char **ret_name,
                          const void **ret_value, size_t *ret_size)
{
    if (index >= record->header_count)
        return ESM_ERR_NOT_FOUND;
    const struct esm__header *header = &record->headers[index];
    if (ret_name != NULL)
        *ret_name = header->name;
    if (ret_value != NULL)
        *ret_value = header->value;
    if (ret_size != NULL)
        *ret_size = header->value_size;
    return 0;
}
