/* SPDX-License-Identifier: MIT */
#include "config/inside.h"

#include "base/alloc.h"

#define NAME_SHOWN 128

static struct esm__span shorten(struct esm__span name)
{
    return (struct esm__span){name.data, name.size < NAME_SHOWN ? name.size : NAME_SHOWN};
}

int esm__faults_add(esm_config *config, struct esm__faults *faults, struct esm__span option,
                    const char *reason)
{
    if (faults->count == faults->capacity) {
        size_t capacity = faults->capacity == 0 ? 8 : faults->capacity * 2;
        void *list = esm__realloc(config->allocator, faults->list, capacity * sizeof(faults->list[0]));
        if (list == NULL)
            return ESM_ERR_NOMEM;
        faults->list = list;
        faults->capacity = capacity;
    }
    struct esm__span name = shorten(option);
    struct esm__fault fault = {esm__strndup(config->allocator, name.data, name.size),
                               esm__strndup(config->allocator, reason, strlen(reason))};
    if (fault.option == NULL || fault.reason == NULL) {
        esm__free(config->allocator, fault.option);
        esm__free(config->allocator, fault.reason);
        return ESM_ERR_NOMEM;
    }
    faults->list[faults->count++] = fault;
    return 0;
}

static void free_fault(esm_config *config, struct esm__fault *fault)
{
    esm__free(config->allocator, fault->option);
    esm__free(config->allocator, fault->reason);
}

void esm__faults_forget(esm_config *config, struct esm__faults *faults, struct esm__span option)
{
    struct esm__span name = shorten(option);
    size_t kept = 0;
    for (size_t i = 0; i < faults->count; i++) {
        if (esm__span_is(name, faults->list[i].option))
            free_fault(config, &faults->list[i]);
        else
            faults->list[kept++] = faults->list[i];
    }
    faults->count = kept;
}

void esm__faults_free(esm_config *config, struct esm__faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        free_fault(config, &faults->list[i]);
    esm__free(config->allocator, faults->list);
    *faults = (struct esm__faults){0};
}

size_t esm_config_get_fault_count(const esm_config *config)
{
    return config == NULL ? 0 : config->given.count + config->found.count;
}

int esm_config_get_fault(const esm_config *config, size_t index, const char **ret_option,
                         const char **ret_reason)
{
    if (config == NULL || ret_option == NULL || ret_reason == NULL)
        return ESM_ERR_INVALID_ARGUMENT;
    if (index >= config->given.count + config->found.count)
        return ESM_ERR_NOT_FOUND;
    const struct esm__fault *fault = index < config->given.count
                                         ? &config->given.list[index]
                                         : &config->found.list[index - config->given.count];
    *ret_option = fault->option;
    *ret_reason = fault->reason;
    return 0;
}
