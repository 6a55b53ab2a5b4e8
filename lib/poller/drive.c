/* SPDX-License-Identifier: MIT */
/* Between the policy and the callbacks: actions become tokens, answers become inputs. */
#include "poller/inside.h"

#include <string.h>

#include "base/checked.h"
#include "event/failure.h"

/* ---- tokens ---- */

struct esm__token *esm__drive_take_token(esm_poller *poller, enum esm__token_kind kind)
{
    struct esm__token *token = poller->spare_tokens[kind];
    if (token != NULL) {
        poller->spare_tokens[kind] = token->next;
        poller->spare_bytes -= esm__token_memory(token);
        return token;
    }
    if (esm__token_new(kind, poller->shared, &token) != 0)
        return NULL;
    if (esm__timer_make(&poller->timers, &token->timeout, esm__drive_timeout) != 0) {
        esm__token_free(token);
        return NULL;
    }
    token->poller = poller;
    return token;
}

void esm__drive_put_token(struct esm__token *token)
{
    esm_poller *poller = token->poller;
    token->partition = NULL;
    size_t memory = esm__token_memory(token);
    if (memory + poller->spare_bytes > esm__budget_spare_most(poller)) {
        esm__timer_unmake(&poller->timers, &token->timeout);
        esm__token_free(token);
        return;
    }
    poller->spare_bytes += memory;
    token->next = poller->spare_tokens[token->kind];
    poller->spare_tokens[token->kind] = token;
}

/* Among all that are out. */
static void go_out(struct esm__token *token, int64_t timeout_ms)
{
    esm_poller *poller = token->poller;
    token->next = poller->live;
    token->link = &poller->live;
    if (token->next != NULL)
        token->next->link = &token->next;
    poller->live = token;
    esm__token_open(token);
    if (timeout_ms != ESM_NEVER)
        esm__timer_set(&poller->timers, &token->timeout, esm__add_ms(poller->monotonic_ms, timeout_ms));
}

/* Lends the token to a callback; what it refuses is a failed attempt. */
void esm__drive_lend(struct esm__token *token, int (*fn)(void *, struct esm__token *), void *user_data,
                     int64_t timeout_ms)
{
    go_out(token, timeout_ms);
    if (fn(user_data, token) != 0 && esm__token_lock(token) == 0)
        esm__token_answer(token, ESM_OUTCOME_FAILURE);
    esm__token_unref(token);
}

static void stop_waiting(struct esm__token *token)
{
    token->is_waiting = 0;
    esm__timer_set(&token->poller->timers, &token->timeout, ESM_NEVER);
    if (token->kind == ESM__TOKEN_INVOCATION)
        token->poller->in_flight--;
}

static void come_back(struct esm__token *token)
{
    esm_poller *poller = token->poller;
    *token->link = token->next;
    if (token->next != NULL)
        token->next->link = token->link;
    if (token->kind != ESM__TOKEN_COMMIT) {
        struct esm__taken *taken = token->kind == ESM__TOKEN_INVOCATION ? &((esm_invocation *)token)->taken
                                                                        : &((esm_delivery *)token)->taken;
        esm__budget_release(poller, token->partition, token->account);
        taken->batch->invocations -= token->kind == ESM__TOKEN_INVOCATION;
        esm__partition_put_batch(poller, token->partition, taken->batch);
        taken->batch = NULL;
    }
    esm__drive_put_token(token);
    esm__queue_wake(poller);
}

/* ---- actions ---- */

static struct esm__batch *find_batch(const esm_partition *partition, uint64_t id)
{
    struct esm__batch *batch = partition->closed;
    while (batch->id != id)
        batch = batch->next;
    return batch;
}

static void log_records(esm_partition *partition, enum esm_log_level level, const struct esm__slice *slice,
                        const char *what)
{
    esm__poller_log(partition->poller, level, "%s-%d: %zu record%s, offsets %lld to %lld: %s", partition->topic,
                    (int)partition->number, slice->count, slice->count == 1 ? "" : "s",
                    (long long)esm__slice_get(slice, 0)->offset,
                    (long long)esm__slice_get(slice, slice->count - 1)->offset, what);
}

static size_t event_length(const esm_partition *partition, const struct esm__batch *batch, const uint32_t *indexes,
                           size_t count)
{
    size_t length = partition->event_envelope + count - 1;
    if (count == batch->count)
        return length + batch->event_length;
    for (size_t i = 0; i < count; i++)
        length += batch->event_lengths[indexes[i]];
    return length;
}

static int call_invoke(void *user_data, struct esm__token *token)
{
    return ((esm_invoke_fn)token->poller->invoke.fn)(user_data, (esm_invocation *)token);
}

static int call_deliver(void *user_data, struct esm__token *token)
{
    return ((esm_deliver_fn)token->poller->deliver.fn)(user_data, (esm_delivery *)token);
}

static int start_invocation(esm_partition *partition, const esm_action *action)
{
    esm_poller *poller = partition->poller;
    struct esm__batch *batch = find_batch(partition, esm_action_get_batch(action));
    const uint32_t *indexes;
    size_t count = esm_action_get_records(action, &indexes);
    size_t length = event_length(partition, batch, indexes, count);
    uint64_t id = esm_action_get_id(action);
    if (length >= poller->settings.batch_max_bytes) {
        if (count > 1)
            poller->counters[ESM_COUNTER_SPLITS]++;
        return esm_policy_answer_invoke(partition->policy, id, ESM_OUTCOME_TOO_LARGE, 0, NULL, 0);
    }

    struct esm__token *token = esm__drive_take_token(poller, ESM__TOKEN_INVOCATION);
    if (token == NULL)
        return ESM_ERR_NOMEM;
    esm_invocation *invocation = (esm_invocation *)token;
    int error = esm__invocation_prepare(invocation, batch, indexes, count);
    if (error != 0) {
        esm__drive_put_token(token);
        return error;
    }
    token->partition = partition;
    token->action = id;
    /* One event is in the batch's account; more only while earlier tokens have not come back. */
    token->account = batch->invocations++ == 0 ? 0 : length;
    esm__budget_charge(poller, partition, token->account);
    invocation->event_length = length;
    invocation->taken.attempt = esm_action_get_attempt(action);
    invocation->sequence = ++poller->invocation_sequence;
    batch->is_started = 1;
    poller->in_flight++;
    poller->counters[ESM_COUNTER_INVOCATIONS]++;
    poller->counters[ESM_COUNTER_INVOKED] += (int64_t)count;
    if (invocation->taken.attempt > 1)
        poller->counters[ESM_COUNTER_RETRIES]++;
    esm__drive_lend(token, call_invoke, poller->invoke.user_data, poller->settings.invoke_timeout_ms);
    return 0;
}

static int start_delivery(esm_partition *partition, const esm_action *action)
{
    esm_poller *poller = partition->poller;
    struct esm__batch *batch = find_batch(partition, esm_action_get_batch(action));
    const uint32_t *indexes;
    size_t count = esm_action_get_records(action, &indexes);
    struct esm__token *token = esm__drive_take_token(poller, ESM__TOKEN_DELIVERY);
    if (token == NULL)
        return ESM_ERR_NOMEM;
    esm_delivery *delivery = (esm_delivery *)token;
    int error = esm__taken_set(&delivery->taken, batch, indexes, count);
    if (error != 0) {
        esm__drive_put_token(token);
        return error;
    }
    token->partition = partition;
    token->action = esm_action_get_id(action);
    token->account = 0;
    delivery->taken.attempt = esm_action_get_attempt(action);
    delivery->reason = esm_action_get_reason(action);
    delivery->answer = batch->answer;
    delivery->wall_ms = poller->wall_ms;
    esm__drive_lend(token, call_deliver, poller->deliver.user_data, poller->settings.delivery_timeout_ms);
    return 0;
}

static void drop(esm_partition *partition, const esm_action *action)
{
    esm_poller *poller = partition->poller;
    struct esm__batch *batch = find_batch(partition, esm_action_get_batch(action));
    struct esm__slice slice = {.records = batch->records};
    slice.count = esm_action_get_records(action, &slice.indexes);
    esm__poller_log(poller, ESM_LOG_WARNING, "%s-%d: dropped %zu record%s, offsets %lld to %lld: %s",
                    partition->topic, (int)partition->number, slice.count, slice.count == 1 ? "" : "s",
                    (long long)esm__slice_get(&slice, 0)->offset,
                    (long long)esm__slice_get(&slice, slice.count - 1)->offset,
                    esm__failure_condition(esm_action_get_reason(action)));
    poller->counters[ESM_COUNTER_DROPPED] += (int64_t)slice.count;
    esm__partition_batch_done(partition);
}

void esm__drive(esm_partition *partition)
{
    esm_poller *poller = partition->poller;
    uint32_t types = ESM_ACTION_DROP | ESM_ACTION_DELIVER | ESM_ACTION_INVOKE;
    for (;;) {
        uint32_t allowed = types;
        if (esm__commit_is_behind(partition))
            allowed &= ~(uint32_t)ESM_ACTION_INVOKE;
        if (poller->in_flight >= poller->limit && (allowed & ESM_ACTION_INVOKE) != 0) {
            allowed &= ~(uint32_t)ESM_ACTION_INVOKE;
            if (esm_policy_get_deadline_ms(partition->policy, ESM_ACTION_INVOKE) <= poller->monotonic_ms)
                esm__queue_add(poller, ESM__QUEUE_WAITING, partition);
        }
        const esm_action *action = esm_policy_next_action(partition->policy, allowed);
        if (action == NULL)
            return;
        enum esm_action_type type = esm_action_get_type(action);
        uint64_t id = esm_action_get_id(action);
        int error = 0;
        if (type == ESM_ACTION_INVOKE)
            error = start_invocation(partition, action);
        else if (type == ESM_ACTION_DELIVER)
            error = start_delivery(partition, action);
        else
            drop(partition, action);
        if (error == 0)
            continue;
        esm_policy_hand_back(partition->policy, id);
        types &= ~(uint32_t)type;
        partition->retry_ms = esm__add_ms(poller->monotonic_ms, ESM__NO_MEMORY_WAIT_MS);
    }
}

/* ---- answers ---- */

static const char *outcome_text(enum esm_outcome outcome)
{
    static const char *const texts[] = {
        [ESM_OUTCOME_SUCCESS] = "done",
        [ESM_OUTCOME_FAILURE] = "the function failed",
        [ESM_OUTCOME_PARTIAL] = "partly done",
        [ESM_OUTCOME_THROTTLED] = "throttled",
        [ESM_OUTCOME_UNAVAILABLE] = "the function was not reached",
        [ESM_OUTCOME_AMBIGUOUS] = "no answer",
        [ESM_OUTCOME_TOO_LARGE] = "refused for its size",
        [ESM_OUTCOME_HELD] = "held: refused for its address or rights",
    };
    return texts[outcome];
}

static void count_answer(esm_partition *partition, const esm_invocation *invocation, enum esm_outcome outcome,
                         size_t failed)
{
    esm_poller *poller = partition->poller;
    const struct esm__settings *settings = &poller->settings;
    size_t count = invocation->taken.count;
    if (outcome == ESM_OUTCOME_SUCCESS) {
        esm__limit_success(poller);
        return;
    }
    poller->counters[ESM_COUNTER_INVOKE_ERRORS]++;
    poller->counters[ESM_COUNTER_FAILED_INVOKE] += (int64_t)(outcome == ESM_OUTCOME_PARTIAL ? failed : count);
    if (outcome == ESM_OUTCOME_PARTIAL && failed < count)
        poller->counters[ESM_COUNTER_PARTIALS]++;
    if (outcome == ESM_OUTCOME_THROTTLED) {
        poller->counters[ESM_COUNTER_THROTTLES]++;
        esm__limit_throttled(poller, invocation->sequence);
    }
    int counts = outcome == ESM_OUTCOME_FAILURE || (outcome == ESM_OUTCOME_PARTIAL && failed == count) ||
                 (outcome == ESM_OUTCOME_AMBIGUOUS && settings->count_timeouts);
    if (count > 1 && !partition->is_draining && ((counts && settings->bisect) || outcome == ESM_OUTCOME_TOO_LARGE))
        poller->counters[ESM_COUNTER_SPLITS]++;
}

static void log_answer(esm_partition *partition, const esm_invocation *invocation, enum esm_outcome outcome)
{
    enum esm_log_level level = outcome == ESM_OUTCOME_HELD ? ESM_LOG_WARNING : ESM_LOG_INFO;
    if (outcome == ESM_OUTCOME_SUCCESS)
        level = ESM_LOG_DEBUG;
    if (level > partition->poller->log_level)
        return;
    struct esm__slice slice = esm__taken_slice(&invocation->taken);
    const struct esm__answer *answer = &invocation->answer;
    char what[400];
    char *end = stpcpy(what, outcome_text(outcome));
    if (answer->function_error[0] != '\0')
        end = stpcpy(stpcpy(end, ", "), answer->function_error);
    stpcpy(end, invocation->taken.attempt > 1 ? " (a retry)" : "");
    log_records(partition, level, &slice, what);
}

static void invocation_answered(esm_invocation *invocation, enum esm_outcome outcome)
{
    esm_partition *partition = invocation->token.partition;
    size_t failed = 0;
    outcome = esm__invocation_read(invocation, outcome, &failed);
    count_answer(partition, invocation, outcome, failed);
    log_answer(partition, invocation, outcome);
    invocation->taken.batch->answer = invocation->answer;
    int error = esm_policy_answer_invoke(partition->policy, invocation->token.action, outcome,
                                         invocation->retry_after_ms, invocation->failed, failed);
    if (error == ESM_ERR_INVALID_ARGUMENT) /* cannot be: what callbacks say was checked; a retry loses nothing */
        esm_policy_answer_invoke(partition->policy, invocation->token.action, ESM_OUTCOME_FAILURE, 0, NULL, 0);
}

static void delivery_answered(esm_delivery *delivery, enum esm_outcome outcome)
{
    esm_partition *partition = delivery->token.partition;
    esm_poller *poller = partition->poller;
    struct esm__slice slice = esm__taken_slice(&delivery->taken);
    if (outcome == ESM_OUTCOME_SUCCESS) {
        poller->counters[ESM_COUNTER_DELIVERED] += (int64_t)slice.count;
        log_records(partition, ESM_LOG_WARNING, &slice, "given up and delivered");
    } else {
        poller->counters[ESM_COUNTER_DELIVERY_ERRORS]++;
        log_records(partition, ESM_LOG_WARNING, &slice, "the destination did not take them");
    }
    esm_policy_answer_deliver(partition->policy, delivery->token.action, outcome);
}

static void answered(struct esm__token *token, enum esm_outcome outcome)
{
    esm_partition *partition = token->partition;
    stop_waiting(token);
    if (token->kind == ESM__TOKEN_COMMIT) {
        esm__commit_answered((esm_commit *)token);
        return;
    }
    esm_policy_set_time(partition->policy, partition->poller->monotonic_ms, partition->poller->wall_ms);
    if (token->kind == ESM__TOKEN_INVOCATION)
        invocation_answered((esm_invocation *)token, outcome);
    else
        delivery_answered((esm_delivery *)token, outcome);
    esm__partition_batch_done(partition);
    esm__queue_add(partition->poller, ESM__QUEUE_READY, partition);
    esm__queue_wake(partition->poller);
}

void esm__drive_timeout(struct esm__timer *timer)
{
    struct esm__token *token = (struct esm__token *)timer;
    if (!token->is_waiting || !esm__token_close(token))
        return; /* the answer is in the mail */
    answered(token, token->kind == ESM__TOKEN_INVOCATION ? ESM_OUTCOME_AMBIGUOUS : ESM_OUTCOME_FAILURE);
}

void esm__drive_mail(struct esm__token *token, unsigned flags)
{
    if ((flags & ESM__MAIL_ANSWERED) != 0 && token->is_waiting)
        answered(token, token->outcome);
    if ((flags & ESM__MAIL_RETURNED) != 0)
        come_back(token);
}

void esm__drive_abandon(esm_partition *partition)
{
    for (struct esm__token *token = partition->poller->live, *next; token != NULL; token = next) {
        next = token->next;
        if (token->partition != partition)
            continue;
        if (token->is_waiting) {
            esm__token_close(token);
            stop_waiting(token);
        }
        token->partition = NULL;
    }
}
