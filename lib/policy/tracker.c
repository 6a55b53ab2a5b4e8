/* SPDX-License-Identifier: MIT */
#include "policy/ring.h"

#include <assert.h>

#include "base/alloc.h"

enum {
    FIRST_CAPACITY = 16,
    MAX_CAPACITY = 1 << 28
};

void esm__tracker_start(struct esm__tracker *tracker, int64_t start_offset)
{
    *tracker = (struct esm__tracker){.next_offset = start_offset, .capacity = tracker->capacity};
}

uint32_t esm__tracker_next_capacity(const struct esm__tracker *tracker)
{
    if (tracker->capacity >= MAX_CAPACITY)
        return 0;
    return tracker->capacity == 0 ? FIRST_CAPACITY : tracker->capacity * 2;
}

void esm__tracker_move(struct esm__tracker *tracker, int64_t *from, int64_t *to, uint32_t capacity)
{
    struct esm__tracker moved = *tracker;
    moved.capacity = capacity;
    for (uint32_t sequence = tracker->head; sequence != tracker->tail; sequence++)
        *esm__tracker_at(&moved, to, sequence) = *esm__tracker_at(tracker, from, sequence);
    *tracker = moved;
}

int esm__tracker_accepts(const struct esm__tracker *tracker, int64_t offset)
{
    return offset >= tracker->next_offset && offset != INT64_MAX;
}

uint32_t esm__tracker_add(struct esm__tracker *tracker, int64_t *ring, int64_t offset)
{
    assert(esm__tracker_accepts(tracker, offset) && !esm__tracker_is_full(tracker));
    *esm__tracker_at(tracker, ring, tracker->tail) = offset;
    tracker->next_offset = offset + 1;
    tracker->open++;
    return tracker->tail++;
}

void esm__tracker_complete(struct esm__tracker *tracker, int64_t *ring, uint32_t sequence)
{
    int64_t *entry = esm__tracker_at(tracker, ring, sequence);
    assert(*entry >= 0);
    *entry = ~*entry;
    tracker->open--;
    while (tracker->head != tracker->tail && *esm__tracker_at(tracker, ring, tracker->head) < 0)
        tracker->head++;
}

int esm__tracker_skip_to(struct esm__tracker *tracker, int64_t next_offset)
{
    if (next_offset < tracker->next_offset)
        return ESM_ERR_INVALID_ARGUMENT;
    tracker->next_offset = next_offset;
    return 0;
}

/* ---- the public object ---- */

int esm_tracker_new(esm_allocator *allocator, esm_tracker **ret, int64_t start_offset)
{
    if (ret == NULL || start_offset < 0)
        return ESM_ERR_INVALID_ARGUMENT;
    esm_tracker *tracker = esm__calloc(allocator, 1, sizeof(*tracker));
    if (tracker == NULL)
        return ESM_ERR_NOMEM;
    tracker->allocator = esm_allocator_ref(allocator);
    esm__tracker_start(&tracker->core, start_offset);
    *ret = tracker;
    return 0;
}

void esm_tracker_free(esm_tracker *tracker)
{
    if (tracker == NULL)
        return;
    esm_allocator *allocator = tracker->allocator;
    esm__free(allocator, tracker->ring);
    esm__free(allocator, tracker);
    esm_allocator_unref(allocator);
}

static int make_room(esm_tracker *tracker)
{
    uint32_t capacity = esm__tracker_next_capacity(&tracker->core);
    if (capacity == 0)
        return ESM_ERR_NOMEM;
    int64_t *ring = esm__calloc(tracker->allocator, capacity, sizeof(*ring));
    if (ring == NULL)
        return ESM_ERR_NOMEM;
    esm__tracker_move(&tracker->core, tracker->ring, ring, capacity);
    esm__free(tracker->allocator, tracker->ring);
    tracker->ring = ring;
    return 0;
}

int esm_tracker_add(esm_tracker *tracker, int64_t offset)
{
    if (tracker == NULL || !esm__tracker_accepts(&tracker->core, offset))
        return ESM_ERR_INVALID_ARGUMENT;
    if (esm__tracker_is_full(&tracker->core)) {
        int error = make_room(tracker);
        if (error != 0)
            return error;
    }
    esm__tracker_add(&tracker->core, tracker->ring, offset);
    return 0;
}

/* The open entry with this offset: the lowest one at a glance, any other by halving. */
static int find(const esm_tracker *tracker, int64_t offset, uint32_t *ret_sequence)
{
    const struct esm__tracker *core = &tracker->core;
    uint32_t low = core->head, count = core->tail - core->head;
    while (count > 0) {
        uint32_t step =
            low == core->head && offset <= *esm__tracker_at(core, tracker->ring, low) ? 0 : count / 2;
        int64_t entry = *esm__tracker_at(core, tracker->ring, low + step);
        if (entry == offset) {
            *ret_sequence = low + step;
            return 0;
        }
        int64_t found = entry < 0 ? ~entry : entry;
        if (found < offset) {
            low += step + 1;
            count -= step + 1;
        } else {
            count = step;
        }
    }
    return ESM_ERR_NOT_FOUND;
}

int esm_tracker_complete(esm_tracker *tracker, int64_t offset)
{
    if (tracker == NULL || offset < 0)
        return ESM_ERR_INVALID_ARGUMENT;
    uint32_t sequence;
    int error = find(tracker, offset, &sequence);
    if (error == 0)
        esm__tracker_complete(&tracker->core, tracker->ring, sequence);
    return error;
}

int esm_tracker_skip_to(esm_tracker *tracker, int64_t next_offset)
{
    return tracker == NULL ? ESM_ERR_INVALID_ARGUMENT : esm__tracker_skip_to(&tracker->core, next_offset);
}

int64_t esm_tracker_get_position(const esm_tracker *tracker)
{
    return esm__tracker_position(&tracker->core, tracker->ring);
}

int64_t esm_tracker_get_next_offset(const esm_tracker *tracker)
{
    return tracker->core.next_offset;
}

size_t esm_tracker_get_open_count(const esm_tracker *tracker)
{
    return tracker->core.open;
}
