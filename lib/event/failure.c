/* SPDX-License-Identifier: MIT */
#include "event/failure.h"

#include <string.h>

#include "event/civil.h"
#include "json/writer.h"

/* The first error of a series of appends stays, so that it is looked at once, at the end. */
struct out {
    struct esm__bytes *bytes;
    int error;
};

static void put(struct out *out, const char *text)
{
    if (out->error == 0)
        out->error = esm__bytes_append_text(out->bytes, text);
}

static void put_string(struct out *out, const char *text)
{
    if (out->error == 0)
        out->error = esm__json_append_string(out->bytes, text, strlen(text));
}

static void put_int(struct out *out, int64_t value)
{
    if (out->error == 0)
        out->error = esm__json_append_int(out->bytes, value);
}

static void put_time(struct out *out, int64_t wall_ms)
{
    char text[ESM__ISO_SIZE];
    esm__civil_format(text, wall_ms);
    put_string(out, text);
}

/* Offsets are strings here, for readers that have doubles only. */
static void put_offset(struct out *out, int64_t offset)
{
    put(out, "\"");
    put_int(out, offset);
    put(out, "\"");
}

/* `name` comes with what stands before and behind it. */
static void put_string_member(struct out *out, const char *name, const char *value)
{
    put(out, name);
    put_string(out, value);
}

/* ---- what all three documents share ---- */

const char *esm__failure_condition(enum esm_reason reason)
{
    switch (reason) {
    case ESM_REASON_RETRIES: return "RetryAttemptsExhausted";
    case ESM_REASON_AGE: return "RecordAgeExceeded";
    case ESM_REASON_TOO_LARGE: return "MaximumPayloadSizeExceeded";
    default: return "Unknown";
    }
}

static void put_request_context(struct out *out, const struct esm__failure *failure, const char *condition)
{
    put(out, "{\"requestContext\":{");
    if (failure->request_id != NULL) {
        put_string_member(out, "\"requestId\":", failure->request_id);
        put(out, ",");
    }
    if (failure->function_arn != NULL) {
        put_string_member(out, "\"functionArn\":", failure->function_arn);
        put(out, ",");
    }
    put_string_member(out, "\"condition\":", condition);
    put(out, ",\"approximateInvokeCount\":");
    put_int(out, failure->attempts == 0 ? 1 : failure->attempts);
    put(out, "}");
}

static void put_response_context(struct out *out, const struct esm__failure *failure)
{
    if (failure->reason == ESM_REASON_AGE)
        return;
    put(out, ",\"responseContext\":");
    if (failure->reason == ESM_REASON_TOO_LARGE || !failure->has_response) {
        put(out, "null");
        return;
    }
    put(out, "{\"statusCode\":");
    put_int(out, failure->status_code);
    put_string_member(out, ",\"executedVersion\":",
                      failure->executed_version == NULL ? "$LATEST" : failure->executed_version);
    put(out, ",\"functionError\":");
    if (failure->function_error == NULL)
        put(out, "null");
    else
        put_string(out, failure->function_error);
    put(out, "}");
}

/* Up to the place where recordsInfo or recordInfo goes. */
static void put_head(struct out *out, const struct esm__failure *failure, const struct esm__slice *slice,
                     const char *condition)
{
    put_request_context(out, failure, condition);
    put_response_context(out, failure);
    put(out, ",\"version\":\"1.0\",\"timestamp\":");
    put_time(out, failure->wall_ms);
    put(out, ",\"KafkaBatchInfo\":{\"batchSize\":");
    put_int(out, (int64_t)slice->count);
    if (failure->source->arn != NULL)
        put_string_member(out, ",\"eventSourceArn\":", failure->source->arn);
    put_string_member(out, ",\"bootstrapServers\":", failure->source->bootstrap_servers);
    put(out, ",\"payloadSize\":");
    put_int(out, (int64_t)esm__event_length(failure->source, slice, NULL));
}

static void put_event(struct out *out, const struct esm__event_source *source, const struct esm__slice *slice)
{
    size_t length = esm__event_length(source, slice, NULL);
    if (out->error == 0)
        out->error = esm__bytes_reserve(out->bytes, length);
    if (out->error != 0)
        return;
    esm__event_write(out->bytes->data + out->bytes->size, source, slice);
    out->bytes->size += length;
}

/* ---- SQS, SNS, S3 ---- */

static void put_run(struct out *out, const esm_record *first, const esm_record *last)
{
    char key[ESM__TOPIC_SIZE_MAX * 6 + 16];
    *esm__event_write_key(key, first->topic, first->partition) = '\0';
    put(out, "\"");
    put(out, key);
    put(out, "\":{\"firstRecordOffset\":");
    put_offset(out, first->offset);
    put(out, ",\"lastRecordOffset\":");
    put_offset(out, last->offset);
    put(out, ",\"firstRecordTimestamp\":");
    put_time(out, first->timestamp_ms);
    put(out, ",\"lastRecordTimestamp\":");
    put_time(out, last->timestamp_ms);
    put(out, "}");
}

static void put_runs(struct out *out, const struct esm__slice *slice)
{
    put(out, ",\"recordsInfo\":{");
    for (size_t first = 0, end; first < slice->count; first = end) {
        end = esm__slice_run_end(slice, first);
        if (first != 0)
            put(out, ",");
        put_run(out, esm__slice_get(slice, first), esm__slice_get(slice, end - 1));
    }
    put(out, "}}");
}

/* The event as a string: its text is written aside, and escaped from there. */
static void put_event_string(struct out *out, const struct esm__failure *failure)
{
    struct esm__bytes event;
    esm__bytes_init(&event, out->bytes->allocator);
    struct out aside = {&event, out->error};
    put_event(&aside, failure->source, &failure->slice);
    out->error = aside.error;
    if (out->error == 0)
        out->error = esm__json_append_string(out->bytes, event.data, event.size);
    esm__bytes_free(&event);
}

/* A document that lacks memory leaves nothing of itself behind. */
static int finish(struct out *out, size_t start)
{
    if (out->error != 0)
        out->bytes->size = start;
    return out->error;
}

int esm__failure_append(struct esm__bytes *to, const struct esm__failure *failure, int with_payload)
{
    struct out out = {to, 0};
    size_t start = to->size;
    put_head(&out, failure, &failure->slice, esm__failure_condition(failure->reason));
    put_runs(&out, &failure->slice);
    if (with_payload) {
        put(&out, ",\"payload\":");
        put_event_string(&out, failure);
    }
    put(&out, "}");
    return finish(&out, start);
}

/* ---- Kafka ---- */

int esm__failure_append_record(struct esm__bytes *to, const struct esm__failure *failure, size_t i)
{
    struct out out = {to, 0};
    size_t start = to->size;
    struct esm__slice slice = {failure->slice.records, &failure->slice.indexes[i], 1};
    const esm_record *record = esm__slice_get(&slice, 0);
    /* AWS spells this one condition in another way here. */
    put_head(&out, failure, &slice,
             failure->reason == ESM_REASON_RETRIES ? "RetriesExhausted"
                                                   : esm__failure_condition(failure->reason));
    put(&out, ",\"recordInfo\":{\"offset\":");
    put_offset(&out, record->offset);
    put(&out, ",\"timestamp\":");
    put_time(&out, record->timestamp_ms);
    put(&out, "}},\"payload\":");
    put_event(&out, failure->source, &slice);
    put(&out, "}");
    return finish(&out, start);
}
