/* SPDX-License-Identifier: MIT */
#include "policy/inside.h"

#include "base/checked.h"

/* ---- turns: which batches have no earlier one before them ---- */

/* What one pass does with a lane of a batch. */
enum claiming {
    CLAIM, /* it is this batch's if it is nobody's yet */
    FORGET
};

/* Returns whether every lane of the batch is its own. */
static int claim_lanes(struct esm__state *state, uint32_t slot, enum claiming claiming)
{
    const struct esm__batch *batch = esm__state_batch(state, slot);
    const uint8_t *marks = esm__fate_marks(&batch->fate, esm__batch_memory(state, batch));
    const uint32_t *lanes = esm__batch_lanes(state, batch);
    /* In a batch of one lane one record speaks for all; none does if the lane is gone. */
    uint32_t count = batch->lane == ESM__MIXED_LANES ? batch->fate.count : batch->lane != ESM__NO_LANE;
    int owns = 1;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t lane_slot = batch->lane == ESM__MIXED_LANES ? lanes[i] : (uint32_t)batch->lane - 1;
        struct esm__lane *lane = esm__state_lane(state, lane_slot);
        if (batch->lane == ESM__MIXED_LANES && (marks[i] & ESM__MARK_GONE) != 0)
            continue;
        if (claiming == FORGET)
            lane->claim = 0;
        else if (lane->claim == 0)
            lane->claim = slot + 1;
        else if (lane->claim != slot + 1)
            owns = 0;
    }
    return owns;
}

/* Those that have started keep their lanes; among the others the earlier one comes first, closed or not. */
static void give_turns(struct esm__state *state)
{
    const struct esm__table *table = &state->batches;
    for (int started = 1; started >= 0; started--)
        for (uint32_t position = 0; position < table->count; position++) {
            uint32_t slot = esm__table_slot(state, table, position);
            struct esm__batch *batch = esm__state_batch(state, slot);
            if (batch->has_started != started)
                continue;
            int owns = state->rules.parallel_batches || claim_lanes(state, slot, CLAIM);
            batch->has_turn = started || (owns && !batch->fate.is_open);
        }
    for (uint32_t position = 0; position < table->count; position++)
        claim_lanes(state, esm__table_slot(state, table, position), FORGET);
    state->turns_changed = 0;
}

/* ---- actions ---- */

/* Its serial number, which makes it unique, and the slot of its batch or lane, by which it is found. */
static uint64_t new_action(struct esm__state *state, uint32_t slot)
{
    return ++state->actions * ESM__SLOTS_MAX + slot;
}

static void show_set(struct esm__state *state, const struct esm__batch *batch, esm_action *action)
{
    void *memory = esm__batch_memory(state, batch);
    const struct esm__set *set = esm__fate_top(&batch->fate, memory);
    *action = (esm_action){.type = (enum esm_action_type)set->kind,
                           .reason = (enum esm_reason)set->reason,
                           .attempt = set->attempts,
                           .id = batch->action,
                           .batch = batch->number,
                           .offset = -1,
                           .indexes = esm__fate_order(&batch->fate, memory) + set->begin,
                           .count = set->count};
}

static void show_commit(const struct esm__lane *lane, esm_action *action)
{
    *action = (esm_action){.type = ESM_ACTION_COMMIT,
                           .id = lane->action,
                           .lane = (uint32_t)lane->number,
                           .offset = lane->commit_offset};
}

/* ---- what is next, and when ---- */

enum {
    SET_ACTIONS = ESM_ACTION_INVOKE | ESM_ACTION_DELIVER | ESM_ACTION_DROP
};

/* When the batch has something of these types to do; ESM_NEVER: not before an answer, or before its turn. */
static int64_t batch_due_ms(struct esm__state *state, const struct esm__batch *batch, uint32_t allowed)
{
    if (!batch->has_turn || batch->fate.is_out)
        return ESM_NEVER;
    void *memory = esm__batch_memory(state, batch);
    const struct esm__set *set = esm__fate_top(&batch->fate, memory);
    if ((set->kind & allowed) != 0)
        return set->due_ms;
    /* While it may not be invoked it still ages. */
    if (set->kind != ESM_ACTION_INVOKE || (esm__rules_given_up(&state->rules) & allowed) == 0)
        return ESM_NEVER;
    int64_t left_ms = esm__fate_next_expiry_ms(&batch->fate, memory, &state->rules, state->wall_ms);
    int64_t expiry_ms = esm__add_ms(state->monotonic_ms, left_ms);
    return expiry_ms > set->due_ms ? expiry_ms : set->due_ms;
}

static int64_t find_batches_due_ms(struct esm__state *state, uint32_t allowed)
{
    if (state->turns_changed)
        give_turns(state);
    int64_t due_ms = ESM_NEVER;
    for (uint32_t position = 0; position < state->batches.count; position++) {
        uint32_t slot = esm__table_slot(state, &state->batches, position);
        int64_t batch_ms = batch_due_ms(state, esm__state_batch(state, slot), allowed);
        due_ms = batch_ms < due_ms ? batch_ms : due_ms;
    }
    return due_ms;
}

/* The earliest of all batches, remembered until something changes. */
static int64_t batches_due_ms(struct esm__state *state)
{
    if (state->batches_due_ms == ESM__UNKNOWN_MS)
        state->batches_due_ms = find_batches_due_ms(state, SET_ACTIONS);
    return state->batches_due_ms;
}

static int64_t commits_due_ms(struct esm__state *state)
{
    if (state->commits_due_ms != ESM__UNKNOWN_MS)
        return state->commits_due_ms;
    int64_t due_ms = ESM_NEVER;
    for (uint32_t position = 0; position < state->lanes.count; position++) {
        uint32_t slot = esm__table_slot(state, &state->lanes, position);
        int64_t lane_ms = esm__lane_due_ms(state, esm__state_lane(state, slot));
        due_ms = lane_ms < due_ms ? lane_ms : due_ms;
    }
    return state->commits_due_ms = due_ms;
}

static void take_set(struct esm__state *state, struct esm__batch *batch, uint32_t slot, esm_action *action)
{
    struct esm__fate *fate = &batch->fate;
    void *memory = esm__batch_memory(state, batch);
    batch->has_started = 1;
    if (esm__fate_top(fate, memory)->kind == ESM_ACTION_DROP) {
        show_set(state, batch, action);
        /* The indexes stay where they are until the next change. */
        esm__state_settle(state, batch, esm__fate_drop(fate, memory));
        return;
    }
    esm__fate_take(fate, memory);
    batch->action = new_action(state, slot);
    show_set(state, batch, action);
    esm__state_touch_batches(state);
}

/* The first batch, in order, that has something allowed to do. */
static int next_of_batches(struct esm__state *state, uint32_t allowed, esm_action *action)
{
    for (uint32_t position = 0; position < state->batches.count; position++) {
        uint32_t slot = esm__table_slot(state, &state->batches, position);
        struct esm__batch *batch = esm__state_batch(state, slot);
        void *memory = esm__batch_memory(state, batch);
        if (batch_due_ms(state, batch, SET_ACTIONS) > state->monotonic_ms)
            continue;
        if (esm__fate_top(&batch->fate, memory)->kind == ESM_ACTION_INVOKE)
            esm__fate_expire(&batch->fate, memory, &state->rules, state->monotonic_ms, state->wall_ms);
        if ((esm__fate_top(&batch->fate, memory)->kind & allowed) != 0) {
            take_set(state, batch, slot, action);
            return 1;
        }
    }
    return 0;
}

/*
 * The first lane with something to commit, after the one that had its commit last: none starves another, and
 * a round of commits costs one round over the lanes.
 */
static int next_of_lanes(struct esm__state *state, esm_action *action)
{
    const struct esm__table *table = &state->lanes;
    int64_t due_ms = ESM_NEVER;
    for (uint32_t n = 0; n < table->count; n++) {
        if (state->commit_cursor >= table->count)
            state->commit_cursor = 0;
        uint32_t slot = esm__table_slot(state, table, state->commit_cursor++);
        struct esm__lane *lane = esm__state_lane(state, slot);
        int64_t lane_ms = esm__lane_due_ms(state, lane);
        if (lane_ms <= state->monotonic_ms) {
            lane->action = new_action(state, slot);
            lane->commit_offset = esm__lane_position(state, lane);
            show_commit(lane, action);
            state->commits_due_ms = ESM__UNKNOWN_MS;
            return 1;
        }
        due_ms = lane_ms < due_ms ? lane_ms : due_ms;
    }
    state->commits_due_ms = due_ms;
    return 0;
}

const esm_action *esm_policy_next_action(esm_policy *policy, uint32_t allowed_types)
{
    if (policy == NULL || (allowed_types & ~(uint32_t)ESM_ACTION_ALL) != 0)
        return NULL;
    struct esm__state *state = policy->state;
    uint32_t of_sets = allowed_types & SET_ACTIONS;
    if (of_sets != 0 && batches_due_ms(state) <= state->monotonic_ms &&
        next_of_batches(state, of_sets, &policy->action))
        return &policy->action;
    if ((allowed_types & ESM_ACTION_COMMIT) != 0 && state->commits_due_ms <= state->monotonic_ms &&
        next_of_lanes(state, &policy->action))
        return &policy->action;
    return NULL;
}

int64_t esm_policy_get_deadline_ms(const esm_policy *policy, uint32_t allowed_types)
{
    if (policy == NULL || (allowed_types & ~(uint32_t)ESM_ACTION_ALL) != 0)
        return ESM_NEVER;
    struct esm__state *state = policy->state;
    uint32_t of_sets = allowed_types & SET_ACTIONS;
    int64_t sets_ms = of_sets == SET_ACTIONS ? batches_due_ms(state) : find_batches_due_ms(state, of_sets);
    int64_t commits_ms = (allowed_types & ESM_ACTION_COMMIT) != 0 ? commits_due_ms(state) : ESM_NEVER;
    return sets_ms < commits_ms ? sets_ms : commits_ms;
}

const esm_action *esm_policy_get_action(esm_policy *policy, uint64_t action)
{
    if (policy == NULL)
        return NULL;
    const struct esm__batch *batch = esm__state_find_action(policy->state, action);
    const struct esm__lane *lane = esm__state_find_commit(policy->state, action);
    if (batch != NULL)
        show_set(policy->state, batch, &policy->action);
    else if (lane != NULL)
        show_commit(lane, &policy->action);
    else
        return NULL;
    return &policy->action;
}
