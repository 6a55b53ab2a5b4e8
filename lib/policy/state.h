/* SPDX-License-Identifier: MIT */
/*
 * The state of a policy engine: one flat block without pointers and without padding. What has a size of its
 * own stands behind the header as pieces, found by their distance from the block's start. Tests copy, compare
 * and hash it.
 */
#ifndef ESM_POLICY_STATE_H
#define ESM_POLICY_STATE_H

#include "policy/fate.h"
#include "policy/ring.h"

#define ESM__UNKNOWN_MS INT64_MIN /* of the two cached deadlines: to be found out */

enum {
    ESM__SLOTS_MAX = 1 << 23, /* of lanes, or of batches, at a time: see esm__state_new_action() */
    ESM__NO_LANE = 0,         /* a batch's lane: none so far */
    ESM__MIXED_LANES = -1     /* a batch's lane: more than one */
};

/* Slots that stay where they are, and their order by number: first those in use, ascending, then the free
 * ones. */
struct esm__table {
    uint64_t slots, order; /* pieces */
    uint32_t capacity, count;
};

struct esm__lane {
    uint64_t number;
    uint64_t action; /* the COMMIT that is out; 0: none */
    uint64_t ring;   /* a piece: the tracker's */
    struct esm__tracker tracker;
    int64_t committed;     /* the offset that Kafka has; -1: another than this lane could name */
    int64_t commit_offset; /* in the COMMIT that is out */
    int64_t commit_due_ms; /* monotonic: no COMMIT before */
    uint32_t commit_failures;
    uint32_t records; /* in sets, whatever their fate */
    uint32_t claim;   /* for the length of one pass: see next.c; else 0 */
    uint32_t is_draining;
};

struct esm__batch {
    uint64_t number;
    uint64_t action; /* the INVOKE or DELIVER that is out; 0: none */
    uint64_t memory; /* a piece: each record's lane slot, each record's tracker sequence, the fate's memory */
    struct esm__fate fate;
    int32_t lane;        /* slot + 1 of the one lane; ESM__NO_LANE, ESM__MIXED_LANES */
    uint8_t has_turn;    /* no earlier batch stands before it */
    uint8_t has_started; /* an action of it was taken, so it keeps its turn */
    uint16_t unused;
};

struct esm__state {
    uint64_t size, used; /* bytes of the block: all, and behind the last piece */
    struct esm__rules rules;
    int64_t monotonic_ms, wall_ms;
    int64_t batches_due_ms, commits_due_ms;  /* nothing before: cached, or ESM__UNKNOWN_MS */
    uint64_t actions, last_batch, last_lane; /* given so far */
    struct esm__table lanes, batches;
    uint32_t commit_cursor; /* where in the lanes' order to look for the next COMMIT */
    uint32_t turns_changed; /* has_turn of some batch is to be found out */
};

struct esm_action {
    enum esm_action_type type;
    enum esm_reason reason;
    uint32_t attempt;
    uint32_t lane;
    uint64_t id;
    uint64_t batch;
    int64_t offset;
    const uint32_t *indexes;
    uint32_t count;
};

struct esm_policy {
    esm_allocator *allocator;
    struct esm__state *state;
    struct esm_action action; /* the one that was handed out last */
};

static inline void *esm__state_piece(struct esm__state *state, uint64_t piece)
{
    return (char *)state + piece;
}

static inline struct esm__lane *esm__state_lane(struct esm__state *state, uint32_t slot)
{
    return (struct esm__lane *)esm__state_piece(state, state->lanes.slots) + slot;
}

static inline struct esm__batch *esm__state_batch(struct esm__state *state, uint32_t slot)
{
    return (struct esm__batch *)esm__state_piece(state, state->batches.slots) + slot;
}

/* The slot that is the n-th in order. */
static inline uint32_t esm__table_slot(struct esm__state *state, const struct esm__table *table,
                                       uint32_t position)
{
    return ((uint32_t *)esm__state_piece(state, table->order))[position];
}

static inline uint32_t *esm__batch_lanes(struct esm__state *state, const struct esm__batch *batch)
{
    return esm__state_piece(state, batch->memory);
}

static inline uint32_t *esm__batch_sequences(struct esm__state *state, const struct esm__batch *batch)
{
    return esm__batch_lanes(state, batch) + batch->fate.capacity;
}

/* The fate's. */
static inline void *esm__batch_memory(struct esm__state *state, const struct esm__batch *batch)
{
    return esm__batch_sequences(state, batch) + batch->fate.capacity;
}

static inline int64_t *esm__lane_ring(struct esm__state *state, const struct esm__lane *lane)
{
    return esm__state_piece(state, lane->ring);
}

static inline int64_t esm__lane_position(struct esm__state *state, const struct esm__lane *lane)
{
    return esm__tracker_position(&lane->tracker, esm__lane_ring(state, lane));
}

/* By number; NULL: not in use. */
struct esm__lane *esm__state_find_lane(struct esm__state *state, uint64_t number);
struct esm__batch *esm__state_find_batch(struct esm__state *state, uint64_t number);

/* A free slot; the caller fills it in but for what names its pieces. */
struct esm__lane *esm__state_take_lane(struct esm__state *state);
struct esm__batch *esm__state_take_batch(struct esm__state *state);
void esm__state_free_lane(struct esm__state *state, struct esm__lane *lane);
void esm__state_free_batch(struct esm__state *state, struct esm__batch *batch);

/*
 * Room: for one more lane, one more batch, one more record. 0 or ESM_ERR_NOMEM; then the block is as it was.
 * On success it may have moved.
 */
int esm__policy_reserve_lane(esm_policy *policy);
int esm__policy_reserve_batch(esm_policy *policy);
int esm__policy_reserve_record(esm_policy *policy, uint64_t batch_number, uint64_t lane_number);

/* Makes the first block. */
int esm__policy_make_state(esm_policy *policy, const struct esm__rules *rules);

/* For tests: the block as bytes, and an engine set to a block that was copied before. */
const void *esm__policy_get_state(const esm_policy *policy, size_t *ret_size);
int esm__policy_set_state(esm_policy *policy, const void *block, size_t size);

#endif
