/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput(); libFuzzer brings its main,
 * and where there is none main.c runs the inputs that are kept in corpus/.
 */
#ifndef ESM_TESTS_FUZZ_H
#define ESM_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has to be true of every input. */
#define MUST(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* An input that is eaten from its front. Behind its end there are only zeros. */
struct input {
    const uint8_t *at;
    const uint8_t *end;
};

static inline size_t input_left(const struct input *input)
{
    return (size_t)(input->end - input->at);
}

static inline unsigned input_byte(struct input *input)
{
    return input->at == input->end ? 0 : *input->at++;
}

static inline uint64_t input_number(struct input *input, int bytes)
{
    uint64_t number = 0;
    while (bytes-- > 0)
        number = number << 8 | input_byte(input);
    return number;
}

/* So many bytes, or what is left. */
static inline const uint8_t *input_span(struct input *input, size_t most, size_t *ret_size)
{
    const uint8_t *span = input->at;
    *ret_size = input_left(input) < most ? input_left(input) : most;
    input->at += *ret_size;
    return span;
}

/* The rest up to this byte, or to the end, as a new NUL-terminated text. */
char *input_text(struct input *input, char until);

/* Whether it is one JSON document, and nothing else. */
int is_json(const char *text, size_t size);

#endif
