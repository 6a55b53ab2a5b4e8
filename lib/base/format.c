/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/bytes.h"

int esm__bytes_format_list(struct esm__bytes *bytes, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (size < 0)
        return ESM_ERR_INVALID_ARGUMENT;
    int error = esm__bytes_reserve(bytes, (size_t)size + 1);
    if (error != 0)
        return error;
    vsnprintf(bytes->data + bytes->size, (size_t)size + 1, format, arguments);
    bytes->size += (size_t)size;
    return 0;
}

int esm__bytes_format(struct esm__bytes *bytes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int error = esm__bytes_format_list(bytes, format, arguments);
    va_end(arguments);
    return error;
}

void esm__format(char *to, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(to, size, format, arguments);
    va_end(arguments);
}
