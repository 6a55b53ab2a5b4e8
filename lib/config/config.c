/* SPDX-License-Identifier: MIT */
/* The life of a configuration, and the ways in. A change is made to a copy, which then takes the place: all
 * or nothing. */
#include "config/inside.h"

#include "base/alloc.h"
#include "config/settings.h"
#include "config/value.h"

int esm_config_new(esm_allocator *allocator, esm_config **ret)
{
    if (ret == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    esm_config *config = esm__calloc(allocator, 1, sizeof(*config));
    if (config == NULL)
        return ESM_ERR_NOMEM;
    config->allocator = esm_allocator_ref(allocator);
    *ret = config;
    return 0;
}

/* What it holds, not itself. */
static void clear(esm_config *config)
{
    for (size_t i = 0; i < config->entry_count; i++) {
        esm__free(config->allocator, config->entries[i].name);
        esm__free(config->allocator, config->entries[i].value);
    }
    esm__free(config->allocator, config->entries);
    esm__faults_free(config, &config->given);
    esm__faults_free(config, &config->found);
    esm__free(config->allocator, config->group_id);
    esm__free(config->allocator, config->region);
}

void esm_config_free(esm_config *config)
{
    if (config == NULL)
        return;
    esm_allocator *allocator = config->allocator;
    clear(config);
    esm__free(allocator, config);
    esm_allocator_unref(allocator);
}

static int copy_faults(esm_config *to, struct esm__faults *faults, const struct esm__faults *from)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < from->count; i++)
        error = esm__faults_add(to, faults, esm__span(from->list[i].option), from->list[i].reason);
    return error;
}

int esm__config_clone(const esm_config *config, esm_allocator *allocator, esm_config **ret)
{
    esm_config *copy;
    int error = esm_config_new(allocator, &copy);
    if (error != 0)
        return error;
    copy->load = config->load;
    for (size_t i = 0; error == 0 && i < config->entry_count; i++) {
        const struct esm__entry *entry = &config->entries[i];
        error = esm__config_put(copy, entry->option, esm__span(entry->name), esm__span(entry->value),
                                entry->load);
    }
    if (error == 0)
        error = copy_faults(copy, &copy->given, &config->given);
    if (error == 0)
        error = copy_faults(copy, &copy->found, &config->found);
    if (error == 0)
        error = esm__config_derive(copy);
    if (error != 0) {
        esm_config_free(copy);
        return error;
    }
    *ret = copy;
    return 0;
}

/* ---- entries ---- */

static int compare(struct esm__span a, const char *b)
{
    size_t size = strlen(b);
    int order = memcmp(a.data, b, a.size < size ? a.size : size);
    return order != 0 ? order : (a.size > size) - (a.size < size);
}

/* Where it is, or would be. */
static size_t position(const esm_config *config, struct esm__span name, int *ret_found)
{
    size_t low = 0;
    size_t high = config->entry_count;
    *ret_found = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, config->entries[middle].name);
        if (order == 0) {
            *ret_found = 1;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

const struct esm__entry *esm__config_find(const esm_config *config, struct esm__span name)
{
    int found;
    size_t at = position(config, name, &found);
    return found ? &config->entries[at] : NULL;
}

static void take_out(esm_config *config, size_t at)
{
    esm__free(config->allocator, config->entries[at].name);
    esm__free(config->allocator, config->entries[at].value);
    config->entry_count--;
    memmove(&config->entries[at], &config->entries[at + 1],
            (config->entry_count - at) * sizeof(config->entries[0]));
}

static int reserve_entry(esm_config *config)
{
    if (config->entry_count < config->entry_capacity)
        return 0;
    size_t capacity = config->entry_capacity == 0 ? 16 : config->entry_capacity * 2;
    void *entries = esm__realloc(config->allocator, config->entries, capacity * sizeof(config->entries[0]));
    if (entries == NULL)
        return ESM_ERR_NOMEM;
    config->entries = entries;
    config->entry_capacity = capacity;
    return 0;
}

int esm__config_put(esm_config *config, const struct esm__option *option, struct esm__span name,
                    struct esm__span value, uint64_t load)
{
    int found;
    size_t at = position(config, name, &found);
    if (value.size == 0) {
        if (found)
            take_out(config, at);
        return 0;
    }
    struct esm__entry entry = {option, esm__strndup(config->allocator, name.data, name.size),
                               esm__strndup(config->allocator, value.data, value.size), load};
    if (entry.name == NULL || entry.value == NULL || reserve_entry(config) != 0) {
        esm__free(config->allocator, entry.name);
        esm__free(config->allocator, entry.value);
        return ESM_ERR_NOMEM;
    }
    if (found)
        take_out(config, at);
    memmove(&config->entries[at + 1], &config->entries[at], (config->entry_count - at) * sizeof(entry));
    config->entries[at] = entry;
    config->entry_count++;
    return 0;
}

const char *esm__config_value(const esm_config *config, const char *name)
{
    const struct esm__entry *entry = esm__config_find(config, esm__span(name));
    if (entry != NULL)
        return entry->value;
    const struct esm__option *option = esm__option_find(esm__span(name));
    return option == NULL ? NULL : option->fallback;
}

int esm__config_is_set(const esm_config *config, const char *name)
{
    return esm__config_find(config, esm__span(name)) != NULL;
}

/* ---- ways in ---- */

static int change(esm_config *config, int (*read)(esm_config *, struct esm__span, struct esm__span),
                  struct esm__span name, struct esm__span value)
{
    esm_config *next;
    int error = esm__config_clone(config, config->allocator, &next);
    if (error != 0)
        return error;
    error = read(next, name, value);
    if (error != ESM_ERR_NOMEM && esm__config_derive(next) != 0)
        error = ESM_ERR_NOMEM;
    if (error != ESM_ERR_NOMEM) {
        esm_config before = *config;
        *config = *next;
        *next = before;
    }
    esm_config_free(next);
    return error;
}

int esm_config_load_json(esm_config *config, const char *json, size_t size)
{
    if (config == NULL || json == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    return change(config, esm__config_read_json, esm__span(""), (struct esm__span){json, size});
}

int esm_config_set(esm_config *config, const char *name, const char *value)
{
    if (config == NULL || name == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    return change(config, esm__config_read_text, esm__span(name), esm__span(value == NULL ? "" : value));
}

/* ---- ways out ---- */

int esm_config_get(const esm_config *config, const char *name, const char **ret_value)
{
    struct esm__span property;
    if (config == NULL || name == NULL || ret_value == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    const struct esm__option *option = esm__option_find(esm__span(name));
    if (option == NULL && !esm__kafka_property(esm__span(name), &property))
        return ESM_ERR_NOT_FOUND;
    *ret_value = esm__config_value(config, option == NULL ? name : option->name);
    return 0;
}

int esm_config_get_entry(const esm_config *config, size_t index, const char **ret_name,
                         const char **ret_value)
{
    if (config == NULL || ret_name == NULL || ret_value == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (index >= config->entry_count)
        return ESM_ERR_NOT_FOUND;
    *ret_name = config->entries[index].name;
    *ret_value = config->entries[index].value;
    return 0;
}

int esm_config_describe(size_t index, const char **ret_name, const char **ret_default, const char **ret_text)
{
    if (ret_name == NULL || ret_default == NULL || ret_text == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (index >= esm__option_count)
        return ESM_ERR_NOT_FOUND;
    *ret_name = esm__options[index].name;
    *ret_default = esm__options[index].fallback;
    *ret_text = esm__options[index].text;
    return 0;
}
