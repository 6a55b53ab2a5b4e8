/* SPDX-License-Identifier: MIT */
#ifndef ESM_JSON_WORD_H
#define ESM_JSON_WORD_H

#include <stdint.h>
#include <string.h>

/* Whether one of eight bytes is a quote, a backslash, a control character or not ASCII. */
static inline int esm__word_has_special(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t quote = word ^ ones * '"';
    uint64_t backslash = word ^ ones * '\\';
    /* A byte below n borrows from its top bit; what has the top bit already is special anyway. */
    return (((quote - ones) | (backslash - ones) | (word - ones * 0x20) | word) & ones * 0x80) != 0;
}

static inline int esm__is_special(char c)
{
    return c == '"' || c == '\\' || (unsigned char)c < 0x20 || (unsigned char)c >= 0x80;
}

/* The first such byte, or the end. */
static inline const char *esm__word_find_special(const char *at, const char *end)
{
    uint64_t word;
    while (end - at >= 8 && (memcpy(&word, at, 8), !esm__word_has_special(word)))
        at += 8;
    while (at < end && !esm__is_special(*at))
        at++;
    return at;
}

#endif
