/* SPDX-License-Identifier: MIT */
#ifndef ESM_AWS_REGION_H
#define ESM_AWS_REGION_H

#include "config/check.h"

/* AWS's clouds, which know nothing of each other. ARNs name them, as their second field. */
struct esm__cloud {
    const char *name;   /* such as aws-cn */
    const char *suffix; /* of the names of its services */
    const char *prefix; /* of its regions */
};

/* That of a region; an unknown region is one of the cloud "aws". Never NULL. */
const struct esm__cloud *esm__region_cloud(struct esm__span region);

/* By the name in ARNs; NULL: there is none. */
const struct esm__cloud *esm__cloud_find(struct esm__span name);

#endif
