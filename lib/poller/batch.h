/* SPDX-License-Identifier: MIT */
/* The records of one batch, copied once into memory of its own, which tokens keep alive. */
#ifndef ESM_POLLER_BATCH_H
#define ESM_POLLER_BATCH_H

#include <stdatomic.h>

#include "record/view.h"

struct esm__chunk; /* a piece of the arena */

/* How the last invocation of a batch was answered, for failure records. */
struct esm__answer {
    int has_response;
    int32_t status;
    char request_id[256];
    char executed_version[256];
    char function_error[256];
};

struct esm__batch {
    atomic_size_t references; /* the partition's while it is unfinished, and one for each token */
    esm_allocator *allocator; /* owned */
    struct esm__batch *next;

    esm_record *records;
    uint32_t *event_lengths; /* of each record in the event */
    size_t count;
    size_t capacity;
    struct esm__chunk *chunks; /* the one in use first */
    struct esm__chunk *spare;  /* of an earlier use */
    size_t memory;             /* all bytes that this batch holds */
    char topic[ESM__TOPIC_SIZE_MAX + 1];

    uint64_t id;              /* the policy's */
    int64_t opened_ms;        /* monotonic, when the first record came */
    size_t event_length;      /* of all records in one event */
    size_t charged;           /* bytes in its partition's account: memory, and one event of all records */
    unsigned invocations;     /* that have not come back: one, and those that nobody waits for any more */
    int is_started;           /* it was invoked */
    struct esm__answer answer;
};

int esm__batch_new(esm_allocator *allocator, struct esm__batch **ret); /* with one reference */
void esm__batch_free(struct esm__batch *batch);

/* Empties it for another use. Memory above `keep` bytes is given back. */
void esm__batch_clear(struct esm__batch *batch, size_t keep);

/* Copies a record behind the others. 0, ESM_ERR_NOMEM, ESM_ERR_INVALID_ARGUMENT (larger than Kafka allows). */
int esm__batch_append(struct esm__batch *batch, const esm_record *record, int32_t partition, uint32_t event_length);
void esm__batch_remove_last(struct esm__batch *batch, uint32_t event_length);

static inline struct esm__batch *esm__batch_ref(struct esm__batch *batch)
{
    atomic_fetch_add_explicit(&batch->references, 1, memory_order_relaxed);
    return batch;
}

/* Whether that was the last: then it is the caller's, to free or to use again. */
static inline int esm__batch_unref(struct esm__batch *batch)
{
    return atomic_fetch_sub_explicit(&batch->references, 1, memory_order_acq_rel) == 1;
}

#endif
