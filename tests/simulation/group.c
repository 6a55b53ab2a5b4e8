/* SPDX-License-Identifier: MIT */
/* The coordinator: who has which partition, and how partitions change hands. Fetching, too, as it belongs to
 * them. */
#include "world.h"

#include <stdlib.h>

/* ---- an assignment ---- */

static int is_at_work(const struct member *member)
{
    return member->poller != NULL && member->has_joined && !member->is_stopping;
}

/* Its own, or one that drains; not one that it was told to have lost. */
struct assignment *group_find(struct world *world, const struct member *member, int number)
{
    struct assignment *found = NULL;
    for (struct assignment *a = world->assignments; a != NULL; a = a->next) {
        if (a->member != member || a->number != number || a->handle == NULL)
            continue;
        if (!a->is_forfeit)
            found = a;
        else if (world->on_purpose == GHOST)
            return NULL; /* whose it is cannot be told any more */
    }
    return found;
}

static void fetch_soon(struct assignment *assignment, int64_t most_ms)
{
    if (assignment->fetches++ == 0)
        happen(assignment->world, random_between(&assignment->world->random, 0, most_ms), fetch, assignment);
}

static void want(void *user_data, esm_partition *partition)
{
    (void)partition;
    fetch_soon(user_data, 20);
}

static void expire_at_source(struct log *log)
{
    for (int64_t offset = 0; offset < log->low; offset++)
        if (log->entries[offset].is_record && log->entries[offset].fate == 0)
            log->entries[offset].fate = EXPIRED;
}

static void assign(struct world *world, int number, struct member *member)
{
    struct log *log = &world->logs[number];
    struct assignment *old = group_find(world, member, number);
    if (old != NULL)
        forfeit(world, old);
    struct assignment *a = must(calloc(1, sizeof(*a)));
    a->world = world;
    a->member = member;
    a->number = number;
    a->drain_deadline_ms = ESM_NEVER;
    a->acknowledged = log->committed;
    a->start = log->committed > log->low ? log->committed : log->low;
    a->next_offset = a->start;
    a->next = world->assignments;
    world->assignments = a;
    expire_at_source(log);
    log->owner = a;
    say(world, "member %d gets partition %d from %lld on (committed %lld)", member->slot, number,
        (long long)a->start, (long long)log->committed);
    int error = esm_poller_add_partition(member->poller, "t", number, a->start, log->committed, &a->handle);
    if (error == 0 && world->on_purpose == REFUSED)
        error = esm_poller_add_partition(member->poller, "t", number, a->start, log->committed, &a->handle);
    if (error != 0) {
        violate(world, REFUSED, "adding partition %d: %s", number, esm_error_name(error));
        return;
    }
    esm_partition_set_want(a->handle, want, a, NULL);
    fetch_soon(a, 100);
}

static void removed(void *user_data, int is_drained)
{
    struct assignment *a = user_data;
    struct world *world = a->world;
    say(world, "member %d gave partition %d back%s", a->member->slot, a->number,
        is_drained ? "" : ", not drained");
    judge_removed(a, is_drained);
    a->handle = NULL;
    if (a->restarts && world->logs[a->number].owner == a && is_at_work(a->member))
        assign(world, a->number, a->member);
    group_check(world);
}

static void take_away(struct assignment *a, int64_t drain_ms)
{
    struct world *world = a->world;
    if (a->handle == NULL)
        return;
    int64_t believed_ms = drain_ms == -1 ? world->rules.drain_ms : drain_ms;
    a->is_leaving = 1;
    a->is_forfeit |= believed_ms == 0;
    if (world->now_ms + believed_ms < a->drain_deadline_ms)
        a->drain_deadline_ms = world->now_ms + believed_ms;
    say(world, "member %d is to give partition %d back in %lld ms", a->member->slot, a->number,
        (long long)believed_ms);
    if (world->on_purpose == DRAIN && drain_ms == -1)
        drain_ms = 1000000;
    if (world->on_purpose == GHOST && drain_ms == 0) {
        a->drain_deadline_ms = ESM_NEVER;
        drain_ms = 5000;
    }
    if (esm_partition_remove(a->handle, drain_ms, removed, a) != 0)
        violate(world, REFUSED, "removing partition %d", a->number);
}

void forfeit(struct world *world, void *assignment)
{
    (void)world;
    take_away(assignment, 0);
}

/* ---- fetching ---- */

static int push(struct assignment *a, int64_t offset)
{
    static char value[8 * 1024 * 1024];
    struct world *world = a->world;
    const struct entry *entry = &world->logs[a->number].entries[offset];
    esm_record *record = world->record;
    esm_record_clear(record);
    esm_record_set_offset(record, offset);
    if (entry->timestamp_ms >= 0)
        esm_record_set_timestamp_ms(record, entry->timestamp_ms, ESM_TIMESTAMP_CREATE_TIME);
    esm_record_set_value(record, value, entry->size);
    int error = esm_partition_push(a->handle, record);
    if (error != 0) {
        violate(world, REFUSED, "pushing %d:%lld: %s", a->number, (long long)offset, esm_error_name(error));
        return error;
    }
    a->seen[offset].is_pushed = 1;
    a->seen[offset].first_wall_ms = world->wall_ms;
    return 0;
}

static int skips_one(struct assignment *a)
{
    return a->world->on_purpose == PAST && !a->world->is_done &&
           (a->world->is_done = a->next_offset > a->start + 5);
}

void fetch(struct world *world, void *assignment)
{
    struct assignment *a = assignment;
    struct log *log = &world->logs[a->number];
    a->fetches = 0;
    if (a->handle == NULL || a->is_leaving || a->is_lost || a->member->is_stopping)
        return;
    if (a->next_offset < log->low) {
        say(world, "member %d: offset %lld of partition %d is gone", a->member->slot,
            (long long)a->next_offset, a->number);
        a->restarts = 1;
        take_away(a, random_chance(&world->random, 50) ? -1 : 0);
        return;
    }
    int64_t most = random_between(&world->random, 1, 50);
    int64_t offset;
    while ((offset = log_next_record(log, a->next_offset)) < log->end && most-- > 0) {
        if (skips_one(a)) {
            a->next_offset = offset + 1;
            continue;
        }
        if (esm_partition_get_wanted(a->handle, NULL) == 0)
            return; /* we shall be told */
        if (push(a, offset) != 0)
            return;
        a->next_offset = offset + 1;
    }
    if (offset < log->end) {
        fetch_soon(a, 50);
    } else if (a->next_offset < log->end) {
        if (esm_partition_skip_to(a->handle, log->end) != 0)
            violate(world, REFUSED, "skipping to %lld", (long long)log->end);
        a->next_offset = log->end;
    }
}

/* ---- rebalances ---- */

static void rebalance_soon(struct world *world)
{
    happen(world, random_between(&world->random, 0, 500), group_rebalance, NULL);
}

static void lose(struct assignment *a)
{
    struct log *log = &a->world->logs[a->number];
    a->is_lost = 1;
    if (log->owner == a)
        log->owner = NULL;
}

void group_forget(struct world *world, struct member *member)
{
    for (struct assignment *a = world->assignments; a != NULL; a = a->next)
        if (a->member == member && !a->is_lost)
            lose(a);
    member->has_joined = 0;
    group_check(world);
    rebalance_soon(world);
}

static void join_again(struct world *world, void *subject)
{
    struct member *member = subject;
    if (member->poller == NULL || member->is_stopping)
        return;
    member->has_joined = 1;
    group_rebalance(world, NULL);
}

/* It did not answer in time: others may have its partitions at once, and it learns of that later. */
static void expel(struct world *world, struct member *member)
{
    say(world, "member %d is expelled", member->slot);
    int64_t delay = random_between(&world->random, 0, 3000);
    for (struct assignment *a = world->assignments; a != NULL; a = a->next)
        if (a->member == member && a->handle != NULL && !a->is_lost)
            happen(world, delay, forfeit, a);
    group_forget(world, member);
    happen(world, delay + random_between(&world->random, 0, 2000), join_again, member);
}

static int is_awaited(const struct world *world, const struct assignment *a)
{
    return a->handle != NULL && a->is_leaving && world->logs[a->number].owner == a;
}

static void rebalance_is_late(struct world *world, void *round)
{
    if (!world->is_rebalancing || (int)(intptr_t)round != world->rounds)
        return;
    for (struct assignment *a = world->assignments; a != NULL; a = a->next)
        if (is_awaited(world, a))
            expel(world, a->member);
    group_check(world);
}

static void choose_targets(struct world *world)
{
    int joined[MEMBERS_MAX];
    int count = 0;
    for (int i = 0; i < world->member_count; i++)
        if (is_at_work(&world->members[i]))
            joined[count++] = i;
    for (int number = 0; number < world->log_count; number++) {
        struct log *log = &world->logs[number];
        int stays = world->rules.is_cooperative && log->owner != NULL && is_at_work(log->owner->member) &&
                    log->owner->handle != NULL && random_chance(&world->random, 70);
        if (stays)
            log->target = log->owner->member->slot;
        else
            log->target = count == 0 ? -1 : joined[random_between(&world->random, 0, count - 1)];
    }
}

void group_rebalance(struct world *world, void *unused)
{
    (void)unused;
    if (world->is_rebalancing) {
        world->is_wanted_again = 1;
        return;
    }
    choose_targets(world);
    if (world->log_count == 0 || world->logs[0].target < 0)
        return; /* nobody is there: whoever joins asks again */
    say(world, "rebalance");
    world->is_rebalancing = 1;
    world->rounds++;
    happen(world, random_between(&world->random, 2000, 15000), rebalance_is_late,
           (void *)(intptr_t)world->rounds);
    for (struct assignment *a = world->assignments; a != NULL; a = a->next)
        if (a->handle != NULL && !a->is_leaving && !a->is_lost &&
            (!world->rules.is_cooperative || world->logs[a->number].target != a->member->slot))
            take_away(a, -1);
    group_check(world);
}

void group_check(struct world *world)
{
    if (!world->is_rebalancing)
        return;
    for (struct assignment *a = world->assignments; a != NULL; a = a->next)
        if (is_awaited(world, a))
            return;
    world->is_rebalancing = 0;
    for (int number = 0; number < world->log_count; number++) {
        struct log *log = &world->logs[number];
        if (log->owner != NULL && log->owner->handle != NULL)
            continue;
        log->owner = NULL;
        if (log->target >= 0 && is_at_work(&world->members[log->target]))
            assign(world, number, &world->members[log->target]);
        else
            world->is_wanted_again = 1;
    }
    if (world->is_wanted_again)
        rebalance_soon(world);
    world->is_wanted_again = 0;
}

/* A member whose loop stands still does not answer the coordinator either. */
void group_session(struct world *world, void *subject)
{
    struct member *member = subject;
    if (member->stalled_until_ms > world->now_ms && member->has_joined)
        expel(world, member);
}
