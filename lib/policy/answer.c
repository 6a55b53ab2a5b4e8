/* SPDX-License-Identifier: MIT */
#include "policy/inside.h"

#include "base/checked.h"

static int is_outcome(enum esm_outcome outcome)
{
    return outcome >= ESM_OUTCOME_SUCCESS && outcome <= ESM_OUTCOME_HELD;
}

static uint32_t slot_of(uint64_t action)
{
    return (uint32_t)(action % ESM__SLOTS_MAX);
}

struct esm__batch *esm__state_find_action(struct esm__state *state, uint64_t action)
{
    if (action == 0 || slot_of(action) >= state->batches.capacity)
        return NULL;
    struct esm__batch *batch = esm__state_batch(state, slot_of(action));
    return batch->action == action ? batch : NULL;
}

struct esm__lane *esm__state_find_commit(struct esm__state *state, uint64_t action)
{
    if (action == 0 || slot_of(action) >= state->lanes.capacity)
        return NULL;
    struct esm__lane *lane = esm__state_lane(state, slot_of(action));
    return lane->action == action ? lane : NULL;
}

/* The one with an action of this type out. */
static struct esm__batch *find(esm_policy *policy, uint64_t action, enum esm_action_type type)
{
    struct esm__batch *batch = policy == NULL ? NULL : esm__state_find_action(policy->state, action);
    if (batch == NULL || esm__fate_top(&batch->fate, esm__batch_memory(policy->state, batch))->kind != type)
        return NULL;
    return batch;
}

void esm__state_end_if_empty(struct esm__state *state, struct esm__batch *batch)
{
    if (batch->fate.is_open || batch->fate.depth > 0)
        return;
    esm__state_free_batch(state, batch);
    esm__state_touch_turns(state);
}

void esm__state_settle(struct esm__state *state, struct esm__batch *batch, struct esm__leavers leavers)
{
    void *memory = esm__batch_memory(state, batch);
    const uint32_t *order = esm__fate_order(&batch->fate, memory) + leavers.begin;
    const uint8_t *marks = esm__fate_marks(&batch->fate, memory);
    const uint32_t *lanes = esm__batch_lanes(state, batch);
    const uint32_t *sequences = esm__batch_sequences(state, batch);
    for (uint32_t i = 0; i < leavers.done; i++) {
        struct esm__lane *lane = esm__state_lane(state, lanes[order[i]]);
        esm__tracker_complete(&lane->tracker, esm__lane_ring(state, lane), sequences[order[i]]);
        lane->records--;
        esm__lane_touch(state, lane);
    }
    for (uint32_t i = leavers.done; i < leavers.done + leavers.lost; i++)
        if ((marks[order[i]] & ESM__MARK_GONE) == 0)
            esm__state_lane(state, lanes[order[i]])->records--;
    esm__state_touch_batches(state);
    batch->action = 0;
    esm__state_end_if_empty(state, batch);
}

/* What sets apart the jitter of this set: its first offset. Something of a set that is out is never gone. */
static uint64_t first_offset(struct esm__state *state, const struct esm__batch *batch)
{
    void *memory = esm__batch_memory(state, batch);
    const uint32_t *index =
        esm__fate_order(&batch->fate, memory) + esm__fate_top(&batch->fate, memory)->begin;
    while ((esm__fate_marks(&batch->fate, memory)[*index] & ESM__MARK_GONE) != 0)
        index++;
    struct esm__lane *lane = esm__state_lane(state, esm__batch_lanes(state, batch)[*index]);
    return (uint64_t)*esm__tracker_at(&lane->tracker, esm__lane_ring(state, lane),
                                      esm__batch_sequences(state, batch)[*index]);
}

/* ---- partial responses ---- */

static int set_has(const uint32_t *order, uint32_t count, uint32_t index)
{
    while (count > 0) {
        uint32_t step = count / 2;
        if (order[step] == index)
            return 1;
        if (order[step] < index) {
            order += step + 1;
            count -= step + 1;
        } else {
            count = step;
        }
    }
    return 0;
}

/* Kinesis's rule: what follows a named record in its lane counts as named, be the lane gone. `claim` serves as
 * the note of each lane: a slot that serves again has no records in this set. */
static void name_followers(struct esm__state *state, const struct esm__batch *batch,
                           const struct esm__set *set)
{
    void *memory = esm__batch_memory(state, batch);
    const uint32_t *order = esm__fate_order(&batch->fate, memory) + set->begin;
    const uint32_t *lanes = esm__batch_lanes(state, batch);
    uint8_t *marks = esm__fate_marks(&batch->fate, memory);
    for (uint32_t i = 0; i < set->count; i++) {
        struct esm__lane *lane = esm__state_lane(state, lanes[order[i]]);
        lane->claim |= (marks[order[i]] & ESM__MARK_NAMED) != 0;
        if (lane->claim)
            marks[order[i]] |= ESM__MARK_NAMED;
    }
    for (uint32_t i = 0; i < set->count; i++)
        esm__state_lane(state, lanes[order[i]])->claim = 0;
}

/* Marks the named records of the set that is out. Returns how many there are. */
static uint32_t name(struct esm__state *state, const struct esm__batch *batch, const uint32_t *failed,
                     size_t failed_count)
{
    void *memory = esm__batch_memory(state, batch);
    const struct esm__set *set = esm__fate_top(&batch->fate, memory);
    const uint32_t *order = esm__fate_order(&batch->fate, memory) + set->begin;
    uint8_t *marks = esm__fate_marks(&batch->fate, memory);
    uint32_t named = 0;
    for (size_t i = 0; i < failed_count; i++)
        marks[failed[i]] |= ESM__MARK_NAMED;
    if (state->rules.partial_response == ESM_PARTIAL_RESPONSE_CHECKPOINT)
        name_followers(state, batch, set);
    for (uint32_t i = 0; i < set->count; i++)
        named += (marks[order[i]] & ESM__MARK_NAMED) != 0;
    return named;
}

/* Whether the arguments of an answer to this INVOKE make sense. */
static int is_valid(struct esm__state *state, const struct esm__batch *batch, enum esm_outcome outcome,
                    const uint32_t *failed, size_t failed_count)
{
    void *memory = esm__batch_memory(state, batch);
    const struct esm__set *set = esm__fate_top(&batch->fate, memory);
    const uint32_t *order = esm__fate_order(&batch->fate, memory) + set->begin;
    if (!is_outcome(outcome) || (failed_count > 0 && (failed == NULL || outcome != ESM_OUTCOME_PARTIAL)))
        return 0;
    if (outcome == ESM_OUTCOME_PARTIAL && state->rules.partial_response == ESM_PARTIAL_RESPONSE_OFF)
        return 0;
    for (size_t i = 0; i < failed_count; i++)
        if (!set_has(order, set->count, failed[i]))
            return 0;
    return 1;
}

/* ---- the answers ---- */

int esm_policy_answer_invoke(esm_policy *policy, uint64_t action, enum esm_outcome outcome,
                             int64_t retry_after_ms, const uint32_t *failed, size_t failed_count)
{
    struct esm__batch *batch = find(policy, action, ESM_ACTION_INVOKE);
    if (batch == NULL)
        return ESM_ERR_STALE;
    struct esm__state *state = policy->state;
    if (!is_valid(state, batch, outcome, failed, failed_count))
        return ESM_ERR_INVALID_ARGUMENT;
    const struct esm__verdict verdict = {.outcome = outcome,
                                         .named = name(state, batch, failed, failed_count),
                                         .retry_after_ms = retry_after_ms,
                                         .monotonic_ms = state->monotonic_ms,
                                         .key = first_offset(state, batch)};
    esm__state_settle(state, batch,
                      esm__fate_answer_invoke(&batch->fate, esm__batch_memory(state, batch), &state->rules,
                                              &verdict));
    return 0;
}

int esm_policy_answer_deliver(esm_policy *policy, uint64_t action, enum esm_outcome outcome)
{
    struct esm__batch *batch = find(policy, action, ESM_ACTION_DELIVER);
    if (batch == NULL)
        return ESM_ERR_STALE;
    if (!is_outcome(outcome) || outcome == ESM_OUTCOME_PARTIAL)
        return ESM_ERR_INVALID_ARGUMENT;
    struct esm__state *state = policy->state;
    const struct esm__verdict verdict = {.outcome = outcome,
                                         .monotonic_ms = state->monotonic_ms,
                                         .key = first_offset(state, batch)};
    esm__state_settle(state, batch,
                      esm__fate_answer_deliver(&batch->fate, esm__batch_memory(state, batch), &state->rules,
                                               &verdict));
    return 0;
}

int esm_policy_answer_commit(esm_policy *policy, uint64_t action, enum esm_outcome outcome)
{
    struct esm__lane *lane = policy == NULL ? NULL : esm__state_find_commit(policy->state, action);
    if (lane == NULL)
        return ESM_ERR_STALE;
    if (!is_outcome(outcome) || outcome == ESM_OUTCOME_PARTIAL)
        return ESM_ERR_INVALID_ARGUMENT;
    struct esm__state *state = policy->state;
    lane->commit_due_ms = state->monotonic_ms;
    if (outcome == ESM_OUTCOME_SUCCESS) {
        lane->committed = lane->commit_offset;
        lane->commit_failures = 0;
    } else {
        if (lane->commit_failures != UINT32_MAX)
            lane->commit_failures++;
        int64_t wait_ms = esm__rules_backoff_ms(&state->rules, ESM_BACKOFF_COMMIT, lane->commit_failures,
                                                (uint64_t)lane->commit_offset);
        lane->commit_due_ms = esm__add_ms(lane->commit_due_ms, wait_ms);
    }
    lane->action = 0;
    lane->commit_offset = 0;
    esm__lane_touch(state, lane);
    return 0;
}

int esm_policy_hand_back(esm_policy *policy, uint64_t action)
{
    if (policy == NULL)
        return ESM_ERR_STALE;
    struct esm__state *state = policy->state;
    struct esm__batch *batch = esm__state_find_action(state, action);
    struct esm__lane *lane = esm__state_find_commit(state, action);
    if (batch != NULL) {
        esm__state_settle(state, batch, esm__fate_hand_back(&batch->fate, esm__batch_memory(state, batch)));
    } else if (lane != NULL) {
        lane->action = 0;
        lane->commit_offset = 0;
        esm__lane_touch(state, lane);
    } else {
        return ESM_ERR_STALE;
    }
    return 0;
}
