/* SPDX-License-Identifier: MIT */
/* Commits: the broker takes those of the partition's owner alone; the answer comes now or later, or is lost.
 */
#include "world.h"

#include <stdlib.h>

struct call *call_new(struct member *member, enum call_kind kind, size_t count)
{
    struct world *world = member->world;
    struct call *call = must(calloc(1, sizeof(*call)));
    call->world = world;
    call->member = member;
    call->kind = kind;
    call->started_ms = world->now_ms;
    call->count = count;
    call->offsets = must(calloc(count + 1, sizeof(*call->offsets)));
    call->named = must(calloc(count + 1, 1));
    call->next = world->calls;
    world->calls = call;
    return call;
}

/* Records that went by without success or delivery were dropped. */
static void note_dropped(const struct assignment *a, struct log *log, int64_t offset)
{
    for (int64_t o = a->start; o < offset; o++)
        if (log->entries[o].is_record && (log->entries[o].fate & (SUCCEEDED | DELIVERED)) == 0 &&
            !a->seen[o].is_resolved && a->seen[o].is_pushed)
            log->entries[o].fate |= DROPPED;
}

static int apply(struct assignment *a, int64_t offset)
{
    struct world *world = a->world;
    struct log *log = &world->logs[a->number];
    if (log->owner != a)
        return 0; /* another generation's */
    if (offset < log->committed)
        violate(world, REWIND, "%d: from %lld back to %lld", a->number, (long long)log->committed,
                (long long)offset);
    note_dropped(a, log, offset);
    if (world->on_purpose == END && world->is_settling && offset == log->end)
        return 1;
    if (world->on_purpose == DRAINED && a->is_leaving)
        return 1;
    int64_t before = log->committed;
    log->committed = offset;
    if (world->on_purpose == REWIND && before < offset && before > a->start)
        apply(a, before); /* a request that was sent again */
    return 1;
}

static void apply_all(struct world *world, void *subject)
{
    struct call *call = subject;
    (void)world;
    for (size_t i = 0; i < call->count; i++)
        call->named[i] = call->assignments[i] != NULL && apply(call->assignments[i], call->offsets[i]);
}

static void answer(struct world *world, void *subject)
{
    struct call *call = subject;
    int error = 0;
    enum esm_outcome outcome = call->outcome;
    if (call->way == ANSWERS) {
        for (size_t i = 0; i < call->count; i++)
            if (!call->named[i] || outcome != ESM_OUTCOME_SUCCESS)
                esm_commit_set_outcome(call->token, i, ESM_OUTCOME_FAILURE);
            else if (!call->is_stale && call->assignments[i]->acknowledged < call->offsets[i])
                call->assignments[i]->acknowledged = call->offsets[i];
        error = esm_commit_complete(call->token, outcome);
        if (error != (call->is_stale ? ESM_ERR_STALE : 0))
            violate(world, LATE, "a commit's answer: %s", esm_error_name(error));
    }
    say(world, "the broker answers member %d: %s%s", call->member->slot,
        call->way != ANSWERS             ? "nothing"
        : outcome == ESM_OUTCOME_SUCCESS ? "done"
                                         : "failed",
        error != 0 ? ", too late" : "");
    call_end(call);
}

static void choose(struct call *call)
{
    struct world *world = call->world;
    struct random *random = &world->random;
    call->outcome = ESM_OUTCOME_SUCCESS;
    if (world->is_settling || world->broker == FAIR)
        return;
    if (random_chance(random, 40))
        call->outcome = (enum esm_outcome)RANDOM_OF(random, ESM_OUTCOME_FAILURE, ESM_OUTCOME_UNAVAILABLE);
    if (random_chance(random, 10))
        call->way = (enum way)RANDOM_OF(random, REFUSES, FORGETS, VANISHES);
}

int commit(void *subject, esm_commit *token)
{
    struct member *member = subject;
    struct world *world = member->world;
    struct random *random = &world->random;
    struct call *call = call_new(member, COMMIT, esm_commit_get_count(token));
    call->assignments = must(calloc(call->count + 1, sizeof(struct assignment *)));
    for (size_t i = 0; i < call->count; i++) {
        int32_t number;
        esm_commit_get_offset(token, i, NULL, &number, &call->offsets[i], NULL);
        say(world, "member %d commits %d:%lld", member->slot, (int)number, (long long)call->offsets[i]);
        call->assignments[i] = group_find(world, member, number);
        if (call->assignments[i] == NULL)
            violate(world, GHOST, "member %d commits %d:%lld and does not have it", member->slot, (int)number,
                    (long long)call->offsets[i]);
        else
            judge_commit(call->assignments[i], call->offsets[i]);
    }
    choose(call);
    int is_lost = call->outcome != ESM_OUTCOME_SUCCESS || call->way != ANSWERS;
    int is_applied = !is_lost || random_chance(random, 40);
    int64_t wait =
        random_chance(random, 40) ? 0 : random_between(random, 0, world->broker == FAIR ? 100 : 4000);
    if (call->way == REFUSES) {
        if (is_applied)
            apply_all(world, call);
        call_end(call);
        return -1;
    }
    if (call->way == FORGETS) {
        call_end(call);
        return 0;
    }
    call->token = esm_commit_ref(token);
    if (wait == 0) {
        if (is_applied)
            apply_all(world, call);
        answer(world, call);
        return 0;
    }
    if (is_applied)
        happen(world, random_between(random, 0, wait), apply_all, call);
    happen(world, wait, answer, call);
    return 0;
}
