/* SPDX-License-Identifier: MIT */
/* How requests end: what is known of each one that did not get its answer. */
#include "engine.h"
#include "tls.h"

/* ---- how an answer ends ---- */

static int chunked(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Test: yes\r\n\r\n3\r\nabc\r\n");
    sleep_ms(20);
    server_say(exchange, "2\r\nde\r\n0\r\n\r\n");
    return 1;
}

static int until_close(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabcde");
    return 0;
}

static int close_at_once(struct exchange *exchange)
{
    (void)exchange;
    return 0;
}

static int interim_then_close(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 102 Processing\r\n\r\n");
    return 0;
}

static int reset_in_body(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde");
    sleep_ms(20);
    return server_reset(exchange);
}

static int close_in_body(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde");
    return 0;
}

static int close_in_chunk(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc");
    return 0;
}

static int close_in_error(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 500 Oh\r\nContent-Length: 10\r\n\r\nabcde");
    return 0;
}

static int garbage(struct exchange *exchange)
{
    server_say(exchange, "EHLO there\r\n\r\n");
    return 0;
}

static int bad_version(struct exchange *exchange)
{
    server_say(exchange, "HTTP/8.15 200 OK\r\n\r\n");
    return 0;
}

static int redirect(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
    return 1;
}

static int hang(struct exchange *exchange)
{
    server_wait(exchange, 5000);
    return 0;
}

static int hang_in_body(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde");
    return hang(exchange);
}

static int size_1000(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    server_send(exchange, big, 1000);
    return 1;
}

static int size_1001(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n");
    server_send(exchange, big, 1001);
    return 1;
}

static int endless(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 200 OK\r\n\r\n");
    while (!server_wait(exchange, 0))
        server_send(exchange, big, 65536);
    return 0;
}

static const struct {
    server_fn answer;
    enum esm__http_end end;
    int32_t status;
    const char *body;
} answers[] = {
    {chunked, ESM__HTTP_ANSWERED, 200, "abcde"},
    {until_close, ESM__HTTP_ANSWERED, 200, "abcde"},
    {close_at_once, ESM__HTTP_LOST, 0, ""},
    {server_reset, ESM__HTTP_LOST, 0, ""},
    {interim_then_close, ESM__HTTP_LOST, 0, ""},
    {reset_in_body, ESM__HTTP_BROKEN, 200, NULL},
    {close_in_body, ESM__HTTP_BROKEN, 200, NULL},
    {close_in_chunk, ESM__HTTP_BROKEN, 200, NULL},
    {close_in_error, ESM__HTTP_ANSWERED, 500, NULL},
    {garbage, ESM__HTTP_BROKEN, 0, ""},
    {bad_version, ESM__HTTP_BROKEN, 0, ""},
    {redirect, ESM__HTTP_ANSWERED, 302, ""},
    {hang, ESM__HTTP_TIMED_OUT, 0, ""},
    {hang_in_body, ESM__HTTP_TIMED_OUT, 200, NULL},
    {size_1000, ESM__HTTP_ANSWERED, 200, NULL},
    {size_1001, ESM__HTTP_OVERLONG, 200, NULL},
    {endless, ESM__HTTP_OVERLONG, 200, NULL},
};

START_TEST(answer_ends_as_it_does)
{
    serve(answers[_i].answer, NULL);
    struct esm__http_request request = post("{}", 2);
    if (answers[_i].end == ESM__HTTP_TIMED_OUT)
        request.timeout_ms = 300;
    struct outcome outcome = finish(request, NULL);
    ck_assert_int_eq(outcome.end, answers[_i].end);
    ck_assert_int_eq(outcome.status, answers[_i].status);
    if (answers[_i].body != NULL)
        ck_assert_str_eq(outcome.body, answers[_i].body);
    ck_assert_str_eq(outcome.header, answers[_i].answer == chunked ? "yes" : "");
    ck_assert_int_eq(server_requests(server), 1);
    engine_stop();
}
END_TEST

/* ---- before the request is sent ---- */

static int refuse_early(struct exchange *exchange)
{
    server_say(exchange, "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n");
    sleep_ms(100);
    return 0; /* with data unread, a close is a reset */
}

static int no_answer(struct exchange *exchange)
{
    ck_abort_msg("the request came through: %s", exchange->head);
    return 0;
}

START_TEST(early_refusal_is_heard)
{
    serve(no_answer, refuse_early);
    struct outcome outcome = finish(post(big, BIG), NULL);
    ck_assert_int_eq(outcome.end, ESM__HTTP_ANSWERED);
    ck_assert_int_eq(outcome.status, 413);
    engine_stop();
}
END_TEST

START_TEST(cut_off_while_sending_is_unsent)
{
    serve(no_answer, _i == 0 ? server_reset : hang);
    struct esm__http_request request = post(big, BIG);
    request.timeout_ms = 300;
    ck_assert_int_eq(finish(request, NULL).end, ESM__HTTP_UNSENT);
    engine_stop();
}
END_TEST

START_TEST(refused_connection_is_unsent)
{
    struct nobody nobody;
    nobody_open(&nobody, "http", 0);
    engine_start(NULL);
    ck_assert_int_eq(finish(post("{}", 2), nobody.url).end, ESM__HTTP_UNSENT);
    engine_stop();
    nobody_close(&nobody);
}
END_TEST

START_TEST(connection_that_hangs_is_unsent)
{
    struct nobody nobody;
    nobody_open(&nobody, "http", 1);
    engine_start(NULL);
    struct esm__http_request request = post("{}", 2);
    request.connect_timeout_ms = _i == 0 ? 200 : 5000;
    request.timeout_ms = _i == 0 ? 5000 : 200;
    int64_t before = now_ms();
    ck_assert_int_eq(finish(request, nobody.url).end, ESM__HTTP_UNSENT);
    ck_assert_int_ge(now_ms() - before, 190);
    ck_assert_int_lt(now_ms() - before, 2000);
    engine_stop();
    nobody_close(&nobody);
}
END_TEST

START_TEST(wrong_address_is_refused)
{
    static const char *const urls[] = {"http://[::1", "ftp://127.0.0.1/", "gopher://127.0.0.1/"};
    engine_start(NULL);
    ck_assert_int_eq(finish(post("{}", 2), urls[_i]).end, ESM__HTTP_REFUSED);
    engine_stop();
}
END_TEST

START_TEST(handshake_that_breaks_off_is_unsent)
{
    char url[64];
    serve(no_answer, NULL);
    snprintf(url, sizeof(url), "https%s", server_url(server) + 4);
    struct esm__http_request request = post("{}", 2);
    request.connect_timeout_ms = 300; /* the server waits for the end of a head that is a TLS record */
    ck_assert_int_eq(finish(request, url).end, ESM__HTTP_UNSENT);
    engine_stop();
}
END_TEST

START_TEST(untrusted_certificate_is_refused)
{
    struct tls_server tls;
    struct nobody nobody;
    nobody_open(&nobody, "https", 0);
    tls_start(&tls, nobody.fd);
    engine_start(NULL);
    ck_assert_int_eq(finish(post("{}", 2), nobody.url).end, ESM__HTTP_REFUSED);
    engine_stop();
    tls_stop(&tls);
    nobody_close(&nobody);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("http-engine");
    TCase *tests = tcase_create("http-engine");
    tcase_set_timeout(tests, 60);
    setenv("no_proxy", "*", 1);
    tcase_add_loop_test(tests, answer_ends_as_it_does, 0, (int)(sizeof(answers) / sizeof(answers[0])));
    tcase_add_test(tests, early_refusal_is_heard);
    tcase_add_loop_test(tests, cut_off_while_sending_is_unsent, 0, 2);
    tcase_add_test(tests, refused_connection_is_unsent);
    tcase_add_loop_test(tests, connection_that_hangs_is_unsent, 0, 2);
    tcase_add_loop_test(tests, wrong_address_is_refused, 0, 3);
    tcase_add_test(tests, handshake_that_breaks_off_is_unsent);
    tcase_add_test(tests, untrusted_certificate_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
