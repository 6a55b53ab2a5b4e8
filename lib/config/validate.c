/* SPDX-License-Identifier: MIT */
/* Looks at options together: single values were looked at when they came in. */
#include "config/inside.h"

#include "base/bytes.h"
#include "config/filters.h"
#include "config/reason.h"
#include "config/value.h"

#define ALL_PARTS (ESM_CONFIG_KAFKA | ESM_CONFIG_FUNCTION | ESM_CONFIG_DESTINATION)

#define DESTINATION "DestinationConfig.OnFailure.Destination"
#define ENDPOINTS   "SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS"

static int add(esm_config *config, struct esm__faults *faults, const char *option, const char *reason)
{
    return esm__faults_add(config, faults, esm__span(option), reason);
}

/* Shows the value of an option, unless it is secret, then formats the rest. */
static int add_value(esm_config *config, struct esm__faults *faults, const char *option, const char *middle,
                     const char *other, const char *end)
{
    struct esm__bytes reason;
    const struct esm__option *known = esm__option_find(esm__span(option)); /* NULL: "kafka.*" */
    esm__bytes_init(&reason, config->allocator);
    int error = esm__reason_show(known == NULL ? 0 : known->flags,
                                 esm__span(esm__config_value(config, option)), &reason);
    if (error == 0)
        error = esm__bytes_format(&reason, " %s %s%s", middle, other, end);
    if (error == 0)
        error = add(config, faults, option, reason.data);
    esm__bytes_free(&reason);
    return error;
}

/* An option that was set has this value; value NULL: any. */
static int holds(const esm_config *config, const char *option, const char *value)
{
    const struct esm__entry *entry = esm__config_find(config, esm__span(option));
    return entry != NULL && (value == NULL || strcmp(entry->value, value) == 0);
}

static int check_rule(esm_config *config, const struct esm__rule *rule, struct esm__faults *faults)
{
    if (!holds(config, rule->option, rule->value) ||
        holds(config, rule->other, rule->other_value) != rule->excludes)
        return 0;
    if (rule->excludes)
        return add_value(config, faults, rule->option, "is refused beside", rule->other, "");
    if (rule->other_value == NULL)
        return add_value(config, faults, rule->option, "needs", rule->other, "");
    struct esm__bytes end;
    esm__bytes_init(&end, config->allocator);
    int error = esm__bytes_format(&end, " = %s", rule->other_value);
    if (error == 0)
        error = add_value(config, faults, rule->option, "needs", rule->other, end.data);
    esm__bytes_free(&end);
    return error;
}

/* Each back-off that was set lies under the ceiling of all. */
static int check_backoff(esm_config *config, struct esm__faults *faults)
{
    static const char ceiling[] = "backoff.max_ms";
    int64_t max = esm__value_to_int(esm__config_value(config, ceiling));
    int error = 0;
    for (size_t i = 0; error == 0 && i < config->entry_count; i++) {
        const struct esm__entry *entry = &config->entries[i];
        size_t size = strlen(entry->name);
        if (strncmp(entry->name, "backoff.", 8) == 0 && strcmp(entry->name + size - 3, "_ms") == 0 &&
            esm__value_to_int(entry->value) > max)
            error = add_value(config, faults, entry->name, "is above", ceiling, "");
    }
    return error;
}

static int check_pollers(esm_config *config, struct esm__faults *faults)
{
    static const char least[] = "ProvisionedPollerConfig.MinimumPollers";
    static const char most[] = "ProvisionedPollerConfig.MaximumPollers";
    const char *min = esm__config_value(config, least);
    const char *max = esm__config_value(config, most);
    if (min == NULL || max == NULL || esm__value_to_int(min) <= esm__value_to_int(max))
        return 0;
    return add_value(config, faults, least, "is above", most, "");
}

static int check_filters(esm_config *config, struct esm__faults *faults)
{
    static const char filters[] = "FilterCriteria.Filters";
    const char *value = esm__config_value(config, filters);
    size_t count = value == NULL ? 0 : esm__filters_count(esm__span(value));
    if (count <= (size_t)esm__value_to_int(esm__config_value(config, "filter.max_patterns")))
        return 0;
    return add_value(config, faults, filters, "has more patterns than", "filter.max_patterns", " allows");
}

static int check_destination(esm_config *config, struct esm__faults *faults)
{
    const char *destination = esm__config_value(config, DESTINATION);
    const char *topic = esm__config_value(config, "Topics");
    if (destination == NULL || topic == NULL || strncmp(destination, "kafka://", 8) != 0 ||
        strcmp(destination + 8, topic) != 0)
        return 0;
    return add_value(config, faults, DESTINATION, "is the source topic:", "Topics", "");
}

/* ---- what the built-in parts need ---- */

static int need(esm_config *config, struct esm__faults *faults, const char *option, const char *reason)
{
    return esm__config_is_set(config, option) ? 0 : add(config, faults, option, reason);
}

static int need_brokers(esm_config *config, struct esm__faults *faults)
{
    if (esm__config_is_set(config, ENDPOINTS) || esm__config_is_set(config, "kafka.bootstrap.servers"))
        return 0;
    if (!esm__config_is_set(config, "EventSourceArn"))
        return add(config, faults, ENDPOINTS,
                   "is missing: it, or kafka.bootstrap.servers, names the brokers");
    return add_value(config, faults, "EventSourceArn",
                     "is not enough: brokers are not looked up by ARN yet. Name them in", ENDPOINTS,
                     " or kafka.bootstrap.servers");
}

static int check_kafka(esm_config *config, struct esm__faults *faults)
{
    int error = need(config, faults, "Topics", "is missing: it names the topic that is read");
    if (error == 0)
        error = need(config, faults, "StartingPosition", "is missing: TRIM_HORIZON, LATEST or AT_TIMESTAMP");
    if (error == 0)
        error = need_brokers(config, faults);
    if (error == 0 && config->group_id == NULL && esm__config_is_set(config, "Topics"))
        error = add(config, faults, "SelfManagedKafkaEventSourceConfig.ConsumerGroupId",
                    "is missing: it, UUID or the name of a function gives the consumer group");
    return error;
}

static int check_function(esm_config *config, struct esm__faults *faults)
{
    if (esm__config_is_set(config, "function.url"))
        return 0;
    if (!esm__config_is_set(config, "FunctionName") && !esm__config_is_set(config, "FunctionArn"))
        return add(config, faults, "FunctionName", "is missing: it, or function.url, says what is invoked");
    return 0;
}

static int check_built_in_destination(esm_config *config, struct esm__faults *faults)
{
    const char *destination = esm__config_value(config, DESTINATION);
    if (destination == NULL || strncmp(destination, "kafka://", 8) == 0)
        return 0;
    return add_value(config, faults, DESTINATION, "is not served yet by a built-in destination:",
                     "only kafka:// is, or a destination callback of the program", "");
}

static int check_all(esm_config *config, uint32_t parts, struct esm__faults *faults)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < esm__rule_count; i++)
        error = check_rule(config, &esm__rules[i], faults);
    if (error == 0)
        error = check_backoff(config, faults);
    if (error == 0)
        error = check_pollers(config, faults);
    if (error == 0)
        error = check_filters(config, faults);
    if (error == 0)
        error = check_destination(config, faults);
    if (error == 0 && (parts & ESM_CONFIG_KAFKA) != 0)
        error = check_kafka(config, faults);
    if (error == 0 && (parts & ESM_CONFIG_FUNCTION) != 0)
        error = check_function(config, faults);
    if (error == 0 && (parts & ESM_CONFIG_DESTINATION) != 0)
        error = check_built_in_destination(config, faults);
    return error;
}

int esm_config_validate(esm_config *config, uint32_t parts)
{
    struct esm__faults faults = {0};
    if (config == NULL || (parts & ~(uint32_t)ALL_PARTS) != 0)
        return ESM_ERR_INVALID_ARGUMENT;
    int error = check_all(config, parts, &faults);
    if (error != 0) {
        esm__faults_free(config, &faults);
        return error;
    }
    esm__faults_free(config, &config->found);
    config->found = faults;
    return esm_config_get_fault_count(config) == 0 ? 0 : ESM_ERR_CONFIG;
}
