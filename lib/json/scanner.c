/* SPDX-License-Identifier: MIT */
#include "json/scanner.h"

#include <string.h>

#include "json/utf8.h"
#include "json/word.h"

/* What the grammar allows next. */
enum state {
    BEFORE_VALUE,          /* at the top, or behind a colon or a comma of an array */
    BEFORE_VALUE_OR_CLOSE, /* behind [ */
    BEFORE_KEY,            /* behind a comma of an object */
    BEFORE_KEY_OR_CLOSE,   /* behind { */
    BEFORE_COLON,
    AFTER_VALUE,
    FAILED
};

void esm__json_init(struct esm__json *json, const char *text, size_t size)
{
    json->start = text;
    json->at = text;
    json->end = text + size;
    json->error = NULL;
    json->depth = 0;
    json->state = BEFORE_VALUE;
}

static enum esm__json_type fail(struct esm__json *json, const char *error)
{
    json->error = error;
    json->state = FAILED;
    return ESM__JSON_ERROR;
}

static int is_in_object(const struct esm__json *json)
{
    unsigned i = json->depth - 1;
    return (json->is_object[i / 64] >> i % 64 & 1) != 0;
}

static inline const char *pass_space(const char *at, const char *end)
{
    while (at < end && (unsigned char)*at <= ' ' && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

static inline void skip_space(struct esm__json *json)
{
    json->at = pass_space(json->at, json->end);
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* ---- tokens ---- */

/* Steps over the escape at json->at. 0, or -1 with json->at at its fault. */
static int scan_escape(struct esm__json *json)
{
    json->at++;
    if (json->at == json->end || memchr("\"\\/bfnrtu", *json->at, 9) == NULL)
        return -1;
    if (*json->at++ != 'u')
        return 0;
    for (int i = 0; i < 4; i++, json->at++)
        if (json->at == json->end || !is_hex(*json->at))
            return -1;
    return 0;
}

/* Steps over what is not plain ASCII, up to the closing quote. 0, or -1 once the error is noted. */
static int scan_hard_string(struct esm__json *json, int *ret_has_escapes)
{
    while (json->at < json->end && *json->at != '"') {
        if (*json->at == '\\') {
            *ret_has_escapes = 1;
            if (scan_escape(json) != 0)
                return fail(json, "an unknown escape in a string"), -1;
        } else if ((unsigned char)*json->at < 0x20) {
            return fail(json, "a control character in a string"), -1;
        } else {
            size_t size = esm__utf8_sequence(json->at, (size_t)(json->end - json->at));
            if (size == 0)
                return fail(json, "a string is not UTF-8"), -1;
            json->at += size;
        }
        json->at = esm__word_find_special(json->at, json->end);
    }
    return json->at < json->end ? 0 : (fail(json, "a string does not end"), -1);
}

/* json->at is behind the opening quote. */
static inline enum esm__json_type scan_string(struct esm__json *json, enum esm__json_type type,
                                              struct esm__json_token *ret)
{
    const char *text = json->at;
    int has_escapes = 0;
    json->at = esm__word_find_special(json->at, json->end);
    if ((json->at == json->end || *json->at != '"') && scan_hard_string(json, &has_escapes) != 0)
        return ESM__JSON_ERROR;
    *ret = (struct esm__json_token){text, (size_t)(json->at - text), has_escapes};
    json->at++;
    json->state = type == ESM__JSON_KEY ? BEFORE_COLON : AFTER_VALUE;
    return type;
}

/* Steps over digits; how many there were does not matter, that there were does. */
static int scan_digits(struct esm__json *json)
{
    const char *first = json->at;
    while (json->at < json->end && is_digit(*json->at))
        json->at++;
    return json->at > first;
}

static enum esm__json_type scan_number(struct esm__json *json, struct esm__json_token *ret)
{
    const char *text = json->at;
    if (*json->at == '-')
        json->at++;
    if (json->at < json->end && *json->at == '0')
        json->at++;
    else if (!scan_digits(json))
        return fail(json, "a number without digits");
    if (json->at < json->end && *json->at == '.') {
        json->at++;
        if (!scan_digits(json))
            return fail(json, "a fraction without digits");
    }
    if (json->at < json->end && (*json->at == 'e' || *json->at == 'E')) {
        json->at++;
        if (json->at < json->end && (*json->at == '+' || *json->at == '-'))
            json->at++;
        if (!scan_digits(json))
            return fail(json, "an exponent without digits");
    }
    *ret = (struct esm__json_token){text, (size_t)(json->at - text), 0};
    json->state = AFTER_VALUE;
    return ESM__JSON_NUMBER;
}

static enum esm__json_type scan_literal(struct esm__json *json, const char *word, enum esm__json_type type,
                                        struct esm__json_token *ret)
{
    size_t size = strlen(word);
    if ((size_t)(json->end - json->at) < size || memcmp(json->at, word, size) != 0)
        return fail(json, "an unknown word");
    *ret = (struct esm__json_token){json->at, size, 0};
    json->at += size;
    json->state = AFTER_VALUE;
    return type;
}

static enum esm__json_type open_value(struct esm__json *json, enum esm__json_type type,
                                      struct esm__json_token *ret)
{
    if (json->depth == ESM__JSON_DEPTH_MAX)
        return fail(json, "nested too deeply");
    unsigned i = json->depth++;
    uint64_t bit = (uint64_t)1 << i % 64;
    if (i % 64 == 0)
        json->is_object[i / 64] = 0;
    if (type == ESM__JSON_OBJECT)
        json->is_object[i / 64] |= bit;
    else
        json->is_object[i / 64] &= ~bit;
    json->state = type == ESM__JSON_OBJECT ? BEFORE_KEY_OR_CLOSE : BEFORE_VALUE_OR_CLOSE;
    *ret = (struct esm__json_token){json->at++, 1, 0};
    return type;
}

static enum esm__json_type close_value(struct esm__json *json, struct esm__json_token *ret)
{
    enum esm__json_type type = is_in_object(json) ? ESM__JSON_OBJECT_END : ESM__JSON_ARRAY_END;
    json->depth--;
    json->state = AFTER_VALUE;
    *ret = (struct esm__json_token){json->at++, 1, 0};
    return type;
}

/* ---- grammar ---- */

static inline enum esm__json_type scan_value(struct esm__json *json, struct esm__json_token *ret)
{
    switch (*json->at) {
    case '{': return open_value(json, ESM__JSON_OBJECT, ret);
    case '[': return open_value(json, ESM__JSON_ARRAY, ret);
    case '"': json->at++; return scan_string(json, ESM__JSON_STRING, ret);
    case 't': return scan_literal(json, "true", ESM__JSON_TRUE, ret);
    case 'f': return scan_literal(json, "false", ESM__JSON_FALSE, ret);
    case 'n': return scan_literal(json, "null", ESM__JSON_NULL, ret);
    default: break;
    }
    if (*json->at == '-' || is_digit(*json->at))
        return scan_number(json, ret);
    return fail(json, "a value is missing");
}

/* Steps over a colon or a comma where one stands, so that what is left is a value, a key or a closing
 * bracket. */
static inline void scan_separator(struct esm__json *json)
{
    if (json->at == json->end)
        return;
    if (json->state == BEFORE_COLON && *json->at == ':')
        json->state = BEFORE_VALUE;
    else if (json->state == AFTER_VALUE && *json->at == ',' && json->depth > 0)
        json->state = is_in_object(json) ? BEFORE_KEY : BEFORE_VALUE;
    else
        return;
    json->at++;
    skip_space(json);
}

static int closes(const struct esm__json *json)
{
    if (json->depth == 0 || *json->at != (is_in_object(json) ? '}' : ']'))
        return 0;
    return json->state == AFTER_VALUE || json->state == BEFORE_KEY_OR_CLOSE ||
           json->state == BEFORE_VALUE_OR_CLOSE;
}

enum esm__json_type esm__json_next(struct esm__json *json, struct esm__json_token *ret)
{
    if (json->state == FAILED)
        return ESM__JSON_ERROR;
    skip_space(json);
    if (json->state == BEFORE_VALUE && json->at < json->end)
        return scan_value(json, ret);
    scan_separator(json);
    if (json->at == json->end) {
        if (json->state == AFTER_VALUE && json->depth == 0)
            return ESM__JSON_END;
        return fail(json, "the text ends too early");
    }
    if (closes(json))
        return close_value(json, ret);
    switch (json->state) {
    case BEFORE_VALUE:
    case BEFORE_VALUE_OR_CLOSE: return scan_value(json, ret);
    case BEFORE_KEY:
    case BEFORE_KEY_OR_CLOSE:
        if (*json->at != '"')
            return fail(json, "a key is missing");
        json->at++;
        return scan_string(json, ESM__JSON_KEY, ret);
    case BEFORE_COLON: return fail(json, "a colon is missing");
    default: return fail(json, json->depth == 0 ? "text behind the value" : "a comma is missing");
    }
}

int esm__json_member(struct esm__json *json, struct esm__json_token *ret_key)
{
    skip_space(json);
    if (json->state == AFTER_VALUE || json->state == BEFORE_KEY_OR_CLOSE) {
        if (json->at < json->end && *json->at == '}' && is_in_object(json)) {
            close_value(json, ret_key);
            return 0;
        }
        if (json->at < json->end && *json->at == ',' && json->state == AFTER_VALUE && is_in_object(json)) {
            json->at++;
            json->state = BEFORE_KEY;
            skip_space(json);
        }
    }
    int is_key = json->state == BEFORE_KEY || json->state == BEFORE_KEY_OR_CLOSE;
    if (!is_key || json->at == json->end || *json->at != '"') {
        esm__json_next(json, ret_key); /* says what is wrong */
        return -1;
    }
    json->at++;
    if (scan_string(json, ESM__JSON_KEY, ret_key) == ESM__JSON_ERROR)
        return -1;
    skip_space(json);
    scan_separator(json); /* where no colon stands, the value will be an error */
    return 1;
}

/* Behind a string that begins at `at`, or NULL: it is not one of plain ASCII, and has to be scanned. */
static inline const char *pass_plain_string(const char *at, const char *end)
{
    const char *stop = esm__word_find_special(at + 1, end);
    return stop < end && *stop == '"' ? stop + 1 : NULL;
}

/*
 * The same grammar without tokens, at speed: goes on from a value, or from behind one, until no more than
 * `depth` are open and a value has ended. What it does not expect it leaves for esm__json_next() to say what
 * is wrong.
 */
static void skip_until(struct esm__json *json, unsigned depth)
{
    struct esm__json_token token;
    const char *at = json->at, *end = json->end, *next;
    int in_object = is_in_object(json);
    switch (json->state) {
    case AFTER_VALUE: goto after_value;
    case BEFORE_VALUE: goto value;
    case BEFORE_VALUE_OR_CLOSE: goto value_or_close;
    case BEFORE_KEY_OR_CLOSE: goto key_or_close;
    default: return;
    }
value:
    at = pass_space(at, end);
    json->state = BEFORE_VALUE;
    if (at == end)
        goto out;
    if (*at == '"' && (next = pass_plain_string(at, end)) != NULL) {
        at = next;
        goto after_value;
    }
    json->at = at;
    switch (scan_value(json, &token)) {
    case ESM__JSON_ERROR: return;
    case ESM__JSON_OBJECT:
        at = json->at;
        in_object = 1;
        goto key_or_close;
    case ESM__JSON_ARRAY:
        at = json->at;
        in_object = 0;
        goto value_or_close;
    default: at = json->at; goto after_value;
    }
value_or_close:
    at = pass_space(at, end);
    json->state = BEFORE_VALUE_OR_CLOSE;
    if (at < end && *at == ']')
        goto close;
    goto value;
key_or_close:
    at = pass_space(at, end);
    json->state = BEFORE_KEY_OR_CLOSE;
    if (at < end && *at == '}')
        goto close;
    goto key;
key:
    if (at == end || *at != '"')
        goto out;
    if ((next = pass_plain_string(at, end)) == NULL) {
        json->at = at + 1;
        if (scan_string(json, ESM__JSON_KEY, &token) == ESM__JSON_ERROR)
            return;
        next = json->at;
    }
    at = pass_space(next, end);
    json->state = BEFORE_COLON;
    if (at == end || *at != ':')
        goto out;
    at++;
    goto value;
close:
    json->at = at;
    close_value(json, &token);
    at = json->at;
    in_object = json->depth > 0 && is_in_object(json);
after_value:
    json->state = AFTER_VALUE;
    if (json->depth <= depth)
        goto out;
    at = pass_space(at, end);
    if (at == end)
        goto out;
    if (*at == (in_object ? '}' : ']'))
        goto close;
    if (*at != ',')
        goto out;
    at++;
    if (!in_object)
        goto value;
    at = pass_space(at, end);
    json->state = BEFORE_KEY;
    goto key;
out:
    json->at = at;
}

int esm__json_leave(struct esm__json *json, unsigned depth)
{
    struct esm__json_token token;
    if (json->depth > depth)
        skip_until(json, depth);
    while (json->depth > depth)
        if (esm__json_next(json, &token) == ESM__JSON_ERROR)
            return -1;
    return 0;
}

int esm__json_skip(struct esm__json *json)
{
    struct esm__json_token token;
    unsigned depth = json->depth;
    enum esm__json_type type;
    skip_space(json);
    if (json->state == BEFORE_VALUE && json->at < json->end)
        type = scan_value(json, &token);
    else
        type = esm__json_next(json, &token);
    switch (type) {
    case ESM__JSON_ERROR: return -1;
    case ESM__JSON_OBJECT:
    case ESM__JSON_ARRAY: return esm__json_leave(json, depth);
    case ESM__JSON_END:
    case ESM__JSON_OBJECT_END:
    case ESM__JSON_ARRAY_END:
    case ESM__JSON_KEY: fail(json, "a value is missing"); return -1;
    default: return 0;
    }
}

int esm__json_find(struct esm__json *json, const char *name, struct esm__json *ret_value)
{
    struct esm__json_token key;
    enum esm__json_type type;
    size_t size = strlen(name);
    int found = 0;
    while ((type = esm__json_next(json, &key)) == ESM__JSON_KEY) {
        if (esm__json_equals(&key, name, size)) {
            *ret_value = *json;
            found = 1;
        }
        if (esm__json_skip(json) != 0)
            return -1;
    }
    return type == ESM__JSON_OBJECT_END ? found : -1;
}
