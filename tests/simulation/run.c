/* SPDX-License-Identifier: MIT */
/* One run: chaos for a while, then fair weather until everything has settled, then the end. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

static struct member *any_member(struct world *world)
{
    return &world->members[random_between(&world->random, 0, world->member_count - 1)];
}

/* ---- chaos ---- */

static void change_weather(struct world *world)
{
    struct random *random = &world->random;
    world->function =
        (enum weather)RANDOM_OF(random, FAIR, FAIR, FLAKY, FLAKY, DOWN, THROTTLING, MISADDRESSED);
    world->destination = (enum weather)RANDOM_OF(random, FAIR, FAIR, FLAKY, DOWN);
    world->broker = (enum weather)RANDOM_OF(random, FAIR, FAIR, FLAKY);
    say(world, "weather: function %d, destination %d, broker %d", (int)world->function,
        (int)world->destination, (int)world->broker);
}

static void jump_wall(struct world *world)
{
    int64_t by =
        random_between(&world->random, -3600000, 3600000) / (random_chance(&world->random, 50) ? 1 : 60);
    world->wall_ms += by;
    say(world, "the wall clock jumps by %lld ms", (long long)by);
}

static void stall(struct world *world, struct member *member)
{
    member->stalled_until_ms = world->now_ms + random_between(&world->random, 1, 20000);
    say(world, "member %d stands still until %lld", member->slot, (long long)member->stalled_until_ms);
    happen(world, 6000, group_session, member);
}

static void strike(struct world *world)
{
    struct random *random = &world->random;
    struct member *member = any_member(world);
    int64_t dice = random_between(random, 0, 99);
    if (dice < 25)
        change_weather(world);
    else if (dice < 33)
        log_retain(world, (int)random_between(random, 0, world->log_count - 1));
    else if (dice < 38)
        log_create(world), group_rebalance(world, NULL);
    else if (dice < 60)
        group_rebalance(world, NULL);
    else if (dice < 70)
        jump_wall(world);
    else if (member->poller == NULL)
        member_start(world, member);
    else if (dice < 80)
        member_crash(member);
    else if (dice < 90)
        member_stop(member, random_chance(random, 60) ? -1 : random_between(random, 0, 5000));
    else
        stall(world, member);
}

static void chaos(struct world *world, void *unused)
{
    (void)unused;
    if (world->is_settling || world->restless == 0)
        return;
    strike(world);
    happen(world, random_between(&world->random, 1, 200000 / world->restless), chaos, NULL);
}

static void produce(struct world *world, void *unused)
{
    (void)unused;
    if (world->is_settling)
        return;
    int number = (int)random_between(&world->random, 0, world->log_count - 1);
    log_produce(world, number, (int)random_between(&world->random, 1, 12));
    if (world->logs[number].owner != NULL)
        fetch(world, world->logs[number].owner);
    happen(world, random_between(&world->random, 1, world->rules.is_large ? 3000 : 1000), produce, NULL);
}

static void settle(struct world *world, void *unused)
{
    (void)unused;
    say(world, "fair weather from now on");
    world->is_settling = 1;
    log_settle(world);
    for (int i = 0; i < world->member_count; i++)
        world->members[i].stalled_until_ms = 0;
    calls_give_back(world);
}

/* ---- time ---- */

static void note_wall(struct world *world)
{
    for (struct assignment *a = world->assignments; a != NULL; a = a->next)
        if (a->handle != NULL && a->wall_max_ms < world->wall_ms)
            a->wall_max_ms = world->wall_ms;
}

/* To the next thing that happens. 0: nothing ever will. */
static int step(struct world *world)
{
    int64_t next = next_event_ms(world);
    for (int i = 0; i < world->member_count; i++) {
        int64_t due = member_due_ms(&world->members[i]);
        next = due < next ? due : next;
    }
    if (next == ESM_NEVER)
        return 0;
    if (next > world->now_ms) {
        world->wall_ms += next - world->now_ms;
        world->now_ms = next;
    }
    note_wall(world);
    happen_now(world);
    note_wall(world);
    for (int i = 0; i < world->member_count && world->broken == NOTHING; i++)
        if (member_due_ms(&world->members[i]) <= world->now_ms)
            member_dispatch(&world->members[i]);
    return world->broken == NOTHING;
}

static int has_settled(const struct world *world)
{
    if (!world->is_settling || world->is_rebalancing)
        return 0;
    for (int number = 0; number < world->log_count; number++) {
        const struct assignment *owner = world->logs[number].owner;
        if (owner == NULL || owner->acknowledged != world->logs[number].end)
            return 0;
    }
    return 1;
}

static int has_ended(const struct world *world)
{
    for (int i = 0; i < world->member_count; i++)
        if (world->members[i].poller != NULL)
            return 0;
    return 1;
}

static void live(struct world *world)
{
    enum {
        A_DAY_MS = 86400000,
        AN_HOUR_MS = 3600000
    };
    int64_t patience_ms = world->on_purpose == SETTLE ? AN_HOUR_MS : A_DAY_MS;
    while (!has_settled(world)) {
        if (world->now_ms > world->settle_ms + patience_ms) {
            violate(world, SETTLE, "it has not, long after");
            return;
        }
        if (!step(world)) {
            violate(world, SETTLE, "nothing happens any more");
            return;
        }
    }
    say(world, "all has settled");
    world->is_ending = 1;
    for (int i = 0; i < world->member_count; i++)
        if (world->members[i].poller != NULL)
            member_stop(&world->members[i], -1);
    while (!has_ended(world))
        if (!step(world)) {
            violate(world, STOP, "nothing happens any more");
            return;
        }
}

/* ---- a world ---- */

static void create(struct world *world)
{
    if (esm_allocator_new(&world->allocator, counting_malloc, counting_realloc, counting_free, world, NULL) !=
            0 ||
        esm_config_new(world->allocator, &world->config) != 0 ||
        esm_record_new(world->allocator, &world->record) != 0)
        must(NULL);
    world->now_ms = 1000;
    world->wall_ms = 1700000000000;
    plan(world);
    int logs = (int)random_between(&world->random, 1, 4);
    while (world->log_count < logs)
        log_create(world);
    for (int i = 0; i < world->member_count; i++) {
        world->members[i].world = world;
        world->members[i].slot = i;
        happen(world, random_between(&world->random, 0, 3000), member_start, &world->members[i]);
    }
    happen(world, 100, produce, NULL);
    happen(world, 4000, chaos, NULL);
    happen(world, world->settle_ms - world->now_ms, settle, NULL);
}

static void destroy(struct world *world)
{
    for (int i = 0; i < world->member_count; i++) {
        world->members[i].is_crashing = 1;
        esm_timer_free(world->members[i].spinner);
        esm_poller_unref(world->members[i].poller);
    }
    while (world->calls != NULL) /* answers that come long after */
        call_end(world->calls);
    while (world->assignments != NULL) {
        struct assignment *a = world->assignments;
        world->assignments = a->next;
        free(a);
    }
    free(world->events);
    world->events = NULL;
    esm_record_free(world->record);
    esm_config_free(world->config);
    esm_allocator_unref(world->allocator);
}

void run(struct world *world, uint64_t seed, enum invariant on_purpose, int is_verbose)
{
    memset(world, 0, sizeof(*world));
    world->random.state = seed * 0x2545f4914f6cdd1du;
    world->seed = seed;
    world->on_purpose = on_purpose;
    world->is_verbose = is_verbose;
    create(world);
    if (world->broken == NOTHING)
        live(world);
    if (world->broken == NOTHING)
        judge_end(world);
    int is_whole = world->broken == NOTHING;
    destroy(world);
    if (is_whole && world->blocks != 0)
        violate(world, LEAK, "%lld blocks are missing", (long long)world->blocks);
    esm_invocation_unref(world->leaked);
}
