/* SPDX-License-Identifier: MIT */
/* What is asked of a function over HTTP, and what becomes of records by its answer. */
#include "rig.h"

#include <limits.h>

#include "aws/invoker.h"

/* ---- the request ---- */

static int begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static char seen_body[65536];
static char seen_head[4096];

static int remember(struct exchange *exchange)
{
    snprintf(seen_body, sizeof(seen_body), "%s", exchange->body);
    snprintf(seen_head, sizeof(seen_head), "%s", exchange->head);
    return succeed(exchange);
}

static char own_event[65536];

static int take_event(void *user_data, esm_invocation *invocation)
{
    (void)user_data;
    snprintf(own_event, sizeof(own_event), "%s", esm_invocation_get_event(invocation, NULL));
    return esm_invocation_complete(invocation, ESM_OUTCOME_SUCCESS, NULL, 0);
}

START_TEST(body_is_the_event)
{
    struct rig rig;
    for (int own = 0; own <= 1; own++) {
        rig_start(&rig, remember, NULL, LAMBDA, NULL);
        if (own)
            ck_assert_int_eq(esm_poller_set_invoke(rig.poller, take_event, NULL, NULL), 0);
        push(&rig, 3, 5, 9, "{\"a\":1}", 7);
        run_to(&rig, 3, 10);
        rig_stop(&rig);
    }
    ck_assert_str_eq(seen_body, own_event);
    ck_assert_msg(begins(seen_head, "POST /2015-03-31/functions/fn/invocations?Qualifier=live HTTP/1.1\r\n"),
                  "%s", seen_head);
    ck_assert_ptr_nonnull(strstr(seen_head, "\r\nContent-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(seen_head, "\r\nX-Amz-Invocation-Type: RequestResponse\r\n"));
    ck_assert_ptr_nonnull(strstr(seen_head, "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    ck_assert_ptr_nonnull(strstr(seen_head, "/eu-west-1/lambda/aws4_request, SignedHeaders=content-type;host;"
                                            "x-amz-date;x-amz-invocation-type, Signature="));
}
END_TEST

START_TEST(url_is_taken_as_it_is)
{
    struct rig rig;
    rig_start(&rig, remember, NULL, "/a/b?c=d%20e", NULL);
    push(&rig, 0, 0, 0, "x", 1);
    run_to(&rig, 0, 1);
    rig_stop(&rig);
    ck_assert_msg(begins(seen_head, "POST /a/b?c=d%20e HTTP/1.1\r\n"), "%s", seen_head);
    ck_assert_ptr_null(strstr(seen_head, "X-Amz"));
}
END_TEST

#define PREFIX "/2015-03-31/functions/"

static const struct {
    const char *name, *path, *query;
} paths[] = {
    {"fn", PREFIX "fn/invocations", ""},
    {"fn:7", PREFIX "fn/invocations", "Qualifier=7"},
    {"fn:$LATEST", PREFIX "fn/invocations", "Qualifier=%24LATEST"},
    {"function:f_n-1", PREFIX "function%3Af_n-1/invocations", ""},
    {"123456789012:function:fn:x", PREFIX "123456789012%3Afunction%3Afn/invocations", "Qualifier=x"},
    {"eu-west-1:123456789012:function:fn", PREFIX "eu-west-1%3A123456789012%3Afunction%3Afn/invocations", ""},
    {"arn:aws:lambda:eu-west-1:123456789012:function:fn",
     PREFIX "arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Afn/invocations", ""},
    {"arn:aws:lambda:eu-west-1:123456789012:function:fn:live",
     PREFIX "arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Afn/invocations", "Qualifier=live"},
};

START_TEST(path_of_a_function)
{
    struct esm__bytes path, query;
    esm__bytes_init(&path, NULL);
    esm__bytes_init(&query, NULL);
    ck_assert_int_eq(esm__invoker_write_path(&path, &query, paths[_i].name), 0);
    ck_assert_str_eq(path.data, paths[_i].path);
    ck_assert_str_eq(query.data, paths[_i].query);
    ck_assert_int_eq(esm__invoker_write_path(&path, &query, "a b"), ESM_ERR_CONFIG);
    esm__bytes_free(&path);
    esm__bytes_free(&query);
}
END_TEST

static void must_start(struct rig *rig, const char *const *options)
{
    ck_assert_int_eq(rig_start_poller(rig, options), 0);
}

static int use(const char *name, const char *value, char *log)
{
    struct rig rig = {0};
    must_start(&rig, (const char *const[]){name, value, NULL});
    int error = esm_poller_use_lambda(rig.poller);
    strcpy(log, rig.log);
    esm_poller_unref(rig.poller);
    return error;
}

START_TEST(wants_to_know_the_target)
{
    char log[8192];
    ck_assert_int_eq(esm_poller_use_lambda(NULL), ESM_ERR_INVALID_ARGUMENT);
    ck_assert_int_eq(use(NULL, NULL, log), ESM_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(log, "FunctionName"));
    ck_assert_int_eq(use("FunctionName", "fn", log), ESM_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(log, "no region"));
    ck_assert_int_eq(use("FunctionName", "arn:aws:lambda:eu-west-1:123456789012:function:fn", log), 0);
    ck_assert_int_eq(use("function.url", "http://127.0.0.1:1/", log), 0);
    ck_assert_str_eq(log, "");

    struct rig rig;
    rig_start(&rig, succeed, NULL, LAMBDA, NULL);
    turn(&rig);
    ck_assert_int_eq(esm_poller_use_lambda(rig.poller), ESM_ERR_STATE);
    rig_stop(&rig);
}
END_TEST

/* ---- answers ---- */

/* One record, MaximumRetryAttempts 0: a failure that counts gives it up. The second invocation always
 * succeeds. */
static int fail_first(struct exchange *exchange, const char *answer, int keeps)
{
    if (exchange->number > 0)
        return succeed(exchange);
    server_say(exchange, answer);
    return keeps;
}

#define EMPTY "\r\nContent-Length: 0\r\n\r\n"

static int first_500(struct exchange *exchange)
{
    return fail_first(exchange, "HTTP/1.1 500 Oh" EMPTY, 1);
}

static int first_404(struct exchange *exchange)
{
    return fail_first(exchange, "HTTP/1.1 404 No" EMPTY, 1);
}

static int first_429(struct exchange *exchange)
{
    return fail_first(exchange, "HTTP/1.1 429 Slow" EMPTY, 1);
}

static int first_302(struct exchange *exchange)
{
    return fail_first(exchange, "HTTP/1.1 302 Found\r\nLocation: /x" EMPTY, 1);
}

static int first_unhandled(struct exchange *exchange)
{
    return fail_first(exchange, "HTTP/1.1 200 OK\r\nX-Amz-Function-Error: Unhandled" EMPTY, 1);
}

static int first_lost(struct exchange *exchange)
{
    return fail_first(exchange, "", 0);
}

static int first_garbage(struct exchange *exchange)
{
    return fail_first(exchange, "what?\r\n\r\n", 0);
}

static const struct {
    server_fn answer;
    const char *path;
    const char *count_timeouts;
    int counts; /* it uses up an attempt */
} answers[] = {
    {first_500, LAMBDA, "auto", 0},     {first_500, "/", "auto", 1},     {first_404, LAMBDA, "auto", 0},
    {first_404, "/", "auto", 0},        {first_429, LAMBDA, "auto", 0},  {first_429, "/", "auto", 0},
    {first_302, LAMBDA, "auto", 0},     {first_302, "/", "auto", 1},     {first_unhandled, LAMBDA, "auto", 1},
    {first_unhandled, "/", "auto", -1}, {first_lost, LAMBDA, "auto", 0}, {first_lost, LAMBDA, "true", 1},
    {first_lost, "/", "auto", 1},       {first_lost, "/", "false", 0},   {first_garbage, LAMBDA, "auto", 0},
    {first_garbage, "/", "auto", 1},
};

START_TEST(answer_counts_as_decided)
{
    struct rig rig;
    rig_start(&rig, answers[_i].answer, NULL, answers[_i].path,
              (const char *const[]){"MaximumRetryAttempts", "0", "count_timeouts", answers[_i].count_timeouts,
                                    NULL});
    push(&rig, 0, 0, 0, "x", 1);
    run_to(&rig, 0, 1);
    int fails = answers[_i].counts >= 0; /* -1: a success */
    ck_assert_int_eq(count_of(&rig, ESM_COUNTER_INVOKE_ERRORS), fails);
    ck_assert_int_eq(count_of(&rig, ESM_COUNTER_DELIVERED), answers[_i].counts == 1);
    ck_assert_int_eq(count_of(&rig, ESM_COUNTER_INVOCATIONS), answers[_i].counts == 0 ? 2 : 1);
    ck_assert_int_eq(count_of(&rig, ESM_COUNTER_THROTTLES), answers[_i].answer == first_429);
    rig_stop(&rig);
}
END_TEST

static int describe_error(struct exchange *exchange)
{
    server_say(exchange,
               "HTTP/1.1 200 OK\r\nx-amzn-RequestId: id-1\r\nX-Amz-Executed-Version: 42\r\n"
               "X-Amz-Function-Error: Unhandled" EMPTY);
    return 1;
}

START_TEST(failure_record_tells_of_the_answer)
{
    struct rig rig;
    rig_start(&rig, describe_error, NULL, LAMBDA, (const char *const[]){"MaximumRetryAttempts", "1", NULL});
    push(&rig, 0, 0, 0, "x", 1);
    run_to(&rig, 0, 1);
    static const char *const wanted[] = {"\"requestId\":\"id-1\"", "\"statusCode\":200",
                                         "\"executedVersion\":\"42\"", "\"functionError\":\"Unhandled\"",
                                         "\"approximateInvokeCount\":2"};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        ck_assert_msg(strstr(rig.document, wanted[i]) != NULL, "%s", rig.document);
    rig_stop(&rig);
}
END_TEST

static int ask_for_a_second(struct exchange *exchange)
{
    return fail_first(exchange, "HTTP/1.1 429 Slow\r\nRetry-After: 1" EMPTY, 1);
}

START_TEST(retry_after_is_honoured)
{
    struct rig rig;
    rig_start(&rig, ask_for_a_second, NULL, LAMBDA, NULL);
    int64_t before = now_ms();
    push(&rig, 0, 0, 0, "x", 1);
    run_to(&rig, 0, 1);
    ck_assert_int_ge(now_ms() - before, 990);
    rig_stop(&rig);
}
END_TEST

static int refuse_large(struct exchange *exchange)
{
    return exchange->body_size > 2000 ? server_status(exchange, "413 Too Large") : succeed(exchange);
}

START_TEST(too_large_is_split)
{
    struct rig rig;
    char value[1000] = {0};
    rig_start(&rig, refuse_large, NULL, LAMBDA, (const char *const[]){"MaximumRetryAttempts", "0", NULL});
    push(&rig, 0, 0, 3, value, sizeof(value));
    run_to(&rig, 0, 4);
    ck_assert_int_eq(count_of(&rig, ESM_COUNTER_DELIVERED), 0);
    ck_assert_int_ge(count_of(&rig, ESM_COUNTER_SPLITS), 1);
    rig_stop(&rig);
}
END_TEST

static int name_7(struct exchange *exchange)
{
    return server_ok(
        exchange, exchange->number == 0
                      ? "{\"batchItemFailures\":[{\"itemIdentifier\":{\"partition\":\"t-0\",\"offset\":7}}]}"
                      : "{\"batchItemFailures\":[]}");
}

START_TEST(partial_response_is_read)
{
    struct rig rig;
    rig_start(&rig, name_7, NULL, LAMBDA,
              (const char *const[]){"FunctionResponseTypes", "ReportBatchItemFailures", NULL});
    push(&rig, 0, 0, 9, "x", 1);
    run_to(&rig, 0, 10);
    ck_assert_int_eq(count_of(&rig, ESM_COUNTER_PARTIALS), 1);
    ck_assert_int_eq(count_of(&rig, ESM_COUNTER_INVOKED), 11);
    rig_stop(&rig);
}
END_TEST

static int poison_5(struct exchange *exchange)
{
    return has_offset(exchange, 5) ? server_status(exchange, "500 Oh") : succeed(exchange);
}

START_TEST(poison_is_found)
{
    struct rig rig;
    rig_start(&rig, poison_5, NULL, "/",
              (const char *const[]){"MaximumRetryAttempts", "1", "BisectBatchOnFunctionError", "true", NULL});
    push(&rig, 0, 0, 9, "x", 1);
    run_to(&rig, 0, 10);
    ck_assert_int_eq(count_of(&rig, ESM_COUNTER_DELIVERED), 1);
    ck_assert_int_eq(rig.delivered, 5);
    rig_stop(&rig);
}
END_TEST

START_TEST(lasting_trouble_is_logged_once)
{
    struct rig rig = {0};
    must_start(&rig, (const char *const[]){"function.url", "http://127.0.0.1:1/", "batch.window_ms", "0",
                                           "backoff.service_ms", "10", "backoff.max_ms", "10", NULL});
    ck_assert_int_eq(esm_poller_use_lambda(rig.poller), 0);
    push(&rig, 0, 0, 0, "x", 1);
    run_for(&rig, 200);
    ck_assert_int_gt(count_of(&rig, ESM_COUNTER_INVOCATIONS), 3);
    const char *line = strstr(rig.log, "function: ");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_null(strstr(line + 1, "function: "));
    esm_poller_unref(rig.poller);
}
END_TEST

/* ---- no memory ---- */

static int allocations_until_failure; /* one of them fails */

static void *failing_malloc(void *user_data, size_t size)
{
    (void)user_data;
    return allocations_until_failure-- == 0 ? NULL : malloc(size);
}

static void *failing_realloc(void *user_data, void *memory, size_t size)
{
    (void)user_data;
    return allocations_until_failure-- == 0 ? NULL : realloc(memory, size);
}

static void plain_free(void *user_data, void *memory)
{
    (void)user_data;
    free(memory);
}

static int name_none(struct exchange *exchange)
{
    return server_ok(exchange, "{\"batchItemFailures\":[]}");
}

/* Invokes with one allocation that fails. 0, or what setting up said. */
static int invoke_once(struct rig *rig, const char *const *options)
{
    int error = rig_start_poller(rig, options);
    if (error == 0)
        error = esm_poller_use_lambda(rig->poller);
    if (error == 0)
        error = esm_poller_add_partition(rig->poller, "t", 0, 0, 0, &rig->partitions[0]);
    if (error != 0)
        return error;
    esm_record *record;
    ck_assert_int_eq(esm_record_new(NULL, &record), 0);
    while ((error = esm_partition_push(rig->partitions[0], record)) == ESM_ERR_NOMEM)
        ;
    ck_assert_int_eq(error, 0);
    esm_record_free(record);
    run_to(rig, 0, 1);
    ck_assert_int_eq(rig->delivered, -1);
    ck_assert_int_eq(count_of(rig, ESM_COUNTER_DROPPED), 0);
    return 0;
}

/* Whichever allocation fails, the record gets through, and it was no failure of the function. */
START_TEST(no_memory_costs_no_attempt)
{
    struct rig rig = {.delivered = -1, .server = server_start(name_none, NULL, NULL)};
    const char *const options[] = {"FunctionName",
                                   "fn",
                                   "aws.endpoint_url",
                                   server_url(rig.server),
                                   "aws.region",
                                   "eu-west-1",
                                   "aws.access_key_id",
                                   "AKIDEXAMPLE",
                                   "aws.secret_access_key",
                                   "secret",
                                   "batch.window_ms",
                                   "0",
                                   "backoff.service_ms",
                                   "10",
                                   "FunctionResponseTypes",
                                   "ReportBatchItemFailures",
                                   "MaximumRetryAttempts",
                                   "0",
                                   NULL};
    int troubles = 0;
    for (int i = 0, left = -1; left < 0; i++) {
        allocations_until_failure = INT_MAX;
        ck_assert_int_eq(
            esm_allocator_new(&rig.allocator, failing_malloc, failing_realloc, plain_free, NULL, NULL), 0);
        allocations_until_failure = i;
        int error = invoke_once(&rig, options);
        ck_assert(error == 0 || error == ESM_ERR_NOMEM);
        left = allocations_until_failure; /* below 0: it came to the one that fails */
        if (error == 0)
            troubles += (int)count_of(&rig, ESM_COUNTER_INVOKE_ERRORS);
        rig.poller = esm_poller_unref(rig.poller);
        rig.allocator = esm_allocator_unref(rig.allocator);
    }
    ck_assert_int_ge(troubles, 3); /* the event, the request, the answer */
    server_stop(rig.server);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("http-invoker");
    TCase *tests = tcase_create("http-invoker");
    tcase_set_timeout(tests, 60);
    setenv("no_proxy", "*", 1);
    tcase_add_test(tests, body_is_the_event);
    tcase_add_test(tests, url_is_taken_as_it_is);
    tcase_add_loop_test(tests, path_of_a_function, 0, (int)(sizeof(paths) / sizeof(paths[0])));
    tcase_add_test(tests, wants_to_know_the_target);
    tcase_add_loop_test(tests, answer_counts_as_decided, 0, (int)(sizeof(answers) / sizeof(answers[0])));
    tcase_add_test(tests, failure_record_tells_of_the_answer);
    tcase_add_test(tests, retry_after_is_honoured);
    tcase_add_test(tests, too_large_is_split);
    tcase_add_test(tests, partial_response_is_read);
    tcase_add_test(tests, poison_is_found);
    tcase_add_test(tests, lasting_trouble_is_logged_once);
    tcase_add_test(tests, no_memory_costs_no_attempt);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
