/* SPDX-License-Identifier: MIT */
/* A mapping from JSON. */
#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    esm_config *config;
    MUST(esm_config_new(NULL, &config) == 0);
    int error = esm_config_load_json(config, (const char *)data, size);
    MUST(error == 0 || error == ESM_ERR_CONFIG || error == ESM_ERR_INVALID_ARGUMENT);
    MUST((error == 0) == (esm_config_get_fault_count(config) == 0) || error == ESM_ERR_INVALID_ARGUMENT);
    config_check(config);
    esm_config_free(config);
    return 0;
}
