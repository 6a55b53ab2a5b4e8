/* SPDX-License-Identifier: MIT */
#include "json/base64.h"

#include <stdint.h>
#include <string.h>
#include <esm/base.h>

/* What twelve bits become: two characters, looked up together. */
/* clang-format off */
#define PAIRS(a) \
    {a, 'A'}, {a, 'B'}, {a, 'C'}, {a, 'D'}, {a, 'E'}, {a, 'F'}, {a, 'G'}, {a, 'H'}, \
    {a, 'I'}, {a, 'J'}, {a, 'K'}, {a, 'L'}, {a, 'M'}, {a, 'N'}, {a, 'O'}, {a, 'P'}, \
    {a, 'Q'}, {a, 'R'}, {a, 'S'}, {a, 'T'}, {a, 'U'}, {a, 'V'}, {a, 'W'}, {a, 'X'}, \
    {a, 'Y'}, {a, 'Z'}, {a, 'a'}, {a, 'b'}, {a, 'c'}, {a, 'd'}, {a, 'e'}, {a, 'f'}, \
    {a, 'g'}, {a, 'h'}, {a, 'i'}, {a, 'j'}, {a, 'k'}, {a, 'l'}, {a, 'm'}, {a, 'n'}, \
    {a, 'o'}, {a, 'p'}, {a, 'q'}, {a, 'r'}, {a, 's'}, {a, 't'}, {a, 'u'}, {a, 'v'}, \
    {a, 'w'}, {a, 'x'}, {a, 'y'}, {a, 'z'}, {a, '0'}, {a, '1'}, {a, '2'}, {a, '3'}, \
    {a, '4'}, {a, '5'}, {a, '6'}, {a, '7'}, {a, '8'}, {a, '9'}, {a, '+'}, {a, '/'}

static const char pairs[4096][2] = {
    PAIRS('A'), PAIRS('B'), PAIRS('C'), PAIRS('D'), PAIRS('E'), PAIRS('F'), PAIRS('G'), PAIRS('H'),
    PAIRS('I'), PAIRS('J'), PAIRS('K'), PAIRS('L'), PAIRS('M'), PAIRS('N'), PAIRS('O'), PAIRS('P'),
    PAIRS('Q'), PAIRS('R'), PAIRS('S'), PAIRS('T'), PAIRS('U'), PAIRS('V'), PAIRS('W'), PAIRS('X'),
    PAIRS('Y'), PAIRS('Z'), PAIRS('a'), PAIRS('b'), PAIRS('c'), PAIRS('d'), PAIRS('e'), PAIRS('f'),
    PAIRS('g'), PAIRS('h'), PAIRS('i'), PAIRS('j'), PAIRS('k'), PAIRS('l'), PAIRS('m'), PAIRS('n'),
    PAIRS('o'), PAIRS('p'), PAIRS('q'), PAIRS('r'), PAIRS('s'), PAIRS('t'), PAIRS('u'), PAIRS('v'),
    PAIRS('w'), PAIRS('x'), PAIRS('y'), PAIRS('z'), PAIRS('0'), PAIRS('1'), PAIRS('2'), PAIRS('3'),
    PAIRS('4'), PAIRS('5'), PAIRS('6'), PAIRS('7'), PAIRS('8'), PAIRS('9'), PAIRS('+'), PAIRS('/')};
/* clang-format on */

static uint64_t load_big_endian(const unsigned char *at)
{
    uint64_t word;
    memcpy(&word, at, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static void encode_six(char *to, const unsigned char *from) /* reads eight */
{
    uint64_t word = load_big_endian(from);
    memcpy(to, pairs[word >> 52], 2);
    memcpy(to + 2, pairs[word >> 40 & 4095], 2);
    memcpy(to + 4, pairs[word >> 28 & 4095], 2);
    memcpy(to + 6, pairs[word >> 16 & 4095], 2);
}

static void encode_three(char *to, const unsigned char *from)
{
    memcpy(to, pairs[from[0] << 4 | from[1] >> 4], 2);
    memcpy(to + 2, pairs[(from[1] & 15) << 8 | from[2]], 2);
}

char *esm__base64_encode_portable(char *to, const void *data, size_t size)
{
    const unsigned char *from = data;
    for (; size >= 8; size -= 6, from += 6, to += 8)
        encode_six(to, from);
    for (; size >= 3; size -= 3, from += 3, to += 4)
        encode_three(to, from);
    if (size != 0) {
        unsigned char last[3] = {from[0], size == 2 ? from[1] : 0, 0};
        encode_three(to, last);
        if (size == 1)
            to[2] = '=';
        to[3] = '=';
        to += 4;
    }
    return to;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* Exactly 24 bytes become 32 characters. */
__attribute__((target("avx2"))) static inline void encode_step(char *to, const unsigned char *from)
{
    /* Twelve bytes for each half, at the start of the lower and at the end of the upper, so that nothing else
     * is read. */
    __m256i bytes =
        _mm256_set_m128i(_mm_loadu_si128((const void *)(from + 8)), _mm_loadu_si128((const void *)from));
    /* Each three bytes a b c become the 16-bit numbers ab and bc, in which every six bits lie whole. */
    const __m256i spread = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 5, 4, 6, 5, 8,
                                            7, 9, 8, 11, 10, 12, 11, 14, 13, 15, 14);
    bytes = _mm256_shuffle_epi8(bytes, spread);
    /* A product shifts each number by its own distance: to the right in its upper half, to the left in its
     * lower. */
    __m256i even = _mm256_mulhi_epu16(_mm256_and_si256(bytes, _mm256_set1_epi32(0x0fc0fc00)),
                                      _mm256_set1_epi32(0x04000040));
    __m256i odd = _mm256_mullo_epi16(_mm256_and_si256(bytes, _mm256_set1_epi32(0x003f03f0)),
                                     _mm256_set1_epi32(0x01000010));
    __m256i digits = _mm256_or_si256(even, odd);
    /* The distance from a digit to its character, by range: 0 is A-Z, 1 a-z, 2 to 11 are 0-9, 12 is +, 13 is
     * /. */
    const __m256i distances = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(65, 71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 0, 0));
    __m256i range = _mm256_sub_epi8(_mm256_subs_epu8(digits, _mm256_set1_epi8(51)),
                                    _mm256_cmpgt_epi8(digits, _mm256_set1_epi8(25)));
    _mm256_storeu_si256((void *)to, _mm256_add_epi8(digits, _mm256_shuffle_epi8(distances, range)));
}

/* At least 24 bytes, all threes of them; the last step overlaps the one before. */
__attribute__((target("avx2"))) static void encode_avx2(char *to, const unsigned char *from, size_t size)
{
    size_t done = 0;
    for (; size - done >= 24; done += 24)
        encode_step(to + done / 3 * 4, from + done);
    if (done < size)
        encode_step(to + (size - 24) / 3 * 4, from + size - 24);
}
#endif

char *esm__base64_encode(char *to, const void *data, size_t size)
{
    size_t done = 0;
#if defined(__x86_64__)
    if (size >= 24 && __builtin_cpu_supports("avx2")) {
        done = size / 3 * 3;
        encode_avx2(to, data, done);
    }
#endif
    return esm__base64_encode_portable(to + done / 3 * 4, (const char *)data + done, size - done);
}

/* The value of a character; 64: it has none. */
static unsigned digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

int esm__base64_decode(void *to, const char *text, size_t size, size_t *ret_size)
{
    unsigned char *at = to;
    if (size % 4 != 0)
        return ESM_ERR_INVALID_ARGUMENT;
    for (size_t i = 0; i < size; i += 4) {
        size_t padding = i + 4 < size || text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
        unsigned bits = 0;
        for (size_t k = 0; k < 4; k++) {
            unsigned value = k < 4 - padding ? digit_value(text[i + k]) : 0;
            if (value == 64)
                return ESM_ERR_INVALID_ARGUMENT;
            bits = bits << 6 | value;
        }
        if ((bits & ((1u << 8 * padding) - 1)) != 0)
            return ESM_ERR_INVALID_ARGUMENT;
        for (size_t k = 0; k < 3 - padding; k++)
            *at++ = (unsigned char)(bits >> (16 - 8 * k));
    }
    *ret_size = (size_t)(at - (unsigned char *)to);
    return 0;
}
