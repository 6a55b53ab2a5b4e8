/* SPDX-License-Identifier: MIT */
#include "json/writer.h"

#include "json/utf8.h"
#include "json/word.h"

#define REPLACEMENT "\xef\xbf\xbd"

/* What follows the backslash of an escape with two characters; 0: none. */
static char short_escape(char c)
{
    switch (c) {
    case '"': return '"';
    case '\\': return '\\';
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    default: return 0;
    }
}

size_t esm__json_text_length(const char *text, size_t size)
{
    const char *end = text + size;
    size_t length = 0;
    while (text < end) {
        const char *special = esm__word_find_special(text, end);
        length += (size_t)(special - text);
        text = special;
        if (text == end)
            break;
        size_t sequence = esm__utf8_sequence(text, (size_t)(end - text));
        if (sequence == 1)
            length += short_escape(*text) != 0 ? 2 : 6;
        else
            length += sequence == 0 ? sizeof(REPLACEMENT) - 1 : sequence;
        text += sequence == 0 ? 1 : sequence;
    }
    return length;
}

static char *write_escape(char *to, char c)
{
    static const char hex[] = "0123456789abcdef";
    char letter = short_escape(c);
    if (letter != 0) {
        *to++ = '\\';
        *to++ = letter;
        return to;
    }
    to = ESM__JSON_WRITE(to, "\\u00");
    *to++ = hex[c >> 4 & 15];
    *to++ = hex[c & 15];
    return to;
}

static char *write_bytes(char *to, const char *bytes, size_t size)
{
    memcpy(to, bytes, size);
    return to + size;
}

char *esm__json_write_text(char *to, const char *text, size_t size)
{
    const char *end = text + size;
    while (text < end) {
        const char *special = esm__word_find_special(text, end);
        to = write_bytes(to, text, (size_t)(special - text));
        text = special;
        if (text == end)
            break;
        size_t sequence = esm__utf8_sequence(text, (size_t)(end - text));
        if (sequence == 1)
            to = write_escape(to, *text);
        else if (sequence == 0)
            to = ESM__JSON_WRITE(to, REPLACEMENT);
        else
            to = write_bytes(to, text, sequence);
        text += sequence == 0 ? 1 : sequence;
    }
    return to;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

size_t esm__json_int_length(int64_t value)
{
    /* clang-format off */
    static const uint64_t powers[] = {
        0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
        1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
        1000000000000000000, 10000000000000000000u};
    /* clang-format on */
    uint64_t rest = magnitude(value);
    unsigned bits = 64 - (unsigned)__builtin_clzll(rest | 1);
    unsigned power = bits * 1233 >> 12; /* log10 of 2 is about 1233 / 4096 */
    return power + (rest >= powers[power]) + (value < 0);
}

char *esm__json_write_int(char *to, int64_t value)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    char *end = to + esm__json_int_length(value);
    char *at = end;
    uint64_t rest = magnitude(value);
    for (; rest >= 100; rest /= 100)
        memcpy(at -= 2, pairs + rest % 100 * 2, 2);
    if (rest >= 10)
        memcpy(at -= 2, pairs + rest * 2, 2);
    else
        *--at = (char)('0' + rest);
    if (value < 0)
        *--at = '-';
    return end;
}

int esm__json_append_string(struct esm__bytes *to, const char *text, size_t size)
{
    size_t length = esm__json_text_length(text, size) + 2;
    int error = esm__bytes_reserve(to, length);
    if (error != 0)
        return error;
    char *at = to->data + to->size;
    *at++ = '"';
    at = esm__json_write_text(at, text, size);
    *at = '"';
    to->size += length;
    return 0;
}

int esm__json_append_int(struct esm__bytes *to, int64_t value)
{
    char text[24];
    return esm__bytes_append(to, text, (size_t)(esm__json_write_int(text, value) - text));
}
