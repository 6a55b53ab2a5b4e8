/* SPDX-License-Identifier: MIT */
/*
 * The policy engine alone, with libesm-policy and nothing else: it says what to do, this program does it. A
 * function that fails on record 2 gets a batch of four; bisection finds the culprit, and the records around
 * it succeed in order. There is no Kafka, no thread and no clock here: time is a number that this program
 * counts up.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <esm/policy.h>

#define RECORDS 4
#define POISON  2

static void must(int error)
{
    if (error) {
        fprintf(stderr, "policy-alone: %s\n", esm_strerror(error));
        exit(EXIT_FAILURE);
    }
}

static esm_policy *new_policy(void)
{
    esm_policy *policy;
    esm_policy_options *options;
    must(esm_policy_options_new(NULL, &options));
    must(esm_policy_options_set_bisect(options, 1));
    must(esm_policy_options_set_max_retries(options, 0));
    must(esm_policy_new(NULL, &policy, options));
    esm_policy_options_free(options);
    return policy;
}

static void fill_batch(esm_policy *policy)
{
    uint32_t lane;
    uint64_t batch;
    must(esm_policy_add_lane(policy, 0, 0, &lane));
    must(esm_policy_open_batch(policy, &batch));
    for (int64_t offset = 0; offset < RECORDS; offset++)
        must(esm_policy_add_record(policy, batch, lane, offset, 0, NULL));
    must(esm_policy_close_batch(policy, batch));
}

static void print_records(const char *what, const uint32_t *indexes, size_t count)
{
    if (count == 1)
        printf("%s [%" PRIu32 "]\n", what, indexes[0]);
    else
        printf("%s [%" PRIu32 "-%" PRIu32 "]\n", what, indexes[0], indexes[count - 1]);
}

/* The function: it fails if the poisonous record is among these. */
static enum esm_outcome call_function(const uint32_t *indexes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (indexes[i] == POISON)
            return ESM_OUTCOME_FAILURE;
    return ESM_OUTCOME_SUCCESS;
}

static void do_action(esm_policy *policy, const esm_action *action)
{
    const uint32_t *indexes;
    size_t count = esm_action_get_records(action, &indexes);
    uint64_t id = esm_action_get_id(action);
    switch (esm_action_get_type(action)) {
    case ESM_ACTION_INVOKE:
        print_records("invoke", indexes, count);
        must(esm_policy_answer_invoke(policy, id, call_function(indexes, count), 0, NULL, 0));
        break;
    case ESM_ACTION_DROP: /* with a destination it would be a DELIVER */
        print_records("drop", indexes, count);
        break;
    case ESM_ACTION_COMMIT:
        printf("commit %" PRId64 "\n", esm_action_get_offset(action));
        must(esm_policy_answer_commit(policy, id, ESM_OUTCOME_SUCCESS));
        break;
    default: must(ESM_ERR_UNSUPPORTED);
    }
}

int main(void)
{
    esm_policy *policy = new_policy();
    int64_t now_ms = 0;
    fill_batch(policy);
    do {
        const esm_action *action;
        must(esm_policy_set_time(policy, now_ms, now_ms));
        while ((action = esm_policy_next_action(policy, ESM_ACTION_ALL)) != NULL)
            do_action(policy, action);
        now_ms = esm_policy_get_deadline_ms(policy, ESM_ACTION_ALL); /* a real driver sleeps until then */
    } while (now_ms != ESM_NEVER);
    esm_policy_free(policy);
    return EXIT_SUCCESS;
}
