/* SPDX-License-Identifier: MIT */
#include "event/response.h"

#include <assert.h>
#include <string.h>

#include "json/scanner.h"

/* A partition's key, every character of it escaped. What is longer names no partition. */
#define KEY_SIZE_MAX ((ESM__TOPIC_SIZE_MAX + sizeof("-2147483647")) * (sizeof("\\u0000") - 1))

/* Splits "<topic>-<partition>" at its last hyphen, in place. */
static int split_key(char *key, size_t size, int32_t *ret_partition)
{
    char *hyphen = memrchr(key, '-', size);
    if (hyphen == NULL || memchr(key, '\0', size) != NULL)
        return -1;
    struct esm__json_token number = {hyphen + 1, (size_t)(key + size - (hyphen + 1)), 0};
    int64_t partition;
    if (esm__json_to_int64(&number, &partition) != 0 || partition > INT32_MAX)
        return -1;
    if (number.text[0] == '0' && number.size > 1)
        return -1; /* "topic-01" is not how it was sent */
    *hyphen = '\0';
    *ret_partition = (int32_t)partition;
    return 0;
}

/* identifier: behind the opening brace. Returns a place in the slice; count: it names nothing there. */
static size_t find_record(const struct esm__json *identifier, const struct esm__slice *slice)
{
    struct esm__json json = *identifier;
    struct esm__json value;
    struct esm__json_token token;
    char key[KEY_SIZE_MAX];
    int32_t partition;
    int64_t offset;
    if (esm__json_find(&json, "partition", &value) != 1 ||
        esm__json_next(&value, &token) != ESM__JSON_STRING || token.size > sizeof(key) ||
        split_key(key, esm__json_decode(&token, key), &partition) != 0)
        return slice->count;
    json = *identifier;
    if (esm__json_find(&json, "offset", &value) != 1 || esm__json_next(&value, &token) != ESM__JSON_NUMBER ||
        esm__json_to_int64(&token, &offset) != 0)
        return slice->count;
    return esm__slice_find(slice, key, partition, offset);
}

/* list: behind the opening bracket, known to be well-formed. Marks the records that it names. 0 or -1. */
static int mark_failed(struct esm__json *list, const struct esm__slice *slice, uint32_t *marks)
{
    struct esm__json_token token;
    enum esm__json_type type;
    while ((type = esm__json_next(list, &token)) == ESM__JSON_OBJECT) {
        struct esm__json identifier;
        if (esm__json_find(list, "itemIdentifier", &identifier) != 1 ||
            esm__json_next(&identifier, &token) != ESM__JSON_OBJECT)
            return -1;
        size_t place = find_record(&identifier, slice);
        if (place == slice->count)
            return -1;
        marks[place] = 1;
    }
    return type == ESM__JSON_ARRAY_END ? 0 : -1;
}

/* Every record marked becomes its index, in place: a place is never behind what it is written to. */
static size_t collect_marked(const struct esm__slice *slice, uint32_t *failed)
{
    size_t count = 0;
    for (size_t i = 0; i < slice->count; i++)
        if (failed[i] != 0)
            failed[count++] = slice->indexes[i];
    return count;
}

static enum esm__verdict read_failures(struct esm__json *value, const struct esm__slice *slice,
                                       uint32_t *failed, size_t *ret_count)
{
    struct esm__json_token token;
    switch (esm__json_next(value, &token)) {
    case ESM__JSON_NULL: return ESM__VERDICT_SUCCESS;
    case ESM__JSON_STRING: return token.size == 0 ? ESM__VERDICT_SUCCESS : ESM__VERDICT_MALFORMED;
    case ESM__JSON_ARRAY: break;
    default: return ESM__VERDICT_MALFORMED;
    }
    memset(failed, 0, slice->count * sizeof(*failed));
    if (mark_failed(value, slice, failed) != 0)
        return ESM__VERDICT_MALFORMED;
    *ret_count = collect_marked(slice, failed);
    return *ret_count == 0 ? ESM__VERDICT_SUCCESS : ESM__VERDICT_PARTIAL;
}

/* Whether the whole body, which begins with a value of this type, is one that says nothing. */
static int is_nothing(enum esm__json_type type, const struct esm__json_token *token, struct esm__json *json)
{
    struct esm__json_token next = {0};
    if (type == ESM__JSON_ARRAY)
        return esm__json_next(json, &next) == ESM__JSON_ARRAY_END &&
               esm__json_next(json, &next) == ESM__JSON_END;
    if (type == ESM__JSON_NULL || (type == ESM__JSON_STRING && token->size == 0))
        return esm__json_next(json, &next) == ESM__JSON_END;
    return 0;
}

static int is_blank(const char *body, size_t size)
{
    size_t i = 0;
    while (i < size && strchr(" \t\r\n", body[i]) != NULL && body[i] != '\0')
        i++;
    return i == size;
}

enum esm__verdict esm__response_read(const char *body, size_t size, const struct esm__slice *slice,
                                     uint32_t *failed, size_t *ret_count)
{
    assert(esm__slice_is_sorted(slice));
    *ret_count = 0;
    if (is_blank(body, size))
        return ESM__VERDICT_SUCCESS;
    struct esm__json json;
    struct esm__json failures;
    struct esm__json_token token;
    esm__json_init(&json, body, size);
    enum esm__json_type type = esm__json_next(&json, &token);
    if (type != ESM__JSON_OBJECT)
        return is_nothing(type, &token, &json) ? ESM__VERDICT_SUCCESS : ESM__VERDICT_MALFORMED;
    int found = esm__json_find(&json, "batchItemFailures", &failures);
    if (found < 0 || esm__json_next(&json, &token) != ESM__JSON_END)
        return ESM__VERDICT_MALFORMED;
    return found == 0 ? ESM__VERDICT_SUCCESS : read_failures(&failures, slice, failed, ret_count);
}
