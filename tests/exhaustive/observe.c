/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[INVARIANTS] = {
    [HOLDS] = "everything holds",
    [COMMITS_RISE] = "committed offsets never fall",
    [COMMITS_WAIT] = "a commit never passes an unresolved record",
    [ENDS_ONCE] = "a record ends once",
    [ENDS_BY_RULE] = "a record is given up only by a rule that was configured",
    [SETS_COVER] = "the sets that wait hold what is open, and nothing else",
    [SETS_IN_ORDER] = "sets are disjoint and in order",
    [ONE_OUT] = "one INVOKE or DELIVER is out for a batch, one COMMIT for a lane",
    [LIMIT] = "no set is invoked more often than the limit says",
    [SILENCE] = "a lane that is gone is silent, one that drains starts nothing",
    [NEVER_STUCK] = "where work remains there is a deadline or an action out",
    [PROMISE] = "an action comes when the deadline says so, and not before",
    [REMEMBERED] = "what the engine remembers is what it would find",
    [STALE_INERT] = "a stale answer changes no byte",
    [ENDS_AT_LAST] = "what always fails, and what always succeeds, ends",
};

const char *observe_name(enum invariant invariant)
{
    return names[invariant];
}

static void demand(struct world *world, bool holds, enum invariant invariant, const char *why)
{
    if (holds || world->broken != HOLDS)
        return;
    world->broken = invariant;
    world->why = why;
}

static uint32_t bit(unsigned record)
{
    return (uint32_t)1 << record;
}

static bool has(uint32_t records, unsigned record)
{
    return (records >> record & 1) != 0;
}

/* ---- actions ---- */

static uint32_t records_of(struct world *world, const esm_action *action, unsigned batch)
{
    const uint32_t *indexes;
    uint32_t records = 0;
    size_t count = esm_action_get_records(action, &indexes);
    demand(world, count > 0, SETS_COVER, "an action without records");
    for (size_t i = 0; i < count; i++) {
        demand(world, i == 0 || indexes[i - 1] < indexes[i], SETS_IN_ORDER,
               "the indexes of an action do not ascend");
        records |= bit(record_of(batch, indexes[i]));
    }
    return records;
}

static void may_be_given_up(struct world *world, const esm_action *action, uint32_t records)
{
    const struct esm__rules *rules = &world->rules;
    const struct observer *seen = &world->seen;
    enum esm_reason reason = esm_action_get_reason(action);
    bool drops = esm_action_get_type(action) == ESM_ACTION_DROP;
    demand(world, reason >= ESM_REASON_RETRIES && reason <= ESM_REASON_TOO_LARGE, ENDS_BY_RULE, "no reason");
    demand(world, drops || rules->has_destination, ENDS_BY_RULE, "a delivery without a destination");
    for (unsigned i = 0; i < RECORDS; i++) {
        if (!has(records, i))
            continue;
        if (reason == ESM_REASON_RETRIES)
            demand(world, rules->max_retries >= 0 && seen->failures[i] == rules->max_retries + 1,
                   ENDS_BY_RULE, "retries are not used up");
        if (reason == ESM_REASON_AGE)
            demand(world,
                   rules->max_record_age_ms >= 0 &&
                       world->now_ms - seen->born_ms[i] > rules->max_record_age_ms,
                   ENDS_BY_RULE, "a record is not too old");
        if (reason == ESM_REASON_TOO_LARGE)
            demand(world, records == bit(i) && has(seen->alone_too_large, i), ENDS_BY_RULE,
                   "a record is not too large");
        if (drops && rules->has_destination)
            demand(world, rules->max_deliveries > 0 && seen->deliveries[i] == rules->max_deliveries,
                   ENDS_BY_RULE, "a drop while it may be delivered");
    }
}

static void may_be_invoked(struct world *world, const esm_action *action, uint32_t records)
{
    const struct observer *seen = &world->seen;
    bool in_order = !world->rules.parallel_batches && strchr(world->scenario->inputs, '(') == NULL;
    demand(world, esm_action_get_reason(action) == ESM_REASON_NONE, ENDS_BY_RULE, "an INVOKE with a reason");
    for (unsigned i = 0; i < RECORDS; i++) {
        if (!has(records, i))
            continue;
        demand(world, world->rules.max_retries < 0 || seen->failures[i] <= world->rules.max_retries, LIMIT,
               "invoked once more than the limit says");
        demand(world, !seen->draining[seen->lane_of[i]], SILENCE, "a lane that drains is invoked");
        for (unsigned j = 0; j < i && in_order; j++)
            demand(world,
                   seen->lane_of[j] != seen->lane_of[i] || has(records | seen->ended | seen->abandoned, j),
                   SETS_IN_ORDER, "a record is invoked before an earlier one of its lane has ended");
    }
}

static void observe_records(struct world *world, const esm_action *action)
{
    struct observer *seen = &world->seen;
    unsigned batch = (unsigned)esm_action_get_batch(action);
    enum esm_action_type type = esm_action_get_type(action);
    uint32_t records = records_of(world, action, batch);
    demand(world, seen->out_type[batch] == 0, ONE_OUT, "a second action for a batch");
    demand(world, (records & seen->ended) == 0, ENDS_ONCE, "a record comes again after its end");
    demand(world, (records & seen->abandoned) == 0, SILENCE, "a record comes again after it was let go");
    demand(world, seen->is_open[batch] == 0, SETS_COVER, "an action for a batch that is open");
    if (type == ESM_ACTION_INVOKE)
        may_be_invoked(world, action, records);
    else
        may_be_given_up(world, action, records);
    if (type == ESM_ACTION_DROP) {
        seen->ended |= records;
        return;
    }
    seen->out[batch] = records;
    seen->out_type[batch] = (uint8_t)type;
}

static void observe_commit(struct world *world, const esm_action *action)
{
    struct observer *seen = &world->seen;
    unsigned lane = esm_action_get_lane(action);
    int64_t offset = esm_action_get_offset(action);
    demand(world, !seen->revoked[lane], SILENCE, "a commit for a lane that is gone");
    demand(world, !seen->commit_out[lane], ONE_OUT, "a second commit for a lane");
    demand(world, offset >= seen->carried[lane], COMMITS_RISE, "a commit below an earlier one");
    demand(world, offset <= seen->next_offset[lane], COMMITS_WAIT, "a commit of what never came");
    for (unsigned i = 0; i < RECORDS; i++)
        demand(world, seen->lane_of[i] != lane || has(seen->ended, i) || seen->offset_of[i] >= offset,
               COMMITS_WAIT, "a commit passes a record that has not ended");
    seen->carried[lane] = (int8_t)offset;
    seen->commit_out[lane] = 1;
}

void observe_action(struct world *world, const esm_action *action, unsigned allowed)
{
    bool promised = world->deadline_ms[allowed] <= world->now_ms;
    if (action == NULL) {
        /* An INVOKE that only this question has found to be too old may be missed, once. */
        demand(world,
               !promised || (allowed == ESM_ACTION_INVOKE &&
                             esm_policy_get_deadline_ms(world->policy, allowed) > world->now_ms),
               PROMISE, "the deadline is over and nothing comes");
        return;
    }
    if (esm_action_get_type(action) == ESM_ACTION_COMMIT)
        observe_commit(world, action);
    else
        observe_records(world, action);
    demand(world, promised, PROMISE, "an action comes before its deadline");
    demand(world, (esm_action_get_type(action) & allowed) != 0, PROMISE, "an action that is not allowed");
}

/* ---- answers ---- */

static void count_each(uint8_t *counters, uint32_t records, bool new_set)
{
    for (unsigned i = 0; i < RECORDS; i++)
        if (has(records, i))
            counters[i] = new_set ? 0 : counters[i] == UINT8_MAX ? UINT8_MAX : (uint8_t)(counters[i] + 1);
}

/* The records of a partial response that are to be retried. */
static uint32_t failed_ones(const struct world *world, uint32_t records, uint32_t named)
{
    const struct observer *seen = &world->seen;
    for (unsigned i = 0; i < RECORDS && world->rules.partial_response == ESM_PARTIAL_RESPONSE_CHECKPOINT; i++)
        for (unsigned j = 0; j < i; j++)
            if (has(records, i) && has(named, j) && seen->lane_of[i] == seen->lane_of[j])
                named |= bit(i);
    return named;
}

static void observe_outcome(struct world *world, uint32_t records, enum esm_outcome outcome, uint32_t named)
{
    struct observer *seen = &world->seen;
    bool is_one = (records & (records - 1)) == 0;
    uint32_t failed = failed_ones(world, records, named);
    if (outcome == ESM_OUTCOME_PARTIAL && failed == records)
        outcome = ESM_OUTCOME_FAILURE;
    if (outcome == ESM_OUTCOME_AMBIGUOUS && world->rules.count_timeouts)
        outcome = ESM_OUTCOME_FAILURE;
    if (outcome == ESM_OUTCOME_SUCCESS) {
        seen->ended |= records & ~seen->abandoned;
    } else if (outcome == ESM_OUTCOME_PARTIAL) {
        seen->ended |= records & ~failed & ~seen->abandoned;
        count_each(seen->failures, failed, true);
    } else if (outcome == ESM_OUTCOME_FAILURE) {
        count_each(seen->failures, records, world->rules.bisect && !is_one);
    } else if (outcome == ESM_OUTCOME_TOO_LARGE) {
        count_each(seen->failures, records, !is_one);
        seen->alone_too_large |= is_one ? records : 0;
    }
}

void observe_answer(struct world *world, unsigned batch, enum esm_outcome outcome, uint32_t named)
{
    struct observer *seen = &world->seen;
    uint32_t records = seen->out[batch];
    if (seen->out_type[batch] == ESM_ACTION_INVOKE)
        observe_outcome(world, records, outcome, named);
    else if (outcome == ESM_OUTCOME_SUCCESS)
        seen->ended |= records & ~seen->abandoned;
    else
        count_each(seen->deliveries, records, false);
    seen->out[batch] = seen->out_type[batch] = 0;
}

void observe_lane_end(struct world *world, unsigned lane)
{
    struct observer *seen = &world->seen;
    if (!seen->revoked[lane])
        return;
    seen->commit_out[lane] = 0;
    for (unsigned i = 0; i < RECORDS; i++)
        if (seen->lane_of[i] == lane && !has(seen->ended, i))
            seen->abandoned |= bit(i);
    for (unsigned i = 1; i <= seen->batches; i++)
        if ((seen->out[i] & ~seen->abandoned) == 0)
            seen->out[i] = seen->out_type[i] = 0;
}

/* ---- every state ---- */

/* The records of one set, and that they are what a set may hold. */
static uint32_t look_at_set(struct world *world, const struct esm__batch *batch, const struct esm__set *set,
                            const uint32_t *order, bool is_out)
{
    const struct observer *seen = &world->seen;
    uint32_t records = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        unsigned record = record_of((unsigned)batch->number, order[set->begin + i]);
        demand(world, i == 0 || order[set->begin + i - 1] < order[set->begin + i], SETS_IN_ORDER,
               "the records of a set do not ascend");
        demand(world,
               is_out || set->kind != ESM_ACTION_INVOKE || !seen->draining[seen->lane_of[record]] ||
                   has(seen->abandoned, record),
               SILENCE, "a lane that drains waits to be invoked");
        records |= bit(record);
    }
    return is_out ? records & ~seen->abandoned : records;
}

/* What all sets of a batch hold together. */
static uint32_t look_at_batch(struct world *world, struct esm__state *state, const struct esm__batch *batch)
{
    void *memory = esm__batch_memory(state, batch);
    const struct esm__fate *fate = &batch->fate;
    uint32_t all = 0, below = 0;
    demand(world, fate->is_out == (world->seen.out_type[batch->number] != 0), ONE_OUT,
           "what is out is not what was handed out");
    for (uint32_t i = 0; i < fate->depth; i++) {
        const struct esm__set *set = &esm__fate_sets(fate, memory)[i];
        bool is_top = i + 1 == fate->depth;
        uint32_t records =
            look_at_set(world, batch, set, esm__fate_order(fate, memory), is_top && fate->is_out != 0);
        demand(world, set->count > 0 || fate->is_open, SETS_COVER, "an empty set");
        demand(world, (records & all) == 0, SETS_IN_ORDER, "two sets share a record");
        demand(world, (records & ~(below - 1)) == 0 || set->reason == ESM_REASON_AGE, SETS_IN_ORDER,
               "a set stands above what comes before it");
        all |= records;
        below = all & (~all + 1);
    }
    return all;
}

static void look_at_sets(struct world *world)
{
    struct esm__state *state = world->policy->state;
    struct observer *seen = &world->seen;
    uint32_t held = 0;
    for (uint32_t i = 0; i < state->batches.count; i++)
        held |=
            look_at_batch(world, state, esm__state_batch(state, esm__table_slot(state, &state->batches, i)));
    for (unsigned i = 0; i < RECORDS; i++) {
        if (seen->draining[seen->lane_of[i]] && !has(held | seen->ended, i))
            seen->abandoned |= bit(i);
        bool is_open = seen->lane_of[i] != 0 && !has(seen->ended | seen->abandoned, i);
        demand(world, !is_open || has(held, i), SETS_COVER, "a record that is open is in no set");
        demand(world, is_open || !has(held, i), SETS_COVER,
               "a record that has ended or was let go is in a set");
    }
}

static void look_for_the_stuck(struct world *world)
{
    const struct observer *seen = &world->seen;
    uint32_t open = 0, waits = 0;
    for (unsigned i = 0; i < RECORDS; i++)
        open |= seen->lane_of[i] == 0 || has(seen->ended | seen->abandoned, i) ? 0 : bit(i);
    for (unsigned i = 1; i <= seen->batches; i++)
        waits |= seen->out_type[i] != 0 || seen->is_open[i];
    demand(world, open == 0 || waits != 0 || world->deadline_ms[SETS] != ESM_NEVER, NEVER_STUCK,
           "records wait for ever");
    for (unsigned i = 1; i <= seen->lanes; i++)
        if (!seen->revoked[i] && !seen->commit_out[i])
            demand(world,
                   esm_policy_get_position(world->policy, i) <= seen->carried[i] ||
                       world->deadline_ms[ESM_ACTION_COMMIT] != ESM_NEVER,
                   NEVER_STUCK, "a position waits for ever to be committed");
}

static void look_at_the_drained(struct world *world)
{
    const struct observer *seen = &world->seen;
    for (unsigned i = 0; i < RECORDS; i++) {
        unsigned lane = seen->lane_of[i];
        demand(world,
               has(seen->ended | seen->abandoned, i) || lane == 0 ||
                   esm_policy_is_drained(world->policy, lane) != 1,
               SILENCE, "a lane has drained while a record of it is out or was given up");
        demand(world, !seen->commit_out[lane] || esm_policy_is_drained(world->policy, lane) != 1, SILENCE,
               "a lane has drained while a commit is out");
    }
}

/* The deadlines of this state, for the edges from it. The state is as it was. */
static void look_at_deadlines(struct world *world)
{
    struct esm__state *state = world->policy->state;
    int64_t batches_ms = state->batches_due_ms;
    for (unsigned allowed = 1; allowed <= ESM_ACTION_ALL; allowed++)
        world->deadline_ms[allowed] =
            world->fault == NO_DEADLINE ? ESM_NEVER : esm_policy_get_deadline_ms(world->policy, allowed);
    demand(world, batches_ms == ESM__UNKNOWN_MS || batches_ms == world->deadline_ms[SETS], REMEMBERED,
           "the deadlines contradict each other");
}

/* The same with nothing remembered. */
static void look_at_memory(struct world *world, const void *block, size_t size)
{
    esm__policy_set_state(world->policy, block, size);
    struct esm__state *state = world->policy->state;
    state->batches_due_ms = state->commits_due_ms = ESM__UNKNOWN_MS;
    state->turns_changed = 1;
    for (unsigned allowed = 1; allowed <= ESM_ACTION_ALL && world->fault != NO_DEADLINE; allowed++) {
        int64_t fresh_ms = esm_policy_get_deadline_ms(world->policy, allowed),
                known_ms = world->deadline_ms[allowed];
        demand(world, fresh_ms == known_ms || (fresh_ms <= world->now_ms && known_ms <= world->now_ms),
               REMEMBERED, "a deadline is remembered that is not true any more");
    }
}

static void try_stale(struct world *world, uint64_t id)
{
    esm_policy *policy = world->policy;
    demand(world,
           esm_policy_answer_invoke(policy, id, ESM_OUTCOME_SUCCESS, 0, NULL, 0) == ESM_ERR_STALE &&
               esm_policy_answer_deliver(policy, id, ESM_OUTCOME_SUCCESS) == ESM_ERR_STALE &&
               esm_policy_answer_commit(policy, id, ESM_OUTCOME_FAILURE) == ESM_ERR_STALE &&
               esm_policy_hand_back(policy, id) == ESM_ERR_STALE,
           STALE_INERT, "a stale answer is heard");
}

static void look_at_stale(struct world *world, const void *block, size_t size)
{
    const struct observer *seen = &world->seen;
    esm_policy *policy = world->policy;
    for (unsigned i = 0; i < OLD_IDS; i++)
        try_stale(world, world->old[i]);
    try_stale(world, world->old[0] + ESM__SLOTS_MAX * (uint64_t)1000000);
    for (unsigned i = 1; i <= seen->batches; i++) {
        uint64_t id = world->of_batch[i];
        if (seen->out_type[i] == 0)
            continue;
        demand(world, esm_policy_answer_commit(policy, id, ESM_OUTCOME_SUCCESS) == ESM_ERR_STALE, STALE_INERT,
               "a batch is answered as a commit");
        demand(world,
               seen->out_type[i] == ESM_ACTION_INVOKE
                   ? esm_policy_answer_deliver(policy, id, ESM_OUTCOME_SUCCESS) == ESM_ERR_STALE
                   : esm_policy_answer_invoke(policy, id, ESM_OUTCOME_SUCCESS, 0, NULL, 0) == ESM_ERR_STALE,
               STALE_INERT, "an action is answered as one of another type");
        if (world->fault == STALE_HEARD)
            esm_policy_hand_back(policy, id);
    }
    size_t now_size;
    const void *now = esm__policy_get_state(policy, &now_size);
    demand(world, now_size == size && memcmp(now, block, size) == 0, STALE_INERT,
           "a stale answer has changed a byte");
}

/* Everything that has to be true of a state. The state is as it was. */
void observe_state(struct world *world)
{
    size_t size;
    const void *state = esm__policy_get_state(world->policy, &size);
    void *block = malloc(size);
    memcpy(block, state, size);
    look_at_sets(world);
    look_at_the_drained(world);
    look_at_stale(world, block, size);
    look_at_deadlines(world);
    look_for_the_stuck(world);
    look_at_memory(world, block, size);
    esm__policy_set_state(world->policy, block, size);
    free(block);
}

/* ---- the end ---- */

static void answer_what_is_out(struct world *world, bool everything_fails)
{
    esm_policy *policy = world->policy;
    enum esm_outcome outcome = everything_fails ? ESM_OUTCOME_FAILURE : ESM_OUTCOME_SUCCESS;
    bool deliveries_may_fail = world->rules.max_deliveries > 0;
    if (everything_fails && world->fault == NO_END)
        outcome = ESM_OUTCOME_UNAVAILABLE;
    for (unsigned i = 1; i <= BATCHES; i++)
        if (esm_policy_answer_invoke(policy, world->of_batch[i], outcome, 0, NULL, 0) != 0)
            esm_policy_answer_deliver(policy, world->of_batch[i],
                                      deliveries_may_fail ? outcome : ESM_OUTCOME_SUCCESS);
    for (unsigned i = 1; i <= LANES; i++)
        esm_policy_answer_commit(policy, world->of_lane[i], ESM_OUTCOME_SUCCESS);
}

static void take_what_comes(struct world *world)
{
    const esm_action *action;
    for (unsigned n = 0; n < 300; n++) {
        action = esm_policy_next_action(world->policy, ESM_ACTION_ALL);
        if (action == NULL)
            return;
        if (esm_action_get_type(action) == ESM_ACTION_COMMIT)
            world->of_lane[esm_action_get_lane(action)] = esm_action_get_id(action);
        else
            world->of_batch[esm_action_get_batch(action)] = esm_action_get_id(action);
    }
}

void observe_end(struct world *world, bool everything_fails)
{
    const struct observer *seen = &world->seen;
    int64_t now_ms = world->now_ms, deadline_ms = now_ms;
    for (unsigned i = 1; i <= seen->batches; i++)
        if (seen->is_open[i])
            esm_policy_close_batch(world->policy, i);
    for (unsigned round = 0; round < 300 && deadline_ms != ESM_NEVER; round++) {
        answer_what_is_out(world, everything_fails);
        take_what_comes(world);
        answer_what_is_out(world, everything_fails);
        deadline_ms = esm_policy_get_deadline_ms(world->policy, ESM_ACTION_ALL);
        now_ms = deadline_ms > now_ms && deadline_ms != ESM_NEVER ? deadline_ms : now_ms;
        esm_policy_set_time(world->policy, now_ms, now_ms);
    }
    demand(world, deadline_ms == ESM_NEVER, ENDS_AT_LAST, "it does not end");
    for (unsigned i = 1; i <= seen->lanes; i++) {
        if (seen->revoked[i])
            continue;
        bool is_complete = esm_policy_get_position(world->policy, i) == seen->next_offset[i];
        demand(world, is_complete || seen->draining[i], ENDS_AT_LAST,
               "it ends, and something is not complete");
        demand(world, esm_policy_is_drained(world->policy, i) == seen->draining[i], ENDS_AT_LAST,
               "it ends, and what drains has not drained");
    }
}
