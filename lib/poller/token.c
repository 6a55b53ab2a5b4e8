/* SPDX-License-Identifier: MIT */
/* The memory of tokens, and the records that they show. */
#include "poller/token.h"

#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"

static const size_t token_size[] = {
    [ESM__TOKEN_INVOCATION] = sizeof(struct esm_invocation),
    [ESM__TOKEN_DELIVERY] = sizeof(struct esm_delivery),
    [ESM__TOKEN_COMMIT] = sizeof(struct esm_commit),
};

int esm__token_new(enum esm__token_kind kind, struct esm__shared *shared, struct esm__token **ret)
{
    struct esm__token *token = esm__calloc(shared->allocator, 1, token_size[kind]);
    if (token == NULL)
        return ESM_ERR_NOMEM;
    if (kind == ESM__TOKEN_INVOCATION) {
        esm_invocation *invocation = (esm_invocation *)token;
        if (pthread_mutex_init(&invocation->event_lock, NULL) != 0) {
            esm__free(shared->allocator, token);
            return ESM_ERR_NOMEM;
        }
        esm__bytes_init(&invocation->event, shared->allocator);
        esm__bytes_init(&invocation->response, shared->allocator);
    } else if (kind == ESM__TOKEN_DELIVERY) {
        esm__bytes_init(&((esm_delivery *)token)->document, shared->allocator);
    } else {
        esm__bytes_init(&((esm_commit *)token)->texts, shared->allocator);
    }
    token->kind = kind;
    token->shared = shared;
    token->state = ESM__TOKEN_CLOSED;
    atomic_init(&token->references, 0);
    atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
    *ret = token;
    return 0;
}

static void free_taken(esm_allocator *allocator, struct esm__taken *taken)
{
    if (taken->batch != NULL && esm__batch_unref(taken->batch))
        esm__batch_free(taken->batch);
    esm__free(allocator, taken->indexes);
}

void esm__token_free(struct esm__token *token)
{
    struct esm__shared *shared = token->shared;
    if (token->kind == ESM__TOKEN_INVOCATION) {
        esm_invocation *invocation = (esm_invocation *)token;
        free_taken(shared->allocator, &invocation->taken);
        pthread_mutex_destroy(&invocation->event_lock);
        esm__bytes_free(&invocation->event);
        esm__bytes_free(&invocation->response);
        esm__free(shared->allocator, invocation->failed);
    } else if (token->kind == ESM__TOKEN_DELIVERY) {
        esm_delivery *delivery = (esm_delivery *)token;
        free_taken(shared->allocator, &delivery->taken);
        esm__bytes_free(&delivery->document);
    } else {
        esm_commit *commit = (esm_commit *)token;
        esm__free(shared->allocator, commit->entries);
        esm__bytes_free(&commit->texts);
    }
    esm__free(shared->allocator, token);
    esm__shared_unref(shared);
}

size_t esm__token_memory(const struct esm__token *token)
{
    size_t memory = token_size[token->kind];
    if (token->kind == ESM__TOKEN_INVOCATION) {
        const esm_invocation *invocation = (const esm_invocation *)token;
        memory += invocation->event.capacity + invocation->response.capacity;
        memory += (invocation->taken.capacity + invocation->failed_capacity) * sizeof(uint32_t);
    } else if (token->kind == ESM__TOKEN_DELIVERY) {
        const esm_delivery *delivery = (const esm_delivery *)token;
        memory += delivery->document.capacity + delivery->taken.capacity * sizeof(uint32_t);
    } else {
        const esm_commit *commit = (const esm_commit *)token;
        memory += commit->texts.capacity + commit->capacity * sizeof(*commit->entries);
    }
    return memory;
}

int esm__taken_set(struct esm__taken *taken, struct esm__batch *batch, const uint32_t *indexes, size_t count)
{
    if (count > taken->capacity) {
        size_t bytes;
        if (!esm__mul(count, sizeof(*indexes), &bytes))
            return ESM_ERR_NOMEM;
        uint32_t *grown = esm__realloc(batch->allocator, taken->indexes, bytes);
        if (grown == NULL)
            return ESM_ERR_NOMEM;
        taken->indexes = grown;
        taken->capacity = count;
    }
    memcpy(taken->indexes, indexes, count * sizeof(*indexes));
    taken->count = count;
    taken->batch = esm__batch_ref(batch);
    return 0;
}

struct esm__slice esm__taken_slice(const struct esm__taken *taken)
{
    return (struct esm__slice){taken->batch->records, taken->indexes, taken->count};
}

const esm_record *esm__taken_record(const struct esm__taken *taken, size_t index)
{
    return index < taken->count ? &taken->batch->records[taken->indexes[index]] : NULL;
}
