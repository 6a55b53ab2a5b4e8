/* SPDX-License-Identifier: MIT */
/*
 * What two states must have in common to have the same future, written as bytes. Times are relative and end
 * just past the greatest limit, counters too; ids and places in the block do not count.
 */
#include "world.h"

#include <assert.h>
#include <string.h>

enum {
    OVER = 0,
    FAR = 100,
    AT_NEVER = 101,
    UNKNOWN = 102,
    IN_A_ROW = 1 /* waits and failed commits: the first one and the others */
};

struct writer {
    uint8_t *at, *end;
};

static void put(struct writer *writer, int64_t value)
{
    assert(writer->at < writer->end && value >= -128 && value < 256);
    *writer->at++ = (uint8_t)value;
}

static void put_mask(struct writer *writer, uint32_t mask)
{
    put(writer, mask & 255);
    put(writer, mask >> 8 & 255);
    put(writer, mask >> 16 & 255);
}

static void put_due(struct writer *writer, const struct world *world, int64_t due_ms)
{
    if (due_ms == ESM__UNKNOWN_MS || due_ms == ESM_NEVER)
        put(writer, due_ms == ESM_NEVER ? AT_NEVER : UNKNOWN);
    else if (due_ms <= world->now_ms)
        put(writer, OVER);
    else
        put(writer, due_ms - world->now_ms < FAR ? due_ms - world->now_ms : FAR);
}

/* A limit of -1 is none: then the number does not matter. */
static int64_t count_up(int64_t number, int64_t limit)
{
    int64_t most = limit + 1;
    return number < most ? number : most;
}

static void put_lane(struct writer *writer, const struct world *world, struct esm__state *state,
                     const struct esm__lane *lane)
{
    const int64_t *ring = esm__lane_ring(state, lane);
    put(writer, (int64_t)lane->number);
    put(writer, lane->action != 0);
    put(writer, lane->tracker.next_offset);
    put(writer, lane->tracker.tail - lane->tracker.head);
    for (uint32_t i = lane->tracker.head; i != lane->tracker.tail; i++)
        put(writer, ring[i & (lane->tracker.capacity - 1)]);
    put(writer, lane->committed);
    put(writer, lane->action != 0 ? lane->commit_offset : 0);
    put_due(writer, world, lane->commit_due_ms);
    put(writer, count_up(lane->commit_failures, IN_A_ROW));
    put(writer, lane->records);
    put(writer, lane->is_draining);
}

static void put_set(struct writer *writer, const struct world *world, const struct esm__set *set,
                    const uint32_t *order)
{
    bool is_given_up = set->kind != ESM_ACTION_INVOKE;
    put(writer, set->kind);
    put(writer, set->reason);
    put(writer, count_up(set->attempts, world->rules.max_retries));
    put(writer,
        count_up(set->failures, is_given_up ? world->rules.max_deliveries : world->rules.max_retries));
    put(writer, count_up(set->waits, IN_A_ROW));
    put_due(writer, world, set->due_ms);
    put(writer, set->count);
    for (uint32_t i = 0; i < set->count; i++)
        put(writer, order[set->begin + i]);
}

static void put_batch(struct writer *writer, const struct world *world, struct esm__state *state,
                      const struct esm__batch *batch)
{
    void *memory = esm__batch_memory(state, batch);
    const struct esm__fate *fate = &batch->fate;
    put(writer, (int64_t)batch->number);
    put(writer, batch->action != 0);
    put(writer, batch->has_turn | batch->has_started << 1 | fate->is_open << 2 | fate->is_out << 3 |
                    fate->has_failed << 4);
    put(writer, batch->lane);
    put(writer, fate->depth);
    for (uint32_t i = 0; i < fate->depth; i++)
        put_set(writer, world, &esm__fate_sets(fate, memory)[i], esm__fate_order(fate, memory));
    put(writer, fate->count);
    for (uint32_t i = 0; i < fate->count; i++) {
        int64_t age_ms = world->now_ms - esm__fate_timestamps(fate, memory)[i];
        put(writer, esm__fate_marks(fate, memory)[i]);
        put(writer, age_ms > world->rules.max_record_age_ms ? world->rules.max_record_age_ms + 1 : age_ms);
    }
}

static void put_observer(struct writer *writer, const struct world *world)
{
    const struct observer *seen = &world->seen;
    put(writer, seen->input);
    put_mask(writer, seen->ended);
    put_mask(writer, seen->abandoned);
    put_mask(writer, seen->alone_too_large);
    for (unsigned i = 0; i < RECORDS; i++) {
        if (seen->lane_of[i] == 0)
            continue;
        put(writer, count_up(seen->failures[i], world->rules.max_retries));
        put(writer, count_up(seen->deliveries[i], world->rules.max_deliveries));
    }
    for (unsigned i = 1; i <= seen->batches; i++) {
        put(writer, seen->out_type[i]);
        put_mask(writer, seen->out[i]);
    }
    for (unsigned i = 1; i <= LANES; i++) {
        put(writer, seen->revoked[i] | seen->draining[i] << 1 | seen->commit_out[i] << 2);
        put(writer, seen->carried[i]);
    }
}

size_t canon_write(const struct world *world, uint8_t *bytes)
{
    struct esm__state *state = world->policy->state;
    struct writer writer = {bytes, bytes + CANON_MAX};
    put_due(&writer, world, state->batches_due_ms);
    put_due(&writer, world, state->commits_due_ms);
    put(&writer, state->turns_changed);
    put(&writer, state->commit_cursor);
    for (uint32_t i = 0; i < state->lanes.count; i++)
        put_lane(&writer, world, state, esm__state_lane(state, esm__table_slot(state, &state->lanes, i)));
    put(&writer, state->batches.count);
    for (uint32_t i = 0; i < state->batches.count; i++)
        put_batch(&writer, world, state, esm__state_batch(state, esm__table_slot(state, &state->batches, i)));
    put_observer(&writer, world);
    return (size_t)(writer.at - bytes);
}
