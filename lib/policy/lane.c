/* SPDX-License-Identifier: MIT */
#include "policy/inside.h"

/* Marks all records of a lane, in every batch, and takes them out of the sets that are not out. */
static void take_out(struct esm__state *state, struct esm__lane *lane, enum esm__mark mark)
{
    uint32_t slot = (uint32_t)(lane - esm__state_lane(state, 0));
    /* Backwards, for a batch that ends leaves the order. */
    for (uint32_t position = state->batches.count; position-- > 0;) {
        struct esm__batch *batch = esm__state_batch(state, esm__table_slot(state, &state->batches, position));
        void *memory = esm__batch_memory(state, batch);
        uint8_t *marks = esm__fate_marks(&batch->fate, memory);
        const uint32_t *lanes = esm__batch_lanes(state, batch);
        if (batch->lane != ESM__MIXED_LANES && batch->lane != (int32_t)slot + 1)
            continue;
        for (uint32_t i = 0; i < batch->fate.count; i++)
            if (lanes[i] == slot)
                marks[i] |= (uint8_t)mark; /* those that were gone before it came are gone */
        lane->records -= esm__fate_purge(&batch->fate, memory);
        if (!batch->fate.is_out)
            batch->action = 0;
        if (mark == ESM__MARK_GONE && batch->lane != ESM__MIXED_LANES)
            batch->lane = ESM__NO_LANE;
        esm__state_end_if_empty(state, batch);
    }
    esm__state_touch_turns(state);
    state->commits_due_ms = ESM__UNKNOWN_MS;
}

int esm_policy_drain(esm_policy *policy, uint32_t lane_number)
{
    struct esm__lane *lane = policy == NULL ? NULL : esm__state_find_lane(policy->state, lane_number);
    if (lane == NULL)
        return ESM_ERR_STALE;
    if (!lane->is_draining) {
        lane->is_draining = 1;
        take_out(policy->state, lane, ESM__MARK_DRAINING);
    }
    return 0;
}

int esm_policy_is_drained(const esm_policy *policy, uint32_t lane_number)
{
    const struct esm__lane *lane = policy == NULL ? NULL : esm__state_find_lane(policy->state, lane_number);
    if (lane == NULL)
        return ESM_ERR_STALE;
    return lane->is_draining && lane->records == 0 && lane->action == 0 &&
           esm__lane_position(policy->state, lane) == lane->committed;
}

int esm_policy_revoke(esm_policy *policy, uint32_t lane_number)
{
    struct esm__lane *lane = policy == NULL ? NULL : esm__state_find_lane(policy->state, lane_number);
    if (lane == NULL)
        return ESM_ERR_STALE;
    take_out(policy->state, lane, ESM__MARK_GONE);
    esm__state_free_lane(policy->state, lane);
    return 0;
}
