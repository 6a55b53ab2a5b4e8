/* SPDX-License-Identifier: MIT */
/* The thread-safe door of a poller: mail of tokens and posted functions. */
#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "poller/token.h"

int esm__shared_new(esm_allocator *allocator, struct esm__shared **ret, int wake_fd)
{
    struct esm__shared *shared = esm__calloc(allocator, 1, sizeof(*shared));
    if (shared == NULL)
        return ESM_ERR_NOMEM;
    if (pthread_mutex_init(&shared->lock, NULL) != 0) {
        esm__free(allocator, shared);
        return ESM_ERR_SYSTEM;
    }
    atomic_init(&shared->references, 1);
    shared->allocator = esm_allocator_ref(allocator);
    shared->wake_fd = wake_fd;
    shared->mail_end = &shared->mail;
    shared->posts_end = &shared->posts;
    *ret = shared;
    return 0;
}

static void free_text(esm_allocator *allocator, const char *text)
{
    esm__free(allocator, (void *)(uintptr_t)text);
}

void esm__shared_unref(struct esm__shared *shared)
{
    if (shared == NULL || atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1)
        return;
    esm_allocator *allocator = shared->allocator;
    pthread_mutex_destroy(&shared->lock);
    free_text(allocator, shared->source.arn);
    free_text(allocator, shared->source.bootstrap_servers);
    esm__free(allocator, shared->function_arn);
    esm__free(allocator, shared);
    esm_allocator_unref(allocator);
}

/* From now on the last reference frees a token; what has come back already is freed here. */
void esm__shared_close(struct esm__shared *shared, struct esm__token *live)
{
    struct esm__token *returned = NULL;
    pthread_mutex_lock(&shared->lock);
    shared->is_closed = 1;
    shared->wake_fd = -1;
    for (struct esm__token *token = live, *next; token != NULL; token = next) {
        next = token->next;
        token->state = ESM__TOKEN_CLOSED;
        if ((token->mail & ESM__MAIL_RETURNED) != 0) {
            token->next = returned;
            returned = token;
        }
    }
    struct esm__post *post = shared->posts;
    shared->posts = NULL;
    shared->posts_end = &shared->posts;
    pthread_mutex_unlock(&shared->lock);
    for (struct esm__token *next; returned != NULL; returned = next) {
        next = returned->next;
        esm__token_free(returned);
    }
    while (post != NULL) {
        struct esm__post *next = post->next;
        esm__free(shared->allocator, post);
        post = next;
    }
}

void esm__shared_wake(struct esm__shared *shared)
{
    int error = errno;
    uint64_t one = 1;
    ssize_t written = write(shared->wake_fd, &one, sizeof(one)); /* full means readable, which is all that counts */
    (void)written;
    errno = error;
}

/* Under the lock. */
static void wake_if_asleep(struct esm__shared *shared)
{
    if (!shared->is_asleep)
        return;
    shared->is_asleep = 0;
    esm__shared_wake(shared);
}

int esm__shared_sleep(struct esm__shared *shared)
{
    pthread_mutex_lock(&shared->lock);
    shared->is_asleep = shared->mail == NULL && shared->posts == NULL;
    int asleep = shared->is_asleep;
    pthread_mutex_unlock(&shared->lock);
    return asleep;
}

void esm__shared_awake(struct esm__shared *shared)
{
    pthread_mutex_lock(&shared->lock);
    shared->is_asleep = 0;
    pthread_mutex_unlock(&shared->lock);
}

int esm__shared_post(struct esm__shared *shared, esm_post_fn fn, void *user_data)
{
    struct esm__post *post = esm__malloc(shared->allocator, sizeof(*post));
    if (post == NULL)
        return ESM_ERR_NOMEM;
    *post = (struct esm__post){.fn = fn, .user_data = user_data};
    pthread_mutex_lock(&shared->lock);
    *shared->posts_end = post;
    shared->posts_end = &post->next;
    wake_if_asleep(shared);
    pthread_mutex_unlock(&shared->lock);
    return 0;
}

struct esm__post *esm__shared_take_posts(struct esm__shared *shared)
{
    pthread_mutex_lock(&shared->lock);
    struct esm__post *posts = shared->posts;
    shared->posts = NULL;
    shared->posts_end = &shared->posts;
    pthread_mutex_unlock(&shared->lock);
    return posts;
}

struct esm__token *esm__shared_take_mail(struct esm__shared *shared, unsigned *ret_flags)
{
    pthread_mutex_lock(&shared->lock);
    struct esm__token *token = shared->mail;
    if (token != NULL) {
        shared->mail = token->mail_next;
        if (shared->mail == NULL)
            shared->mail_end = &shared->mail;
        *ret_flags = token->mail;
        token->mail = 0;
    }
    pthread_mutex_unlock(&shared->lock);
    return token;
}

/* ---- tokens, as far as both sides meet in them ---- */

/* Under the lock. */
static void send_mail(struct esm__token *token, unsigned flag)
{
    struct esm__shared *shared = token->shared;
    if (token->mail == 0) {
        token->mail_next = NULL;
        *shared->mail_end = token;
        shared->mail_end = &token->mail_next;
        wake_if_asleep(shared);
    }
    token->mail |= flag;
}

void esm__token_open(struct esm__token *token)
{
    atomic_store_explicit(&token->references, 1, memory_order_relaxed);
    token->outcome = 0;
    token->cancel = NULL;
    token->mail = 0;
    token->is_waiting = 1;
    token->state = ESM__TOKEN_OPEN;
}

int esm__token_lock(struct esm__token *token)
{
    pthread_mutex_lock(&token->shared->lock);
    if (token->state == ESM__TOKEN_OPEN)
        return 0;
    int error = token->state == ESM__TOKEN_CLOSED ? ESM_ERR_STALE : ESM_ERR_ALREADY_COMPLETED;
    pthread_mutex_unlock(&token->shared->lock);
    return error;
}

void esm__token_unlock(struct esm__token *token)
{
    pthread_mutex_unlock(&token->shared->lock);
}

void esm__token_answer(struct esm__token *token, enum esm_outcome outcome)
{
    token->outcome = outcome;
    token->state = ESM__TOKEN_ANSWERED;
    send_mail(token, ESM__MAIL_ANSWERED);
    pthread_mutex_unlock(&token->shared->lock);
}

int esm__token_set_cancel(struct esm__token *token, esm_cancel_fn cancel, void *user_data)
{
    if (token == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    pthread_mutex_lock(&token->shared->lock);
    token->cancel = cancel;
    token->cancel_data = user_data;
    pthread_mutex_unlock(&token->shared->lock);
    return 0;
}

int esm__token_close(struct esm__token *token)
{
    pthread_mutex_lock(&token->shared->lock);
    int was_open = token->state == ESM__TOKEN_OPEN;
    esm_cancel_fn cancel = was_open ? token->cancel : NULL;
    if (was_open)
        token->state = ESM__TOKEN_CLOSED;
    pthread_mutex_unlock(&token->shared->lock);
    if (cancel != NULL)
        cancel(token->cancel_data);
    return was_open;
}

void esm__token_ref(struct esm__token *token)
{
    atomic_fetch_add_explicit(&token->references, 1, memory_order_relaxed);
}

void esm__token_unref(struct esm__token *token)
{
    if (atomic_fetch_sub_explicit(&token->references, 1, memory_order_acq_rel) != 1)
        return;
    struct esm__shared *shared = token->shared;
    pthread_mutex_lock(&shared->lock);
    int is_orphan = shared->is_closed;
    if (!is_orphan) {
        if (token->state == ESM__TOKEN_OPEN) { /* forgotten: a failed attempt */
            token->outcome = ESM_OUTCOME_FAILURE;
            token->state = ESM__TOKEN_ANSWERED;
            send_mail(token, ESM__MAIL_ANSWERED);
        }
        send_mail(token, ESM__MAIL_RETURNED);
    }
    pthread_mutex_unlock(&shared->lock);
    if (is_orphan)
        esm__token_free(token);
}
