/* SPDX-License-Identifier: MIT */
/**
 * @file
 * librdkafka as source, commit and destination of a poller. Everything here is made of esm/poller.h alone.
 * All functions: the poller's thread, before its first dispatch.
 */
#ifndef ESM_KAFKA_H
#define ESM_KAFKA_H

#include <esm/poller.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes a consumer group the poller's source and commit callback, as the configuration says: Topics, brokers
 * (SelfManagedEventSource.Endpoints or kafka.bootstrap.servers), ConsumerGroupId, StartingPosition, kafka.*.
 * The configuration is tried on librdkafka here; nothing is sent before the first dispatch. client.id is "libesm" and
 * fetch.wait.max.ms is 20 unless kafka.* says otherwise; what libesm keeps for itself stands in docs/configuration.md.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_STATE, ESM_ERR_CONFIG (what is missing or refused by librdkafka goes to the
 * log hook), ESM_ERR_NOMEM, ESM_ERR_SYSTEM, ESM_ERR_TRANSPORT, ESM_ERR_UNSUPPORTED. Since 0.1.
 */
ESM_API int esm_poller_use_kafka(esm_poller *poller);

/**
 * Makes a topic the poller's destination: DestinationConfig.OnFailure.Destination = kafka://topic, on the same cluster
 * with the same credentials, acks=all, idempotent, one message for each record. A delivery that fails is tried again
 * without what the topic has acknowledged; after a restart a record may come twice. The same partitioner as Java's
 * clients, and delivery.timeout_ms as message.timeout.ms, unless kafka.* says otherwise. Source: AWS "Kafka destination
 * topic".
 * @return as esm_poller_use_kafka(). Since 0.1.
 */
ESM_API int esm_poller_use_kafka_destination(esm_poller *poller);

#ifdef __cplusplus
}
#endif
#endif
