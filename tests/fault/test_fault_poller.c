/* SPDX-License-Identifier: MIT */
/* Memory runs out under a poller: calls say so and change nothing, and what it does by itself it does later.
 */
#include "../unit/unit.h"

#include <dirent.h>
#include <string.h>

#include "../unit/rig.h"
#include "memory.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct rig rig;

static void start(struct memory *memory, int with_destination, const char *const *options)
{
    memset(&rig, 0, sizeof(rig));
    rig.allocator = memory->allocator;
    rig_start(&rig, with_destination, options);
}

/* ---- single calls ---- */

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(directory);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static void make_poller(struct memory *memory)
{
    esm_config *config;
    esm_poller *poller = NULL;
    ck_assert_int_eq(esm_config_new(memory->allocator, &config), 0);
    ck_assert_int_eq(esm_config_set(config, "FunctionName", "f"), 0);
    ck_assert_int_eq(
        esm_config_set(config, "EventSourceArn", "arn:aws:kafka:eu-west-1:123456789012:cluster/c/1-1"), 0);
    size_t live = memory->live;
    size_t descriptors = count_descriptors();
    memory_arm(memory);
    if (memory_check(memory, esm_poller_new(memory->allocator, &poller, config)))
        ck_assert_ptr_null(poller);
    esm_poller_unref(poller);
    ck_assert_uint_eq(memory->live, live);
    ck_assert_uint_eq(count_descriptors(), descriptors);
    esm_config_free(config);
}

static void add_partition(struct memory *memory)
{
    esm_partition *partition = NULL;
    start(memory, 0, OPTIONS("BatchSize", "1"));
    memory_arm(memory);
    if (memory_check(memory, esm_poller_add_partition(rig.poller, "t", 0, 5, 5, &partition))) {
        ck_assert_ptr_null(partition);
        ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_PARTITIONS), 0);
        partition = rig_partition(&rig, 0, 5);
    }
    rig_push_many(partition, 5, 5);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [5] #1\n");
    rig_stop(&rig);
}

static void begin(struct memory *memory)
{
    start(memory, 0, OPTIONS("BatchSize", "1"));
    memory_arm(memory);
    if (memory_check(memory, esm_poller_dispatch(rig.poller, 0))) {
        ck_assert_int_eq(esm_poller_get_state(rig.poller), ESM_POLLER_NEW);
        ck_assert_int_eq(esm_poller_dispatch(rig.poller, 0), 0);
    }
    ck_assert_int_eq(esm_poller_get_state(rig.poller), ESM_POLLER_RUNNING);
    rig_stop(&rig);
}

static void push(struct memory *memory)
{
    start(memory, 0, OPTIONS("BatchSize", "40"));
    esm_partition *partition = rig_partition(&rig, 0, 0);
    memory_arm(memory);
    for (int64_t offset = 0; offset < 40; offset++) {
        int error = rig_push(partition, offset, "value");
        if (memory->was_hit && memory->is_armed) {
            ck_assert_int_eq(error, ESM_ERR_NOMEM);
            ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_POLLED), offset);
            ck_assert_uint_eq(esm_partition_get_wanted(partition, NULL), (size_t)(40 - offset));
            memory_heal(memory);
            error = rig_push(partition, offset, "value");
        }
        ck_assert_int_eq(error, 0);
    }
    memory_heal(memory);
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [0-39] #1\n");
    rig_stop(&rig);
}

static void set_metadata(struct memory *memory)
{
    start(memory, 0, NULL);
    esm_partition *partition = NULL;
    ck_assert_int_eq(esm_poller_add_partition(rig.poller, "t", 0, 5, -1, &partition), 0);
    ck_assert_int_eq(esm_partition_set_metadata(partition, "old"), 0);
    memory_arm(memory);
    int failed = memory_check(memory, esm_partition_set_metadata(partition, "new"));
    rig_turn(&rig);
    rig_expect(&rig, failed ? "commit t-0 5 old\n" : "commit t-0 5 new\n");
    rig_stop(&rig);
}

static void count(void *user_data)
{
    ++*(int *)user_data;
}

static void ignore(void *user_data, uint32_t events)
{
    (void)user_data;
    (void)events;
}

static void post_and_watch(struct memory *memory)
{
    int posts = 0;
    int timers = 0;
    esm_timer *timer = NULL;
    esm_watch *watch = NULL;
    start(memory, 0, NULL);
    size_t descriptors = count_descriptors();
    int fd = esm_poller_get_fd(rig.poller); /* any that epoll can watch */
    esm_poller *other;
    ck_assert_int_eq(esm_poller_new(NULL, &other, rig.config), 0);
    memory_arm(memory);
    int error = esm_poller_post(rig.poller, count, &posts);
    int was_posted = error == 0;
    if (error == 0)
        error = esm_poller_add_timer(rig.poller, count, &timers, &timer);
    ck_assert_int_eq(timer != NULL, was_posted && error == 0);
    if (error == 0)
        error =
            esm_poller_add_watch(rig.poller, esm_poller_get_fd(other), ESM_WATCH_READ, ignore, NULL, &watch);
    ck_assert_int_eq(watch != NULL, error == 0);
    memory_check(memory, error);
    esm_timer_set(timer, rig.monotonic_ms);
    rig_turn(&rig);
    ck_assert_int_eq(posts, was_posted);
    ck_assert_int_eq(timers, timer != NULL);
    esm_watch_free(watch);
    esm_timer_free(timer);
    esm_poller_unref(other);
    ck_assert_uint_eq(count_descriptors(), descriptors);
    ck_assert_int_ge(fd, 0);
    rig_stop(&rig);
}

static const char one_failed[] =
    "{\"batchItemFailures\":[{\"itemIdentifier\":{\"partition\":\"t-0\",\"offset\":1}}]}";

static void answer_token(struct memory *memory)
{
    size_t size;
    start(memory, 0,
          OPTIONS("BatchSize", "2", "FunctionResponseTypes", "ReportBatchItemFailures", "backoff.function_ms",
                  "0"));
    rig_push_many(rig_partition(&rig, 0, 0), 0, 1);
    rig_turn(&rig);
    memory_arm(memory);
    const char *event = esm_invocation_get_event(rig.held[0], &size);
    ck_assert_int_eq(event == NULL, memory->was_hit);
    int error = event == NULL ? ESM_ERR_NOMEM
                              : esm_invocation_complete(rig.held[0], ESM_OUTCOME_SUCCESS, one_failed,
                                                        strlen(one_failed));
    if (memory_check(memory, error)) {
        event = esm_invocation_get_event(rig.held[0], &size);
        ck_assert_uint_eq(strlen(event), size);
        ck_assert_int_eq(
            esm_invocation_complete(rig.held[0], ESM_OUTCOME_SUCCESS, one_failed, strlen(one_failed)), 0);
    }
    rig_turn(&rig);
    rig_expect(&rig, "invoke t-0 [0-1] #1\ninvoke t-0 [1] #1\n");
    rig_stop(&rig);
}

static void write_documents(struct memory *memory)
{
    const char *text;
    size_t size;
    memset(&rig, 0, sizeof(rig));
    rig.allocator = memory->allocator;
    rig.answer = rig_fail;
    rig_start(&rig, 1, OPTIONS("BatchSize", "1", "MaximumRetryAttempts", "0"));
    rig.delivery = 0;
    rig_push_many(rig_partition(&rig, 0, 0), 0, 0);
    rig_turn(&rig);
    memory_arm(memory);
    int error = 0;
    for (enum esm_document form = ESM_DOCUMENT_BATCH; error == 0 && form <= ESM_DOCUMENT_RECORD; form++)
        error = esm_delivery_write_document(rig.delivery_held, form, 0, &text, &size);
    memory_check(memory, error);
    for (enum esm_document form = ESM_DOCUMENT_BATCH; form <= ESM_DOCUMENT_RECORD; form++) {
        ck_assert_int_eq(esm_delivery_write_document(rig.delivery_held, form, 0, &text, &size), 0);
        ck_assert_uint_eq(strlen(text), size);
    }
    rig_stop(&rig);
}

/* ---- whole histories ---- */

enum {
    RECORDS = 16,
    ROUNDS = 4000
};

static struct history {
    int with_destination;
    enum esm_outcome (*answer)(struct rig *rig, esm_invocation *invocation);
    const char *response; /* to the first invocation */
    const char *options[12];
} histories[] = {
    {0, NULL, NULL, {"BatchSize", "4"}},
    {0, NULL, one_failed, {"BatchSize", "4", "FunctionResponseTypes", "ReportBatchItemFailures"}},
    {1,
     rig_poison,
     NULL,
     {"BatchSize", "8", "BisectBatchOnFunctionError", "true", "MaximumRetryAttempts", "1"}},
    {1, rig_fail, NULL, {"BatchSize", "4", "MaximumRetryAttempts", "1", "commit.before_next", "true"}},
    {0, rig_fail, NULL, {"BatchSize", "4", "MaximumRetryAttempts", "0", "commit.interval_ms", "0"}},
};
static const struct history *history;
static char reference[sizeof(rig.text)];

/* The invocation that waits is answered, as often as it takes. */
static void answer_held(void)
{
    const char *response =
        esm_poller_get_counter(rig.poller, ESM_COUNTER_INVOCATIONS) == 1 ? history->response : NULL;
    while (rig.held_count > 0) {
        int error = esm_invocation_complete(rig.held[0], ESM_OUTCOME_SUCCESS, response,
                                            response == NULL ? 0 : strlen(response));
        if (error == ESM_ERR_NOMEM)
            return;
        ck_assert_int_eq(error, 0);
        esm_invocation_unref(rig.held[0]);
        rig.held_count = 0;
    }
}

/* All records of a partition through one poller. After three seconds memory is back. */
static void run_history(struct memory *memory)
{
    memset(&rig, 0, sizeof(rig));
    rig.allocator = memory->allocator;
    rig.answer = history->answer;
    rig.poison = 5;
    rig.quiet_commits = 1;
    rig_start(&rig, history->with_destination, history->options);
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_PARTITIONS), 0);
    esm_partition *partition = rig_partition(&rig, 0, 0);
    int64_t next = 0;
    int rounds = 0;
    memory_arm(memory);
    for (; rig.committed[0] < RECORDS; rounds++) {
        ck_assert_int_lt(rounds, ROUNDS);
        if (rounds == 60)
            memory_heal(memory);
        int error = 0;
        while (next < RECORDS && (error = rig_push(partition, next, "value")) == 0)
            next++;
        ck_assert(error == 0 || error == ESM_ERR_FULL || (error == ESM_ERR_NOMEM && memory->is_armed));
        rig_turn(&rig);
        answer_held();
        rig_advance(&rig, 50);
    }
    ck_assert_int_eq(esm_partition_get_position(partition), RECORDS);
    ck_assert_int_eq(esm_poller_get_counter(rig.poller, ESM_COUNTER_IN_FLIGHT), 0);
}

static void compare_history(struct memory *memory)
{
    run_history(memory);
    rig_expect(&rig, reference);
    rig_stop(&rig);
}

START_TEST(history_is_that_of_a_run_with_memory)
{
    struct memory memory = {.nth = 0};
    history = &histories[_i];
    memory_make(&memory);
    run_history(&memory);
    strcpy(reference, rig.text);
    ck_assert_uint_gt(strlen(reference), 20);
    rig_stop(&rig);
    memory_free(&memory);
    memory_each(compare_history);
}
END_TEST

static void (*const scenarios[])(struct memory *) = {
    make_poller, add_partition, begin, push, set_metadata, post_and_watch, answer_token, write_documents,
};

START_TEST(call_says_that_there_is_no_memory)
{
    memory_each(scenarios[_i]);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("fault_poller");
    TCase *tcase = tcase_create("all");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, call_says_that_there_is_no_memory, 0,
                        sizeof(scenarios) / sizeof(scenarios[0]));
    tcase_add_loop_test(tcase, history_is_that_of_a_run_with_memory, 0,
                        sizeof(histories) / sizeof(histories[0]));
    suite_add_tcase(all, tcase);
    return all;
}

UNIT_MAIN
