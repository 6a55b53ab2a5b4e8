/* SPDX-License-Identifier: MIT */
#include "aws/invoker.h"

#include <string.h>

#include <esm/aws.h>
#include "aws/http.h"
#include "aws/outcome.h"
#include "base/alloc.h"
#include "config/check.h"
#include "config/inside.h"
#include "config/settings.h"

/* A function's answer has at most 6,291,556 bytes. A little more, for whoever counts differently. */
#define MAX_ANSWER ((size_t)6 * 1024 * 1024 + 65536)

struct invoker {
    esm_allocator *allocator; /* the poller's, as the poller itself */
    esm_poller *poller;
    struct esm__http *http;
    enum esm__target target;
    struct esm__bytes url;
    struct esm__http_request request; /* all but the body */
    /* The last trouble, so that one that lasts is logged once; outcome 0: the last invocation succeeded. */
    enum esm_outcome trouble;
    enum esm__http_end trouble_end;
    int32_t trouble_status;
};

struct job {
    struct invoker *invoker;
    esm_invocation *invocation; /* referenced: its event is the body */
    struct esm__http_call *call;
};

static void job_free(struct job *job)
{
    esm_invocation_unref(job->invocation);
    esm__free(job->invoker->allocator, job);
}

/* ---- answers ---- */

static const char *outcome_text(enum esm_outcome outcome)
{
    switch (outcome) {
    case ESM_OUTCOME_FAILURE: return "failed";
    case ESM_OUTCOME_THROTTLED: return "throttled";
    case ESM_OUTCOME_UNAVAILABLE: return "unavailable, tried again";
    case ESM_OUTCOME_AMBIGUOUS: return "it may have run or not";
    case ESM_OUTCOME_TOO_LARGE: return "event too large";
    case ESM_OUTCOME_HELD: return "held: check its address, name and rights";
    default: return "";
    }
}

/* What only HTTP knows of a trouble; what becomes of the records is the poller's to tell. */
static void log_trouble(struct invoker *invoker, enum esm_outcome outcome,
                        const struct esm__http_result *result)
{
    int is_same = invoker->trouble == outcome && invoker->trouble_end == result->end &&
                  invoker->trouble_status == result->status;
    invoker->trouble = outcome == ESM_OUTCOME_SUCCESS ? 0 : outcome;
    invoker->trouble_end = result->end;
    invoker->trouble_status = result->status;
    if (invoker->trouble == 0 || is_same)
        return;
    struct esm__bytes line;
    esm__bytes_init(&line, invoker->allocator);
    int is_news =
        outcome == ESM_OUTCOME_HELD || outcome == ESM_OUTCOME_UNAVAILABLE || outcome == ESM_OUTCOME_AMBIGUOUS;
    int error = result->end == ESM__HTTP_ANSWERED
                    ? esm__bytes_format(&line, "function: HTTP status %d: %s", (int)result->status,
                                        outcome_text(outcome))
                    : esm__bytes_format(&line, "function: %s: %s", result->error, outcome_text(outcome));
    if (error == 0)
        esm_poller_log(invoker->poller, is_news ? ESM_LOG_WARNING : ESM_LOG_DEBUG, line.data);
    esm__bytes_free(&line);
}

/* Answers with what an answer of Lambda's, or the like of it, says about itself. */
static void describe(esm_invocation *invocation, const struct esm__http_result *result,
                     const char *function_error)
{
    const char *request_id = esm__http_get_header(result, "x-amzn-RequestId");
    const char *version = esm__http_get_header(result, "X-Amz-Executed-Version");
    if (request_id == NULL)
        request_id = esm__http_get_header(result, "X-Amz-Request-Id");
    if (result->status != 0)
        esm_invocation_set_status(invocation, result->status);
    if (request_id != NULL)
        esm_invocation_set_request_id(invocation, request_id);
    if (version != NULL)
        esm_invocation_set_executed_version(invocation, version);
    if (function_error != NULL)
        esm_invocation_set_function_error(invocation, function_error);
    if (result->retry_after_ms > 0)
        esm_invocation_set_retry_after_ms(invocation, result->retry_after_ms);
}

static void on_done(void *user_data, const struct esm__http_result *result)
{
    struct job *job = user_data;
    struct invoker *invoker = job->invoker;
    const char *function_error = esm__http_get_header(result, "X-Amz-Function-Error");
    enum esm_outcome outcome =
        esm__outcome_of(invoker->target, result->end, result->status, function_error != NULL);
    log_trouble(invoker, outcome, result);
    describe(job->invocation, result, function_error);
    int succeeded = outcome == ESM_OUTCOME_SUCCESS;
    int error = esm_invocation_complete(job->invocation, outcome, succeeded ? result->body : NULL,
                                        succeeded ? result->body_size : 0);
    if (error == ESM_ERR_NOMEM) /* an answer that cannot be kept may name failed records */
        esm_invocation_complete(job->invocation, ESM_OUTCOME_AMBIGUOUS, NULL, 0);
    job_free(job);
}

static void on_cancel(void *user_data)
{
    struct job *job = user_data;
    esm__http_cancel(job->call);
    job_free(job);
}

/* ---- invocations ---- */

static int start(struct invoker *invoker, esm_invocation *invocation)
{
    struct esm__http_request request = invoker->request;
    request.body = esm_invocation_get_event(invocation, &request.body_size);
    if (request.body == NULL)
        return ESM_ERR_NOMEM;
    struct job *job = esm__malloc(invoker->allocator, sizeof(*job));
    if (job == NULL)
        return ESM_ERR_NOMEM;
    *job = (struct job){.invoker = invoker, .invocation = esm_invocation_ref(invocation)};
    int error = esm__http_start(invoker->http, &request, on_done, job, &job->call);
    if (error == 0)
        esm_invocation_set_cancel(invocation, on_cancel, job);
    else
        job_free(job);
    return error;
}

/* What fails here did not reach the function: an attempt must not count. */
static int on_invoke(void *user_data, esm_invocation *invocation)
{
    int error = start(user_data, invocation);
    if (error != 0)
        error = esm_invocation_complete(invocation, ESM_OUTCOME_UNAVAILABLE, NULL, 0);
    return error;
}

/* ---- the target ---- */

/* Everything but what RFC 3986 calls unreserved is escaped. */
static int append_escaped(struct esm__bytes *url, const char *text, size_t size)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    int error = 0;
    for (size_t i = 0; i < size && error == 0; i++) {
        if (memchr(plain, text[i], sizeof(plain) - 1) != NULL)
            error = esm__bytes_append(url, &text[i], 1);
        else
            error = esm__bytes_format(url, "%%%02X", (unsigned)(unsigned char)text[i]);
    }
    return error;
}

int esm__invoker_write_url(struct esm__bytes *url, const char *endpoint, const char *function_name)
{
    struct esm__function_name name;
    if (!esm__function_name_read((struct esm__span){function_name, strlen(function_name)}, &name))
        return ESM_ERR_CONFIG;
    size_t size = strlen(endpoint);
    while (size > 0 && endpoint[size - 1] == '/')
        size--;
    int error = esm__bytes_append(url, endpoint, size);
    if (error == 0)
        error = esm__bytes_append_text(url, "/2015-03-31/functions/");
    if (error == 0) /* region and account stay in front of the name; the qualifier goes elsewhere */
        error = append_escaped(url, function_name, (size_t)(name.name.data + name.name.size - function_name));
    if (error == 0)
        error =
            esm__bytes_append_text(url, name.qualifier.size > 0 ? "/invocations?Qualifier=" : "/invocations");
    if (error == 0)
        error = append_escaped(url, name.qualifier.data, name.qualifier.size);
    return error == 0 ? esm__bytes_terminate(url) : error;
}

static int set_url(struct invoker *invoker, const struct esm__settings *settings)
{
    if (settings->function_url != NULL) {
        invoker->target = ESM__TARGET_HTTP;
        return esm__bytes_format(&invoker->url, "%s", settings->function_url);
    }
    invoker->target = ESM__TARGET_LAMBDA;
    if (settings->function_name == NULL) {
        esm_poller_log(invoker->poller, ESM_LOG_ERROR,
                       "function: neither FunctionName nor function.url is set");
        return ESM_ERR_CONFIG;
    }
    if (settings->aws_endpoint == NULL) {
        esm_poller_log(
            invoker->poller, ESM_LOG_ERROR,
            "function: this version does not sign requests to AWS: set aws.endpoint_url or function.url");
        return ESM_ERR_UNSUPPORTED;
    }
    return esm__invoker_write_url(&invoker->url, settings->aws_endpoint, settings->function_name);
}

static int add_header(struct invoker *invoker, const char *line)
{
    struct curl_slist *list = curl_slist_append(invoker->request.headers, line);
    if (list == NULL)
        return ESM_ERR_NOMEM;
    invoker->request.headers = list;
    return 0;
}

static int set_request(struct invoker *invoker, const struct esm__settings *settings)
{
    int64_t timeout_ms = settings->invoke_timeout_ms;
    int error = set_url(invoker, settings);
    if (error == 0)
        error = add_header(invoker, "Content-Type: application/json");
    if (error == 0 && invoker->target == ESM__TARGET_LAMBDA)
        error = add_header(invoker, "X-Amz-Invocation-Type: RequestResponse");
    invoker->request.method = "POST";
    invoker->request.url = invoker->url.data;
    invoker->request.connect_timeout_ms = settings->invoke_connect_timeout_ms;
    /* A little before the poller's own limit: libcurl knows what was sent, the poller does not. */
    invoker->request.timeout_ms = timeout_ms - (timeout_ms < 1000 ? timeout_ms / 10 : 100);
    invoker->request.max_answer = MAX_ANSWER;
    invoker->request.keep_answer = settings->partial_response != ESM_PARTIAL_RESPONSE_OFF;
    return error;
}

static void invoker_free(void *user_data)
{
    struct invoker *invoker = user_data;
    esm__http_free(invoker->http);
    curl_slist_free_all(invoker->request.headers);
    esm__bytes_free(&invoker->url);
    esm__free(invoker->allocator, invoker);
}

static int invoker_new(struct invoker **ret, esm_poller *poller, const struct esm__settings *settings)
{
    esm_allocator *allocator = esm_poller_get_config(poller)->allocator;
    struct invoker *invoker = esm__calloc(allocator, 1, sizeof(*invoker));
    if (invoker == NULL)
        return ESM_ERR_NOMEM;
    invoker->allocator = allocator;
    invoker->poller = poller;
    esm__bytes_init(&invoker->url, allocator);
    int error = set_request(invoker, settings);
    if (error == 0)
        error = esm__http_new(allocator, &invoker->http, poller, settings->max_in_flight);
    if (error == 0)
        *ret = invoker;
    else
        invoker_free(invoker);
    return error;
}

int esm_poller_use_lambda(esm_poller *poller)
{
    struct esm__settings settings;
    struct invoker *invoker;
    if (poller == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    int error = esm__config_get_settings(esm_poller_get_config(poller), &settings);
    if (error == 0)
        error = invoker_new(&invoker, poller, &settings);
    if (error != 0)
        return error;
    error = esm_poller_set_invoke(poller, on_invoke, invoker, invoker_free);
    if (error != 0)
        invoker_free(invoker);
    return error;
}
