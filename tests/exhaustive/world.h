/* SPDX-License-Identifier: MIT */
/*
 * The exhaustive search of the policy engine. A world is a real engine, and an observer beside it who sees
 * only what goes in and what comes out. An edge is one call. From each state every edge is gone; a state is
 * known by its canonical form.
 *
 *   scenario.c   the configurations
 *   world.c      edges: which there are, going them, telling them
 *   observe.c    the observer, and what has to be true of every edge and every state
 *   canon.c      the canonical form
 *   search.c     breadth first
 *   bites.c      shows that each invariant can fail
 */
#ifndef ESM_TESTS_EXHAUSTIVE_WORLD_H
#define ESM_TESTS_EXHAUSTIVE_WORLD_H

#include <stdbool.h>

#include "policy/state.h"

enum {
    LANES = 3,
    BATCHES = 3,
    BATCH_SIZE = 8,
    RECORDS = BATCHES * BATCH_SIZE,
    OLD_IDS = 4,
    SETS = ESM_ACTION_INVOKE | ESM_ACTION_DELIVER | ESM_ACTION_DROP
};

/* What may happen in a scenario beside taking actions and SUCCESS. */
enum choice {
    FAIL = 1,
    PARTIAL = 2, /* every subset */
    THROTTLE = 4,
    TIMEOUT = 8,
    TOO_LARGE = 16,
    HOLD = 32,
    DELIVERY_FAILS = 64,
    COMMIT_FAILS = 128,
    HAND_BACK = 256,
    DRAIN = 512,
    REVOKE = 1024,
    TICK = 2048,
    EACH_TYPE = 4096, /* actions are allowed type by type */
};

/*
 * A word of `inputs` is a batch, a letter is a record of that lane. Or step by step: "(" opens a batch, "1A"
 * puts a record into the first one, "1)" closes it. What stands behind "|" may come at any time.
 */
struct scenario {
    const char *name, *options, *inputs;
    unsigned choices;
    unsigned states, edges;
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* observe.c says them in words. */
enum invariant {
    HOLDS,
    COMMITS_RISE,
    COMMITS_WAIT,
    ENDS_ONCE,
    ENDS_BY_RULE,
    SETS_COVER,
    SETS_IN_ORDER,
    ONE_OUT,
    LIMIT,
    SILENCE,
    NEVER_STUCK,
    PROMISE,
    REMEMBERED,
    STALE_INERT,
    ENDS_AT_LAST,
    INVARIANTS
};

/* Lies between the engine and its observer, to show that he notices. */
enum fault {
    HONEST,
    COMMIT_FALLS,
    COMMIT_AHEAD,
    ENDED_AGAIN,
    WRONG_REASON,
    FORGOTTEN,
    BACKWARDS,
    TWO_OUT,
    UNCOUNTED,
    DEAF_TO_REVOKE,
    DEAF_TO_DRAIN,
    NO_DEADLINE,
    NO_ACTION,
    OLD_DEADLINE,
    STALE_HEARD,
    NO_END,
    FAULTS
};

/* What the observer knows. A record is named by its batch and its index: see record_of(). */
struct observer {
    uint32_t ended, abandoned, alone_too_large;
    uint8_t failures[RECORDS];   /* that count, of the set that the record is in */
    uint8_t deliveries[RECORDS]; /* that failed */
    uint8_t lane_of[RECORDS];    /* 0: it has not come */
    uint8_t offset_of[RECORDS];
    int64_t born_ms[RECORDS];
    uint32_t out[BATCHES + 1]; /* the records that are out */
    uint8_t out_type[BATCHES + 1], is_open[BATCHES + 1];
    uint8_t revoked[LANES + 1], draining[LANES + 1], commit_out[LANES + 1], next_offset[LANES + 1];
    int8_t carried[LANES + 1]; /* by the last COMMIT */
    uint8_t lanes, batches, input;
};

struct world {
    esm_policy *policy;
    const struct scenario *scenario;
    struct esm__rules rules;
    enum fault fault;
    int64_t now_ms;
    uint64_t of_batch[BATCHES + 1], of_lane[LANES + 1], old[OLD_IDS];
    struct observer seen;
    enum invariant broken; /* by the last edge or state */
    const char *why;
    int64_t deadline_ms[ESM_ACTION_ALL + 1]; /* of this state, by what is allowed; 0 is not used */
};

struct edge {
    uint8_t kind, target, argument, unused;
};

static inline unsigned record_of(unsigned batch, uint32_t index)
{
    return (batch - 1) * BATCH_SIZE + index;
}

enum edge_kind {
    TAKE,
    INPUT,
    GO_TICK,
    ANSWER,
    NAME,
    ANSWER_COMMIT,
    BACK,
    BACK_COMMIT,
    GO_DRAIN,
    GO_REVOKE
};

/* world.c */
void world_start(struct world *world, const struct scenario *scenario, bool tell);
void world_end(struct world *world);
size_t world_edges(const struct world *world, struct edge *edges);
void world_go(struct world *world, struct edge edge, bool tell);
enum {
    EDGES_MAX = 256
};

/* observe.c: what went in or came out, and whether it may. */
void observe_action(struct world *world, const esm_action *action, unsigned allowed);
void observe_answer(struct world *world, unsigned batch, enum esm_outcome outcome, uint32_t named);
void observe_lane_end(struct world *world, unsigned lane);
void observe_state(struct world *world);
void observe_end(struct world *world, bool everything_fails); /* runs the world down: it is of no use then */
const char *observe_name(enum invariant invariant);

/* canon.c */
size_t canon_write(const struct world *world, uint8_t *bytes);
enum {
    CANON_MAX = 2048
};

/* search.c: 0, or -1 if something does not hold; the way there is told as a scene, if that is wished. */
int search(const struct scenario *scenario, enum fault fault, enum invariant *ret_broken,
           unsigned *ret_states, unsigned *ret_edges, bool tell);

/* bites.c */
int bites(void);

#endif
