/* SPDX-License-Identifier: MIT */
#include <esm/base.h>

uint32_t esm_version(void)
{
    return ESM_VERSION;
}

int esm_has_feature(uint32_t feature)
{
    switch (feature) {
    case ESM_FEATURE_KAFKA: return ESM_HAVE_KAFKA;
    case ESM_FEATURE_AWS: return ESM_HAVE_AWS;
    default: return 0;
    }
}
