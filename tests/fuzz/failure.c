/* SPDX-License-Identifier: MIT */
/* Failure documents: JSON, whatever the records and the answer were, and the same when they are written
 * again. */
#include <string.h>

#include "event/failure.h"
#include "json/scanner.h"
#include "records.h"

static void check(const struct esm__failure *failure, int with_payload, int record)
{
    struct esm__bytes out;
    esm__bytes_init(&out, NULL);
    for (int round = 0; round < 2; round++)
        if (record)
            MUST(esm__failure_append_record(&out, failure, failure->slice.count - 1) == 0);
        else
            MUST(esm__failure_append(&out, failure, with_payload) == 0);
    size_t half = out.size / 2;
    MUST(out.size % 2 == 0 && memcmp(out.data, out.data + half, half) == 0);
    MUST(is_json(out.data, half));

    struct esm__json json;
    struct esm__json payload;
    struct esm__json_token token;
    esm__json_init(&json, out.data, half);
    MUST(esm__json_next(&json, &token) == ESM__JSON_OBJECT);
    MUST(esm__json_find(&json, "payload", &payload) == (with_payload || record));
    if (with_payload && !record) { /* the event, as a text */
        MUST(esm__json_next(&payload, &token) == ESM__JSON_STRING);
        char *event = malloc(token.size + 1);
        MUST(event != NULL);
        size_t size = esm__json_decode(&token, event);
        MUST(size == esm__event_length(failure->source, &failure->slice, NULL) && is_json(event, size));
        free(event);
    }
    esm__bytes_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    unsigned shape = input_byte(&input);
    char *texts[4];
    for (int i = 0; i < 4; i++)
        texts[i] = (shape & 1u << i) != 0 ? input_text(&input, '\0') : NULL;
    struct esm__failure failure = {
        .request_id = texts[0],
        .function_arn = texts[1],
        .executed_version = texts[2],
        .function_error = texts[3],
        .reason = (enum esm_reason)(shape >> 4 & 3),
        .has_response = shape >> 6 & 1,
        .attempts = (uint32_t)input_number(&input, 4),
        .status_code = (int)input_byte(&input) * 4,
        .wall_ms = (int64_t)input_number(&input, 8),
    };
    struct records records;
    records_make(&records, &input);
    failure.source = &records.source;
    failure.slice = records.slice;
    check(&failure, 0, 0);
    check(&failure, 1, 0);
    check(&failure, 0, 1);
    records_free(&records);
    for (int i = 0; i < 4; i++)
        free(texts[i]);
    return 0;
}
