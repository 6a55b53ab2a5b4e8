/* SPDX-License-Identifier: MIT */
#include "aws/sign.h"

#include <inttypes.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "aws/canonical.h"
#include "event/civil.h"

#define DIGEST_SIZE 32
#define ALGORITHM   "AWS4-HMAC-SHA256"
/* SHA-256 of nothing. */
#define NO_PAYLOAD "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

void esm__bytes_wipe(struct esm__bytes *bytes)
{
    if (bytes->data != NULL)
        OPENSSL_cleanse(bytes->data, bytes->capacity);
    esm__bytes_free(bytes);
}

/* ---- digests ---- */

static void write_hex(const unsigned char digest[DIGEST_SIZE], char to[ESM__SHA256_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        to[2 * i] = digits[digest[i] >> 4];
        to[2 * i + 1] = digits[digest[i] & 15];
    }
    to[ESM__SHA256_HEX_SIZE - 1] = '\0';
}

int esm__sha256_hex(const struct esm__span *pieces, size_t count, char ret[ESM__SHA256_HEX_SIZE])
{
    unsigned char digest[DIGEST_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    for (size_t i = 0; ok && i < count; i++)
        ok = EVP_DigestUpdate(context, pieces[i].data, pieces[i].size);
    ok = ok && EVP_DigestFinal_ex(context, digest, NULL);
    EVP_MD_CTX_free(context);
    if (!ok)
        return ESM_ERR_SYSTEM;
    write_hex(digest, ret);
    return 0;
}

static int hmac(const void *key, size_t key_size, const char *text, size_t size,
                unsigned char ret[DIGEST_SIZE])
{
    unsigned char digest[DIGEST_SIZE]; /* as the key may be the result */
    if (HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)text, size, digest, NULL) == NULL)
        return ESM_ERR_SYSTEM;
    memcpy(ret, digest, DIGEST_SIZE);
    OPENSSL_cleanse(digest, sizeof(digest));
    return 0;
}

/* From the secret by way of day, region and service. */
static int derive_key(const struct esm__sign *sign, const char *date, unsigned char ret[DIGEST_SIZE],
                      struct esm__bytes *scratch)
{
    int error = esm__bytes_format(scratch, "AWS4%s", sign->keys->secret_access_key);
    if (error == 0)
        error = hmac(scratch->data, scratch->size, date, 8, ret);
    if (error == 0)
        error = hmac(ret, DIGEST_SIZE, sign->region, strlen(sign->region), ret);
    if (error == 0)
        error = hmac(ret, DIGEST_SIZE, sign->service, strlen(sign->service), ret);
    if (error == 0)
        error = hmac(ret, DIGEST_SIZE, "aws4_request", strlen("aws4_request"), ret);
    return error;
}

/* ---- signatures ---- */

static void write_date(int64_t wall_ms, char to[ESM__SIGN_DATE_SIZE])
{
    char iso[ESM__ISO_SIZE]; /* 2015-08-30T12:36:00.000Z */
    char *end = to;
    esm__civil_format(iso, wall_ms);
    for (const char *at = iso; *at != '.' && end < to + ESM__SIGN_DATE_SIZE - 2; at++)
        if (*at != '-' && *at != ':')
            *end++ = *at;
    memcpy(end, "Z", 2);
}

/* The four lines of which the signature is taken; `canonical` is used up. */
static int sign_canonical(const struct esm__sign *sign, const char *date, struct esm__bytes *canonical,
                          char ret[ESM__SHA256_HEX_SIZE])
{
    char hash[ESM__SHA256_HEX_SIZE];
    unsigned char key[DIGEST_SIZE] = {0};
    struct esm__bytes text;
    esm__bytes_init(&text, canonical->allocator);
    int error = esm__sha256_hex(&(struct esm__span){canonical->data, canonical->size}, 1, hash);
    canonical->size = 0;
    if (error == 0)
        error = derive_key(sign, date, key, canonical);
    if (error == 0)
        error = esm__bytes_format(&text, ALGORITHM "\n%s\n%.8s/%s/%s/aws4_request\n%s", date, date,
                                  sign->region, sign->service, hash);
    if (error == 0)
        error = hmac(key, sizeof(key), text.data, text.size, key);
    if (error == 0)
        write_hex(key, ret);
    OPENSSL_cleanse(key, sizeof(key));
    esm__bytes_free(&text);
    return error;
}

static struct esm__header header(const char *name, const char *value)
{
    return (struct esm__header){esm__span(name), esm__span(value)};
}

static const char *hash_of(const struct esm__sign *sign)
{
    return sign->payload_hash == NULL ? NO_PAYLOAD : sign->payload_hash;
}

/* Method, path, query, headers, their names, hash. A line each. */
static int write_canonical(const struct esm__sign *sign, const struct esm__fields *headers,
                           const struct esm__fields *query, struct esm__bytes *to)
{
    int error = esm__bytes_format(to, "%s\n", sign->method);
    if (error == 0)
        error = esm__canonical_path(to, sign->path, (sign->flags & ESM__SIGN_S3) != 0,
                                    (sign->flags & (ESM__SIGN_S3 | ESM__SIGN_AS_IT_STANDS)) == 0);
    if (error == 0)
        error = esm__bytes_append_text(to, "\n");
    if (error == 0)
        error = esm__fields_write_query(query, to);
    if (error == 0)
        error = esm__bytes_append_text(to, "\n");
    if (error == 0)
        error = esm__fields_write_headers(headers, to);
    if (error == 0)
        error = esm__bytes_append_text(to, "\n");
    if (error == 0)
        error = esm__fields_write_names(headers, to);
    return error == 0 ? esm__bytes_format(to, "\n%s", hash_of(sign)) : error;
}

static int has_signed_token(const struct esm__sign *sign)
{
    return sign->keys->session_token != NULL && (sign->flags & ESM__SIGN_TOKEN_AFTER) == 0;
}

static int gather_headers(const struct esm__sign *sign, const struct esm__signature *signature,
                          struct esm__fields *headers)
{
    int error = 0;
    for (size_t i = 0; i < sign->header_count && error == 0; i++)
        error = esm__fields_add_header(headers, sign->headers[i]);
    if (error == 0 && signature != NULL)
        error = esm__fields_add_header(headers, header("x-amz-date", signature->date));
    if (error == 0 && signature != NULL && has_signed_token(sign))
        error = esm__fields_add_header(headers, header("x-amz-security-token", sign->keys->session_token));
    if (error == 0 && signature != NULL && (sign->flags & ESM__SIGN_PAYLOAD) != 0)
        error = esm__fields_add_header(headers, header("x-amz-content-sha256", signature->payload_hash));
    esm__fields_sort(headers);
    return error;
}

static int write_authorization(const struct esm__sign *sign, const char *date,
                               const struct esm__fields *headers, const char *signature,
                               struct esm__bytes *to)
{
    int error = esm__bytes_format(to, ALGORITHM " Credential=%s/%.8s/%s/%s/aws4_request, SignedHeaders=",
                                  sign->keys->access_key_id, date, sign->region, sign->service);
    if (error == 0)
        error = esm__fields_write_names(headers, to);
    return error == 0 ? esm__bytes_format(to, ", Signature=%s", signature) : error;
}

int esm__sign_headers(const struct esm__sign *sign, struct esm__signature *ret,
                      struct esm__bytes *authorization)
{
    size_t start = authorization->size;
    struct esm__signature signature = {0};
    char hex[ESM__SHA256_HEX_SIZE];
    struct esm__fields headers;
    struct esm__fields query;
    struct esm__bytes canonical;
    esm__fields_init(&headers, authorization->allocator);
    esm__fields_init(&query, authorization->allocator);
    esm__bytes_init(&canonical, authorization->allocator);
    write_date(sign->wall_ms, signature.date);
    esm__format(signature.payload_hash, sizeof(signature.payload_hash), "%s", hash_of(sign));
    int error = gather_headers(sign, &signature, &headers);
    if (error == 0)
        error = esm__fields_add_query(&query, sign->query);
    esm__fields_sort(&query);
    if (error == 0)
        error = write_canonical(sign, &headers, &query, &canonical);
    if (error == 0)
        error = sign_canonical(sign, signature.date, &canonical, hex);
    if (error == 0)
        error = write_authorization(sign, signature.date, &headers, hex, authorization);
    if (error == 0)
        *ret = signature;
    else
        authorization->size = start;
    esm__bytes_wipe(&canonical);
    esm__fields_free(&query);
    esm__fields_free(&headers);
    return error;
}

/* ---- in the query ---- */

static int add_scope(const struct esm__sign *sign, const char *date, struct esm__fields *query)
{
    struct esm__bytes scope;
    esm__bytes_init(&scope, query->bytes.allocator);
    int error = esm__bytes_format(&scope, "%s/%.8s/%s/%s/aws4_request", sign->keys->access_key_id, date,
                                  sign->region, sign->service);
    if (error == 0)
        error = esm__fields_add_parameter(query, "X-Amz-Credential", scope.data);
    esm__bytes_free(&scope);
    return error;
}

static int add_names(const struct esm__fields *headers, struct esm__fields *query)
{
    struct esm__bytes names;
    esm__bytes_init(&names, query->bytes.allocator);
    int error = esm__fields_write_names(headers, &names);
    if (error == 0)
        error = esm__bytes_terminate(&names);
    if (error == 0)
        error = esm__fields_add_parameter(query, "X-Amz-SignedHeaders", names.data);
    esm__bytes_free(&names);
    return error;
}

/* In the order in which AWS's own signers send them. */
static int gather_query(const struct esm__sign *sign, const char *date, uint32_t expires_s,
                        const struct esm__fields *headers, struct esm__fields *query)
{
    char expires[16];
    esm__format(expires, sizeof(expires), "%" PRIu32, expires_s);
    int error = esm__fields_add_query(query, sign->query);
    if (error == 0)
        error = esm__fields_add_parameter(query, "X-Amz-Algorithm", ALGORITHM);
    if (error == 0)
        error = add_scope(sign, date, query);
    if (error == 0)
        error = esm__fields_add_parameter(query, "X-Amz-Date", date);
    if (error == 0)
        error = esm__fields_add_parameter(query, "X-Amz-Expires", expires);
    return error == 0 ? add_names(headers, query) : error;
}

/* Writes what is sent, and leaves in `query` what is signed, sorted. */
static int write_query(const struct esm__sign *sign, struct esm__fields *query, struct esm__bytes *to)
{
    static const char name[] = "X-Amz-Security-Token";
    int error = esm__fields_write_query(query, to);
    if (error == 0 && sign->keys->session_token != NULL) {
        error = esm__bytes_format(to, "&%s=", name);
        if (error == 0)
            error = esm__escape(to, esm__span(sign->keys->session_token), "");
    }
    if (error == 0 && has_signed_token(sign))
        error = esm__fields_add_parameter(query, name, sign->keys->session_token);
    esm__fields_sort(query);
    return error;
}

int esm__sign_query(const struct esm__sign *sign, uint32_t expires_s, struct esm__bytes *to)
{
    size_t start = to->size;
    char date[ESM__SIGN_DATE_SIZE];
    char hex[ESM__SHA256_HEX_SIZE];
    struct esm__fields headers;
    struct esm__fields query;
    struct esm__bytes canonical;
    esm__fields_init(&headers, to->allocator);
    esm__fields_init(&query, to->allocator);
    esm__bytes_init(&canonical, to->allocator);
    write_date(sign->wall_ms, date);
    int error = gather_headers(sign, NULL, &headers);
    if (error == 0)
        error = gather_query(sign, date, expires_s, &headers, &query);
    if (error == 0)
        error = write_query(sign, &query, to);
    if (error == 0)
        error = write_canonical(sign, &headers, &query, &canonical);
    if (error == 0)
        error = sign_canonical(sign, date, &canonical, hex);
    if (error == 0)
        error = esm__bytes_format(to, "&X-Amz-Signature=%s", hex);
    if (error != 0)
        to->size = start;
    esm__bytes_wipe(&canonical);
    esm__fields_free(&query);
    esm__fields_free(&headers);
    return error;
}
