/* SPDX-License-Identifier: MIT */
#include "policy/inside.h"

#include "base/alloc.h"

int esm_policy_new(esm_allocator *allocator, esm_policy **ret, const esm_policy_options *options)
{
    if (ret == NULL || options == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    esm_policy *policy = esm__calloc(allocator, 1, sizeof(*policy));
    if (policy == NULL)
        return ESM_ERR_NOMEM;
    policy->allocator = esm_allocator_ref(allocator);
    int error = esm__policy_make_state(policy, &options->rules);
    if (error != 0) {
        esm_policy_free(policy);
        return error;
    }
    *ret = policy;
    return 0;
}

void esm_policy_free(esm_policy *policy)
{
    if (policy == NULL)
        return;
    esm_allocator *allocator = policy->allocator;
    esm__free(allocator, policy->state);
    esm__free(allocator, policy);
    esm_allocator_unref(allocator);
}

size_t esm_policy_get_memory(const esm_policy *policy)
{
    return policy == NULL ? 0 : sizeof(*policy) + (size_t)policy->state->size;
}

int esm_policy_set_time(esm_policy *policy, int64_t monotonic_ms, int64_t wall_ms)
{
    if (policy == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (policy->state->monotonic_ms < monotonic_ms)
        policy->state->monotonic_ms = monotonic_ms;
    policy->state->wall_ms = wall_ms;
    return 0;
}

int esm_policy_add_lane(esm_policy *policy, int64_t start_offset, int64_t committed_offset,
                        uint32_t *ret_lane)
{
    if (policy == NULL || ret_lane == NULL || start_offset < 0 || committed_offset < -1)
        return ESM_ERR_INVALID_ARGUMENT;
    if (policy->state->last_lane == UINT32_MAX)
        return ESM_ERR_NOMEM;
    int error = esm__policy_reserve_lane(policy);
    if (error != 0)
        return error;
    struct esm__state *state = policy->state;
    struct esm__lane *lane = esm__state_take_lane(state);
    lane->number = ++state->last_lane;
    lane->committed = committed_offset == start_offset ? committed_offset : -1;
    lane->commit_due_ms = state->monotonic_ms;
    esm__tracker_start(&lane->tracker, start_offset);
    esm__lane_touch(state, lane);
    *ret_lane = (uint32_t)lane->number;
    return 0;
}

int esm_policy_open_batch(esm_policy *policy, uint64_t *ret_batch)
{
    if (policy == NULL || ret_batch == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    int error = esm__policy_reserve_batch(policy);
    if (error != 0)
        return error;
    struct esm__state *state = policy->state;
    struct esm__batch *batch = esm__state_take_batch(state);
    batch->number = ++state->last_batch;
    esm__fate_start(&batch->fate, esm__batch_memory(state, batch));
    *ret_batch = batch->number;
    return 0;
}

static void put_record(struct esm__state *state, struct esm__batch *batch, struct esm__lane *lane,
                       int64_t offset, int64_t timestamp_ms)
{
    int32_t slot = (int32_t)(lane - esm__state_lane(state, 0));
    uint32_t index = esm__fate_add(&batch->fate, esm__batch_memory(state, batch),
                                   timestamp_ms < 0 ? state->wall_ms : timestamp_ms);
    esm__batch_lanes(state, batch)[index] = (uint32_t)slot;
    esm__batch_sequences(state, batch)[index] =
        esm__tracker_add(&lane->tracker, esm__lane_ring(state, lane), offset);
    lane->records++;
    if (batch->lane == ESM__NO_LANE)
        batch->lane = slot + 1;
    else if (batch->lane != slot + 1)
        batch->lane = ESM__MIXED_LANES;
    if (batch->number != state->last_batch)
        esm__state_touch_turns(state);
    esm__lane_touch(state, lane);
}

int esm_policy_add_record(esm_policy *policy, uint64_t batch_number, uint32_t lane_number, int64_t offset,
                          int64_t timestamp_ms, uint32_t *ret_index)
{
    struct esm__batch *batch = policy == NULL ? NULL : esm__state_find_batch(policy->state, batch_number);
    struct esm__lane *lane = policy == NULL ? NULL : esm__state_find_lane(policy->state, lane_number);
    if (batch == NULL || lane == NULL)
        return ESM_ERR_STALE;
    if (!batch->fate.is_open || lane->is_draining)
        return ESM_ERR_STATE;
    if (!esm__tracker_accepts(&lane->tracker, offset))
        return ESM_ERR_INVALID_ARGUMENT;
    if (batch->fate.count == batch->fate.capacity || esm__tracker_is_full(&lane->tracker)) {
        int error = esm__policy_reserve_record(policy, batch_number, lane_number);
        if (error != 0)
            return error;
        batch = esm__state_find_batch(policy->state, batch_number);
        lane = esm__state_find_lane(policy->state, lane_number);
    }
    put_record(policy->state, batch, lane, offset, timestamp_ms);
    if (ret_index != NULL)
        *ret_index = batch->fate.count - 1;
    return 0;
}

int esm_policy_close_batch(esm_policy *policy, uint64_t batch_number)
{
    struct esm__batch *batch = policy == NULL ? NULL : esm__state_find_batch(policy->state, batch_number);
    if (batch == NULL)
        return ESM_ERR_STALE;
    if (!batch->fate.is_open)
        return ESM_ERR_STATE;
    esm__fate_close(&batch->fate, esm__batch_memory(policy->state, batch), policy->state->monotonic_ms);
    esm__state_touch_turns(policy->state);
    esm__state_end_if_empty(policy->state, batch);
    return 0;
}

/* A record that is complete before it enters a batch leaves no trace: what lies below the next offset is
 * complete or open. */
int esm_policy_complete(esm_policy *policy, uint32_t lane_number, int64_t offset)
{
    const struct esm__lane *lane = policy == NULL ? NULL : esm__state_find_lane(policy->state, lane_number);
    if (lane == NULL)
        return ESM_ERR_STALE;
    if (!esm__tracker_accepts(&lane->tracker, offset))
        return ESM_ERR_INVALID_ARGUMENT;
    return esm_policy_skip_to(policy, lane_number, offset + 1);
}

int esm_policy_skip_to(esm_policy *policy, uint32_t lane_number, int64_t next_offset)
{
    struct esm__lane *lane = policy == NULL ? NULL : esm__state_find_lane(policy->state, lane_number);
    if (lane == NULL)
        return ESM_ERR_STALE;
    int error = esm__tracker_skip_to(&lane->tracker, next_offset);
    if (error == 0)
        esm__lane_touch(policy->state, lane);
    return error;
}

size_t esm_policy_get_open_records(const esm_policy *policy, uint64_t batch_number)
{
    const struct esm__batch *batch =
        policy == NULL ? NULL : esm__state_find_batch(policy->state, batch_number);
    return batch == NULL ? 0 : esm__fate_count_open(&batch->fate, esm__batch_memory(policy->state, batch));
}

int esm_policy_has_failed(const esm_policy *policy, uint64_t batch_number)
{
    const struct esm__batch *batch =
        policy == NULL ? NULL : esm__state_find_batch(policy->state, batch_number);
    return batch == NULL ? 0 : batch->fate.has_failed;
}

int64_t esm_policy_get_position(const esm_policy *policy, uint32_t lane_number)
{
    const struct esm__lane *lane = policy == NULL ? NULL : esm__state_find_lane(policy->state, lane_number);
    return lane == NULL ? -1 : esm__lane_position(policy->state, lane);
}
