/* SPDX-License-Identifier: MIT */
#include "aws/xml.h"

#include <string.h>

#include "json/utf8.h"

struct reader {
    struct esm__span rest;
    struct esm__span names[ESM__XML_DEPTH_MAX]; /* of the open elements */
    size_t depth;
    const char *path;
    struct esm__bytes *to;
    size_t found_depth; /* that of the element whose text is wanted, while it is open; 0: it is not */
    int is_found;
};

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':' || (unsigned char)c >= 0x80;
}

static struct esm__span skip(struct esm__span text, size_t size)
{
    return (struct esm__span){text.data + size, text.size - size};
}

static int begins(struct esm__span text, const char *with)
{
    size_t size = strlen(with);
    return text.size >= size && memcmp(text.data, with, size) == 0;
}

static void skip_space(struct reader *reader)
{
    while (reader->rest.size > 0 && is_space(reader->rest.data[0]))
        reader->rest = skip(reader->rest, 1);
}

/* Steps behind the next occurrence of a text. 1, or 0: there is none. */
static int skip_past(struct reader *reader, const char *text)
{
    const char *at = memmem(reader->rest.data, reader->rest.size, text, strlen(text));
    if (at == NULL)
        return 0;
    reader->rest = skip(reader->rest, (size_t)(at - reader->rest.data) + strlen(text));
    return 1;
}

static struct esm__span read_name(struct reader *reader)
{
    struct esm__span name = {reader->rest.data, 0};
    while (name.size < reader->rest.size && is_name_char(name.data[name.size]))
        name.size++;
    reader->rest = skip(reader->rest, name.size);
    return name;
}

static int is_same(struct esm__span a, struct esm__span b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* Whether the open elements end with those of the path. */
static int is_at_path(const struct reader *reader)
{
    size_t depth = reader->depth;
    const char *end = reader->path + strlen(reader->path);
    for (;;) {
        const char *start = end;
        while (start > reader->path && start[-1] != '/')
            start--;
        struct esm__span name = {start, (size_t)(end - start)};
        if (depth == 0 || !is_same(reader->names[--depth], name))
            return 0;
        if (start == reader->path)
            return 1;
        end = start - 1;
    }
}

/* ---- text ---- */

static int append_code_point(struct esm__bytes *to, uint32_t c)
{
    unsigned char bytes[4];
    size_t size;
    if (c < 0x80) {
        bytes[0] = (unsigned char)c;
        size = 1;
    } else if (c < 0x800) {
        bytes[0] = (unsigned char)(0xc0 | c >> 6);
        size = 2;
    } else if (c < 0x10000) {
        bytes[0] = (unsigned char)(0xe0 | c >> 12);
        size = 3;
    } else {
        bytes[0] = (unsigned char)(0xf0 | c >> 18);
        size = 4;
    }
    for (size_t i = 1; i < size; i++)
        bytes[i] = (unsigned char)(0x80 | (c >> (6 * (size - 1 - i)) & 0x3f));
    return esm__bytes_append(to, bytes, size);
}

/* "38" or "x26", without "&#" and ";". What XML does not allow is refused, and 0 with it. */
static int read_number(struct esm__span text, uint32_t *ret)
{
    uint32_t base = text.size > 0 && text.data[0] == 'x' ? 16 : 10;
    uint32_t value = 0;
    text = base == 16 ? skip(text, 1) : text;
    if (text.size == 0 || text.size > 7)
        return 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 99;
        if (digit >= base)
            return 0;
        value = value * base + digit;
    }
    *ret = value;
    return (value >= 0x20 || value == '\t' || value == '\n' || value == '\r') && value <= 0x10ffff &&
           !(value >= 0xd800 && value <= 0xdfff);
}

static int append_entity(struct esm__bytes *to, struct esm__span name)
{
    static const struct {
        const char *name;
        const char *text;
    } entities[] = {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}};
    uint32_t c;
    if (name.size > 0 && name.data[0] == '#')
        return read_number(skip(name, 1), &c) ? append_code_point(to, c) : ESM_ERR_CONFIG;
    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
        if (esm__span_is(name, entities[i].name))
            return esm__bytes_append_text(to, entities[i].text);
    return ESM_ERR_CONFIG;
}

/* One character or reference, decoded to `to`. */
static int read_char(struct reader *reader, struct esm__bytes *to)
{
    struct esm__span rest = reader->rest;
    if (rest.data[0] == '&') {
        const char *end = memchr(rest.data, ';', rest.size < 12 ? rest.size : 12);
        if (end == NULL)
            return ESM_ERR_CONFIG;
        reader->rest = skip(rest, (size_t)(end - rest.data) + 1);
        return append_entity(to, (struct esm__span){rest.data + 1, (size_t)(end - rest.data) - 1});
    }
    size_t size = esm__utf8_sequence(rest.data, rest.size);
    if (size == 0 || ((unsigned char)rest.data[0] < 0x20 && !is_space(rest.data[0])))
        return ESM_ERR_CONFIG;
    reader->rest = skip(rest, size);
    return esm__bytes_append(to, rest.data, size);
}

/* Text that nobody asked for is read in the same way, and thrown away. */
static int read_text(struct reader *reader)
{
    int error = 0;
    while (error == 0 && reader->rest.size > 0 && reader->rest.data[0] != '<') {
        size_t size = reader->to->size;
        if (reader->depth == 0 && !is_space(reader->rest.data[0]))
            return ESM_ERR_CONFIG;
        error = read_char(reader, reader->to);
        if (reader->found_depth == 0)
            reader->to->size = size;
    }
    return error;
}

/* ---- tags ---- */

static int read_attributes(struct reader *reader)
{
    for (;;) {
        struct esm__span before = reader->rest;
        skip_space(reader);
        struct esm__span name = read_name(reader);
        if (name.size == 0)
            return 0;
        skip_space(reader);
        if (before.data == name.data || !begins(reader->rest, "="))
            return ESM_ERR_CONFIG;
        reader->rest = skip(reader->rest, 1);
        skip_space(reader);
        const char *quote = begins(reader->rest, "'") ? "'" : "\"";
        if (!begins(reader->rest, quote))
            return ESM_ERR_CONFIG;
        reader->rest = skip(reader->rest, 1);
        const char *start = reader->rest.data;
        if (!skip_past(reader, quote) || memchr(start, '<', (size_t)(reader->rest.data - start)) != NULL)
            return ESM_ERR_CONFIG;
    }
}

static void close_element(struct reader *reader)
{
    if (reader->found_depth == reader->depth)
        reader->found_depth = 0;
    reader->depth--;
}

static int read_start(struct reader *reader, int is_first)
{
    struct esm__span name = read_name(reader);
    if (name.size == 0 || reader->depth == ESM__XML_DEPTH_MAX || (reader->depth == 0 && !is_first) ||
        reader->found_depth != 0)
        return ESM_ERR_CONFIG;
    reader->names[reader->depth++] = name;
    if (!reader->is_found && is_at_path(reader)) {
        reader->is_found = 1;
        reader->found_depth = reader->depth;
    }
    int error = read_attributes(reader);
    if (error == 0 && begins(reader->rest, "/>")) {
        reader->rest = skip(reader->rest, 2);
        close_element(reader);
    } else if (error == 0 && begins(reader->rest, ">")) {
        reader->rest = skip(reader->rest, 1);
    } else {
        error = ESM_ERR_CONFIG;
    }
    return error;
}

static int read_end(struct reader *reader)
{
    struct esm__span name = read_name(reader);
    skip_space(reader);
    if (reader->depth == 0 || !is_same(name, reader->names[reader->depth - 1]) || !begins(reader->rest, ">"))
        return ESM_ERR_CONFIG;
    reader->rest = skip(reader->rest, 1);
    close_element(reader);
    return 0;
}

/* Comments and processing instructions are stepped over. */
static int read_tag(struct reader *reader, int *is_first)
{
    int is_comment = begins(reader->rest, "<!--");
    if (is_comment || begins(reader->rest, "<?")) {
        reader->rest = skip(reader->rest, is_comment ? 4 : 2);
        return skip_past(reader, is_comment ? "-->" : "?>") ? 0 : ESM_ERR_CONFIG;
    }
    if (begins(reader->rest, "</")) {
        reader->rest = skip(reader->rest, 2);
        return read_end(reader);
    }
    reader->rest = skip(reader->rest, 1);
    int error = read_start(reader, *is_first);
    *is_first = 0;
    return error;
}

int esm__xml_find(struct esm__span xml, const char *path, struct esm__bytes *to)
{
    struct reader reader = {.rest = xml, .path = path, .to = to};
    size_t size = to->size;
    int is_first = 1;
    int error = 0;
    if (begins(reader.rest, "\xef\xbb\xbf"))
        reader.rest = skip(reader.rest, 3);
    while (error == 0 && reader.rest.size > 0)
        error = reader.rest.data[0] == '<' ? read_tag(&reader, &is_first) : read_text(&reader);
    if (error == 0 && (reader.depth > 0 || is_first))
        error = ESM_ERR_CONFIG;
    if (error != 0)
        to->size = size;
    return error != 0 ? error : reader.is_found;
}
