/* SPDX-License-Identifier: MIT */
/* Both encoders agree, bytes come back, and of any bytes there is but one text that is taken. */
#include "fuzz.h"

#include <string.h>

#include "json/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length = esm__base64_length(size);
    char *text = malloc(length + 1);
    char *portable = malloc(length + 1);
    uint8_t *bytes = malloc(length / 4 * 3 + 1);
    MUST(text != NULL && portable != NULL && bytes != NULL);
    text[length] = portable[length] = '!';
    MUST(esm__base64_encode(text, data, size) == text + length);
    MUST(esm__base64_encode_portable(portable, data, size) == portable + length);
    MUST(memcmp(text, portable, length + 1) == 0);
    size_t decoded = SIZE_MAX;
    MUST(esm__base64_decode(bytes, text, length, &decoded) == 0);
    MUST(decoded == size && (size == 0 || memcmp(bytes, data, size) == 0));

    decoded = SIZE_MAX;
    if (esm__base64_decode(bytes, (const char *)data, size, &decoded) == 0) {
        MUST(esm__base64_length(decoded) == size);
        MUST(esm__base64_encode(text, bytes, decoded) == text + size);
        MUST(size == 0 || memcmp(text, data, size) == 0);
    } else {
        MUST(decoded == SIZE_MAX);
    }
    free(bytes);
    free(portable);
    free(text);
    return 0;
}
