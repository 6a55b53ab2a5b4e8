/* SPDX-License-Identifier: MIT */
/* Roles assumed at STS: with the keys in hand, signed; or with a token of another identity provider. */
#include "aws/credentials/lookup.h"

#include <inttypes.h>
#include <string.h>

#include "aws/answer.h"
#include "aws/file.h"
#include "aws/headers.h"
#include "aws/xml.h"
#include "config/timestamp.h"

#define TIMEOUT_MS 10000
#define ATTEMPTS   3
#define TOKEN_MAX  ((size_t)65536)

static const char content_type[] = "application/x-www-form-urlencoded; charset=utf-8";

/* ---- what is asked ---- */

static int add_parameter(struct esm__lookup *lookup, const char *name, struct esm__span value)
{
    int error = esm__bytes_append_text(&lookup->body, "&");
    if (error == 0)
        error = esm__bytes_append_text(&lookup->body, name);
    if (error == 0)
        error = esm__bytes_append_text(&lookup->body, "=");
    return error != 0 ? error : esm__escape(&lookup->body, value, "");
}

/* session: NULL is a name made up. */
static int add_session(struct esm__lookup *lookup, const char *session)
{
    if (session != NULL)
        return add_parameter(lookup, "RoleSessionName", esm__span(session));
    return esm__bytes_format(&lookup->body, "&RoleSessionName=esm-%" PRId64,
                             esm__credentials_now_ms(lookup->credentials) / 1000);
}

/* Address and content type. ESM__STEP_KEYS: it is begun. */
static enum esm__step begin_request(struct esm__lookup *lookup, const char *action)
{
    const char *region = esm__lookup_region(lookup);
    esm__lookup_clear(lookup, "POST", TIMEOUT_MS);
    if (region == NULL)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED, "no region is set, hence no STS is known");
    int error = esm__endpoint_write(&lookup->url, ESM__SERVICE_STS, region, lookup->environment,
                                    lookup->profiles, esm__lookup_profile(lookup));
    if (error == ESM_ERR_CONFIG)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED,
                                "the region or the endpoint that is set for STS is none");
    if (error == 0)
        error = esm__bytes_format(&lookup->url, "/");
    if (error == 0)
        error = esm__bytes_format(&lookup->body, "Action=%s&Version=2011-06-15", action);
    if (error == 0)
        error = esm__lookup_add_header(lookup, "Content-Type", content_type);
    return error != 0 ? esm__lookup_fail_memory(lookup) : ESM__STEP_KEYS;
}

/* ---- what is answered ---- */

/* A text below Credentials. What is not there is empty. */
static int find(struct esm__span xml, const char *path, esm_allocator *allocator, struct esm__bytes *ret)
{
    esm__bytes_init(ret, allocator);
    int found = esm__xml_find(xml, path, ret);
    return found < 0 ? found : 0;
}

static int read_credentials(struct esm__lookup *lookup, struct esm__span xml)
{
    struct esm__bytes id, secret, token, expiration;
    int64_t expires_ms = 0;
    int error = find(xml, "Credentials/AccessKeyId", lookup->allocator, &id);
    error |= find(xml, "Credentials/SecretAccessKey", lookup->allocator, &secret);
    error |= find(xml, "Credentials/SessionToken", lookup->allocator, &token);
    error |= find(xml, "Credentials/Expiration", lookup->allocator, &expiration);
    if (error == 0 && !esm__timestamp_read((struct esm__span){expiration.data, expiration.size}, &expires_ms))
        error = ESM_ERR_CONFIG;
    if (error == 0)
        error = esm__keys_set(&lookup->keys, lookup->allocator, (struct esm__span){id.data, id.size},
                              (struct esm__span){secret.data, secret.size},
                              (struct esm__span){token.data, token.size}, expires_ms);
    esm__bytes_wipe(&secret);
    esm__bytes_wipe(&token);
    esm__bytes_free(&id);
    esm__bytes_free(&expiration);
    return error;
}

static enum esm__step read_answer(struct esm__lookup *lookup, const struct esm__http_result *result)
{
    if (result->end != ESM__HTTP_ANSWERED || result->status != 200)
        return esm__lookup_fail_answer(lookup, result, NULL);
    if (read_credentials(lookup, (struct esm__span){result->body, result->body_size}) == 0)
        return ESM__STEP_KEYS;
    return esm__lookup_fail_answer(lookup, result, "the answer has no credentials in it");
}

/* ---- AssumeRole ---- */

static int sign_request(struct esm__lookup *lookup)
{
    char hash[ESM__SHA256_HEX_SIZE];
    struct esm__span body = {lookup->body.data, lookup->body.size};
    struct esm__url_parts url = esm__url_split(lookup->url.data);
    struct esm__header headers[] = {{esm__span("Host"), url.host},
                                    {esm__span("Content-Type"), esm__span(content_type)}};
    struct esm__sign sign = {.keys = &lookup->keys,
                             .region = esm__lookup_region(lookup),
                             .service = "sts",
                             .wall_ms = esm__credentials_now_ms(lookup->credentials),
                             .method = "POST",
                             .path = url.path,
                             .query = url.query,
                             .headers = headers,
                             .header_count = 2,
                             .payload_hash = hash};
    int error = esm__sha256_hex(&body, 1, hash);
    return error != 0 ? error : esm__headers_sign(&lookup->request.headers, lookup->allocator, &sign);
}

static enum esm__step send_signed(struct esm__lookup *lookup);

/* With a clock that is wrong it is sent once more, by the server's. */
static enum esm__step on_assumed(struct esm__lookup *lookup, const struct esm__http_result *result)
{
    char code[ESM__ERROR_CODE_SIZE];
    esm__answer_read_code(result, code);
    if (!lookup->is_repeated && result->end == ESM__HTTP_ANSWERED && esm__code_is_skew(code) &&
        esm__credentials_note_date(lookup->credentials, esm__http_get_header(result, "Date"))) {
        lookup->is_repeated = 1;
        return send_signed(lookup);
    }
    return read_answer(lookup, result);
}

static int add_optional(struct esm__lookup *lookup, const char *name, const char *key)
{
    const char *value = esm__profiles_get(lookup->profiles, ESM__SECTION_PROFILE, lookup->role, key);
    return value == NULL ? 0 : add_parameter(lookup, name, esm__span(value));
}

static enum esm__step send_signed(struct esm__lookup *lookup)
{
    const char *session =
        esm__profiles_get(lookup->profiles, ESM__SECTION_PROFILE, lookup->role, "role_session_name");
    enum esm__step step = begin_request(lookup, "AssumeRole");
    if (step != ESM__STEP_KEYS)
        return step;
    int error = add_optional(lookup, "RoleArn", "role_arn");
    if (error == 0)
        error = add_session(lookup, session);
    if (error == 0)
        error = add_optional(lookup, "ExternalId", "external_id");
    if (error == 0)
        error = add_optional(lookup, "DurationSeconds", "duration_seconds");
    if (error == 0)
        error = sign_request(lookup);
    if (error == ESM_ERR_NOMEM)
        return esm__lookup_fail_memory(lookup);
    return error != 0 ? esm__lookup_fail(lookup, ESM__STEP_FAILED, "the request cannot be signed")
                      : esm__lookup_send(lookup, ATTEMPTS, on_assumed);
}

enum esm__step esm__assume_role(struct esm__lookup *lookup, const char *profile)
{
    lookup->role = profile;
    lookup->is_repeated = 0;
    return send_signed(lookup);
}

/* ---- AssumeRoleWithWebIdentity ---- */

/* The token is one word; the file may end with a line's end. */
static enum esm__step read_token(struct esm__lookup *lookup, const char *path)
{
    const char *fault = NULL;
    esm__lookup_wipe(&lookup->token);
    int error = esm__file_read(path, TOKEN_MAX, &lookup->token, &fault);
    if (error == ESM_ERR_NOMEM)
        return esm__lookup_fail_memory(lookup);
    if (error != 0)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED, "the token in %s: %s", path, fault);
    while (lookup->token.size > 0 && (unsigned char)lookup->token.data[lookup->token.size - 1] <= ' ')
        lookup->token.size--;
    return lookup->token.size > 0
               ? ESM__STEP_KEYS
               : esm__lookup_fail(lookup, ESM__STEP_FAILED, "the token in %s: it is empty", path);
}

enum esm__step esm__assume_role_with_token(struct esm__lookup *lookup, const char *role, const char *session,
                                           const char *token_file)
{
    enum esm__step step = read_token(lookup, token_file);
    if (step == ESM__STEP_KEYS)
        step = begin_request(lookup, "AssumeRoleWithWebIdentity");
    if (step != ESM__STEP_KEYS)
        return step;
    int error = add_parameter(lookup, "RoleArn", esm__span(role));
    if (error == 0)
        error = add_session(lookup, session);
    if (error == 0)
        error = add_parameter(lookup, "WebIdentityToken",
                              (struct esm__span){lookup->token.data, lookup->token.size});
    return error != 0 ? esm__lookup_fail_memory(lookup) : esm__lookup_send(lookup, ATTEMPTS, read_answer);
}

static enum esm__step begin(struct esm__lookup *lookup)
{
    char *const *values = lookup->environment->values;
    const char *token_file = values[ESM__ENV_WEB_IDENTITY_TOKEN_FILE];
    if (lookup->options.profile != NULL)
        return esm__lookup_fail(lookup, ESM__STEP_ABSENT, "not asked, as aws.profile is set");
    if (token_file == NULL)
        return esm__lookup_fail(lookup, ESM__STEP_ABSENT, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    if (values[ESM__ENV_ROLE_ARN] == NULL)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED,
                                "AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not");
    return esm__assume_role_with_token(lookup, values[ESM__ENV_ROLE_ARN], values[ESM__ENV_ROLE_SESSION_NAME],
                                       token_file);
}

const struct esm__source esm__source_web_identity = {"web identity", begin};
