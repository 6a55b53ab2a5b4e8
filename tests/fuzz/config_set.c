/* SPDX-License-Identifier: MIT */
/* Options one by one, as lines of NAME=VALUE. */
#include "config.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    esm_config *config;
    MUST(esm_config_new(NULL, &config) == 0);
    for (int lines = 0; input_left(&input) > 0 && lines < 64; lines++) {
        char *line = input_text(&input, '\n');
        char *value = strchr(line, '=');
        if (value != NULL)
            *value++ = '\0';
        int error = esm_config_set(config, line, value);
        MUST(error == 0 || error == ESM_ERR_CONFIG || error == ESM_ERR_INVALID_ARGUMENT);
        free(line);
    }
    config_check(config);
    esm_config_free(config);
    return 0;
}
