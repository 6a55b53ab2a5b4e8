/* SPDX-License-Identifier: MIT */
/*
 * What loop.c does, done by libesm, with all on that guards a mapping. The run ends when so many records are
 * answered and no invocation is out, so --records names all that the topic holds.
 */
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>

#include <esm/aws.h>
#include <esm/kafka.h>

static void must(int result, const char *what)
{
    if (result < 0)
        bench_die("%s: %s", what, esm_strerror(result));
}

static void on_log(void *user_data, enum esm_log_level level, const char *text)
{
    (void)user_data;
    (void)level;
    fprintf(stderr, "%s\n", text);
}

static esm_config *configure(const struct bench_options *options)
{
    char batch[16];
    snprintf(batch, sizeof(batch), "%d", options->batch);
    const char *const settings[][2] = {
        {"SelfManagedEventSource.Endpoints", options->brokers},
        {"Topics", options->topic},
        {"SelfManagedKafkaEventSourceConfig.ConsumerGroupId", options->group},
        {"StartingPosition", "TRIM_HORIZON"},
        {"BatchSize", batch},
        {"function.url", options->url},
        {"MaximumRetryAttempts", "3"},
        {"MaximumRecordAgeInSeconds", "604800"},
        {"BisectBatchOnFunctionError", "true"},
        {"FunctionResponseTypes", "ReportBatchItemFailures"},
    };
    esm_config *config = NULL;
    must(esm_config_new(NULL, &config), "esm_config_new");
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        must(esm_config_set(config, settings[i][0], settings[i][1]), settings[i][0]);
    return config;
}

/* Records that were answered for certain: what is out may be whole batches. */
static int64_t answered(const esm_poller *poller, const struct bench_options *options)
{
    return esm_poller_get_counter(poller, ESM_COUNTER_INVOKED) -
           esm_poller_get_counter(poller, ESM_COUNTER_FAILED_INVOKE) -
           esm_poller_get_counter(poller, ESM_COUNTER_IN_FLIGHT) * options->batch;
}

static void run(esm_poller *poller, const struct bench_options *options)
{
    do { /* the first record comes within this short wait */
        bench_start();
        must(esm_poller_dispatch(poller, 1), "esm_poller_dispatch");
    } while (!esm_poller_get_counter(poller, ESM_COUNTER_POLLED));
    while (answered(poller, options) < options->records)
        must(esm_poller_dispatch(poller, -1), "esm_poller_dispatch");
    if (esm_poller_get_counter(poller, ESM_COUNTER_INVOKE_ERRORS))
        bench_die("%" PRId64 " invocations failed",
                  esm_poller_get_counter(poller, ESM_COUNTER_INVOKE_ERRORS));
    bench_finish("libesm", options, answered(poller, options),
                 esm_poller_get_counter(poller, ESM_COUNTER_INVOCATIONS));
}

int main(int argc, char **argv)
{
    struct bench_options options;
    bench_options_parse(&options, argc, argv);
    if (options.queue_kbytes || options.wake)
        bench_die("libesm chooses the size of its queues, and wakes librdkafka, by itself");
    esm_config *config = configure(&options);
    esm_poller *poller = NULL;
    must(esm_poller_new(NULL, &poller, config), "esm_poller_new");
    must(esm_poller_set_log(poller, ESM_LOG_WARNING, on_log, NULL, NULL), "esm_poller_set_log");
    must(esm_poller_use_kafka(poller), "esm_poller_use_kafka");
    must(esm_poller_use_lambda(poller), "esm_poller_use_lambda");
    run(poller, &options);
    must(esm_poller_stop(poller, -1), "esm_poller_stop");
    must(esm_poller_run(poller), "esm_poller_run");
    esm_poller_unref(poller);
    esm_config_free(config);
    return 0;
}
