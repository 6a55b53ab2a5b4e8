/* SPDX-License-Identifier: MIT */
#include "aws/canonical.h"

#include <string.h>

static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

static int append_escaped(struct esm__bytes *to, char c, const char *also)
{
    if (c != '\0' && (strchr(unreserved, c) != NULL || strchr(also, c) != NULL))
        return esm__bytes_append(to, &c, 1);
    return esm__bytes_format(to, "%%%02X", (unsigned)(unsigned char)c);
}

int esm__escape(struct esm__bytes *to, struct esm__span text, const char *also)
{
    int error = esm__bytes_reserve(to, text.size);
    for (size_t i = 0; i < text.size && error == 0; i++)
        error = append_escaped(to, text.data[i], also);
    return error;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Escapes what is perhaps escaped already. A % that begins no escape is one that has to be. */
static int escape_again(struct esm__bytes *to, struct esm__span text, const char *also)
{
    int error = 0;
    for (size_t i = 0; i < text.size && error == 0; i++) {
        char c = text.data[i];
        if (c == '%' && text.size - i > 2) {
            int high = hex_value(text.data[i + 1]);
            int low = hex_value(text.data[i + 2]);
            if (high >= 0 && low >= 0) {
                c = (char)(high << 4 | low);
                i += 2;
            }
        }
        error = append_escaped(to, c, also);
    }
    return error;
}

/* ---- names and values ---- */

void esm__fields_init(struct esm__fields *fields, esm_allocator *allocator)
{
    fields->is_query = 0;
    esm__bytes_init(&fields->bytes, allocator);
    esm__bytes_init(&fields->list, allocator);
}

void esm__fields_free(struct esm__fields *fields)
{
    esm__bytes_wipe(&fields->bytes); /* a session token is among headers */
    esm__bytes_free(&fields->list);
}

static struct esm__field *list(const struct esm__fields *fields, size_t *ret_count)
{
    *ret_count = fields->list.size / sizeof(struct esm__field);
    return (struct esm__field *)(void *)fields->list.data;
}

/* The name is what came into `bytes` since `start`, the value what comes from `value` on. */
static int add(struct esm__fields *fields, size_t start, size_t value)
{
    struct esm__field field = {
        .name = start, .name_size = value - start, .value = value, .value_size = fields->bytes.size - value};
    int error = esm__bytes_reserve(&fields->bytes, 1); /* a field of nothing lies somewhere too */
    return error != 0 ? error : esm__bytes_append(&fields->list, &field, sizeof(field));
}

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* A run of spaces is one, and none at the ends. */
static int append_value(struct esm__bytes *to, struct esm__span value)
{
    int error = 0;
    int gap = 0;
    size_t start = to->size;
    for (size_t i = 0; i < value.size && error == 0; i++) {
        if (is_space(value.data[i])) {
            gap = to->size > start;
            continue;
        }
        if (gap)
            error = esm__bytes_append(to, " ", 1);
        if (error == 0)
            error = esm__bytes_append(to, &value.data[i], 1);
        gap = 0;
    }
    return error;
}

int esm__fields_add_header(struct esm__fields *fields, struct esm__header header)
{
    size_t start = fields->bytes.size;
    int error = esm__bytes_append(&fields->bytes, header.name.data, header.name.size);
    if (error != 0)
        return error;
    for (size_t i = start; i < fields->bytes.size; i++) {
        char *c = &fields->bytes.data[i];
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c | 0x20);
    }
    size_t value = fields->bytes.size;
    error = append_value(&fields->bytes, header.value);
    return error == 0 ? add(fields, start, value) : error;
}

int esm__fields_add_parameter(struct esm__fields *fields, const char *name, const char *value)
{
    size_t start = fields->bytes.size;
    fields->is_query = 1;
    int error = esm__escape(&fields->bytes, esm__span(name), "");
    size_t middle = fields->bytes.size;
    if (error == 0)
        error = esm__escape(&fields->bytes, esm__span(value), "");
    return error == 0 ? add(fields, start, middle) : error;
}

int esm__fields_add_query(struct esm__fields *fields, struct esm__span query)
{
    int error = 0;
    fields->is_query = 1;
    for (size_t at = 0; at < query.size && error == 0;) {
        const char *from = query.data + at;
        const char *ampersand = memchr(from, '&', query.size - at);
        size_t size = ampersand == NULL ? query.size - at : (size_t)(ampersand - from);
        const char *equals = memchr(from, '=', size);
        size_t name_size = equals == NULL ? size : (size_t)(equals - from);
        size_t skipped = equals == NULL ? size : name_size + 1;
        size_t start = fields->bytes.size;
        at += size + 1;
        if (size == 0)
            continue;
        error = escape_again(&fields->bytes, (struct esm__span){from, name_size}, "");
        size_t value = fields->bytes.size;
        if (error == 0)
            error = escape_again(&fields->bytes, (struct esm__span){from + skipped, size - skipped}, "");
        if (error == 0)
            error = add(fields, start, value);
    }
    return error;
}

static int compare(const char *a, size_t a_size, const char *b, size_t b_size)
{
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

static int is_before(const struct esm__fields *fields, const struct esm__field *a, const struct esm__field *b)
{
    const char *bytes = fields->bytes.data;
    int order = compare(bytes + a->name, a->name_size, bytes + b->name, b->name_size);
    if (order == 0 && fields->is_query)
        order = compare(bytes + a->value, a->value_size, bytes + b->value, b->value_size);
    return order < 0;
}

/* By insertion, which is stable: there are few. */
void esm__fields_sort(struct esm__fields *fields)
{
    size_t count;
    struct esm__field *all = list(fields, &count);
    for (size_t i = 1; i < count; i++) {
        struct esm__field field = all[i];
        size_t place = i;
        for (; place > 0 && is_before(fields, &field, &all[place - 1]); place--)
            all[place] = all[place - 1];
        all[place] = field;
    }
}

int esm__fields_write_query(const struct esm__fields *query, struct esm__bytes *to)
{
    size_t count;
    const struct esm__field *all = list(query, &count);
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++)
        error = esm__bytes_format(to, "%s%.*s=%.*s", i == 0 ? "" : "&", (int)all[i].name_size,
                                  query->bytes.data + all[i].name, (int)all[i].value_size,
                                  query->bytes.data + all[i].value);
    return error;
}

static int is_same_name(const struct esm__fields *fields, const struct esm__field *a,
                        const struct esm__field *b)
{
    return a->name_size == b->name_size &&
           memcmp(fields->bytes.data + a->name, fields->bytes.data + b->name, a->name_size) == 0;
}

/* A line for each name, the values of one name behind each other. */
int esm__fields_write_headers(const struct esm__fields *headers, struct esm__bytes *to)
{
    size_t count;
    const struct esm__field *all = list(headers, &count);
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++) {
        const char *value = headers->bytes.data + all[i].value;
        if (i > 0 && is_same_name(headers, &all[i - 1], &all[i]))
            error = esm__bytes_format(to, ",%.*s", (int)all[i].value_size, value);
        else
            error = esm__bytes_format(to, "%s%.*s:%.*s", i == 0 ? "" : "\n", (int)all[i].name_size,
                                      headers->bytes.data + all[i].name, (int)all[i].value_size, value);
    }
    return error == 0 ? esm__bytes_append_text(to, "\n") : error;
}

int esm__fields_write_names(const struct esm__fields *headers, struct esm__bytes *to)
{
    size_t count;
    const struct esm__field *all = list(headers, &count);
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++)
        if (i == 0 || !is_same_name(headers, &all[i - 1], &all[i]))
            error = esm__bytes_format(to, "%s%.*s", i == 0 ? "" : ";", (int)all[i].name_size,
                                      headers->bytes.data + all[i].name);
    return error;
}

/* ---- paths ---- */

/* Empty segments and "." go, ".." takes the one before with it. */
static int normalise(struct esm__bytes *to, struct esm__span path)
{
    int error = esm__bytes_append_text(to, "/");
    for (size_t at = 0; at < path.size && error == 0;) {
        struct esm__span segment = {path.data + at, 0};
        while (at + segment.size < path.size && segment.data[segment.size] != '/')
            segment.size++;
        at += segment.size + 1;
        if (esm__span_is(segment, "..")) {
            while (to->size > 1 && to->data[--to->size - 1] != '/')
                continue;
        } else if (segment.size > 0 && !esm__span_is(segment, ".")) {
            error = esm__bytes_append(to, segment.data, segment.size);
            if (error == 0 && at <= path.size)
                error = esm__bytes_append_text(to, "/");
        }
    }
    return error;
}

int esm__canonical_path(struct esm__bytes *to, struct esm__span path, int is_once, int is_normalised)
{
    struct esm__bytes normal;
    esm__bytes_init(&normal, to->allocator);
    int error = 0;
    if (is_normalised) {
        error = normalise(&normal, path);
        path = (struct esm__span){normal.data, normal.size};
    } else if (path.size == 0) {
        path = esm__span("/");
    }
    if (error == 0)
        error = is_once ? escape_again(to, path, "/") : esm__escape(to, path, "/");
    esm__bytes_free(&normal);
    return error;
}
