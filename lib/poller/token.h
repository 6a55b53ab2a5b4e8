/* SPDX-License-Identifier: MIT */
/*
 * Tokens: what a callback answers. They are the only part of a poller that other threads touch, and `shared` holds the
 * only lock: it outlives the poller as long as a token is out.
 *
 * A token is OPEN until somebody answers it (ANSWERED) or the poller no longer waits for it (CLOSED). The answer, and the
 * end of the callback side's last reference, travel to the poller by the mail list. The poller uses a token again when
 * it has done with it and the callback's side has.
 */
#ifndef ESM_POLLER_TOKEN_H
#define ESM_POLLER_TOKEN_H

#include <pthread.h>
#include <stdatomic.h>

#include <esm/poller.h>
#include "base/bytes.h"
#include "event/event.h"
#include "poller/batch.h"
#include "poller/timer.h"

struct esm__token;

struct esm__post {
    struct esm__post *next;
    esm_post_fn fn;
    void *user_data;
};

struct esm__shared {
    atomic_size_t references; /* the poller's, and one for each token */
    esm_allocator *allocator; /* owned */
    struct esm__event_source source;
    char *function_arn;       /* NULL: unknown */
    int reads_responses;      /* ReportBatchItemFailures is on */
    int wake_fd;              /* the poller's eventfd; -1 once it is gone */

    pthread_mutex_t lock; /* over what follows, and over what is marked so in every token */
    int is_closed;        /* the poller is gone */
    int is_asleep;        /* wake_fd must be written */
    struct esm__token *mail, **mail_end;
    struct esm__post *posts, **posts_end;
};

int esm__shared_new(esm_allocator *allocator, struct esm__shared **ret, int wake_fd);
void esm__shared_unref(struct esm__shared *shared);
void esm__shared_close(struct esm__shared *shared, struct esm__token *live); /* nobody will read mail any more */
int esm__shared_post(struct esm__shared *shared, esm_post_fn fn, void *user_data);
struct esm__post *esm__shared_take_posts(struct esm__shared *shared);
struct esm__token *esm__shared_take_mail(struct esm__shared *shared, unsigned *ret_flags); /* one; NULL: none */
int esm__shared_sleep(struct esm__shared *shared); /* 1: there is nothing, and whoever brings something will wake */
void esm__shared_awake(struct esm__shared *shared);
void esm__shared_wake(struct esm__shared *shared); /* async-signal-safe */

enum esm__token_kind { ESM__TOKEN_INVOCATION, ESM__TOKEN_DELIVERY, ESM__TOKEN_COMMIT };
enum esm__token_state { ESM__TOKEN_OPEN, ESM__TOKEN_ANSWERED, ESM__TOKEN_CLOSED };
enum { ESM__MAIL_ANSWERED = 1, ESM__MAIL_RETURNED = 2 };

struct esm__token {
    struct esm__timer timeout; /* first: the timer's callback finds its token by it */
    enum esm__token_kind kind;
    struct esm__shared *shared;
    atomic_size_t references; /* of the callback's side */

    /* under the lock */
    enum esm__token_state state;
    unsigned mail; /* what is on its way to the poller */
    struct esm__token *mail_next;
    enum esm_outcome outcome;
    esm_cancel_fn cancel;
    void *cancel_data;

    /* the poller's own */
    esm_poller *poller;
    esm_partition *partition; /* NULL: of many (a commit), or gone */
    struct esm__token *next, **link; /* among all that are out */
    int is_waiting;                  /* for the answer */
    uint64_t action;                 /* the policy's */
    size_t account;                  /* bytes in the partition's account */
};

/* The records that an invocation or a delivery shows; fixed while the callback's side has it. */
struct esm__taken {
    struct esm__batch *batch;
    uint32_t *indexes; /* of the batch */
    size_t count;
    size_t capacity;
    uint32_t attempt;
};

int esm__taken_set(struct esm__taken *taken, struct esm__batch *batch, const uint32_t *indexes, size_t count);
struct esm__slice esm__taken_slice(const struct esm__taken *taken);
const esm_record *esm__taken_record(const struct esm__taken *taken, size_t index);

struct esm_invocation {
    struct esm__token token;
    struct esm__taken taken;
    uint64_t sequence; /* of all invocations of the poller */
    size_t event_length;

    pthread_mutex_t event_lock; /* over the two that follow */
    struct esm__bytes event;
    int is_written;

    /* of the answer; under the shared lock */
    struct esm__answer answer;
    int64_t retry_after_ms;
    struct esm__bytes response;
    uint32_t *failed; /* which records were named: 1 or 0; esm__invocation_read() makes indexes of the batch of it */
    size_t failed_capacity;
};

/* Takes these records and reserves what the answer may need. 0, ESM_ERR_NOMEM. */
int esm__invocation_prepare(esm_invocation *invocation, struct esm__batch *batch, const uint32_t *indexes,
                            size_t count);

/* What the answer says, its response read: an outcome for the policy, and how many of `failed` are named. */
enum esm_outcome esm__invocation_read(esm_invocation *invocation, enum esm_outcome outcome, size_t *ret_failed);

struct esm_delivery {
    struct esm__token token;
    struct esm__taken taken;
    enum esm_reason reason;
    struct esm__answer answer; /* of the last invocation */
    int64_t wall_ms;           /* when it was given up */
    struct esm__bytes document;
};

struct esm__commit_entry {
    esm_partition *partition; /* the poller's own; NULL: gone */
    uint64_t action;
    size_t topic; /* places in texts */
    size_t metadata;
    int has_metadata;
    int32_t number;
    int64_t offset;
    enum esm_outcome outcome; /* 0: as the whole; under the lock */
};

struct esm_commit {
    struct esm__token token;
    struct esm__commit_entry *entries;
    size_t count;
    size_t capacity;
    struct esm__bytes texts;
};

/* ---- the poller's side ---- */

int esm__token_new(enum esm__token_kind kind, struct esm__shared *shared, struct esm__token **ret);
void esm__token_free(struct esm__token *token); /* drops its batch */

/* Makes a token ready to be handed out: open, with the callback's one reference. */
void esm__token_open(struct esm__token *token);

/* The poller waits no longer. 1: it was open, and the cancel hook has been called; 0: an answer is on its way. */
int esm__token_close(struct esm__token *token);

/* Bytes that it keeps between uses. */
size_t esm__token_memory(const struct esm__token *token);

/* ---- the callback's side ---- */

void esm__token_ref(struct esm__token *token);
void esm__token_unref(struct esm__token *token);

/* Locks, if the token still takes answers. 0: locked; else ESM_ERR_ALREADY_COMPLETED, ESM_ERR_STALE and not locked. */
int esm__token_lock(struct esm__token *token);
void esm__token_unlock(struct esm__token *token);
void esm__token_answer(struct esm__token *token, enum esm_outcome outcome); /* while locked; unlocks */
int esm__token_set_cancel(struct esm__token *token, esm_cancel_fn cancel, void *user_data);

static inline int esm__outcome_is_known(enum esm_outcome outcome)
{
    return outcome >= ESM_OUTCOME_SUCCESS && outcome <= ESM_OUTCOME_HELD;
}

#endif
