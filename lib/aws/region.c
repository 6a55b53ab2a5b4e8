/* SPDX-License-Identifier: MIT */
#include "aws/region.h"

/* The first prefix that fits counts; the last one fits all. */
static const struct esm__cloud clouds[] = {
    {"aws-cn", "amazonaws.com.cn", "cn-"},       {"aws-us-gov", "amazonaws.com", "us-gov-"},
    {"aws-eusc", "amazonaws.eu", "eusc-"},       {"aws-iso", "c2s.ic.gov", "us-iso-"},
    {"aws-iso-b", "sc2s.sgov.gov", "us-isob-"},  {"aws-iso-e", "cloud.adc-e.uk", "eu-isoe-"},
    {"aws-iso-f", "csp.hci.ic.gov", "us-isof-"}, {"aws", "amazonaws.com", ""},
};

const struct esm__cloud *esm__region_cloud(struct esm__span region)
{
    const struct esm__cloud *cloud = clouds;
    for (;; cloud++) {
        size_t size = strlen(cloud->prefix);
        if (region.size >= size && memcmp(region.data, cloud->prefix, size) == 0)
            return cloud;
    }
}

const struct esm__cloud *esm__cloud_find(struct esm__span name)
{
    for (size_t i = 0; i < sizeof(clouds) / sizeof(clouds[0]); i++)
        if (esm__span_is(name, clouds[i].name))
            return &clouds[i];
    return NULL;
}
