/* SPDX-License-Identifier: MIT */
/* What the files of the engine share beside its state: policy.c and lane.c the inputs, answer.c the answers,
 * next.c the outputs. */
#ifndef ESM_POLICY_INSIDE_H
#define ESM_POLICY_INSIDE_H

#include "policy/state.h"

/* After a change: what was found out about batches, or their turns, is not true any more. */
static inline void esm__state_touch_batches(struct esm__state *state)
{
    state->batches_due_ms = ESM__UNKNOWN_MS;
}

static inline void esm__state_touch_turns(struct esm__state *state)
{
    state->turns_changed = 1;
    state->batches_due_ms = ESM__UNKNOWN_MS;
}

/* When the lane has something to commit; ESM_NEVER: not before an answer or a change. */
static inline int64_t esm__lane_due_ms(struct esm__state *state, const struct esm__lane *lane)
{
    if (lane->action != 0 || esm__lane_position(state, lane) == lane->committed)
        return ESM_NEVER;
    return lane->commit_due_ms;
}

/* After a change that can only bring the lane's commit forward. */
static inline void esm__lane_touch(struct esm__state *state, const struct esm__lane *lane)
{
    int64_t due_ms = esm__lane_due_ms(state, lane);
    if (due_ms < state->commits_due_ms)
        state->commits_due_ms = due_ms;
}

/* The batch or the lane with the action that is out under this id; NULL: stale. */
struct esm__batch *esm__state_find_action(struct esm__state *state, uint64_t action);
struct esm__lane *esm__state_find_commit(struct esm__state *state, uint64_t action);

/* Books what left a batch, and ends the batch if nothing is left of it. */
void esm__state_settle(struct esm__state *state, struct esm__batch *batch, struct esm__leavers leavers);
void esm__state_end_if_empty(struct esm__state *state, struct esm__batch *batch);

#endif
