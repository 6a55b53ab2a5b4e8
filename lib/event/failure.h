/* SPDX-License-Identifier: MIT */
/* The documents that tell a destination which records were given up, and why. */
#ifndef ESM_EVENT_FAILURE_H
#define ESM_EVENT_FAILURE_H

#include <esm/outcome.h>
#include "base/bytes.h"
#include "event/event.h"

struct esm__failure {
    const struct esm__event_source *source;
    struct esm__slice slice;  /* at least one record */
    const char *request_id;   /* NULL: left out */
    const char *function_arn; /* as configured, for an HTTP target its URL; NULL: left out */
    enum esm_reason reason;
    uint32_t attempts; /* invocations of this set; AWS says 1 even where there was none */
    int has_response;  /* the last invocation was answered, with: */
    int status_code;
    const char *executed_version; /* NULL: unknown, "$LATEST" */
    const char *function_error;   /* NULL: none, as after a partial or malformed answer */
    int64_t wall_ms;              /* now */
};

/* The condition as SQS, SNS and S3 spell it; "Unknown" for what is no reason. */
const char *esm__failure_condition(enum esm_reason reason);

/* Appends the document for SQS and SNS; with_payload: the one for S3, which holds the event as a string. */
int esm__failure_append(struct esm__bytes *to, const struct esm__failure *failure, int with_payload);

/* Appends the document for a Kafka topic, on one record, `i`-th of the slice, which it holds as an event of
 * its own. */
int esm__failure_append_record(struct esm__bytes *to, const struct esm__failure *failure, size_t i);

#endif
