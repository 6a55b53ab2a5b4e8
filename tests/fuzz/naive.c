/* SPDX-License-Identifier: MIT */
#include "naive.h"

#include <string.h>

#include "fuzz.h"
#include "json/scanner.h"

enum {
    VALUES_MAX = 1024, /* an event has room for fewer, and for fewer arrays */
    STEPS_MAX = 20000,
    ELEMENTS_MAX = 16 /* around one value */
};

/* Which elements of which arrays a value lies in. */
struct place {
    unsigned count;
    struct {
        int array, element;
    } in[ELEMENTS_MAX];
};

struct value {
    struct esm__text path;
    enum esm__json_type type;
    struct esm__json_token token;
    struct place place;
};

static struct event {
    struct value values[VALUES_MAX];
    size_t count;
    int arrays;
    int is_too_deep;
    struct esm__arena paths;
    struct naive_shape shape;
} event;

/* ---- the event as a list ---- */

struct name {
    struct esm__text path;
    const struct name *next;
};

static size_t flatten(struct esm__json *json, struct esm__text path, int is_top, const struct place *place);

static struct esm__text join(struct esm__text path, int is_top, const struct esm__json_token *name)
{
    char *to = esm__arena_get(&event.paths, path.size + name->size + 1, 1);
    MUST(to != NULL);
    struct esm__text joined = {to, path.size};
    if (path.size > 0)
        memcpy(to, path.data, path.size);
    if (!is_top)
        to[joined.size++] = '.';
    joined.size += esm__json_decode(name, to + joined.size);
    return joined;
}

static int is_same(struct esm__text a, struct esm__text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static size_t times(size_t a, size_t b)
{
    return a > 1000 || b > 1000 ? 1000000 : a * b;
}

static size_t flatten_object(struct esm__json *json, struct esm__text path, int is_top,
                             const struct place *place)
{
    struct esm__json_token key;
    const struct name *names = NULL;
    size_t choices = 1;
    while (esm__json_next(json, &key) == ESM__JSON_KEY) {
        struct name *name = esm__arena_get(&event.paths, 1, sizeof(*name));
        MUST(name != NULL);
        *name = (struct name){join(path, is_top, &key), names};
        for (const struct name *other = names; other != NULL; other = other->next)
            event.shape.has_plain_names &= !is_same(other->path, name->path);
        size_t own = path.size + !is_top;
        event.shape.has_plain_names &= memchr(name->path.data + own, '.', name->path.size - own) == NULL;
        names = name;
        choices = times(choices, flatten(json, name->path, 0, place));
    }
    return choices;
}

/* A scalar lies in no element of the array that it stands in. */
static size_t flatten_array(struct esm__json *json, struct esm__text path, const struct place *place)
{
    struct place inner = *place;
    struct esm__json look = *json;
    struct esm__json_token token;
    enum esm__json_type type;
    size_t choices = 0;
    int array = event.arrays++;
    for (int i = 0; (type = esm__json_next(&look, &token)) != ESM__JSON_ARRAY_END; i++) {
        int is_element = type == ESM__JSON_OBJECT || type == ESM__JSON_ARRAY;
        if (is_element && place->count == ELEMENTS_MAX) {
            event.is_too_deep = 1;
        } else if (is_element) {
            inner.count = place->count + 1;
            inner.in[place->count].array = array;
            inner.in[place->count].element = i;
        }
        size_t here = flatten(json, path, 0, is_element ? &inner : place);
        choices += is_element ? here : 0;
        look = *json;
    }
    *json = look;
    return choices == 0 ? 1 : choices;
}

/* The value that comes next. Returns in how many ways one element of each array in it can be chosen. */
static size_t flatten(struct esm__json *json, struct esm__text path, int is_top, const struct place *place)
{
    struct esm__json_token token;
    enum esm__json_type type = esm__json_next(json, &token);
    if (type == ESM__JSON_OBJECT)
        return flatten_object(json, path, is_top, place);
    if (type == ESM__JSON_ARRAY)
        return flatten_array(json, path, place);
    MUST(type >= ESM__JSON_STRING && event.count < VALUES_MAX);
    event.values[event.count++] = (struct value){path, type, token, *place};
    if (place->count > event.shape.depth)
        event.shape.depth = place->count;
    return 1;
}

/* ---- the choice ---- */

struct choice {
    const struct esm__branch *branch;
    int elements[VALUES_MAX]; /* by array; -1: none yet */
    unsigned steps;
};

static int agrees(const struct choice *choice, const struct value *value)
{
    for (unsigned i = 0; i < value->place.count; i++) {
        int element = choice->elements[value->place.in[i].array];
        if (element >= 0 && element != value->place.in[i].element)
            return 0;
    }
    return 1;
}

static int has_absence(const struct esm__tests *tests)
{
    for (size_t i = 0; i < tests->count; i++)
        if (tests->list[i].kind == ESM__TEST_ABSENT)
            return 1;
    return 0;
}

static enum naive_answer choose(struct choice *choice, size_t number);

/* With this value for the condition. */
static enum naive_answer choose_value(struct choice *choice, size_t number, const struct value *value)
{
    int before[ELEMENTS_MAX];
    for (unsigned i = 0; i < value->place.count; i++) {
        int *element = &choice->elements[value->place.in[i].array];
        before[i] = *element;
        *element = value->place.in[i].element;
    }
    enum naive_answer answer = choose(choice, number + 1);
    for (unsigned i = 0; i < value->place.count; i++)
        choice->elements[value->place.in[i].array] = before[i];
    return answer;
}

/* The condition of that number, and those behind it. */
static enum naive_answer choose(struct choice *choice, size_t number)
{
    if (number == choice->branch->count)
        return NAIVE_YES;
    if (++choice->steps > STEPS_MAX)
        return NAIVE_MAYBE;
    const struct esm__condition *condition = &choice->branch->conditions[number];
    enum naive_answer answer = NAIVE_NO;
    int is_there = 0;
    for (size_t i = 0; i < event.count && answer == NAIVE_NO; i++) {
        const struct value *value = &event.values[i];
        if (!is_same(value->path, condition->path) || !agrees(choice, value))
            continue;
        is_there = 1;
        if (esm__tests_match(*condition->tests, value->type, &value->token))
            answer = choose_value(choice, number, value);
    }
    return !is_there && has_absence(condition->tests) ? choose(choice, number + 1) : answer;
}

enum naive_answer naive_match(const struct esm__pattern *pattern, const char *text, size_t size,
                              struct naive_shape *ret_shape)
{
    static const struct place nowhere;
    static struct choice choice;
    enum naive_answer answer = NAIVE_NO;
    struct esm__json json;
    event.count = 0;
    event.arrays = 0;
    event.is_too_deep = 0;
    event.shape = (struct naive_shape){.has_plain_names = 1};
    esm__json_init(&json, text, size);
    event.shape.choices = flatten(&json, (struct esm__text){"", 0}, 1, &nowhere);
    *ret_shape = event.shape;
    for (size_t i = 0; i < pattern->branches.count && answer == NAIVE_NO; i++) {
        choice.branch = &pattern->branches.list[i];
        choice.steps = 0;
        memset(choice.elements, 0xff, sizeof(choice.elements));
        answer = event.is_too_deep ? NAIVE_MAYBE : choose(&choice, 0);
    }
    esm__arena_free(&event.paths);
    event.paths = (struct esm__arena){0};
    return answer;
}
