/* SPDX-License-Identifier: MIT */
#include "aws/invoker.h"

#include <string.h>

#include <esm/aws.h>
#include "aws/verdict.h"
#include "aws/request.h"
#include "base/alloc.h"
#include "config/check.h"
#include "config/inside.h"
#include "config/settings.h"

/* A function's answer has at most 6,291,556 bytes. A little more, for whoever counts differently. */
#define MAX_ANSWER ((size_t)6 * 1024 * 1024 + 65536)

struct invoker {
    esm_allocator *allocator; /* the poller's, as the poller itself */
    esm_poller *poller;
    enum esm__target target;
    /* An HTTP target, by its address. */
    struct esm__http *http;
    struct curl_slist *headers;
    struct esm__http_request request; /* all but the body */
    /* Lambda, by signed calls of its API. */
    struct esm__aws *aws;
    struct esm__bytes path, query;
    struct esm__request_options call; /* all but the body */
    /* The last trouble, so that one that lasts is logged once; outcome 0: the last invocation succeeded. */
    enum esm_outcome trouble;
    enum esm__http_end trouble_end;
    int32_t trouble_status;
};

struct job {
    struct invoker *invoker;
    esm_invocation *invocation;  /* referenced: its event is the body */
    struct esm__http_call *http; /* one of these is under way */
    struct esm__request *lambda;
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

static void on_http(void *user_data, const struct esm__http_result *result)
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

static void on_lambda(void *user_data, const struct esm__answer *answer)
{
    on_http(user_data, answer->http);
}

static void on_cancel(void *user_data)
{
    struct job *job = user_data;
    if (job->lambda != NULL)
        esm__request_cancel(job->lambda);
    else
        esm__http_cancel(job->http);
    job_free(job);
}

/* ---- invocations ---- */

static int send_event(struct job *job, const void *event, size_t size)
{
    const struct invoker *invoker = job->invoker;
    if (invoker->target == ESM__TARGET_LAMBDA) {
        struct esm__request_options call = invoker->call;
        call.body = (struct esm__span){event, size};
        return esm__request_start(invoker->aws, &call, on_lambda, job, &job->lambda);
    }
    struct esm__http_request request = invoker->request;
    request.body = event;
    request.body_size = size;
    return esm__http_start(invoker->http, &request, on_http, job, &job->http);
}

static int start(struct invoker *invoker, esm_invocation *invocation)
{
    size_t size;
    const void *event = esm_invocation_get_event(invocation, &size);
    if (event == NULL)
        return ESM_ERR_NOMEM;
    struct job *job = esm__malloc(invoker->allocator, sizeof(*job));
    if (job == NULL)
        return ESM_ERR_NOMEM;
    *job = (struct job){.invoker = invoker, .invocation = esm_invocation_ref(invocation)};
    int error = send_event(job, event, size);
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

int esm__invoker_write_path(struct esm__bytes *path, struct esm__bytes *query, const char *function_name)
{
    struct esm__function_name name;
    if (!esm__function_name_read(esm__span(function_name), &name))
        return ESM_ERR_CONFIG;
    /* Region and account stay in front of the name; the qualifier goes elsewhere. */
    size_t size = (size_t)(name.name.data + name.name.size - function_name);
    int error = esm__bytes_append_text(path, "/2015-03-31/functions/");
    if (error == 0)
        error = esm__escape(path, (struct esm__span){function_name, size}, "");
    if (error == 0)
        error = esm__bytes_append_text(path, "/invocations");
    if (error == 0 && name.qualifier.size > 0)
        error = esm__bytes_append_text(query, "Qualifier=");
    if (error == 0)
        error = esm__escape(query, name.qualifier, "");
    if (error == 0)
        error = esm__bytes_terminate(path);
    return error == 0 ? esm__bytes_terminate(query) : error;
}

/* A little before the poller's own limit: libcurl knows what was sent, the poller does not. */
static int64_t timeout_ms(const struct esm__settings *settings)
{
    int64_t limit_ms = settings->invoke_timeout_ms;
    return limit_ms - (limit_ms < 1000 ? limit_ms / 10 : 100);
}

static int use_http(struct invoker *invoker, const struct esm__settings *settings)
{
    invoker->target = ESM__TARGET_HTTP;
    invoker->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (invoker->headers == NULL)
        return ESM_ERR_NOMEM;
    invoker->request =
        (struct esm__http_request){.method = "POST",
                                   .url = settings->function_url,
                                   .headers = invoker->headers,
                                   .connect_timeout_ms = settings->invoke_connect_timeout_ms,
                                   .timeout_ms = timeout_ms(settings),
                                   .max_answer = MAX_ANSWER,
                                   .keep_answer = settings->partial_response != ESM_PARTIAL_RESPONSE_OFF};
    return esm__http_new(invoker->allocator, &invoker->http, invoker->poller, settings->max_in_flight);
}

static int use_lambda(struct invoker *invoker, const struct esm__settings *settings)
{
    static const struct esm__header headers[] = {{{"Content-Type", 12}, {"application/json", 16}},
                                                 {{"X-Amz-Invocation-Type", 21}, {"RequestResponse", 15}}};
    invoker->target = ESM__TARGET_LAMBDA;
    int error = esm__invoker_write_path(&invoker->path, &invoker->query, settings->function_name);
    if (error == 0)
        error = esm__aws_new(invoker->allocator, &invoker->aws, invoker->poller, settings,
                             settings->max_in_flight);
    if (error != 0)
        return error;
    if (esm__credentials_get_region(invoker->aws->credentials) == NULL) {
        esm_poller_log(
            invoker->poller, ESM_LOG_ERROR,
            "function: no region: name one in FunctionName, aws.region, AWS_REGION or the profile");
        return ESM_ERR_CONFIG;
    }
    invoker->call =
        (struct esm__request_options){.service = ESM__SERVICE_LAMBDA,
                                      .endpoint = settings->aws_endpoint,
                                      .method = "POST",
                                      .path = invoker->path.data,
                                      .query = invoker->query.size > 0 ? invoker->query.data : NULL,
                                      .headers = headers,
                                      .header_count = sizeof(headers) / sizeof(headers[0]),
                                      .connect_timeout_ms = settings->invoke_connect_timeout_ms,
                                      .timeout_ms = timeout_ms(settings),
                                      .max_answer = MAX_ANSWER,
                                      .keep_answer = settings->partial_response != ESM_PARTIAL_RESPONSE_OFF};
    return 0;
}

static int use_target(struct invoker *invoker, const struct esm__settings *settings)
{
    if (settings->function_url != NULL)
        return use_http(invoker, settings);
    if (settings->function_name != NULL)
        return use_lambda(invoker, settings);
    esm_poller_log(invoker->poller, ESM_LOG_ERROR, "function: neither FunctionName nor function.url is set");
    return ESM_ERR_CONFIG;
}

static void invoker_free(void *user_data)
{
    struct invoker *invoker = user_data;
    esm__http_free(invoker->http);
    esm__aws_unref(invoker->aws);
    curl_slist_free_all(invoker->headers);
    esm__bytes_free(&invoker->path);
    esm__bytes_free(&invoker->query);
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
    esm__bytes_init(&invoker->path, allocator);
    esm__bytes_init(&invoker->query, allocator);
    int error = use_target(invoker, settings);
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
