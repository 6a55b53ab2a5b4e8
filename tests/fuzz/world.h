/* SPDX-License-Identifier: MIT */
/*
 * A poller whose surroundings do what an input says: callbacks that answer, hold, refuse or forget, memory
 * that runs out. The world remembers what was pushed and what was answered, and holds the poller to it.
 */
#ifndef ESM_TESTS_FUZZ_WORLD_H
#define ESM_TESTS_FUZZ_WORLD_H

#include <esm/esm.h>

#include "fuzz.h"

enum {
    ASSIGNMENTS_MAX = 24,
    OFFSETS_MAX = 128,
    HELD_MAX = 64
};

struct assignment {
    struct world *world;
    esm_partition *partition; /* NULL: gone */
    int32_t number;
    int is_removing;
    int is_lost;
    int64_t next;      /* offset */
    int64_t committed; /* -1: nothing */
    enum {
        NOTHING,
        PUSHED,
        DONE
    } records[OFFSETS_MAX];
};

struct world {
    struct input input;
    esm_allocator *allocator;
    esm_config *config;
    esm_poller *poller;
    int64_t monotonic_ms, wall_ms;
    int reads_responses, is_checkpoint;
    int64_t most_in_flight, most_bytes;
    int is_calm;          /* from now on everything succeeds at once */
    int hooks, destroyed; /* how many were set, and how many of their user_data have been destroyed */
    int is_freed;         /* the poller */

    struct assignment assignments[ASSIGNMENTS_MAX];
    size_t assignment_count;
    esm_invocation *invocations[HELD_MAX]; /* not answered yet, each with a reference of ours */
    size_t invocation_count;
    esm_delivery *deliveries[HELD_MAX];
    size_t delivery_count;
    esm_commit *commit;

    /* memory */
    size_t live;
    unsigned fails_in; /* so many allocations from now one fails; 0: none */
    int is_out;        /* all fail */
};

void world_make(struct world *world, const uint8_t *data, size_t size);
void world_free(struct world *world); /* everything is free then */

void world_add(struct world *world, unsigned choice);
void world_remove(struct world *world, unsigned choice);
void world_push(struct world *world, unsigned choice);

/* Answers as the input says, or drops the reference without a word. */
void world_answer_invocation(struct world *world, size_t i);
void world_answer_delivery(struct world *world, size_t i);
void world_answer_commit(struct world *world);
void world_forget(struct world *world, unsigned choice);

struct assignment *world_assignment(struct world *world, unsigned choice);   /* NULL: there is none now */
size_t world_count_open(const struct assignment *assignment, int64_t below); /* records that are not done */

#endif
