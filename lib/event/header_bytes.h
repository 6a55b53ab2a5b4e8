/* SPDX-License-Identifier: MIT */
/* The bytes of a header's value as AWS shows them: signed numbers with commas between. */
#ifndef ESM_EVENT_HEADER_BYTES_H
#define ESM_EVENT_HEADER_BYTES_H

#include <stddef.h>

size_t esm__header_bytes_length(const void *bytes, size_t size);

/* Up to so many bytes behind the text are written too, and must be there. */
#define ESM__HEADER_BYTES_SPILL 7

char *esm__header_bytes_write(char *to, const void *bytes, size_t size);

#endif
