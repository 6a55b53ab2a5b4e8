/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include <esm/policy.h>
#include "policy/state.h"
#include "script.h"

/* ---- the scenes of data/policy.scenes ---- */

static struct scene {
    char *name, *options, *lines;
} scenes[256];
static int scene_count;

static char *read_file(const char *name)
{
    char path[1024];
    const char *directory = getenv("ESM_TEST_DATA");
    snprintf(path, sizeof(path), "%s/%s", directory == NULL ? "data" : directory, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    char *text = calloc(1, 1 << 20);
    if (fread(text, 1, (1 << 20) - 1, file) == 0)
        exit(EXIT_FAILURE);
    fclose(file);
    return text;
}

/* Cuts the text in place. */
static void read_scenes(char *text)
{
    struct scene *scene = NULL;
    for (char *line = text, *end; *line != '\0'; line = end) {
        end = line + strcspn(line, "\n");
        end += *end == '\n';
        if (line[0] == '=') {
            char *colon = strchr(line, ':');
            scene = &scenes[scene_count++];
            *colon = '\0';
            *scene = (struct scene){line + 2, colon + 1, end};
            line[-1] = '\0'; /* ends the one before */
            end[-1] = '\0';
        } else if (line[0] == '#' && line > text) {
            line[-1] = '\0';
        }
    }
}

START_TEST(scene)
{
    char message[4096];
    const struct scene *s = &scenes[_i / SCRIPT_MODES];
    int result =
        script_run(s->options, s->lines, (enum script_mode)(_i % SCRIPT_MODES), message, sizeof(message));
    ck_assert_msg(result == 0, "%s (mode %d): %s", s->name, _i % SCRIPT_MODES, message);
}
END_TEST

/* ---- what the language does not say ---- */

static esm_policy *make(const char *words)
{
    esm_policy_options *options = NULL;
    esm_policy *policy = NULL;
    ck_assert_int_eq(script_make_options(NULL, words, &options), 0);
    ck_assert_int_eq(esm_policy_new(NULL, &policy, options), 0);
    esm_policy_options_free(options);
    return policy;
}

static uint64_t put_batch(esm_policy *policy, uint32_t lane, int64_t offset, int count)
{
    uint64_t batch = 0;
    ck_assert_int_eq(esm_policy_open_batch(policy, &batch), 0);
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(esm_policy_add_record(policy, batch, lane, offset + i, 0, NULL), 0);
    ck_assert_int_eq(esm_policy_close_batch(policy, batch), 0);
    return batch;
}

START_TEST(options_are_checked)
{
    esm_policy_options *options = NULL;
    ck_assert_int_eq(esm_policy_options_new(NULL, NULL), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_options_new(NULL, &options), 0);
    struct esm__rules before = options->rules;
    int refused[] = {
        esm_policy_options_set_max_retries(NULL, 0),
        esm_policy_options_set_max_retries(options, -2),
        esm_policy_options_set_max_record_age_ms(NULL, 0),
        esm_policy_options_set_max_record_age_ms(options, -2),
        esm_policy_options_set_bisect(NULL, 0),
        esm_policy_options_set_bisect(options, 2),
        esm_policy_options_set_count_timeouts(NULL, 0),
        esm_policy_options_set_count_timeouts(options, -1),
        esm_policy_options_set_parallel_batches(NULL, 0),
        esm_policy_options_set_parallel_batches(options, 2),
        esm_policy_options_set_partial_response(NULL, ESM_PARTIAL_RESPONSE_OFF),
        esm_policy_options_set_partial_response(options, (enum esm_partial_response)0),
        esm_policy_options_set_partial_response(options, (enum esm_partial_response)4),
        esm_policy_options_set_jitter_seed(NULL, 0),
        esm_policy_options_set_delivery(NULL, 0, -1),
        esm_policy_options_set_delivery(options, 2, -1),
        esm_policy_options_set_delivery(options, 1, 0),
        esm_policy_options_set_delivery(options, 1, -2),
        esm_policy_options_set_backoff(NULL, ESM_BACKOFF_HOLD, 1, 1, 100),
        esm_policy_options_set_backoff(options, (enum esm_backoff_kind)0, 1, 1, 100),
        esm_policy_options_set_backoff(options, (enum esm_backoff_kind)6, 1, 1, 100),
        esm_policy_options_set_backoff(options, ESM_BACKOFF_HOLD, -1, 1, 100),
        esm_policy_options_set_backoff(options, ESM_BACKOFF_HOLD, 2, 1, 100),
        esm_policy_options_set_backoff(options, ESM_BACKOFF_HOLD, 1, 1, 99),
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        ck_assert_msg(refused[i] == ESM_ERR_INVALID_ARGUMENT, "call %zu: %d", i, refused[i]);
    ck_assert_mem_eq(&before, &options->rules, sizeof(before));
    ck_assert_int_eq(esm_policy_options_set_delivery(options, 0, -1), 0);
    ck_assert_int_eq(esm_policy_options_set_max_retries(options, -1), 0);
    ck_assert_int_eq(esm_policy_options_set_max_record_age_ms(options, -1), 0);
    ck_assert_int_eq(esm_policy_options_set_bisect(options, 1), 0);
    ck_assert_int_eq(esm_policy_options_set_bisect(options, 0), 0);
    ck_assert_mem_eq(&before, &options->rules, sizeof(before));
    esm_policy_options_free(options);
    esm_policy_options_free(NULL);
}
END_TEST

START_TEST(defaults_are_those_of_the_header)
{
    static const int64_t first_ms[] = {1000, 100, 10000, 1000, 100};
    esm_policy_options *options = NULL;
    ck_assert_int_eq(esm_policy_options_new(NULL, &options), 0);
    for (int kind = 0; kind < 5; kind++) {
        ck_assert_int_eq(options->rules.backoff[kind].first_ms, first_ms[kind]);
        ck_assert_int_eq(options->rules.backoff[kind].max_ms, 60000);
        ck_assert_uint_eq(options->rules.backoff[kind].factor_percent, 200);
    }
    ck_assert_int_eq(options->rules.max_retries, -1);
    ck_assert_int_eq(options->rules.max_record_age_ms, -1);
    esm_policy_options_free(options);
}
END_TEST

START_TEST(an_engine_that_is_not_there_has_nothing)
{
    uint32_t lane = 7;
    uint64_t batch = 7;
    esm_policy *policy = NULL;
    esm_policy_options *options = NULL;
    ck_assert_int_eq(esm_policy_options_new(NULL, &options), 0);
    ck_assert_int_eq(esm_policy_new(NULL, NULL, options), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_new(NULL, &policy, NULL), ESM_ERR_INVALID_ARGUMENT);
    esm_policy_options_free(options);
    esm_policy_free(NULL);
    ck_assert_uint_eq(esm_policy_get_memory(NULL), 0);
    ck_assert_int_eq(esm_policy_set_time(NULL, 0, 0), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_add_lane(NULL, 0, 0, &lane), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_open_batch(NULL, &batch), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_add_record(NULL, 1, 1, 0, 0, &lane), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_close_batch(NULL, 1), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_complete(NULL, 1, 0), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_skip_to(NULL, 1, 0), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_answer_invoke(NULL, 1, ESM_OUTCOME_SUCCESS, 0, NULL, 0), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_answer_deliver(NULL, 1, ESM_OUTCOME_SUCCESS), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_answer_commit(NULL, 1, ESM_OUTCOME_SUCCESS), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_hand_back(NULL, 1), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_drain(NULL, 1), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_is_drained(NULL, 1), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_revoke(NULL, 1), ESM_ERR_STALE);
    ck_assert_ptr_null(esm_policy_next_action(NULL, ESM_ACTION_ALL));
    ck_assert_ptr_null(esm_policy_get_action(NULL, 1));
    ck_assert_int_eq(esm_policy_get_deadline_ms(NULL, ESM_ACTION_ALL), ESM_NEVER);
    ck_assert_uint_eq(esm_policy_get_open_records(NULL, 1), 0);
    ck_assert_int_eq(esm_policy_has_failed(NULL, 1), 0);
    ck_assert_int_eq(esm_policy_get_position(NULL, 1), -1);
    ck_assert_uint_eq(lane, 7);
    ck_assert_uint_eq(batch, 7);
}
END_TEST

START_TEST(arguments_are_checked)
{
    uint32_t lane = 7, failed = 0;
    esm_policy *policy = make("partial destination");
    ck_assert_int_eq(esm_policy_add_lane(policy, -1, -1, &lane), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_add_lane(policy, 0, -2, &lane), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_add_lane(policy, 0, 0, NULL), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_open_batch(policy, NULL), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_uint_eq(lane, 7);
    ck_assert_int_eq(esm_policy_add_lane(policy, 0, -1, &lane), 0);
    put_batch(policy, lane, 0, 1);
    ck_assert_ptr_null(esm_policy_next_action(policy, 16 | ESM_ACTION_ALL));
    ck_assert_int_eq(esm_policy_get_deadline_ms(policy, 16), ESM_NEVER);
    uint64_t invoke = esm_action_get_id(esm_policy_next_action(policy, ESM_ACTION_INVOKE));
    uint64_t commit = esm_action_get_id(esm_policy_next_action(policy, ESM_ACTION_COMMIT));
    ck_assert_int_eq(esm_policy_answer_invoke(policy, invoke, (enum esm_outcome)0, 0, NULL, 0),
                     ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_answer_invoke(policy, invoke, (enum esm_outcome)9, 0, NULL, 0),
                     ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_answer_invoke(policy, invoke, ESM_OUTCOME_PARTIAL, 0, NULL, 1),
                     ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_answer_invoke(policy, invoke, ESM_OUTCOME_FAILURE, 0, &failed, 1),
                     ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_answer_deliver(policy, invoke, ESM_OUTCOME_SUCCESS), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_answer_commit(policy, invoke, ESM_OUTCOME_SUCCESS), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_answer_commit(policy, commit, (enum esm_outcome)0), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_answer_invoke(policy, commit, ESM_OUTCOME_SUCCESS, 0, NULL, 0),
                     ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_answer_invoke(policy, 0, ESM_OUTCOME_SUCCESS, 0, NULL, 0), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_hand_back(policy, 0), ESM_ERR_STALE);
    ck_assert_int_eq(esm_policy_hand_back(policy, invoke + 5), ESM_ERR_STALE);
    ck_assert_ptr_null(esm_policy_get_action(policy, invoke + 5));
    ck_assert_int_eq(esm_policy_answer_invoke(policy, invoke, ESM_OUTCOME_TOO_LARGE, 0, NULL, 0), 0);
    uint64_t deliver = esm_action_get_id(esm_policy_next_action(policy, ESM_ACTION_DELIVER));
    ck_assert_int_eq(esm_policy_answer_deliver(policy, deliver, (enum esm_outcome)0),
                     ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(esm_policy_answer_invoke(policy, deliver, ESM_OUTCOME_SUCCESS, 0, NULL, 0),
                     ESM_ERR_STALE);
    esm_policy_free(policy);
}
END_TEST

START_TEST(actions_tell_what_they_are)
{
    uint32_t lane;
    const uint32_t *indexes = NULL;
    esm_policy *policy = make("retries=0");
    ck_assert_int_eq(esm_policy_add_lane(policy, 3, -1, &lane), 0);
    uint64_t batch = put_batch(policy, lane, 3, 2);
    const esm_action *action = esm_policy_next_action(policy, ESM_ACTION_COMMIT);
    ck_assert_int_eq(esm_action_get_type(action), ESM_ACTION_COMMIT);
    ck_assert_uint_eq(esm_action_get_lane(action), lane);
    ck_assert_int_eq(esm_action_get_offset(action), 3);
    ck_assert_uint_eq(esm_action_get_batch(action), 0);
    ck_assert_uint_eq(esm_action_get_attempt(action), 0);
    ck_assert_int_eq(esm_action_get_reason(action), ESM_REASON_NONE);
    ck_assert_uint_eq(esm_action_get_records(action, NULL), 0);
    action = esm_policy_next_action(policy, ESM_ACTION_INVOKE);
    ck_assert_uint_eq(esm_action_get_batch(action), batch);
    ck_assert_uint_eq(esm_action_get_lane(action), 0);
    ck_assert_int_eq(esm_action_get_offset(action), -1);
    ck_assert_int_eq(esm_action_get_reason(action), ESM_REASON_NONE);
    ck_assert_int_eq(
        esm_policy_answer_invoke(policy, esm_action_get_id(action), ESM_OUTCOME_FAILURE, 0, NULL, 0), 0);
    action = esm_policy_next_action(policy, ESM_ACTION_ALL);
    ck_assert_int_eq(esm_action_get_type(action), ESM_ACTION_DROP);
    ck_assert_uint_eq(esm_action_get_id(action), 0);
    ck_assert_uint_eq(esm_action_get_batch(action), batch);
    ck_assert_uint_eq(esm_action_get_records(action, &indexes), 2);
    ck_assert_uint_eq(indexes[1], 1);
    esm_policy_free(policy);
}
END_TEST

START_TEST(time_never_steps_back)
{
    uint32_t lane;
    esm_policy *policy = make("function=0,0,100");
    ck_assert_int_eq(esm_policy_add_lane(policy, 0, 0, &lane), 0);
    ck_assert_int_eq(esm_policy_set_time(policy, 100, 0), 0);
    ck_assert_int_eq(esm_policy_set_time(policy, 50, 0), 0);
    put_batch(policy, lane, 0, 1);
    ck_assert_int_eq(esm_policy_get_deadline_ms(policy, ESM_ACTION_ALL), 100);
    esm_policy_free(policy);
}
END_TEST

/* Two engines with the same bytes do the same, and leave the same bytes behind. */
START_TEST(a_copied_state_goes_on_alike)
{
    size_t size;
    uint32_t lane;
    esm_policy *first = make("bisect retries=1 seed=3"), *second = make("");
    ck_assert_int_eq(esm_policy_add_lane(first, 0, 0, &lane), 0);
    put_batch(first, lane, 0, 33);
    uint64_t id = esm_action_get_id(esm_policy_next_action(first, ESM_ACTION_ALL));
    ck_assert_int_eq(esm_policy_answer_invoke(first, id, ESM_OUTCOME_FAILURE, 0, NULL, 0), 0);
    const void *state = esm__policy_get_state(first, &size);
    ck_assert_int_eq(esm__policy_set_state(second, state, size), 0);
    for (int64_t now_ms = 0; now_ms < 100000; now_ms += 77) {
        char one[1024], other[1024];
        esm_policy_set_time(first, now_ms, now_ms);
        esm_policy_set_time(second, now_ms, now_ms);
        const esm_action *action = esm_policy_next_action(first, ESM_ACTION_ALL);
        script_print_action(one, sizeof(one), action);
        script_print_action(other, sizeof(other), esm_policy_next_action(second, ESM_ACTION_ALL));
        ck_assert_str_eq(one, other);
        if (action != NULL && esm_action_get_type(action) == ESM_ACTION_INVOKE) {
            id = esm_action_get_id(action);
            enum esm_outcome outcome = now_ms % 5 == 0 ? ESM_OUTCOME_FAILURE : ESM_OUTCOME_SUCCESS;
            ck_assert_int_eq(esm_policy_answer_invoke(first, id, outcome, 0, NULL, 0), 0);
            ck_assert_int_eq(esm_policy_answer_invoke(second, id, outcome, 0, NULL, 0), 0);
        }
        size_t size_of_second;
        state = esm__policy_get_state(first, &size);
        const void *state_of_second = esm__policy_get_state(second, &size_of_second);
        ck_assert_uint_eq(size, size_of_second);
        ck_assert_mem_eq(state, state_of_second, size);
    }
    ck_assert_int_eq(esm_policy_get_position(first, lane), 33);
    esm_policy_free(first);
    esm_policy_free(second);
}
END_TEST

/* The block grows in many small steps, each of which must have had room. */
START_TEST(many_lanes_and_batches_come_and_go)
{
    enum {
        LANES = 400
    };
    uint32_t lanes[LANES];
    esm_policy *policy = make("");
    for (int i = 0; i < LANES; i++) {
        ck_assert_int_eq(esm_policy_add_lane(policy, 0, 0, &lanes[i]), 0);
        if (i % 3 > 0)
            put_batch(policy, lanes[i], 0, 1 + i * 7 % 50);
        if (i % 5 == 4)
            ck_assert_int_eq(esm_policy_revoke(policy, lanes[i]), 0);
    }
    const esm_action *action;
    int commits = 0;
    while ((action = esm_policy_next_action(policy, ESM_ACTION_ALL)) != NULL) {
        uint64_t id = esm_action_get_id(action);
        int is_commit = esm_action_get_type(action) == ESM_ACTION_COMMIT;
        commits += is_commit;
        ck_assert_int_eq(is_commit ? esm_policy_answer_commit(policy, id, ESM_OUTCOME_SUCCESS)
                                   : esm_policy_answer_invoke(policy, id, ESM_OUTCOME_SUCCESS, 0, NULL, 0),
                         0);
    }
    for (int i = 0; i < LANES; i++)
        ck_assert_int_eq(esm_policy_get_position(policy, lanes[i]),
                         i % 5 == 4 ? -1 : (i % 3 > 0 ? 1 + i * 7 % 50 : 0));
    ck_assert_int_eq(commits, 213);
    esm_policy_free(policy);
}
END_TEST

/* However little of the block is free, what grows finds its room: in it, or in a larger one. */
START_TEST(room_is_counted_to_the_byte)
{
    for (uint64_t left = 0; left <= 4096; left += 8)
        for (int call = 0; call < 3; call++) {
            uint32_t lane;
            uint64_t batch;
            esm_policy *policy = make("");
            ck_assert_int_eq(esm_policy_add_lane(policy, 0, 0, &lane), 0);
            ck_assert_int_eq(esm_policy_open_batch(policy, &batch), 0);
            for (int i = 0; i < 32; i++)
                ck_assert_int_eq(esm_policy_add_record(policy, batch, lane, i, 0, NULL), 0);
            if (policy->state->size - policy->state->used > left)
                policy->state->used = policy->state->size - left;
            if (call == 0)
                ck_assert_int_eq(esm_policy_add_lane(policy, 0, 0, &lane), 0);
            else if (call == 1)
                ck_assert_int_eq(esm_policy_open_batch(policy, &batch), 0);
            else
                ck_assert_int_eq(esm_policy_add_record(policy, batch, lane, 32, 0, NULL), 0);
            ck_assert_uint_le(policy->state->used, policy->state->size);
            esm_policy_free(policy);
        }
}
END_TEST

/* Limits that no test can reach by walking there. */
START_TEST(numbers_end_as_want_of_memory)
{
    uint32_t lane;
    uint64_t batch;
    esm_policy *policy = make("");
    ck_assert_int_eq(esm_policy_add_lane(policy, 0, 0, &lane), 0);
    ck_assert_int_eq(esm_policy_open_batch(policy, &batch), 0);
    policy->state->last_lane = UINT32_MAX;
    ck_assert_int_eq(esm_policy_add_lane(policy, 0, 0, &lane), ESM_ERR_NOMEM);
    policy->state->last_lane = 1;
    policy->state->lanes.count = ESM__SLOTS_MAX;
    ck_assert_int_eq(esm_policy_add_lane(policy, 0, 0, &lane), ESM_ERR_NOMEM);
    policy->state->lanes.count = 1;
    struct esm__batch *slot = esm__state_find_batch(policy->state, batch);
    uint32_t capacity = slot->fate.capacity;
    slot->fate.count = slot->fate.capacity = ESM__RECORDS_MAX;
    ck_assert_int_eq(esm_policy_add_record(policy, batch, lane, 0, 0, NULL), ESM_ERR_NOMEM);
    slot->fate.count = 0;
    slot->fate.capacity = capacity;
    struct esm__tracker *tracker = &esm__state_find_lane(policy->state, lane)->tracker;
    struct esm__tracker before = *tracker;
    tracker->capacity = tracker->tail = 1 << 28;
    ck_assert_int_eq(esm_policy_add_record(policy, batch, lane, 0, 0, NULL), ESM_ERR_NOMEM);
    *tracker = before;
    ck_assert_int_eq(esm_policy_add_record(policy, batch, lane, 0, 0, NULL), 0);
    esm_policy_free(policy);
}
END_TEST

START_TEST(commit_failures_stop_counting_at_their_end)
{
    uint32_t lane;
    esm_policy *policy = make("commit=10,10,100");
    ck_assert_int_eq(esm_policy_add_lane(policy, 0, -1, &lane), 0);
    esm__state_find_lane(policy->state, lane)->commit_failures = UINT32_MAX;
    uint64_t id = esm_action_get_id(esm_policy_next_action(policy, ESM_ACTION_COMMIT));
    ck_assert_int_eq(esm_policy_answer_commit(policy, id, ESM_OUTCOME_FAILURE), 0);
    ck_assert_uint_eq(esm__state_find_lane(policy->state, lane)->commit_failures, UINT32_MAX);
    esm_policy_free(policy);
}
END_TEST

static int allocations_left;

static void *scarce_malloc(void *user_data, size_t size)
{
    (void)user_data;
    return allocations_left-- > 0 ? malloc(size) : NULL;
}

static void *scarce_realloc(void *user_data, void *memory, size_t size)
{
    (void)user_data;
    return realloc(memory, size);
}

static void scarce_free(void *user_data, void *memory)
{
    (void)user_data;
    free(memory);
}

START_TEST(nothing_is_left_of_what_could_not_be_made)
{
    esm_allocator *allocator;
    esm_policy_options *options = NULL;
    esm_policy *policy = NULL;
    allocations_left = 1;
    ck_assert_int_eq(esm_allocator_new(&allocator, scarce_malloc, scarce_realloc, scarce_free, NULL, NULL),
                     0);
    ck_assert_int_eq(esm_policy_options_new(allocator, &options), ESM_ERR_NOMEM);
    ck_assert_ptr_null(options);
    allocations_left = 1;
    ck_assert_int_eq(esm_policy_options_new(allocator, &options), 0);
    for (int count = 0; count < 2; count++) {
        allocations_left = count;
        ck_assert_int_eq(esm_policy_new(allocator, &policy, options), ESM_ERR_NOMEM);
        ck_assert_ptr_null(policy);
    }
    allocations_left = 2;
    ck_assert_int_eq(esm_policy_new(allocator, &policy, options), 0);
    ck_assert_int_eq(esm__policy_set_state(policy, policy->state, policy->state->size), ESM_ERR_NOMEM);
    ck_assert_uint_ge(esm_policy_get_memory(policy), sizeof(*policy) + sizeof(*policy->state));
    esm_policy_free(policy);
    esm_policy_options_free(options);
    esm_allocator_unref(allocator);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("policy");
    TCase *tests = tcase_create("scenes");
    read_scenes(read_file("policy.scenes"));
    tcase_add_loop_test(tests, scene, 0, scene_count * SCRIPT_MODES);
    suite_add_tcase(suite, tests);
    tests = tcase_create("calls");
    tcase_add_test(tests, options_are_checked);
    tcase_add_test(tests, defaults_are_those_of_the_header);
    tcase_add_test(tests, an_engine_that_is_not_there_has_nothing);
    tcase_add_test(tests, arguments_are_checked);
    tcase_add_test(tests, actions_tell_what_they_are);
    tcase_add_test(tests, time_never_steps_back);
    tcase_add_test(tests, a_copied_state_goes_on_alike);
    tcase_add_test(tests, many_lanes_and_batches_come_and_go);
    tcase_add_test(tests, room_is_counted_to_the_byte);
    tcase_add_test(tests, numbers_end_as_want_of_memory);
    tcase_add_test(tests, commit_failures_stop_counting_at_their_end);
    tcase_add_test(tests, nothing_is_left_of_what_could_not_be_made);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
