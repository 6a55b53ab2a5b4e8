/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#include "config/settings.h"

/* What was set comes back by name, and is taken again as the same. */
static void check_entries(esm_config *config)
{
    const char *name;
    const char *value;
    const char *got;
    for (size_t i = 0; esm_config_get_entry(config, i, &name, &value) == 0; i++) {
        MUST(value[0] != '\0' && esm_config_get(config, name, &got) == 0 && strcmp(got, value) == 0);
        char *own_name = strdup(name);
        char *own_value = strdup(value);
        MUST(own_name != NULL && own_value != NULL);
        size_t faults = esm_config_get_fault_count(config);
        MUST(esm_config_set(config, own_name, own_value) == 0 &&
             esm_config_get_fault_count(config) <= faults);
        MUST(esm_config_get(config, own_name, &got) == 0 && strcmp(got, own_value) == 0);
        free(own_value);
        free(own_name);
    }
}

static void check_faults(const esm_config *config)
{
    const char *option;
    const char *reason;
    size_t count = esm_config_get_fault_count(config);
    for (size_t i = 0; i < count; i++)
        MUST(esm_config_get_fault(config, i, &option, &reason) == 0 && reason[0] != '\0');
    MUST(esm_config_get_fault(config, count, &option, &reason) == ESM_ERR_NOT_FOUND);
}

/* Printed, read and printed again it is the same. */
static void check_print(esm_config *config)
{
    char *first;
    char *second;
    esm_config *other;
    MUST(esm_config_to_json(config, &first) == 0 && is_json(first, strlen(first)));
    MUST(esm_config_new(NULL, &other) == 0);
    if (strlen(first) <= 256 * 1024) {
        MUST(esm_config_load_json(other, first, strlen(first)) == 0);
        MUST(esm_config_to_json(other, &second) == 0 && strcmp(first, second) == 0);
        esm_free(NULL, second);
    }
    esm_config_free(other);
    esm_free(NULL, first);
}

void config_check(esm_config *config)
{
    struct esm__settings settings;
    esm_config *clone;
    int error = esm_config_validate(config, ESM_CONFIG_KAFKA | ESM_CONFIG_FUNCTION | ESM_CONFIG_DESTINATION);
    MUST(error == 0 || error == ESM_ERR_CONFIG);
    check_faults(config);
    error = esm_config_validate(config, 0);
    MUST(error == 0 || error == ESM_ERR_CONFIG);
    MUST((error == 0) == (esm_config_get_fault_count(config) == 0));
    check_faults(config);
    MUST(esm__config_get_settings(config, &settings) == error);
    MUST(esm__config_clone(config, NULL, &clone) == 0);
    MUST(esm_config_get_fault_count(clone) == esm_config_get_fault_count(config));
    if (error == 0)
        check_print(clone);
    esm_config_free(clone);
    check_entries(config);
}
