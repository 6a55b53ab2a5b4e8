/* SPDX-License-Identifier: MIT */
#include "aws/request.h"

#include <string.h>

#include "aws/headers.h"
#include "base/alloc.h"

#define HEADERS_MAX 12

enum repeated {
    REPEATED_FOR_CLOCK = 1,
    REPEATED_FOR_KEYS = 2,
};

struct esm__request {
    LIST_ENTRY(esm__request) link;
    struct esm__aws *aws;
    esm__request_fn done;
    void *user_data;
    struct esm__http_request http; /* url, headers and body are what is here */
    struct esm__http_call *call;   /* NULL: none is under way */
    struct esm__credentials_waiter waiter;
    const char *service;
    unsigned sign_flags;
    unsigned repeated;
    uint64_t serial; /* of the keys that it was signed with last */
    char payload_hash[ESM__SHA256_HEX_SIZE];
    struct esm__bytes region;
    struct esm__bytes url;
    struct curl_slist *lines; /* the caller's headers, and Host */
};

static void request_free(struct esm__request *request)
{
    LIST_REMOVE(request, link);
    esm__credentials_cancel(request->aws->credentials, &request->waiter);
    if (request->call != NULL)
        esm__http_cancel(request->call);
    esm__headers_free(&request->http.headers);
    esm__headers_free(&request->lines);
    esm__bytes_free(&request->url);
    esm__bytes_free(&request->region);
    esm__free(request->aws->allocator, request);
}

/* ---- what is sent ---- */

static int copy_headers(struct esm__request *request, const struct esm__request_options *options)
{
    esm_allocator *allocator = request->aws->allocator;
    struct esm__span host = esm__url_split(request->url.data).host;
    int error = esm__headers_add(&request->lines, allocator, esm__span("Host"), host);
    for (size_t i = 0; i < options->header_count && error == 0; i++)
        error =
            esm__headers_add(&request->lines, allocator, options->headers[i].name, options->headers[i].value);
    return error;
}

static int add_host_label(struct esm__bytes *url, const char *label)
{
    struct esm__bytes base = *url;
    const char *host = strstr(base.data, "://") + 3;
    esm__bytes_init(url, base.allocator);
    int error = esm__bytes_format(url, "%.*s%s.%s", (int)(host - base.data), base.data, label, host);
    esm__bytes_free(&base);
    return error;
}

static int write_base(struct esm__request *request, const struct esm__request_options *options)
{
    struct esm__bytes *url = &request->url;
    int error = options->endpoint != NULL
                    ? esm__bytes_append_text(url, options->endpoint)
                    : esm__credentials_write_endpoint(request->aws->credentials, url, options->service,
                                                      request->region.data);
    while (error == 0 && url->size > 0 && url->data[url->size - 1] == '/')
        url->size--;
    if (error == 0)
        error = esm__bytes_terminate(url);
    return error == 0 && strstr(url->data, "://") == NULL ? ESM_ERR_CONFIG : error;
}

static int write_url(struct esm__request *request, const struct esm__request_options *options)
{
    int error = write_base(request, options);
    if (error == 0 && options->host_label != NULL)
        error = add_host_label(&request->url, options->host_label);
    if (error == 0)
        error = esm__bytes_format(&request->url, "%s", options->path);
    if (error == 0 && options->query != NULL)
        error = esm__bytes_format(&request->url, "?%s", options->query);
    return error;
}

/* ---- signing ---- */

static size_t gather_headers(const struct esm__request *request, struct esm__header headers[HEADERS_MAX + 1])
{
    size_t count = 0;
    for (const struct curl_slist *line = request->lines; line != NULL; line = line->next) {
        const char *colon = strchr(line->data, ':');
        headers[count++] =
            (struct esm__header){{line->data, (size_t)(colon - line->data)}, esm__span(colon + 1)};
    }
    return count;
}

static int add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    if (longer == NULL)
        return ESM_ERR_NOMEM;
    *list = longer;
    return 0;
}

static int copy_lines(struct esm__request *request)
{
    int error = 0;
    int has_type = 0;
    for (const struct curl_slist *line = request->lines; line != NULL && error == 0; line = line->next) {
        has_type |= strncasecmp(line->data, "Content-Type:", strlen("Content-Type:")) == 0;
        error = add_line(&request->http.headers, line->data);
    }
    if (error == 0 && !has_type) /* libcurl would add one of its own, which is not signed */
        error = add_line(&request->http.headers, "Content-Type:");
    return error;
}

static int sign(struct esm__request *request, const struct esm__keys *keys)
{
    struct esm__header headers[HEADERS_MAX + 1];
    struct esm__url_parts url = esm__url_split(request->url.data);
    const struct esm__sign what = {.keys = keys,
                                   .region = request->region.data,
                                   .service = request->service,
                                   .wall_ms = esm__credentials_now_ms(request->aws->credentials),
                                   .method = request->http.method,
                                   .path = url.path,
                                   .query = url.query,
                                   .headers = headers,
                                   .header_count = gather_headers(request, headers),
                                   .payload_hash = request->payload_hash,
                                   .flags = request->sign_flags};
    esm__headers_free(&request->http.headers);
    int error = copy_lines(request);
    return error == 0 ? esm__headers_sign(&request->http.headers, request->aws->allocator, &what) : error;
}

/* ---- the way of a request ---- */

static void on_answer(void *user_data, const struct esm__http_result *result);

/* The request is gone after it. */
static void finish(struct esm__request *request, const struct esm__http_result *result, const char *code)
{
    esm__request_fn done = request->done;
    void *user_data = request->user_data;
    const struct esm__answer answer = {.http = result, .code = code};
    request->call = NULL;
    done(user_data, &answer);
    request_free(request);
}

static void fail(struct esm__request *request, const char *why)
{
    const struct esm__http_result result = {.end = ESM__HTTP_UNSENT, .error = why};
    finish(request, &result, "");
}

void esm__request_cancel(struct esm__request *request)
{
    request_free(request);
}

void esm__request_end_all(struct esm__aws *aws)
{
    aws->is_ending = 1;
    while (!LIST_EMPTY(&aws->requests)) {
        struct esm__request *request = LIST_FIRST(&aws->requests);
        struct esm__http_result result = {.end = ESM__HTTP_UNSENT, .error = "the poller is ending"};
        if (request->call != NULL) {
            result.end = ESM__HTTP_LOST;
            esm__http_cancel(request->call);
        }
        finish(request, &result, "");
    }
}

static int transmit(struct esm__request *request, const struct esm__keys *keys)
{
    request->serial = keys->serial;
    int error = sign(request, keys);
    if (error != 0)
        return error;
    return esm__http_start(request->aws->http, &request->http, on_answer, request, &request->call);
}

static void on_keys(void *user_data, const struct esm__keys *keys, const char *error_text)
{
    struct esm__request *request = user_data;
    if (keys == NULL) {
        fail(request, error_text);
        return;
    }
    int error = transmit(request, keys);
    if (error != 0)
        fail(request, esm_strerror(error));
}

/* Sends it with the keys that there are, or waits for them. */
static int go(struct esm__request *request)
{
    request->call = NULL;
    const struct esm__keys *keys = esm__credentials_get(request->aws->credentials, &request->waiter);
    return keys == NULL ? 0 : transmit(request, keys);
}

/* Whether signing anew may help, which is tried once for each reason. */
static int is_worth_repeating(struct esm__request *request, const struct esm__http_result *result,
                              const char *code)
{
    struct esm__credentials *credentials = request->aws->credentials;
    if (esm__code_is_skew(code) && (request->repeated & REPEATED_FOR_CLOCK) == 0) {
        request->repeated |= REPEATED_FOR_CLOCK;
        const char *date = esm__http_get_header(result, "Date");
        return date != NULL && esm__credentials_note_date(credentials, date);
    }
    if (esm__code_is_expired(code) && (request->repeated & REPEATED_FOR_KEYS) == 0) {
        request->repeated |= REPEATED_FOR_KEYS;
        esm__credentials_invalidate(credentials, request->serial);
        return 1;
    }
    return 0;
}

static void on_answer(void *user_data, const struct esm__http_result *result)
{
    struct esm__request *request = user_data;
    char code[ESM__ERROR_CODE_SIZE] = "";
    if (result->end == ESM__HTTP_ANSWERED && result->status >= 300) {
        esm__answer_read_code(result, code);
        if (is_worth_repeating(request, result, code) && go(request) == 0)
            return;
    }
    finish(request, result, code);
}

/* ---- starting ---- */

static int set_up(struct esm__request *request, const struct esm__request_options *options)
{
    const char *region = options->region;
    if (region == NULL)
        region = esm__credentials_get_region(request->aws->credentials);
    if (region == NULL || esm__check_region(esm__span(region)) != NULL)
        return ESM_ERR_CONFIG;
    request->service = esm__service_name(options->service);
    request->sign_flags =
        options->service == ESM__SERVICE_S3 ? (unsigned)ESM__SIGN_S3 | ESM__SIGN_PAYLOAD : 0;
    int error = esm__bytes_format(&request->region, "%s", region);
    if (error == 0)
        error = write_url(request, options);
    if (error == 0)
        error = copy_headers(request, options);
    if (error == 0 && options->is_payload_unsigned)
        memcpy(request->payload_hash, ESM__UNSIGNED_PAYLOAD, sizeof(ESM__UNSIGNED_PAYLOAD));
    else if (error == 0)
        error = esm__sha256_hex(&options->body, 1, request->payload_hash);
    request->http = (struct esm__http_request){.method = options->method,
                                               .url = request->url.data,
                                               .body = options->body.data,
                                               .body_size = options->body.size,
                                               .connect_timeout_ms = options->connect_timeout_ms,
                                               .timeout_ms = options->timeout_ms,
                                               .max_answer = options->max_answer,
                                               .keep_answer = options->keep_answer};
    return error;
}

int esm__request_start(struct esm__aws *aws, const struct esm__request_options *options, esm__request_fn done,
                       void *user_data, struct esm__request **ret)
{
    if (options->header_count > HEADERS_MAX)
        return ESM_ERR_INVALID_ARGUMENT;
    if (aws->is_ending)
        return ESM_ERR_STATE;
    struct esm__request *request = esm__calloc(aws->allocator, 1, sizeof(*request));
    if (request == NULL)
        return ESM_ERR_NOMEM;
    LIST_INSERT_HEAD(&aws->requests, request, link);
    request->aws = aws;
    request->done = done;
    request->user_data = user_data;
    request->waiter.done = on_keys;
    request->waiter.user_data = request;
    esm__bytes_init(&request->region, aws->allocator);
    esm__bytes_init(&request->url, aws->allocator);
    int error = set_up(request, options);
    if (error == 0)
        error = go(request);
    if (error == 0)
        *ret = request;
    else
        request_free(request);
    return error;
}
