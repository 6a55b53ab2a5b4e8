/* SPDX-License-Identifier: MIT */
/*
 * The engine and its model side by side. Each call goes to both, is told as a line of a scene, and whatever
 * the engine says is compared with what the model says.
 */
#ifndef ESM_TESTS_MODEL_PAIR_H
#define ESM_TESTS_MODEL_PAIR_H

#include "check.h"
#include "model.h"

struct pair {
    esm_policy *policy;
    struct model *model;
    unsigned allowed;
    uint64_t of_batch[MODEL_BATCHES + 1], of_lane[MODEL_LANES + 1]; /* the actions that were taken last */
    char *scene;
    size_t used;
    bool differs; /* the scene's last line is what the model expects */
};

__attribute__((format(printf, 2, 3))) void pair_say(struct pair *pair, const char *format, ...);

void pair_add_lane(struct pair *pair, int64_t start, int64_t committed);
int pair_open_batch(struct pair *pair);
void pair_close_batch(struct pair *pair, int batch);
void pair_add_record(struct pair *pair, int batch, int lane, int64_t offset, int64_t timestamp_ms);
void pair_complete(struct pair *pair, int lane, int64_t offset);
void pair_skip_to(struct pair *pair, int lane, int64_t offset);
void pair_set_time(struct pair *pair, int64_t monotonic_ms, int64_t wall_ms);
void pair_allow(struct pair *pair, unsigned allowed);
void pair_drain(struct pair *pair, int lane);
void pair_revoke(struct pair *pair, int lane);

/* Returns whether there was an action. */
bool pair_take(struct pair *pair);

/* Answers to what is out. `named` is a mask of indexes, for PARTIAL. */
void pair_answer_invoke(struct pair *pair, int batch, enum esm_outcome outcome, int64_t retry_after_ms,
                        uint32_t named);
void pair_answer_deliver(struct pair *pair, int batch, enum esm_outcome outcome);
void pair_answer_commit(struct pair *pair, int lane, enum esm_outcome outcome);
void pair_hand_back(struct pair *pair, int batch);
void pair_hand_back_commit(struct pair *pair, int lane);
void pair_answer_stale(struct pair *pair, int batch); /* in every way */

void pair_compare(struct pair *pair);    /* all getters */
void pair_never_ends(struct pair *pair); /* that it does is what the model expects */
bool pair_is_open(const struct pair *pair, int batch);

#endif
