/* SPDX-License-Identifier: MIT */
#ifndef ESM_JSON_WORD_H
#define ESM_JSON_WORD_H

#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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
#if defined(__SSE2__)
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at), controls = _mm_set1_epi8(0x1f);
        __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
        __m128i backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, controls), bytes);
        __m128i any =
            _mm_or_si128(_mm_or_si128(quotes, backslashes), _mm_or_si128(low, bytes)); /* bytes: not ASCII */
        int mask = _mm_movemask_epi8(any);
        if (mask != 0)
            return at + __builtin_ctz((unsigned)mask);
    }
#endif
    uint64_t word;
    while (end - at >= 8 && (memcpy(&word, at, 8), !esm__word_has_special(word)))
        at += 8;
    while (at < end && !esm__is_special(*at))
        at++;
    return at;
}

#endif
