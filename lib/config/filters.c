/* SPDX-License-Identifier: MIT */
#include "config/filters.h"

#include "config/reason.h"
#include "json/scanner.h"

#define PATTERN_MAX 4096 /* characters */

struct list {
    struct esm__json json;
    struct esm__bytes pattern; /* the last one read */
    struct esm__bytes *reason;
    size_t index;
};

/* Names the item, shows it, and says what is wrong with it. */
static int complain(const struct list *list, struct esm__span shown, const char *words, const char *why)
{
    int error =
        esm__bytes_format(list->reason, "%sFilters[%zu] ", list->reason->size > 0 ? "; " : "", list->index);
    if (error == 0)
        error = esm__quote(shown, list->reason);
    if (error == 0)
        error = esm__bytes_format(list->reason, ": %s%s", words, why);
    return error != 0 ? error : ESM_ERR_CONFIG;
}

/* Behind an object's beginning: the text of its one member. */
static int read_pattern(struct list *list, struct esm__span item)
{
    struct esm__json_token token;
    struct esm__json value;
    unsigned depth = list->json.depth - 1;
    int error = 0;
    list->pattern.size = 0;
    struct esm__json members = list->json;
    while (esm__json_next(&members, &token) == ESM__JSON_KEY && esm__json_equals(&token, "Pattern", 7))
        esm__json_skip(&members);
    if (members.depth != depth)
        error = complain(list, item, "", "has another member than Pattern");
    else if (esm__json_find(&list->json, "Pattern", &value) != 1 ||
             esm__json_next(&value, &token) != ESM__JSON_STRING)
        error = complain(list, item, "", "has no Pattern that is a text");
    if (error == 0 && (error = esm__bytes_reserve(&list->pattern, token.size + 1)) == 0)
        list->pattern.size = esm__json_decode(&token, list->pattern.data);
    return error;
}

static size_t count_characters(const struct esm__bytes *text)
{
    size_t count = 0;
    for (size_t i = 0; i < text->size; i++)
        count += ((unsigned char)text->data[i] & 0xc0) != 0x80;
    return count;
}

static int add_pattern(const struct list *list, esm_filter *filter)
{
    static const char invalid[] = "Invalid filter pattern definition. "; /* as AWS says it */
    char why[200];
    struct esm__span pattern = {list->pattern.data, list->pattern.size};
    if (count_characters(&list->pattern) > PATTERN_MAX)
        return complain(list, pattern, invalid, "The pattern is longer than 4096 characters");
    int error = esm_filter_add_pattern(filter, list->pattern.data, list->pattern.size, why, sizeof(why));
    return error == ESM_ERR_CONFIG ? complain(list, pattern, invalid, why) : error;
}

/* The item that comes next. */
static int read_item(struct list *list, const struct esm__json *before, esm_filter *filter)
{
    struct esm__json_token token;
    struct esm__json end = *before;
    list->json = *before;
    enum esm__json_type type = esm__json_next(&list->json, &token);
    esm__json_skip(&end);
    const char *start = token.text - (type == ESM__JSON_STRING);
    struct esm__span item = {start, (size_t)(end.at - start)};
    int error = type == ESM__JSON_OBJECT ? read_pattern(list, item)
                                         : complain(list, item, "", "is not an object with a Pattern");
    list->json = end;
    return error != 0 ? error : add_pattern(list, filter);
}

int esm__filters_read(struct esm__span text, esm_filter *filter, struct esm__bytes *reason)
{
    struct list list = {.reason = reason};
    struct esm__json_token token;
    int error = 0, faulty = 0;
    esm__bytes_init(&list.pattern, reason->allocator);
    esm__json_init(&list.json, text.data, text.size);
    esm__json_next(&list.json, &token);
    for (;; list.index++) {
        struct esm__json before = list.json;
        if (error != 0 || esm__json_next(&list.json, &token) == ESM__JSON_ARRAY_END)
            break;
        error = read_item(&list, &before, filter);
        if (error == ESM_ERR_CONFIG) {
            faulty = 1;
            error = 0;
        }
    }
    esm__bytes_free(&list.pattern);
    return error == 0 && faulty ? ESM_ERR_CONFIG : error;
}

size_t esm__filters_count(struct esm__span text)
{
    struct esm__json json;
    struct esm__json_token token;
    size_t count = 0;
    esm__json_init(&json, text.data, text.size);
    for (esm__json_next(&json, &token); esm__json_next(&json, &token) != ESM__JSON_ARRAY_END; count++)
        esm__json_leave(&json, 1);
    return count;
}
