/* SPDX-License-Identifier: MIT */
/* What tokens mean. The scanner has checked their form. */
#include "json/scanner.h"

#include <string.h>

static uint32_t read_hex(const char *at)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)at[i];
        value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* Reads \uXXXX at *at, and the other half behind it where there is one. */
static uint32_t read_code_point(const char **at, const char *end)
{
    uint32_t unit = read_hex(*at + 2);
    *at += 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return unit;
    if (unit <= 0xdbff && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        uint32_t low = read_hex(*at + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
            *at += 6;
            return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    return 0xfffd;
}

static size_t encode_utf8(uint32_t code, char to[4])
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size; i-- > 1; code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)(0xf00 >> size | code);
    return size;
}

size_t esm__json_decode_escape(const char **at, const char *end, char to[4])
{
    static const char from[] = "bfnrt";
    static const char what[] = "\b\f\n\r\t";
    char c = (*at)[1];
    if (c == 'u')
        return encode_utf8(read_code_point(at, end), to);
    const char *found = memchr(from, c, 5);
    *to = found == NULL ? c : what[found - from];
    *at += 2;
    return 1;
}

/* Where the run without escapes ends that begins at `at`. */
static const char *run_end(const char *at, const char *end)
{
    const char *escape = memchr(at, '\\', (size_t)(end - at));
    return escape == NULL ? end : escape;
}

size_t esm__json_decode(const struct esm__json_token *token, char *to)
{
    const char *at = token->text;
    const char *end = at + token->size;
    size_t size = 0;
    while (at < end) {
        const char *stop = run_end(at, end);
        memcpy(to + size, at, (size_t)(stop - at));
        size += (size_t)(stop - at);
        at = stop;
        if (at < end) {
            char decoded[4];
            size_t more = esm__json_decode_escape(&at, end, decoded);
            memcpy(to + size, decoded, more);
            size += more;
        }
    }
    return size;
}

/* Steps over bytes at *text that are the same. */
static int take(const char **text, size_t *left, const char *bytes, size_t size)
{
    if (*left < size || (size != 0 && memcmp(*text, bytes, size) != 0))
        return 0;
    *text += size;
    *left -= size;
    return 1;
}

int esm__json_equals(const struct esm__json_token *token, const char *text, size_t size)
{
    if (!token->has_escapes)
        return token->size == size && memcmp(token->text, text, size) == 0;
    const char *at = token->text;
    const char *end = at + token->size;
    while (at < end) {
        const char *stop = run_end(at, end);
        if (!take(&text, &size, at, (size_t)(stop - at)))
            return 0;
        at = stop;
        if (at < end) {
            char decoded[4];
            size_t more = esm__json_decode_escape(&at, end, decoded);
            if (!take(&text, &size, decoded, more))
                return 0;
        }
    }
    return size == 0;
}

int esm__json_to_int64(const struct esm__json_token *token, int64_t *ret)
{
    const char *at = token->text;
    const char *end = at + token->size;
    int is_negative = at < end && *at == '-';
    int64_t value = 0;
    if (is_negative)
        at++;
    if (at == end)
        return -1;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return -1;
        int64_t digit = is_negative ? '0' - *at : *at - '0';
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return -1;
    }
    *ret = value;
    return 0;
}
