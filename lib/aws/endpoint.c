/* SPDX-License-Identifier: MIT */
#include "aws/endpoint.h"

#include <string.h>
#include <strings.h>

#include "aws/region.h"

static const struct {
    const char *name;
    const char *key; /* in a section [services x] */
    enum esm__variable variable;
} services[ESM__SERVICE_COUNT] = {
    [ESM__SERVICE_LAMBDA] = {"lambda", "lambda.endpoint_url", ESM__ENV_ENDPOINT_URL_LAMBDA},
    [ESM__SERVICE_SQS] = {"sqs", "sqs.endpoint_url", ESM__ENV_ENDPOINT_URL_SQS},
    [ESM__SERVICE_SNS] = {"sns", "sns.endpoint_url", ESM__ENV_ENDPOINT_URL_SNS},
    [ESM__SERVICE_S3] = {"s3", "s3.endpoint_url", ESM__ENV_ENDPOINT_URL_S3},
    [ESM__SERVICE_STS] = {"sts", "sts.endpoint_url", ESM__ENV_ENDPOINT_URL_STS},
    [ESM__SERVICE_SECRETS_MANAGER] = {"secretsmanager", "secrets_manager.endpoint_url",
                                      ESM__ENV_ENDPOINT_URL_SECRETS_MANAGER},
    [ESM__SERVICE_KAFKA] = {"kafka", "kafka.endpoint_url", ESM__ENV_ENDPOINT_URL_KAFKA},
    [ESM__SERVICE_GLUE] = {"glue", "glue.endpoint_url", ESM__ENV_ENDPOINT_URL_GLUE},
};

const char *esm__service_name(enum esm__service service)
{
    return services[service].name;
}

static int is_true(const char *value)
{
    return value != NULL && strcasecmp(value, "true") == 0;
}

const char *esm__endpoint_override(enum esm__service service, const struct esm__environment *environment,
                                   const struct esm__profiles *profiles, const char *profile)
{
    const char *ignore = environment->values[ESM__ENV_IGNORE_ENDPOINT_URLS];
    if (ignore == NULL && profile != NULL)
        ignore =
            esm__profiles_get(profiles, ESM__SECTION_PROFILE, profile, "ignore_configured_endpoint_urls");
    if (is_true(ignore))
        return NULL;
    const char *url = environment->values[services[service].variable];
    if (url == NULL)
        url = environment->values[ESM__ENV_ENDPOINT_URL];
    if (url != NULL || profile == NULL)
        return url;
    const char *section = esm__profiles_get(profiles, ESM__SECTION_PROFILE, profile, "services");
    if (section != NULL)
        url = esm__profiles_get(profiles, ESM__SECTION_SERVICES, section, services[service].key);
    return url != NULL ? url : esm__profiles_get(profiles, ESM__SECTION_PROFILE, profile, "endpoint_url");
}

int esm__endpoint_write(struct esm__bytes *to, enum esm__service service, const char *region,
                        const struct esm__environment *environment, const struct esm__profiles *profiles,
                        const char *profile)
{
    const char *url = esm__endpoint_override(service, environment, profiles, profile);
    if (url == NULL) {
        if (esm__check_region(esm__span(region)) != NULL)
            return ESM_ERR_CONFIG;
        return esm__bytes_format(to, "https://%s.%s.%s", services[service].name, region,
                                 esm__region_cloud(esm__span(region))->suffix);
    }
    if (esm__check_url(esm__span(url)) != NULL)
        return ESM_ERR_CONFIG;
    size_t size = strlen(url);
    while (url[size - 1] == '/')
        size--;
    int error = esm__bytes_append(to, url, size);
    return error != 0 ? error : esm__bytes_terminate(to);
}
