/* SPDX-License-Identifier: MIT */
/* The scanner: what it gives lies in its input, its ways over a value agree, and strings and numbers come
 * back. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "json/scanner.h"
#include "json/writer.h"

/* Written and scanned again, a string is the same. */
static void check_string(const struct esm__json_token *token)
{
    char *text = malloc(token->size + 1);
    MUST(text != NULL);
    size_t size = esm__json_decode(token, text);
    MUST(size <= token->size);
    MUST(esm__json_equals(token, text, size));
    MUST(!esm__json_equals(token, text, size + 1) && (size == 0 || !esm__json_equals(token, text, size - 1)));

    struct esm__bytes written;
    esm__bytes_init(&written, NULL);
    MUST(esm__json_append_string(&written, text, size) == 0);
    MUST(written.size == esm__json_text_length(text, size) + 2);
    struct esm__json json;
    struct esm__json_token copy;
    esm__json_init(&json, written.data, written.size);
    MUST(esm__json_next(&json, &copy) == ESM__JSON_STRING && esm__json_equals(&copy, text, size));
    MUST(esm__json_next(&json, &copy) == ESM__JSON_END);
    esm__bytes_free(&written);
    free(text);
}

static void check_number(const struct esm__json_token *token)
{
    char text[32];
    int64_t value;
    if (esm__json_to_int64(token, &value) != 0 || token->size >= sizeof(text))
        return;
    memcpy(text, token->text, token->size);
    text[token->size] = '\0';
    char *end;
    errno = 0;
    MUST(strtoll(text, &end, 10) == value && errno == 0 && *end == '\0');
    MUST((size_t)(esm__json_write_int(text, value) - text) == esm__json_int_length(value));
}

/* The last member of that name is the one found. json: behind its OBJECT. */
static void check_find(const struct esm__json *object, const struct esm__json_token *key)
{
    char *name = malloc(key->size + 1);
    MUST(name != NULL);
    size_t size = esm__json_decode(key, name);
    name[size] = '\0';
    if (memchr(name, '\0', size) == NULL) {
        struct esm__json json = *object;
        struct esm__json value;
        const char *last = NULL;
        int found = esm__json_find(&json, name, &value);
        struct esm__json walk = *object;
        struct esm__json_token token;
        enum esm__json_type type;
        while ((type = esm__json_next(&walk, &token)) == ESM__JSON_KEY) {
            if (esm__json_equals(&token, name, size))
                last = walk.at;
            if (esm__json_skip(&walk) != 0)
                break;
        }
        MUST(found == (type == ESM__JSON_OBJECT_END ? 1 : -1));
        if (found == 1)
            MUST(value.at == last && json.at == walk.at && json.depth == object->depth - 1);
    }
    free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct esm__json json;
    struct esm__json object;
    struct esm__json_token token = {NULL, 0, 0};
    enum esm__json_type type;
    unsigned depth = 0;
    int finds = 0;
    esm__json_init(&json, text, size);
    while ((type = esm__json_next(&json, &token)) != ESM__JSON_END && type != ESM__JSON_ERROR) {
        MUST(token.text >= text && token.size <= size && token.text + token.size <= text + size);
        depth += type == ESM__JSON_OBJECT || type == ESM__JSON_ARRAY;
        depth -= type == ESM__JSON_OBJECT_END || type == ESM__JSON_ARRAY_END;
        MUST(json.depth == depth && depth <= ESM__JSON_DEPTH_MAX);
        if (type == ESM__JSON_OBJECT)
            object = json;
        if (type == ESM__JSON_STRING || type == ESM__JSON_KEY)
            check_string(&token);
        if (type == ESM__JSON_KEY && object.depth == depth && finds++ < 8)
            check_find(&object, &token);
        if (type == ESM__JSON_NUMBER)
            check_number(&token);
    }
    MUST((json.error == NULL) == (type == ESM__JSON_END) && esm__json_position(&json) <= size);
    MUST(esm__json_next(&json, &token) == type);
    MUST(is_json(text, size) == (type == ESM__JSON_END));
    return 0;
}
