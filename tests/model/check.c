/* SPDX-License-Identifier: MIT */
/* From bytes to a scenario: what is done, to which lane or batch, and how it is answered. */
#include "check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"
#include "script.h"

enum {
    RECORDS_AT_ONCE = 6,
    FINISH_ROUNDS = 500
};

struct check {
    const uint8_t *at, *end;
    char words[256]; /* the options */
    struct pair pair;
    struct model *model;
};

/* Behind the end there are only zeros. */
static unsigned next_byte(struct check *check)
{
    return check->at == check->end ? 0 : *check->at++;
}

static int choose(struct check *check, int from)
{
    return (int)(next_byte(check) % (unsigned)from);
}

/* ---- options ---- */

static void add_word(struct check *check, bool is_wanted, const char *word)
{
    size_t used = strlen(check->words);
    if (is_wanted)
        snprintf(check->words + used, sizeof(check->words) - used, " %s", word);
}

static void add_number(struct check *check, const char *name, int64_t number)
{
    char word[64];
    snprintf(word, sizeof(word), "%s=%" PRId64, name, number);
    add_word(check, true, word);
}

static void choose_backoffs(struct check *check)
{
    static const char *const names[] = {"", "function", "service", "hold", "delivery", "commit"};
    static const int default_ms[] = {0, 1000, 100, 10000, 1000, 100};
    struct model_rules *rules = &check->model->rules;
    int quick = choose(check, 3);
    for (int kind = ESM_BACKOFF_FUNCTION; kind <= ESM_BACKOFF_COMMIT; kind++) {
        char word[64];
        rules->first_ms[kind] = quick == 0 ? default_ms[kind] : quick == 1 ? 0 : 10;
        rules->max_ms[kind] = quick == 0 ? 60000 : quick == 1 ? 0 : 40;
        snprintf(word, sizeof(word), "%s=%" PRId64 ",%" PRId64 ",200", names[kind], rules->first_ms[kind],
                 rules->max_ms[kind]);
        add_word(check, quick != 0, word);
    }
}

static void choose_options(struct check *check)
{
    static const int ages[] = {-1, -1, 0, 20, 1500};
    struct model_rules *rules = &check->model->rules;
    unsigned flags = next_byte(check);
    rules->max_retries = choose(check, 4) - 1;
    rules->max_age_ms = ages[choose(check, 5)];
    rules->partial = (enum esm_partial_response)(ESM_PARTIAL_RESPONSE_OFF + choose(check, 3));
    rules->bisect = flags & 1;
    rules->count_timeouts = flags & 2;
    rules->has_destination = flags & 4;
    rules->parallel = (flags & 0x38) == 0x38;
    rules->max_deliveries = (flags & 0x40) == 0 ? -1 : (flags & 0x80) == 0 ? 1 : 2;
    rules->seed = next_byte(check);
    add_number(check, "retries", rules->max_retries);
    add_number(check, "age", rules->max_age_ms);
    add_number(check, "seed", (int64_t)rules->seed);
    add_word(check, rules->bisect, "bisect");
    add_word(check, rules->count_timeouts, "timeouts");
    add_word(check, rules->has_destination, "destination");
    add_word(check, rules->parallel, "parallel");
    add_word(check, rules->partial == ESM_PARTIAL_RESPONSE_EXACT, "partial");
    add_word(check, rules->partial == ESM_PARTIAL_RESPONSE_CHECKPOINT, "checkpoint");
    if (rules->has_destination)
        add_number(check, "deliveries", rules->max_deliveries);
    choose_backoffs(check);
}

/* ---- inputs ---- */

static void add_lane(struct check *check)
{
    int start = choose(check, 4), committed = choose(check, 4) == 0 ? -1 : start;
    if (check->model->lane_count < MODEL_LANES)
        pair_add_lane(&check->pair, start, committed);
}

/* 0: none. */
static int choose_lane(struct check *check)
{
    int lane = 1 + choose(check, MODEL_LANES);
    return lane > check->model->lane_count || check->model->lanes[lane].is_revoked ? 0 : lane;
}

static void add_record(struct check *check, int batch)
{
    static const int ages_ms[] = {0, 0, 0, 10, 21, 1000, 1501, -5};
    unsigned byte = next_byte(check);
    const struct model *model = check->model;
    int lane = 1 + (int)(byte % 16) % (model->lane_count == 0 ? 1 : model->lane_count);
    bool has_gap = (byte & 0x30) == 0x30, has_timestamp = (byte & 0xf0) != 0x50;
    if (model->lane_count == 0 || model->lanes[lane].is_draining || model->lanes[lane].is_revoked ||
        model->batches[batch].count == MODEL_RECORDS)
        return;
    pair_add_record(&check->pair, batch, lane, model->lanes[lane].next_offset + has_gap,
                    has_timestamp ? model->wall_ms - ages_ms[byte >> 5] : -1);
}

static void add_records(struct check *check, int batch, int count)
{
    while (count-- > 0)
        add_record(check, batch);
    pair_say(&check->pair, "\n");
}

static void put_records(struct check *check)
{
    int count = 1 + choose(check, RECORDS_AT_ONCE);
    if (check->model->batch_count == MODEL_BATCHES)
        return;
    pair_say(&check->pair, "records");
    int batch = pair_open_batch(&check->pair);
    add_records(check, batch, count);
    pair_close_batch(&check->pair, batch);
}

static void close_batch(struct check *check, int batch)
{
    pair_say(&check->pair, "close b%d\n", batch);
    pair_close_batch(&check->pair, batch);
}

/* Opens a batch, or works on the newest ones. */
static void step_batch(struct check *check)
{
    int what = choose(check, 3), batch = check->model->batch_count - choose(check, 2);
    if (what == 0 && check->model->batch_count < MODEL_BATCHES) {
        pair_say(&check->pair, "open\n");
        pair_open_batch(&check->pair);
    } else if (what == 1 && pair_is_open(&check->pair, batch)) {
        pair_say(&check->pair, "add b%d", batch);
        add_records(check, batch, 1 + choose(check, 3));
    } else if (pair_is_open(&check->pair, batch)) {
        close_batch(check, batch);
    }
}

/* An offset that never enters a batch. */
static void pass_offset(struct check *check)
{
    int lane = choose_lane(check), what = choose(check, 4);
    int64_t offset = check->model->lanes[lane].next_offset + what / 2;
    if (lane != 0 && what % 2 == 0)
        pair_complete(&check->pair, lane, offset);
    else if (lane != 0)
        pair_skip_to(&check->pair, lane, offset);
}

static void end_lane(struct check *check)
{
    int lane = choose_lane(check), what = choose(check, 2);
    if (lane != 0 && what == 0)
        pair_drain(&check->pair, lane);
    else if (lane != 0)
        pair_revoke(&check->pair, lane);
}

/* The wall clock may also go its own way, forward and back. */
static void move_time(struct check *check)
{
    static const int steps_ms[] = {1, 10, 1000, 100000};
    int how = choose(check, 10);
    int64_t now_ms = check->model->monotonic_ms;
    int64_t deadline_ms = model_deadline_ms(check->model, check->pair.allowed);
    if (how < 4) {
        pair_set_time(&check->pair, now_ms + steps_ms[how], now_ms + steps_ms[how]);
    } else if (how == 4) {
        int64_t wall_ms = now_ms + 40 * choose(check, 64) - 1001;
        pair_set_time(&check->pair, now_ms, wall_ms < 0 ? 0 : wall_ms);
    } else if (deadline_ms != ESM_NEVER && deadline_ms > now_ms) {
        pair_set_time(&check->pair, deadline_ms - (how == 5), deadline_ms - (how == 5));
    }
}

static void allow(struct check *check)
{
    unsigned byte = next_byte(check);
    pair_allow(&check->pair, (byte & 0x30) != 0 ? ESM_ACTION_ALL : byte & ESM_ACTION_ALL);
}

/* ---- actions and answers ---- */

static void take_all(struct check *check)
{
    while (pair_take(&check->pair))
        ;
}

static void answer_batch(struct check *check, int batch, enum esm_outcome outcome)
{
    const struct model_set *set = model_current(&check->model->batches[batch]);
    uint32_t named = 0;
    int64_t retry_after_ms = 0;
    if (set->kind != ESM_ACTION_INVOKE) {
        pair_answer_deliver(&check->pair, batch, outcome);
        return;
    }
    if (outcome == ESM_OUTCOME_PARTIAL)
        for (int shift = 0; shift < MODEL_RECORDS; shift += 8)
            named |= set->records & next_byte(check) << shift;
    if (outcome >= ESM_OUTCOME_THROTTLED)
        retry_after_ms = choose(check, 4) * 50; /* also where nobody should listen */
    pair_answer_invoke(&check->pair, batch, outcome, retry_after_ms, named);
}

static enum esm_outcome choose_outcome(struct check *check, int how, bool is_invoke)
{
    static const enum esm_outcome outcomes[] = {
        ESM_OUTCOME_SUCCESS, ESM_OUTCOME_SUCCESS, ESM_OUTCOME_FAILURE,     ESM_OUTCOME_FAILURE,
        ESM_OUTCOME_FAILURE, ESM_OUTCOME_PARTIAL, ESM_OUTCOME_PARTIAL,     ESM_OUTCOME_PARTIAL,
        ESM_OUTCOME_HELD,    ESM_OUTCOME_FAILURE, ESM_OUTCOME_UNAVAILABLE, ESM_OUTCOME_AMBIGUOUS,
        ESM_OUTCOME_SUCCESS, ESM_OUTCOME_FAILURE, ESM_OUTCOME_THROTTLED,   ESM_OUTCOME_TOO_LARGE};
    bool may_name = is_invoke && check->model->rules.partial != ESM_PARTIAL_RESPONSE_OFF;
    return outcomes[how] == ESM_OUTCOME_PARTIAL && !may_name ? ESM_OUTCOME_FAILURE : outcomes[how];
}

static bool commit_is_out(const struct model *model, int lane)
{
    return model->lanes[lane].is_out && !model->lanes[lane].is_revoked;
}

/* The batch or the lane, of those with something out, that stands at this place; the last one if there are
 * fewer. */
static void find_out(const struct model *model, int place, int *ret_batch, int *ret_lane)
{
    for (int i = 1; i <= model->batch_count && place >= 0; i++)
        if (model->batches[i].is_out) {
            *ret_batch = i;
            place--;
        }
    for (int i = 1; i <= model->lane_count && place >= 0; i++)
        if (commit_is_out(model, i)) {
            *ret_batch = 0;
            *ret_lane = i;
            place--;
        }
}

static void answer(struct check *check)
{
    int place = choose(check, 16), how = choose(check, 18), batch = 0, lane = 0;
    find_out(check->model, place, &batch, &lane);
    bool is_invoke = batch != 0 && model_current(&check->model->batches[batch])->kind == ESM_ACTION_INVOKE;
    if (batch != 0 && how >= 16)
        pair_hand_back(&check->pair, batch);
    else if (batch != 0)
        answer_batch(check, batch, choose_outcome(check, how, is_invoke));
    else if (lane != 0 && how >= 16)
        pair_hand_back_commit(&check->pair, lane);
    else if (lane != 0)
        pair_answer_commit(&check->pair, lane, choose_outcome(check, how, false));
}

static void answer_stale(struct check *check)
{
    int batch = check->model->batch_count - choose(check, 4);
    if (batch >= 1 && !check->model->batches[batch].is_out)
        pair_answer_stale(&check->pair, batch);
}

/* ---- the whole ---- */

static void step(struct check *check)
{
    int what = choose(check, 32);
    if (what < 7)
        pair_take(&check->pair);
    else if (what < 10)
        take_all(check);
    else if (what < 18)
        answer(check);
    else if (what < 23)
        move_time(check);
    else if (what < 26)
        put_records(check);
    else if (what == 26)
        step_batch(check);
    else if (what == 27)
        pass_offset(check);
    else if (what == 28)
        allow(check);
    else if (what == 29)
        end_lane(check);
    else if (what == 30)
        answer_stale(check);
    else
        add_lane(check);
}

/* Takes and answers everything once. Returns whether there was anything to answer. */
static bool succeed(struct check *check)
{
    bool answered = false;
    take_all(check);
    for (int i = 1; i <= check->model->batch_count && !check->pair.differs; i++)
        if (check->model->batches[i].is_out) {
            answer_batch(check, i, ESM_OUTCOME_SUCCESS);
            answered = true;
        }
    for (int i = 1; i <= check->model->lane_count && !check->pair.differs; i++)
        if (commit_is_out(check->model, i)) {
            pair_answer_commit(&check->pair, i, ESM_OUTCOME_SUCCESS);
            answered = true;
        }
    pair_compare(&check->pair);
    return answered;
}

/* When everything succeeds everything ends. */
static void finish(struct check *check)
{
    pair_allow(&check->pair, ESM_ACTION_ALL);
    for (int i = 1; i <= check->model->batch_count; i++)
        if (pair_is_open(&check->pair, i))
            close_batch(check, i);
    for (int round = 0; round < FINISH_ROUNDS && !check->pair.differs; round++) {
        bool answered = succeed(check);
        int64_t deadline_ms = model_deadline_ms(check->model, ESM_ACTION_ALL);
        if (!answered && deadline_ms == ESM_NEVER)
            return;
        if (!answered && deadline_ms > check->model->monotonic_ms)
            pair_set_time(&check->pair, deadline_ms, deadline_ms);
    }
    pair_never_ends(&check->pair);
}

static void run(struct check *check)
{
    for (int lanes = 1 + choose(check, 3); lanes > 0; lanes--)
        add_lane(check);
    while (check->at != check->end && !check->pair.differs) {
        step(check);
        pair_compare(&check->pair);
    }
    if (!check->pair.differs)
        finish(check);
}

static int make_policy(const char *words, esm_policy **ret)
{
    esm_policy_options *options;
    if (script_make_options(NULL, words, &options) != 0)
        return -1;
    int error = esm_policy_new(NULL, ret, options);
    esm_policy_options_free(options);
    return error;
}

int model_check_scene(const uint8_t *data, size_t size, char *scene)
{
    struct check check = {.at = data, .end = data + size};
    check.model = calloc(1, sizeof(*check.model));
    if (check.model == NULL)
        return -1;
    check.pair = (struct pair){.model = check.model, .scene = scene, .allowed = ESM_ACTION_ALL};
    choose_options(&check);
    pair_say(&check.pair, "= found by comparison :%s\n", check.words);
    if (make_policy(check.words, &check.pair.policy) == 0)
        run(&check);
    else
        check.pair.differs = true;
    esm_policy_free(check.pair.policy);
    free(check.model);
    return check.pair.differs ? -1 : 0;
}

int model_check_bytes(const uint8_t *data, size_t size)
{
    static char scene[MODEL_SCENE_MAX];
    return model_check_scene(data, size, scene);
}
