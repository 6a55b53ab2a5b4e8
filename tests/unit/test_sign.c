/* SPDX-License-Identifier: MIT */
/* Signatures against known answers: tests/cases/ says where they come from. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "aws/headers.h"
#include "aws/msk_token.h"
#include "config/timestamp.h"

enum {
    CASES_MAX = 64,
    HEADERS_MAX = 16
};

static cJSON *cases[CASES_MAX];
static int case_count;

/* ---- the cases ---- */

static void read_cases(const char *name)
{
    char path[4096];
    char line[65536];
    snprintf(path, sizeof(path), "%s/../../cases/%s", getenv("ESM_TEST_DATA"), name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "no %s", path);
    for (case_count = 0; fgets(line, sizeof(line), file) != NULL; case_count++) {
        ck_assert_int_lt(case_count, CASES_MAX);
        cases[case_count] = cJSON_Parse(line);
        ck_assert_ptr_nonnull(cases[case_count]);
    }
    fclose(file);
}

static void free_cases(void)
{
    while (case_count > 0)
        cJSON_Delete(cases[--case_count]);
}

static const char *text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* Keys of one case or test; borrowed. */
static struct esm__keys keys_of(const char *id, const char *secret, const char *token)
{
    return (struct esm__keys){.access_key_id = (char *)(uintptr_t)id,
                              .secret_access_key = (char *)(uintptr_t)secret,
                              .session_token = (char *)(uintptr_t)token};
}

static int64_t ms(const cJSON *object, const char *name)
{
    int64_t ms = 0;
    ck_assert_int_eq(esm__timestamp_read(esm__span(text(object, name)), &ms), 1);
    return ms;
}

static int is_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* ---- requests, as they stand in the cases ---- */

struct request {
    char method[8];
    struct esm__keys keys;
    struct esm__header headers[HEADERS_MAX];
    struct esm__sign sign;
    char hash[ESM__SHA256_HEX_SIZE];
};

static struct esm__span span(const char *from, const char *to)
{
    return (struct esm__span){from, (size_t)(to - from)};
}

static void read_target(struct request *request, const char *from, const char *to)
{
    const char *query = memchr(from, '?', (size_t)(to - from));
    request->sign.path = span(from, query == NULL ? to : query);
    request->sign.query = query == NULL ? span(to, to) : span(query + 1, to);
}

/* Up to the empty line. A line that begins with white space goes on with the one before. */
static const char *read_headers(struct request *request, const char *at)
{
    size_t count = 0;
    while (*at != '\0' && *at != '\n') {
        const char *end = at + strcspn(at, "\n");
        while (end[0] == '\n' && end[1] == ' ')
            end += 1 + strcspn(end + 1, "\n");
        const char *colon = strchr(at, ':');
        ck_assert_uint_lt(count, HEADERS_MAX);
        request->headers[count++] = (struct esm__header){span(at, colon), span(colon + 1, end)};
        at = *end == '\n' ? end + 1 : end;
    }
    request->sign.headers = request->headers;
    request->sign.header_count = count;
    return *at == '\n' ? at + 1 : at;
}

static void read_request(struct request *request, const cJSON *object)
{
    const cJSON *context = cJSON_GetObjectItemCaseSensitive(object, "context");
    const cJSON *credentials = cJSON_GetObjectItemCaseSensitive(context, "credentials");
    const char *raw = text(object, "request");
    const char *target = strchr(raw, ' ') + 1;
    const char *end = strstr(raw, " HTTP/1.1\n");
    *request =
        (struct request){.keys = keys_of(text(credentials, "access_key_id"),
                                         text(credentials, "secret_access_key"), text(credentials, "token")),
                         .sign = {.keys = &request->keys,
                                  .region = text(context, "region"),
                                  .service = text(context, "service"),
                                  .wall_ms = ms(context, "timestamp")}};
    memcpy(request->method, raw, (size_t)(target - 1 - raw));
    request->sign.method = request->method;
    read_target(request, target, end);
    struct esm__span body = esm__span(read_headers(request, strchr(end, '\n') + 1));
    ck_assert_int_eq(esm__sha256_hex(&body, 1, request->hash), 0);
    request->sign.payload_hash = request->hash;
    request->sign.flags = (is_true(context, "sign_body") ? (unsigned)ESM__SIGN_PAYLOAD : 0) |
                          (is_true(context, "normalize") ? 0 : (unsigned)ESM__SIGN_AS_IT_STANDS) |
                          (is_true(context, "omit_session_token") ? (unsigned)ESM__SIGN_TOKEN_AFTER : 0);
}

/* ---- tests ---- */

START_TEST(headers_are_signed)
{
    struct request request;
    struct esm__signature signature;
    struct esm__bytes authorization;
    for (int i = 0; i < case_count; i++) {
        esm__bytes_init(&authorization, NULL);
        read_request(&request, cases[i]);
        ck_assert_int_eq(esm__sign_headers(&request.sign, &signature, &authorization), 0);
        ck_assert_uint_eq(strlen(authorization.data), authorization.size);
        ck_assert_msg(strstr(text(cases[i], "header_signed_request"), authorization.data) != NULL, "%s: %s",
                      text(cases[i], "name"), authorization.data);
        ck_assert_ptr_nonnull(strstr(authorization.data, text(cases[i], "header_signature")));
        ck_assert_ptr_nonnull(strstr(text(cases[i], "header_signed_request"), signature.date));
        esm__bytes_free(&authorization);
    }
    ck_assert_int_eq(case_count, 38);
}
END_TEST

/* The URL is not known, but its signature is. */
START_TEST(queries_are_signed)
{
    struct request request;
    struct esm__bytes query;
    for (int i = 0; i < case_count; i++) {
        esm__bytes_init(&query, NULL);
        read_request(&request, cases[i]);
        request.sign.flags &= ~(unsigned)ESM__SIGN_PAYLOAD;
        ck_assert_int_eq(esm__sign_query(&request.sign, 3600, &query), 0);
        char *end = strstr(query.data, "&X-Amz-Signature=");
        ck_assert_ptr_nonnull(end);
        ck_assert_msg(strcmp(end + strlen("&X-Amz-Signature="), text(cases[i], "query_signature")) == 0,
                      "%s: %s", text(cases[i], "name"), query.data);
        ck_assert_int_eq(strstr(query.data, "&X-Amz-Security-Token=") != NULL,
                         request.keys.session_token != NULL);
        esm__bytes_free(&query);
    }
}
END_TEST

START_TEST(another_secret_signs_otherwise)
{
    struct request request;
    struct esm__signature signature;
    struct esm__bytes authorization;
    esm__bytes_init(&authorization, NULL);
    read_request(&request, cases[0]);
    request.keys = keys_of("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEZ", NULL);
    ck_assert_int_eq(esm__sign_headers(&request.sign, &signature, &authorization), 0);
    ck_assert_ptr_null(strstr(authorization.data, text(cases[0], "header_signature")));
    esm__bytes_free(&authorization);
}
END_TEST

/* Requests of boto3 1.44.8, as a server got them. */
static const struct {
    const char *service;
    const char *method;
    const char *path;
    const char *query;
    const char *body;
    const char *token;
    unsigned flags;
    const char *signature;
} recorded[] = {
    {"lambda", "POST", "/2015-03-31/functions/orders/invocations", "Qualifier=%24LATEST", "{\"a\":1}", NULL,
     0, "161b7c4e6f568991462139844a7f88287578d055f5ef4fd0de4707081f31b8f0"},
    {"lambda", "POST",
     "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aorders/invocations",
     "", "{\"a\":1}", NULL, 0, "e21d17a4220a940aa27b9b6636fce0ce8321dd7c11e5ae410b2fb91a2063337f"},
    {"lambda", "POST",
     "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aorders/invocations",
     "", "{\"a\":1}", "SESSIONTOKENEXAMPLE//==", 0,
     "5bb7d18102d5609a63a3c286ecbf967e5203e017f82ef87fa71f3aba7121cd48"},
    {"s3", "GET", "/dlq-bucket", "list-type=2&prefix=aws%2Flambda%2F&max-keys=3&encoding-type=url", "", NULL,
     ESM__SIGN_S3 | ESM__SIGN_PAYLOAD, "26ac117ab93e5676972589632ff768e6fa50ba985be84bb0a9074ee832723639"},
    {"kafka", "GET",
     "/v1/clusters/arn%3Aaws%3Akafka%3Aus-east-1%3A123456789012%3Acluster%2Fmsk%2F0f0e0d0c-1111-4222-8333-"
     "444455556666-1/bootstrap-brokers",
     "", "", NULL, 0, "59580d59b75bf65f509bbae577a793ad2edc3d66948c6335675411bfeafad8f3"},
};

START_TEST(recorded_request_is_signed_alike)
{
    char hash[ESM__SHA256_HEX_SIZE];
    const struct esm__header host = {esm__span("Host"), esm__span("127.0.0.1:33255")};
    struct esm__span body = esm__span(recorded[_i].body);
    struct esm__keys keys =
        keys_of("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", recorded[_i].token);
    struct esm__sign sign = {.keys = &keys,
                             .region = "us-east-1",
                             .service = recorded[_i].service,
                             .wall_ms = 1795560518000,
                             .method = recorded[_i].method,
                             .path = esm__span(recorded[_i].path),
                             .query = esm__span(recorded[_i].query),
                             .headers = &host,
                             .header_count = 1,
                             .payload_hash = hash,
                             .flags = recorded[_i].flags};
    struct esm__signature signature;
    struct esm__bytes authorization;
    esm__bytes_init(&authorization, NULL);
    ck_assert_int_eq(esm__sha256_hex(&body, 1, hash), 0);
    ck_assert_int_eq(esm__sign_headers(&sign, &signature, &authorization), 0);
    ck_assert_str_eq(signature.date, "20261124T224838Z");
    ck_assert_str_eq(strstr(authorization.data, "Signature=") + strlen("Signature="), recorded[_i].signature);
    esm__bytes_free(&authorization);
}
END_TEST

/* S3's escapes stand for what they mean, however they are spelled. */
START_TEST(s3_path_is_escaped_once)
{
    static const char *const paths[] = {"/b/a%20b/%C3%BC%2B..//x", "/b/a%20b/%c3%bc+..//x"};
    char signatures[2][256] = {{0}};
    for (int i = 0; i < 2; i++) {
        struct esm__keys keys = keys_of("A", "S", NULL);
        struct esm__sign sign = {.keys = &keys,
                                 .region = "eu-west-1",
                                 .service = "s3",
                                 .method = "PUT",
                                 .path = esm__span(paths[i]),
                                 .payload_hash = ESM__UNSIGNED_PAYLOAD,
                                 .flags = ESM__SIGN_S3 | ESM__SIGN_PAYLOAD};
        struct esm__signature signature;
        struct esm__bytes authorization;
        esm__bytes_init(&authorization, NULL);
        ck_assert_int_eq(esm__sign_headers(&sign, &signature, &authorization), 0);
        ck_assert_str_eq(signature.payload_hash, "UNSIGNED-PAYLOAD");
        memcpy(signatures[i], authorization.data, authorization.size);
        esm__bytes_free(&authorization);
    }
    ck_assert_str_eq(signatures[0], signatures[1]);
}
END_TEST

START_TEST(pieces_are_hashed_as_one)
{
    const struct esm__span whole = {"abc", 3};
    const struct esm__span pieces[] = {{"a", 1}, {"", 0}, {"bc", 2}};
    char one[ESM__SHA256_HEX_SIZE];
    char many[ESM__SHA256_HEX_SIZE];
    ck_assert_int_eq(esm__sha256_hex(&whole, 1, one), 0);
    ck_assert_int_eq(esm__sha256_hex(pieces, 3, many), 0);
    ck_assert_str_eq(one, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert_str_eq(many, one);
}
END_TEST

static const struct {
    const char *url;
    const char *host;
    const char *path;
    const char *query;
} urls[] = {
    {"https://sqs.eu-west-1.amazonaws.com:443/a/b?c=d&e", "sqs.eu-west-1.amazonaws.com", "/a/b", "c=d&e"},
    {"http://h:443/", "h:443", "/", ""},
    {"HTTP://[::1]:80/x??", "[::1]", "/x", "?"},
    {"https://h:80", "h:80", "", ""},
    {"http://h:8080?q/r", "h:8080", "", "q/r"},
};

START_TEST(url_is_split)
{
    struct esm__url_parts parts = esm__url_split(urls[_i].url);
    ck_assert(esm__span_is(parts.host, urls[_i].host));
    ck_assert(esm__span_is(parts.path, urls[_i].path));
    ck_assert(esm__span_is(parts.query, urls[_i].query));
}
END_TEST

START_TEST(msk_tokens_are_alike)
{
    struct esm__bytes token;
    for (int i = 0; i < case_count; i++) {
        int64_t expires_ms;
        struct esm__keys keys = keys_of(text(cases[i], "access_key"), text(cases[i], "secret_key"),
                                        text(cases[i], "session_token"));
        esm__bytes_init(&token, NULL);
        ck_assert_int_eq(esm__msk_token_write(&token, &keys, text(cases[i], "region"),
                                              ms(cases[i], "time_iso") + 999, text(cases[i], "user_agent"),
                                              &expires_ms),
                         0);
        ck_assert_str_eq(token.data, text(cases[i], "token"));
        ck_assert_int_eq(expires_ms,
                         (int64_t)cJSON_GetObjectItemCaseSensitive(cases[i], "expiry_ms")->valuedouble);
        esm__bytes_free(&token);
    }
    ck_assert_int_eq(case_count, 6);
}
END_TEST

static void read_sigv4(void)
{
    read_cases("sigv4_cases.jsonl");
}

static void read_msk(void)
{
    read_cases("msk_iam_tokens.jsonl");
}

static Suite *suite(void)
{
    Suite *suite = suite_create("sign");
    TCase *signatures = tcase_create("signatures");
    tcase_add_checked_fixture(signatures, read_sigv4, free_cases);
    tcase_add_test(signatures, headers_are_signed);
    tcase_add_test(signatures, queries_are_signed);
    tcase_add_test(signatures, another_secret_signs_otherwise);
    tcase_add_loop_test(signatures, recorded_request_is_signed_alike, 0,
                        (int)(sizeof(recorded) / sizeof(recorded[0])));
    tcase_add_test(signatures, s3_path_is_escaped_once);
    tcase_add_test(signatures, pieces_are_hashed_as_one);
    tcase_add_loop_test(signatures, url_is_split, 0, (int)(sizeof(urls) / sizeof(urls[0])));
    suite_add_tcase(suite, signatures);
    TCase *tokens = tcase_create("msk tokens");
    tcase_add_checked_fixture(tokens, read_msk, free_cases);
    tcase_add_test(tokens, msk_tokens_are_alike);
    suite_add_tcase(suite, tokens);
    return suite;
}

UNIT_MAIN
