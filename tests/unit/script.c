/* SPDX-License-Identifier: MIT */
#include "script.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <esm/backoff.h>
#include "policy/state.h"

enum {
    MAX_BATCHES = 64,
    MAX_RECORDS = 256,
    MAX_LANES = 26,
    MAX_WORDS = 32,
    MAX_TEXT = 1024
};

struct script {
    enum script_mode mode;
    esm_allocator *allocator;
    esm_policy *policy;
    int64_t monotonic_ms, wall_ms;
    uint32_t allowed;
    int64_t offsets[MAX_BATCHES][MAX_RECORDS];
    uint32_t counts[MAX_BATCHES];
    uint64_t of_batch[MAX_BATCHES], of_lane[MAX_LANES]; /* the actions that were taken last */
    uint64_t latest;
    uint64_t key; /* the first offset of what was answered last */
    int fails;    /* allocations: SCRIPT_NO_MEMORY */
    char *message;
    size_t size;
};

/* ---- words ---- */

static const char *const outcome_words[] = {
    [ESM_OUTCOME_SUCCESS] = "ok",
    [ESM_OUTCOME_FAILURE] = "fail",
    [ESM_OUTCOME_PARTIAL] = "partial",
    [ESM_OUTCOME_THROTTLED] = "throttle",
    [ESM_OUTCOME_UNAVAILABLE] = "unavailable",
    [ESM_OUTCOME_AMBIGUOUS] = "timeout",
    [ESM_OUTCOME_TOO_LARGE] = "too-large",
    [ESM_OUTCOME_HELD] = "hold",
};
static const char *const type_words[] = {
    [ESM_ACTION_INVOKE] = "INVOKE",
    [ESM_ACTION_DELIVER] = "DELIVER",
    [ESM_ACTION_DROP] = "DROP",
    [ESM_ACTION_COMMIT] = "COMMIT",
};
static const char *const reason_words[] = {
    [ESM_REASON_RETRIES] = "RETRIES", [ESM_REASON_AGE] = "AGE", [ESM_REASON_TOO_LARGE] = "TOO_LARGE"};
static const char *const backoff_words[] = {[ESM_BACKOFF_FUNCTION] = "FUNCTION",
                                            [ESM_BACKOFF_SERVICE] = "SERVICE",
                                            [ESM_BACKOFF_HOLD] = "HOLD",
                                            [ESM_BACKOFF_DELIVERY] = "DELIVERY",
                                            [ESM_BACKOFF_COMMIT] = "COMMIT"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The index of a word; 0: it is not there. */
static size_t look_up(const char *const *words, size_t count, const char *word)
{
    for (size_t i = 1; i < count; i++)
        if (words[i] != NULL && strcmp(words[i], word) == 0)
            return i;
    return 0;
}

const char *script_outcome_word(enum esm_outcome outcome)
{
    return outcome_words[outcome];
}

static int complain(struct script *script, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(script->message, script->size, format, arguments);
    va_end(arguments);
    return -1;
}

/* ---- options ---- */

static int set_backoff(esm_policy_options *options, const char *name, const char *value)
{
    char upper[16] = "";
    long long first_ms, max_ms;
    unsigned factor;
    for (size_t i = 0; name[i] != '\0' && i + 1 < sizeof(upper); i++)
        upper[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]);
    size_t kind = look_up(backoff_words, COUNT(backoff_words), upper);
    if (kind == 0 || sscanf(value, "%lld,%lld,%u", &first_ms, &max_ms, &factor) != 3)
        return -1;
    return esm_policy_options_set_backoff(options, (enum esm_backoff_kind)kind, first_ms, max_ms, factor);
}

static int set_option(esm_policy_options *options, char *word, int *destination, int32_t *deliveries)
{
    char *value = strchr(word, '=');
    if (value != NULL)
        *value++ = '\0';
    long long number = value == NULL ? 0 : atoll(value);
    if (strcmp(word, "retries") == 0)
        return esm_policy_options_set_max_retries(options, (int32_t)number);
    if (strcmp(word, "age") == 0)
        return esm_policy_options_set_max_record_age_ms(options, number);
    if (strcmp(word, "seed") == 0)
        return esm_policy_options_set_jitter_seed(options, (uint64_t)number);
    if (strcmp(word, "bisect") == 0)
        return esm_policy_options_set_bisect(options, 1);
    if (strcmp(word, "partial") == 0)
        return esm_policy_options_set_partial_response(options, ESM_PARTIAL_RESPONSE_EXACT);
    if (strcmp(word, "checkpoint") == 0)
        return esm_policy_options_set_partial_response(options, ESM_PARTIAL_RESPONSE_CHECKPOINT);
    if (strcmp(word, "timeouts") == 0)
        return esm_policy_options_set_count_timeouts(options, 1);
    if (strcmp(word, "parallel") == 0)
        return esm_policy_options_set_parallel_batches(options, 1);
    if (strcmp(word, "destination") == 0)
        *destination = 1;
    else if (strcmp(word, "deliveries") == 0)
        *deliveries = (int32_t)number;
    else
        return value == NULL ? -1 : set_backoff(options, word, value);
    return esm_policy_options_set_delivery(options, *destination, *deliveries);
}

int script_make_options(esm_allocator *allocator, const char *words, esm_policy_options **ret)
{
    char text[MAX_TEXT], *rest = text, *word;
    int destination = 0;
    int32_t deliveries = -1;
    esm_policy_options *options;
    if (esm_policy_options_new(allocator, &options) != 0)
        return -1;
    snprintf(text, sizeof(text), "%s", words);
    while ((word = strtok_r(rest, " ", &rest)) != NULL)
        if (set_option(options, word, &destination, &deliveries) != 0) {
            esm_policy_options_free(options);
            return -1;
        }
    *ret = options;
    return 0;
}

/* ---- actions as text ---- */

static void append(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

void script_print_action(char *text, size_t size, const esm_action *action)
{
    const uint32_t *indexes;
    text[0] = '\0';
    if (action == NULL) {
        append(text, size, "nothing");
        return;
    }
    size_t count = esm_action_get_records(action, &indexes);
    append(text, size, "%s", type_words[esm_action_get_type(action)]);
    if (esm_action_get_type(action) == ESM_ACTION_COMMIT) {
        append(text, size, " %c %" PRId64, (char)('A' + esm_action_get_lane(action) - 1),
               esm_action_get_offset(action));
        return;
    }
    append(text, size, " b%" PRIu64 " ", esm_action_get_batch(action));
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && indexes[end] == indexes[end - 1] + 1;)
            end++;
        append(text, size, end == i + 1 ? "%c%u" : "%c%u-%u", i == 0 ? '[' : ',', indexes[i],
               indexes[end - 1]);
    }
    append(text, size, "]");
    if (esm_action_get_reason(action) != ESM_REASON_NONE)
        append(text, size, " %s", reason_words[esm_action_get_reason(action)]);
    append(text, size, " #%u", esm_action_get_attempt(action));
}

/* Whether the words of one text stand in the other in the same order, the first as the first. */
static int is_part(const char *expected, const char *actual)
{
    char want[MAX_TEXT], have[MAX_TEXT], *rest_want = want, *rest_have = have, *word, *next;
    snprintf(want, sizeof(want), "%s", expected);
    snprintf(have, sizeof(have), "%s", actual);
    word = strtok_r(rest_want, " ", &rest_want);
    next = strtok_r(rest_have, " ", &rest_have);
    if (word == NULL || next == NULL || strcmp(word, next) != 0)
        return 0;
    while ((word = strtok_r(rest_want, " ", &rest_want)) != NULL) {
        do
            next = strtok_r(rest_have, " ", &rest_have);
        while (next != NULL && strcmp(word, next) != 0);
        if (next == NULL)
            return 0;
    }
    return 1;
}

/* ---- expectations ---- */

static int expect_action(struct script *script, const char *expected)
{
    char actual[MAX_TEXT], again[MAX_TEXT];
    const esm_action *action = esm_policy_next_action(script->policy, script->allowed);
    script_print_action(actual, sizeof(actual), action);
    if (!is_part(expected, actual))
        return complain(script, "next is %s", actual);
    if (action == NULL || esm_action_get_id(action) == 0)
        return 0;
    int is_commit = esm_action_get_type(action) == ESM_ACTION_COMMIT;
    if (script->mode == SCRIPT_HAND_BACK && (!is_commit || script->policy->state->lanes.count == 1)) {
        uint64_t id = esm_action_get_id(action);
        if (esm_policy_hand_back(script->policy, id) != 0 ||
            esm_policy_hand_back(script->policy, id) != ESM_ERR_STALE)
            return complain(script, "cannot be handed back, or twice");
        action = esm_policy_next_action(script->policy, script->allowed);
        script_print_action(again, sizeof(again), action);
        if (strcmp(actual, again) != 0)
            return complain(script, "after it was handed back next is %s", again);
    }
    script->latest = esm_action_get_id(action);
    script_print_action(again, sizeof(again), esm_policy_get_action(script->policy, script->latest));
    if (strcmp(actual, again) != 0)
        return complain(script, "looked up it is %s", again);
    if (is_commit)
        script->of_lane[esm_action_get_lane(action) - 1] = script->latest;
    else
        script->of_batch[esm_action_get_batch(action)] = script->latest;
    return 0;
}

static int expect_number(struct script *script, int64_t expected, int64_t actual)
{
    return expected == actual ? 0 : complain(script, "it is %" PRId64, actual);
}

static int expect_wait(struct script *script, char **words, int count)
{
    size_t kind = look_up(backoff_words, COUNT(backoff_words), words[0]);
    int64_t wait_ms = atoll(words[0]);
    if (kind != 0 && count == 2)
        wait_ms = esm__rules_backoff_ms(&script->policy->state->rules, (enum esm_backoff_kind)kind,
                                        (uint32_t)atoi(words[1]), script->key);
    int64_t deadline_ms = esm_policy_get_deadline_ms(script->policy, script->allowed);
    if (deadline_ms - script->monotonic_ms != wait_ms)
        return complain(script, "the wait is %" PRId64 ", not %" PRId64, deadline_ms - script->monotonic_ms,
                        wait_ms);
    script->monotonic_ms += wait_ms;
    script->wall_ms += wait_ms;
    return esm_policy_set_time(script->policy, script->monotonic_ms, script->wall_ms);
}

/* ---- calls that may allocate ---- */

struct snapshot {
    void *block;
    size_t size;
};

static struct snapshot take_snapshot(const struct script *script)
{
    struct snapshot snapshot;
    const void *block = esm__policy_get_state(script->policy, &snapshot.size);
    snapshot.block = malloc(snapshot.size);
    memcpy(snapshot.block, block, snapshot.size);
    return snapshot;
}

/* Whether nothing has changed since; the snapshot is gone. */
static int is_unchanged(const struct script *script, struct snapshot *snapshot)
{
    size_t size;
    const void *block = esm__policy_get_state(script->policy, &size);
    int same = size == snapshot->size && memcmp(block, snapshot->block, size) == 0;
    free(snapshot->block);
    return same;
}

static struct snapshot refuse_memory(struct script *script)
{
    script->fails = script->mode == SCRIPT_NO_MEMORY;
    return take_snapshot(script);
}

/* Whether a call came to grief for want of memory alone, and is to be made again. */
static int was_refused(struct script *script, struct snapshot *snapshot, int error)
{
    int refused = script->mode == SCRIPT_NO_MEMORY && script->fails == 0;
    int same = is_unchanged(script, snapshot);
    script->fails = 0;
    if (error != 0 && !same)
        complain(script, "an error has changed the state");
    return refused && error == ESM_ERR_NOMEM && same;
}

static int add_lane(struct script *script, int64_t start, int64_t committed)
{
    uint32_t lane;
    struct snapshot before = refuse_memory(script);
    int error = esm_policy_add_lane(script->policy, start, committed, &lane);
    if (was_refused(script, &before, error))
        error = esm_policy_add_lane(script->policy, start, committed, &lane);
    return error;
}

static int open_batch(struct script *script, uint64_t *ret_batch)
{
    struct snapshot before = refuse_memory(script);
    int error = esm_policy_open_batch(script->policy, ret_batch);
    if (was_refused(script, &before, error))
        error = esm_policy_open_batch(script->policy, ret_batch);
    return error;
}

static int add_record(struct script *script, uint64_t batch, uint32_t lane, int64_t offset,
                      int64_t timestamp_ms)
{
    uint32_t index;
    struct snapshot before = refuse_memory(script);
    int error = esm_policy_add_record(script->policy, batch, lane, offset, timestamp_ms, &index);
    if (was_refused(script, &before, error))
        error = esm_policy_add_record(script->policy, batch, lane, offset, timestamp_ms, &index);
    if (error != 0)
        return error;
    if (index != script->counts[batch])
        return complain(script, "the index is %u", index);
    script->offsets[batch][script->counts[batch]++] = offset;
    return 0;
}

/* ---- calls: 0, an error of the library, or a complaint, which leaves a message ---- */

static int add_records(struct script *script, uint64_t batch, char **words, int count)
{
    for (int i = 0; i < count; i++) {
        char *word = words[i];
        uint32_t lane = *word >= 'A' && *word <= 'Z' ? (uint32_t)(*word++ - 'A' + 1) : 1;
        long long from = 0, to = 0, timestamp = script->wall_ms;
        if (sscanf(word, "%lld-%lld", &from, &to) < 2)
            to = from;
        const char *at = strchr(word, '@');
        if (at != NULL)
            timestamp = atoll(at + 1);
        for (long long offset = from; offset <= to; offset++) {
            int error = add_record(script, batch, lane, offset, timestamp);
            if (error != 0)
                return error;
        }
    }
    return 0;
}

static int put_batch(struct script *script, char **words, int count)
{
    uint64_t batch;
    int error = open_batch(script, &batch);
    if (error == 0)
        error = add_records(script, batch, words, count);
    return error != 0 ? error : esm_policy_close_batch(script->policy, batch);
}

/* Remembers by what the jitter of the answer's wait is made: the first offset that is left of the set. */
static void note_key(struct script *script, uint64_t id)
{
    const uint32_t *indexes;
    const esm_action *action = esm_policy_get_action(script->policy, id);
    if (action == NULL)
        return;
    if (esm_action_get_type(action) == ESM_ACTION_COMMIT) {
        script->key = (uint64_t)esm_action_get_offset(action);
    } else {
        esm_action_get_records(action, &indexes);
        script->key = (uint64_t)script->offsets[esm_action_get_batch(action)][indexes[0]];
    }
}

static int answer(struct script *script, uint64_t id, char **words, int count)
{
    uint32_t failed[MAX_WORDS];
    size_t failed_count = 0;
    int64_t retry_after_ms = 0;
    enum esm_outcome outcome = (enum esm_outcome)look_up(outcome_words, COUNT(outcome_words), words[0]);
    const esm_action *action = esm_policy_get_action(script->policy, id);
    if (strcmp(words[0], "handback") == 0)
        return esm_policy_hand_back(script->policy, id);
    if (outcome == 0)
        return complain(script, "no such word: %s", words[0]);
    note_key(script, id);
    for (int i = 1; i < count && outcome == ESM_OUTCOME_PARTIAL; i++)
        failed[failed_count++] = (uint32_t)atoi(words[i]);
    if (outcome != ESM_OUTCOME_PARTIAL && count > 1)
        retry_after_ms = atoll(words[1]);
    if (action != NULL && esm_action_get_type(action) == ESM_ACTION_COMMIT)
        return esm_policy_answer_commit(script->policy, id, outcome);
    if (action != NULL && esm_action_get_type(action) == ESM_ACTION_DELIVER)
        return esm_policy_answer_deliver(script->policy, id, outcome);
    return esm_policy_answer_invoke(script->policy, id, outcome, retry_after_ms,
                                    failed_count > 0 ? failed : NULL, failed_count);
}

static uint64_t batch_named(const char *word)
{
    return word != NULL && word[0] == 'b' ? strtoull(word + 1, NULL, 10) % MAX_BATCHES : 0;
}

static uint32_t lane_named(const char *word)
{
    return word != NULL && *word >= 'A' && *word <= 'Z' ? (uint32_t)(*word - 'A' + 1) : 0;
}

static int call(struct script *script, char **words, int count)
{
    esm_policy *policy = script->policy;
    const char *verb = words[0];
    int64_t number = count > 1 ? atoll(words[count - 1]) : 0;
    uint32_t lane = lane_named(count > 1 ? words[1] : NULL);
    uint64_t batch = batch_named(count > 1 ? words[1] : NULL);
    if (strcmp(verb, "lane") == 0)
        return add_lane(script, atoll(words[1]), count > 2 ? number : atoll(words[1]));
    if (strcmp(verb, "records") == 0)
        return put_batch(script, words + 1, count - 1);
    if (strcmp(verb, "open") == 0)
        return open_batch(script, &batch);
    if (strcmp(verb, "add") == 0)
        return add_records(script, batch, words + 2, count - 2);
    if (strcmp(verb, "close") == 0)
        return esm_policy_close_batch(policy, batch);
    if (strcmp(verb, "complete") == 0)
        return esm_policy_complete(policy, lane, number);
    if (strcmp(verb, "skip") == 0)
        return esm_policy_skip_to(policy, lane, number);
    if (strcmp(verb, "drain") == 0)
        return esm_policy_drain(policy, lane);
    if (strcmp(verb, "revoke") == 0)
        return esm_policy_revoke(policy, lane);
    if (strcmp(verb, "drained") == 0)
        return expect_number(script, number, esm_policy_is_drained(policy, lane));
    if (strcmp(verb, "position") == 0)
        return expect_number(script, number, esm_policy_get_position(policy, lane));
    if (strcmp(verb, "left") == 0)
        return expect_number(script, number, (int64_t)esm_policy_get_open_records(policy, batch));
    if (strcmp(verb, "failed") == 0)
        return expect_number(script, number, esm_policy_has_failed(policy, batch));
    if (strcmp(verb, "deadline") == 0)
        return expect_number(script, strcmp(words[1], "never") == 0 ? ESM_NEVER : number,
                             esm_policy_get_deadline_ms(policy, script->allowed));
    if (strcmp(verb, "wait") == 0)
        return expect_wait(script, words + 1, count - 1);
    if (strcmp(verb, "time") == 0 || strcmp(verb, "wall") == 0) {
        script->wall_ms = number;
        if (strcmp(verb, "time") == 0)
            script->monotonic_ms = number;
        return esm_policy_set_time(policy, script->monotonic_ms, script->wall_ms);
    }
    if (strcmp(verb, "allow") == 0) {
        script->allowed = 0;
        for (int i = 1; i < count; i++)
            script->allowed |= (uint32_t)look_up(type_words, COUNT(type_words), words[i]);
        return 0;
    }
    if (strchr(verb, ':') != NULL && count > 1) {
        uint64_t id =
            *verb == 'b' ? script->of_batch[batch_named(verb)] : script->of_lane[lane_named(verb) - 1];
        return answer(script, id, words + 1, count - 1);
    }
    return answer(script, script->latest, words, count);
}

/* ---- running ---- */

static int expect_error(struct script *script, char **words, int count)
{
    char expected[64];
    struct snapshot before = take_snapshot(script);
    snprintf(expected, sizeof(expected), "ESM_ERR_%s", words[0]);
    int error = call(script, words + 1, count - 1);
    int same = is_unchanged(script, &before);
    if (strcmp(esm_error_name(error), expected) != 0)
        return complain(script, "it ends with %s", esm_error_name(error));
    return same ? 0 : complain(script, "it has changed the state");
}

static int expect_success(struct script *script, char **words, int count)
{
    int error = call(script, words, count);
    if (error >= 0 || script->message[0] != '\0')
        return error;
    return complain(script, "it ends with %s", esm_error_name(error));
}

static int run_line(struct script *script, char *line)
{
    char *words[MAX_WORDS], *rest = line, *word;
    int count = 0;
    if (line[0] == '>')
        return expect_action(script, line + 1);
    while (count < MAX_WORDS && (word = strtok_r(rest, " ", &rest)) != NULL)
        words[count++] = word;
    if (count == 0)
        return 0;
    script->message[0] = '\0';
    if (strcmp(words[0], "!") == 0)
        return count < 3 ? complain(script, "an error and a call")
                         : expect_error(script, words + 1, count - 1);
    return expect_success(script, words, count);
}

static int move_state(struct script *script)
{
    size_t size;
    const void *state = esm__policy_get_state(script->policy, &size);
    return esm__policy_set_state(script->policy, state, size);
}

static int run_lines(struct script *script, const char *scene)
{
    const char *at = scene + strspn(scene, " \n");
    if (strncmp(at, "lane", 4) != 0 && add_lane(script, 0, 0) != 0)
        return complain(script, "no lane");
    for (int number = 1; *scene != '\0'; number++) {
        char line[MAX_TEXT], copy[MAX_TEXT], what[MAX_TEXT];
        size_t length = strcspn(scene, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)length, scene);
        memcpy(copy, line, sizeof(copy));
        scene += length + (scene[length] == '\n');
        if (script->mode == SCRIPT_MOVED)
            move_state(script);
        script->message[0] = '\0';
        if (run_line(script, line + strspn(line, " ")) != 0) {
            snprintf(what, sizeof(what), "%s", script->message);
            return complain(script, "line %d: \"%s\": %s", number, copy, what);
        }
    }
    return 0;
}

static void *take_memory(void *user_data, size_t size)
{
    struct script *script = user_data;
    if (script->fails > 0) {
        script->fails--;
        return NULL;
    }
    return malloc(size);
}

static void *resize_memory(void *user_data, void *memory, size_t size)
{
    (void)user_data;
    return realloc(memory, size);
}

static void free_memory(void *user_data, void *memory)
{
    (void)user_data;
    free(memory);
}

int script_run(const char *options_words, const char *scene, enum script_mode mode, char *message,
               size_t size)
{
    struct script script = {.mode = mode, .allowed = ESM_ACTION_ALL, .message = message, .size = size};
    esm_policy_options *options = NULL;
    if (esm_allocator_new(&script.allocator, take_memory, resize_memory, free_memory, &script, NULL) != 0 ||
        script_make_options(script.allocator, options_words, &options) != 0 ||
        esm_policy_new(script.allocator, &script.policy, options) != 0)
        return complain(&script, "no engine with these options: %s", options_words);
    message[0] = '\0';
    int result = run_lines(&script, scene);
    esm_policy_free(script.policy);
    esm_policy_options_free(options);
    esm_allocator_unref(script.allocator);
    return result;
}
