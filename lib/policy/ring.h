/* SPDX-License-Identifier: MIT */
/*
 * The offset tracker without memory of its own: the state has no pointers, its ring is passed in, so that the
 * policy engine can keep both in its flat block. The ring holds the offsets from the lowest open one on,
 * complete ones as their complement; an entry is named by its sequence number, which never changes.
 */
#ifndef ESM_POLICY_RING_H
#define ESM_POLICY_RING_H

#include <esm/tracker.h>

struct esm__tracker {
    int64_t next_offset;
    uint32_t head, tail; /* sequence numbers, free running: the first entry, and behind the last */
    uint32_t capacity;   /* of the ring: 0 or a power of two */
    uint32_t open;
};

/* The public object: a tracker with a ring of its own. */
struct esm_tracker {
    esm_allocator *allocator;
    int64_t *ring;
    struct esm__tracker core;
};

static inline int64_t *esm__tracker_at(const struct esm__tracker *tracker, int64_t *ring, uint32_t sequence)
{
    return &ring[sequence & (tracker->capacity - 1)];
}

static inline int esm__tracker_is_full(const struct esm__tracker *tracker)
{
    return tracker->tail - tracker->head == tracker->capacity;
}

/* The lowest offset that is not complete. */
static inline int64_t esm__tracker_position(const struct esm__tracker *tracker, const int64_t *ring)
{
    return tracker->head == tracker->tail ? tracker->next_offset
                                          : ring[tracker->head & (tracker->capacity - 1)];
}

/* Empties it; the ring stays. */
void esm__tracker_start(struct esm__tracker *tracker, int64_t start_offset);

/* The capacity that comes after the present one; 0: there is none. */
uint32_t esm__tracker_next_capacity(const struct esm__tracker *tracker);
void esm__tracker_move(struct esm__tracker *tracker, int64_t *from, int64_t *to, uint32_t capacity);

/* Whether a record with this offset may come now; adding wants that, and a ring that is not full. */
int esm__tracker_accepts(const struct esm__tracker *tracker, int64_t offset);
uint32_t esm__tracker_add(struct esm__tracker *tracker, int64_t *ring, int64_t offset);

/* Completes an entry that is open. O(1), all completions together. */
void esm__tracker_complete(struct esm__tracker *tracker, int64_t *ring, uint32_t sequence);

/* 0, or ESM_ERR_INVALID_ARGUMENT. */
int esm__tracker_skip_to(struct esm__tracker *tracker, int64_t next_offset);

#endif
