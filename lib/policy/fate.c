/* SPDX-License-Identifier: MIT */
#include "policy/fate.h"

#include <assert.h>
#include <string.h>

#include "base/checked.h"

/*
 * How deep the stack can get: a split puts one more set on it and halves the larger part (rounded up), and
 * above the smallest part there may be its expired records.
 */
static uint32_t depth_of(uint32_t capacity)
{
    return capacity < 2 ? 3 : 35 - (uint32_t)__builtin_clz(capacity - 1);
}

size_t esm__fate_size(uint32_t capacity)
{
    return esm__fate_sets_at(capacity) + depth_of(capacity) * sizeof(struct esm__set);
}

void esm__fate_start(struct esm__fate *fate, void *memory)
{
    *fate = (struct esm__fate){.capacity = fate->capacity, .depth = 1, .is_open = 1};
    *esm__fate_top(fate, memory) = (struct esm__set){.kind = ESM_ACTION_INVOKE};
}

void esm__fate_move(struct esm__fate *fate, void *from, void *to, uint32_t capacity)
{
    struct esm__fate moved = *fate;
    moved.capacity = capacity;
    memcpy(esm__fate_sets(&moved, to), esm__fate_sets(fate, from), fate->depth * sizeof(struct esm__set));
    memcpy(esm__fate_timestamps(&moved, to), esm__fate_timestamps(fate, from), fate->count * sizeof(int64_t));
    memcpy(esm__fate_order(&moved, to), esm__fate_order(fate, from), fate->count * sizeof(uint32_t));
    memcpy(esm__fate_marks(&moved, to), esm__fate_marks(fate, from), fate->count);
    *fate = moved;
}

uint32_t esm__fate_add(struct esm__fate *fate, void *memory, int64_t timestamp_ms)
{
    assert(fate->is_open && fate->count < fate->capacity);
    uint32_t index = fate->count++;
    struct esm__set *set = esm__fate_top(fate, memory);
    esm__fate_timestamps(fate, memory)[index] = timestamp_ms;
    esm__fate_marks(fate, memory)[index] = 0;
    esm__fate_order(fate, memory)[set->begin + set->count++] = index;
    return index;
}

void esm__fate_close(struct esm__fate *fate, void *memory, int64_t monotonic_ms)
{
    struct esm__set *set = esm__fate_top(fate, memory);
    fate->is_open = 0;
    set->due_ms = monotonic_ms;
    if (set->count == 0)
        fate->depth = 0;
}

/* ---- who leaves a set, and who stays ---- */

enum decision {
    COMPLETE,         /* all is well */
    COMPLETE_UNNAMED, /* all but those that were named, which are to be retried */
    GO_ON,            /* a retry or a split */
    GIVE_UP,          /* to the destination, or nowhere */
    CUT_EXPIRED       /* the expired ones to the front; nobody leaves */
};

enum share {
    DONE,
    LOST,
    STAYS
};

static enum share share_of(uint8_t marks, enum decision decision)
{
    enum share retried = (marks & ESM__MARK_DRAINING) != 0 ? LOST : STAYS;
    if (decision == CUT_EXPIRED)
        return (marks & ESM__MARK_EXPIRED) != 0 ? DONE : STAYS;
    if ((marks & ESM__MARK_GONE) != 0)
        return LOST;
    switch (decision) {
    case COMPLETE: return DONE;
    case COMPLETE_UNNAMED: return (marks & ESM__MARK_NAMED) != 0 ? retried : DONE;
    case GO_ON: return retried;
    default: return STAYS;
    }
}

/* Orders a set's slice by share, stably, and shrinks the set to what stays. */
static struct esm__leavers sift(struct esm__fate *fate, void *memory, struct esm__set *set,
                                enum decision decision)
{
    uint32_t *order = esm__fate_order(fate, memory) + set->begin;
    uint32_t *scratch = esm__fate_scratch(fate, memory);
    uint8_t *marks = esm__fate_marks(fate, memory);
    uint32_t count[3] = {0, 0, 0};
    for (uint32_t i = 0; i < set->count; i++)
        count[share_of(marks[order[i]], decision)]++;
    if (count[STAYS] != set->count && count[DONE] != set->count) {
        uint32_t next[3] = {0, count[DONE], count[DONE] + count[LOST]};
        for (uint32_t i = 0; i < set->count; i++)
            scratch[next[share_of(marks[order[i]], decision)]++] = order[i];
        memcpy(order, scratch, set->count * sizeof(*order));
        memset(scratch, 0, set->count * sizeof(*scratch));
    }
    struct esm__leavers leavers = {set->begin, count[DONE], count[LOST]};
    for (uint32_t i = 0; i < set->count; i++)
        marks[order[i]] &= ESM__MARK_DRAINING | ESM__MARK_GONE;
    set->begin += leavers.done + leavers.lost;
    set->count = count[STAYS];
    return leavers;
}

/* Sifts the set on top, and takes it off the stack if nothing stays. */
static struct esm__leavers sift_top(struct esm__fate *fate, void *memory, enum decision decision)
{
    struct esm__set *top = esm__fate_top(fate, memory);
    struct esm__leavers leavers = sift(fate, memory, top, decision);
    if (top->count == 0)
        fate->depth--;
    return leavers;
}

/* ---- what becomes of the set on top ---- */

static void increment(uint32_t *counter)
{
    if (*counter != UINT32_MAX)
        ++*counter;
}

/* As if it had never been invoked. */
static void renew(struct esm__set *set, int64_t due_ms)
{
    *set = (struct esm__set){
        .due_ms = due_ms, .begin = set->begin, .count = set->count, .kind = ESM_ACTION_INVOKE};
}

static void give_up(struct esm__set *set, const struct esm__rules *rules, enum esm_reason reason,
                    int64_t monotonic_ms)
{
    set->kind = esm__rules_given_up(rules);
    set->reason = (uint32_t)reason;
    set->failures = 0;
    set->due_ms = monotonic_ms;
}

/* What stays becomes two sets, the left half on top. One survivor of a larger set begins anew too. */
static struct esm__leavers split(struct esm__fate *fate, void *memory, int64_t monotonic_ms)
{
    struct esm__set *set = esm__fate_top(fate, memory);
    struct esm__leavers leavers = sift(fate, memory, set, GO_ON);
    uint32_t half = set->count / 2;
    renew(set, monotonic_ms);
    if (set->count == 0) {
        fate->depth--;
    } else if (half > 0) {
        fate->depth++;
        set[1] = set[0];
        set[1].count = half;
        set[0].begin += half;
        set[0].count -= half;
    }
    assert(fate->depth <= depth_of(fate->capacity));
    return leavers;
}

static struct esm__leavers wait(struct esm__fate *fate, void *memory, const struct esm__rules *rules,
                                const struct esm__verdict *verdict, enum esm_backoff_kind kind)
{
    struct esm__set *set = esm__fate_top(fate, memory);
    increment(&set->waits);
    int64_t wait_ms = esm__rules_backoff_ms(rules, kind, set->waits, verdict->key);
    if (kind == ESM_BACKOFF_SERVICE && wait_ms < verdict->retry_after_ms)
        wait_ms = verdict->retry_after_ms;
    set->due_ms = esm__add_ms(verdict->monotonic_ms, wait_ms);
    return sift_top(fate, memory, GO_ON);
}

static struct esm__leavers fail(struct esm__fate *fate, void *memory, const struct esm__rules *rules,
                                const struct esm__verdict *verdict)
{
    struct esm__set *set = esm__fate_top(fate, memory);
    if (rules->bisect && set->count > 1)
        return split(fate, memory, verdict->monotonic_ms);
    increment(&set->failures);
    set->waits = 0;
    if (rules->max_retries >= 0 && set->failures > (uint32_t)rules->max_retries) {
        give_up(set, rules, ESM_REASON_RETRIES, verdict->monotonic_ms);
        return sift_top(fate, memory, GIVE_UP);
    }
    int64_t wait_ms = esm__rules_backoff_ms(rules, ESM_BACKOFF_FUNCTION, set->failures, verdict->key);
    set->due_ms = esm__add_ms(verdict->monotonic_ms, wait_ms);
    return sift_top(fate, memory, GO_ON);
}

/* The named records stay, as a new set that waits the first back-off. */
static struct esm__leavers shrink(struct esm__fate *fate, void *memory, const struct esm__rules *rules,
                                  const struct esm__verdict *verdict)
{
    int64_t wait_ms = esm__rules_backoff_ms(rules, ESM_BACKOFF_FUNCTION, 1, verdict->key);
    renew(esm__fate_top(fate, memory), esm__add_ms(verdict->monotonic_ms, wait_ms));
    return sift_top(fate, memory, COMPLETE_UNNAMED);
}

static struct esm__leavers too_large(struct esm__fate *fate, void *memory, const struct esm__rules *rules,
                                     const struct esm__verdict *verdict)
{
    struct esm__set *set = esm__fate_top(fate, memory);
    if (set->count > 1)
        return split(fate, memory, verdict->monotonic_ms);
    give_up(set, rules, ESM_REASON_TOO_LARGE, verdict->monotonic_ms);
    return sift_top(fate, memory, GIVE_UP);
}

struct esm__leavers esm__fate_answer_invoke(struct esm__fate *fate, void *memory,
                                            const struct esm__rules *rules,
                                            const struct esm__verdict *verdict)
{
    enum esm_outcome outcome = verdict->outcome;
    if (outcome == ESM_OUTCOME_PARTIAL && verdict->named == 0)
        outcome = ESM_OUTCOME_SUCCESS;
    else if (outcome == ESM_OUTCOME_PARTIAL && verdict->named == esm__fate_top(fate, memory)->count)
        outcome = ESM_OUTCOME_FAILURE;
    else if (outcome == ESM_OUTCOME_AMBIGUOUS)
        outcome = rules->count_timeouts ? ESM_OUTCOME_FAILURE : ESM_OUTCOME_UNAVAILABLE;
    fate->is_out = 0;
    fate->has_failed |= outcome != ESM_OUTCOME_SUCCESS;
    switch (outcome) {
    case ESM_OUTCOME_SUCCESS: return sift_top(fate, memory, COMPLETE);
    case ESM_OUTCOME_PARTIAL: return shrink(fate, memory, rules, verdict);
    case ESM_OUTCOME_FAILURE: return fail(fate, memory, rules, verdict);
    case ESM_OUTCOME_TOO_LARGE: return too_large(fate, memory, rules, verdict);
    case ESM_OUTCOME_HELD: return wait(fate, memory, rules, verdict, ESM_BACKOFF_HOLD);
    default: return wait(fate, memory, rules, verdict, ESM_BACKOFF_SERVICE);
    }
}

struct esm__leavers esm__fate_answer_deliver(struct esm__fate *fate, void *memory,
                                             const struct esm__rules *rules,
                                             const struct esm__verdict *verdict)
{
    struct esm__set *set = esm__fate_top(fate, memory);
    fate->is_out = 0;
    if (verdict->outcome == ESM_OUTCOME_SUCCESS)
        return sift_top(fate, memory, COMPLETE);
    increment(&set->failures);
    set->due_ms = verdict->monotonic_ms;
    if (rules->max_deliveries >= 0 && set->failures >= (uint32_t)rules->max_deliveries)
        set->kind = ESM_ACTION_DROP;
    else
        set->due_ms = esm__add_ms(set->due_ms, esm__rules_backoff_ms(rules, ESM_BACKOFF_DELIVERY,
                                                                     set->failures, verdict->key));
    return sift_top(fate, memory, GIVE_UP);
}

void esm__fate_expire(struct esm__fate *fate, void *memory, const struct esm__rules *rules,
                      int64_t monotonic_ms, int64_t wall_ms)
{
    struct esm__set *set = esm__fate_top(fate, memory);
    if (rules->max_record_age_ms < 0)
        return;
    /* Older than the limit is: a timestamp below this one. */
    int64_t oldest_ms = esm__add_ms(wall_ms, -rules->max_record_age_ms);
    const int64_t *timestamps = esm__fate_timestamps(fate, memory);
    const uint32_t *order = esm__fate_order(fate, memory) + set->begin;
    uint8_t *marks = esm__fate_marks(fate, memory);
    uint32_t expired = 0;
    for (uint32_t i = 0; i < set->count; i++)
        if (timestamps[order[i]] < oldest_ms) {
            marks[order[i]] |= ESM__MARK_EXPIRED;
            expired++;
        }
    if (expired == 0)
        return;
    struct esm__leavers cut = sift(fate, memory, set, CUT_EXPIRED);
    struct esm__set *top = set->count == 0 ? set : &set[1];
    *top = *set;
    top->begin = cut.begin;
    top->count = cut.done;
    give_up(top, rules, ESM_REASON_AGE, monotonic_ms);
    fate->depth = (uint32_t)(top - esm__fate_sets(fate, memory)) + 1;
    assert(fate->depth <= depth_of(fate->capacity));
}

int64_t esm__fate_next_expiry_ms(const struct esm__fate *fate, void *memory, const struct esm__rules *rules,
                                 int64_t wall_ms)
{
    const struct esm__set *set = esm__fate_top(fate, memory);
    const uint32_t *order = esm__fate_order(fate, memory) + set->begin;
    const int64_t *timestamps = esm__fate_timestamps(fate, memory);
    int64_t first_ms = INT64_MAX;
    if (rules->max_record_age_ms < 0)
        return ESM_NEVER;
    for (uint32_t i = 0; i < set->count; i++)
        if (timestamps[order[i]] < first_ms)
            first_ms = timestamps[order[i]];
    int64_t expiry_ms = esm__add_ms(esm__add_ms(first_ms, rules->max_record_age_ms), 1);
    int64_t left_ms;
    if (__builtin_sub_overflow(expiry_ms, wall_ms, &left_ms))
        left_ms = wall_ms < 0 ? INT64_MAX : INT64_MIN;
    return left_ms;
}

void esm__fate_take(struct esm__fate *fate, void *memory)
{
    struct esm__set *set = esm__fate_top(fate, memory);
    fate->is_out = 1;
    if (set->kind == ESM_ACTION_INVOKE)
        increment(&set->attempts);
}

/* What has not been started goes on if it is not a retry or if it was decided before. */
static enum decision when_idle(const struct esm__set *set)
{
    return set->kind == ESM_ACTION_INVOKE ? GO_ON : GIVE_UP;
}

struct esm__leavers esm__fate_hand_back(struct esm__fate *fate, void *memory)
{
    struct esm__set *set = esm__fate_top(fate, memory);
    fate->is_out = 0;
    if (set->kind == ESM_ACTION_INVOKE)
        set->attempts--;
    return sift_top(fate, memory, when_idle(set));
}

struct esm__leavers esm__fate_drop(struct esm__fate *fate, void *memory)
{
    return sift_top(fate, memory, COMPLETE);
}

static uint32_t count_gone(const struct esm__fate *fate, void *memory, const struct esm__set *set)
{
    const uint32_t *order = esm__fate_order(fate, memory) + set->begin;
    const uint8_t *marks = esm__fate_marks(fate, memory);
    uint32_t gone = 0;
    for (uint32_t i = 0; i < set->count; i++)
        gone += (marks[order[i]] & ESM__MARK_GONE) != 0;
    return gone;
}

uint32_t esm__fate_purge(struct esm__fate *fate, void *memory)
{
    struct esm__set *sets = esm__fate_sets(fate, memory);
    uint32_t lost = 0;
    for (uint32_t level = fate->depth; level-- > 0;) {
        struct esm__set *set = &sets[level];
        if (level + 1 == fate->depth && fate->is_out) {
            if (count_gone(fate, memory, set) < set->count)
                continue;
            fate->is_out = 0;
        }
        lost += sift(fate, memory, set, when_idle(set)).lost;
        if (set->count == 0 && !fate->is_open) {
            memmove(set, set + 1, (fate->depth - level - 1) * sizeof(*set));
            fate->depth--;
        }
    }
    return lost;
}

uint32_t esm__fate_count_open(const struct esm__fate *fate, void *memory)
{
    const struct esm__set *sets = esm__fate_sets(fate, memory);
    uint32_t open = 0;
    for (uint32_t level = 0; level < fate->depth; level++)
        open += sets[level].count - count_gone(fate, memory, &sets[level]);
    return open;
}
