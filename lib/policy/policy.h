/* SPDX-License-Identifier: MIT */
/* What the files of the engine share beside its state: policy.c and lane.c the inputs, answer.c the answers,
 * next.c the outputs. */
#ifndef ESM_POLICY_POLICY_H
#define ESM_POLICY_POLICY_H

#include "policy/state.h"

/* After a change: what was found out about batches, their turns, or commits is not true any more. */
static inline void esm__state_touch_batches(struct esm__state *state)
{
    state->batches_due_ms = ESM__UNKNOWN_MS;
}

static inline void esm__state_touch_turns(struct esm__state *state)
{
    state->turns_changed = 1;
    state->batches_due_ms = ESM__UNKNOWN_MS;
}

static inline void esm__state_touch_commits(struct esm__state *state)
{
    state->commits_due_ms = ESM__UNKNOWN_MS;
}

/* The batch or the lane with the action that is out under this id; NULL: stale. */
struct esm__batch *esm__state_find_action(struct esm__state *state, uint64_t action);
struct esm__lane *esm__state_find_commit(struct esm__state *state, uint64_t action);

/* Books what left a batch, and ends the batch if nothing is left of it. */
void esm__state_settle(struct esm__state *state, struct esm__batch *batch, struct esm__leavers leavers);
void esm__state_end_if_empty(struct esm__state *state, struct esm__batch *batch);

#endif
