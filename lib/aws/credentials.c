/* SPDX-License-Identifier: MIT */
#include "aws/credentials.h"

#include <assert.h>
#include <stdlib.h>

#include "aws/credentials/lookup.h"
#include "base/alloc.h"
#include "base/checked.h"

#define REFRESH_MS ((int64_t)5 * 60 * 1000) /* before they expire */
#define AGAIN_MS   30000                    /* after a refresh that failed, while the old keys serve */
#define PAUSE_MS   1000                     /* after a failure with nothing in hand */
#define SKEW_MS    30000                    /* AWS bears minutes; less than this is no reason to sign anew */

TAILQ_HEAD(waiters, esm__credentials_waiter);

struct esm__credentials {
    esm_allocator *allocator;
    esm_poller *poller;
    esm_timer *timer; /* the next search */
    struct esm__lookup lookup;
    struct esm__keys keys;
    uint64_t serial;
    int64_t offset_ms;  /* AWS's clock less the poller's wall clock */
    int64_t not_before; /* monotonic: no search until then */
    struct waiters waiters;
    struct esm__credentials_waiter last; /* marks who waited when telling began */
};

/* ---- the clock ---- */

static int64_t monotonic_ms(const struct esm__credentials *credentials)
{
    int64_t now_ms = 0;
    esm_poller_get_time(credentials->poller, &now_ms, NULL);
    return now_ms;
}

int64_t esm__credentials_now_ms(const struct esm__credentials *credentials)
{
    int64_t wall_ms = 0;
    esm_poller_get_time(credentials->poller, NULL, &wall_ms);
    return wall_ms + credentials->offset_ms;
}

int esm__credentials_note_date(struct esm__credentials *credentials, const char *date)
{
    time_t seconds = date == NULL ? -1 : curl_getdate(date, NULL);
    if (seconds <= 0)
        return 0;
    int64_t change_ms = (int64_t)seconds * 1000 - esm__credentials_now_ms(credentials);
    if (llabs(change_ms) < SKEW_MS)
        return 0;
    credentials->offset_ms += change_ms;
    return 1;
}

/* ---- searches ---- */

static int is_fresh(const struct esm__credentials *credentials)
{
    const struct esm__keys *keys = &credentials->keys;
    return keys->access_key_id != NULL &&
           keys->expires_ms > esm__credentials_now_ms(credentials) + ESM__KEYS_MARGIN_MS;
}

static void schedule(struct esm__credentials *credentials, int64_t in_ms)
{
    int64_t at = esm__add_ms(monotonic_ms(credentials), in_ms);
    esm_timer_set(credentials->timer, at > credentials->not_before ? at : credentials->not_before);
}

/* Keys with a short life are not asked for all the time: half of it passes first. */
static void schedule_refresh(struct esm__credentials *credentials)
{
    if (credentials->keys.expires_ms == ESM_NEVER) {
        esm_timer_set(credentials->timer, ESM_NEVER);
        return;
    }
    int64_t life_ms = credentials->keys.expires_ms - esm__credentials_now_ms(credentials);
    int64_t ahead_ms = life_ms / 2 < REFRESH_MS ? life_ms / 2 : REFRESH_MS;
    schedule(credentials, life_ms - ahead_ms);
}

/* Those who wait now; who comes from inside `done` waits for the next search. Keys may be called invalid from
 * there. */
static void tell(struct esm__credentials *credentials, const char *error)
{
    struct esm__credentials_waiter *last = &credentials->last, *waiter;
    TAILQ_INSERT_TAIL(&credentials->waiters, last, link);
    while ((waiter = TAILQ_FIRST(&credentials->waiters)) != last &&
           (error != NULL || is_fresh(credentials))) {
        esm__credentials_cancel(credentials, waiter);
        waiter->done(waiter->user_data, error == NULL ? &credentials->keys : NULL, error);
    }
    TAILQ_REMOVE(&credentials->waiters, last, link);
    if (!TAILQ_EMPTY(&credentials->waiters))
        schedule(credentials, 0);
}

static void on_keys(struct esm__credentials *credentials)
{
    esm__keys_free(&credentials->keys, credentials->allocator);
    credentials->keys = credentials->lookup.keys;
    credentials->lookup.keys = (struct esm__keys){0};
    credentials->keys.serial = ++credentials->serial;
    credentials->not_before = 0;
    schedule_refresh(credentials);
    tell(credentials, NULL);
}

static void on_failure(struct esm__credentials *credentials)
{
    const struct esm__bytes *report = &credentials->lookup.report;
    int is_served = is_fresh(credentials);
    credentials->not_before = esm__add_ms(monotonic_ms(credentials), PAUSE_MS);
    if (is_served)
        schedule(credentials, AGAIN_MS);
    tell(credentials, is_served ? NULL : report->size > 0 ? report->data : "no memory");
}

static void on_found(void *user_data, int is_found)
{
    struct esm__credentials *credentials = user_data;
    if (is_found)
        on_keys(credentials);
    else
        on_failure(credentials);
}

static void on_due(void *user_data)
{
    struct esm__credentials *credentials = user_data;
    if (!credentials->lookup.is_running)
        esm__lookup_start(&credentials->lookup);
}

/* ---- life ---- */

int esm__credentials_new(esm_allocator *allocator, struct esm__credentials **ret, esm_poller *poller,
                         struct esm__http *http, const struct esm__settings *settings,
                         const struct esm__environment *environment)
{
    struct esm__credentials *credentials = esm__calloc(allocator, 1, sizeof(*credentials));
    struct esm__bytes reason;
    if (credentials == NULL)
        return ESM_ERR_NOMEM;
    credentials->allocator = allocator;
    credentials->poller = poller;
    TAILQ_INIT(&credentials->waiters);
    credentials->lookup = (struct esm__lookup){
        .allocator = allocator,
        .poller = poller,
        .http = http,
        .credentials = credentials,
        .environment = environment,
        .options = {settings->aws_access_key_id, settings->aws_secret_access_key, settings->aws_session_token,
                    settings->aws_profile, settings->aws_region},
        .done = on_found,
        .user_data = credentials,
    };
    int error = esm__lookup_init(&credentials->lookup);
    if (error == 0)
        error = esm_poller_add_timer(poller, on_due, credentials, &credentials->timer);
    if (error != 0) {
        esm__credentials_free(credentials);
        return error;
    }
    /* For the region. What is wrong with the files is told when keys are looked for in them. */
    esm__bytes_init(&reason, allocator);
    esm__profiles_read(allocator, &credentials->lookup.profiles, environment, &reason);
    esm__bytes_free(&reason);
    *ret = credentials;
    return 0;
}

void esm__credentials_free(struct esm__credentials *credentials)
{
    if (credentials == NULL)
        return;
    esm__lookup_free(&credentials->lookup);
    esm_timer_free(credentials->timer);
    esm__keys_free(&credentials->keys, credentials->allocator);
    esm__free(credentials->allocator, credentials);
}

/* ---- use ---- */

const struct esm__keys *esm__credentials_get(struct esm__credentials *credentials,
                                             struct esm__credentials_waiter *waiter)
{
    if (is_fresh(credentials))
        return &credentials->keys;
    assert(!waiter->is_waiting);
    waiter->is_waiting = 1;
    TAILQ_INSERT_TAIL(&credentials->waiters, waiter, link);
    if (!credentials->lookup.is_running)
        schedule(credentials, 0);
    return NULL;
}

void esm__credentials_cancel(struct esm__credentials *credentials, struct esm__credentials_waiter *waiter)
{
    if (waiter->is_waiting)
        TAILQ_REMOVE(&credentials->waiters, waiter, link);
    waiter->is_waiting = 0;
}

void esm__credentials_invalidate(struct esm__credentials *credentials, uint64_t serial)
{
    if (credentials->keys.serial == serial)
        esm__keys_free(&credentials->keys, credentials->allocator);
}

const char *esm__credentials_get_region(const struct esm__credentials *credentials)
{
    return esm__lookup_region(&credentials->lookup);
}

int esm__credentials_write_endpoint(const struct esm__credentials *credentials, struct esm__bytes *to,
                                    enum esm__service service, const char *region)
{
    const struct esm__lookup *lookup = &credentials->lookup;
    return esm__endpoint_write(to, service, region, lookup->environment, lookup->profiles,
                               esm__lookup_profile(lookup));
}
