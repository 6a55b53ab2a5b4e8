/* SPDX-License-Identifier: MIT */
/*
 * The invariants. The judge keeps, for every assignment, what became of each of its records by the answers
 * that were taken, and compares whatever the poller does with that. It knows the rules, and nothing of how
 * the poller works.
 */
#include "world.h"

/* ---- what it knows of a record ---- */

static const struct entry *entry_of(const struct assignment *a, int64_t offset)
{
    return &a->world->logs[a->number].entries[offset];
}

static int has_expired(const struct assignment *a, int64_t offset)
{
    int64_t since_ms = entry_of(a, offset)->timestamp_ms;
    if (since_ms < 0)
        since_ms = a->seen[offset].first_wall_ms;
    return a->world->rules.age_ms >= 0 && a->wall_max_ms - since_ms > a->world->rules.age_ms;
}

static int is_too_large(const struct assignment *a, int64_t offset)
{
    return a->seen[offset].is_too_large ||
           entry_of(a, offset)->size * 4 / 3 + 1000 >= (size_t)a->world->rules.batch_max_bytes;
}

static int is_exhausted(const struct assignment *a, int64_t offset)
{
    int64_t most = a->world->rules.max_retries;
    return most >= 0 && a->seen[offset].counted > most;
}

static int may_be_given_up(const struct assignment *a, int64_t offset)
{
    return has_expired(a, offset) || is_too_large(a, offset) || is_exhausted(a, offset);
}

/* Whether the position may be beyond it: it has succeeded, was delivered, or a rule allows to drop it. */
static int is_settled(const struct assignment *a, int64_t offset)
{
    const struct seen *seen = &a->seen[offset];
    if (!entry_of(a, offset)->is_record || seen->is_resolved)
        return 1;
    if (!seen->is_pushed)
        return 0;
    const struct rules *rules = &a->world->rules;
    if (!rules->has_destination)
        return may_be_given_up(a, offset);
    return rules->delivery_max > 0 && seen->deliveries_failed >= rules->delivery_max;
}

static void resolve(struct assignment *a, int64_t offset, enum fate fate)
{
    a->seen[offset].is_resolved = 1;
    a->world->logs[a->number].entries[offset].fate |= fate;
}

/* ---- invocations ---- */

static int check_records(struct call *call)
{
    struct assignment *a = call->assignment;
    for (size_t i = 0; i < call->count; i++) {
        int64_t offset = call->offsets[i];
        if (i > 0 && offset <= call->offsets[i - 1])
            violate(call->world, ASCENDING, "%lld after %lld", (long long)offset,
                    (long long)call->offsets[i - 1]);
        else if (offset < 0 || offset >= OFFSETS_MAX || !a->seen[offset].is_pushed)
            violate(call->world, REPEAT, "%lld was not given to this assignment", (long long)offset);
        else if (a->seen[offset].is_resolved)
            violate(call->world, REPEAT, "%d:%lld was resolved before", a->number, (long long)offset);
    }
    return call->world->broken == NOTHING;
}

/* Whatever is before its last record, and not in it, is over. */
static void check_order(struct call *call)
{
    struct assignment *a = call->assignment;
    size_t i = 0;
    for (int64_t offset = a->start; offset < call->offsets[call->count - 1]; offset++)
        if (offset == call->offsets[i])
            i++;
        else if (a->seen[offset].is_pushed && !is_settled(a, offset))
            violate(call->world, ORDER, "%d:%lld is invoked, and %lld is unresolved", a->number,
                    (long long)call->offsets[call->count - 1], (long long)offset);
}

static void check_size(const struct call *call)
{
    const struct rules *rules = &call->world->rules;
    if ((int64_t)call->count > rules->batch_size)
        violate(call->world, BATCH, "%zu records", call->count);
    if ((int64_t)call->event_size >= rules->batch_max_bytes)
        violate(call->world, BATCH, "%zu bytes", call->event_size);
}

/* A batch that begins waits for the commit of what was before it. */
static void check_commit(const struct call *call)
{
    const struct assignment *a = call->assignment;
    if (!call->world->rules.before_next)
        return;
    for (int64_t offset = call->offsets[0] - 1; offset >= a->start && offset >= a->acknowledged; offset--)
        if (a->seen[offset].is_pushed)
            violate(call->world, BEFORE_NEXT, "%d:%lld is invoked, and %lld is the last that was committed",
                    a->number, (long long)call->offsets[0], (long long)a->acknowledged);
}

/* All of one set, or all new. The same set again is the next attempt; a part of one begins anew, unless it is
 * what age left. */
static void check_set(struct call *call, uint32_t attempt)
{
    struct assignment *a = call->assignment;
    const struct seen *first = &a->seen[call->offsets[0]];
    const struct rules *rules = &call->world->rules;
    for (size_t i = 1; i < call->count; i++)
        if (a->seen[call->offsets[i]].set != first->set)
            violate(call->world, ATTEMPTS, "%d:%lld and %lld are not of one set", a->number,
                    (long long)call->offsets[0], (long long)call->offsets[i]);
    uint32_t wanted = 1;
    if (first->set != 0 && first->set_size == call->count)
        wanted = first->attempt + 1;
    else if (first->set != 0 && rules->age_ms >= 0 && attempt > 1)
        wanted = first->attempt + 1;
    if (attempt != wanted)
        violate(call->world, ATTEMPTS, "%d:%lld: attempt %u, not %u", a->number, (long long)call->offsets[0],
                attempt, wanted);
    if (attempt > 1 && first->is_to_be_split)
        violate(call->world, ATTEMPTS, "%d:%lld is retried, not split", a->number,
                (long long)call->offsets[0]);
    if (attempt > 1 && is_exhausted(a, call->offsets[0]))
        violate(call->world, ATTEMPTS, "%d:%lld: again after %lld failures", a->number,
                (long long)call->offsets[0], (long long)first->counted);
}

/* What its batch may hold in memory, a token with it. Whoever was not in an invocation yet is known by this
 * call alone. */
static void note_batch(struct call *call)
{
    const struct assignment *a = call->assignment;
    call->batch_bytes = a->seen[call->offsets[0]].batch_bytes;
    if (call->batch_bytes > 0)
        return;
    call->batch_bytes = 300000; /* of an arena's last chunk */
    for (size_t i = 0; i < call->count; i++)
        call->batch_bytes += entry_of(a, call->offsets[i])->size * 7 / 3 + 1024;
}

static void note_set(struct call *call, uint32_t attempt)
{
    struct assignment *a = call->assignment;
    note_batch(call);
    a->sets++;
    for (size_t i = 0; i < call->count; i++) {
        struct seen *seen = &a->seen[call->offsets[i]];
        if (attempt == 1)
            seen->counted = 0;
        seen->batch_bytes = call->batch_bytes;
        seen->set = a->sets;
        seen->set_size = (uint32_t)call->count;
        seen->attempt = attempt;
        call->follows_timeout |= seen->has_timed_out;
        seen->is_to_be_split = seen->is_too_large = seen->has_timed_out = 0;
    }
}

static void check_start(struct call *call)
{
    struct assignment *a = call->assignment;
    if (a->is_leaving || call->member->is_stopping)
        violate(call->world, DRAIN, "%d:%lld is invoked, and its partition drains", a->number,
                (long long)call->offsets[0]);
    if (a->out > 0)
        violate(call->world, PARALLEL, "two batches of partition %d", a->number);
    if (++call->member->out > call->world->rules.max_in_flight)
        violate(call->world, PARALLEL, "%lld invocations", (long long)call->member->out);
    a->out++;
}

void judge_invocation(struct call *call, uint32_t attempt)
{
    check_start(call);
    if (!check_records(call))
        return;
    check_order(call);
    check_size(call);
    check_set(call, attempt);
    if (call->assignment->seen[call->offsets[0]].set == 0)
        check_commit(call);
    note_set(call, attempt);
}

/* ---- answers ---- */

static void out_no_more(struct call *call)
{
    call->assignment->out--;
    if (call->kind == INVOCATION)
        call->member->out--;
}

/* What the answer means, its response read. */
static enum esm_outcome meaning(struct call *call, enum esm_outcome outcome)
{
    if (call->is_rubbish && outcome == ESM_OUTCOME_SUCCESS)
        return ESM_OUTCOME_FAILURE;
    if (outcome != ESM_OUTCOME_PARTIAL)
        return outcome;
    size_t named = 0;
    for (size_t i = 0; i < call->count; i++) {
        if (i > 0 && call->world->rules.partial == 2)
            call->named[i] |= call->named[i - 1];
        named += call->named[i];
    }
    return named == 0 ? ESM_OUTCOME_SUCCESS : named == call->count ? ESM_OUTCOME_FAILURE : outcome;
}

static void count_failure(struct call *call)
{
    struct assignment *a = call->assignment;
    int is_split = call->world->rules.bisect && call->count > 1;
    for (size_t i = 0; i < call->count; i++) {
        a->seen[call->offsets[i]].counted += !is_split;
        a->seen[call->offsets[i]].is_to_be_split = is_split;
    }
}

void judge_answer(struct call *call, enum esm_outcome outcome)
{
    struct assignment *a = call->assignment;
    uint8_t named[OFFSETS_MAX];
    for (size_t i = 0; i < call->count; i++)
        named[i] = call->named[i];
    out_no_more(call);
    switch (meaning(call, outcome)) {
    case ESM_OUTCOME_SUCCESS:
        for (size_t i = 0; i < call->count; i++)
            resolve(a, call->offsets[i], SUCCEEDED);
        break;
    case ESM_OUTCOME_PARTIAL:
        for (size_t i = 0; i < call->count; i++)
            if (!call->named[i])
                resolve(a, call->offsets[i], SUCCEEDED);
        break;
    case ESM_OUTCOME_FAILURE: count_failure(call); break;
    case ESM_OUTCOME_AMBIGUOUS:
        if (call->world->rules.count_timeouts)
            count_failure(call);
        break;
    case ESM_OUTCOME_TOO_LARGE:
        for (size_t i = 0; i < call->count; i++) {
            a->seen[call->offsets[i]].is_to_be_split = call->count > 1;
            a->seen[call->offsets[i]].is_too_large = call->count == 1;
        }
        break;
    default: break;
    }
    for (size_t i = 0; i < call->count; i++)
        call->named[i] = named[i];
}

/* Why would nobody wait? Its time is over, or its partition is given up, with what is out. */
void judge_cancel(struct call *call)
{
    struct world *world = call->world;
    const struct rules *rules = &world->rules;
    const struct assignment *a = call->assignment;
    if (call->is_stale)
        return;
    int64_t limit = call->kind == INVOCATION ? rules->timeout_ms : rules->delivery_timeout_ms;
    int is_over = world->now_ms >= call->started_ms + limit;
    int is_given_up =
        world->now_ms >= a->drain_deadline_ms || world->now_ms >= call->member->stop_deadline_ms;
    say(world, "nobody waits for a call of member %d any more", call->member->slot);
    /* A partition that is lost on purpose cancels what is out for it, before anything of it goes on. */
    if (!is_over && !is_given_up && !call->member->is_crashing && world->broken == NOTHING &&
        world->on_purpose != GHOST)
        violate(world, TIMEOUT, "a call of member %d was cancelled without a reason", call->member->slot);
    for (size_t i = 0; i < call->count; i++)
        call->assignment->seen[call->offsets[i]].has_timed_out = 1;
    if (call->kind == INVOCATION && is_over)
        judge_answer(call, ESM_OUTCOME_AMBIGUOUS);
    else if (call->kind == DELIVERY && is_over)
        judge_delivered(call, 0);
    else
        out_no_more(call);
    call->is_stale = 1;
}

/* ---- deliveries ---- */

void judge_delivery(struct call *call, enum esm_reason reason)
{
    struct assignment *a = call->assignment;
    if (a->out++ > 0)
        violate(call->world, PARALLEL, "a delivery beside a call of partition %d", a->number);
    if (!check_records(call))
        return;
    note_batch(call);
    for (size_t i = 0; i < call->count; i++) {
        int64_t offset = call->offsets[i];
        int is_right = reason == ESM_REASON_RETRIES     ? is_exhausted(a, offset)
                       : reason == ESM_REASON_AGE       ? has_expired(a, offset)
                       : reason == ESM_REASON_TOO_LARGE ? is_too_large(a, offset)
                                                        : 0;
        if (!is_right)
            violate(call->world, GIVEN_UP, "%d:%lld for reason %d", a->number, (long long)offset,
                    (int)reason);
    }
}

void judge_delivered(struct call *call, int is_success)
{
    struct assignment *a = call->assignment;
    out_no_more(call);
    for (size_t i = 0; i < call->count; i++)
        if (is_success)
            resolve(a, call->offsets[i], DELIVERED);
        else
            a->seen[call->offsets[i]].deliveries_failed++;
}

/* ---- commits and ends ---- */

void judge_commit(struct assignment *a, int64_t offset)
{
    struct world *world = a->world;
    if (offset < a->start)
        violate(world, REWIND, "%d: %lld, and the assignment began at %lld", a->number, (long long)offset,
                (long long)a->start);
    if (offset > a->next_offset)
        violate(world, PAST, "%d: %lld, and only %lld was read", a->number, (long long)offset,
                (long long)a->next_offset);
    for (int64_t o = a->start; o < offset && world->broken == NOTHING; o++)
        if (!is_settled(a, o))
            violate(world, PAST, "%d:%lld is committed, and %lld is unresolved", a->number, (long long)offset,
                    (long long)o);
}

void judge_removed(struct assignment *a, int is_drained)
{
    struct world *world = a->world;
    const struct log *log = &world->logs[a->number];
    if (!is_drained) {
        if (world->on_purpose != GHOST && world->now_ms < a->drain_deadline_ms &&
            world->now_ms < a->member->stop_deadline_ms)
            violate(world, DRAIN, "partition %d was given up before its deadline", a->number);
        return;
    }
    int64_t offset = log->committed < a->start ? a->start : log->committed;
    while (offset < a->next_offset && !a->seen[offset].is_pushed)
        offset++;
    if (log->owner == a && world->on_purpose != END && offset < a->next_offset && a->seen[offset].is_resolved)
        violate(world, DRAINED, "partition %d has drained; %lld is resolved and not committed", a->number,
                (long long)offset);
}

/* ---- after every turn ---- */

static void check_calls(const struct member *member)
{
    struct world *world = member->world;
    for (const struct call *call = world->calls; call != NULL; call = call->next) {
        if (call->member != member || call->is_stale || call->kind == COMMIT)
            continue;
        int64_t limit = call->kind == INVOCATION ? world->rules.timeout_ms : world->rules.delivery_timeout_ms;
        if (world->now_ms >= call->started_ms + limit)
            violate(world, TIMEOUT, "a call of member %d lasts %lld ms", member->slot,
                    (long long)(world->now_ms - call->started_ms));
    }
}

static void check_deadlines(const struct member *member)
{
    struct world *world = member->world;
    int has_ended = esm_poller_get_state(member->poller) >= ESM_POLLER_STOPPED;
    for (const struct assignment *a = world->assignments; a != NULL; a = a->next)
        if (a->member == member && a->handle != NULL && a->is_leaving &&
            (world->now_ms >= a->drain_deadline_ms || has_ended))
            violate(world, DRAIN, "partition %d is still there at its deadline", a->number);
    if (world->now_ms >= member->stop_deadline_ms && !member->source_has_closed && !has_ended)
        violate(world, STOP, "member %d is still at work at its deadline", member->slot);
}

/* One record of each partition, and what hangs on tokens that nobody waits for. */
static int64_t overshoot(const struct member *member)
{
    const struct world *world = member->world;
    int64_t bytes = member->returning;
    int64_t record = world->rules.is_large ? 600000 * 7 / 3 + 300000 : 300000;
    for (const struct assignment *a = world->assignments; a != NULL; a = a->next)
        if (a->member == member && a->handle != NULL)
            bytes += record;
    for (const struct call *call = world->calls; call != NULL; call = call->next)
        if (call->member == member && call->is_stale)
            bytes += (int64_t)(2 * call->event_size + call->batch_bytes);
        else if (call->member == member && call->follows_timeout) /* it pays for its own body */
            bytes += (int64_t)call->event_size;
    return bytes;
}

void judge_turn(struct member *member)
{
    struct world *world = member->world;
    int64_t held = esm_poller_get_counter(member->poller, ESM_COUNTER_BYTES_HELD);
    if (held > world->rules.budget && held > world->rules.budget + overshoot(member))
        violate(world, MEMORY, "member %d holds %lld bytes of %lld and %lld", member->slot, (long long)held,
                (long long)world->rules.budget, (long long)overshoot(member));
}

void judge_rest(struct member *member)
{
    check_calls(member);
    check_deadlines(member);
    member->returning = 0;
}

/* ---- the end ---- */

void judge_end(struct world *world)
{
    int64_t dropped = 0;
    if (world->on_purpose == FATE)
        world->logs[0].entries[log_next_record(&world->logs[0], 0)].fate = 0;
    for (int number = 0; number < world->log_count; number++) {
        const struct log *log = &world->logs[number];
        if (log->committed != log->end)
            violate(world, END, "partition %d: committed %lld of %lld", number, (long long)log->committed,
                    (long long)log->end);
        for (int64_t offset = 0; offset < log->end; offset++) {
            if (log->entries[offset].is_record && log->entries[offset].fate == 0)
                violate(world, FATE, "%d:%lld has none", number, (long long)offset);
            dropped += log->entries[offset].fate == DROPPED;
        }
    }
    if (dropped > world->dropped)
        violate(world, FATE, "%lld records were dropped, and %lld counted", (long long)dropped,
                (long long)world->dropped);
}
