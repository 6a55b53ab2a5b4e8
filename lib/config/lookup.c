/* SPDX-License-Identifier: MIT */
/* Finding things in the table. */
#include "config/table.h"

#include <string.h>

#define NAME_MAX_SIZE 64

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

const struct esm__option *esm__option_find(struct esm__span name)
{
    for (size_t i = 0; i < esm__option_count; i++)
        if (esm__span_is(name, esm__options[i].name) ||
            (esm__options[i].alias != NULL && esm__span_is(name, esm__options[i].alias)))
            return &esm__options[i];
    return NULL;
}

int esm__option_is_object(struct esm__span name)
{
    if (esm__span_is(name, "kafka"))
        return 1;
    for (size_t i = 0; i < esm__option_count; i++) {
        const char *whole = esm__options[i].name;
        if (strlen(whole) > name.size && memcmp(whole, name.data, name.size) == 0 && whole[name.size] == '.')
            return 1;
    }
    return 0;
}

int esm__option_allows(const struct esm__option *option, struct esm__span item)
{
    for (const char *choice = option->choices; choice != NULL;) {
        size_t size = strcspn(choice, "|");
        if (size == item.size && memcmp(choice, item.data, size) == 0)
            return 1;
        choice = choice[size] == '|' ? choice + size + 1 : NULL;
    }
    return 0;
}

/* Edit distance without regard to case. Both are shorter than NAME_MAX_SIZE. */
static size_t distance(struct esm__span a, const char *b)
{
    size_t size = strlen(b);
    size_t row[NAME_MAX_SIZE + 1];
    for (size_t j = 0; j <= size; j++)
        row[j] = j;
    for (size_t i = 0; i < a.size; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < size; j++) {
            size_t best = diagonal + (to_lower(a.data[i]) != to_lower(b[j]));
            diagonal = row[j + 1];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j + 1] = diagonal + 1 < best ? diagonal + 1 : best;
        }
    }
    return row[size];
}

/* Names inside objects are also compared by what stands behind the last dot. */
const char *esm__option_suggest(struct esm__span name)
{
    const char *nearest = NULL;
    size_t least = name.size / 4 + 2;
    if (name.size == 0 || name.size >= NAME_MAX_SIZE)
        return NULL;
    for (size_t i = 0; i < esm__option_count; i++) {
        const char *whole = esm__options[i].name;
        const char *dot = strrchr(whole, '.');
        size_t far = strlen(whole) < NAME_MAX_SIZE ? distance(name, whole) : least;
        if (dot != NULL && esm__option_is_aws(&esm__options[i]) && distance(name, dot + 1) < far)
            far = distance(name, dot + 1);
        if (far < least) {
            least = far;
            nearest = whole;
        }
    }
    return nearest;
}

int esm__kafka_property(struct esm__span name, struct esm__span *ret_property)
{
    if (name.size < 6 || memcmp(name.data, "kafka.", 6) != 0)
        return 0;
    *ret_property = (struct esm__span){name.data + 6, name.size - 6};
    return 1;
}

/* By parts of the name, so that properties which librdkafka gets later are covered too. */
int esm__kafka_is_secret(struct esm__span property)
{
    static const char *const parts[] = {"pass",      "secret", "ssl.key", "private.key", "oauthbearer.config",
                                        "credential"};
    for (size_t at = 0; at < property.size; at++)
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
            size_t k = 0;
            while (parts[i][k] != '\0' && at + k < property.size &&
                   to_lower(property.data[at + k]) == parts[i][k])
                k++;
            if (parts[i][k] == '\0')
                return 1;
        }
    return 0;
}

const char *esm__kafka_refusal(struct esm__span property)
{
    for (size_t i = 0; i < esm__kafka_refusal_count; i++) {
        const char *name = esm__kafka_refusals[i].name;
        size_t size = strcspn(name, "*");
        if (property.size >= size && memcmp(property.data, name, size) == 0 &&
            (name[size] == '*' || property.size == size))
            return esm__kafka_refusals[i].reason;
    }
    return NULL;
}
