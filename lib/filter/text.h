/* SPDX-License-Identifier: MIT */
/*
 * A record's string, byte by byte as it means, without a copy of it; and what a pattern may ask of one.
 * `text` is always the pattern's, decoded.
 */
#ifndef ESM_FILTER_TEXT_H
#define ESM_FILTER_TEXT_H

#include <stdint.h>

#include "json/scanner.h"

struct esm__text {
    const char *data;
    size_t size;
};

struct esm__cursor {
    const char *at, *end;
    int has_escapes;
    uint32_t decoded_size, decoded_at; /* of the escape that was met last */
    char decoded[4];
};

struct esm__cursor esm__cursor(const struct esm__json_token *token);

/* The next byte, or -1 behind the end. */
int esm__cursor_next(struct esm__cursor *cursor);

/* Steps over bytes if they come next. 1 or 0. */
int esm__cursor_take(struct esm__cursor *cursor, const char *bytes, size_t size);

/* Up to `most` bytes into `to`; SIZE_MAX: there are more. */
size_t esm__text_copy(const struct esm__json_token *token, char *to, size_t most);

int esm__text_is(const struct esm__json_token *token, struct esm__text text);
int esm__text_begins(const struct esm__json_token *token, struct esm__text text);
int esm__text_ends(const struct esm__json_token *token, struct esm__text text);

/* A pattern with * for any run, and \* and \\ for themselves. */
int esm__text_is_like(const struct esm__json_token *token, struct esm__text pattern);

/* Stands so many bytes before the end, or at the beginning if there are fewer. */
struct esm__cursor esm__cursor_before_end(const struct esm__json_token *token, size_t bytes);

#endif
