/* SPDX-License-Identifier: MIT */
/*
 * A whole poller in simulated time. What its callbacks are asked is written into one text, a line each, and the test says
 * how they answer. Time moves only when the test moves it.
 */
#ifndef ESM_TESTS_RIG_H
#define ESM_TESTS_RIG_H

#include <esm/esm.h>

struct rig {
    esm_allocator *allocator;
    esm_config *config;
    esm_poller *poller;
    int64_t monotonic_ms;
    int64_t wall_ms;
    char text[65536]; /* what happened */
    size_t text_size;

    /* Invocations: answered at once by `answer`, or kept in `held` until the test answers. */
    enum esm_outcome (*answer)(struct rig *rig, esm_invocation *invocation); /* NULL, or 0: held */
    const char *response;
    esm_invocation *held[256];
    size_t held_count;
    int poison; /* offset that fails, for rig_poison() */

    enum esm_outcome delivery; /* 0: held */
    esm_delivery *delivery_held;
    enum esm_outcome commit;
    esm_commit *commit_held;
    int64_t committed[64]; /* by partition number */
    int quiet_commits;     /* not written into the text */
    int cancels;
};

/* Options as name, value, name, value, ..., NULL. A destination callback is set if with_destination. */
void rig_start(struct rig *rig, int with_destination, const char *const *options);
void rig_stop(struct rig *rig); /* frees all */

esm_partition *rig_partition(struct rig *rig, int32_t number, int64_t start);
int rig_push(esm_partition *partition, int64_t offset, const char *value);
void rig_push_many(esm_partition *partition, int64_t first, int64_t last);

void rig_turn(struct rig *rig);                    /* dispatches until nothing is left now */
void rig_advance(struct rig *rig, int64_t ms);     /* to deadline after deadline, for so long */
void rig_expect(struct rig *rig, const char *text); /* what happened since the last one */
void rig_answer(struct rig *rig, size_t held, enum esm_outcome outcome);

enum esm_outcome rig_succeed(struct rig *rig, esm_invocation *invocation);
enum esm_outcome rig_fail(struct rig *rig, esm_invocation *invocation);
enum esm_outcome rig_poison(struct rig *rig, esm_invocation *invocation);

#endif
