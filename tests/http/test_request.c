/* SPDX-License-Identifier: MIT */
/* The life of a signed request: who is told, when, and how often. What is signed is tests/aws's business. */
#include "engine.h"

#include "../fault/memory.h"
#include "aws/request.h"

struct call {
    struct esm__request *request;
    int calls; /* of done */
    enum esm__http_end end;
    int32_t status;
    char code[ESM__ERROR_CODE_SIZE];
    size_t body_size;
    int drops_answer;
    struct call *starts;  /* in done */
    struct call *cancels; /* in done */
    int start_error;
};

static struct esm__aws *aws;

static int start(struct call *call);

static void on_end(void *user_data, const struct esm__answer *answer)
{
    struct call *call = user_data;
    call->calls++;
    call->end = answer->http->end;
    call->status = answer->http->status;
    call->body_size = answer->http->body_size;
    ck_assert_ptr_nonnull(answer->http->error);
    strcpy(call->code, answer->code);
    ck_assert_ptr_null(answer->http->status == 0 ? esm__http_get_header(answer->http, "Date") : NULL);
    if (call->starts != NULL)
        call->start_error = start(call->starts);
    if (call->cancels != NULL)
        esm__request_cancel(call->cancels->request);
}

static int start(struct call *call)
{
    const struct esm__header header = {esm__span("X-Amz-Target"), esm__span("AmazonSQS.SendMessage")};
    const struct esm__request_options options = {.service = ESM__SERVICE_SQS,
                                                 .endpoint = server_url(server),
                                                 .method = "POST",
                                                 .path = "/",
                                                 .headers = &header,
                                                 .header_count = 1,
                                                 .body = esm__span("{}"),
                                                 .connect_timeout_ms = 5000,
                                                 .timeout_ms = 5000,
                                                 .max_answer = 1000,
                                                 .keep_answer = !call->drops_answer};
    return esm__request_start(aws, &options, on_end, call, &call->request);
}

static int open_aws(esm_allocator *allocator)
{
    const struct esm__settings settings = {.aws_region = "eu-west-1",
                                           .aws_access_key_id = "AKIDEXAMPLE",
                                           .aws_secret_access_key = "secret",
                                           .aws_session_token = "token"};
    return esm__aws_new(allocator, &aws, poller, &settings, 4);
}

static void open_all(server_fn answer)
{
    serve(answer, NULL);
    ck_assert_int_eq(open_aws(NULL), 0);
}

static void close_all(void)
{
    esm__aws_unref(aws);
    aws = NULL;
    engine_stop();
}

static void turn_for(int64_t ms)
{
    for (int64_t end = now_ms() + ms; now_ms() < end;)
        turn(5);
}

/* ---- servers ---- */

static int is_signed(struct exchange *exchange)
{
    return strstr(exchange->head, "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") != NULL &&
           strstr(exchange->head, "SignedHeaders=host;x-amz-date;x-amz-security-token;x-amz-target,") !=
               NULL &&
           strstr(exchange->head, "X-Amz-Security-Token: token\r\n") != NULL &&
           strstr(exchange->head, "Content-Type") == NULL;
}

static int answer_signed(struct exchange *exchange)
{
    return is_signed(exchange) ? server_ok(exchange, "fine") : server_status(exchange, "403 Forbidden");
}

static int answer_late(struct exchange *exchange)
{
    return server_wait(exchange, 5000) ? 0 : server_ok(exchange, "late");
}

static int answer_then_refuse(struct exchange *exchange)
{
    if (exchange->number == 0)
        return server_ok(exchange, "a long answer");
    server_say(exchange,
               "HTTP/1.1 400 Bad Request\r\nContent-Length: 44\r\n\r\n"
               "{\"__type\":\"com.amazonaws#QueueDoesNotExist\"}");
    return 0;
}

static int answer_first_late(struct exchange *exchange)
{
    return exchange->number == 0 ? answer_late(exchange) : answer_signed(exchange);
}

/* ---- tests ---- */

START_TEST(answer_comes_once_and_later)
{
    struct call call = {0};
    open_all(answer_signed);
    ck_assert_int_eq(start(&call), 0);
    ck_assert_int_eq(call.calls, 0);
    while (call.calls == 0)
        turn(20);
    turn_for(50);
    ck_assert_int_eq(call.calls, 1);
    ck_assert_int_eq(call.end, ESM__HTTP_ANSWERED);
    ck_assert_int_eq(call.status, 200);
    close_all();
    ck_assert_int_eq(call.calls, 1);
}
END_TEST

/* Nobody wants a function's answers, say, but what went wrong is to be known. */
START_TEST(error_is_read_where_answers_are_dropped)
{
    struct call good = {.drops_answer = 1};
    struct call bad = {.drops_answer = 1};
    open_all(answer_then_refuse);
    ck_assert_int_eq(start(&good), 0);
    while (good.calls == 0)
        turn(5);
    ck_assert_int_eq(good.status, 200);
    ck_assert_uint_eq(good.body_size, 0);
    ck_assert_int_eq(start(&bad), 0);
    while (bad.calls == 0)
        turn(5);
    ck_assert_int_eq(bad.status, 400);
    ck_assert_str_eq(bad.code, "QueueDoesNotExist");
    close_all();
}
END_TEST

/* With 0 while it waits for keys, with 1 while it is under way. */
START_TEST(cancelled_is_not_told)
{
    struct call call = {0};
    open_all(answer_late);
    ck_assert_int_eq(start(&call), 0);
    while (_i == 1 && server_requests(server) == 0)
        turn(5);
    esm__request_cancel(call.request);
    turn_for(50);
    ck_assert_int_eq(server_requests(server), _i);
    close_all();
    ck_assert_int_eq(call.calls, 0);
}
END_TEST

START_TEST(end_of_all_tells_each)
{
    struct call under_way = {0};
    struct call next = {0};
    struct call waiting = {0};
    open_all(answer_late);
    under_way.starts = &next;
    ck_assert_int_eq(start(&under_way), 0);
    while (server_requests(server) == 0)
        turn(5);
    esm__credentials_invalidate(aws->credentials, 1);
    ck_assert_int_eq(start(&waiting), 0);
    close_all();
    ck_assert_int_eq(under_way.calls, 1);
    ck_assert_int_eq(under_way.end, ESM__HTTP_LOST);
    ck_assert_int_eq(under_way.start_error, ESM_ERR_STATE);
    ck_assert_int_eq(waiting.calls, 1);
    ck_assert_int_eq(waiting.end, ESM__HTTP_UNSENT);
    ck_assert_int_eq(next.calls, 0);
}
END_TEST

START_TEST(done_may_start_and_cancel)
{
    struct call hanging = {0};
    struct call second = {0};
    struct call first = {.starts = &second, .cancels = &hanging};
    open_all(answer_first_late);
    ck_assert_int_eq(start(&hanging), 0);
    while (server_requests(server) == 0)
        turn(5);
    ck_assert_int_eq(start(&first), 0);
    while (second.calls == 0)
        turn(5);
    ck_assert_int_eq(first.calls, 1);
    ck_assert_int_eq(first.start_error, 0);
    ck_assert_int_eq(second.status, 200);
    close_all();
    ck_assert_int_eq(hanging.calls, 0);
}
END_TEST

START_TEST(too_many_headers_are_refused)
{
    struct esm__header headers[13];
    struct esm__request *request = NULL;
    for (int i = 0; i < 13; i++)
        headers[i] = (struct esm__header){esm__span("a"), esm__span("b")};
    struct esm__request_options options = {
        .endpoint = "http://127.0.0.1", .method = "GET", .path = "/", .headers = headers, .header_count = 13};
    open_all(answer_signed);
    ck_assert_int_eq(esm__request_start(aws, &options, on_end, NULL, &request), ESM_ERR_INVALID_ARGUMENT);
    options.header_count = 12;
    options.endpoint = "nonsense";
    ck_assert_int_eq(esm__request_start(aws, &options, on_end, NULL, &request), ESM_ERR_CONFIG);
    ck_assert_ptr_null(request);
    close_all();
}
END_TEST

/* ---- memory ---- */

/* Whatever is missing when: the request is refused with an error or ends, and nothing is left behind. */
static void send_one(struct memory *memory)
{
    struct call call = {0};
    aws = NULL;
    memory_arm(memory);
    int error = open_aws(memory->allocator);
    if (error == 0)
        error = start(&call);
    while (error == 0 && call.calls == 0)
        turn(5);
    if (error == 0 && call.end == ESM__HTTP_ANSWERED)
        ck_assert_int_eq(call.status, 200);
    else if (error == 0)
        ck_assert(call.end == ESM__HTTP_UNSENT ||
                  call.end == ESM__HTTP_LOST); /* there was no room for the answer */
    else
        ck_assert_int_eq(error, ESM_ERR_NOMEM);
    ck_assert(memory->was_hit || call.status == 200);
    memory_heal(memory);
    esm__aws_unref(aws);
    aws = NULL;
}

START_TEST(memory_runs_out)
{
    serve(answer_signed, NULL);
    memory_each(send_one);
    engine_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("http-request");
    TCase *tests = tcase_create("http-request");
    tcase_set_timeout(tests, 60);
    setenv("no_proxy", "*", 1);
    setenv("AWS_CONFIG_FILE", "/nowhere", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere", 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    tcase_add_test(tests, answer_comes_once_and_later);
    tcase_add_test(tests, error_is_read_where_answers_are_dropped);
    tcase_add_loop_test(tests, cancelled_is_not_told, 0, 2);
    tcase_add_test(tests, end_of_all_tells_each);
    tcase_add_test(tests, done_may_start_and_cancel);
    tcase_add_test(tests, too_many_headers_are_refused);
    tcase_add_test(tests, memory_runs_out);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
