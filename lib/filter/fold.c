/* SPDX-License-Identifier: MIT */
#include "filter/fold.h"

#include <string.h>

#include "json/utf8.h"

static uint32_t decode(const char *at, size_t size)
{
    uint32_t code = (unsigned char)*at;
    if (size > 1)
        code &= 0x7fu >> size;
    for (size_t i = 1; i < size; i++)
        code = code << 6 | ((unsigned char)at[i] & 0x3f);
    return code;
}

static uint8_t encode(uint32_t code, char *to)
{
    if (code < 0x80) {
        *to = (char)code;
        return 1;
    }
    uint8_t size = code < 0x800 ? 2 : 3;
    for (int i = size - 1; i > 0; i--, code >>= 6)
        to[i] = (char)(0x80 | (code & 0x3f));
    to[0] = (char)((0xf00 >> size & 0xff) | code);
    return size;
}

/* Writes the other case of a character of the basic plane, or the character itself. */
static uint8_t convert(uint32_t code, const struct esm__case_run *run,
                       const struct esm__case_special *special, char *to)
{
    for (; special->code != 0; special++)
        if (special->code == code) {
            memcpy(to, special->text, sizeof(special->text));
            return (uint8_t)strlen(special->text);
        }
    for (; run->first != 0; run++)
        if (code >= run->first && code <= run->last && (code - run->first) % run->step == 0)
            return encode((uint32_t)((int32_t)code + run->delta), to);
    return encode(code, to);
}

static void make(const char *at, size_t size, struct esm__fold *ret)
{
    uint32_t code = decode(at, size);
    if (size == 4) {
        memcpy(ret->lower, at, size);
        memcpy(ret->upper, at, size);
        ret->lower_size = ret->upper_size = 4;
    } else if (code < 0x80) {
        ret->lower_size = ret->upper_size = 1;
        ret->lower[0] = (char)(code >= 'A' && code <= 'Z' ? code + 32 : code);
        ret->upper[0] = (char)(code >= 'a' && code <= 'z' ? code - 32 : code);
    } else {
        ret->lower_size = convert(code, esm__lower_runs, esm__lower_specials, ret->lower);
        ret->upper_size = convert(code, esm__upper_runs, esm__upper_specials, ret->upper);
    }
}

size_t esm__fold_make(struct esm__text text, struct esm__fold *to)
{
    size_t count = 0;
    for (size_t at = 0; at < text.size; count++) {
        size_t size = esm__utf8_sequence(text.data + at, text.size - at);
        make(text.data + at, size, &to[count]);
        at += size;
    }
    return count;
}

int esm__fold_take(struct esm__cursor *cursor, const struct esm__fold *folds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!esm__cursor_take(cursor, folds[i].lower, folds[i].lower_size) &&
            !esm__cursor_take(cursor, folds[i].upper, folds[i].upper_size))
            return 0;
    return 1;
}

/* The two cases may differ in size, so the ends may begin at several places. */
int esm__fold_ends(const struct esm__json_token *token, const struct esm__fold *folds, size_t count)
{
    size_t least = 0, most = 0;
    for (size_t i = 0; i < count; i++) {
        int is_longer = folds[i].lower_size > folds[i].upper_size;
        most += is_longer ? folds[i].lower_size : folds[i].upper_size;
        least += is_longer ? folds[i].upper_size : folds[i].lower_size;
    }
    if (token->size < least)
        return 0;
    for (size_t bytes = least; bytes <= most; bytes++) {
        struct esm__cursor cursor = esm__cursor_before_end(token, bytes);
        if (esm__fold_take(&cursor, folds, count) && esm__cursor_next(&cursor) < 0)
            return 1;
    }
    return 0;
}
