/* SPDX-License-Identifier: MIT */
#include "policy/state.h"

enum esm_action_type esm_action_get_type(const esm_action *action)
{
    return action->type;
}

uint64_t esm_action_get_id(const esm_action *action)
{
    return action->id;
}

uint64_t esm_action_get_batch(const esm_action *action)
{
    return action->batch;
}

size_t esm_action_get_records(const esm_action *action, const uint32_t **ret_indexes)
{
    if (ret_indexes != NULL)
        *ret_indexes = action->indexes;
    return action->count;
}

uint32_t esm_action_get_attempt(const esm_action *action)
{
    return action->attempt;
}

enum esm_reason esm_action_get_reason(const esm_action *action)
{
    return action->reason;
}

uint32_t esm_action_get_lane(const esm_action *action)
{
    return action->lane;
}

int64_t esm_action_get_offset(const esm_action *action)
{
    return action->offset;
}
