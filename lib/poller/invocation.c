/* SPDX-License-Identifier: MIT */
/* What an invoke callback sees, and how it answers. Any thread, but for the two functions of the poller's side. */
#include "poller/token.h"

#include <string.h>

#include "base/alloc.h"
#include "event/response.h"

/* ---- the poller's side ---- */

int esm__invocation_prepare(esm_invocation *invocation, struct esm__batch *batch, const uint32_t *indexes,
                            size_t count)
{
    struct esm__shared *shared = invocation->token.shared;
    if (shared->reads_responses) {
        if (count > invocation->failed_capacity) {
            uint32_t *failed = esm__realloc(shared->allocator, invocation->failed, count * sizeof(*failed));
            if (failed == NULL)
                return ESM_ERR_NOMEM;
            invocation->failed = failed;
            invocation->failed_capacity = count;
        }
        memset(invocation->failed, 0, count * sizeof(*invocation->failed));
    }
    int error = esm__taken_set(&invocation->taken, batch, indexes, count);
    if (error != 0)
        return error;
    invocation->is_written = 0;
    invocation->event.size = 0;
    invocation->response.size = 0;
    invocation->retry_after_ms = 0;
    invocation->answer.has_response = 0;
    invocation->answer.status = 0;
    invocation->answer.request_id[0] = '\0';
    invocation->answer.executed_version[0] = '\0';
    invocation->answer.function_error[0] = '\0';
    return 0;
}

enum esm_outcome esm__invocation_read(esm_invocation *invocation, enum esm_outcome outcome, size_t *ret_failed)
{
    const struct esm__taken *taken = &invocation->taken;
    size_t count = 0;
    if (outcome == ESM_OUTCOME_PARTIAL) {
        for (size_t i = 0; i < taken->count; i++)
            if (invocation->failed[i])
                invocation->failed[count++] = taken->indexes[i];
    } else if (outcome == ESM_OUTCOME_SUCCESS && invocation->token.shared->reads_responses) {
        struct esm__slice slice = esm__taken_slice(taken);
        switch (esm__response_read(invocation->response.data, invocation->response.size, &slice,
                                   invocation->failed, &count)) {
        case ESM__VERDICT_SUCCESS: break;
        case ESM__VERDICT_PARTIAL: outcome = ESM_OUTCOME_PARTIAL; break;
        case ESM__VERDICT_MALFORMED: outcome = ESM_OUTCOME_FAILURE; break;
        }
    }
    if (outcome == ESM_OUTCOME_PARTIAL && count == 0)
        outcome = ESM_OUTCOME_SUCCESS;
    *ret_failed = count;
    return outcome;
}

/* ---- what it shows ---- */

esm_invocation *esm_invocation_ref(esm_invocation *invocation)
{
    if (invocation != NULL)
        esm__token_ref(&invocation->token);
    return invocation;
}

esm_invocation *esm_invocation_unref(esm_invocation *invocation)
{
    if (invocation != NULL)
        esm__token_unref(&invocation->token);
    return NULL;
}

size_t esm_invocation_get_record_count(const esm_invocation *invocation)
{
    return invocation == NULL ? 0 : invocation->taken.count;
}

const esm_record *esm_invocation_get_record(const esm_invocation *invocation, size_t index)
{
    return invocation == NULL ? NULL : esm__taken_record(&invocation->taken, index);
}

uint32_t esm_invocation_get_attempt(const esm_invocation *invocation)
{
    return invocation == NULL ? 0 : invocation->taken.attempt;
}

size_t esm_invocation_get_event_size(const esm_invocation *invocation)
{
    return invocation == NULL ? 0 : invocation->event_length;
}

const char *esm_invocation_get_event(esm_invocation *invocation, size_t *ret_size)
{
    if (invocation == NULL)
        return NULL;
    pthread_mutex_lock(&invocation->event_lock);
    struct esm__bytes *event = &invocation->event;
    if (!invocation->is_written && esm__bytes_reserve(event, invocation->event_length + 1) == 0) {
        struct esm__slice slice = esm__taken_slice(&invocation->taken);
        *esm__event_write(event->data, &invocation->token.shared->source, &slice) = '\0';
        event->size = invocation->event_length;
        invocation->is_written = 1;
    }
    const char *text = invocation->is_written ? event->data : NULL;
    pthread_mutex_unlock(&invocation->event_lock);
    if (text != NULL && ret_size != NULL)
        *ret_size = invocation->event_length;
    return text;
}

/* ---- the answer ---- */

int esm_invocation_set_cancel(esm_invocation *invocation, esm_cancel_fn cancel, void *user_data)
{
    return invocation == NULL ? ESM_ERR_INVALID_ARGUMENT
                              : esm__token_set_cancel(&invocation->token, cancel, user_data);
}

int esm_invocation_set_status(esm_invocation *invocation, int32_t http_status)
{
    if (invocation == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (esm__token_lock(&invocation->token) == 0) {
        invocation->answer.has_response = 1;
        invocation->answer.status = http_status;
        esm__token_unlock(&invocation->token);
    }
    return 0;
}

int esm_invocation_set_retry_after_ms(esm_invocation *invocation, int64_t retry_after_ms)
{
    if (invocation == NULL || retry_after_ms < 0)
        return ESM_ERR_INVALID_ARGUMENT;
    if (esm__token_lock(&invocation->token) == 0) {
        invocation->retry_after_ms = retry_after_ms;
        esm__token_unlock(&invocation->token);
    }
    return 0;
}

static int set_text(esm_invocation *invocation, size_t where, const char *text)
{
    if (invocation == NULL || text == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (esm__token_lock(&invocation->token) == 0) {
        char *to = (char *)&invocation->answer + where;
        size_t size = strnlen(text, sizeof(invocation->answer.request_id) - 1);
        memcpy(to, text, size);
        to[size] = '\0';
        esm__token_unlock(&invocation->token);
    }
    return 0;
}

int esm_invocation_set_request_id(esm_invocation *invocation, const char *request_id)
{
    return set_text(invocation, offsetof(struct esm__answer, request_id), request_id);
}

int esm_invocation_set_executed_version(esm_invocation *invocation, const char *version)
{
    return set_text(invocation, offsetof(struct esm__answer, executed_version), version);
}

int esm_invocation_set_function_error(esm_invocation *invocation, const char *function_error)
{
    return set_text(invocation, offsetof(struct esm__answer, function_error), function_error);
}

int esm_invocation_fail_record(esm_invocation *invocation, size_t index)
{
    if (invocation == NULL || index >= invocation->taken.count || !invocation->token.shared->reads_responses)
        return ESM_ERR_INVALID_ARGUMENT;
    if (esm__token_lock(&invocation->token) == 0) {
        invocation->failed[index] = 1;
        esm__token_unlock(&invocation->token);
    }
    return 0;
}

int esm_invocation_complete(esm_invocation *invocation, enum esm_outcome outcome, const void *response, size_t size)
{
    if (invocation == NULL || !esm__outcome_is_known(outcome) || (response == NULL && size > 0))
        return ESM_ERR_INVALID_ARGUMENT;
    struct esm__shared *shared = invocation->token.shared;
    if (outcome == ESM_OUTCOME_PARTIAL && !shared->reads_responses)
        return ESM_ERR_INVALID_ARGUMENT;
    struct esm__bytes copy;
    esm__bytes_init(&copy, shared->allocator);
    if (outcome == ESM_OUTCOME_SUCCESS && shared->reads_responses && esm__bytes_append(&copy, response, size) != 0)
        return ESM_ERR_NOMEM;
    int error = esm__token_lock(&invocation->token);
    if (error == 0) {
        struct esm__bytes old = invocation->response;
        invocation->response = copy;
        copy = old;
        esm__token_answer(&invocation->token, outcome);
    }
    esm__bytes_free(&copy);
    return error;
}
