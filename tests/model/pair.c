/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/state.h"
#include "script.h"

void pair_say(struct pair *pair, const char *format, ...)
{
    va_list arguments;
    size_t room = MODEL_SCENE_MAX - pair->used;
    va_start(arguments, format);
    int length = vsnprintf(pair->scene + pair->used, room, format, arguments);
    va_end(arguments);
    pair->used += (size_t)length < room ? (size_t)length : room - 1;
}

/* Only the first difference is told. */
#define EXPECT(pair, is_same, ...)                                                                           \
    do {                                                                                                     \
        if (!(pair)->differs && !(is_same)) {                                                                \
            pair_say(pair, __VA_ARGS__);                                                                     \
            (pair)->differs = true;                                                                          \
        }                                                                                                    \
    } while (0)

static void expect_success(struct pair *pair, int error)
{
    EXPECT(pair, error == 0, "# but it ends with %s\n", esm_error_name(error));
}

static char lane_name(int lane)
{
    return (char)('A' + lane - 1);
}

/* ---- inputs ---- */

void pair_add_lane(struct pair *pair, int64_t start, int64_t committed)
{
    uint32_t lane;
    pair_say(pair, "lane %" PRId64 " committed %" PRId64 "\n", start, committed);
    model_add_lane(pair->model, start, committed);
    expect_success(pair, esm_policy_add_lane(pair->policy, start, committed, &lane));
}

int pair_open_batch(struct pair *pair)
{
    uint64_t batch;
    pair->model->batch_count++;
    expect_success(pair, esm_policy_open_batch(pair->policy, &batch));
    return pair->model->batch_count;
}

bool pair_is_open(const struct pair *pair, int batch)
{
    return batch >= 1 && batch <= pair->model->batch_count && !pair->model->batches[batch].is_closed;
}

void pair_close_batch(struct pair *pair, int batch)
{
    pair->model->batches[batch].is_closed = true;
    expect_success(pair, esm_policy_close_batch(pair->policy, (uint64_t)batch));
}

/* A word of the line that its caller has begun. */
void pair_add_record(struct pair *pair, int batch, int lane, int64_t offset, int64_t timestamp_ms)
{
    pair_say(pair, " %c%" PRId64, lane_name(lane), offset);
    if (timestamp_ms != pair->model->wall_ms)
        pair_say(pair, "@%" PRId64, timestamp_ms);
    model_add_record(pair->model, batch, lane, offset, timestamp_ms);
    expect_success(pair, esm_policy_add_record(pair->policy, (uint64_t)batch, (uint32_t)lane, offset,
                                               timestamp_ms, NULL));
}

void pair_complete(struct pair *pair, int lane, int64_t offset)
{
    pair_say(pair, "complete %c %" PRId64 "\n", lane_name(lane), offset);
    pair->model->lanes[lane].next_offset = offset + 1;
    expect_success(pair, esm_policy_complete(pair->policy, (uint32_t)lane, offset));
}

void pair_skip_to(struct pair *pair, int lane, int64_t offset)
{
    pair_say(pair, "skip %c %" PRId64 "\n", lane_name(lane), offset);
    pair->model->lanes[lane].next_offset = offset;
    expect_success(pair, esm_policy_skip_to(pair->policy, (uint32_t)lane, offset));
}

void pair_set_time(struct pair *pair, int64_t monotonic_ms, int64_t wall_ms)
{
    if (monotonic_ms == wall_ms)
        pair_say(pair, "time %" PRId64 "\n", monotonic_ms);
    else
        pair_say(pair, "wall %" PRId64 "\n", wall_ms);
    model_set_time(pair->model, monotonic_ms, wall_ms);
    expect_success(pair, esm_policy_set_time(pair->policy, monotonic_ms, wall_ms));
}

void pair_allow(struct pair *pair, unsigned allowed)
{
    static const char *const names[] = {"INVOKE", "DELIVER", "DROP", "COMMIT"};
    pair->allowed = allowed;
    pair_say(pair, "allow");
    for (unsigned i = 0; i < 4; i++)
        if ((allowed >> i & 1) != 0)
            pair_say(pair, " %s", names[i]);
    pair_say(pair, "\n");
}

void pair_drain(struct pair *pair, int lane)
{
    pair_say(pair, "drain %c\n", lane_name(lane));
    model_drain(pair->model, lane);
    expect_success(pair, esm_policy_drain(pair->policy, (uint32_t)lane));
}

void pair_revoke(struct pair *pair, int lane)
{
    pair_say(pair, "revoke %c\n", lane_name(lane));
    model_revoke(pair->model, lane);
    expect_success(pair, esm_policy_revoke(pair->policy, (uint32_t)lane));
}

/* ---- actions ---- */

static void print_action(char *text, size_t size, const struct model_action *action)
{
    uint32_t indexes[MODEL_RECORDS], count = 0;
    for (uint32_t i = 0; i < MODEL_RECORDS; i++)
        if ((action->records >> i & 1) != 0)
            indexes[count++] = i;
    esm_action shown = {.type = action->type,
                        .reason = action->reason,
                        .attempt = (uint32_t)action->attempt,
                        .lane = (uint32_t)action->lane,
                        .batch = (uint64_t)action->batch,
                        .offset = action->offset,
                        .indexes = indexes,
                        .count = count};
    script_print_action(text, size, action->type == 0 ? NULL : &shown);
}

bool pair_take(struct pair *pair)
{
    char actual[1024], expected[1024];
    const esm_action *action = esm_policy_next_action(pair->policy, pair->allowed);
    int lane = action == NULL ? 0 : (int)esm_action_get_lane(action);
    struct model_action wanted = model_next(pair->model, pair->allowed, lane);
    script_print_action(actual, sizeof(actual), action);
    print_action(expected, sizeof(expected), &wanted);
    pair_say(pair, "> %s\n", expected);
    EXPECT(pair, strcmp(actual, expected) == 0, "# but the engine says %s\n", actual);
    if (action == NULL || pair->differs)
        return false;
    if (wanted.batch == 0)
        pair->of_lane[lane] = esm_action_get_id(action);
    else if (esm_action_get_id(action) != 0)
        pair->of_batch[wanted.batch] = esm_action_get_id(action);
    return true;
}

/* ---- answers ---- */

void pair_answer_invoke(struct pair *pair, int batch, enum esm_outcome outcome, int64_t retry_after_ms,
                        uint32_t named)
{
    uint32_t failed[MODEL_RECORDS];
    size_t count = 0;
    pair_say(pair, "b%d: %s", batch, script_outcome_word(outcome));
    for (uint32_t i = 0; i < MODEL_RECORDS; i++)
        if ((named >> i & 1) != 0) {
            failed[count++] = i;
            pair_say(pair, " %u", i);
        }
    if (retry_after_ms != 0)
        pair_say(pair, " %" PRId64, retry_after_ms);
    pair_say(pair, "\n");
    model_answer_invoke(pair->model, batch, outcome, retry_after_ms, named);
    expect_success(pair, esm_policy_answer_invoke(pair->policy, pair->of_batch[batch], outcome,
                                                  retry_after_ms, count == 0 ? NULL : failed, count));
}

void pair_answer_deliver(struct pair *pair, int batch, enum esm_outcome outcome)
{
    pair_say(pair, "b%d: %s\n", batch, script_outcome_word(outcome));
    model_answer_deliver(pair->model, batch, outcome);
    expect_success(pair, esm_policy_answer_deliver(pair->policy, pair->of_batch[batch], outcome));
}

void pair_answer_commit(struct pair *pair, int lane, enum esm_outcome outcome)
{
    pair_say(pair, "%c: %s\n", lane_name(lane), script_outcome_word(outcome));
    model_answer_commit(pair->model, lane, outcome);
    expect_success(pair, esm_policy_answer_commit(pair->policy, pair->of_lane[lane], outcome));
}

void pair_hand_back(struct pair *pair, int batch)
{
    pair_say(pair, "b%d: handback\n", batch);
    model_hand_back(pair->model, batch);
    expect_success(pair, esm_policy_hand_back(pair->policy, pair->of_batch[batch]));
}

void pair_hand_back_commit(struct pair *pair, int lane)
{
    pair_say(pair, "%c: handback\n", lane_name(lane));
    model_hand_back_commit(pair->model, lane);
    expect_success(pair, esm_policy_hand_back(pair->policy, pair->of_lane[lane]));
}

void pair_answer_stale(struct pair *pair, int batch)
{
    size_t size, size_after;
    esm_policy *policy = pair->policy;
    uint64_t id = pair->of_batch[batch];
    const void *state = esm__policy_get_state(policy, &size);
    void *before = malloc(size);
    if (before == NULL)
        return;
    memcpy(before, state, size);
    bool is_stale = esm_policy_answer_invoke(policy, id, ESM_OUTCOME_SUCCESS, 0, NULL, 0) == ESM_ERR_STALE &&
                    esm_policy_answer_deliver(policy, id, ESM_OUTCOME_SUCCESS) == ESM_ERR_STALE &&
                    esm_policy_answer_commit(policy, id, ESM_OUTCOME_SUCCESS) == ESM_ERR_STALE &&
                    esm_policy_hand_back(policy, id) == ESM_ERR_STALE;
    state = esm__policy_get_state(policy, &size_after);
    bool is_same = size == size_after && memcmp(state, before, size) == 0;
    free(before);
    EXPECT(pair, is_stale && is_same, "! STALE b%d: ok\n", batch);
}

/* ---- getters ---- */

static void compare_lane(struct pair *pair, int lane)
{
    int64_t position = model_position(pair->model, lane);
    bool is_drained = model_is_drained(pair->model, lane);
    EXPECT(pair, esm_policy_get_position(pair->policy, (uint32_t)lane) == position,
           "position %c %" PRId64 "\n", lane_name(lane), position);
    if (!pair->model->lanes[lane].is_revoked)
        EXPECT(pair, esm_policy_is_drained(pair->policy, (uint32_t)lane) == is_drained, "drained %c %d\n",
               lane_name(lane), is_drained);
}

static void compare_batch(struct pair *pair, int batch)
{
    int open = model_open_records(pair->model, batch);
    bool has_failed = model_has_failed(pair->model, batch);
    EXPECT(pair, esm_policy_get_open_records(pair->policy, (uint64_t)batch) == (size_t)open, "left b%d %d\n",
           batch, open);
    EXPECT(pair, esm_policy_has_failed(pair->policy, (uint64_t)batch) == has_failed, "failed b%d %d\n", batch,
           has_failed);
}

void pair_compare(struct pair *pair)
{
    const struct model *model = pair->model;
    int64_t deadline_ms = esm_policy_get_deadline_ms(pair->policy, pair->allowed);
    int64_t expected_ms = model_deadline_ms(model, pair->allowed);
    if (deadline_ms < model->monotonic_ms)
        deadline_ms = model->monotonic_ms;
    if (expected_ms == ESM_NEVER)
        EXPECT(pair, deadline_ms == expected_ms, "deadline never\n");
    EXPECT(pair, deadline_ms == expected_ms, "deadline %" PRId64 "\n", expected_ms);
    for (int i = 1; i <= model->lane_count; i++)
        compare_lane(pair, i);
    for (int i = 1; i <= model->batch_count; i++)
        compare_batch(pair, i);
}

void pair_never_ends(struct pair *pair)
{
    EXPECT(pair, false, "# but it does not end\n");
}
