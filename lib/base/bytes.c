/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"

#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"

void esm__bytes_free(struct esm__bytes *bytes)
{
    esm__free(bytes->allocator, bytes->data);
    esm__bytes_init(bytes, bytes->allocator);
}

int esm__bytes_reserve(struct esm__bytes *bytes, size_t more)
{
    size_t need;
    if (!esm__add(bytes->size, more, &need))
        return ESM_ERR_NOMEM;
    if (need <= bytes->capacity)
        return 0;
    size_t capacity = bytes->capacity < 32 ? 64 : bytes->capacity + bytes->capacity / 2;
    if (capacity < need)
        capacity = need;
    char *data = esm__realloc(bytes->allocator, bytes->data, capacity);
    if (data == NULL)
        return ESM_ERR_NOMEM;
    bytes->data = data;
    bytes->capacity = capacity;
    return 0;
}

int esm__bytes_append(struct esm__bytes *bytes, const void *data, size_t size)
{
    int error = esm__bytes_reserve(bytes, size);
    if (error != 0)
        return error;
    if (size != 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return 0;
}

int esm__bytes_append_text(struct esm__bytes *bytes, const char *text)
{
    return esm__bytes_append(bytes, text, strlen(text));
}

int esm__bytes_terminate(struct esm__bytes *bytes)
{
    int error = esm__bytes_reserve(bytes, 1);
    if (error == 0)
        bytes->data[bytes->size] = '\0';
    return error;
}
