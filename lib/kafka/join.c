/* SPDX-License-Identifier: MIT */
/*
 * Whether the group is being joined anew, seen by the requests that leave.
 *
 * In a cooperative group the partitions stay while the client joins again. The coordinator answers a
 * connection's requests in order: a commit sent behind a JoinGroup is looked at when the group has moved on,
 * and fails with an illegal generation. librdkafka before 2.10 then drops its whole assignment (issue 4059).
 * So no commit is sent from the JoinGroup on until the SyncGroup, which is the first request of the new
 * generation.
 */
#include "kafka/source.h"

enum {
    JOIN_GROUP = 11,
    SYNC_GROUP = 14
};

/* On librdkafka's threads. */
static rd_kafka_resp_err_t request_sent(rd_kafka_t *client, int socket, const char *broker, int32_t broker_id,
                                        int16_t api, int16_t version, int32_t correlation, size_t size,
                                        void *opaque)
{
    struct esm__source *source = opaque;
    (void)client, (void)socket, (void)broker, (void)broker_id, (void)version, (void)correlation, (void)size;
    if (api == JOIN_GROUP) {
        atomic_store(&source->is_joining, 1);
    } else if (api == SYNC_GROUP) {
        atomic_store(&source->is_joining, 0);
        esm__wake(source->wake_fd);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t client_made(rd_kafka_t *client, const rd_kafka_conf_t *conf, void *opaque,
                                       char *reason, size_t size)
{
    (void)conf, (void)reason, (void)size;
    return rd_kafka_interceptor_add_on_request_sent(client, "esm", request_sent, opaque);
}

void esm__join_watch(struct esm__source *source)
{
    rd_kafka_conf_interceptor_add_on_new(source->conf, "esm", client_made, source);
}
