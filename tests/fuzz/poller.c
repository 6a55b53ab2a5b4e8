/* SPDX-License-Identifier: MIT */
/*
 * A poller under a stream of operations. What world.c checks holds throughout; and if it is left in peace at
 * the end, nothing of what was pushed is left over. Afterwards every byte is free.
 */
#include <string.h>

#include "poller/inside.h"
#include "world.h"

/* ---- the accounts ---- */

static void check_accounts(const esm_poller *poller)
{
    size_t held = poller->unowned;
    size_t above = poller->unowned;
    for (const esm_partition *partition = poller->partitions; partition != NULL;
         partition = partition->next) {
        held += partition->held;
        above += partition->held > poller->share ? partition->held - poller->share : 0;
    }
    MUST(poller->held == held && poller->pool_used == above);
    MUST(esm_poller_get_counter(poller, ESM_COUNTER_IN_FLIGHT) >= 0);
}

/* ---- time ---- */

static void dispatch(struct world *world)
{
    int error = esm_poller_dispatch(world->poller, 0);
    int has_stopped = esm_poller_get_state(world->poller) >= ESM_POLLER_STOPPED;
    MUST(error == 0 || (error == ESM_ERR_NOMEM && !world->is_calm) ||
         (error == ESM_ERR_STATE && has_stopped));
    check_accounts(world->poller);
}

static void advance(struct world *world, int64_t ms)
{
    world->monotonic_ms += ms;
    world->wall_ms += ms;
    dispatch(world);
}

static int is_idle(struct world *world)
{
    return esm_poller_get_deadline_ms(world->poller) > world->monotonic_ms;
}

static void advance_to_deadline(struct world *world)
{
    int64_t deadline = esm_poller_get_deadline_ms(world->poller);
    if (deadline != ESM_NEVER)
        advance(world, deadline > world->monotonic_ms ? deadline - world->monotonic_ms : 0);
}

/* ---- operations ---- */

static void skip(struct world *world, unsigned choice)
{
    struct assignment *assignment = world_assignment(world, choice);
    if (assignment == NULL || assignment->next + 2 >= OFFSETS_MAX)
        return;
    int64_t to = assignment->next + choice / 32 % 3;
    int error = esm_partition_skip_to(assignment->partition, to);
    MUST(error == 0 || error == ESM_ERR_STATE);
    if (error == 0)
        assignment->next = to;
}

static void be_posted(void *user_data)
{
    MUST(esm_poller_dispatch(((struct world *)user_data)->poller, 0) == ESM_ERR_RECURSIVE);
    MUST(esm_poller_unref(((struct world *)user_data)->poller) != NULL);
}

static void other(struct world *world, unsigned choice)
{
    static const int64_t drains[] = {-1, 0, 1000, 60000};
    switch (choice % 8) {
    case 0: MUST(esm_poller_stop(world->poller, drains[choice / 8 % 4]) == 0); break;
    case 1: esm_poller_post(world->poller, be_posted, world); break;
    case 2: world->fails_in = 1 + choice / 8; break;
    case 3: world->is_out = 1; break;
    case 4: world->is_out = 0; break;
    case 5: MUST(esm_poller_reserve_bytes(world->poller, (size_t)choice / 8 << 18) == 0); break;
    case 6: MUST(esm_poller_get_fd(world->poller) >= 0); break;
    default: MUST(esm_poller_unref(esm_poller_ref(world->poller)) == NULL); break;
    }
}

static void operate(struct world *world, unsigned operation)
{
    static const int64_t steps_ms[] = {1, 10, 100, 500, 1000, 5000, 30000, 100000};
    unsigned choice = input_byte(&world->input);
    switch (operation % 14) {
    case 0: world_add(world, choice); break;
    case 1: world_remove(world, choice); break;
    case 2: skip(world, choice); break;
    case 3: dispatch(world); break;
    case 4: advance(world, steps_ms[choice % 8]); break;
    case 5: advance_to_deadline(world); break;
    case 6:
        if (world->invocation_count > 0)
            world_answer_invocation(world, choice % world->invocation_count);
        break;
    case 7:
        if (world->delivery_count > 0)
            world_answer_delivery(world, choice % world->delivery_count);
        break;
    case 8: world_answer_commit(world); break;
    case 9: world_forget(world, choice); break;
    case 10: other(world, choice); break;
    default:
        for (unsigned i = 0; i <= operation / 14 % 8; i++)
            world_push(world, choice);
    }
    check_accounts(world->poller);
}

/* ---- peace ---- */

static void answer_all(struct world *world)
{
    world->is_calm = 1;
    world->is_out = 0;
    world->fails_in = 0;
    while (world->invocation_count > 0)
        world_answer_invocation(world, 0);
    while (world->delivery_count > 0)
        world_answer_delivery(world, 0);
    world_answer_commit(world);
}

static void settle(struct world *world)
{
    answer_all(world);
    for (int turns = 0; esm_poller_get_deadline_ms(world->poller) != ESM_NEVER; turns++) {
        MUST(turns < 20000);
        if (is_idle(world))
            advance_to_deadline(world);
        else
            dispatch(world);
    }
    MUST(esm_poller_get_counter(world->poller, ESM_COUNTER_IN_FLIGHT) == 0);
    if (esm_poller_get_state(world->poller) >= ESM_POLLER_STOPPED)
        return;
    MUST(world->poller->unowned == 0);
    size_t open = 0;
    for (size_t i = 0; i < world->assignment_count; i++) {
        const struct assignment *assignment = &world->assignments[i];
        if (assignment->is_removing) {
            MUST(assignment->partition == NULL);
            continue;
        }
        MUST(esm_partition_get_position(assignment->partition) == assignment->next);
        MUST(assignment->committed == assignment->next);
        open += world_count_open(assignment, assignment->next);
    }
    MUST((int64_t)open <= esm_poller_get_counter(world->poller, ESM_COUNTER_DROPPED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world world;
    world_make(&world, data, size);
    world_add(&world, 0);
    int ends_in_peace = input_byte(&world.input) % 4 != 3;
    for (int operations = 0; operations < 400 && input_left(&world.input) > 0; operations++)
        operate(&world, input_byte(&world.input));
    if (ends_in_peace)
        settle(&world);
    world_free(&world);
    return 0;
}
