/* SPDX-License-Identifier: MIT */
/* What the function and the destination do when they are called: well, badly, late, or not at all. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

/* The answer, or the last reference without one; then the call is over. */
void call_end(struct call *call)
{
    struct call **link = &call->world->calls;
    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
    if (call->is_stale)
        call->member->returning += (int64_t)(2 * call->event_size + call->batch_bytes);
    if (call->kind == INVOCATION)
        esm_invocation_unref(call->token);
    else if (call->kind == DELIVERY)
        esm_delivery_unref(call->token);
    else
        esm_commit_unref(call->token);
    free(call->assignments);
    free(call->offsets);
    free(call->named);
    free(call);
}

static void cancelled(void *subject)
{
    struct call *call = subject;
    judge_cancel(call);
    if (call->way == NEVER && !call->is_awaited &&
        (call->world->is_settling || random_chance(&call->world->random, 50)))
        call_end(call);
}

static void say_records(const struct call *call, const char *what, int64_t number)
{
    char text[200];
    size_t size = 0;
    for (size_t i = 0; i < call->count && size < sizeof(text) - 30;) {
        size_t last = i;
        while (last + 1 < call->count && call->offsets[last + 1] == call->offsets[last] + 1)
            last++;
        size += (size_t)snprintf(text + size, sizeof(text) - size, last > i ? " %lld-%lld" : " %lld",
                                 (long long)call->offsets[i], (long long)call->offsets[last]);
        i = last + 1;
    }
    say(call->world, "member %d %s %d:%s #%lld", call->member->slot, what, call->assignment->number, text,
        (long long)number);
}

/* ---- the answer of an invocation ---- */

static size_t write_response(const struct call *call, char *text, size_t room)
{
    if (call->is_rubbish)
        return (size_t)snprintf(text, room, "{\"batchItemFailures\":[{\"itemIdentifier\":%d}]}",
                                (int)call->started_ms);
    size_t size = (size_t)snprintf(text, room, "{\"batchItemFailures\":[");
    const char *comma = "";
    for (size_t i = 0; i < call->count; i++) {
        if (!call->named[i])
            continue;
        size += (size_t)snprintf(text + size, room - size,
                                 "%s{\"itemIdentifier\":{\"partition\":\"t-%d\",\"offset\":%lld}}", comma,
                                 call->assignment->number, (long long)call->offsets[i]);
        comma = ",";
    }
    return size + (size_t)snprintf(text + size, room - size, "]}");
}

static int complete(struct call *call, enum esm_outcome outcome)
{
    char response[8192];
    size_t size = 0;
    esm_invocation *invocation = call->token;
    esm_invocation_set_status(invocation, 200);
    if (call->retry_after_ms > 0)
        esm_invocation_set_retry_after_ms(invocation, call->retry_after_ms);
    if (outcome == ESM_OUTCOME_PARTIAL && !call->as_json) {
        for (size_t i = 0; i < call->count; i++)
            if (call->named[i])
                esm_invocation_fail_record(invocation, i);
    } else if (outcome == ESM_OUTCOME_PARTIAL || call->is_rubbish) {
        size = write_response(call, response, sizeof(response));
        outcome = ESM_OUTCOME_SUCCESS;
    }
    return esm_invocation_complete(invocation, outcome, size == 0 ? NULL : response, size);
}

/* The breaks that lie to one side about an answer. What the poller is to hear: */
static enum esm_outcome lie(struct call *call)
{
    struct world *world = call->world;
    enum esm_outcome outcome = call->outcome;
    const struct log *log = &world->logs[call->assignment->number];
    int is_last = log_next_record(log, call->offsets[call->count - 1] + 1) == log->end;
    if (world->now_ms < 10000) /* the group is not calm yet */
        return outcome;
    if (world->on_purpose == ORDER && outcome == ESM_OUTCOME_FAILURE && !is_last)
        return ESM_OUTCOME_SUCCESS;
    if (world->on_purpose == REPEAT && outcome == ESM_OUTCOME_SUCCESS && random_chance(&world->random, 5))
        return ESM_OUTCOME_UNAVAILABLE;
    if (world->on_purpose == LATE && random_chance(&world->random, 5))
        complete(call, ESM_OUTCOME_FAILURE);
    return outcome;
}

static void answer(struct world *world, void *subject)
{
    struct call *call = subject;
    if (call->way == VANISHES || call->way == FORGETS) {
        say(world, "the function forgets the call of member %d", call->member->slot);
        if (!call->is_stale)
            judge_answer(call, ESM_OUTCOME_FAILURE);
    } else {
        if (!call->is_stale)
            judge_answer(call, call->outcome);
        int is_stale = call->is_stale;
        int error = complete(call, lie(call));
        say(world, "the function answers member %d: %d%s", call->member->slot, (int)call->outcome,
            is_stale ? ", too late" : "");
        if (error != (is_stale ? ESM_ERR_STALE : 0))
            violate(world, LATE, "an invocation of member %d, %s: %s", call->member->slot,
                    is_stale ? "stale" : "open", esm_error_name(error));
    }
    if (world->on_purpose == LEAK && !world->is_done) {
        world->is_done = 1;
        esm_invocation_ref(call->token); /* run.c gives it back */
        world->leaked = call->token;
    }
    call_end(call);
}

/* ---- what comes over the function ---- */

static void fail_some(struct call *call, const struct log *log)
{
    struct random *random = &call->world->random;
    call->outcome = ESM_OUTCOME_FAILURE;
    if (call->world->rules.partial == 0 || random_chance(random, 25))
        return;
    call->outcome = ESM_OUTCOME_PARTIAL;
    call->as_json = random_chance(random, 60);
    for (size_t i = 0; i < call->count; i++)
        call->named[i] = log->entries[call->offsets[i]].poison == FAILS;
}

static void be_flaky(struct call *call)
{
    struct world *world = call->world;
    struct random *random = &world->random;
    call->outcome =
        (enum esm_outcome)RANDOM_OF(random, ESM_OUTCOME_FAILURE, ESM_OUTCOME_FAILURE, ESM_OUTCOME_THROTTLED,
                                    ESM_OUTCOME_UNAVAILABLE, ESM_OUTCOME_AMBIGUOUS, ESM_OUTCOME_HELD,
                                    ESM_OUTCOME_TOO_LARGE);
    call->way = (enum way)RANDOM_OF(random, ANSWERS, ANSWERS, ANSWERS, REFUSES, FORGETS, VANISHES, NEVER);
    if (world->rules.partial == 0 || random_chance(random, 60))
        return;
    call->outcome = ESM_OUTCOME_PARTIAL;
    call->as_json = random_chance(random, 60);
    for (size_t i = 0; i < call->count; i++)
        call->named[i] = (uint8_t)random_chance(random, 50);
    if (random_chance(random, 20)) {
        call->outcome = ESM_OUTCOME_SUCCESS;
        call->is_rubbish = 1;
    }
}

/* Records that are bad in themselves come first: they are so in any weather. Returns whether one was among
 * them. */
static int meet_poison(struct call *call)
{
    const struct log *log = &call->world->logs[call->assignment->number];
    int found[REFUSED_FOR_SIZE + 1] = {0};
    for (size_t i = 0; i < call->count; i++)
        found[log->entries[call->offsets[i]].poison]++;
    if (found[REFUSED_FOR_SIZE] > 0)
        call->outcome = ESM_OUTCOME_TOO_LARGE;
    else if (found[HANGS] > 0)
        call->way = NEVER;
    else if (found[FAILS] > 0)
        fail_some(call, log);
    else
        return 0;
    return 1;
}

static void choose(struct call *call)
{
    struct world *world = call->world;
    struct random *random = &world->random;
    call->outcome = ESM_OUTCOME_SUCCESS;
    if (world->on_purpose == SETTLE)
        call->outcome = ESM_OUTCOME_UNAVAILABLE;
    if (meet_poison(call) || world->is_settling)
        return;
    switch (world->function) {
    case DOWN: call->outcome = ESM_OUTCOME_UNAVAILABLE; break;
    case MISADDRESSED: call->outcome = ESM_OUTCOME_HELD; break;
    case THROTTLING:
        if (random_chance(random, 70)) {
            call->outcome = ESM_OUTCOME_THROTTLED;
            call->retry_after_ms = random_chance(random, 50) ? random_between(random, 1, 5000) : 0;
        }
        break;
    case FLAKY:
        if (random_chance(random, 50))
            be_flaky(call);
        break;
    default: break;
    }
}

static int64_t answer_time(struct call *call)
{
    struct world *world = call->world;
    struct random *random = &world->random;
    if (call->way == NEVER) /* or so late that nobody waits */
        return random_chance(random, 50) ? ESM_NEVER
                                         : world->rules.timeout_ms + random_between(random, 1, 20000);
    if (call->way == REFUSES || call->way == FORGETS || random_chance(random, 30))
        return 0;
    return random_between(random, 1, random_chance(random, 10) ? world->rules.timeout_ms : 300);
}

static void look_at_event(const struct call *call, esm_invocation *invocation)
{
    size_t size = 0;
    const char *event = esm_invocation_get_event(invocation, &size);
    if (event == NULL || size != call->event_size || strlen(event) != size)
        violate(call->world, BATCH, "an event of %zu bytes is said to have %zu", size, call->event_size);
}

/* A reference that leaks takes its memory with it: not for ever, or nothing could settle. */
void calls_give_back(struct world *world)
{
    for (struct call *call = world->calls, *next; call != NULL; call = next) {
        next = call->next;
        if (call->way == NEVER && call->is_stale && !call->is_awaited)
            call_end(call);
    }
}

/* Something else happens in the middle of a callback. */
static void interrupt(struct member *member)
{
    struct world *world = member->world;
    if (world->is_settling || !random_chance(&world->random, 1) ||
        !random_chance(&world->random, world->restless))
        return;
    if (random_chance(&world->random, 70))
        group_rebalance(world, NULL);
    else
        member_stop(member, random_chance(&world->random, 50) ? -1 : 0);
}

int invoke(void *subject, esm_invocation *invocation)
{
    struct member *member = subject;
    struct world *world = member->world;
    struct call *call = call_new(member, INVOCATION, esm_invocation_get_record_count(invocation));
    const esm_record *first = esm_invocation_get_record(invocation, 0);
    int number = esm_record_get_partition(first);
    call->assignment = group_find(world, member, number);
    call->event_size = esm_invocation_get_event_size(invocation);
    for (size_t i = 0; i < call->count; i++)
        call->offsets[i] = esm_record_get_offset(esm_invocation_get_record(invocation, i));
    if (call->assignment == NULL) {
        violate(world, GHOST, "member %d invokes for partition %d and does not have it", member->slot,
                number);
        return -1;
    }
    if (world->on_purpose == ASCENDING && call->count > 1) {
        int64_t offset = call->offsets[0];
        call->offsets[0] = call->offsets[1];
        call->offsets[1] = offset;
    }
    world->invocations++;
    say_records(call, "invokes", esm_invocation_get_attempt(invocation));
    judge_invocation(call, esm_invocation_get_attempt(invocation));
    if (world->broken != NOTHING)
        return -1;
    if (random_chance(&world->random, 20))
        look_at_event(call, invocation);
    choose(call);
    interrupt(member);
    if (call->way == REFUSES) {
        judge_answer(call, ESM_OUTCOME_FAILURE);
        call_end(call);
        return -1;
    }
    int64_t when = answer_time(call);
    esm_invocation_set_cancel(invocation, cancelled, call);
    call->token = esm_invocation_ref(invocation);
    if (world->on_purpose == PARALLEL && random_chance(&world->random, 10)) {
        esm_invocation_complete(invocation, ESM_OUTCOME_FAILURE, NULL, 0); /* and the judge is not told */
        return 0;
    }
    if (when == 0)
        answer(world, call);
    else if ((call->is_awaited = when != ESM_NEVER))
        happen(world, when, answer, call);
    return 0;
}

/* ---- the destination ---- */

static void answer_delivery(struct world *world, void *subject)
{
    struct call *call = subject;
    int is_stale = call->is_stale;
    if (!is_stale)
        judge_delivered(call, call->way == ANSWERS && call->outcome == ESM_OUTCOME_SUCCESS);
    int error = is_stale ? ESM_ERR_STALE : 0;
    if (call->way == ANSWERS)
        error = esm_delivery_complete(call->token, call->outcome);
    say(world, "the destination answers member %d: %s%s", call->member->slot,
        call->way != ANSWERS                   ? "nothing"
        : call->outcome == ESM_OUTCOME_SUCCESS ? "done"
                                               : "failed",
        is_stale ? ", too late" : "");
    if (error != (is_stale ? ESM_ERR_STALE : 0))
        violate(world, LATE, "a delivery of member %d, %s: %s", call->member->slot,
                is_stale ? "stale" : "open", esm_error_name(error));
    call_end(call);
}

static void choose_delivery(struct call *call)
{
    struct world *world = call->world;
    struct random *random = &world->random;
    call->outcome = ESM_OUTCOME_SUCCESS;
    if (world->is_settling || world->destination == FAIR)
        return;
    if (world->destination == DOWN || random_chance(random, 40))
        call->outcome = (enum esm_outcome)RANDOM_OF(random, ESM_OUTCOME_FAILURE, ESM_OUTCOME_THROTTLED);
    if (random_chance(random, 30))
        call->way = (enum way)RANDOM_OF(random, REFUSES, FORGETS, VANISHES, NEVER);
}

static void write_document(esm_delivery *delivery, struct world *world)
{
    const char *text;
    size_t size;
    enum esm_document form =
        (enum esm_document)random_between(&world->random, ESM_DOCUMENT_BATCH, ESM_DOCUMENT_RECORD);
    if (esm_delivery_write_document(delivery, form, 0, &text, &size) != 0 || strlen(text) != size)
        violate(world, REFUSED, "a document of form %d", (int)form);
}

int deliver(void *subject, esm_delivery *delivery)
{
    struct member *member = subject;
    struct world *world = member->world;
    struct random *random = &world->random;
    struct call *call = call_new(member, DELIVERY, esm_delivery_get_record_count(delivery));
    int number = esm_record_get_partition(esm_delivery_get_record(delivery, 0));
    call->assignment = group_find(world, member, number);
    for (size_t i = 0; i < call->count; i++)
        call->offsets[i] = esm_record_get_offset(esm_delivery_get_record(delivery, i));
    if (call->assignment == NULL) {
        violate(world, GHOST, "member %d delivers of partition %d and does not have it", member->slot,
                number);
        return -1;
    }
    say_records(call, "delivers", esm_delivery_get_reason(delivery));
    judge_delivery(call, esm_delivery_get_reason(delivery));
    if (world->broken != NOTHING)
        return -1;
    if (random_chance(random, 20))
        write_document(delivery, world);
    choose_delivery(call);
    if (call->way == REFUSES) {
        judge_delivered(call, 0);
        call_end(call);
        return -1;
    }
    call->token = esm_delivery_ref(delivery);
    esm_delivery_set_cancel(delivery, cancelled, call);
    if (call->way == FORGETS || (call->way == ANSWERS && random_chance(random, 30)))
        answer_delivery(world, call);
    else if ((call->is_awaited = call->way != NEVER))
        happen(world, random_between(random, 1, random_chance(random, 20) ? 10000 : 500), answer_delivery,
               call);
    return 0;
}
