/* SPDX-License-Identifier: MIT */
/* What a destination callback sees, and how it answers. Any thread. */
#include "event/failure.h"
#include "poller/token.h"

esm_delivery *esm_delivery_ref(esm_delivery *delivery)
{
    if (delivery != NULL)
        esm__token_ref(&delivery->token);
    return delivery;
}

esm_delivery *esm_delivery_unref(esm_delivery *delivery)
{
    if (delivery != NULL)
        esm__token_unref(&delivery->token);
    return NULL;
}

size_t esm_delivery_get_record_count(const esm_delivery *delivery)
{
    return delivery == NULL ? 0 : delivery->taken.count;
}

const esm_record *esm_delivery_get_record(const esm_delivery *delivery, size_t index)
{
    return delivery == NULL ? NULL : esm__taken_record(&delivery->taken, index);
}

enum esm_reason esm_delivery_get_reason(const esm_delivery *delivery)
{
    return delivery == NULL ? ESM_REASON_NONE : delivery->reason;
}

uint32_t esm_delivery_get_attempts(const esm_delivery *delivery)
{
    return delivery == NULL ? 0 : delivery->taken.attempt;
}

static const char *text_or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

int esm_delivery_write_document(esm_delivery *delivery, enum esm_document form, size_t index, const char **ret,
                                size_t *ret_size)
{
    if (delivery == NULL || ret == NULL || ret_size == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (form < ESM_DOCUMENT_BATCH || form > ESM_DOCUMENT_RECORD || index >= delivery->taken.count ||
        (form != ESM_DOCUMENT_RECORD && index != 0))
        return ESM_ERR_INVALID_ARGUMENT;
    const struct esm__shared *shared = delivery->token.shared;
    struct esm__failure failure = {
        .source = &shared->source,
        .slice = esm__taken_slice(&delivery->taken),
        .request_id = text_or_null(delivery->answer.request_id),
        .function_arn = shared->function_arn,
        .reason = delivery->reason,
        .attempts = delivery->taken.attempt,
        .has_response = delivery->answer.has_response,
        .status_code = delivery->answer.status,
        .executed_version = text_or_null(delivery->answer.executed_version),
        .function_error = text_or_null(delivery->answer.function_error),
        .wall_ms = delivery->wall_ms,
    };
    struct esm__bytes *document = &delivery->document;
    document->size = 0;
    int error = form == ESM_DOCUMENT_RECORD ? esm__failure_append_record(document, &failure, index)
                                            : esm__failure_append(document, &failure, form == ESM_DOCUMENT_OBJECT);
    if (error == 0)
        error = esm__bytes_terminate(document);
    if (error != 0)
        return ESM_ERR_NOMEM;
    *ret = document->data;
    *ret_size = document->size;
    return 0;
}

int esm_delivery_set_cancel(esm_delivery *delivery, esm_cancel_fn cancel, void *user_data)
{
    return delivery == NULL ? ESM_ERR_INVALID_ARGUMENT : esm__token_set_cancel(&delivery->token, cancel, user_data);
}

int esm_delivery_complete(esm_delivery *delivery, enum esm_outcome outcome)
{
    if (delivery == NULL || !esm__outcome_is_known(outcome) || outcome == ESM_OUTCOME_PARTIAL)
        return ESM_ERR_INVALID_ARGUMENT;
    int error = esm__token_lock(&delivery->token);
    if (error == 0)
        esm__token_answer(&delivery->token, outcome);
    return error;
}
