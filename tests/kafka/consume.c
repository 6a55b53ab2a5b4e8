/* SPDX-License-Identifier: MIT */
/*
 * A program to be killed. What its function has seen goes into a file that outlives it, a line "partition
 * offset attempt" for each record, and one batch in a hundred fails at first.
 *
 *     consume run BROKERS TOPIC GROUP FILE [NAME VALUE]...
 *     consume produce BROKERS TOPIC PARTITIONS COUNT     makes the topic, COUNT records into each partition
 *     consume committed BROKERS TOPIC GROUP PARTITIONS   prints an offset for each partition
 */
#include "../mock/group.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static esm_poller *poller;
static int file;
static unsigned invocations;

static int invoke(void *user_data, esm_invocation *invocation)
{
    char lines[32 * 256];
    int size = 0;
    (void)user_data;
    for (size_t i = 0; i < esm_invocation_get_record_count(invocation); i++) {
        const esm_record *record = esm_invocation_get_record(invocation, i);
        size += snprintf(lines + size, 32, "%d %lld %u\n", (int)esm_record_get_partition(record),
                         (long long)esm_record_get_offset(record),
                         (unsigned)esm_invocation_get_attempt(invocation));
    }
    if (write(file, lines, (size_t)size) != size)
        return -1;
    int fails = invocations++ % 100 == 50;
    return esm_invocation_complete(invocation, fails ? ESM_OUTCOME_FAILURE : ESM_OUTCOME_SUCCESS, NULL, 0);
}

static void log_line(void *user_data, enum esm_log_level level, const char *text)
{
    (void)user_data;
    (void)level;
    fprintf(stderr, "%s\n", text);
}

static void stop(int signal)
{
    (void)signal;
    esm_poller_stop(poller, -1);
}

static void must(int error, const char *what)
{
    if (error == 0)
        return;
    fprintf(stderr, "%s: %s\n", what, esm_strerror(error));
    exit(1);
}

static int run(char **arguments)
{
    esm_config *config;
    must(esm_config_new(NULL, &config), "config");
    must(esm_config_set(config, "kafka.bootstrap.servers", arguments[0]), arguments[0]);
    must(esm_config_set(config, "Topics", arguments[1]), arguments[1]);
    must(esm_config_set(config, "SelfManagedKafkaEventSourceConfig.ConsumerGroupId", arguments[2]),
         arguments[2]);
    must(esm_config_set(config, "StartingPosition", "TRIM_HORIZON"), "StartingPosition");
    must(esm_config_set(config, "backoff.function_ms", "20"), "backoff");
    must(esm_config_set(config, "kafka.session.timeout.ms", "6000"),
         "session"); /* the dead are noticed soon */
    for (char **option = arguments + 4; option[0] != NULL && option[1] != NULL; option += 2)
        must(esm_config_set(config, option[0], option[1]), option[0]);
    file = open(arguments[3], O_WRONLY | O_CREAT | O_APPEND, 0666);
    must(file < 0, arguments[3]);
    must(esm_poller_new(NULL, &poller, config), "poller");
    esm_config_free(config);
    must(esm_poller_set_log(poller, ESM_LOG_WARNING, log_line, NULL, NULL), "log");
    must(esm_poller_set_invoke(poller, invoke, NULL, NULL), "invoke");
    must(esm_poller_use_kafka(poller), "kafka");
    signal(SIGTERM, stop);
    must(esm_poller_run(poller), "run");
    return esm_poller_unref(poller) != NULL;
}

static int produce(char **arguments)
{
    struct cluster cluster;
    cluster_open(&cluster, arguments[0]);
    cluster_create(&cluster, arguments[1], atoi(arguments[2]));
    cluster_produce(&cluster, arguments[1], atoi(arguments[2]), atoi(arguments[3]), 100);
    cluster_close(&cluster);
    return 0;
}

static int committed(char **arguments)
{
    struct cluster cluster;
    cluster_open(&cluster, arguments[0]);
    for (int i = 0; i < atoi(arguments[3]); i++)
        printf("%lld\n", (long long)cluster_committed(&cluster, arguments[2], arguments[1], i, NULL));
    cluster_close(&cluster);
    return 0;
}

int main(int count, char **arguments)
{
    if (count >= 6 && strcmp(arguments[1], "run") == 0)
        return run(arguments + 2);
    if (count == 6 && strcmp(arguments[1], "produce") == 0)
        return produce(arguments + 2);
    if (count == 6 && strcmp(arguments[1], "committed") == 0)
        return committed(arguments + 2);
    fprintf(stderr, "consume run|produce|committed BROKERS TOPIC ...\n");
    return 2;
}
