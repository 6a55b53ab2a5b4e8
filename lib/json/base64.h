/* SPDX-License-Identifier: MIT */
/* Base64 with the standard alphabet and padding (RFC 4648, section 4). */
#ifndef ESM_JSON_BASE64_H
#define ESM_JSON_BASE64_H

#include <stddef.h>

static inline size_t esm__base64_length(size_t size) /* size: at most SIZE_MAX / 4 * 3 - 2 */
{
    return (size + 2) / 3 * 4;
}

/* Writes exactly esm__base64_length() bytes, no NUL, and returns the place behind them. */
char *esm__base64_encode(char *to, const void *data, size_t size);
char *esm__base64_encode_portable(char *to, const void *data, size_t size); /* without AVX2, the same */

/*
 * Strict: padding is required, spare bits are 0, nothing is skipped. `to` has size / 4 * 3 bytes.
 * 0, or ESM_ERR_INVALID_ARGUMENT with ret_size untouched.
 */
int esm__base64_decode(void *to, const char *text, size_t size, size_t *ret_size);

#endif
