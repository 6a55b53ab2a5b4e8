/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <assert.h>

#include <esm/backoff.h>

/* ---- masks ---- */

static uint32_t bit(int index)
{
    return (uint32_t)1 << index;
}

static bool has(uint32_t records, int index)
{
    return (records & bit(index)) != 0;
}

static int count(uint32_t records)
{
    return records == 0 ? 0 : 1 + count(records & (records - 1));
}

/* The first so many of them. */
static uint32_t lowest(uint32_t records, int wanted)
{
    if (wanted == 0)
        return 0;
    uint32_t rest = records & (records - 1);
    return (records ^ rest) | lowest(rest, wanted - 1);
}

/* ---- records ---- */

static struct model_lane *lane_of(struct model *model, const struct model_batch *batch, int index)
{
    return &model->lanes[batch->records[index].lane];
}

/* The records of a set that are to be worked on: whoever was taken away meanwhile is not. */
static uint32_t open_ones(const struct model_batch *batch, uint32_t records)
{
    uint32_t open = 0;
    for (int i = 0; i < batch->count; i++)
        if (has(records, i) && batch->records[i].fate == MODEL_OPEN)
            open |= bit(i);
    return open;
}

static void complete(struct model_batch *batch, uint32_t records)
{
    for (int i = 0; i < batch->count; i++)
        if (has(records, i) && batch->records[i].fate == MODEL_OPEN)
            batch->records[i].fate = MODEL_DONE;
}

/* Whoever drains stays unresolved and leaves. Returns the others. */
static uint32_t abandon_draining(struct model *model, struct model_batch *batch, uint32_t records)
{
    for (int i = 0; i < batch->count; i++)
        if (has(records, i) && batch->records[i].fate == MODEL_OPEN && lane_of(model, batch, i)->is_draining)
            batch->records[i].fate = MODEL_ABANDONED;
    return open_ones(batch, records);
}

/* ---- sets ---- */

/* Depth first, the first part before the other: what is worked on now. */
static struct model_set *find_current(const struct model_batch *batch, struct model_set *set)
{
    if (set->first == NULL)
        return open_ones(batch, set->records) != 0 ? set : NULL;
    struct model_set *current = find_current(batch, set->first);
    return current != NULL ? current : find_current(batch, set->then);
}

struct model_set *model_current(struct model_batch *batch)
{
    return find_current(batch, &batch->sets[0]);
}

static void make_new(struct model_set *set, uint32_t records, int64_t due_ms)
{
    *set = (struct model_set){.records = records, .kind = ESM_ACTION_INVOKE, .due_ms = due_ms};
}

static void divide(struct model_batch *batch, struct model_set *set, struct model_set first,
                   struct model_set then)
{
    assert(batch->set_count + 2 <= MODEL_SETS);
    set->first = &batch->sets[batch->set_count++];
    set->then = &batch->sets[batch->set_count++];
    *set->first = first;
    *set->then = then;
    set->records = 0;
}

static void give_up(struct model *model, struct model_set *set, enum esm_reason reason)
{
    set->kind = model->rules.has_destination ? ESM_ACTION_DELIVER : ESM_ACTION_DROP;
    set->reason = reason;
    set->failures = 0;
    set->due_ms = model->monotonic_ms;
}

/* The middle is that of those who are still there. */
static void split(struct model *model, struct model_batch *batch, struct model_set *set)
{
    struct model_set left, right;
    uint32_t records = abandon_draining(model, batch, set->records);
    uint32_t left_half = lowest(records, count(records) / 2);
    make_new(&left, left_half, model->monotonic_ms);
    make_new(&right, records & ~left_half, model->monotonic_ms);
    divide(batch, set, left, right);
}

/* ---- turns ---- */

static bool share_lane(const struct model *model, const struct model_batch *one,
                       const struct model_batch *other)
{
    for (int i = 0; i < one->count; i++)
        for (int j = 0; j < other->count; j++)
            if (one->records[i].lane == other->records[j].lane &&
                !model->lanes[one->records[i].lane].is_revoked)
                return true;
    return false;
}

static bool has_ended(const struct model *model, int number)
{
    return model->batches[number].is_closed && model_open_records(model, number) == 0;
}

/* A batch that has started goes on; any other waits for those that have, and for the earlier ones. */
static bool has_turn(const struct model *model, int number)
{
    const struct model_batch *batch = &model->batches[number];
    if (batch->has_started)
        return true;
    if (!batch->is_closed)
        return false;
    for (int i = 1; i <= model->batch_count && !model->rules.parallel; i++) {
        const struct model_batch *other = &model->batches[i];
        if (i != number && !has_ended(model, i) && (i < number || other->has_started) &&
            share_lane(model, batch, other))
            return false;
    }
    return true;
}

/* ---- age ---- */

static bool has_expired(const struct model *model, const struct model_record *record)
{
    return model->rules.max_age_ms >= 0 && model->wall_ms - record->timestamp_ms > model->rules.max_age_ms;
}

static uint32_t expired_ones(const struct model *model, const struct model_batch *batch, uint32_t records)
{
    uint32_t expired = 0;
    for (int i = 0; i < batch->count; i++)
        if (has(records, i) && has_expired(model, &batch->records[i]))
            expired |= bit(i);
    return expired;
}

/* Parts those who are too old from the rest, which keeps what was counted. */
static void part_expired(struct model *model, struct model_batch *batch, struct model_set *set)
{
    uint32_t open = open_ones(batch, set->records), expired = expired_ones(model, batch, open);
    if (expired == 0)
        return;
    struct model_set old = *set, rest = *set;
    old.records = expired;
    rest.records = open & ~expired;
    give_up(model, &old, ESM_REASON_AGE);
    divide(batch, set, old, rest);
}

/* ---- the next action ---- */

/* The set that may be worked on now; NULL: none. */
static struct model_set *ready_set(struct model *model, int number)
{
    struct model_batch *batch = &model->batches[number];
    struct model_set *set = model_current(batch);
    if (set == NULL || batch->is_out || !has_turn(model, number) || set->due_ms > model->monotonic_ms)
        return NULL;
    if (set->kind == ESM_ACTION_INVOKE)
        part_expired(model, batch, set);
    return model_current(batch);
}

static struct model_action take(struct model_batch *batch, int number, struct model_set *set)
{
    set->records = open_ones(batch, set->records);
    struct model_action action = {.type = set->kind,
                                  .reason = set->reason,
                                  .batch = number,
                                  .attempt = set->attempts + (set->kind == ESM_ACTION_INVOKE),
                                  .records = set->records,
                                  .offset = -1};
    if (set->kind == ESM_ACTION_DROP) {
        complete(batch, set->records);
    } else {
        batch->is_out = true;
    }
    batch->has_started = true;
    return action;
}

static bool has_commit(const struct model *model, int lane)
{
    const struct model_lane *it = &model->lanes[lane];
    return !it->is_revoked && !it->is_out && model_position(model, lane) != it->committed;
}

static struct model_action take_commit(struct model *model, int lane)
{
    struct model_lane *it = &model->lanes[lane];
    it->is_out = true;
    it->commit_offset = model_position(model, lane);
    return (struct model_action){.type = ESM_ACTION_COMMIT, .lane = lane, .offset = it->commit_offset};
}

struct model_action model_next(struct model *model, unsigned allowed, int lane_wish)
{
    int due = 0;
    bool of_batches = (allowed & (ESM_ACTION_INVOKE | ESM_ACTION_DELIVER | ESM_ACTION_DROP)) != 0;
    for (int i = 1; i <= model->batch_count && of_batches; i++) {
        struct model_set *set = ready_set(model, i);
        if (set != NULL && (allowed & set->kind) != 0)
            return take(&model->batches[i], i, set);
    }
    for (int i = model->lane_count; i >= 1 && (allowed & ESM_ACTION_COMMIT) != 0; i--)
        if (has_commit(model, i) && model->lanes[i].commit_due_ms <= model->monotonic_ms && due != lane_wish)
            due = i;
    return due != 0 ? take_commit(model, due) : (struct model_action){0};
}

static int64_t sooner(int64_t one_ms, int64_t other_ms)
{
    return one_ms < other_ms ? one_ms : other_ms;
}

/* When something of a set that waits for nothing but its time becomes an action of these types. */
static int64_t set_deadline_ms(const struct model *model, const struct model_batch *batch,
                               const struct model_set *set, unsigned allowed)
{
    unsigned given_up = model->rules.has_destination ? ESM_ACTION_DELIVER : ESM_ACTION_DROP;
    if ((allowed & set->kind) != 0)
        return set->due_ms;
    int64_t deadline_ms = ESM_NEVER;
    for (int i = 0; i < batch->count; i++) {
        const struct model_record *record = &batch->records[i];
        if (!has(open_ones(batch, set->records), i) || set->kind != ESM_ACTION_INVOKE ||
            (allowed & given_up) == 0 || model->rules.max_age_ms < 0)
            continue;
        int64_t left_ms = record->timestamp_ms + model->rules.max_age_ms + 1 - model->wall_ms;
        int64_t expiry_ms = model->monotonic_ms + (left_ms < 0 ? 0 : left_ms);
        deadline_ms = sooner(deadline_ms, expiry_ms > set->due_ms ? expiry_ms : set->due_ms);
    }
    return deadline_ms;
}

int64_t model_deadline_ms(const struct model *model, unsigned allowed)
{
    int64_t deadline_ms = ESM_NEVER;
    for (int i = 1; i <= model->batch_count; i++) {
        const struct model_batch *batch = &model->batches[i];
        struct model_set root = batch->sets[0], *set = find_current(batch, &root);
        if (set != NULL && !batch->is_out && has_turn(model, i))
            deadline_ms = sooner(deadline_ms, set_deadline_ms(model, batch, set, allowed));
    }
    for (int i = 1; i <= model->lane_count && (allowed & ESM_ACTION_COMMIT) != 0; i++)
        if (has_commit(model, i))
            deadline_ms = sooner(deadline_ms, model->lanes[i].commit_due_ms);
    return deadline_ms > model->monotonic_ms ? deadline_ms : model->monotonic_ms;
}

/* ---- answers ---- */

static int64_t after_backoff(const struct model *model, enum esm_backoff_kind kind, int n, int64_t key)
{
    return model->monotonic_ms + esm_backoff_ms(model->rules.first_ms[kind], model->rules.max_ms[kind], 200,
                                                (uint32_t)n, model->rules.seed, (uint64_t)key);
}

/* The first offset that is left of what is out. */
static int64_t key_of(const struct model_batch *batch, const struct model_set *set)
{
    int index = 0;
    while (!has(open_ones(batch, set->records), index))
        index++;
    return batch->records[index].offset;
}

/* What it means that the function named these: with a checkpoint, all that follow in their lanes too. */
static uint32_t failed_ones(const struct model *model, const struct model_batch *batch, uint32_t records,
                            uint32_t named)
{
    uint32_t failed = named & records;
    for (int i = 0; i < batch->count && model->rules.partial == ESM_PARTIAL_RESPONSE_CHECKPOINT; i++)
        for (int j = 0; j < i; j++)
            if (has(records, i) && has(failed, j) && batch->records[i].lane == batch->records[j].lane)
                failed |= bit(i);
    return failed;
}

/* The same set again. */
static void again(struct model *model, struct model_batch *batch, struct model_set *set, int64_t due_ms)
{
    set->records = abandon_draining(model, batch, set->records);
    set->due_ms = due_ms;
}

/* What counts as a failure. */
static void fail(struct model *model, struct model_batch *batch, struct model_set *set, int64_t key)
{
    if (model->rules.bisect && count(set->records) >= 2) {
        split(model, batch, set);
        return;
    }
    set->failures++;
    set->waits = 0;
    if (model->rules.max_retries >= 0 && set->failures > model->rules.max_retries)
        give_up(model, set, ESM_REASON_RETRIES);
    else
        again(model, batch, set, after_backoff(model, ESM_BACKOFF_FUNCTION, set->failures, key));
}

/* What does not count. */
static void wait(struct model *model, struct model_batch *batch, struct model_set *set,
                 enum esm_backoff_kind kind, int64_t retry_after_ms, int64_t key)
{
    int64_t due_ms = after_backoff(model, kind, ++set->waits, key);
    if (due_ms < model->monotonic_ms + retry_after_ms)
        due_ms = model->monotonic_ms + retry_after_ms;
    again(model, batch, set, due_ms);
}

static void be_too_large(struct model *model, struct model_batch *batch, struct model_set *set)
{
    if (count(set->records) == 1)
        give_up(model, set, ESM_REASON_TOO_LARGE);
    else
        split(model, batch, set);
}

void model_answer_invoke(struct model *model, int number, enum esm_outcome outcome, int64_t retry_after_ms,
                         uint32_t named)
{
    struct model_batch *batch = &model->batches[number];
    struct model_set *set = model_current(batch);
    uint32_t failed = failed_ones(model, batch, set->records, named);
    int64_t key = key_of(batch, set);
    batch->is_out = false;
    set->attempts++;
    if (outcome == ESM_OUTCOME_PARTIAL && failed == 0)
        outcome = ESM_OUTCOME_SUCCESS;
    if (outcome == ESM_OUTCOME_PARTIAL && failed == set->records)
        outcome = ESM_OUTCOME_FAILURE;
    if (outcome == ESM_OUTCOME_AMBIGUOUS)
        outcome = model->rules.count_timeouts ? ESM_OUTCOME_FAILURE : ESM_OUTCOME_UNAVAILABLE;
    batch->has_failed |= outcome != ESM_OUTCOME_SUCCESS;
    switch ((int)outcome) {
    case ESM_OUTCOME_SUCCESS: complete(batch, set->records); break;
    case ESM_OUTCOME_PARTIAL:
        complete(batch, set->records & ~failed);
        failed = abandon_draining(model, batch, failed);
        make_new(set, failed, after_backoff(model, ESM_BACKOFF_FUNCTION, 1, key));
        break;
    case ESM_OUTCOME_FAILURE: fail(model, batch, set, key); break;
    case ESM_OUTCOME_TOO_LARGE: be_too_large(model, batch, set); break;
    case ESM_OUTCOME_HELD: wait(model, batch, set, ESM_BACKOFF_HOLD, 0, key); break;
    default: wait(model, batch, set, ESM_BACKOFF_SERVICE, retry_after_ms, key);
    }
}

void model_answer_deliver(struct model *model, int number, enum esm_outcome outcome)
{
    struct model_batch *batch = &model->batches[number];
    struct model_set *set = model_current(batch);
    int64_t key = key_of(batch, set);
    batch->is_out = false;
    if (outcome == ESM_OUTCOME_SUCCESS) {
        complete(batch, set->records);
        return;
    }
    set->failures++;
    set->due_ms = after_backoff(model, ESM_BACKOFF_DELIVERY, set->failures, key);
    if (model->rules.max_deliveries > 0 && set->failures >= model->rules.max_deliveries) {
        set->kind = ESM_ACTION_DROP;
        set->due_ms = model->monotonic_ms;
    }
}

void model_answer_commit(struct model *model, int lane, enum esm_outcome outcome)
{
    struct model_lane *it = &model->lanes[lane];
    it->is_out = false;
    if (outcome == ESM_OUTCOME_SUCCESS) {
        it->committed = it->commit_offset;
        it->commit_failures = 0;
    } else {
        it->commit_due_ms =
            after_backoff(model, ESM_BACKOFF_COMMIT, ++it->commit_failures, it->commit_offset);
    }
}

void model_hand_back(struct model *model, int number)
{
    struct model_batch *batch = &model->batches[number];
    struct model_set *set = model_current(batch);
    batch->is_out = false;
    if (set->kind == ESM_ACTION_INVOKE)
        again(model, batch, set, set->due_ms);
}

void model_hand_back_commit(struct model *model, int lane)
{
    model->lanes[lane].is_out = false;
}

/* ---- inputs ---- */

void model_set_time(struct model *model, int64_t monotonic_ms, int64_t wall_ms)
{
    model->monotonic_ms = monotonic_ms;
    model->wall_ms = wall_ms;
}

void model_add_lane(struct model *model, int64_t start, int64_t committed)
{
    model->lanes[++model->lane_count] = (struct model_lane){.next_offset = start, .committed = committed};
}

void model_add_record(struct model *model, int number, int lane, int64_t offset, int64_t timestamp_ms)
{
    struct model_batch *batch = &model->batches[number];
    batch->records[batch->count] = (struct model_record){lane, offset, timestamp_ms, MODEL_OPEN};
    if (timestamp_ms < 0)
        batch->records[batch->count].timestamp_ms = model->wall_ms;
    if (batch->count == 0) {
        make_new(&batch->sets[0], 0, 0);
        batch->set_count = 1;
    }
    batch->sets[0].records |= bit(batch->count++);
    model->lanes[lane].next_offset = offset + 1;
}

/* Whether a record is with the caller, or was given up: then its lane's draining lets it go on. */
static bool is_decided(const struct model_batch *batch, const struct model_set *set,
                       const struct model_set *current, int index)
{
    if (set->first != NULL)
        return is_decided(batch, set->first, current, index) || is_decided(batch, set->then, current, index);
    return has(set->records, index) && (set->kind != ESM_ACTION_INVOKE || (batch->is_out && set == current));
}

static void abandon(struct model *model, int lane, bool with_decided)
{
    for (int i = 1; i <= model->batch_count; i++) {
        struct model_batch *batch = &model->batches[i];
        struct model_set *current = model_current(batch);
        for (int j = 0; j < batch->count; j++)
            if (batch->records[j].lane == lane && batch->records[j].fate == MODEL_OPEN &&
                (with_decided || !is_decided(batch, &batch->sets[0], current, j)))
                batch->records[j].fate = MODEL_ABANDONED;
        if (current != NULL && batch->is_out && open_ones(batch, current->records) == 0)
            batch->is_out = false;
    }
}

void model_drain(struct model *model, int lane)
{
    model->lanes[lane].is_draining = true;
    abandon(model, lane, false);
}

void model_revoke(struct model *model, int lane)
{
    model->lanes[lane].is_revoked = true;
    abandon(model, lane, true);
}

/* ---- getters ---- */

int64_t model_position(const struct model *model, int lane)
{
    int64_t position = model->lanes[lane].next_offset;
    for (int i = 1; i <= model->batch_count; i++)
        for (int j = 0; j < model->batches[i].count; j++) {
            const struct model_record *record = &model->batches[i].records[j];
            if (record->lane == lane && record->fate != MODEL_DONE)
                position = sooner(position, record->offset);
        }
    return model->lanes[lane].is_revoked ? -1 : position;
}

bool model_is_drained(const struct model *model, int lane)
{
    for (int i = 1; i <= model->batch_count; i++)
        for (int j = 0; j < model->batches[i].count; j++)
            if (model->batches[i].records[j].lane == lane && model->batches[i].records[j].fate == MODEL_OPEN)
                return false;
    return model->lanes[lane].is_draining && !model->lanes[lane].is_out &&
           model_position(model, lane) == model->lanes[lane].committed;
}

int model_open_records(const struct model *model, int number)
{
    return count(open_ones(&model->batches[number], ~(uint32_t)0));
}

bool model_has_failed(const struct model *model, int number)
{
    return !has_ended(model, number) && model->batches[number].has_failed;
}
