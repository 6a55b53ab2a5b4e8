/* SPDX-License-Identifier: MIT */
/* Events: as long as computed, JSON, and what is in them is what was in the records. */
#include <string.h>

#include "json/base64.h"
#include "json/scanner.h"
#include "records.h"

/* record: behind its OBJECT. */
static void check_record(const struct esm__json *json, const esm_record *record)
{
    struct esm__json walk = *json;
    struct esm__json value;
    struct esm__json_token token;
    int64_t number;
    MUST(esm__json_find(&walk, "offset", &value) == 1 && esm__json_next(&value, &token) == ESM__JSON_NUMBER);
    MUST(esm__json_to_int64(&token, &number) == 0 && number == record->offset);
    walk = *json;
    MUST(esm__json_find(&walk, "value", &value) == (record->value != NULL));
    if (record->value == NULL)
        return;
    uint8_t bytes[256];
    size_t size;
    MUST(esm__json_next(&value, &token) == ESM__JSON_STRING);
    MUST(esm__base64_decode(bytes, token.text, token.size, &size) == 0);
    MUST(size == record->value_size && memcmp(bytes, record->value, size) == 0);
}

/* Every record stands there once, in the order of the slice. */
static void check_event(const char *event, size_t length, const struct esm__slice *slice)
{
    struct esm__json json;
    struct esm__json groups;
    struct esm__json_token token;
    size_t i = 0;
    esm__json_init(&json, event, length);
    MUST(esm__json_next(&json, &token) == ESM__JSON_OBJECT);
    MUST(esm__json_find(&json, "records", &groups) == 1);
    MUST(esm__json_next(&groups, &token) == ESM__JSON_OBJECT);
    while (esm__json_next(&groups, &token) == ESM__JSON_KEY) {
        char key[ESM__TOPIC_SIZE_MAX * 6 + 16];
        char *end = esm__event_write_key(key, slice->records[slice->indexes[i]].topic,
                                         slice->records[slice->indexes[i]].partition);
        MUST(token.size == (size_t)(end - key) && memcmp(token.text, key, token.size) == 0);
        MUST(esm__json_next(&groups, &token) == ESM__JSON_ARRAY);
        unsigned depth = groups.depth;
        while (esm__json_next(&groups, &token) == ESM__JSON_OBJECT) {
            MUST(i < slice->count);
            check_record(&groups, esm__slice_get(slice, i++));
            MUST(esm__json_leave(&groups, depth) == 0);
        }
    }
    MUST(i == slice->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    struct records records;
    records_make(&records, &input);
    const struct esm__slice *slice = &records.slice;

    uint32_t lengths[RECORDS_MAX];
    for (size_t i = 0; i < slice->count; i++)
        lengths[slice->indexes[i]] = (uint32_t)esm__event_record_length(esm__slice_get(slice, i));
    size_t length = esm__event_length(&records.source, slice, NULL);
    MUST(length == esm__event_length(&records.source, slice, lengths));
    char *event = malloc(length); /* not a byte more, so that one too many shows */
    MUST(event != NULL && esm__event_write(event, &records.source, slice) == event + length);
    MUST(is_json(event, length));
    check_event(event, length, slice);
    free(event);
    records_free(&records);
    return 0;
}
