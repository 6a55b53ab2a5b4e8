/* SPDX-License-Identifier: MIT */
#include "policy/state.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

_Static_assert(sizeof(struct esm__rules) == 152, "no padding");
_Static_assert(sizeof(struct esm__set) == 40, "no padding");
_Static_assert(sizeof(struct esm__lane) == 88, "no padding");
_Static_assert(sizeof(struct esm__batch) == 48, "no padding");
_Static_assert(sizeof(struct esm__state) == 280, "no padding");

enum {
    FIRST_RECORDS = 16
};

/* ---- tables ---- */

/* Both kinds of slot begin with their number. */
static uint64_t number_at(struct esm__state *state, const struct esm__table *table, size_t size,
                          uint32_t position)
{
    return *(uint64_t *)esm__state_piece(state,
                                         table->slots + size * esm__table_slot(state, table, position));
}

/* The position of a number in the order; the count if it is not there. The newest one is the likeliest. */
static uint32_t find(struct esm__state *state, const struct esm__table *table, size_t size, uint64_t number)
{
    uint32_t low = 0, high = table->count, middle = table->count - 1;
    while (low < high) {
        uint64_t found = number_at(state, table, size, middle);
        if (found == number)
            return middle;
        if (found < number)
            low = middle + 1;
        else
            high = middle;
        middle = low + (high - low) / 2;
    }
    return table->count;
}

static uint32_t take_slot(struct esm__state *state, struct esm__table *table)
{
    assert(table->count < table->capacity);
    return esm__table_slot(state, table, table->count++);
}

static void free_slot(struct esm__state *state, struct esm__table *table, uint32_t position)
{
    uint32_t *order = esm__state_piece(state, table->order);
    uint32_t slot = order[position];
    memmove(&order[position], &order[position + 1], (table->count - position - 1) * sizeof(*order));
    order[--table->count] = slot;
}

struct esm__lane *esm__state_find_lane(struct esm__state *state, uint64_t number)
{
    uint32_t position = find(state, &state->lanes, sizeof(struct esm__lane), number);
    return position == state->lanes.count
               ? NULL
               : esm__state_lane(state, esm__table_slot(state, &state->lanes, position));
}

struct esm__batch *esm__state_find_batch(struct esm__state *state, uint64_t number)
{
    uint32_t position = find(state, &state->batches, sizeof(struct esm__batch), number);
    if (position == state->batches.count)
        return NULL;
    return esm__state_batch(state, esm__table_slot(state, &state->batches, position));
}

struct esm__lane *esm__state_take_lane(struct esm__state *state)
{
    return esm__state_lane(state, take_slot(state, &state->lanes));
}

struct esm__batch *esm__state_take_batch(struct esm__state *state)
{
    return esm__state_batch(state, take_slot(state, &state->batches));
}

void esm__state_free_lane(struct esm__state *state, struct esm__lane *lane)
{
    free_slot(state, &state->lanes, find(state, &state->lanes, sizeof(*lane), lane->number));
    *lane = (struct esm__lane){.ring = lane->ring, .tracker.capacity = lane->tracker.capacity};
}

void esm__state_free_batch(struct esm__state *state, struct esm__batch *batch)
{
    free_slot(state, &state->batches, find(state, &state->batches, sizeof(*batch), batch->number));
    *batch = (struct esm__batch){.memory = batch->memory, .fate.capacity = batch->fate.capacity};
}

/* ---- pieces ---- */

static size_t ring_size(uint32_t capacity)
{
    return capacity * sizeof(int64_t);
}

static size_t batch_size(uint32_t capacity)
{
    return esm__fate_size(capacity) + capacity * 2 * sizeof(uint32_t);
}

static size_t order_size(uint32_t capacity)
{
    return (capacity * sizeof(uint32_t) + 7) / 8 * 8;
}

/* The next free bytes of the block, zeroed; they were reserved before. */
static uint64_t take_piece(struct esm__state *state, size_t size)
{
    uint64_t piece = state->used;
    assert(size <= state->size - piece);
    state->used += size;
    return piece;
}

/* Copies one piece into another block, and says there where it is. */
static void copy_piece(struct esm__state *to, uint64_t *ret_piece, struct esm__state *from, uint64_t piece,
                       size_t size)
{
    uint64_t copy = take_piece(to, size);
    memcpy(esm__state_piece(to, copy), esm__state_piece(from, piece), size);
    *ret_piece = copy;
}

/* Lays the state out in a larger block, piece behind piece; what pieces left behind when they grew is not
 * taken along. */
static void lay_out(struct esm__state *to, struct esm__state *from)
{
    uint64_t size = to->size;
    *to = *from;
    to->size = size;
    to->used = sizeof(*to);
    copy_piece(to, &to->lanes.slots, from, from->lanes.slots,
               from->lanes.capacity * sizeof(struct esm__lane));
    copy_piece(to, &to->lanes.order, from, from->lanes.order, order_size(from->lanes.capacity));
    copy_piece(to, &to->batches.slots, from, from->batches.slots,
               from->batches.capacity * sizeof(struct esm__batch));
    copy_piece(to, &to->batches.order, from, from->batches.order, order_size(from->batches.capacity));
    for (uint32_t slot = 0; slot < to->lanes.capacity; slot++) {
        struct esm__lane *lane = esm__state_lane(to, slot);
        copy_piece(to, &lane->ring, from, lane->ring, ring_size(lane->tracker.capacity));
    }
    for (uint32_t slot = 0; slot < to->batches.capacity; slot++) {
        struct esm__batch *batch = esm__state_batch(to, slot);
        if (batch->memory != 0)
            copy_piece(to, &batch->memory, from, batch->memory, batch_size(batch->fate.capacity));
    }
}

/* What all pieces together take, gaps left out. */
static size_t live_size(struct esm__state *state)
{
    size_t size = sizeof(*state) + order_size(state->lanes.capacity) + order_size(state->batches.capacity);
    for (uint32_t slot = 0; slot < state->lanes.capacity; slot++)
        size += sizeof(struct esm__lane) + ring_size(esm__state_lane(state, slot)->tracker.capacity);
    for (uint32_t slot = 0; slot < state->batches.capacity; slot++) {
        const struct esm__batch *batch = esm__state_batch(state, slot);
        size += sizeof(*batch) + (batch->memory != 0 ? batch_size(batch->fate.capacity) : 0);
    }
    return size;
}

/* Room for new pieces of so many bytes. Half of a new block is free, so that laying out costs O(1) for each
 * byte. */
static int reserve(esm_policy *policy, size_t more)
{
    struct esm__state *state = policy->state;
    if (more <= state->size - state->used)
        return 0;
    size_t size = live_size(state) + more;
    struct esm__state *moved = esm__calloc(policy->allocator, 2, size);
    if (moved == NULL)
        return ESM_ERR_NOMEM;
    moved->size = 2 * size;
    lay_out(moved, state);
    esm__free(policy->allocator, state);
    policy->state = moved;
    return 0;
}

/* ---- growing ---- */

static void grow_table(struct esm__state *state, struct esm__table *table, size_t slot_size,
                       uint32_t capacity)
{
    uint32_t old = table->capacity;
    uint64_t slots = take_piece(state, capacity * slot_size), order = take_piece(state, order_size(capacity));
    memcpy(esm__state_piece(state, slots), esm__state_piece(state, table->slots), old * slot_size);
    memcpy(esm__state_piece(state, order), esm__state_piece(state, table->order), old * sizeof(uint32_t));
    for (uint32_t slot = old; slot < capacity; slot++)
        ((uint32_t *)esm__state_piece(state, order))[slot] = slot;
    *table = (struct esm__table){slots, order, capacity, table->count};
}

/* Room for one more slot in the table that stands at `offset` in the header, and for more bytes. */
static int reserve_slot(esm_policy *policy, size_t offset, size_t slot_size, size_t more)
{
    struct esm__table *table = esm__state_piece(policy->state, offset);
    if (table->count >= ESM__SLOTS_MAX)
        return ESM_ERR_NOMEM;
    uint32_t capacity = 0;
    if (table->count == table->capacity) {
        capacity = table->count == 0 ? 1 : table->count * 2;
        more += capacity * slot_size + order_size(capacity);
    }
    int error = reserve(policy, more);
    if (error == 0 && capacity != 0)
        grow_table(policy->state, esm__state_piece(policy->state, offset), slot_size, capacity);
    return error;
}

int esm__policy_reserve_lane(esm_policy *policy)
{
    return reserve_slot(policy, offsetof(struct esm__state, lanes), sizeof(struct esm__lane), 0);
}

/* A slot that is used for the first time gets memory for a few records too; later ones find it there. */
int esm__policy_reserve_batch(esm_policy *policy)
{
    const struct esm__table *table = &policy->state->batches;
    size_t more = batch_size(FIRST_RECORDS);
    if (table->count < table->capacity &&
        esm__state_batch(policy->state, esm__table_slot(policy->state, table, table->count))->memory != 0)
        more = 0;
    int error = reserve_slot(policy, offsetof(struct esm__state, batches), sizeof(struct esm__batch), more);
    if (error != 0 || more == 0)
        return error;
    struct esm__state *state = policy->state;
    struct esm__batch *batch =
        esm__state_batch(state, esm__table_slot(state, &state->batches, state->batches.count));
    batch->memory = take_piece(state, more);
    batch->fate.capacity = FIRST_RECORDS;
    return 0;
}

static void grow_ring(struct esm__state *state, struct esm__lane *lane, uint32_t capacity)
{
    uint64_t ring = take_piece(state, ring_size(capacity));
    esm__tracker_move(&lane->tracker, esm__lane_ring(state, lane), esm__state_piece(state, ring), capacity);
    lane->ring = ring;
}

static void grow_batch(struct esm__state *state, struct esm__batch *batch, uint32_t capacity)
{
    struct esm__batch old = *batch, grown = *batch;
    grown.memory = take_piece(state, batch_size(capacity));
    grown.fate.capacity = capacity;
    memcpy(esm__batch_lanes(state, &grown), esm__batch_lanes(state, &old), old.fate.count * sizeof(uint32_t));
    memcpy(esm__batch_sequences(state, &grown), esm__batch_sequences(state, &old),
           old.fate.count * sizeof(uint32_t));
    esm__fate_move(&batch->fate, esm__batch_memory(state, &old), esm__batch_memory(state, &grown), capacity);
    batch->memory = grown.memory;
}

/* Both growths are reserved before either begins. */
int esm__policy_reserve_record(esm_policy *policy, uint64_t batch_number, uint64_t lane_number)
{
    struct esm__lane *lane = esm__state_find_lane(policy->state, lane_number);
    struct esm__batch *batch = esm__state_find_batch(policy->state, batch_number);
    uint32_t ring = 0, records = 0;
    size_t more = 0;
    if (esm__tracker_is_full(&lane->tracker)) {
        ring = esm__tracker_next_capacity(&lane->tracker);
        if (ring == 0)
            return ESM_ERR_NOMEM;
        more = ring_size(ring);
    }
    if (batch->fate.count == batch->fate.capacity) {
        if (batch->fate.count >= ESM__RECORDS_MAX)
            return ESM_ERR_NOMEM;
        records = batch->fate.count * 2;
        more += batch_size(records);
    }
    int error = reserve(policy, more);
    if (error != 0)
        return error;
    if (ring != 0)
        grow_ring(policy->state, esm__state_find_lane(policy->state, lane_number), ring);
    if (records != 0)
        grow_batch(policy->state, esm__state_find_batch(policy->state, batch_number), records);
    return 0;
}

int esm__policy_make_state(esm_policy *policy, const struct esm__rules *rules)
{
    struct esm__state *state = esm__calloc(policy->allocator, 1, sizeof(*state));
    if (state == NULL)
        return ESM_ERR_NOMEM;
    state->size = state->used = sizeof(*state);
    state->rules = *rules;
    state->batches_due_ms = state->commits_due_ms = ESM__UNKNOWN_MS;
    policy->state = state;
    return 0;
}

const void *esm__policy_get_state(const esm_policy *policy, size_t *ret_size)
{
    *ret_size = policy->state->size;
    return policy->state;
}

int esm__policy_set_state(esm_policy *policy, const void *block, size_t size)
{
    void *state = esm__malloc(policy->allocator, size);
    if (state == NULL)
        return ESM_ERR_NOMEM;
    memcpy(state, block, size);
    esm__free(policy->allocator, policy->state);
    policy->state = state;
    return 0;
}
