/* SPDX-License-Identifier: MIT */
/* What has to hold for every configuration, however it came to be. */
#ifndef ESM_TESTS_FUZZ_CONFIG_H
#define ESM_TESTS_FUZZ_CONFIG_H

#include <esm/config.h>

#include "fuzz.h"

void config_check(esm_config *config);

#endif
