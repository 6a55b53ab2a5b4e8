/* SPDX-License-Identifier: MIT */
/*
 * Writes the parts of JSON text. write_ puts exactly as many bytes as the _length beside it says and returns
 * the place behind them; append_ makes the room itself. Bytes that are not UTF-8 become U+FFFD, one each.
 */
#ifndef ESM_JSON_WRITER_H
#define ESM_JSON_WRITER_H

#include <string.h>
#include "base/bytes.h"

/* Escaped, without quotes. */
size_t esm__json_text_length(const char *text, size_t size);
char *esm__json_write_text(char *to, const char *text, size_t size);

size_t esm__json_int_length(int64_t value);
char *esm__json_write_int(char *to, int64_t value);

/* With quotes. */
int esm__json_append_string(struct esm__bytes *to, const char *text, size_t size);
int esm__json_append_int(struct esm__bytes *to, int64_t value);

/* A string literal as it is. */
#define ESM__JSON_WRITE(to, literal)                                                                         \
    ((char *)memcpy((to), (literal), sizeof(literal) - 1) + (sizeof(literal) - 1))

#endif
