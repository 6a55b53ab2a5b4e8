/* SPDX-License-Identifier: MIT */
/* Keys of an EC2 instance's role, from its metadata service, version 2: a session token, the role's name, the
 * keys. */
#include "aws/credentials/lookup.h"

#include <string.h>
#include <strings.h>

#include "json/scanner.h"

/* Away from EC2 nobody answers there, and the search should end soon. */
#define TIMEOUT_MS 2000
#define ATTEMPTS   1
#define TOKEN_MAX  ((size_t)4096)
#define ROLE_MAX   ((size_t)128)

static const char roles[] = "/latest/meta-data/iam/security-credentials/";

/* The address that is set, or AWS's own. */
static const char *endpoint(const struct esm__lookup *lookup)
{
    const char *set = lookup->environment->values[ESM__ENV_METADATA_ENDPOINT];
    const char *mode = lookup->environment->values[ESM__ENV_METADATA_ENDPOINT_MODE];
    if (set != NULL)
        return set;
    return mode != NULL && strcasecmp(mode, "ipv6") == 0 ? "http://[fd00:ec2::254]"
                                                         : "http://169.254.169.254";
}

static int write_url(struct esm__lookup *lookup, const char *path)
{
    const char *base = endpoint(lookup);
    size_t size = strlen(base);
    while (base[size - 1] == '/')
        size--;
    return esm__bytes_format(&lookup->url, "%.*s%s", (int)size, base, path);
}

/* A role's name is a word of these characters, on a line by itself. */
static int is_role(struct esm__span text)
{
    static const char others[] = "+=,.@_-";
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        int is_alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_alnum && memchr(others, c, sizeof(others) - 1) == NULL)
            return 0;
    }
    return text.size >= 1 && text.size <= ROLE_MAX;
}

static struct esm__span first_line(const struct esm__http_result *result)
{
    const char *end = result->body_size == 0 ? NULL : memchr(result->body, '\n', result->body_size);
    return (struct esm__span){result->body, end == NULL ? result->body_size : (size_t)(end - result->body)};
}

static enum esm__step ask(struct esm__lookup *lookup, const char *path, esm__next_fn next)
{
    esm__lookup_clear(lookup, "GET", TIMEOUT_MS);
    lookup->request.is_direct = 1;
    int error = write_url(lookup, path);
    if (error == 0)
        error = esm__lookup_add_header(lookup, "x-aws-ec2-metadata-token", lookup->token.data);
    return error != 0 ? esm__lookup_fail_memory(lookup) : esm__lookup_send(lookup, ATTEMPTS, next);
}

/* Its member Code tells of a role that may not be assumed, with status 200. */
static int is_success(const struct esm__http_result *result)
{
    struct esm__json json;
    struct esm__json value;
    struct esm__json_token token;
    esm__json_init(&json, result->body == NULL ? "" : result->body, result->body_size);
    if (esm__json_next(&json, &token) != ESM__JSON_OBJECT || esm__json_find(&json, "Code", &value) != 1)
        return 1;
    return esm__json_next(&value, &token) == ESM__JSON_STRING && esm__json_equals(&token, "Success", 7);
}

static enum esm__step on_keys(struct esm__lookup *lookup, const struct esm__http_result *result)
{
    const char *reason = "its Code is not Success";
    if (result->end != ESM__HTTP_ANSWERED || result->status != 200)
        return esm__lookup_fail_answer(lookup, result, NULL);
    int error = ESM_ERR_CONFIG;
    if (is_success(result))
        error = esm__keys_read_json(&lookup->keys, lookup->allocator,
                                    (struct esm__span){result->body, result->body_size}, "Token", &reason);
    if (error == ESM_ERR_NOMEM)
        return esm__lookup_fail_memory(lookup);
    return error == 0 ? ESM__STEP_KEYS : esm__lookup_fail_answer(lookup, result, reason);
}

static enum esm__step on_role(struct esm__lookup *lookup, const struct esm__http_result *result)
{
    char path[sizeof(roles) + ROLE_MAX];
    if (result->end != ESM__HTTP_ANSWERED || result->status != 200)
        return result->status == 404 ? esm__lookup_fail(lookup, ESM__STEP_FAILED, "the instance has no role")
                                     : esm__lookup_fail_answer(lookup, result, NULL);
    struct esm__span role = first_line(result);
    if (!is_role(role))
        return esm__lookup_fail_answer(lookup, result, "that is no name of a role");
    memcpy(path, roles, sizeof(roles) - 1);
    memcpy(path + sizeof(roles) - 1, role.data, role.size);
    path[sizeof(roles) - 1 + role.size] = '\0';
    return ask(lookup, path, on_keys);
}

static enum esm__step on_token(struct esm__lookup *lookup, const struct esm__http_result *result)
{
    if (result->end != ESM__HTTP_ANSWERED || result->status != 200)
        return esm__lookup_fail_answer(lookup, result, NULL);
    struct esm__span token = first_line(result);
    for (size_t i = 0; i < token.size; i++)
        if (token.data[i] <= ' ' || token.data[i] >= 0x7f)
            token.size = 0;
    if (token.size == 0 || token.size > TOKEN_MAX)
        return esm__lookup_fail_answer(lookup, result, "that is no token");
    esm__lookup_wipe(&lookup->token);
    if (esm__bytes_append(&lookup->token, token.data, token.size) != 0 ||
        esm__bytes_terminate(&lookup->token) != 0)
        return esm__lookup_fail_memory(lookup);
    return ask(lookup, roles, on_role);
}

static enum esm__step begin(struct esm__lookup *lookup)
{
    const char *disabled = lookup->environment->values[ESM__ENV_METADATA_DISABLED];
    if (disabled != NULL && strcasecmp(disabled, "true") == 0)
        return esm__lookup_fail(lookup, ESM__STEP_ABSENT, "AWS_EC2_METADATA_DISABLED is true");
    if (esm__check_url(esm__span(endpoint(lookup))) != NULL)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED, "AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL");
    esm__lookup_clear(lookup, "PUT", TIMEOUT_MS);
    lookup->request.is_direct = 1;
    int error = write_url(lookup, "/latest/api/token");
    if (error == 0)
        error = esm__lookup_add_header(lookup, "x-aws-ec2-metadata-token-ttl-seconds", "21600");
    if (error == 0) /* libcurl would name a form's type */
        error = esm__lookup_add_header(lookup, "Content-Type", "text/plain");
    return error != 0 ? esm__lookup_fail_memory(lookup) : esm__lookup_send(lookup, ATTEMPTS, on_token);
}

const struct esm__source esm__source_instance = {"instance", begin};
