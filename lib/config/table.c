/* SPDX-License-Identifier: MIT */
#include "config/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_MS       86400000
#define GROUP_ID                                                                                             \
    "the consumer group; without it UUID, else a name made of function and topic: esm-<function>-<topic>"
#define OTHER_SOURCE "AWS has it for other sources than Kafka"
#define NO_REGISTRY  "schema registries are not served yet"
#define NO_EFFECT                                                                                            \
    "Accepted without effect: libesm has one mode, and scales by starting more pollers of one group."
#define ANSWER_ONLY .type = ESM__OPTION_IGNORED, .text = "Only in AWS's answers; understood and ignored."

/* clang-format off */
const struct esm__option esm__options[] = {
    /* AWS: what is read */
    {"FunctionName", .type = ESM__OPTION_TEXT, .check = esm__check_function_name,
     .text = "The Lambda function: name, ARN or partial ARN, with a version or alias if wanted."},
    {"FunctionArn", .type = ESM__OPTION_TEXT, .check = esm__check_function_name,
     .text = "What AWS's answers have in place of FunctionName; used where that is not given."},
    {"EventSourceArn", .type = ESM__OPTION_TEXT, .check = esm__check_source_arn,
     .text = "The ARN of the MSK cluster, as it stands in events. The brokers must be named too: they are not looked up "
             "by ARN yet."},
    {"SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS", .alias = "SelfManagedEventSource.Endpoints",
     .type = ESM__OPTION_LIST, .min = 1, .max = 10, .check = esm__check_endpoint,
     .text = "The brokers to start from, host:port each. May stand beside EventSourceArn."},
    {"Topics", .type = ESM__OPTION_LIST, .min = 1, .max = 1, .check = esm__check_topic,
     .text = "The topic: a list of exactly one."},
    {"StartingPosition", .type = ESM__OPTION_CHOICE, .choices = "TRIM_HORIZON|LATEST|AT_TIMESTAMP",
     .text = "Where the consumer group starts the first time; what it has committed wins."},
    {"StartingPositionTimestamp", .type = ESM__OPTION_TIME,
     .text = "With AT_TIMESTAMP: seconds since 1970, or 2026-01-31T12:00:00Z. Not in the future."},
    {"AmazonManagedKafkaEventSourceConfig.ConsumerGroupId", .type = ESM__OPTION_TEXT, .check = esm__check_group_id,
     .text = "For MSK: " GROUP_ID "."},
    {"SelfManagedKafkaEventSourceConfig.ConsumerGroupId", .type = ESM__OPTION_TEXT, .check = esm__check_group_id,
     .text = "For a self-managed cluster: " GROUP_ID "."},
    {"UUID", .type = ESM__OPTION_TEXT, .check = esm__check_uuid,
     .text = "The name of the mapping. On AWS it is the consumer group, and it is here where no other is given."},
    {"Enabled", .type = ESM__OPTION_BOOL, .fallback = "true",
     .text = "false: polls nothing until it is enabled. Not given, a State of Disabled in AWS's answer sets it to false."},
    /* AWS: batches and their fate */
    {"BatchSize", .type = ESM__OPTION_INT, .min = 1, .max = 10000, .fallback = "100",
     .text = "The most records that one invocation holds."},
    {"MaximumBatchingWindowInSeconds", .type = ESM__OPTION_INT, .min = 0, .max = 300,
     .text = "How long a batch gathers, from its first record on. Not given: batch.window_ms."},
    {"MaximumRetryAttempts", .type = ESM__OPTION_INT, .flags = ESM__MINUS_ONE, .min = 0, .max = 10000, .fallback = "-1",
     .text = "Retries after the first invocation that failed; -1: without limit."},
    {"MaximumRecordAgeInSeconds", .type = ESM__OPTION_INT, .flags = ESM__MINUS_ONE, .min = 60, .max = 604800,
     .fallback = "-1", .text = "Older records are given up; -1: without limit."},
    {"BisectBatchOnFunctionError", .type = ESM__OPTION_BOOL, .fallback = "false",
     .text = "Halve a batch that failed, until the culprit stands alone."},
    {"FunctionResponseTypes", .type = ESM__OPTION_LIST, .min = 0, .max = 1, .choices = "ReportBatchItemFailures",
     .text = "ReportBatchItemFailures: the function may name the records that failed."},
    {"DestinationConfig.OnFailure.Destination", .type = ESM__OPTION_TEXT, .flags = ESM__MAY_BE_EMPTY,
     .check = esm__check_destination,
     .text = "Where records go that were given up: the ARN of an SQS queue, an SNS topic or an S3 bucket, or "
             "kafka://topic, not the source topic. The built-in destinations serve kafka:// alone yet; the others need "
             "a destination callback."},
    {"FilterCriteria.Filters", .type = ESM__OPTION_FILTERS,
     .text = "Patterns, of which a record must match one: see filters.md. Others never reach the function."},
    {"ParallelizationFactor", .type = ESM__OPTION_INT, .min = 1, .max = 10, .fallback = "1",
     .refusal = "several batches of a partition at once are not served yet",
     .text = "Batches in flight for each partition."},
    /* AWS: accepted without effect */
    {"ProvisionedPollerConfig.MinimumPollers", .type = ESM__OPTION_INT, .min = 1, .max = 200, .text = NO_EFFECT},
    {"ProvisionedPollerConfig.MaximumPollers", .type = ESM__OPTION_INT, .min = 1, .max = 2000, .text = NO_EFFECT},
    {"ProvisionedPollerConfig.PollerGroupName", .type = ESM__OPTION_TEXT, .flags = ESM__MAY_BE_EMPTY,
     .check = esm__check_poller_group, .text = NO_EFFECT},
    {"MetricsConfig.Metrics", .type = ESM__OPTION_LIST, .min = 0, .max = 3, .choices = "EventCount|ErrorCount|KafkaMetrics",
     .text = "Accepted without effect: libesm always counts."},
    {"LoggingConfig.SystemLogLevel", .type = ESM__OPTION_CHOICE, .choices = "DEBUG|INFO|WARN",
     .text = "How much esm-run shows, unless its command line says. A program gives esm_poller_set_log() a level."},
    {"Tags", .type = ESM__OPTION_TAGS, .text = "Labels, kept and printed without effect."},
    /* AWS: not served yet */
    {"KMSKeyArn", .type = ESM__OPTION_TEXT, .flags = ESM__MAY_BE_EMPTY,
     .refusal = "encrypted filters are not served yet", .text = "The key that encrypts the filters."},
    {"SourceAccessConfigurations", .type = ESM__OPTION_JSON, .flags = ESM__SECRET,
     .refusal = "secrets of AWS are not served yet. Meanwhile: kafka.security.protocol; for BASIC_AUTH and SASL_SCRAM_* "
                "kafka.sasl.mechanism, kafka.sasl.username and kafka.sasl.password; for CLIENT_CERTIFICATE_TLS_AUTH "
                "kafka.ssl.certificate.pem and kafka.ssl.key.pem; for SERVER_ROOT_CA_CERTIFICATE kafka.ssl.ca.pem; for "
                "OAUTHBEARER_* kafka.sasl.oauthbearer.*. VPC_* have no meaning outside AWS: leave them out",
     .text = "How to log in to the brokers."},
    {"AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig", .type = ESM__OPTION_JSON, .flags = ESM__SECRET,
     .refusal = NO_REGISTRY, .text = "A schema registry that decodes records."},
    {"SelfManagedKafkaEventSourceConfig.SchemaRegistryConfig", .type = ESM__OPTION_JSON, .flags = ESM__SECRET,
     .refusal = NO_REGISTRY, .text = "A schema registry that decodes records."},
    /* AWS: for other sources */
    {"TumblingWindowInSeconds", .type = ESM__OPTION_INT, .min = 0, .max = 900, .fallback = "0",
     .refusal = OTHER_SOURCE ": Kinesis and DynamoDB", .text = "Aggregation windows."},
    {"Queues", .type = ESM__OPTION_JSON, .refusal = OTHER_SOURCE ": Amazon MQ", .text = "Queues of a message broker."},
    {"ScalingConfig", .type = ESM__OPTION_JSON, .refusal = OTHER_SOURCE ": SQS. max_in_flight limits invocations here",
     .text = "A limit of concurrency."},
    {"DocumentDBEventSourceConfig", .type = ESM__OPTION_JSON, .refusal = OTHER_SOURCE ": DocumentDB",
     .text = "A change stream of a database."},
    {"DestinationConfig.OnSuccess", .type = ESM__OPTION_JSON,
     .refusal = "AWS has it for asynchronous invocation, not for event source mappings", .text = "A destination of results."},
    /* AWS: answers */
    {"EventSourceMappingArn", ANSWER_ONLY},
    {"FilterCriteriaError", ANSWER_ONLY},
    {"LastModified", ANSWER_ONLY},
    {"LastProcessingResult", ANSWER_ONLY},
    {"ResponseMetadata", ANSWER_ONLY},
    {"State", ANSWER_ONLY},
    {"StateTransitionReason", ANSWER_ONLY},
    /* own: the function */
    {"function.url", .type = ESM__OPTION_TEXT, .flags = ESM__MAY_NAME_USER, .check = esm__check_url,
     .text = "An HTTP endpoint that is invoked in place of a Lambda function. FunctionName then only names it in records."},
    {"aws.endpoint_url", .type = ESM__OPTION_TEXT, .flags = ESM__MAY_NAME_USER, .check = esm__check_url,
     .text = "Base URL for Lambda, such as that of an emulator. Not given: AWS_ENDPOINT_URL_LAMBDA, AWS_ENDPOINT_URL, or AWS's "
             "own of the region."},
    {"aws.region", .type = ESM__OPTION_TEXT, .check = esm__check_region,
     .text = "The region of AWS's services. Not given: that of FunctionName, else of EventSourceArn, AWS_REGION, "
             "AWS_DEFAULT_REGION or the profile."},
    {"aws.access_key_id", .type = ESM__OPTION_TEXT, .flags = ESM__SECRET,
     .text = "The keys that requests to AWS are signed with. Not given, they are looked for where AWS's own clients do: "
             "see credentials.md."},
    {"aws.secret_access_key", .type = ESM__OPTION_TEXT, .flags = ESM__SECRET, .text = "Belongs to aws.access_key_id."},
    {"aws.session_token", .type = ESM__OPTION_TEXT, .flags = ESM__SECRET,
     .text = "Belongs to aws.access_key_id, where that is a temporary one."},
    {"aws.profile", .type = ESM__OPTION_TEXT,
     .text = "The profile of the files config and credentials. Not given: AWS_PROFILE, else default."},
    {"invoke.timeout_ms", .type = ESM__OPTION_INT, .min = 1, .max = DAY_MS, .fallback = "930000",
     .text = "An invocation without an answer ends then."},
    {"invoke.connect_timeout_ms", .type = ESM__OPTION_INT, .min = 1, .max = DAY_MS, .fallback = "5000",
     .text = "A connection to the function that is not there by then has failed."},
    {"count_timeouts", .type = ESM__OPTION_CHOICE, .choices = "auto|true|false", .fallback = "auto",
     .text = "Whether an invocation that was sent and not answered counts as an attempt. auto: with function.url only."},
    {"max_in_flight", .type = ESM__OPTION_INT, .min = 1, .max = 10000, .fallback = "100",
     .text = "The most invocations at once, over all partitions."},
    /* own: batches */
    {"batch.window_ms", .type = ESM__OPTION_INT, .min = 0, .max = 300000, .fallback = "500",
     .text = "As MaximumBatchingWindowInSeconds, in milliseconds; 0: what is there is sent at once."},
    {"batch.max_bytes", .type = ESM__OPTION_INT, .min = 1024, .max = 1073741824, .fallback = "6291456",
     .text = "The event, as it is sent, is shorter than this."},
    {"memory.budget_bytes", .type = ESM__OPTION_INT, .min = 8388608, .max = 1099511627776, .fallback = "134217728",
     .text = "The most that a poller holds of records, events and answers."},
    {"partial_response", .type = ESM__OPTION_CHOICE, .choices = "exact|checkpoint", .fallback = "exact",
     .text = "What is retried after ReportBatchItemFailures: exactly the named records, as AWS does for Kafka, or all from "
             "the lowest on, as it does for Kinesis."},
    /* own: filters */
    {"filter.max_patterns", .type = ESM__OPTION_INT, .min = 1, .max = 10, .fallback = "5",
     .text = "The most patterns that FilterCriteria may have; 10 is what AWS raises it to on request."},
    {"filter.on_mismatch", .type = ESM__OPTION_CHOICE, .choices = "pass|drop", .fallback = "pass",
     .text = "A value that is not JSON against a pattern for JSON, or the other way round: the pattern's part for it is "
             "left out, as on AWS, or does not match."},
    {"filter.on_tombstone", .type = ESM__OPTION_CHOICE, .choices = "pass|drop", .fallback = "pass",
     .text = "The same for a record without a value."},
    /* own: waiting */
    {"backoff.function_ms", .type = ESM__OPTION_INT, .min = 0, .max = DAY_MS, .fallback = "1000",
     .text = "First ceiling of the wait after a failure of the function."},
    {"backoff.service_ms", .type = ESM__OPTION_INT, .min = 0, .max = DAY_MS, .fallback = "100",
     .text = "After a throttle, an error of the service, or no connection."},
    {"backoff.hold_ms", .type = ESM__OPTION_INT, .min = 0, .max = DAY_MS, .fallback = "10000",
     .text = "After a wrong address or missing rights."},
    {"backoff.delivery_ms", .type = ESM__OPTION_INT, .min = 0, .max = DAY_MS, .fallback = "1000",
     .text = "After a delivery that failed."},
    {"backoff.commit_ms", .type = ESM__OPTION_INT, .min = 0, .max = DAY_MS, .fallback = "100",
     .text = "After a commit that failed."},
    {"backoff.max_ms", .type = ESM__OPTION_INT, .min = 0, .max = DAY_MS, .fallback = "60000",
     .text = "The greatest ceiling of all of them; defaults above it are lowered to it."},
    {"backoff.factor_percent", .type = ESM__OPTION_INT, .min = 100, .max = 10000, .fallback = "200",
     .text = "How the ceiling grows from one wait to the next."},
    {"backoff.seed", .type = ESM__OPTION_INT, .min = 0, .max = INT64_MAX,
     .text = "Seed of the jitter, to replay a run. Not given: chosen at the start."},
    /* own: records that are given up */
    {"aws_strict", .type = ESM__OPTION_BOOL, .fallback = "false",
     .text = "Turns retry_cap_with_destination on, unless that is given."},
    {"retry_cap_with_destination", .type = ESM__OPTION_BOOL, .fallback = "false",
     .text = "MaximumRetryAttempts = -1 with a destination means 10, as on AWS."},
    {"on_delivery_failure", .type = ESM__OPTION_CHOICE, .choices = "hold|drop", .fallback = "hold",
     .text = "hold: a record waits until its destination takes it. drop: it is dropped after delivery.max_attempts."},
    {"delivery.max_attempts", .type = ESM__OPTION_INT, .min = 1, .max = 1000000, .fallback = "10",
     .text = "How often a delivery is tried."},
    {"delivery.timeout_ms", .type = ESM__OPTION_INT, .min = 1, .max = DAY_MS, .fallback = "60000",
     .text = "A delivery without an answer ends then."},
    {"kafka_destination_format", .type = ESM__OPTION_CHOICE, .choices = "aws|raw", .fallback = "aws",
     .refusal = "the format raw is not served yet",
     .text = "aws: a JSON document for each record. raw: the record as it was."},
    /* own: commits and endings */
    {"commit.interval_ms", .type = ESM__OPTION_INT, .min = 0, .max = DAY_MS, .fallback = "100",
     .text = "The longest that a complete offset waits for its commit to be sent."},
    {"commit.before_next", .type = ESM__OPTION_BOOL, .fallback = "false",
     .text = "The next batch of a partition waits for the commit of the one before."},
    {"drain_ms", .type = ESM__OPTION_INT, .min = 0, .max = DAY_MS, .fallback = "3000",
     .text = "How long a partition that is taken away may finish what is out. Kafka fetches nothing meanwhile."},
    {"stop.drain_ms", .type = ESM__OPTION_INT, .min = 0, .max = DAY_MS, .fallback = "30000",
     .text = "How long a poller that stops may finish what is out."},
    {"offset_out_of_range", .type = ESM__OPTION_CHOICE, .choices = "earliest|latest|stop", .fallback = "earliest",
     .text = "Where to go on when the committed offset is no longer, or not yet, in the log."},
    {"kafka_wake", .type = ESM__OPTION_CHOICE, .choices = "auto|off", .fallback = "auto",
     .text = "Whether librdkafka before 2.2 is woken from its sleep over full queues."},
};

const struct esm__rule esm__rules[] = {
    {"StartingPosition", "AT_TIMESTAMP", 0, "StartingPositionTimestamp", NULL},
    {"StartingPositionTimestamp", NULL, 0, "StartingPosition", "AT_TIMESTAMP"},
    {"batch.window_ms", NULL, 1, "MaximumBatchingWindowInSeconds", NULL},
    {"kafka.bootstrap.servers", NULL, 1, "SelfManagedEventSource.Endpoints.KAFKA_BOOTSTRAP_SERVERS", NULL},
    {"AmazonManagedKafkaEventSourceConfig.ConsumerGroupId", NULL, 1, "SelfManagedKafkaEventSourceConfig.ConsumerGroupId",
     NULL},
    {"kafka.group.id", NULL, 1, "AmazonManagedKafkaEventSourceConfig.ConsumerGroupId", NULL},
    {"kafka.group.id", NULL, 1, "SelfManagedKafkaEventSourceConfig.ConsumerGroupId", NULL},
    {"partial_response", "checkpoint", 0, "FunctionResponseTypes", "ReportBatchItemFailures"},
    {"aws.access_key_id", NULL, 0, "aws.secret_access_key", NULL},
    {"aws.secret_access_key", NULL, 0, "aws.access_key_id", NULL},
    {"aws.session_token", NULL, 0, "aws.access_key_id", NULL},
    {"aws.profile", NULL, 1, "aws.access_key_id", NULL},
    {"delivery.max_attempts", NULL, 0, "on_delivery_failure", "drop"},
};

const struct esm__kafka_refusal esm__kafka_refusals[] = {
    {"enable.auto.commit", "libesm commits what is resolved, and nothing else"},
    {"auto.commit.enable", "libesm commits what is resolved, and nothing else"},
    {"enable.auto.offset.store", "libesm commits what is resolved, and nothing else"},
    {"auto.offset.reset", "StartingPosition and offset_out_of_range decide"},
    {"enable.partition.eof", "libesm has no use for the ends of partitions"},
    {"queued.*", "memory.budget_bytes decides how much is fetched ahead"},
    {"fetch.queue.backoff.ms", "memory.budget_bytes decides how much is fetched ahead"},
    {"fetch.message.max.bytes", "memory.budget_bytes decides how much is fetched ahead"},
    {"max.partition.fetch.bytes", "memory.budget_bytes decides how much is fetched ahead"},
    {"plugin.library.paths", "foreign code could take over the client"},
    {"metadata.broker.list", "kafka.bootstrap.servers is its name here"},
    {"acks", "a delivery counts when every replica in sync has it"},
    {"request.required.acks", "a delivery counts when every replica in sync has it"},
    {"enable.idempotence", "a delivery is not repeated behind the back of libesm"},
};
/* clang-format on */

const size_t esm__option_count = COUNT(esm__options);
const size_t esm__rule_count = COUNT(esm__rules);
const size_t esm__kafka_refusal_count = COUNT(esm__kafka_refusals);
