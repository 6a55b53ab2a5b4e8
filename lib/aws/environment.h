/* SPDX-License-Identifier: MIT */
/* The variables of the environment that AWS's clients know, read once: nothing else asks for them. */
#ifndef ESM_AWS_ENVIRONMENT_H
#define ESM_AWS_ENVIRONMENT_H

#include <esm/base.h>

enum esm__variable {
    ESM__ENV_ACCESS_KEY_ID,
    ESM__ENV_SECRET_ACCESS_KEY,
    ESM__ENV_SESSION_TOKEN,
    ESM__ENV_REGION,
    ESM__ENV_DEFAULT_REGION,
    ESM__ENV_PROFILE,
    ESM__ENV_CONFIG_FILE,
    ESM__ENV_SHARED_CREDENTIALS_FILE,
    ESM__ENV_ROLE_ARN,
    ESM__ENV_ROLE_SESSION_NAME,
    ESM__ENV_WEB_IDENTITY_TOKEN_FILE,
    ESM__ENV_CONTAINER_RELATIVE_URI,
    ESM__ENV_CONTAINER_FULL_URI,
    ESM__ENV_CONTAINER_TOKEN,
    ESM__ENV_CONTAINER_TOKEN_FILE,
    ESM__ENV_METADATA_DISABLED,
    ESM__ENV_METADATA_ENDPOINT,
    ESM__ENV_METADATA_ENDPOINT_MODE,
    ESM__ENV_IGNORE_ENDPOINT_URLS,
    ESM__ENV_ENDPOINT_URL,
    ESM__ENV_ENDPOINT_URL_LAMBDA,
    ESM__ENV_ENDPOINT_URL_SQS,
    ESM__ENV_ENDPOINT_URL_SNS,
    ESM__ENV_ENDPOINT_URL_S3,
    ESM__ENV_ENDPOINT_URL_STS,
    ESM__ENV_ENDPOINT_URL_SECRETS_MANAGER,
    ESM__ENV_ENDPOINT_URL_KAFKA,
    ESM__ENV_ENDPOINT_URL_GLUE,
    ESM__ENV_HOME,
    ESM__ENV_COUNT
};

struct esm__environment {
    esm_allocator *allocator;
    char *values[ESM__ENV_COUNT]; /* NULL: not set, or empty */
};

/* Copies what is set now. 0, ESM_ERR_NOMEM with nothing to free. */
int esm__environment_read(esm_allocator *allocator, struct esm__environment *ret);
void esm__environment_free(struct esm__environment *environment);

const char *esm__variable_name(enum esm__variable variable); /* such as AWS_PROFILE */

#endif
