/* SPDX-License-Identifier: MIT */
/* Growable bytes. What does not fit leaves them as they were and returns ESM_ERR_NOMEM. */
#ifndef ESM_BASE_BYTES_H
#define ESM_BASE_BYTES_H

#include <stdarg.h>

#include <esm/base.h>

struct esm__bytes {
    esm_allocator *allocator; /* borrowed */
    char *data;
    size_t size;
    size_t capacity;
};

static inline void esm__bytes_init(struct esm__bytes *bytes, esm_allocator *allocator)
{
    *bytes = (struct esm__bytes){.allocator = allocator};
}

void esm__bytes_free(struct esm__bytes *bytes); /* and makes them empty and usable again */
int esm__bytes_reserve(struct esm__bytes *bytes, size_t more);
int esm__bytes_append(struct esm__bytes *bytes, const void *data, size_t size);
int esm__bytes_append_text(struct esm__bytes *bytes, const char *text);
int esm__bytes_terminate(struct esm__bytes *bytes); /* a NUL behind the end, not counted */

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
int esm__bytes_format(struct esm__bytes *bytes, const char *format, ...); /* and terminates */

#if defined(__GNUC__)
__attribute__((format(printf, 2, 0)))
#endif
int esm__bytes_format_list(struct esm__bytes *bytes, const char *format, va_list arguments);

/* Into a buffer, cut to its size and terminated. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void esm__format(char *to, size_t size, const char *format, ...);

#endif
