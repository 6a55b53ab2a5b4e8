/* SPDX-License-Identifier: MIT */
#include "poller/batch.h"

#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"

/* A chunk is half of what the batch has already: a small batch is small, a large one has few, and little is in vain. */
enum { FIRST_CHUNK = 4096, LARGEST_CHUNK = 256 * 1024 };

struct esm__chunk {
    struct esm__chunk *next;
    size_t size; /* of data */
    size_t used;
    _Alignas(8) char data[];
};

int esm__batch_new(esm_allocator *allocator, struct esm__batch **ret)
{
    struct esm__batch *batch = esm__calloc(allocator, 1, sizeof(*batch));
    if (batch == NULL)
        return ESM_ERR_NOMEM;
    atomic_init(&batch->references, 1);
    batch->allocator = esm_allocator_ref(allocator);
    batch->memory = sizeof(*batch);
    *ret = batch;
    return 0;
}

static void free_chunks(struct esm__batch *batch, struct esm__chunk **list, size_t keep)
{
    struct esm__chunk **link = list;
    while (*link != NULL) {
        struct esm__chunk *chunk = *link;
        if (chunk->size <= keep) {
            keep -= chunk->size;
            link = &chunk->next;
            continue;
        }
        *link = chunk->next;
        batch->memory -= sizeof(*chunk) + chunk->size;
        esm__free(batch->allocator, chunk);
    }
}

void esm__batch_free(struct esm__batch *batch)
{
    esm_allocator *allocator = batch->allocator;
    free_chunks(batch, &batch->chunks, 0);
    free_chunks(batch, &batch->spare, 0);
    esm__free(allocator, batch->records);
    esm__free(allocator, batch->event_lengths);
    esm__free(allocator, batch);
    esm_allocator_unref(allocator);
}

void esm__batch_clear(struct esm__batch *batch, size_t keep)
{
    while (batch->chunks != NULL) {
        struct esm__chunk *chunk = batch->chunks;
        batch->chunks = chunk->next;
        chunk->used = 0;
        chunk->next = batch->spare;
        batch->spare = chunk;
    }
    free_chunks(batch, &batch->spare, keep);
    atomic_store_explicit(&batch->references, 1, memory_order_relaxed);
    batch->next = NULL;
    batch->count = 0;
    batch->event_length = 0;
    batch->charged = 0;
    batch->invocations = 0;
    batch->is_started = 0;
    batch->answer = (struct esm__answer){0};
}

static int grow_records(struct esm__batch *batch)
{
    size_t capacity = batch->capacity < 16 ? 16 : batch->capacity * 2;
    size_t bytes;
    if (!esm__mul(capacity, sizeof(*batch->records), &bytes))
        return ESM_ERR_NOMEM;
    esm_record *records = esm__realloc(batch->allocator, batch->records, bytes);
    if (records == NULL)
        return ESM_ERR_NOMEM;
    batch->records = records;
    uint32_t *lengths = esm__realloc(batch->allocator, batch->event_lengths, capacity * sizeof(*lengths));
    if (lengths == NULL)
        return ESM_ERR_NOMEM;
    batch->event_lengths = lengths;
    batch->memory += (capacity - batch->capacity) * (sizeof(*records) + sizeof(*lengths));
    batch->capacity = capacity;
    return 0;
}

/* Makes the chunk in use one that has room. */
static int add_chunk(struct esm__batch *batch, size_t size)
{
    for (struct esm__chunk **link = &batch->spare; *link != NULL; link = &(*link)->next) {
        struct esm__chunk *chunk = *link;
        if (chunk->size < size)
            continue;
        *link = chunk->next;
        chunk->next = batch->chunks;
        batch->chunks = chunk;
        return 0;
    }
    size_t room = batch->memory / 2;
    if (room > LARGEST_CHUNK)
        room = LARGEST_CHUNK;
    if (room < FIRST_CHUNK)
        room = FIRST_CHUNK;
    if (room < size)
        room = size;
    size_t bytes;
    struct esm__chunk *chunk =
        esm__add(room, sizeof(*chunk), &bytes) ? esm__malloc(batch->allocator, bytes) : NULL;
    if (chunk == NULL)
        return ESM_ERR_NOMEM;
    *chunk = (struct esm__chunk){.next = batch->chunks, .size = room};
    batch->chunks = chunk;
    batch->memory += bytes;
    return 0;
}

int esm__batch_append(struct esm__batch *batch, const esm_record *record, int32_t partition, uint32_t event_length)
{
    size_t size = esm__record_size(record);
    if (size == SIZE_MAX)
        return ESM_ERR_INVALID_ARGUMENT;
    int error = 0;
    if (batch->count == batch->capacity)
        error = grow_records(batch);
    if (error == 0 && (batch->chunks == NULL || batch->chunks->size - batch->chunks->used < size))
        error = add_chunk(batch, size);
    if (error != 0)
        return error;
    esm_record *copy = &batch->records[batch->count];
    esm__record_copy(copy, record, batch->chunks->data + batch->chunks->used);
    batch->chunks->used += size;
    copy->topic = batch->topic;
    copy->partition = partition;
    batch->event_lengths[batch->count++] = event_length;
    batch->event_length += event_length;
    return 0;
}

/* Undoes the last append, but for the arena's bytes: those are taken back with the batch. */
void esm__batch_remove_last(struct esm__batch *batch, uint32_t event_length)
{
    batch->count--;
    batch->event_length -= event_length;
}
