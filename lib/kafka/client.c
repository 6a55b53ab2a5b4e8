/* SPDX-License-Identifier: MIT */
#include "kafka/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/inside.h"
#include "config/table.h"
#include "kafka/helper.h"

enum {
    LOG_LINE = 1024,
    SYSLOG_CRIT = 2,
    SYSLOG_WARNING = 4,
    SYSLOG_INFO = 6,
    VERSION_2_2 = 0x02020000
};

esm_allocator *esm__kafka_allocator(esm_poller *poller)
{
    return esm_poller_get_config(poller)->allocator;
}

void esm__kafka_log(esm_poller *poller, enum esm_log_level level, const char *format, ...)
{
    char line[LOG_LINE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    esm_poller_log(poller, level, line);
}

int esm__kafka_set(esm_poller *poller, rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char reason[512];
    switch (rd_kafka_conf_set(conf, name, value, reason, sizeof(reason))) {
    case RD_KAFKA_CONF_OK: return 0;
    case RD_KAFKA_CONF_UNKNOWN:
        esm__kafka_log(poller, ESM_LOG_ERROR, "kafka.%s: librdkafka %s has no such property", name,
                       rd_kafka_version_str());
        return ESM_ERR_CONFIG;
    default:
        /* Its words quote the value. */
        if (esm__kafka_is_secret(esm__span(name)))
            snprintf(reason, sizeof(reason), "the value is refused");
        esm__kafka_log(poller, ESM_LOG_ERROR, "kafka.%s: librdkafka: %s", name, reason);
        return ESM_ERR_CONFIG;
    }
}

static int set_all(esm_poller *poller, rd_kafka_conf_t *conf, const struct esm__kafka_property *properties)
{
    int error = 0;
    for (; properties->name; properties++)
        if (esm__kafka_set(poller, conf, properties->name, properties->value))
            error = ESM_ERR_CONFIG;
    return error;
}

static int is_kept_for_later(const char *name)
{
    return strcmp(name, "bootstrap.servers") == 0 || strcmp(name, "group.id") == 0;
}

static int set_configured(esm_poller *poller, rd_kafka_conf_t *conf)
{
    static const char prefix[] = "kafka.";
    const esm_config *config = esm_poller_get_config(poller);
    const char *name, *value;
    int error = 0;
    for (size_t i = 0; esm_config_get_entry(config, i, &name, &value) == 0; i++) {
        if (strncmp(name, prefix, sizeof(prefix) - 1) != 0 || is_kept_for_later(name + sizeof(prefix) - 1))
            continue;
        if (esm__kafka_set(poller, conf, name + sizeof(prefix) - 1, value))
            error = ESM_ERR_CONFIG;
    }
    return error;
}

int esm__kafka_conf_new(esm_poller *poller, const struct esm__kafka_property *defaults,
                        const struct esm__kafka_property *promises, rd_kafka_conf_t **ret)
{
    static const struct esm__kafka_property always[] = {{"log.queue", "true"}, {NULL, NULL}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (!conf)
        return ESM_ERR_NOMEM;
    int error = set_all(poller, conf, defaults);
    if (set_configured(poller, conf) || set_all(poller, conf, promises) || set_all(poller, conf, always))
        error = ESM_ERR_CONFIG;
    if (error) {
        rd_kafka_conf_destroy(conf);
        return error;
    }
    *ret = conf;
    return 0;
}

int esm__kafka_client_new(esm_poller *poller, rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret)
{
    char reason[512];
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof(reason));
    if (!client) {
        rd_kafka_conf_destroy(conf);
        esm__kafka_log(poller, ESM_LOG_ERROR, "librdkafka: %s", reason);
        return ESM_ERR_CONFIG;
    }
    *ret = client;
    return 0;
}

int esm__kafka_connect(esm_poller *poller, rd_kafka_t *client, const char *brokers)
{
    if (rd_kafka_brokers_add(client, brokers) > 0)
        return 0;
    esm__kafka_log(poller, ESM_LOG_ERROR, "no broker in '%s'", brokers);
    return ESM_ERR_CONFIG;
}

int64_t esm__kafka_get_int(const rd_kafka_conf_t *conf, const char *name, int64_t fallback)
{
    char value[64];
    size_t size = sizeof(value);
    if (rd_kafka_conf_get(conf, name, value, &size) != RD_KAFKA_CONF_OK)
        return fallback;
    return strtoll(value, NULL, 10);
}

void esm__kafka_watch_queue(rd_kafka_queue_t *queue, int wake_fd)
{
    const uint64_t one = 1; /* what an eventfd takes */
    if (wake_fd < 0) {
        rd_kafka_queue_io_event_enable(queue, -1, NULL, 0);
        return;
    }
    rd_kafka_queue_io_event_enable(queue, wake_fd, &one, sizeof(one));
    esm__wake(wake_fd); /* what is in the queue already makes no event */
}

static enum esm_log_level level_of(int syslog_level)
{
    if (syslog_level <= SYSLOG_CRIT)
        return ESM_LOG_ERROR;
    if (syslog_level <= SYSLOG_WARNING)
        return ESM_LOG_WARNING;
    return syslog_level <= SYSLOG_INFO ? ESM_LOG_INFO : ESM_LOG_DEBUG;
}

static void pass_log(esm_poller *poller, rd_kafka_event_t *event)
{
    const char *facility = "", *text = "";
    int syslog_level = SYSLOG_INFO;
    if (rd_kafka_event_log(event, &facility, &text, &syslog_level) != 0)
        return;
    enum esm_log_level level = level_of(syslog_level);
    /* Every kafka.* goes to consumer and producer, and one of them finds it useless. */
    if (strcmp(facility, "CONFWARN") == 0)
        level = ESM_LOG_DEBUG;
    esm__kafka_log(poller, level, "librdkafka: %s: %s", facility, text);
}

int esm__kafka_check_fatal(esm_poller *poller, rd_kafka_t *client)
{
    char reason[512];
    rd_kafka_resp_err_t error = rd_kafka_fatal_error(client, reason, sizeof(reason));
    if (!error)
        return 0;
    char text[LOG_LINE];
    snprintf(text, sizeof(text), "librdkafka: %s: %s", rd_kafka_err2name(error), reason);
    esm_poller_fail(poller, ESM_ERR_TRANSPORT, text);
    return 1;
}

int esm__kafka_handle_event(esm_poller *poller, rd_kafka_t *client, rd_kafka_event_t *event)
{
    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_LOG: pass_log(poller, event); return 1;
    case RD_KAFKA_EVENT_ERROR:
        if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR__FATAL ||
            !esm__kafka_check_fatal(poller, client))
            esm__kafka_log(poller, ESM_LOG_WARNING, "librdkafka: %s: %s",
                           rd_kafka_err2name(rd_kafka_event_error(event)),
                           rd_kafka_event_error_string(event));
        return 1;
    default: return 0;
    }
}

enum esm__kafka_refill esm__kafka_get_refill(const rd_kafka_conf_t *conf, int may_wake)
{
    char protocol[32] = "";
    size_t size = sizeof(protocol);
    if (rd_kafka_version() >= VERSION_2_2)
        return ESM__REFILL_BY_PROPERTY;
    rd_kafka_conf_get(conf, "security.protocol", protocol, &size);
    return may_wake && strncasecmp(protocol, "sasl", 4) != 0 ? ESM__REFILL_BY_WAKE : ESM__REFILL_ALONE;
}

void esm__kafka_wake_brokers(rd_kafka_t *client)
{
    rd_kafka_error_t *error = rd_kafka_sasl_set_credentials(client, "", "");
    if (error)
        rd_kafka_error_destroy(error);
}
