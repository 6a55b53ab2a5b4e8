/* SPDX-License-Identifier: MIT */
#include "aws/environment.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static const char *const names[ESM__ENV_COUNT] = {
    [ESM__ENV_ACCESS_KEY_ID] = "AWS_ACCESS_KEY_ID",
    [ESM__ENV_SECRET_ACCESS_KEY] = "AWS_SECRET_ACCESS_KEY",
    [ESM__ENV_SESSION_TOKEN] = "AWS_SESSION_TOKEN",
    [ESM__ENV_REGION] = "AWS_REGION",
    [ESM__ENV_DEFAULT_REGION] = "AWS_DEFAULT_REGION",
    [ESM__ENV_PROFILE] = "AWS_PROFILE",
    [ESM__ENV_CONFIG_FILE] = "AWS_CONFIG_FILE",
    [ESM__ENV_SHARED_CREDENTIALS_FILE] = "AWS_SHARED_CREDENTIALS_FILE",
    [ESM__ENV_ROLE_ARN] = "AWS_ROLE_ARN",
    [ESM__ENV_ROLE_SESSION_NAME] = "AWS_ROLE_SESSION_NAME",
    [ESM__ENV_WEB_IDENTITY_TOKEN_FILE] = "AWS_WEB_IDENTITY_TOKEN_FILE",
    [ESM__ENV_CONTAINER_RELATIVE_URI] = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    [ESM__ENV_CONTAINER_FULL_URI] = "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    [ESM__ENV_CONTAINER_TOKEN] = "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    [ESM__ENV_CONTAINER_TOKEN_FILE] = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    [ESM__ENV_METADATA_DISABLED] = "AWS_EC2_METADATA_DISABLED",
    [ESM__ENV_METADATA_ENDPOINT] = "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    [ESM__ENV_METADATA_ENDPOINT_MODE] = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    [ESM__ENV_IGNORE_ENDPOINT_URLS] = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    [ESM__ENV_ENDPOINT_URL] = "AWS_ENDPOINT_URL",
    [ESM__ENV_ENDPOINT_URL_LAMBDA] = "AWS_ENDPOINT_URL_LAMBDA",
    [ESM__ENV_ENDPOINT_URL_SQS] = "AWS_ENDPOINT_URL_SQS",
    [ESM__ENV_ENDPOINT_URL_SNS] = "AWS_ENDPOINT_URL_SNS",
    [ESM__ENV_ENDPOINT_URL_S3] = "AWS_ENDPOINT_URL_S3",
    [ESM__ENV_ENDPOINT_URL_STS] = "AWS_ENDPOINT_URL_STS",
    [ESM__ENV_ENDPOINT_URL_SECRETS_MANAGER] = "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    [ESM__ENV_ENDPOINT_URL_KAFKA] = "AWS_ENDPOINT_URL_KAFKA",
    [ESM__ENV_ENDPOINT_URL_GLUE] = "AWS_ENDPOINT_URL_GLUE",
    [ESM__ENV_HOME] = "HOME",
};

const char *esm__variable_name(enum esm__variable variable)
{
    return names[variable];
}

int esm__environment_read(esm_allocator *allocator, struct esm__environment *ret)
{
    struct esm__environment read = {.allocator = allocator};
    for (int i = 0; i < ESM__ENV_COUNT; i++) {
        const char *value = getenv(names[i]);
        if (value == NULL || value[0] == '\0')
            continue;
        read.values[i] = esm__strndup(allocator, value, strlen(value));
        if (read.values[i] == NULL) {
            esm__environment_free(&read);
            return ESM_ERR_NOMEM;
        }
    }
    *ret = read;
    return 0;
}

void esm__environment_free(struct esm__environment *environment)
{
    for (int i = 0; i < ESM__ENV_COUNT; i++) {
        if (environment->values[i] != NULL)
            explicit_bzero(environment->values[i], strlen(environment->values[i]));
        esm__free(environment->allocator, environment->values[i]);
        environment->values[i] = NULL;
    }
}
