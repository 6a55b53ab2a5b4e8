/* SPDX-License-Identifier: MIT */
/*
 * Breadth first through all states of a scenario.
 *
 *   search [--part I N] [--table] [--bites] [NAME]...
 *
 * Without names all scenarios are searched, with --part every N-th from the I-th on. --table prints the
 * counts as they stand in scenario.c, to be pinned anew; --bites shows that each invariant can fail.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ENDS_EVERY = 16 /* states are run down to their end: every one is too many */
};

/* A state that was found: how it was come by, and the world in it until its edges have been gone. */
struct found {
    uint64_t hash[2];
    uint32_t from;
    struct edge by;
    struct world *world; /* without its engine */
    void *block;
    size_t size;
};

struct search {
    struct found *found;
    uint32_t *table; /* numbers + 1, by hash */
    size_t capacity, slots, count, edges;
};

static void *need(void *memory)
{
    if (memory == NULL)
        exit((fprintf(stderr, "no memory\n"), EXIT_FAILURE));
    return memory;
}

/* 128 bits: two states are one only if they are the same, as far as anybody will ever see. */
static void hash(const uint8_t *bytes, size_t size, uint64_t ret[2])
{
    uint64_t a = 0x9e3779b97f4a7c15u, b = 0xc2b2ae3d27d4eb4fu;
    for (size_t i = 0; i < size; i++) {
        a = (a ^ bytes[i]) * 0x100000001b3u;
        b = (b + bytes[i]) * 0xbf58476d1ce4e5b9u;
        a ^= a >> 29;
        b ^= b >> 32;
    }
    ret[0] = a;
    ret[1] = b;
}

static uint32_t *slot_of(const struct search *search, const uint64_t key[2])
{
    size_t slot = key[0] & (search->slots - 1);
    while (search->table[slot] != 0 &&
           memcmp(search->found[search->table[slot] - 1].hash, key, 2 * sizeof(*key)) != 0)
        slot = (slot + 1) & (search->slots - 1);
    return &search->table[slot];
}

static void grow(struct search *search)
{
    search->capacity = search->capacity == 0 ? 1024 : search->capacity * 2;
    search->slots = search->capacity * 2;
    search->found = need(realloc(search->found, search->capacity * sizeof(*search->found)));
    free(search->table);
    search->table = need(calloc(search->slots, sizeof(*search->table)));
    for (size_t i = 0; i < search->count; i++)
        *slot_of(search, search->found[i].hash) = (uint32_t)i + 1;
}

/* The block without its unused end. */
static void keep(struct found *found, const struct world *world)
{
    struct esm__state *state = world->policy->state;
    found->size = state->used;
    found->block = need(malloc(found->size));
    found->world = need(malloc(sizeof(*world)));
    memcpy(found->block, state, found->size);
    ((struct esm__state *)found->block)->size = found->size;
    *found->world = *world;
}

static void meet(struct search *search, const struct world *world, uint32_t from, struct edge by)
{
    uint8_t bytes[CANON_MAX];
    uint64_t key[2];
    if (search->count == search->capacity)
        grow(search);
    hash(bytes, canon_write(world, bytes), key);
    uint32_t *slot = slot_of(search, key);
    if (*slot != 0)
        return;
    struct found *found = &search->found[search->count++];
    *slot = (uint32_t)search->count;
    *found = (struct found){.hash = {key[0], key[1]}, .from = from, .by = by};
    keep(found, world);
}

static void restore(struct world *world, const struct found *found)
{
    esm_policy *policy = world->policy;
    *world = *found->world;
    world->policy = policy;
    if (esm__policy_set_state(policy, found->block, found->size) != 0)
        need(NULL);
}

/* ---- the way to a state, as a scene ---- */

static void tell_way(const struct search *search, struct world *world, uint32_t number)
{
    if (number == 0)
        return;
    tell_way(search, world, search->found[number].from);
    world_go(world, search->found[number].by, true);
}

static void tell(const struct search *search, const struct scenario *scenario, uint32_t number,
                 struct edge *last, const struct world *broken)
{
    struct world world;
    printf("# %s: not true that %s: %s\n= found by search : %s\n", scenario->name,
           observe_name(broken->broken), broken->why, scenario->options);
    world_start(&world, scenario, true);
    world.fault = broken->fault;
    tell_way(search, &world, number);
    if (last != NULL)
        world_go(&world, *last, true);
    world_end(&world);
}

/* ---- the search ---- */

/* What always succeeds ends; what always fails too, if retries do. */
static void run_down(struct world *world, const struct found *found)
{
    for (int fails = 0; fails <= (world->rules.max_retries >= 0) && world->broken == HOLDS; fails++) {
        observe_end(world, fails);
        struct world after = *world;
        restore(world, found);
        world->broken = after.broken;
        world->why = after.why;
    }
}

/* Everything about one state, and all its edges. Returns whether all holds. */
static bool expand(struct search *search, struct world *world, uint32_t number, struct edge *edges,
                   size_t *ret_edge)
{
    struct found found = search->found[number];
    int64_t deadline_ms[ESM_ACTION_ALL + 1];
    struct observer seen;
    restore(world, &found);
    *ret_edge = SIZE_MAX;
    observe_state(world);
    memcpy(deadline_ms, world->deadline_ms, sizeof(deadline_ms));
    seen = world->seen;
    if (number % ENDS_EVERY == 0 && world->broken == HOLDS)
        run_down(world, &found);
    size_t count = world_edges(world, edges);
    for (size_t i = 0; i < count && world->broken == HOLDS; i++) {
        restore(world, &found);
        memcpy(world->deadline_ms, deadline_ms, sizeof(deadline_ms));
        world->seen = seen;
        world_go(world, edges[i], false);
        search->edges++;
        if (world->broken == HOLDS)
            meet(search, world, number, edges[i]);
        else
            *ret_edge = i;
    }
    free(found.block);
    free(found.world);
    search->found[number].block = NULL;
    search->found[number].world = NULL;
    return world->broken == HOLDS;
}

int search(const struct scenario *scenario, enum fault fault, enum invariant *ret_broken,
           unsigned *ret_states, unsigned *ret_edges, bool is_told)
{
    struct search search = {0};
    struct world world;
    struct edge edges[EDGES_MAX];
    size_t edge = SIZE_MAX;
    uint32_t next = 0;
    world_start(&world, scenario, false);
    world.fault = fault;
    meet(&search, &world, 0, (struct edge){0});
    while (next < search.count && expand(&search, &world, next, edges, &edge))
        next++;
    *ret_broken = world.broken;
    *ret_states = (unsigned)search.count;
    *ret_edges = (unsigned)search.edges;
    if (world.broken != HOLDS && is_told)
        tell(&search, scenario, next, edge == SIZE_MAX ? NULL : &edges[edge], &world);
    for (size_t i = 0; i < search.count; i++) {
        free(search.found[i].block);
        free(search.found[i].world);
    }
    free(search.found);
    free(search.table);
    world_end(&world);
    return *ret_broken == HOLDS ? 0 : -1;
}

/* ---- the program ---- */

static int run(const struct scenario *scenario, bool is_table)
{
    enum invariant broken;
    unsigned states, edges;
    clock_t start = clock();
    if (search(scenario, HONEST, &broken, &states, &edges, true) != 0)
        return -1;
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    bool is_pinned = states == scenario->states && edges == scenario->edges;
    printf("%-28s %9u states %9u edges %6.1f s%s\n", scenario->name, states, edges, seconds,
           is_pinned || is_table ? "" : "  NOT AS PINNED");
    fflush(stdout);
    return is_pinned || is_table ? 0 : -1;
}

static bool is_wanted(const struct scenario *scenario, char **names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(scenario->name, names[i]) == 0)
            return true;
    return count == 0;
}

int main(int argc, char **argv)
{
    size_t part = 0, parts = 1;
    bool is_table = false;
    int at = 1, failed = 0, searched = 0;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--bites") == 0)
            return bites();
        is_table |= strcmp(argv[at], "--table") == 0;
        if (strcmp(argv[at], "--part") == 0 && at + 2 < argc) {
            part = strtoul(argv[++at], NULL, 10);
            parts = strtoul(argv[++at], NULL, 10);
        }
    }
    for (size_t i = part; i < scenario_count; i += parts)
        if (is_wanted(&scenarios[i], argv + at, argc - at)) {
            failed += run(&scenarios[i], is_table) != 0;
            searched++;
        }
    return failed == 0 && searched > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
