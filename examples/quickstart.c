/* SPDX-License-Identifier: MIT */
/*
 * The quickstart: a Kafka with ten thousand orders, a function behind HTTP that has its troubles, and the
 * mapping between the two, all in one process. It shows what goes on and, at the end, checks that nothing was
 * lost.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <esm/esm.h>

#include "quickstart.h"

#define TERMINAL_TICK_MS 100
#define PLAIN_TICK_MS    1000
#define LIMIT_MS         110000

struct run {
    esm_poller *poller;
    esm_timer *tick;
    int64_t started_ms;
    int on_terminal;
};

static void must(int error)
{
    if (error) {
        fprintf(stderr, "quickstart: %s\n", esm_strerror(error));
        exit(EXIT_FAILURE);
    }
}

/* ---- the mapping at work ---- */

static esm_config *new_config(const char *brokers, uint16_t port)
{
    static const char mapping[] = /* as create-event-source-mapping takes it, and where to find Lambda */
        "{\"SelfManagedEventSource\": {\"Endpoints\": {\"KAFKA_BOOTSTRAP_SERVERS\": [\"%s\"]}},\n"
        " \"SelfManagedKafkaEventSourceConfig\": {\"ConsumerGroupId\": \"" GROUP
        "\"},\n"
        " \"Topics\": [\"" TOPIC
        "\"], \"StartingPosition\": \"TRIM_HORIZON\",\n"
        " \"FunctionName\": \"" TOPIC
        "\", \"BatchSize\": 100,\n"
        " \"MaximumRetryAttempts\": 2, \"BisectBatchOnFunctionError\": true,\n"
        " \"FunctionResponseTypes\": [\"ReportBatchItemFailures\"],\n"
        " \"DestinationConfig\": {\"OnFailure\": {\"Destination\": \"kafka://" DEAD_LETTERS
        "\"}},\n"
        " \"aws.endpoint_url\": \"http://127.0.0.1:%u\", \"aws.region\": \"eu-west-1\",\n"
        " \"aws.access_key_id\": \"quickstart\", \"aws.secret_access_key\": \"quickstart\"}\n";
    char json[2048];
    esm_config *config;
    int size = snprintf(json, sizeof(json), mapping, brokers, port);
    puts(json);
    must(esm_config_new(NULL, &config));
    must(esm_config_load_json(config, json, (size_t)size));
    return config;
}

static int64_t count_of(const struct run *run, enum esm_counter counter)
{
    return esm_poller_get_counter(run->poller, counter);
}

static void show_progress(const struct run *run)
{
    printf("%s%5" PRId64 " of %d orders settled, %3" PRId64 " invocations, %2" PRId64 " retries, %2" PRId64
           " splits, %2" PRId64 " partial, %2" PRId64 " throttled, %" PRId64 " given up%s",
           run->on_terminal ? "\r" : "", count_of(run, ESM_COUNTER_COMMITTED), RECORDS,
           count_of(run, ESM_COUNTER_INVOCATIONS), count_of(run, ESM_COUNTER_RETRIES),
           count_of(run, ESM_COUNTER_SPLITS), count_of(run, ESM_COUNTER_PARTIALS),
           count_of(run, ESM_COUNTER_THROTTLES), count_of(run, ESM_COUNTER_DELIVERED),
           run->on_terminal ? "" : "\n");
    fflush(stdout);
}

static void on_tick(void *user_data)
{
    struct run *run = user_data;
    int64_t now_ms = 0;
    must(esm_poller_get_time(run->poller, &now_ms, NULL));
    show_progress(run);
    if (count_of(run, ESM_COUNTER_COMMITTED) == RECORDS)
        must(esm_poller_stop(run->poller, -1));
    else if (now_ms > run->started_ms + LIMIT_MS)
        must(esm_poller_stop(run->poller, 0)); /* the checks will tell what is missing */
    else
        must(esm_timer_set(run->tick, now_ms + (run->on_terminal ? TERMINAL_TICK_MS : PLAIN_TICK_MS)));
}

static void write_log(void *user_data, enum esm_log_level level, const char *text)
{
    const struct run *run = user_data;
    (void)level;
    printf("%s%s\n", run->on_terminal ? "\r\033[K" : "", text); /* over the line of progress */
}

static void run_mapping(struct run *run, const esm_config *config)
{
    must(esm_poller_new(NULL, &run->poller, config));
    must(esm_poller_set_log(run->poller, ESM_LOG_WARNING, write_log, run, NULL));
    must(esm_poller_use_configuration(run->poller));
    must(esm_poller_add_timer(run->poller, on_tick, run, &run->tick));
    must(esm_poller_get_time(run->poller, &run->started_ms, NULL));
    must(esm_timer_set(run->tick, run->started_ms));
    must(esm_poller_run(run->poller));
    esm_timer_free(run->tick);
    puts("\n");
}

/* ---- what has become of the orders ---- */

static int check(int ok, const char *text)
{
    printf("%s  %s\n", ok ? "yes" : "NO ", text);
    return ok;
}

static void print_counts(const struct run *run, const struct function_report *report)
{
    printf("The function was called %d times: it refused %d for load, failed %d and answered %d in part.\n",
           report->calls, report->refused, report->failed, report->partial);
    printf("The poller made %" PRId64 " invocations, %" PRId64 " of them retries, split %" PRId64
           " batches and gave %" PRId64 " records up.\n\n",
           count_of(run, ESM_COUNTER_INVOCATIONS), count_of(run, ESM_COUNTER_RETRIES),
           count_of(run, ESM_COUNTER_SPLITS), count_of(run, ESM_COUNTER_DELIVERED));
}

static int check_offsets(struct cluster *cluster)
{
    int all_committed = 1;
    puts("partition     end  committed");
    for (int32_t i = 0; i < PARTITIONS; i++) {
        int64_t end = cluster_get_end(cluster, TOPIC, i);
        int64_t committed = cluster_get_committed(cluster, i);
        printf("%s-%" PRId32 "  %7" PRId64 "  %9" PRId64 "\n", TOPIC, i, end, committed);
        all_committed = all_committed && end == PER_PARTITION && committed == end;
    }
    puts("");
    return all_committed;
}

/* Each poisonous order once, and nothing else. */
static int check_letters(struct cluster *cluster)
{
    struct letter letters[64];
    uint8_t found[RECORDS] = {0};
    size_t count = cluster_read_letters(cluster, letters, sizeof(letters) / sizeof(letters[0]));
    int ok = 1;
    puts("in " DEAD_LETTERS "    from        condition         invocations");
    for (size_t i = 0; i < count; i++) {
        const struct letter *letter = &letters[i];
        printf("order %-5" PRId64 "         " TOPIC "-%" PRId64 "/%-4" PRId64 " %-17s %d\n", letter->order,
               letter->order % PARTITIONS, letter->order / PARTITIONS, letter->condition,
               letter->invocations);
        if (letter->order < 0 || letter->order >= RECORDS || found[letter->order]++ > 0 ||
            !is_poison(letter->order) || strcmp(letter->condition, "RetriesExhausted") != 0)
            ok = 0;
    }
    for (int order = 0; order < RECORDS; order++)
        if (is_poison(order) && !found[order])
            ok = 0;
    puts("");
    return ok;
}

static int check_function(const struct function_report *report)
{
    int all_seen = 1, all_done = 1;
    for (int order = 0; order < RECORDS; order++) {
        all_seen = all_seen && report->seen[order] > 0;
        all_done = all_done && report->done[order] == !is_poison(order);
    }
    return check(all_seen, "the function has seen every order") &
           check(all_done, "it has done every good order, once, and no poisonous one") &
           check(report->refused > 0 && report->failed > 0 && report->partial > 0,
                 "it has refused, failed and answered in part on the way");
}

int main(void)
{
    struct run run = {.on_terminal = isatty(STDOUT_FILENO)};
    uint16_t port;
    struct function *function = function_start(&port);
    struct cluster *cluster = cluster_new();
    if (!function)
        must(ESM_ERR_SYSTEM);
    cluster_produce_orders(cluster);
    esm_config *config = new_config(cluster_get_brokers(cluster), port);
    run_mapping(&run, config);

    const struct function_report *report = function_stop(function);
    print_counts(&run, report);
    int offsets_ok = check_offsets(cluster), letters_ok = check_letters(cluster);
    int ok = check_function(report) &
             check(letters_ok, "every poisonous order is in " DEAD_LETTERS ", once, with its condition") &
             check(offsets_ok, "every partition is committed to its end");

    esm_poller_unref(run.poller);
    esm_config_free(config);
    cluster_free(cluster);
    function_free(function);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
