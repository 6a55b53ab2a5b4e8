/* SPDX-License-Identifier: MIT */
#include "config_rig.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

esm_config *config;

void setup(void)
{
    ck_assert_int_eq(esm_config_new(NULL, &config), 0);
}

void teardown(void)
{
    esm_config_free(config);
}

int load(const char *json)
{
    return esm_config_load_json(config, json, strlen(json));
}

void set(const char *name, const char *value)
{
    ck_assert_msg(esm_config_set(config, name, value) == 0, "%s = %s", name, value);
}

const char *get(const char *name)
{
    const char *value = NULL;
    ck_assert_int_eq(esm_config_get(config, name, &value), 0);
    return value;
}

static int has_fault(const char *wanted, const char *part)
{
    const char *option, *reason;
    for (size_t i = 0; esm_config_get_fault(config, i, &option, &reason) == 0; i++)
        if (strcmp(option, wanted) == 0 && strstr(reason, part) != NULL)
            return 1;
    return 0;
}

void expect_fault(const char *option, const char *part)
{
    if (has_fault(option, part))
        return;
    const char *name, *reason;
    for (size_t i = 0; esm_config_get_fault(config, i, &name, &reason) == 0; i++)
        printf("%s: %s\n", name, reason);
    ck_abort_msg("no fault of %s with \"%s\"", option, part);
}

void load_file(const char *name)
{
    static char text[65536];
    char path[4096];
    snprintf(path, sizeof(path), "%s/config/%s", getenv("ESM_TEST_DATA"), name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    size_t size = fread(text, 1, sizeof(text), file);
    fclose(file);
    int error = esm_config_load_json(config, text, size);
    const char *option = "", *reason = "";
    esm_config_get_fault(config, 0, &option, &reason);
    ck_assert_msg(error == 0, "%s: %s: %s", name, option, reason);
}

struct esm__settings settings(void)
{
    struct esm__settings result;
    ck_assert_int_eq(esm_config_validate(config, 0), 0);
    ck_assert_int_eq(esm__config_get_settings(config, &result), 0);
    return result;
}

char *print(const esm_config *from)
{
    char *json = NULL;
    ck_assert_int_eq(esm_config_to_json(from, &json), 0);
    return json;
}
