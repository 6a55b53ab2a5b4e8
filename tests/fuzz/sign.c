/* SPDX-License-Identifier: MIT */
/* Signatures. Whatever is asked for is signed; what means the same is signed alike, what does not is not. */
#include <string.h>

#include "aws/msk_token.h"
#include "fuzz.h"

#define SIGNATURE_SIZE 64

static char id[] = "AKIDEXAMPLE";
static char secret[] = "secret";

static int is_hex(const char *text, size_t size)
{
    return strspn(text, "0123456789abcdef") == size && text[size] == '\0';
}

static void sign(const struct esm__sign *what, char ret[SIGNATURE_SIZE + 1])
{
    struct esm__signature signature;
    struct esm__bytes authorization;
    esm__bytes_init(&authorization, NULL);
    MUST(esm__sign_headers(what, &signature, &authorization) == 0);
    MUST(strlen(signature.date) == ESM__SIGN_DATE_SIZE - 1);
    MUST(authorization.size > SIGNATURE_SIZE);
    memcpy(ret, authorization.data + authorization.size - SIGNATURE_SIZE, SIGNATURE_SIZE + 1);
    MUST(is_hex(ret, SIGNATURE_SIZE));
    esm__bytes_free(&authorization);
}

/* The parameters from the last to the first. */
static void reverse(struct esm__bytes *to, const char *query)
{
    size_t end = strlen(query);
    for (size_t at = end + 1; at-- > 0;) {
        if (at > 0 && query[at - 1] != '&')
            continue;
        MUST(esm__bytes_append(to, query + at, end - at) == 0);
        if (at == 0)
            break;
        MUST(esm__bytes_append_text(to, "&") == 0);
        end = at - 1;
    }
    MUST(esm__bytes_terminate(to) == 0);
}

static void check_query(struct esm__sign what, const char *query)
{
    char forth[SIGNATURE_SIZE + 1];
    char back[SIGNATURE_SIZE + 1];
    struct esm__bytes reversed;
    esm__bytes_init(&reversed, NULL);
    reverse(&reversed, query);
    what.query = esm__span(query);
    sign(&what, forth);
    what.query = esm__span(reversed.data);
    sign(&what, back);
    MUST(strcmp(forth, back) == 0);
    esm__bytes_free(&reversed);
}

/* For S3, text and its escaped form are one; for all others they are not, where there is anything to escape.
 */
static void check_path(struct esm__sign what, const char *path)
{
    char raw[SIGNATURE_SIZE + 1];
    char once[SIGNATURE_SIZE + 1];
    struct esm__bytes escaped;
    esm__bytes_init(&escaped, NULL);
    MUST(esm__escape(&escaped, esm__span(path), "/") == 0 && esm__bytes_terminate(&escaped) == 0);
    int is_plain = strcmp(path, escaped.data == NULL ? "" : escaped.data) == 0;
    for (unsigned s3 = 0; s3 < 2; s3++) {
        what.flags = s3 ? ESM__SIGN_S3 : ESM__SIGN_AS_IT_STANDS;
        what.path = esm__span(path);
        sign(&what, raw);
        what.path = (struct esm__span){escaped.data, escaped.size};
        sign(&what, once);
        if (s3 && strchr(path, '%') == NULL)
            MUST(strcmp(raw, once) == 0);
        if (!s3)
            MUST((strcmp(raw, once) == 0) == is_plain);
    }
    esm__bytes_free(&escaped);
}

static void check_presigned(const struct esm__sign *what)
{
    struct esm__bytes query;
    esm__bytes_init(&query, NULL);
    MUST(esm__sign_query(what, 900, &query) == 0);
    MUST(strlen(query.data) == query.size);
    for (size_t i = 0; i < query.size; i++)
        MUST(query.data[i] > ' ' && query.data[i] < 0x7f && strchr("\"#+/<>?", query.data[i]) == NULL);
    MUST(is_hex(query.data + query.size - SIGNATURE_SIZE, SIGNATURE_SIZE));
    esm__bytes_free(&query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    struct esm__keys keys = {.access_key_id = id, .secret_access_key = secret};
    char *path = input_text(&input, '\n');
    char *query = input_text(&input, '\n');
    char *value = input_text(&input, '\n');
    char *token = input_text(&input, '\n');
    const struct esm__header headers[] = {{esm__span("Host"), esm__span("h")},
                                          {esm__span("My-Header"), esm__span(value)}};
    struct esm__sign what = {.keys = &keys,
                             .region = "eu-west-1",
                             .service = "s3",
                             .wall_ms = (int64_t)(size * 86399999),
                             .method = "GET",
                             .headers = headers,
                             .header_count = 2};
    if (token[0] != '\0')
        keys.session_token = token;
    check_query(what, query);
    check_path(what, path);
    what.path = esm__span(path);
    what.query = esm__span(query);
    check_presigned(&what);
    free(path);
    free(query);
    free(value);
    free(token);
    return 0;
}
