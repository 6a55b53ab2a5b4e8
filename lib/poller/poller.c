/* SPDX-License-Identifier: MIT */
/* The life of a poller, and its settings. */
#include "poller/inside.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/alloc.h"
#include "config/filters.h"
#include "filter/subject.h"

/* ---- small things that every file uses ---- */

void esm__hook_set(struct esm__hook *hook, void (*fn)(void), void *user_data, esm_destroy_fn destroy)
{
    struct esm__hook old = *hook;
    *hook = (struct esm__hook){fn, user_data, destroy};
    if (old.destroy != NULL)
        old.destroy(old.user_data);
}

void esm__poller_read_clock(esm_poller *poller)
{
    if (poller->clock.fn != NULL) {
        ((esm_clock_fn)poller->clock.fn)(poller->clock.user_data, &poller->monotonic_ms, &poller->wall_ms);
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    poller->monotonic_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    clock_gettime(CLOCK_REALTIME, &now);
    poller->wall_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What is called between two dispatches must not take the time of the last one for now. */
void esm__poller_catch_up(esm_poller *poller)
{
    if (!atomic_load(&poller->is_dispatching))
        esm__poller_read_clock(poller);
}

/* ---- making ---- */

static int copy_text(esm_allocator *allocator, const char *text, char **ret)
{
    if (text == NULL)
        return 0;
    *ret = esm__strndup(allocator, text, strlen(text));
    return *ret == NULL ? ESM_ERR_NOMEM : 0;
}

static int make_shared(esm_poller *poller)
{
    int error = esm__shared_new(poller->allocator, &poller->shared, poller->wake_fd);
    if (error != 0)
        return error;
    struct esm__shared *shared = poller->shared;
    const struct esm__settings *settings = &poller->settings;
    shared->reads_responses = settings->partial_response != ESM_PARTIAL_RESPONSE_OFF;
    char *arn = NULL;
    char *servers = NULL;
    error = copy_text(poller->allocator, settings->event_source_arn, &arn);
    if (error == 0)
        error = copy_text(poller->allocator,
                          settings->bootstrap_servers == NULL ? "" : settings->bootstrap_servers, &servers);
    shared->source.arn = arn;
    shared->source.bootstrap_servers = servers;
    if (error == 0)
        error = copy_text(poller->allocator,
                          settings->function_name != NULL ? settings->function_name : settings->function_url,
                          &shared->function_arn);
    return error;
}

/* From what the configuration has found to be good. */
static int make_filter(esm_poller *poller)
{
    const struct esm__settings *settings = &poller->settings;
    if (settings->filters == NULL)
        return 0;
    struct esm__bytes reason;
    esm__bytes_init(&reason, poller->allocator);
    int error = esm_filter_new(poller->allocator, &poller->filter);
    if (error == 0)
        error = esm__filters_read(esm__span(settings->filters), poller->filter, &reason);
    esm__bytes_free(&reason);
    if (error != 0)
        return error;
    esm_filter_set_on_mismatch(poller->filter, settings->drop_mismatches ? ESM_FILTER_DROP : ESM_FILTER_PASS);
    esm_filter_set_on_tombstone(poller->filter, settings->drop_tombstones ? ESM_FILTER_DROP : ESM_FILTER_PASS);
    return 0;
}

static void destroy(esm_poller *poller);

static int make(esm_poller *poller, const esm_config *config)
{
    int error = esm__config_clone(config, poller->allocator, &poller->config);
    if (error == 0)
        error = esm_config_validate(poller->config, 0);
    if (error == 0)
        error = esm__config_get_settings(poller->config, &poller->settings);
    if (error == 0)
        error = esm__loop_open(poller);
    if (error == 0)
        error = make_filter(poller);
    if (error == 0)
        error = make_shared(poller);
    if (error == 0)
        error = esm__timer_make(&poller->timers, &poller->commit_timer, esm__commit_due);
    if (error == 0)
        error = esm__timer_make(&poller->timers, &poller->stop_timer, esm__stop_due);
    if (error != 0)
        return error;
    poller->limit = poller->settings.max_in_flight;
    esm__poller_read_clock(poller);
    esm__budget_recount(poller);
    return 0;
}

int esm_poller_new(esm_allocator *allocator, esm_poller **ret, const esm_config *config)
{
    if (ret == NULL || config == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (esm_config_get_fault_count(config) > 0)
        return ESM_ERR_CONFIG;
    esm_poller *poller = esm__calloc(allocator, 1, sizeof(*poller));
    if (poller == NULL)
        return ESM_ERR_NOMEM;
    atomic_init(&poller->references, 1);
    atomic_init(&poller->state, ESM_POLLER_NEW);
    atomic_init(&poller->stop_asked, ESM__STOP_NOT_ASKED);
    poller->stop_deadline = ESM_NEVER;
    poller->allocator = esm_allocator_ref(allocator);
    poller->epoll_fd = poller->wake_fd = poller->timer_fd = -1;
    esm__timers_init(&poller->timers, allocator);
    esm__bytes_init(&poller->log_line, allocator);
    int error = make(poller, config);
    if (error != 0) {
        destroy(poller);
        return error;
    }
    *ret = poller;
    return 0;
}

static int make_options(esm_poller *poller, esm_policy_options *options)
{
    const struct esm__settings *settings = &poller->settings;
    int has_destination = poller->deliver.fn != NULL;
    int32_t retries = settings->max_retries;
    if (retries == -1 && has_destination && settings->retry_cap_with_destination)
        retries = 10; /* AWS's own hidden limit */
    uint64_t seed = settings->backoff_seed;
    if (!settings->has_backoff_seed && getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
        seed = (uint64_t)poller->wall_ms;
    poller->jitter_seed = seed;
    int error = esm_policy_options_set_max_retries(options, retries);
    if (error == 0)
        error = esm_policy_options_set_max_record_age_ms(options, settings->max_record_age_ms);
    if (error == 0)
        error = esm_policy_options_set_bisect(options, settings->bisect);
    if (error == 0)
        error = esm_policy_options_set_partial_response(options, settings->partial_response);
    if (error == 0)
        error = esm_policy_options_set_count_timeouts(options, settings->count_timeouts);
    if (error == 0)
        error = esm_policy_options_set_delivery(options, has_destination, settings->delivery_max_attempts);
    for (int kind = ESM_BACKOFF_FUNCTION; error == 0 && kind <= ESM_BACKOFF_COMMIT; kind++)
        error = esm_policy_options_set_backoff(options, (enum esm_backoff_kind)kind, settings->backoff_first_ms[kind],
                                               settings->backoff_max_ms, settings->backoff_factor_percent);
    return error;
}

/* A misspelt name drops every record, or lets it pass, and nobody sees why. */
static void warn_of_strangers(esm_poller *poller)
{
    size_t size;
    const char *name = poller->filter == NULL ? NULL : esm__filter_stranger(poller->filter, &size);
    if (name != NULL)
        esm__poller_log(poller, ESM_LOG_WARNING, "FilterCriteria: a record has no field \"%.*s\", so that it counts as absent",
                        (int)size, name);
}

int esm__poller_freeze(esm_poller *poller)
{
    if (poller->policy_options != NULL)
        return 0;
    esm_policy_options *options;
    int error = esm_policy_options_new(poller->allocator, &options);
    if (error != 0)
        return error;
    error = make_options(poller, options);
    if (error != 0) {
        esm_policy_options_free(options);
        return error;
    }
    poller->policy_options = options;
    warn_of_strangers(poller);
    return 0;
}

/* ---- settings ---- */

static int set_hook(esm_poller *poller, size_t where, void (*fn)(void), void *user_data, esm_destroy_fn destroy_fn)
{
    if (poller == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (poller->policy_options != NULL)
        return ESM_ERR_STATE;
    esm__hook_set((struct esm__hook *)(void *)((char *)poller + where), fn, user_data, destroy_fn);
    return 0;
}

int esm_poller_set_invoke(esm_poller *poller, esm_invoke_fn invoke, void *user_data, esm_destroy_fn destroy_fn)
{
    return set_hook(poller, offsetof(esm_poller, invoke), (void (*)(void))invoke, user_data, destroy_fn);
}

int esm_poller_set_destination(esm_poller *poller, esm_deliver_fn deliver, void *user_data, esm_destroy_fn destroy_fn)
{
    return set_hook(poller, offsetof(esm_poller, deliver), (void (*)(void))deliver, user_data, destroy_fn);
}

int esm_poller_set_commit(esm_poller *poller, esm_commit_fn commit, void *user_data, esm_destroy_fn destroy_fn)
{
    return set_hook(poller, offsetof(esm_poller, commit), (void (*)(void))commit, user_data, destroy_fn);
}

int esm_poller_set_source(esm_poller *poller, esm_source_fn source, void *user_data, esm_destroy_fn destroy_fn)
{
    return set_hook(poller, offsetof(esm_poller, source), (void (*)(void))source, user_data, destroy_fn);
}

int esm_poller_set_clock(esm_poller *poller, esm_clock_fn clock, void *user_data, esm_destroy_fn destroy_fn)
{
    int error = set_hook(poller, offsetof(esm_poller, clock), (void (*)(void))clock, user_data, destroy_fn);
    if (error == 0)
        esm__poller_read_clock(poller);
    return error;
}

int esm_poller_set_log(esm_poller *poller, enum esm_log_level level, esm_log_fn log, void *user_data,
                       esm_destroy_fn destroy_fn)
{
    if (level < ESM_LOG_ERROR || level > ESM_LOG_DEBUG)
        return ESM_ERR_INVALID_ARGUMENT;
    int error = set_hook(poller, offsetof(esm_poller, log), (void (*)(void))log, user_data, destroy_fn);
    if (error == 0)
        poller->log_level = level;
    return error;
}

/* ---- asking ---- */

enum esm_poller_state esm_poller_get_state(const esm_poller *poller)
{
    return poller == NULL ? ESM_POLLER_FAILED : (enum esm_poller_state)atomic_load(&poller->state);
}

const esm_config *esm_poller_get_config(const esm_poller *poller)
{
    return poller == NULL ? NULL : poller->config;
}

int esm_poller_get_time(esm_poller *poller, int64_t *ret_monotonic_ms, int64_t *ret_wall_ms)
{
    if (poller == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    esm__poller_read_clock(poller);
    if (ret_monotonic_ms != NULL)
        *ret_monotonic_ms = poller->monotonic_ms;
    if (ret_wall_ms != NULL)
        *ret_wall_ms = poller->wall_ms;
    return 0;
}

int64_t esm_poller_get_counter(const esm_poller *poller, enum esm_counter counter)
{
    if (poller == NULL || counter < ESM_COUNTER_POLLED || counter > ESM_COUNTER_PARTITIONS)
        return ESM_ERR_INVALID_ARGUMENT;
    switch (counter) {
    case ESM_COUNTER_IN_FLIGHT: return poller->in_flight;
    case ESM_COUNTER_BYTES_HELD: return (int64_t)(poller->held + poller->reserved + poller->spare_bytes);
    case ESM_COUNTER_PARTITIONS: return (int64_t)poller->partition_count;
    default: return poller->counters[counter];
    }
}

int esm_poller_reserve_bytes(esm_poller *poller, size_t bytes)
{
    if (poller == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    poller->reserved = bytes;
    esm__budget_recount(poller);
    return 0;
}

int esm_poller_post(esm_poller *poller, esm_post_fn fn, void *user_data)
{
    if (poller == NULL || fn == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (atomic_load(&poller->state) >= ESM_POLLER_STOPPED)
        return ESM_ERR_STATE;
    return esm__shared_post(poller->shared, fn, user_data);
}

/* ---- the log ---- */

void esm__poller_log(esm_poller *poller, enum esm_log_level level, const char *format, ...)
{
    if (poller->log.fn == NULL || level > poller->log_level)
        return;
    poller->log_line.size = 0;
    va_list arguments;
    va_start(arguments, format);
    int error = esm__bytes_format_list(&poller->log_line, format, arguments);
    va_end(arguments);
    if (error == 0)
        ((esm_log_fn)poller->log.fn)(poller->log.user_data, level, poller->log_line.data);
}

int esm_poller_log(esm_poller *poller, enum esm_log_level level, const char *text)
{
    if (poller == NULL || text == NULL || level < ESM_LOG_ERROR || level > ESM_LOG_DEBUG)
        return ESM_ERR_INVALID_ARGUMENT;
    if (poller->log.fn != NULL && level <= poller->log_level)
        ((esm_log_fn)poller->log.fn)(poller->log.user_data, level, text);
    return 0;
}

/* ---- the end ---- */

esm_poller *esm_poller_ref(esm_poller *poller)
{
    if (poller != NULL)
        atomic_fetch_add(&poller->references, 1);
    return poller;
}

static void free_spares(esm_poller *poller)
{
    for (size_t kind = 0; kind < sizeof(poller->spare_tokens) / sizeof(poller->spare_tokens[0]); kind++)
        while (poller->spare_tokens[kind] != NULL) {
            struct esm__token *token = poller->spare_tokens[kind];
            poller->spare_tokens[kind] = token->next;
            esm__token_free(token);
        }
    while (poller->spare_batches != NULL) {
        struct esm__batch *batch = poller->spare_batches;
        poller->spare_batches = batch->next;
        esm__batch_free(batch);
    }
}

/* First whoever works for the poller is told that nobody waits, then the callbacks go, then what they used. */
static void destroy(esm_poller *poller)
{
    while (poller->partitions != NULL)
        esm__partition_free(poller->partitions);
    if (poller->commit_out != NULL)
        esm__token_close(&poller->commit_out->token);
    struct esm__hook *hooks[] = {&poller->source, &poller->invoke, &poller->deliver, &poller->commit};
    for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
        esm__hook_set(hooks[i], NULL, NULL, NULL);
    if (poller->shared != NULL)
        esm__shared_close(poller->shared, poller->live);
    free_spares(poller);
    esm__shared_unref(poller->shared);
    esm__loop_close(poller);
    esm__timers_free(&poller->timers);
    esm__hook_set(&poller->clock, NULL, NULL, NULL);
    esm__hook_set(&poller->log, NULL, NULL, NULL);
    esm__bytes_free(&poller->log_line);
    esm_filter_free(poller->filter);
    esm_policy_options_free(poller->policy_options);
    esm_config_free(poller->config);
    esm_allocator *allocator = poller->allocator;
    esm__free(allocator, poller);
    esm_allocator_unref(allocator);
}

esm_poller *esm_poller_unref(esm_poller *poller)
{
    if (poller == NULL)
        return NULL;
    if (atomic_load(&poller->references) == 1 && atomic_load(&poller->is_dispatching))
        return poller; /* from inside a callback */
    if (atomic_fetch_sub(&poller->references, 1) == 1)
        destroy(poller);
    return NULL;
}
