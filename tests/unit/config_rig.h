/* SPDX-License-Identifier: MIT */
/* One configuration, and what the tests do with it. Everything here fails the test that calls it, if it
 * fails. */
#ifndef ESM_TESTS_CONFIG_RIG_H
#define ESM_TESTS_CONFIG_RIG_H

#include <esm/config.h>
#include "config/settings.h"

#define FILTERS     "FilterCriteria.Filters"
#define ENDPOINTS   "SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS"
#define DESTINATION "DestinationConfig.OnFailure.Destination"
#define MSK_GROUP   "AmazonManagedKafkaEventSourceConfig.ConsumerGroupId"
#define GROUP       "SelfManagedKafkaEventSourceConfig.ConsumerGroupId"
#define ALL_PARTS   (ESM_CONFIG_KAFKA | ESM_CONFIG_FUNCTION | ESM_CONFIG_DESTINATION)
#define QUEUE_ARN   "arn:aws:sqs:eu-west-1:123456789012:failed"

extern esm_config *config;

void setup(void);
void teardown(void);

int load(const char *json);       /* its result is the caller's to look at */
void load_file(const char *name); /* of data/config, without faults */
void set(const char *name, const char *value);
const char *get(const char *name);
struct esm__settings settings(void);
void expect_fault(const char *option, const char *part); /* of its reason */
char *print(const esm_config *from);                     /* to be freed */

#endif
