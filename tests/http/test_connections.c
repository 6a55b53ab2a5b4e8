/* SPDX-License-Identifier: MIT */
/* How requests share connections, and that none of them holds up the loop or outlives its end. */
#include "engine.h"

#include <dlfcn.h>
#include <netdb.h>

/* ---- names ---- */

enum {
    SLOW_NAME_MS = 600
};

/* Instead of libc's, for libcurl's threads: no name server is asked. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (strcmp(name, "slow.test") == 0)
        sleep_ms(SLOW_NAME_MS);
    if (strstr(name, ".test") != NULL)
        return EAI_NONAME;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, hints, ret);
}

START_TEST(unknown_name_is_unsent)
{
    engine_start(NULL);
    ck_assert_int_eq(finish(post("{}", 2), "http://nowhere.test/").end, ESM__HTTP_UNSENT);
    engine_stop();
}
END_TEST

START_TEST(slow_name_holds_nothing_up)
{
    engine_start(NULL);
    struct outcome cancelled;
    struct esm__http_request request = post("{}", 2);
    request.connect_timeout_ms = 100;
    struct esm__http_call *call = begin(&cancelled, request, "http://slow.test/");
    turn(50);
    int64_t before = now_ms();
    esm__http_cancel(call);
    ck_assert_int_lt(now_ms() - before, SLOW_NAME_MS / 2);
    longest_ms = 0;
    ck_assert_int_eq(finish(request, "http://slow.test/").end, ESM__HTTP_UNSENT);
    ck_assert_int_lt(now_ms() - before, SLOW_NAME_MS);
    ck_assert_int_lt(longest_ms, SLOW_NAME_MS / 2);
    ck_assert_int_eq(cancelled.calls, 0);
    engine_stop();
    sleep_ms(2 * SLOW_NAME_MS); /* the threads that ask for the name clean up behind themselves */
}
END_TEST

/* ---- connections ---- */

static int echo(struct exchange *exchange)
{
    int has_body = strncmp(exchange->head, "GET", 3) != 0;
    return server_ok(exchange, has_body ? exchange->body : "no body");
}

START_TEST(connection_is_kept)
{
    serve(echo, NULL);
    for (int i = 0; i < 20; i++) {
        char body[16];
        snprintf(body, sizeof(body), "request %d", i);
        struct esm__http_request request = post(body, strlen(body));
        request.max_answer = 12; /* for each answer anew */
        struct outcome outcome = finish(request, NULL);
        ck_assert_int_eq(outcome.end, ESM__HTTP_ANSWERED);
        ck_assert_str_eq(outcome.body, body);
        request = get;
        request.max_answer = 12;
        outcome = finish(request, NULL); /* a handle forgets what it did before */
        ck_assert_str_eq(outcome.body, "no body");
    }
    ck_assert_int_eq(server_requests(server), 40);
    ck_assert_int_eq(server_connections(server), 1);
    engine_stop();
}
END_TEST

static int first_only(struct exchange *exchange)
{
    return exchange->on_connection == 0 ? echo(exchange) : 0;
}

/* The server saw the second request and closed; to libcurl it looks as if it had closed for idleness. */
START_TEST(request_on_a_dead_connection_is_sent_again)
{
    serve(first_only, NULL);
    ck_assert_int_eq(finish(post("1", 1), NULL).end, ESM__HTTP_ANSWERED);
    ck_assert_int_eq(finish(post("2", 1), NULL).end, ESM__HTTP_ANSWERED);
    ck_assert_int_eq(server_requests(server), 3);
    ck_assert_int_eq(server_connections(server), 2);
    engine_stop();
}
END_TEST

static int check_head(struct exchange *exchange)
{
    static const char *const wanted[] = {"PUT /", "\r\nX-Own: 1\r\n", "\r\nUser-Agent: libesm/0.1.0\r\n",
                                         "\r\nContent-Length: 8388608\r\n"};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        ck_assert_msg(strstr(exchange->head, wanted[i]) != NULL, "%s", exchange->head);
    ck_assert_msg(strcasestr(exchange->head, "Expect") == NULL, "%s", exchange->head);
    ck_assert_int_eq(memcmp(exchange->body, big, BIG), 0);
    return server_status(exchange, "204 No Content");
}

START_TEST(request_is_sent_as_it_is)
{
    char header[] = "X-Own: 1";
    struct curl_slist headers = {.data = header};
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)(i * 31 >> 3);
    serve(check_head, NULL);
    struct esm__http_request request = post(big, BIG);
    request.method = "PUT";
    request.headers = &headers;
    ck_assert_int_eq(finish(request, NULL).status, 204);
    engine_stop();
}
END_TEST

static int retry_after(struct exchange *exchange)
{
    char text[256];
    time_t when = time(NULL) + (exchange->number == 1 ? 100 : -100);
    strftime(text, sizeof(text),
             "HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nRetry-After: %a, %d %b %Y %H:%M:%S GMT\r\n\r\n",
             gmtime(&when));
    server_say(exchange, exchange->number == 0
                             ? "HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nRetry-After: 7\r\n\r\n"
                             : text);
    return 1;
}

START_TEST(retry_after_is_seconds_or_a_date)
{
    serve(retry_after, NULL);
    ck_assert_int_eq(finish(get, NULL).retry_after_ms, 7000);
    int64_t of_date = finish(get, NULL).retry_after_ms;
    ck_assert(of_date >= 97000 && of_date <= 100000);
    ck_assert_int_eq(finish(get, NULL).retry_after_ms, 0);
    engine_stop();
}
END_TEST

static int tell_close(struct exchange *exchange)
{
    static atomic_int closed;
    if (strncmp(exchange->head, "GET", 3) == 0)
        return server_ok(exchange, atomic_load(&closed) ? "closed" : "open");
    atomic_store(&closed, server_wait(exchange, 5000));
    return 0;
}

START_TEST(cancel_closes_at_once)
{
    serve(tell_close, NULL);
    struct outcome cancelled;
    struct esm__http_call *call = begin(&cancelled, post("{}", 2), NULL);
    while (server_requests(server) == 0)
        turn(10);
    ck_assert_str_eq(finish(get, NULL).body, "open");
    esm__http_cancel(call);
    sleep_ms(50);
    ck_assert_str_eq(finish(get, NULL).body, "closed");
    ck_assert_int_eq(cancelled.calls, 0);
    engine_stop();
}
END_TEST

START_TEST(engine_ends_what_is_under_way)
{
    serve(tell_close, NULL);
    struct outcome outcome;
    begin(&outcome, post("{}", 2), NULL);
    while (server_requests(server) == 0)
        turn(10);
    engine_stop();
    ck_assert_int_eq(outcome.calls, 1);
    ck_assert_int_eq(outcome.end, ESM__HTTP_LOST);
}
END_TEST

/* ---- no memory ---- */

static atomic_int allocations_left;

static void *scarce_malloc(void *user_data, size_t size)
{
    (void)user_data;
    return atomic_fetch_sub(&allocations_left, 1) > 0 ? malloc(size) : NULL;
}

static void *scarce_realloc(void *user_data, void *memory, size_t size)
{
    (void)user_data;
    return atomic_fetch_sub(&allocations_left, 1) > 0 ? realloc(memory, size) : NULL;
}

static void plain_free(void *user_data, void *memory)
{
    (void)user_data;
    free(memory);
}

/* Whatever is missing, the request ends, and soon. */
START_TEST(no_memory_ends_a_request)
{
    esm_allocator *allocator;
    int ends[ESM__HTTP_OVERLONG + 1] = {0};
    server = server_start(echo, NULL, NULL);
    for (int left = 0; ends[ESM__HTTP_ANSWERED] == 0; left++) {
        allocations_left = 1000;
        ck_assert_int_eq(esm_allocator_new(&allocator, scarce_malloc, scarce_realloc, plain_free, NULL, NULL),
                         0);
        engine_start(allocator);
        struct esm__http_request request = post("{}", 2);
        request.url = server_url(server);
        request.max_answer = 1000;
        request.keep_answer = 1;
        struct outcome outcome = {0};
        struct esm__http_call *call;
        allocations_left = left;
        int error = esm__http_start(http, &request, on_done, &outcome, &call);
        ck_assert(error == 0 || error == ESM_ERR_NOMEM);
        int64_t before = now_ms();
        while (error == 0 && outcome.calls == 0)
            turn(20);
        ck_assert_int_lt(now_ms() - before, 2000);
        ends[error == 0 ? outcome.end : 0]++;
        esm__http_free(http);
        esm_poller_unref(poller);
        esm_allocator_unref(allocator);
    }
    ck_assert_int_gt(ends[0], 0);                /* the call itself */
    ck_assert_int_gt(ends[ESM__HTTP_UNSENT], 0); /* its socket's watch */
    ck_assert_int_gt(ends[ESM__HTTP_LOST], 0);   /* its answer */
    server_stop(server);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("http-connections");
    TCase *tests = tcase_create("http-connections");
    tcase_set_timeout(tests, 60);
    setenv("no_proxy", "*", 1);
    tcase_add_test(tests, unknown_name_is_unsent);
    tcase_add_test(tests, slow_name_holds_nothing_up);
    tcase_add_test(tests, connection_is_kept);
    tcase_add_test(tests, request_on_a_dead_connection_is_sent_again);
    tcase_add_test(tests, request_is_sent_as_it_is);
    tcase_add_test(tests, retry_after_is_seconds_or_a_date);
    tcase_add_test(tests, cancel_closes_at_once);
    tcase_add_test(tests, engine_ends_what_is_under_way);
    tcase_add_test(tests, no_memory_ends_a_request);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
