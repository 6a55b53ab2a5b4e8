/* SPDX-License-Identifier: MIT */
#include "aws/credentials/lookup.h"

#include <stdarg.h>
#include <string.h>

#include "aws/answer.h"
#include "aws/headers.h"
#include "base/checked.h"

#define ANSWER_MAX     ((size_t)262144)
#define FIRST_PAUSE_MS 100

/* The order of AWS's clients. */
static const struct esm__source *const sources[] = {
    &esm__source_options, &esm__source_environment, &esm__source_web_identity,
    &esm__source_profile, &esm__source_container,   &esm__source_instance,
};
#define SOURCE_COUNT (sizeof(sources) / sizeof(sources[0]))

/* ---- the search ---- */

static int have_expired(const struct esm__lookup *lookup)
{
    return lookup->keys.expires_ms <= esm__credentials_now_ms(lookup->credentials) + ESM__KEYS_MARGIN_MS;
}

static const char *reason_of(const struct esm__lookup *lookup)
{
    return lookup->reason.size > 0 ? lookup->reason.data : "no memory";
}

static void say(struct esm__lookup *lookup, enum esm_log_level level, const char *what)
{
    struct esm__bytes line;
    esm__bytes_init(&line, lookup->allocator);
    if (esm__bytes_format(&line, "credentials: %s: %s", sources[lookup->source]->name, what) == 0)
        esm_poller_log(lookup->poller, level, line.data);
    esm__bytes_free(&line);
}

static void note_failure(struct esm__lookup *lookup, enum esm__step step)
{
    esm__bytes_format(&lookup->report, "%s%s: %s", lookup->report.size > 0 ? "; " : "",
                      sources[lookup->source]->name, reason_of(lookup));
    if (step != ESM__STEP_ABSENT)
        say(lookup, ESM_LOG_WARNING, reason_of(lookup));
}

static enum esm__step begin(struct esm__lookup *lookup)
{
    lookup->reason.size = 0;
    lookup->role_count = 0;
    return sources[lookup->source]->begin(lookup);
}

static void finish(struct esm__lookup *lookup, int is_found)
{
    lookup->is_running = 0;
    esm__headers_free(&lookup->request.headers);
    esm__lookup_wipe(&lookup->body);
    esm__lookup_wipe(&lookup->token);
    if (is_found)
        say(lookup, ESM_LOG_INFO, "found");
    else
        esm__keys_free(&lookup->keys, lookup->allocator);
    lookup->done(lookup->user_data, is_found);
}

void esm__lookup_resume(struct esm__lookup *lookup, enum esm__step step)
{
    while (step != ESM__STEP_WAIT) {
        esm_timer_set(lookup->timer, ESM_NEVER); /* that of who has ended */
        if (step == ESM__STEP_KEYS && lookup->role_count > 0) {
            step = esm__assume_role(lookup, lookup->roles[--lookup->role_count]);
        } else if (step == ESM__STEP_KEYS && have_expired(lookup)) {
            step = esm__lookup_fail(lookup, ESM__STEP_FAILED, "what it gives has expired already");
        } else if (step == ESM__STEP_KEYS) {
            finish(lookup, 1);
            return;
        } else {
            note_failure(lookup, step);
            if (step == ESM__STEP_FINAL || lookup->source + 1 == SOURCE_COUNT) {
                finish(lookup, 0);
                return;
            }
            lookup->source++;
            step = begin(lookup);
        }
    }
}

void esm__lookup_start(struct esm__lookup *lookup)
{
    lookup->is_running = 1;
    lookup->source = 0;
    lookup->report.size = 0;
    esm__lookup_resume(lookup, begin(lookup));
}

static void on_timer(void *user_data)
{
    struct esm__lookup *lookup = user_data;
    lookup->on_timer(lookup);
}

int esm__lookup_init(struct esm__lookup *lookup)
{
    esm__bytes_init(&lookup->reason, lookup->allocator);
    esm__bytes_init(&lookup->report, lookup->allocator);
    esm__bytes_init(&lookup->url, lookup->allocator);
    esm__bytes_init(&lookup->body, lookup->allocator);
    esm__bytes_init(&lookup->token, lookup->allocator);
    return esm_poller_add_timer(lookup->poller, on_timer, lookup, &lookup->timer);
}

void esm__lookup_free(struct esm__lookup *lookup)
{
    if (lookup->call != NULL)
        esm__http_cancel(lookup->call);
    esm__stop_process(lookup);
    esm_timer_free(lookup->timer);
    esm__headers_free(&lookup->request.headers);
    esm__bytes_wipe(&lookup->body);
    esm__bytes_wipe(&lookup->token);
    esm__bytes_free(&lookup->url);
    esm__bytes_free(&lookup->reason);
    esm__bytes_free(&lookup->report);
    esm__keys_free(&lookup->keys, lookup->allocator);
    esm__profiles_free(lookup->profiles);
}

/* ---- for sources ---- */

enum esm__step esm__lookup_fail(struct esm__lookup *lookup, enum esm__step step, const char *format, ...)
{
    va_list arguments;
    lookup->reason.size = 0;
    va_start(arguments, format);
    if (esm__bytes_format_list(&lookup->reason, format, arguments) != 0)
        lookup->reason.size = 0;
    va_end(arguments);
    return step;
}

enum esm__step esm__lookup_fail_memory(struct esm__lookup *lookup)
{
    lookup->reason.size = 0;
    return ESM__STEP_FAILED;
}

enum esm__step esm__lookup_take(struct esm__lookup *lookup, const char *id, const char *secret,
                                const char *token)
{
    int error = esm__keys_set(&lookup->keys, lookup->allocator, esm__span(id), esm__span(secret),
                              esm__span(token == NULL ? "" : token), ESM_NEVER);
    if (error == ESM_ERR_CONFIG)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED, "a key has characters that no key has");
    return error == 0 ? ESM__STEP_KEYS : esm__lookup_fail_memory(lookup);
}

void esm__lookup_wait(struct esm__lookup *lookup, int64_t ms, void (*fn)(struct esm__lookup *lookup))
{
    int64_t now_ms = 0;
    esm_poller_get_time(lookup->poller, &now_ms, NULL);
    lookup->on_timer = fn;
    esm_timer_set(lookup->timer, esm__add_ms(now_ms, ms));
}

void esm__lookup_wipe(struct esm__bytes *bytes)
{
    if (bytes->data != NULL)
        explicit_bzero(bytes->data, bytes->capacity);
    bytes->size = 0;
}

const char *esm__lookup_profile(const struct esm__lookup *lookup)
{
    return esm__profile_name(lookup->options.profile, lookup->environment);
}

const char *esm__lookup_region(const struct esm__lookup *lookup)
{
    char *const *values = lookup->environment->values;
    if (lookup->options.region != NULL)
        return lookup->options.region;
    if (values[ESM__ENV_REGION] != NULL)
        return values[ESM__ENV_REGION];
    if (values[ESM__ENV_DEFAULT_REGION] != NULL)
        return values[ESM__ENV_DEFAULT_REGION];
    return esm__profiles_get(lookup->profiles, ESM__SECTION_PROFILE, esm__lookup_profile(lookup), "region");
}

/* ---- requests ---- */

void esm__lookup_clear(struct esm__lookup *lookup, const char *method, int64_t timeout_ms)
{
    esm__headers_free(&lookup->request.headers);
    lookup->request = (struct esm__http_request){.method = method,
                                                 .connect_timeout_ms = timeout_ms / 2,
                                                 .timeout_ms = timeout_ms,
                                                 .max_answer = ANSWER_MAX,
                                                 .keep_answer = 1};
    lookup->url.size = 0;
    esm__lookup_wipe(&lookup->body);
}

int esm__lookup_add_header(struct esm__lookup *lookup, const char *name, const char *value)
{
    return esm__headers_add(&lookup->request.headers, lookup->allocator, esm__span(name), esm__span(value));
}

static int is_passing(const struct esm__http_result *result)
{
    switch (result->end) {
    case ESM__HTTP_ANSWERED: return result->status == 429 || result->status >= 500;
    case ESM__HTTP_UNSENT:
    case ESM__HTTP_LOST:
    case ESM__HTTP_TIMED_OUT:
    case ESM__HTTP_BROKEN: return 1;
    default: return 0;
    }
}

static void send_again(struct esm__lookup *lookup);

static void on_done(void *user_data, const struct esm__http_result *result)
{
    struct esm__lookup *lookup = user_data;
    lookup->call = NULL;
    if (is_passing(result) && lookup->attempt + 1 < lookup->attempts)
        esm__lookup_wait(lookup, FIRST_PAUSE_MS << lookup->attempt++, send_again);
    else
        esm__lookup_resume(lookup, lookup->next(lookup, result));
}

static enum esm__step send_request(struct esm__lookup *lookup)
{
    if (esm__http_start(lookup->http, &lookup->request, on_done, lookup, &lookup->call) == 0)
        return ESM__STEP_WAIT;
    return esm__lookup_fail(lookup, ESM__STEP_FAILED, "the request cannot be made");
}

static void send_again(struct esm__lookup *lookup)
{
    enum esm__step step = send_request(lookup);
    if (step != ESM__STEP_WAIT)
        esm__lookup_resume(lookup, step);
}

enum esm__step esm__lookup_send(struct esm__lookup *lookup, int attempts, esm__next_fn next)
{
    if (esm__bytes_terminate(&lookup->url) != 0)
        return esm__lookup_fail_memory(lookup);
    lookup->request.url = lookup->url.data;
    lookup->request.body = lookup->body.data;
    lookup->request.body_size = lookup->body.size;
    lookup->next = next;
    lookup->attempt = 0;
    lookup->attempts = attempts;
    return send_request(lookup);
}

/* Of the address only the host is told: a container's path is as good as a key. */
enum esm__step esm__lookup_fail_answer(struct esm__lookup *lookup, const struct esm__http_result *result,
                                       const char *reason)
{
    char code[ESM__ERROR_CODE_SIZE];
    struct esm__span host = esm__url_split(lookup->url.data).host;
    if (reason == NULL && result->end != ESM__HTTP_ANSWERED)
        reason = result->error;
    if (reason != NULL)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED, "%.*s: %s", (int)host.size, host.data, reason);
    esm__answer_read_code(result, code);
    return esm__lookup_fail(lookup, ESM__STEP_FAILED, "%.*s: status %d%s%s", (int)host.size, host.data,
                            (int)result->status, code[0] == '\0' ? "" : ", ", code);
}
