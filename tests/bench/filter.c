/* SPDX-License-Identifier: MIT */
/*
 * Filters beside what one would do without them: reading the record once (a sum of its words), and parsing it
 * with cJSON. And the way through a poller, with a function that answers at once: a record that is filtered
 * away ought to cost less than one that is delivered. Nanoseconds and, where the kernel lets us count them,
 * instructions of this thread, for one record. The least of several rounds, which take turns.
 *
 *   bench-filter [ROUNDS]
 */
#include <cJSON.h>
#include <esm/esm.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    RUNS = 20000
};

struct record {
    const char *name;
    char text[2048];
    size_t size;
};

struct task {
    const char *name;
    void (*run)(const struct task *task);
    const struct record *record;
    esm_filter *filter;
    esm_record *view;
    int matches;
    esm_poller *poller;
    esm_partition *partition;
    int64_t *offset;
    double ns, instructions;
};

static volatile uint64_t sink;

/* ---- records and patterns ---- */

static void make_small(struct record *record)
{
    record->name = "100 B";
    record->size =
        (size_t)snprintf(record->text, sizeof(record->text),
                         "{\"id\":\"%s\",\"type\":\"order\",\"total\":129.5,\"items\":[1,2,3],\"paid\":true,"
                         "\"zip\":\"8001\"}",
                         "4f1c-8d20-77aa");
}

/* An event as shops write them: names and numbers, a few levels, an array of objects. */
static void make_large(struct record *record)
{
    char *at = record->text, *end = record->text + sizeof(record->text);
    record->name = "1 KiB";
    at += snprintf(
        at, (size_t)(end - at),
        "{\"id\":\"4f1c8d20-77aa-4c5e-9d3b-1f2e3d4c5b6a\",\"type\":\"order.created\",\"time\":\"2026-11-"
        "25T10:15:30.123Z\","
        "\"customer\":{\"id\":9182736,\"name\":\"M. "
        "Example\",\"email\":\"m@example.org\",\"address\":{\"street\":"
        "\"Long Street "
        "17\",\"city\":\"Somewhere\",\"zip\":\"8001\",\"country\":\"CH\"}},\"currency\":\"CHF\",\"items\":[");
    for (int i = 0; at - record->text < 880; i++)
        at +=
            snprintf(at, (size_t)(end - at),
                     "%s{\"sku\":\"SKU-%05d\",\"quantity\":%d,\"price\":%d.95,\"gift\":%s}", i > 0 ? "," : "",
                     10000 + i * 37, i % 5 + 1, i * 13 + 9, i % 3 == 0 ? "true" : "false");
    at += snprintf(
        at, (size_t)(end - at),
        "],\"total\":1299.5,\"status\":\"open\",\"channel\":\"web\",\"version\":3,\"last\":\"end\"}");
    record->size = (size_t)(at - record->text);
}

/* The last pattern is the one that may match; the others look at what is early, late and nested. */
static esm_filter *make_filter(int patterns, const char *last)
{
    static const char *const others[] = {
        "{\"value\":{\"type\":[{\"prefix\":\"refund.\"}]}}",
        "{\"value\":{\"customer\":{\"address\":{\"country\":[\"DE\",\"AT\",\"LI\"]}}}}",
        "{\"value\":{\"total\":[{\"numeric\":[\">\",5000]}]}}",
        "{\"value\":{\"items\":{\"sku\":[\"SKU-9\"],\"quantity\":[{\"numeric\":[\">=\",9]}]}}}",
        "{\"value\":{\"status\":[{\"anything-but\":[\"open\",\"paid\"]}]}}",
        "{\"value\":{\"channel\":[{\"equals-ignore-case\":\"PHONE\"}],\"currency\":[\"EUR\"]}}",
        "{\"value\":{\"id\":[{\"suffix\":\"-000000000000\"}]}}",
        "{\"value\":{\"customer\":{\"email\":[{\"wildcard\":\"*@*.example.com\"}]}}}",
        "{\"value\":{\"version\":[1,2]}}"};
    esm_filter *filter;
    char why[200];
    if (esm_filter_new(NULL, &filter) != 0)
        exit(EXIT_FAILURE);
    for (int i = 0; i < patterns; i++) {
        const char *text = i + 1 == patterns ? last : others[i];
        if (esm_filter_add_pattern(filter, text, strlen(text), why, sizeof(why)) != 0)
            exit((fprintf(stderr, "%s: %s\n", text, why), EXIT_FAILURE));
    }
    return filter;
}

/* ---- tasks ---- */

static void read_once(const struct task *task)
{
    uint64_t sum = 0, word;
    for (size_t i = 0; i + 8 <= task->record->size; i += 8) {
        memcpy(&word, task->record->text + i, 8);
        sum += word;
    }
    sink += sum;
}

static void parse(const struct task *task)
{
    cJSON_Delete(cJSON_ParseWithLength(task->record->text, task->record->size));
}

static void match(const struct task *task)
{
    int matches;
    esm_filter_match(task->filter, task->view, &matches);
    if (matches != task->matches)
        exit((fprintf(stderr, "%s: wrong answer\n", task->name), EXIT_FAILURE));
}

/* ---- the way through the poller: pushed, and delivered or filtered away ---- */

static int answer(void *user_data, esm_invocation *invocation)
{
    (void)user_data;
    sink += (uintptr_t)esm_invocation_get_event(invocation, NULL);
    return esm_invocation_complete(invocation, ESM_OUTCOME_SUCCESS, NULL, 0);
}

static esm_poller *make_poller(const char *pattern, esm_partition **ret_partition)
{
    esm_config *config;
    esm_poller *poller;
    if (esm_config_new(NULL, &config) != 0 ||
        esm_config_set(config, "FilterCriteria.Filters", pattern) != 0 ||
        esm_poller_new(NULL, &poller, config) != 0 ||
        esm_poller_set_invoke(poller, answer, NULL, NULL) != 0 ||
        esm_poller_add_partition(poller, "orders", 0, 0, 0, ret_partition) != 0)
        exit(EXIT_FAILURE);
    esm_config_free(config);
    return poller;
}

static void go_through(const struct task *task)
{
    esm_record_set_offset(task->view, *task->offset);
    while (esm_partition_push(task->partition, task->view) == ESM_ERR_FULL)
        esm_poller_dispatch(task->poller, 0);
    ++*task->offset;
    if (*task->offset % 100 == 0)
        esm_poller_dispatch(task->poller, 0);
}

static void add_ways(struct task *tasks, size_t *count, const struct record *record)
{
    static const char *const patterns[] = {
        NULL, "[{\"Pattern\": \"{\\\"value\\\":{\\\"currency\\\":[\\\"CHF\\\"]}}\"}]",
        "[{\"Pattern\": \"{\\\"value\\\":{\\\"currency\\\":[\\\"EUR\\\"]}}\"}]"};
    static const char *const names[] = {"poller, no filter", "poller, all match", "poller, none matches"};
    static int64_t offsets[3];
    for (int i = 0; i < 3; i++) {
        struct task *task = &tasks[(*count)++];
        *task = (struct task){.name = names[i], .run = go_through, .record = record, .offset = &offsets[i]};
        task->poller = make_poller(patterns[i], &task->partition);
        if (esm_record_new(NULL, &task->view) != 0)
            exit(EXIT_FAILURE);
        esm_record_set_value(task->view, record->text, record->size);
    }
}

/* ---- measuring ---- */

static int open_counter(void)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_HARDWARE,
                                   .size = sizeof(attr),
                                   .config = PERF_COUNT_HW_INSTRUCTIONS,
                                   .exclude_kernel = 1,
                                   .exclude_hv = 1};
    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static uint64_t read_counter(int counter)
{
    uint64_t value = 0;
    return counter >= 0 && read(counter, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

static void measure(struct task *task, int counter)
{
    struct timespec from, to;
    uint64_t before = read_counter(counter);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    for (int i = 0; i < RUNS; i++)
        task->run(task);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    double ns = ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / RUNS;
    task->instructions = (double)(read_counter(counter) - before) / RUNS;
    if (task->ns <= 0 || ns < task->ns)
        task->ns = ns;
}

int main(int argc, char **argv)
{
    static struct record records[2];
    static const struct {
        const char *when, *pattern;
        int matches;
    } last[] = {{"early", "{\"value\":{\"id\":[{\"prefix\":\"4f1c\"}]}}", 1},
                {"late", "{\"value\":{\"zip\":[\"8001\"]}}", 1},
                {"never", "{\"value\":{\"type\":[\"nothing\"]}}", 0}};
    static const int counts[] = {1, 5, 10};
    static struct task tasks[40];
    size_t count = 0;
    int rounds = argc > 1 ? atoi(argv[1]) : 10, counter = open_counter();
    make_small(&records[0]);
    make_large(&records[1]);
    for (int r = 0; r < 2; r++) {
        tasks[count++] = (struct task){.name = "read once", .run = read_once, .record = &records[r]};
        tasks[count++] = (struct task){.name = "cJSON parses", .run = parse, .record = &records[r]};
        for (int p = 0; p < 3; p++)
            for (int w = 0; w < 3; w++) {
                const char *pattern = r == 1 && w == 1 ? "{\"value\":{\"last\":[\"end\"]}}" : last[w].pattern;
                static char names[40][40];
                snprintf(names[count], sizeof(names[count]), "%d pattern%s, %s", counts[p], p > 0 ? "s" : "",
                         last[w].when);
                struct task *task = &tasks[count];
                *task = (struct task){names[count],
                                      match,
                                      &records[r],
                                      make_filter(counts[p], pattern),
                                      NULL,
                                      last[w].matches,
                                      NULL,
                                      NULL,
                                      NULL,
                                      0,
                                      0};
                if (esm_record_new(NULL, &task->view) != 0)
                    return EXIT_FAILURE;
                esm_record_set_value(task->view, records[r].text, records[r].size);
                count++;
            }
    }
    add_ways(tasks, &count, &records[1]);
    for (int i = 0; i < rounds; i++)
        for (size_t t = 0; t < count; t++)
            measure(&tasks[t], counter);
    printf("%-8s %-20s %10s %13s %12s\n", "record", "", "ns", "instructions", "of cJSON");
    for (size_t t = 0, parser = 0; t < count; t++) {
        parser = tasks[t].run == parse ? t : tasks[t].run == read_once ? t + 1 : parser;
        printf("%-8s %-20s %10.0f %13.0f %12.2f\n", tasks[t].record->name, tasks[t].name, tasks[t].ns,
               tasks[t].instructions, tasks[t].ns / tasks[parser].ns);
        esm_poller_unref(tasks[t].poller);
        esm_filter_free(tasks[t].filter);
        esm_record_free(tasks[t].view);
    }
    return EXIT_SUCCESS;
}
