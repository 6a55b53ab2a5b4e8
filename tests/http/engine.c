/* SPDX-License-Identifier: MIT */
#include "engine.h"

const struct esm__http_request get = {.method = "GET", .connect_timeout_ms = 5000, .timeout_ms = 5000};
struct server *server;
esm_poller *poller;
struct esm__http *http;
int64_t longest_ms;
char big[BIG];

static int invoke_nothing(void *user_data, esm_invocation *invocation)
{
    (void)user_data;
    (void)invocation;
    return -1;
}

void turn(int64_t wait_ms)
{
    int64_t before = now_ms();
    ck_assert_int_eq(esm_poller_dispatch(poller, wait_ms), 0);
    int64_t took = now_ms() - before - wait_ms;
    longest_ms = took > longest_ms ? took : longest_ms;
}

void engine_start(esm_allocator *allocator)
{
    esm_config *config;
    ck_assert_int_eq(esm_config_new(NULL, &config), 0);
    ck_assert_int_eq(esm_poller_new(NULL, &poller, config), 0);
    esm_config_free(config);
    ck_assert_int_eq(esm_poller_set_invoke(poller, invoke_nothing, NULL, NULL), 0);
    ck_assert_int_eq(esm__http_new(allocator, &http, poller, 4), 0);
}

void engine_stop(void)
{
    esm__http_free(http);
    esm_poller_unref(poller);
    if (server != NULL)
        server_stop(server);
    server = NULL;
}

void serve(server_fn answer, server_fn early)
{
    server = server_start(answer, early, NULL);
    engine_start(NULL);
}

void on_done(void *user_data, const struct esm__http_result *result)
{
    struct outcome *outcome = user_data;
    outcome->calls++;
    outcome->end = result->end;
    outcome->status = result->status;
    outcome->retry_after_ms = result->retry_after_ms;
    if (result->body_size < sizeof(outcome->body) && result->body_size > 0)
        memcpy(outcome->body, result->body, result->body_size);
    const char *header = esm__http_get_header(result, "x-TEST");
    if (header != NULL)
        strncpy(outcome->header, header, sizeof(outcome->header) - 1);
    ck_assert_ptr_nonnull(result->error);
}

struct esm__http_call *begin(struct outcome *outcome, struct esm__http_request request, const char *url)
{
    struct esm__http_call *call = NULL;
    *outcome = (struct outcome){0};
    request.url = url == NULL ? server_url(server) : url;
    request.keep_answer = 1;
    if (request.max_answer == 0)
        request.max_answer = 1000;
    ck_assert_int_eq(esm__http_start(http, &request, on_done, outcome, &call), 0);
    ck_assert_int_eq(outcome->calls, 0);
    return call;
}

struct outcome finish(struct esm__http_request request, const char *url)
{
    struct outcome outcome;
    begin(&outcome, request, url);
    while (outcome.calls == 0)
        turn(20);
    return outcome;
}

struct esm__http_request post(const void *body, size_t size)
{
    struct esm__http_request request = get;
    request.method = "POST";
    request.body = body;
    request.body_size = size;
    return request;
}
