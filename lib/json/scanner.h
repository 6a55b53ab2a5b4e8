/* SPDX-License-Identifier: MIT */
/*
 * A strict pull scanner for JSON (RFC 8259, UTF-8 checked): tokens out of a span of bytes, no tree, no
 * allocation. A scanner may be copied by assignment at any point, which is how one looks at a value twice.
 */
#ifndef ESM_JSON_SCANNER_H
#define ESM_JSON_SCANNER_H

#include <stddef.h>
#include <stdint.h>

#define ESM__JSON_DEPTH_MAX 1024

enum esm__json_type {
    ESM__JSON_ERROR, /* json->error says why, esm__json_position() where; every later call gives it again */
    ESM__JSON_END,   /* the one value has ended, and nothing but white space came after it */
    ESM__JSON_OBJECT,
    ESM__JSON_OBJECT_END,
    ESM__JSON_ARRAY,
    ESM__JSON_ARRAY_END,
    ESM__JSON_KEY,
    ESM__JSON_STRING,
    ESM__JSON_NUMBER,
    ESM__JSON_TRUE,
    ESM__JSON_FALSE,
    ESM__JSON_NULL
};

/* KEY and STRING: what stands between the quotes, raw. NUMBER: the lexeme. Others: the token itself. */
struct esm__json_token {
    const char *text;
    size_t size;
    int has_escapes;
};

struct esm__json {
    const char *start;
    const char *at;
    const char *end;
    const char *error; /* static text; NULL: none */
    unsigned depth;    /* open objects and arrays */
    int state;
    uint64_t is_object[ESM__JSON_DEPTH_MAX / 64]; /* one bit for each open one */
};

void esm__json_init(struct esm__json *json, const char *text, size_t size);

enum esm__json_type esm__json_next(struct esm__json *json, struct esm__json_token *ret);

/* Inside an object: the next key, and on to its value; at the end, out of the object. 1: a key, 0: the end, -1: an error. */
int esm__json_member(struct esm__json *json, struct esm__json_token *ret_key);

/* Steps over the value that comes next, whole: after a KEY, its value. What is not a value is an error. 0 or
 * -1. */
int esm__json_skip(struct esm__json *json);

/* Goes on until no more than `depth` objects and arrays are open; depth - 1 leaves the innermost. 0 or -1. */
int esm__json_leave(struct esm__json *json, unsigned depth);

/*
 * Inside an object, behind its OBJECT: goes to its end, and gives a scanner that stands before the value of
 * the last member of that name. 1: found, 0: not, -1: error. ret_value is untouched unless found.
 */
int esm__json_find(struct esm__json *json, const char *name, struct esm__json *ret_value);

static inline size_t esm__json_position(const struct esm__json *json)
{
    return (size_t)(json->at - json->start);
}

/*
 * Strings out of tokens. A surrogate escaped without its other half, which the grammar allows, is read as
 * U+FFFD. The decoded text is never longer than the token: `to` has token->size bytes. Returns the decoded
 * size; no NUL is added.
 */
size_t esm__json_decode(const struct esm__json_token *token, char *to);
int esm__json_equals(const struct esm__json_token *token, const char *text, size_t size);

/* Decodes the escape at *at, a backslash of a STRING or KEY, and steps over it. Returns the size of what it
 * stands for. */
size_t esm__json_decode_escape(const char **at, const char *end, char to[4]);

/* A NUMBER without fraction and exponent that fits. 0 or -1. */
int esm__json_to_int64(const struct esm__json_token *token, int64_t *ret);

#endif
