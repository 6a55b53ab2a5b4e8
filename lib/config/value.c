/* SPDX-License-Identifier: MIT */
#include "config/value.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "config/filters.h"
#include "config/reason.h"
#include "config/timestamp.h"
#include "json/utf8.h"

int esm__value_is_text(struct esm__span text)
{
    for (size_t i = 0; i < text.size;) {
        size_t size = esm__utf8_sequence(text.data + i, text.size - i);
        if (size == 0 || text.data[i] == '\0')
            return 0;
        i += size;
    }
    return 1;
}

/* ---- one text ---- */

static int read_int(struct esm__span text, int64_t *ret)
{
    size_t sign = text.size > 0 && text.data[0] == '-';
    int64_t value = 0;
    if (text.size == sign)
        return 0;
    for (size_t i = sign; i < text.size; i++) {
        int digit = text.data[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return 0;
    }
    *ret = sign ? -value : value;
    return 1;
}

static int keep_int(const struct esm__option *option, struct esm__span text, struct esm__bytes *ret,
                    struct esm__bytes *reason)
{
    int64_t value;
    if (!read_int(text, &value) || ((value < option->min || value > option->max) &&
                                    !(value == -1 && (option->flags & ESM__MINUS_ONE) != 0)))
        return esm__reason_not_good(option, text, reason);
    return esm__bytes_format(ret, "%" PRId64, value);
}

static int keep_time(const struct esm__option *option, struct esm__span text, struct esm__bytes *ret,
                     struct esm__bytes *reason)
{
    int64_t ms;
    if (!esm__timestamp_read(text, &ms) || ms / 1000 > (int64_t)time(NULL))
        return esm__reason_not_good(option, text, reason);
    if (ms % 1000 == 0)
        return esm__bytes_format(ret, "%" PRId64, ms / 1000);
    return esm__bytes_format(ret, "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
}

/* A TEXT, a CHOICE, or an item of a LIST. */
static int keep_text(const struct esm__option *option, struct esm__span text, struct esm__bytes *ret,
                     struct esm__bytes *reason)
{
    if (option->choices != NULL && !esm__option_allows(option, text))
        return esm__reason_not(option, text, esm__describe_choices, reason);
    const char *wanted = option->check == NULL ? NULL : option->check(text);
    if (wanted != NULL)
        return esm__reason_say(option, text, " is not ", wanted, reason);
    return esm__bytes_append(ret, text.data, text.size);
}

static int keep_one(const struct esm__option *option, struct esm__span text, struct esm__bytes *ret,
                    struct esm__bytes *reason)
{
    switch (option->type) {
    case ESM__OPTION_INT: return keep_int(option, text, ret, reason);
    case ESM__OPTION_TIME: return keep_time(option, text, ret, reason);
    case ESM__OPTION_BOOL:
        if (!esm__span_is(text, "true") && !esm__span_is(text, "false"))
            return esm__reason_not_good(option, text, reason);
        return esm__bytes_append(ret, text.data, text.size);
    case ESM__OPTION_TEXT:
        if (text.size == 0 && (option->flags & ESM__MAY_BE_EMPTY) != 0)
            return 0;
        return keep_text(option, text, ret, reason);
    case ESM__OPTION_CHOICE: return keep_text(option, text, ret, reason);
    case ESM__OPTION_LIST:
    case ESM__OPTION_TAGS:
    case ESM__OPTION_FILTERS:
    case ESM__OPTION_JSON:
    case ESM__OPTION_IGNORED: break;
    }
    return esm__reason_not_good(option, text, reason);
}

/* ---- lists ---- */

static int keep_item(const struct esm__option *option, size_t index, struct esm__span item,
                     struct esm__bytes *ret, struct esm__bytes *reason)
{
    int error = index == 0 ? 0 : esm__bytes_append(ret, ",", 1);
    return error != 0 ? error : keep_text(option, item, ret, reason);
}

static int check_count(const struct esm__option *option, size_t count, struct esm__span shown,
                       struct esm__bytes *reason)
{
    if ((int64_t)count >= option->min && (int64_t)count <= option->max)
        return 0;
    return esm__reason_not(option, shown, esm__describe_count, reason);
}

static struct esm__span trim(struct esm__span text)
{
    while (text.size > 0 && text.data[0] == ' ')
        text = (struct esm__span){text.data + 1, text.size - 1};
    while (text.size > 0 && text.data[text.size - 1] == ' ')
        text.size--;
    return text;
}

/* "a, b" */
static int keep_separated(const struct esm__option *option, struct esm__span text, struct esm__bytes *ret,
                          struct esm__bytes *reason)
{
    size_t count = 0;
    for (size_t start = 0; text.size > 0 && start <= text.size; count++) {
        const char *comma = start == text.size ? NULL : memchr(text.data + start, ',', text.size - start);
        size_t end = comma == NULL ? text.size : (size_t)(comma - text.data);
        int error =
            keep_item(option, count, trim((struct esm__span){text.data + start, end - start}), ret, reason);
        if (error != 0)
            return error;
        start = end + 1;
    }
    return check_count(option, count, text, reason);
}

/* ---- JSON ---- */

/* The text of a STRING; ESM_ERR_CONFIG if it has a NUL in it. */
static int decode(const struct esm__json_token *token, struct esm__bytes *ret)
{
    int error = esm__bytes_reserve(ret, token->size + 1);
    if (error != 0)
        return error;
    size_t size = esm__json_decode(token, ret->data + ret->size);
    if (memchr(ret->data + ret->size, '\0', size) != NULL)
        return ESM_ERR_CONFIG;
    ret->size += size;
    return esm__bytes_terminate(ret);
}

static int keep_array(const struct esm__option *option, struct esm__json *json, struct esm__span raw,
                      struct esm__bytes *ret, struct esm__bytes *reason)
{
    struct esm__json_token token;
    struct esm__bytes item;
    enum esm__json_type type = esm__json_next(json, &token);
    size_t count = 0;
    int error = 0;
    esm__bytes_init(&item, ret->allocator);
    for (; error == 0 && (type = esm__json_next(json, &token)) == ESM__JSON_STRING; count++) {
        item.size = 0;
        error = decode(&token, &item);
        if (error == 0)
            error = keep_item(option, count, (struct esm__span){item.data, item.size}, ret, reason);
        else if (error == ESM_ERR_CONFIG)
            error = esm__reason_not_good(option, raw, reason);
    }
    esm__bytes_free(&item);
    if (error == 0 && type != ESM__JSON_ARRAY_END)
        error = esm__reason_not_good(option, raw, reason);
    return error != 0 ? error : check_count(option, count, raw, reason);
}

static int is_tag(const struct esm__json_token *key, enum esm__json_type type,
                  const struct esm__json_token *value)
{
    return key->size >= 1 && key->size <= 128 && type == ESM__JSON_STRING && value->size <= 256;
}

static int keep_tags(const struct esm__option *option, struct esm__json *json, struct esm__span raw,
                     struct esm__bytes *ret, struct esm__bytes *reason)
{
    struct esm__json_token key;
    struct esm__json_token value;
    size_t count = 0;
    for (esm__json_next(json, &key); esm__json_next(json, &key) == ESM__JSON_KEY; count++) {
        enum esm__json_type type = esm__json_next(json, &value);
        if (!is_tag(&key, type, &value))
            return esm__reason_not_good(option, raw, reason);
    }
    return count == 0 ? 0 : esm__bytes_append(ret, raw.data, raw.size);
}

/* An empty list is the same as none. */
static int keep_filters(struct esm__span raw, struct esm__bytes *ret, struct esm__bytes *reason)
{
    esm_filter *filter;
    int error = esm_filter_new(ret->allocator, &filter);
    if (error != 0)
        return error;
    error = esm__filters_read(raw, filter, reason);
    esm_filter_free(filter);
    return error != 0 || esm__filters_count(raw) == 0 ? error : esm__bytes_append(ret, raw.data, raw.size);
}

/* Whether there is anything but brackets, names, nulls and empty texts. */
static int has_content(struct esm__json *json, unsigned depth)
{
    struct esm__json_token token;
    do {
        switch (esm__json_next(json, &token)) {
        case ESM__JSON_STRING:
            if (token.size > 0)
                return 1;
            break;
        case ESM__JSON_NUMBER:
        case ESM__JSON_TRUE:
        case ESM__JSON_FALSE:
        case ESM__JSON_ERROR: return 1;
        default: break;
        }
    } while (json->depth > depth);
    return 0;
}

/* Whether a type of JSON can be the value. Own options may be written as texts, AWS's have their one type. */
static int fits(const struct esm__option *option, enum esm__json_type type)
{
    int own = !esm__option_is_aws(option);
    switch (option->type) {
    case ESM__OPTION_INT: return type == ESM__JSON_NUMBER || (own && type == ESM__JSON_STRING);
    case ESM__OPTION_BOOL:
        return type == ESM__JSON_TRUE || type == ESM__JSON_FALSE || (own && type == ESM__JSON_STRING);
    case ESM__OPTION_CHOICE:
        return type == ESM__JSON_STRING || (own && (type == ESM__JSON_TRUE || type == ESM__JSON_FALSE));
    case ESM__OPTION_TEXT: return type == ESM__JSON_STRING;
    case ESM__OPTION_TIME: return type == ESM__JSON_STRING || type == ESM__JSON_NUMBER;
    case ESM__OPTION_LIST:
    case ESM__OPTION_FILTERS: return type == ESM__JSON_ARRAY;
    case ESM__OPTION_TAGS: return type == ESM__JSON_OBJECT;
    case ESM__OPTION_JSON:
    case ESM__OPTION_IGNORED: break;
    }
    return 1;
}

/* What the value that comes next looks like; `json` goes on behind it. */
static enum esm__json_type peek(struct esm__json *json, struct esm__json_token *ret_token,
                                struct esm__span *ret_raw)
{
    struct esm__json look = *json;
    enum esm__json_type type = esm__json_next(&look, ret_token);
    const char *start = ret_token->text - (type == ESM__JSON_STRING);
    esm__json_skip(json);
    *ret_raw = (struct esm__span){start, (size_t)(json->at - start)};
    return type;
}

static int keep_token(const struct esm__option *option, enum esm__json_type type,
                      const struct esm__json_token *token, struct esm__bytes *ret, struct esm__bytes *reason)
{
    if (type != ESM__JSON_STRING)
        return keep_one(option, (struct esm__span){token->text, token->size}, ret, reason);
    struct esm__bytes text;
    esm__bytes_init(&text, ret->allocator);
    int error = decode(token, &text);
    if (error == ESM_ERR_CONFIG)
        error = esm__reason_say(option, (struct esm__span){token->text, token->size}, " has a NUL in it", "",
                                reason);
    else if (error == 0)
        error = keep_one(option, (struct esm__span){text.data, text.size}, ret, reason);
    esm__bytes_free(&text);
    return error;
}

/* A value that is well-formed and of the option's type may still be one that this version does not serve. */
static int check_served(const struct esm__option *option, struct esm__span shown,
                        const struct esm__bytes *value, struct esm__bytes *reason)
{
    struct esm__span kept = {value->data, value->size};
    if (option->refusal == NULL || kept.size == 0 ||
        (option->fallback != NULL && esm__span_is(kept, option->fallback)))
        return 0;
    return esm__reason_say(option, shown, " is refused: ", option->refusal, reason);
}

static int finish(int error, const struct esm__option *option, struct esm__span shown, struct esm__bytes *ret,
                  struct esm__bytes *reason)
{
    if (error == 0)
        error = check_served(option, shown, ret, reason);
    return error != 0 ? error : esm__bytes_terminate(ret);
}

int esm__value_read_json(const struct esm__option *option, struct esm__json *json, struct esm__bytes *ret,
                         struct esm__bytes *reason)
{
    struct esm__json before = *json;
    struct esm__json_token token;
    struct esm__span raw;
    enum esm__json_type type = peek(json, &token, &raw);
    int error = 0;
    if (type == ESM__JSON_NULL || option->type == ESM__OPTION_IGNORED)
        return esm__bytes_terminate(ret);
    if (!fits(option, type))
        return esm__reason_not_good(option, raw, reason);
    if (option->type == ESM__OPTION_JSON)
        error = has_content(&before, before.depth) ? esm__bytes_append(ret, raw.data, raw.size) : 0;
    else if (option->type == ESM__OPTION_LIST)
        error = keep_array(option, &before, raw, ret, reason);
    else if (option->type == ESM__OPTION_TAGS)
        error = keep_tags(option, &before, raw, ret, reason);
    else if (option->type == ESM__OPTION_FILTERS)
        error = keep_filters(raw, ret, reason);
    else
        error = keep_token(option, type, &token, ret, reason);
    return finish(error, option, raw, ret, reason);
}

int esm__value_read_text(const struct esm__option *option, struct esm__span text, struct esm__bytes *ret,
                         struct esm__bytes *reason)
{
    int is_json = option->type == ESM__OPTION_TAGS || option->type == ESM__OPTION_JSON ||
                  option->type == ESM__OPTION_FILTERS ||
                  (option->type == ESM__OPTION_LIST && text.size > 0 && text.data[0] == '[');
    if (option->type == ESM__OPTION_IGNORED || (is_json && text.size == 0))
        return esm__bytes_terminate(ret);
    if (!is_json && option->type == ESM__OPTION_LIST)
        return finish(keep_separated(option, text, ret, reason), option, text, ret, reason);
    if (!is_json)
        return finish(keep_one(option, text, ret, reason), option, text, ret, reason);

    struct esm__json json;
    struct esm__json_token token;
    esm__json_init(&json, text.data, text.size);
    struct esm__json end = json;
    if (esm__json_skip(&end) != 0 || esm__json_next(&end, &token) != ESM__JSON_END)
        return esm__reason_say(option, text, " is not JSON", "", reason);
    return esm__value_read_json(option, &json, ret, reason);
}

int esm__value_read_scalar(struct esm__json *json, int secret, struct esm__bytes *ret,
                           struct esm__bytes *reason)
{
    static const struct esm__option plain = {.name = "", .type = ESM__OPTION_TEXT};
    static const struct esm__option hidden = {.name = "", .type = ESM__OPTION_TEXT, .flags = ESM__SECRET};
    struct esm__json_token token;
    struct esm__span raw;
    const struct esm__option *option = secret ? &hidden : &plain;
    enum esm__json_type type = peek(json, &token, &raw);
    switch (type) {
    case ESM__JSON_NULL: return esm__bytes_terminate(ret);
    case ESM__JSON_STRING:
    case ESM__JSON_NUMBER:
    case ESM__JSON_TRUE:
    case ESM__JSON_FALSE: break;
    default: return esm__reason_say(option, raw, " is not a text, a number, true or false", "", reason);
    }
    int error = keep_token(option, type, &token, ret, reason);
    return error != 0 ? error : esm__bytes_terminate(ret);
}

int64_t esm__value_to_int(const char *value)
{
    int64_t result = 0;
    read_int(esm__span(value), &result);
    return result;
}

int64_t esm__value_to_ms(const char *value)
{
    int64_t ms = 0;
    esm__timestamp_read(esm__span(value), &ms);
    return ms;
}
