/* SPDX-License-Identifier: MIT */
/* What follows from other options: the consumer group and the region. */
#include "config/inside.h"

#include "base/alloc.h"
#include "base/bytes.h"

static const char *function_name(const esm_config *config)
{
    const char *name = esm__config_value(config, "FunctionName");
    return name != NULL ? name : esm__config_value(config, "FunctionArn");
}

/* Host and path of a URL, as far as a name can hold them: "http://localhost:8080/orders?x" is
 * "localhost-8080-orders". */
static int append_url(struct esm__bytes *to, const char *url)
{
    int gap = 0;
    int error = 0;
    for (const char *at = strstr(url, "://") + 3; error == 0 && *at != '\0' && *at != '?' && *at != '#';
         at++) {
        int plain = (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                    *at == '.' || *at == '_';
        if (plain && gap)
            error = esm__bytes_append(to, "-", 1);
        if (plain && error == 0)
            error = esm__bytes_append(to, at, 1);
        gap = !plain;
    }
    return error;
}

/* Two qualifiers of a function are two mappings, hence two groups. */
static int append_function(struct esm__bytes *to, const esm_config *config)
{
    struct esm__function_name name;
    const char *text = function_name(config);
    if (text == NULL)
        return append_url(to, esm__config_value(config, "function.url"));
    esm__function_name_read(esm__span(text), &name);
    int error = esm__bytes_append(to, name.name.data, name.name.size);
    if (error == 0 && name.qualifier.size > 0)
        error = esm__bytes_append(to, "-", 1);
    return error != 0 ? error : esm__bytes_append(to, name.qualifier.data, name.qualifier.size);
}

/* esm-<function>-<topic>, so that a mapping that starts again finds what it has committed. */
static int append_group(struct esm__bytes *to, const esm_config *config)
{
    const char *topic = esm__config_value(config, "Topics");
    if (topic == NULL || (function_name(config) == NULL && !esm__config_is_set(config, "function.url")))
        return 0;
    int error = esm__bytes_append_text(to, "esm-");
    if (error == 0)
        error = append_function(to, config);
    if (error == 0)
        error = esm__bytes_append(to, "-", 1);
    return error != 0 ? error : esm__bytes_append_text(to, topic);
}

static int derive_group(const esm_config *config, struct esm__bytes *to)
{
    static const char *const names[] = {"AmazonManagedKafkaEventSourceConfig.ConsumerGroupId",
                                        "SelfManagedKafkaEventSourceConfig.ConsumerGroupId", "kafka.group.id",
                                        "UUID"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (esm__config_is_set(config, names[i]))
            return esm__bytes_append_text(to, esm__config_value(config, names[i]));
    return append_group(to, config);
}

static int derive_region(const esm_config *config, struct esm__bytes *to)
{
    struct esm__function_name name = {0};
    struct esm__arn arn = {0};
    const char *text = esm__config_value(config, "aws.region");
    if (text != NULL)
        return esm__bytes_append_text(to, text);
    text = function_name(config);
    if (text != NULL && esm__function_name_read(esm__span(text), &name) && name.region.size > 0)
        return esm__bytes_append(to, name.region.data, name.region.size);
    text = esm__config_value(config, "EventSourceArn");
    if (text != NULL && esm__arn_read(esm__span(text), &arn))
        return esm__bytes_append(to, arn.region.data, arn.region.size);
    return 0;
}

static int replace(esm_config *config, char **text, int (*derive)(const esm_config *, struct esm__bytes *))
{
    struct esm__bytes bytes;
    esm__bytes_init(&bytes, config->allocator);
    int error = derive(config, &bytes);
    if (error == 0 && bytes.size > 0)
        error = esm__bytes_terminate(&bytes);
    if (error != 0) {
        esm__bytes_free(&bytes);
        return error;
    }
    esm__free(config->allocator, *text);
    *text = bytes.data;
    return 0;
}

int esm__config_derive(esm_config *config)
{
    int error = replace(config, &config->group_id, derive_group);
    return error != 0 ? error : replace(config, &config->region, derive_region);
}
