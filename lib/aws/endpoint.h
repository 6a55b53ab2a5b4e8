/* SPDX-License-Identifier: MIT */
/* Where AWS's services are. */
#ifndef ESM_AWS_ENDPOINT_H
#define ESM_AWS_ENDPOINT_H

#include "aws/environment.h"
#include "aws/profile.h"
#include "base/bytes.h"

enum esm__service {
    ESM__SERVICE_LAMBDA,
    ESM__SERVICE_SQS,
    ESM__SERVICE_SNS,
    ESM__SERVICE_S3,
    ESM__SERVICE_STS,
    ESM__SERVICE_SECRETS_MANAGER,
    ESM__SERVICE_KAFKA,
    ESM__SERVICE_GLUE,
    ESM__SERVICE_COUNT
};

/* As host names and signatures spell it. */
const char *esm__service_name(enum esm__service service);

/* The address that the user has set in place of AWS's own, by AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL or
 * the same in the profile, in this order; borrowed. NULL: none. profile: may be NULL. */
const char *esm__endpoint_override(enum esm__service service, const struct esm__environment *environment,
                                   const struct esm__profiles *profiles, const char *profile);

/* Appends that, or AWS's own in the region, without a slash at its end. 0; ESM_ERR_CONFIG: what is set is no
 * URL, or the region no region; ESM_ERR_NOMEM. */
int esm__endpoint_write(struct esm__bytes *to, enum esm__service service, const char *region,
                        const struct esm__environment *environment, const struct esm__profiles *profiles,
                        const char *profile);

#endif
