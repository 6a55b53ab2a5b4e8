/* SPDX-License-Identifier: MIT */
#include "filter/text.h"

#include <string.h>

struct esm__cursor esm__cursor(const struct esm__json_token *token)
{
    return (struct esm__cursor){.at = token->text,
                                .end = token->text + token->size,
                                .has_escapes = token->has_escapes};
}

int esm__cursor_next(struct esm__cursor *cursor)
{
    if (cursor->decoded_at < cursor->decoded_size)
        return (unsigned char)cursor->decoded[cursor->decoded_at++];
    if (cursor->at == cursor->end)
        return -1;
    if (!cursor->has_escapes || *cursor->at != '\\')
        return (unsigned char)*cursor->at++;
    cursor->decoded_size = (uint32_t)esm__json_decode_escape(&cursor->at, cursor->end, cursor->decoded);
    cursor->decoded_at = 1;
    return (unsigned char)cursor->decoded[0];
}

int esm__cursor_take(struct esm__cursor *cursor, const char *bytes, size_t size)
{
    struct esm__cursor look = *cursor;
    for (size_t i = 0; i < size; i++)
        if (esm__cursor_next(&look) != (unsigned char)bytes[i])
            return 0;
    *cursor = look;
    return 1;
}

size_t esm__text_copy(const struct esm__json_token *token, char *to, size_t most)
{
    struct esm__cursor cursor = esm__cursor(token);
    size_t size = 0;
    for (int byte; (byte = esm__cursor_next(&cursor)) >= 0; to[size++] = (char)byte)
        if (size == most)
            return SIZE_MAX;
    return size;
}

static size_t decoded_size(const struct esm__json_token *token)
{
    struct esm__cursor cursor = esm__cursor(token);
    size_t size = 0;
    if (!token->has_escapes)
        return token->size;
    while (esm__cursor_next(&cursor) >= 0)
        size++;
    return size;
}

struct esm__cursor esm__cursor_before_end(const struct esm__json_token *token, size_t bytes)
{
    struct esm__cursor cursor = esm__cursor(token);
    size_t size = decoded_size(token);
    size_t before = size > bytes ? size - bytes : 0;
    if (!token->has_escapes)
        cursor.at += before;
    else
        while (before-- > 0)
            esm__cursor_next(&cursor);
    return cursor;
}

int esm__text_is(const struct esm__json_token *token, struct esm__text text)
{
    return token->size >= text.size && esm__json_equals(token, text.data, text.size);
}

int esm__text_begins(const struct esm__json_token *token, struct esm__text text)
{
    if (token->size < text.size)
        return 0;
    if (!token->has_escapes)
        return memcmp(token->text, text.data, text.size) == 0;
    struct esm__cursor cursor = esm__cursor(token);
    return esm__cursor_take(&cursor, text.data, text.size);
}

int esm__text_ends(const struct esm__json_token *token, struct esm__text text)
{
    if (token->size < text.size)
        return 0;
    struct esm__cursor cursor = esm__cursor_before_end(token, text.size);
    return esm__cursor_take(&cursor, text.data, text.size) && esm__cursor_next(&cursor) < 0;
}

/* The step of a pattern that stands at `at`: 256 for a star, a byte, or -1 behind the end. */
static int read_step(struct esm__text pattern, size_t at, size_t *ret_next)
{
    if (at >= pattern.size)
        return -1;
    int is_escape = pattern.data[at] == '\\';
    *ret_next = at + 1 + (size_t)is_escape;
    return !is_escape && pattern.data[at] == '*' ? 256 : (unsigned char)pattern.data[at + (size_t)is_escape];
}

/* The last star takes as little as it can; nothing before it has to be looked at again. */
int esm__text_is_like(const struct esm__json_token *token, struct esm__text pattern)
{
    struct esm__cursor cursor = esm__cursor(token), after_star = cursor;
    size_t at = 0, star = SIZE_MAX, next = 0;
    for (;;) {
        int step = read_step(pattern, at, &next);
        if (step == 256) {
            star = at = next;
            after_star = cursor;
            if (at == pattern.size)
                return 1;
            continue;
        }
        int byte = esm__cursor_next(&cursor);
        if (byte < 0)
            return step < 0;
        if (byte == step) {
            at = next;
            continue;
        }
        if (star == SIZE_MAX)
            return 0;
        esm__cursor_next(&after_star);
        cursor = after_star;
        at = star;
    }
}
