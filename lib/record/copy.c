/* SPDX-License-Identifier: MIT */
#include "record/view.h"

#include <string.h>

/* In 64 bits, where the terms cannot overflow as long as the sum is looked at after each header. */
size_t esm__record_size(const esm_record *record)
{
    uint64_t size =
        (uint64_t)record->key_size + record->value_size + record->header_count * sizeof(struct esm__header);
    for (uint32_t i = 0; i < record->header_count && size <= ESM__RECORD_SIZE_MAX; i++)
        size += (uint64_t)record->headers[i].name_size + 1 + record->headers[i].value_size;
    return size > ESM__RECORD_SIZE_MAX ? SIZE_MAX : (size_t)(size + 7) & ~(size_t)7;
}

/* NULL stays NULL, and an empty span does not become it. */
static const void *copy_span(char **memory, const void *data, size_t size)
{
    if (data == NULL)
        return NULL;
    char *copy = *memory;
    *memory += size;
    return memcpy(copy, data, size);
}

static void copy_header(struct esm__header *to, const struct esm__header *from, char **memory)
{
    *to = *from;
    to->name = copy_span(memory, from->name, (size_t)from->name_size + 1);
    to->value = copy_span(memory, from->value, from->value_size);
}

void esm__record_copy(esm_record *to, const esm_record *from, void *memory)
{
    struct esm__header *headers = memory; /* first, for their alignment */
    char *at = (char *)(headers + from->header_count);
    *to = *from;
    to->key = copy_span(&at, from->key, from->key_size);
    to->value = copy_span(&at, from->value, from->value_size);
    to->headers = from->header_count == 0 ? NULL : headers;
    for (uint32_t i = 0; i < from->header_count; i++)
        copy_header(&headers[i], &from->headers[i], &at);
}
