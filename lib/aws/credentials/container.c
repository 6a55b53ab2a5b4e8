/* SPDX-License-Identifier: MIT */
/* Keys from the agent beside a container: ECS, EKS Pod Identity. */
#include "aws/credentials/lookup.h"

#include <arpa/inet.h>
#include <string.h>

#include "aws/file.h"

#define TIMEOUT_MS 5000
#define ATTEMPTS   3
#define TOKEN_MAX  ((size_t)65536)

/* ---- the address ---- */

/* Hosts that may be asked without TLS: this machine, and the agents of ECS and EKS. */
static int is_near(const char *host)
{
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127)
        return 1;
    static const char *const hosts[] = {"localhost", "[::1]", "169.254.170.2", "169.254.170.23",
                                        "[fd00:ec2::23]"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
        if (strcmp(host, hosts[i]) == 0)
            return 1;
    return 0;
}

static const char *check_url(const char *text)
{
    char *scheme = NULL;
    char *host = NULL;
    const char *fault = "AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL";
    CURLU *url = curl_url();
    if (url != NULL && esm__check_url(esm__span(text)) == NULL &&
        curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        if (strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && is_near(host)))
            fault = NULL;
        else
            fault =
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an address of this machine or its "
                "agent";
    }
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return fault;
}

const char *esm__container_url(const struct esm__environment *environment, struct esm__bytes *url)
{
    const char *relative = environment->values[ESM__ENV_CONTAINER_RELATIVE_URI];
    const char *full = environment->values[ESM__ENV_CONTAINER_FULL_URI];
    if (relative != NULL && relative[0] != '/')
        return "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with /";
    const char *fault = relative == NULL ? check_url(full) : NULL;
    if (fault == NULL && relative != NULL)
        fault = esm__bytes_format(url, "http://169.254.170.2%s", relative) == 0 ? NULL : "no memory";
    else if (fault == NULL)
        fault = esm__bytes_format(url, "%s", full) == 0 ? NULL : "no memory";
    return fault;
}

/* ---- the request ---- */

static int is_header_value(const struct esm__bytes *text)
{
    for (size_t i = 0; i < text->size; i++)
        if ((unsigned char)text->data[i] < ' ' || text->data[i] == 0x7f)
            return 0;
    return 1;
}

/* The file wins: it is written anew from time to time, hence it is read each time. NULL, or a fault. */
static const char *read_token(struct esm__lookup *lookup)
{
    const char *path = lookup->environment->values[ESM__ENV_CONTAINER_TOKEN_FILE];
    const char *token = lookup->environment->values[ESM__ENV_CONTAINER_TOKEN];
    const char *fault = NULL;
    int error = 0;
    esm__lookup_wipe(&lookup->token);
    if (path != NULL)
        error = esm__file_read(path, TOKEN_MAX, &lookup->token, &fault);
    else if (token != NULL)
        error = esm__bytes_append_text(&lookup->token, token);
    if (error == 0)
        error = esm__bytes_terminate(&lookup->token);
    if (error == ESM_ERR_NOMEM)
        return "no memory";
    if (error != 0)
        return fault;
    return is_header_value(&lookup->token) ? NULL : "the token has a line's end or a control character in it";
}

static enum esm__step on_answer(struct esm__lookup *lookup, const struct esm__http_result *result)
{
    const char *reason = NULL;
    if (result->end != ESM__HTTP_ANSWERED || result->status != 200)
        return esm__lookup_fail_answer(lookup, result, NULL);
    int error = esm__keys_read_json(&lookup->keys, lookup->allocator,
                                    (struct esm__span){result->body, result->body_size}, "Token", &reason);
    if (error == ESM_ERR_NOMEM)
        return esm__lookup_fail_memory(lookup);
    return error == 0 ? ESM__STEP_KEYS : esm__lookup_fail_answer(lookup, result, reason);
}

static enum esm__step begin(struct esm__lookup *lookup)
{
    char *const *values = lookup->environment->values;
    if (values[ESM__ENV_CONTAINER_RELATIVE_URI] == NULL && values[ESM__ENV_CONTAINER_FULL_URI] == NULL)
        return esm__lookup_fail(
            lookup, ESM__STEP_ABSENT,
            "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
    esm__lookup_clear(lookup, "GET", TIMEOUT_MS);
    lookup->request.is_direct = 1;
    const char *fault = esm__container_url(lookup->environment, &lookup->url);
    if (fault != NULL)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED, "%s", fault);
    fault = read_token(lookup);
    if (fault != NULL)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED, "the token in %s: %s",
                                values[ESM__ENV_CONTAINER_TOKEN_FILE] != NULL
                                    ? values[ESM__ENV_CONTAINER_TOKEN_FILE]
                                    : "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                fault);
    int error = esm__lookup_add_header(lookup, "Accept", "application/json");
    if (error == 0 && lookup->token.size > 0)
        error = esm__lookup_add_header(lookup, "Authorization", lookup->token.data);
    return error != 0 ? esm__lookup_fail_memory(lookup) : esm__lookup_send(lookup, ATTEMPTS, on_answer);
}

const struct esm__source esm__source_container = {"container", begin};
