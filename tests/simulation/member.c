/* SPDX-License-Identifier: MIT */
/* One poller: its source, its start, its stop, its crash. */
#include "world.h"

static void read_clock(void *member, int64_t *ret_monotonic_ms, int64_t *ret_wall_ms)
{
    struct world *world = ((struct member *)member)->world;
    *ret_monotonic_ms = world->now_ms;
    *ret_wall_ms = world->wall_ms;
}

static void write_log(void *member, enum esm_log_level level, const char *text)
{
    struct member *m = member;
    (void)level;
    say(m->world, "member %d says: %s", m->slot, text);
}

/* ---- the source ---- */

static void join(struct world *world, void *subject)
{
    struct member *member = subject;
    if (member->poller == NULL || member->is_stopping || member->has_joined)
        return;
    say(world, "member %d joins", member->slot);
    member->has_joined = 1;
    group_rebalance(world, NULL);
}

static void check_stopped(struct world *world, void *subject)
{
    struct member *member = subject;
    if (member->poller == NULL || !member->has_left)
        return;
    if (member->stalled_until_ms >= world->now_ms)
        happen(world, member->stalled_until_ms - world->now_ms + 1, check_stopped, member);
    else
        violate(world, STOP, "member %d does not stop", member->slot);
}

static void source_closed(struct world *world, void *subject)
{
    struct member *member = subject;
    if (member->poller == NULL || !member->source_has_closed)
        return;
    say(world, "member %d has left", member->slot);
    group_forget(world, member);
    member->has_left = 1;
    if (world->on_purpose != STOP)
        esm_poller_source_closed(member->poller);
    happen(world, 1, check_stopped, member);
}

static void close_source(struct member *member)
{
    struct world *world = member->world;
    int is_drained = world->now_ms < member->stop_deadline_ms;
    say(world, "member %d leaves%s", member->slot, is_drained ? "" : ", not drained");
    for (struct assignment *a = world->assignments; a != NULL; a = a->next) {
        if (a->member != member || a->handle == NULL)
            continue;
        if (a->is_leaving)
            violate(world, DRAIN, "the source is to close, and the end of partition %d was not told",
                    a->number);
        judge_removed(a, is_drained);
        a->handle = NULL;
    }
    member->source_has_closed = 1;
    happen(world, random_between(&world->random, 0, 3000), source_closed, member);
}

static int source(void *user_data, enum esm_source_event event)
{
    struct member *member = user_data;
    if (event == ESM_SOURCE_START)
        happen(member->world, random_between(&member->world->random, 0, 500), join, member);
    else
        close_source(member);
    return 0;
}

/* ---- its life ---- */

static void spin(void *user_data)
{
    struct member *member = user_data;
    esm_timer_set(member->spinner, member->world->now_ms);
}

void member_start(struct world *world, void *subject)
{
    struct member *member = subject;
    if (member->poller != NULL || world->is_ending)
        return;
    group_forget(world, member); /* what an earlier life had */
    say(world, "member %d starts", member->slot);
    *member = (struct member){
        .world = world, .slot = member->slot, .stop_asked_ms = ESM_NEVER, .stop_deadline_ms = ESM_NEVER};
    int error = esm_poller_new(world->allocator, &member->poller, world->config);
    if (error != 0) {
        violate(world, REFUSED, "a new poller: %s", esm_error_name(error));
        return;
    }
    esm_poller_set_clock(member->poller, read_clock, member, NULL);
    esm_poller_set_log(member->poller, ESM_LOG_INFO, write_log, member, NULL);
    esm_poller_set_invoke(member->poller, invoke, member, NULL);
    esm_poller_set_commit(member->poller, commit, member, NULL);
    esm_poller_set_source(member->poller, source, member, NULL);
    if (world->rules.has_destination)
        esm_poller_set_destination(member->poller, deliver, member, NULL);
    if (world->on_purpose == MEMORY)
        esm_poller_reserve_bytes(member->poller, (size_t)world->rules.budget * 2);
    if (world->on_purpose == SPIN) {
        esm_poller_add_timer(member->poller, spin, member, &member->spinner);
        esm_timer_set(member->spinner, world->now_ms + 5000);
    }
}

/* The poller is freed, wherever it was. */
static void end(struct member *member)
{
    struct world *world = member->world;
    world->dropped += esm_poller_get_counter(member->poller, ESM_COUNTER_DROPPED);
    member->is_crashing = 1;
    esm_timer_free(member->spinner);
    member->spinner = NULL;
    if (esm_poller_unref(member->poller) != NULL)
        violate(world, REFUSED, "the last reference");
    member->poller = NULL;
    for (struct call *call = world->calls; call != NULL; call = call->next)
        if (call->member == member)
            call->is_stale = 1;
    for (struct assignment *a = world->assignments; a != NULL; a = a->next)
        if (a->member == member)
            a->handle = NULL;
    group_check(world);
    happen(world, random_between(&world->random, 0, 10000), member_start, member);
}

static void session_over(struct world *world, void *subject)
{
    struct member *member = subject;
    if (member->poller == NULL)
        group_forget(world, member);
}

void member_crash(struct member *member)
{
    struct world *world = member->world;
    say(world, "member %d crashes", member->slot);
    end(member);
    happen(world, random_between(&world->random, 0, 8000), session_over, member);
}

static void note_stop(struct member *member)
{
    if (member->stop_asked_ms == ESM_NEVER)
        return;
    if (member->world->now_ms + member->stop_asked_ms < member->stop_deadline_ms)
        member->stop_deadline_ms = member->world->now_ms + member->stop_asked_ms;
    member->stop_asked_ms = ESM_NEVER;
}

void member_stop(struct member *member, int64_t drain_ms)
{
    say(member->world, "member %d is to stop in %lld ms", member->slot, (long long)drain_ms);
    if (esm_poller_stop(member->poller, drain_ms) != 0)
        violate(member->world, REFUSED, "a stop");
    if (drain_ms == -1)
        drain_ms = member->world->rules.stop_drain_ms;
    if (drain_ms < member->stop_asked_ms)
        member->stop_asked_ms = drain_ms;
    if (member->is_dispatching) /* it is heard at the end of this turn */
        note_stop(member);
}

int64_t member_due_ms(const struct member *member)
{
    if (member->poller == NULL)
        return ESM_NEVER;
    int64_t due = esm_poller_get_deadline_ms(member->poller);
    return due < member->stalled_until_ms ? member->stalled_until_ms : due;
}

void member_dispatch(struct member *member)
{
    struct world *world = member->world;
    for (int turns = 0; world->broken == NOTHING; turns++) {
        if (turns > 2000) {
            violate(world, SPIN, "member %d always has something to do", member->slot);
            return;
        }
        note_stop(member);
        member->is_stopping = member->stop_deadline_ms != ESM_NEVER;
        member->is_dispatching = 1;
        int error = esm_poller_dispatch(member->poller, 0);
        member->is_dispatching = 0;
        if (error != 0) {
            violate(world, REFUSED, "a dispatch: %s", esm_error_name(error));
            return;
        }
        judge_turn(member);
        if (member_due_ms(member) > world->now_ms)
            judge_rest(member);
        if (esm_poller_get_state(member->poller) >= ESM_POLLER_STOPPED) {
            say(world, "member %d has stopped", member->slot);
            end(member);
            return;
        }
        if (member_due_ms(member) > world->now_ms)
            return;
    }
}
