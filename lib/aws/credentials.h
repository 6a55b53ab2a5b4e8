/* SPDX-License-Identifier: MIT */
/*
 * The keys that requests to AWS are signed with, as AWS's clients find them: options, environment, web
 * identity, profile, container, instance. Found without blocking the loop, kept, and found anew some minutes
 * before they expire. The poller's thread only.
 */
#ifndef ESM_AWS_CREDENTIALS_H
#define ESM_AWS_CREDENTIALS_H

#include <sys/queue.h>

#include "aws/endpoint.h"
#include "aws/http.h"
#include "aws/keys.h"
#include "config/settings.h"

struct esm__credentials;

/* Exactly one of keys and error is NULL; both are borrowed for the call. The error names each place where
 * keys were looked for, and why there were none; it has no secret in it. May call everything here but
 * esm__credentials_free(). */
typedef void (*esm__credentials_fn)(void *user_data, const struct esm__keys *keys, const char *error);

/* The caller's, from get to `done` or cancel. Zeroed but for done and user_data. */
struct esm__credentials_waiter {
    esm__credentials_fn done;
    void *user_data;
    TAILQ_ENTRY(esm__credentials_waiter) link;
    int is_waiting;
};

/*
 * Opens and asks for nothing yet. http and environment are borrowed, and outlive it; of settings the texts
 * are. 0, ESM_ERR_NOMEM.
 */
int esm__credentials_new(esm_allocator *allocator, struct esm__credentials **ret, esm_poller *poller,
                         struct esm__http *http, const struct esm__settings *settings,
                         const struct esm__environment *environment);

/* Those who wait are not told. Before http and the poller are freed. NULL is allowed. */
void esm__credentials_free(struct esm__credentials *credentials);

/* The keys at once, borrowed until the loop goes on; or NULL: `done` is called later, once, never from inside
 * this call. */
const struct esm__keys *esm__credentials_get(struct esm__credentials *credentials,
                                             struct esm__credentials_waiter *waiter);
void esm__credentials_cancel(struct esm__credentials *credentials, struct esm__credentials_waiter *waiter);

/* The server said that the keys with this serial are no good (ExpiredToken): the next get finds new ones. */
void esm__credentials_invalidate(struct esm__credentials *credentials, uint64_t serial);

/*
 * The wall clock that requests are dated with: the poller's, corrected by what the servers' Date told. Note
 * the Date of an answer that complains about the time: 1 if the clock was wrong, so that the request signed
 * anew may do better; 0: it was right, or the text is no date.
 */
int64_t esm__credentials_now_ms(const struct esm__credentials *credentials);
int esm__credentials_note_date(struct esm__credentials *credentials, const char *date);

/* That of the configuration or its ARNs, else AWS_REGION, AWS_DEFAULT_REGION, the profile's; borrowed until
 * the loop goes on. NULL: none. */
const char *esm__credentials_get_region(const struct esm__credentials *credentials);

/* As esm__endpoint_write(), with the environment and the profile in force. */
int esm__credentials_write_endpoint(const struct esm__credentials *credentials, struct esm__bytes *to,
                                    enum esm__service service, const char *region);

#endif
