/* SPDX-License-Identifier: MIT */
#include "aws/keys.h"

#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "config/timestamp.h"
#include "json/scanner.h"

#define KEY_MAX   ((size_t)512)
#define TOKEN_MAX ((size_t)65536)

static void wipe(char **text, esm_allocator *allocator)
{
    if (*text != NULL)
        explicit_bzero(*text, strlen(*text));
    esm__free(allocator, *text);
    *text = NULL;
}

void esm__keys_free(struct esm__keys *keys, esm_allocator *allocator)
{
    wipe(&keys->access_key_id, allocator);
    wipe(&keys->secret_access_key, allocator);
    wipe(&keys->session_token, allocator);
    *keys = (struct esm__keys){0};
}

/* Whether it can stand in a header, between other things. */
static int is_printable(struct esm__span text, size_t most)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
            return 0;
    return text.size <= most;
}

int esm__keys_set(struct esm__keys *keys, esm_allocator *allocator, struct esm__span id,
                  struct esm__span secret, struct esm__span token, int64_t expires_ms)
{
    struct esm__keys made = {.expires_ms = expires_ms};
    if (id.size == 0 || secret.size == 0 || !is_printable(id, KEY_MAX) || !is_printable(secret, KEY_MAX) ||
        !is_printable(token, TOKEN_MAX))
        return ESM_ERR_CONFIG;
    made.access_key_id = esm__strndup(allocator, id.data, id.size);
    made.secret_access_key = esm__strndup(allocator, secret.data, secret.size);
    if (token.size > 0)
        made.session_token = esm__strndup(allocator, token.data, token.size);
    if (made.access_key_id == NULL || made.secret_access_key == NULL ||
        (token.size > 0 && made.session_token == NULL)) {
        esm__keys_free(&made, allocator);
        return ESM_ERR_NOMEM;
    }
    esm__keys_free(keys, allocator);
    *keys = made;
    return 0;
}

/* ---- JSON ---- */

/* A decoded member; data NULL: it is absent, null or no string. `object` stands behind the OBJECT. */
static int read_text(const struct esm__json *object, esm_allocator *allocator, const char *name,
                     struct esm__bytes *ret)
{
    struct esm__json json = *object;
    struct esm__json value;
    struct esm__json_token token;
    esm__bytes_init(ret, allocator);
    if (esm__json_find(&json, name, &value) != 1 || esm__json_next(&value, &token) != ESM__JSON_STRING)
        return 0;
    int error = esm__bytes_reserve(ret, token.size + 1);
    if (error == 0)
        ret->size = esm__json_decode(&token, ret->data);
    return error;
}

static void free_text(struct esm__bytes *text)
{
    if (text->data != NULL)
        explicit_bzero(text->data, text->size);
    esm__bytes_free(text);
}

/* With Expiration absent the keys do not expire. */
static const char *check(const struct esm__bytes *id, const struct esm__bytes *secret,
                         const struct esm__bytes *expiration, int64_t *ret_expires_ms)
{
    *ret_expires_ms = ESM_NEVER;
    if (id->size == 0)
        return "AccessKeyId is missing";
    if (secret->size == 0)
        return "SecretAccessKey is missing";
    if (expiration->size > 0 &&
        !esm__timestamp_read((struct esm__span){expiration->data, expiration->size}, ret_expires_ms))
        return "Expiration is no time";
    return NULL;
}

static int read_object(struct esm__keys *keys, esm_allocator *allocator, const struct esm__json *object,
                       const char *token_name, const char **ret_reason)
{
    struct esm__bytes id, secret, token, expiration;
    int64_t expires_ms;
    int error = read_text(object, allocator, "AccessKeyId", &id);
    error |= read_text(object, allocator, "SecretAccessKey", &secret);
    error |= read_text(object, allocator, token_name, &token);
    error |= read_text(object, allocator, "Expiration", &expiration);
    if (error == 0) {
        const char *reason = check(&id, &secret, &expiration, &expires_ms);
        error = reason != NULL ? ESM_ERR_CONFIG : 0;
        if (error == 0) {
            reason = "a key or the token has characters that no key has";
            error = esm__keys_set(keys, allocator, (struct esm__span){id.data, id.size},
                                  (struct esm__span){secret.data, secret.size},
                                  (struct esm__span){token.data, token.size}, expires_ms);
        }
        if (error == ESM_ERR_CONFIG)
            *ret_reason = reason;
    }
    free_text(&expiration);
    free_text(&token);
    free_text(&secret);
    free_text(&id);
    return error;
}

int esm__keys_read_json(struct esm__keys *keys, esm_allocator *allocator, struct esm__span text,
                        const char *token_name, const char **ret_reason)
{
    struct esm__json json;
    struct esm__json whole;
    struct esm__json_token token;
    esm__json_init(&json, text.data == NULL ? "" : text.data, text.size);
    whole = json;
    if (esm__json_skip(&whole) != 0 || esm__json_next(&whole, &token) != ESM__JSON_END ||
        esm__json_next(&json, &token) != ESM__JSON_OBJECT) {
        *ret_reason = "it is no JSON object";
        return ESM_ERR_CONFIG;
    }
    return read_object(keys, allocator, &json, token_name, ret_reason);
}
