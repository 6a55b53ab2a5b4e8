/* SPDX-License-Identifier: MIT */
/* What every librdkafka client of this room shares: its configuration, its events, its log. */
#ifndef ESM_KAFKA_CLIENT_H
#define ESM_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>

#include <esm/poller.h>
#include "config/settings.h"

/* The allocator of a poller: its configuration was copied with it. */
esm_allocator *esm__kafka_allocator(esm_poller *poller);

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void esm__kafka_log(esm_poller *poller, enum esm_log_level level, const char *format, ...);

struct esm__kafka_property {
    const char *name;
    const char *value;
};

/* One property; what librdkafka says against it goes to the log. 0, ESM_ERR_CONFIG. */
int esm__kafka_set(esm_poller *poller, rd_kafka_conf_t *conf, const char *name, const char *value);

/*
 * The kafka.* of the configuration between `defaults`, which they override, and `promises`, which override
 * them. Brokers and group are left out: a client without them connects to nobody. Both lists end with a name
 * of NULL. 0, ESM_ERR_CONFIG, ESM_ERR_NOMEM.
 */
int esm__kafka_conf_new(esm_poller *poller, const struct esm__kafka_property *defaults,
                        const struct esm__kafka_property *promises, rd_kafka_conf_t **ret);

/* A client; `conf` is taken in any case. What librdkafka says against it goes to the log. 0, ESM_ERR_CONFIG.
 */
int esm__kafka_client_new(esm_poller *poller, rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret);

/* Lets a client without brokers connect. 0, ESM_ERR_CONFIG. */
int esm__kafka_connect(esm_poller *poller, rd_kafka_t *client, const char *brokers);

/* An integer property of a configuration. */
int64_t esm__kafka_get_int(const rd_kafka_conf_t *conf, const char *name, int64_t fallback);

/* Writes to an eventfd now and whenever something comes into the empty queue; -1: no more. */
void esm__kafka_watch_queue(rd_kafka_queue_t *queue, int wake_fd);

/* ERROR and LOG events of any client; 1 if it was one. The event is not destroyed. */
int esm__kafka_handle_event(esm_poller *poller, rd_kafka_t *client, rd_kafka_event_t *event);

/* Ends the poller if the client has met an error that will not go away; 1 if it has. */
int esm__kafka_check_fatal(esm_poller *poller, rd_kafka_t *client);

/*
 * Draining a full queue does not wake the thread that fetches. Before librdkafka 2.2 an outside call does,
 * unless SASL is in use, whose credentials it would rewrite; from 2.2 on a property does.
 */
enum esm__kafka_refill {
    ESM__REFILL_BY_PROPERTY,
    ESM__REFILL_BY_WAKE,
    ESM__REFILL_ALONE
};
enum esm__kafka_refill esm__kafka_get_refill(const rd_kafka_conf_t *conf, int may_wake);
void esm__kafka_wake_brokers(rd_kafka_t *client);

#endif
