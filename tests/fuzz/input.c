/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <string.h>

#include "json/scanner.h"

char *input_text(struct input *input, char until)
{
    size_t left = input_left(input);
    const uint8_t *end = left == 0 ? NULL : memchr(input->at, until, left);
    size_t size = end == NULL ? left : (size_t)(end - input->at);
    char *text = malloc(size + 1);
    MUST(text != NULL);
    if (size > 0)
        memcpy(text, input->at, size);
    text[size] = '\0';
    input->at += size + (end != NULL);
    return text;
}

int is_json(const char *text, size_t size)
{
    struct esm__json json;
    struct esm__json_token token;
    esm__json_init(&json, text, size);
    return esm__json_skip(&json) == 0 && esm__json_next(&json, &token) == ESM__JSON_END;
}
