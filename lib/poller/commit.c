/* SPDX-License-Identifier: MIT */
/*
 * Commits: one request at a time, made when it is sent from what the partitions have then, at most commit.interval_ms
 * after something moved; at once where the next batch or a partition's end waits for it.
 */
#include "poller/inside.h"

#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"

int esm__commit_is_behind(const esm_partition *partition)
{
    const struct esm__batch *next = partition->closed;
    return partition->poller->settings.commit_before_next && next != NULL && !next->is_started &&
           esm_partition_get_position(partition) != partition->committed;
}

/* Sees to it that the next request goes out in time. */
static void schedule(esm_poller *poller)
{
    if (poller->commit_out != NULL || poller->queues[ESM__QUEUE_COMMIT].count == 0)
        return; /* the answer calls again */
    int64_t wait = poller->commit_is_urgent ? 0 : poller->settings.commit_interval_ms;
    int64_t due = esm__add_ms(poller->monotonic_ms, wait);
    if (due < poller->commit_timer.due_ms)
        esm__timer_set(&poller->timers, &poller->commit_timer, due);
}

void esm__commit_want(esm_partition *partition)
{
    esm_poller *poller = partition->poller;
    if (partition->is_ended || esm_partition_get_position(partition) == partition->committed)
        return;
    if (partition->is_draining && partition->drain_deadline <= poller->monotonic_ms)
        return; /* lost, or out of time */
    if (partition->is_draining || partition->committed < 0 || poller->settings.commit_before_next)
        poller->commit_is_urgent = 1;
    esm__queue_add(poller, ESM__QUEUE_COMMIT, partition);
    schedule(poller);
}

static int add_entry(esm_commit *commit, esm_partition *partition, const esm_action *action)
{
    esm_allocator *allocator = commit->token.shared->allocator;
    if (commit->count == commit->capacity) {
        size_t capacity = commit->capacity == 0 ? 16 : commit->capacity * 2;
        size_t bytes;
        if (!esm__mul(capacity, sizeof(*commit->entries), &bytes))
            return ESM_ERR_NOMEM;
        struct esm__commit_entry *entries = esm__realloc(allocator, commit->entries, bytes);
        if (entries == NULL)
            return ESM_ERR_NOMEM;
        commit->entries = entries;
        commit->capacity = capacity;
    }
    struct esm__commit_entry entry = {
        .partition = partition,
        .action = esm_action_get_id(action),
        .number = partition->number,
        .offset = esm_action_get_offset(action),
        .has_metadata = partition->metadata != NULL,
    };
    struct esm__bytes *texts = &commit->texts;
    size_t before = texts->size;
    entry.topic = texts->size;
    int error = esm__bytes_append(texts, partition->topic, strlen(partition->topic) + 1);
    entry.metadata = texts->size;
    if (error == 0 && entry.has_metadata)
        error = esm__bytes_append(texts, partition->metadata, strlen(partition->metadata) + 1);
    if (error != 0) {
        texts->size = before;
        return error;
    }
    commit->entries[commit->count++] = entry;
    return 0;
}

static int call_commit(void *user_data, struct esm__token *token)
{
    esm_commit *commit = (esm_commit *)token;
    esm_commit_fn fn = (esm_commit_fn)token->poller->commit.fn;
    return fn == NULL ? esm_commit_complete(commit, ESM_OUTCOME_SUCCESS) : fn(user_data, commit);
}

/* Those that have nothing to commit now, because one has just failed, keep their place. Returns when the first may. */
static int64_t gather(esm_poller *poller, esm_commit *commit)
{
    int64_t next = ESM_NEVER;
    for (size_t left = poller->queues[ESM__QUEUE_COMMIT].count; left > 0; left--) {
        esm_partition *partition = esm__queue_take(poller, ESM__QUEUE_COMMIT);
        esm_policy_set_time(partition->policy, poller->monotonic_ms, poller->wall_ms);
        const esm_action *action = esm_policy_next_action(partition->policy, ESM_ACTION_COMMIT);
        int64_t due = ESM_NEVER;
        if (action == NULL) {
            due = esm_policy_get_deadline_ms(partition->policy, ESM_ACTION_COMMIT);
            if (esm_partition_get_position(partition) != partition->committed)
                esm__queue_add(poller, ESM__QUEUE_COMMIT, partition);
        } else if (add_entry(commit, partition, action) != 0) {
            esm_policy_hand_back(partition->policy, esm_action_get_id(action));
            esm__queue_add(poller, ESM__QUEUE_COMMIT, partition);
            due = esm__add_ms(poller->monotonic_ms, ESM__NO_MEMORY_WAIT_MS);
        }
        next = due < next ? due : next;
    }
    return next;
}

void esm__commit_due(struct esm__timer *timer)
{
    esm_poller *poller = (esm_poller *)((char *)timer - offsetof(esm_poller, commit_timer));
    if (poller->commit_out != NULL || poller->queues[ESM__QUEUE_COMMIT].count == 0)
        return;
    int64_t next = esm__add_ms(poller->monotonic_ms, ESM__NO_MEMORY_WAIT_MS);
    esm_commit *commit = (esm_commit *)esm__drive_take_token(poller, ESM__TOKEN_COMMIT);
    if (commit != NULL) {
        commit->count = 0;
        commit->texts.size = 0;
        next = gather(poller, commit);
    }
    poller->commit_is_urgent = 0;
    if (commit != NULL && commit->count == 0) {
        esm__drive_put_token(&commit->token);
        commit = NULL;
    }
    if (commit == NULL) {
        esm__timer_set(&poller->timers, timer, next); /* for those that wait out a failure, or for memory */
        return;
    }
    poller->commit_out = commit;
    poller->counters[ESM_COUNTER_COMMITS]++;
    esm__drive_lend(&commit->token, call_commit, poller->commit.user_data, ESM_NEVER);
}

void esm__commit_answered(esm_commit *commit)
{
    esm_poller *poller = commit->token.poller;
    size_t failures = 0;
    poller->commit_out = NULL;
    for (size_t i = 0; i < commit->count; i++) {
        struct esm__commit_entry *entry = &commit->entries[i];
        enum esm_outcome outcome = entry->outcome != 0 ? entry->outcome : commit->token.outcome;
        failures += outcome != ESM_OUTCOME_SUCCESS;
        esm_partition *partition = entry->partition;
        if (partition == NULL)
            continue;
        esm_policy_set_time(partition->policy, poller->monotonic_ms, poller->wall_ms);
        esm_policy_answer_commit(partition->policy, entry->action, outcome);
        if (outcome == ESM_OUTCOME_SUCCESS) {
            if (partition->committed >= 0)
                poller->counters[ESM_COUNTER_COMMITTED] += entry->offset - partition->committed;
            partition->committed = entry->offset;
        }
        esm__queue_add(poller, ESM__QUEUE_READY, partition);
        esm__commit_want(partition);
    }
    if (failures > 0) {
        poller->counters[ESM_COUNTER_COMMIT_ERRORS]++;
        esm__poller_log(poller, ESM_LOG_WARNING, "committing %zu of %zu partitions failed; the next request carries "
                        "their newest offsets", failures, commit->count);
    }
    schedule(poller);
}

void esm__commit_forget(esm_partition *partition)
{
    esm_poller *poller = partition->poller;
    esm__queue_remove(poller, ESM__QUEUE_COMMIT, partition);
    for (size_t i = 0; poller->commit_out != NULL && i < poller->commit_out->count; i++)
        if (poller->commit_out->entries[i].partition == partition)
            poller->commit_out->entries[i].partition = NULL;
}

/* ---- what a commit callback sees, and how it answers; any thread ---- */

esm_commit *esm_commit_ref(esm_commit *commit)
{
    if (commit != NULL)
        esm__token_ref(&commit->token);
    return commit;
}

esm_commit *esm_commit_unref(esm_commit *commit)
{
    if (commit != NULL)
        esm__token_unref(&commit->token);
    return NULL;
}

size_t esm_commit_get_count(const esm_commit *commit)
{
    return commit == NULL ? 0 : commit->count;
}

int esm_commit_get_offset(const esm_commit *commit, size_t index, const char **ret_topic, int32_t *ret_partition,
                          int64_t *ret_offset, const char **ret_metadata)
{
    if (commit == NULL || index >= commit->count)
        return ESM_ERR_NOT_FOUND;
    const struct esm__commit_entry *entry = &commit->entries[index];
    if (ret_topic != NULL)
        *ret_topic = commit->texts.data + entry->topic;
    if (ret_partition != NULL)
        *ret_partition = entry->number;
    if (ret_offset != NULL)
        *ret_offset = entry->offset;
    if (ret_metadata != NULL)
        *ret_metadata = entry->has_metadata ? commit->texts.data + entry->metadata : NULL;
    return 0;
}

int esm_commit_set_outcome(esm_commit *commit, size_t index, enum esm_outcome outcome)
{
    if (commit == NULL || index >= commit->count || !esm__outcome_is_known(outcome) ||
        outcome == ESM_OUTCOME_PARTIAL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (esm__token_lock(&commit->token) == 0) {
        commit->entries[index].outcome = outcome;
        esm__token_unlock(&commit->token);
    }
    return 0;
}

int esm_commit_complete(esm_commit *commit, enum esm_outcome outcome)
{
    if (commit == NULL || !esm__outcome_is_known(outcome) || outcome == ESM_OUTCOME_PARTIAL)
        return ESM_ERR_INVALID_ARGUMENT;
    int error = esm__token_lock(&commit->token);
    if (error == 0)
        esm__token_answer(&commit->token, outcome);
    return error;
}
