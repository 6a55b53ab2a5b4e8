/* SPDX-License-Identifier: MIT */
/*
 * A second opinion on the policy engine: the same rules, told for reading. Nothing is fast here, nothing is
 * remembered that can be found out, and memory is never given back: a set of records is a mask, a batch is
 * the tree of what its sets were divided into, a lane's position is looked for among all records that ever
 * came. Of the engine it uses the public words, and the formula of the back-off.
 */
#ifndef ESM_TESTS_MODEL_H
#define ESM_TESTS_MODEL_H

#include <stdbool.h>

#include <esm/policy.h>

enum {
    MODEL_LANES = 8,
    MODEL_BATCHES = 48,
    MODEL_RECORDS = 24, /* of one batch */
    MODEL_SETS = 128    /* of one batch in its whole life */
};

struct model_rules {
    int max_retries;
    int64_t max_age_ms;
    bool bisect, count_timeouts, has_destination, parallel;
    int max_deliveries;
    enum esm_partial_response partial;
    int64_t first_ms[ESM_BACKOFF_COMMIT + 1], max_ms[ESM_BACKOFF_COMMIT + 1]; /* by kind; all double */
    uint64_t seed;
};

/* Records of one batch that share their fate. A set that was divided stands for its two parts. */
struct model_set {
    uint32_t records; /* a mask of indexes; of a divided set: none */
    struct model_set *first, *then;
    enum esm_action_type kind;
    enum esm_reason reason;
    int attempts; /* invocations */
    int failures; /* those that count; of a set that was given up: failed deliveries */
    int waits;    /* invocations that do not count, in a row */
    int64_t due_ms;
};

enum model_fate {
    MODEL_OPEN,
    MODEL_DONE,
    MODEL_ABANDONED, /* its lane drained, or was revoked */
};

struct model_record {
    int lane;
    int64_t offset, timestamp_ms;
    enum model_fate fate;
};

struct model_batch {
    struct model_record records[MODEL_RECORDS];
    int count;
    bool is_closed, is_out, has_started, has_failed;
    struct model_set sets[MODEL_SETS]; /* the first is the root */
    int set_count;
};

struct model_lane {
    bool is_draining, is_revoked, is_out;
    int64_t next_offset, committed, commit_offset, commit_due_ms;
    int commit_failures;
};

/* Lanes and batches count from 1. */
struct model {
    struct model_rules rules;
    int64_t monotonic_ms, wall_ms;
    struct model_lane lanes[MODEL_LANES + 1];
    struct model_batch batches[MODEL_BATCHES + 1];
    int lane_count, batch_count;
};

struct model_action {
    enum esm_action_type type; /* 0: there is none */
    enum esm_reason reason;
    int batch, attempt, lane;
    uint32_t records;
    int64_t offset;
};

/* Inputs, as of the engine; the caller knows what it may ask for. */
void model_set_time(struct model *model, int64_t monotonic_ms, int64_t wall_ms);
void model_add_lane(struct model *model, int64_t start, int64_t committed);
void model_add_record(struct model *model, int batch, int lane, int64_t offset, int64_t timestamp_ms);
void model_drain(struct model *model, int lane);
void model_revoke(struct model *model, int lane);

/* The next action; it is out then. Of several commits that are due `lane_wish` says which. */
struct model_action model_next(struct model *model, unsigned allowed, int lane_wish);
int64_t model_deadline_ms(const struct model *model, unsigned allowed);

/* Answers to what is out for a batch or a lane. */
void model_answer_invoke(struct model *model, int batch, enum esm_outcome outcome, int64_t retry_after_ms,
                         uint32_t named);
void model_answer_deliver(struct model *model, int batch, enum esm_outcome outcome);
void model_answer_commit(struct model *model, int lane, enum esm_outcome outcome);
void model_hand_back(struct model *model, int batch);
void model_hand_back_commit(struct model *model, int lane);

/* What the getters say. */
struct model_set *model_current(struct model_batch *batch);
int64_t model_position(const struct model *model, int lane);
bool model_is_drained(const struct model *model, int lane);
int model_open_records(const struct model *model, int batch);
bool model_has_failed(const struct model *model, int batch);

#endif
