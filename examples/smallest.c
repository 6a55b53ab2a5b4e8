/* SPDX-License-Identifier: MIT */
/* The smallest program that uses libesm: records of a Kafka topic come to a C function, batch by batch. */
#include <stdio.h>

#include <esm/esm.h>
#include <esm/kafka.h>

static int on_batch(void *user_data, esm_invocation *invocation)
{
    (void)user_data;
    for (size_t i = 0; i < esm_invocation_get_record_count(invocation); i++) {
        size_t size;
        const char *value = esm_record_get_value(esm_invocation_get_record(invocation, i), &size);
        printf("%.*s\n", value ? (int)size : 0, value ? value : "");
    }
    fflush(stdout);
    return esm_invocation_complete(invocation, ESM_OUTCOME_SUCCESS, NULL, 0);
}

int main(int argc, char **argv)
{
    esm_config *config = NULL;
    esm_poller *poller = NULL;
    int error;
    if ((error = esm_config_new(NULL, &config)) ||
        (error = esm_config_set(config, "kafka.bootstrap.servers", argc > 1 ? argv[1] : "localhost:9092")) ||
        (error = esm_config_set(config, "kafka.group.id", "smallest")) ||
        (error = esm_config_set(config, "Topics", "orders")) ||
        (error = esm_config_set(config, "StartingPosition", "TRIM_HORIZON")) ||
        (error = esm_poller_new(NULL, &poller, config)) || (error = esm_poller_use_kafka(poller)) ||
        (error = esm_poller_set_invoke(poller, on_batch, NULL, NULL)) || (error = esm_poller_run(poller)))
        fprintf(stderr, "%s\n", esm_strerror(error));
    esm_poller_unref(poller);
    esm_config_free(config);
    return error != 0;
}
