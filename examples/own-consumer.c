/* SPDX-License-Identifier: MIT */
/*
 * One's own consumer: records come from the lines of a file (or the standard input) and commits go to a
 * callback. Line by line they fall to three partitions in turn. A partition that has enough says so, and the
 * reading rests until it wants more. The function prints what it gets.
 *
 * A file never blocks. For a pipe or a socket, read from the callback of esm_poller_add_watch() instead.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <esm/esm.h>

#define PARTITIONS 3

struct consumer {
    esm_poller *poller;
    FILE *file;
    esm_partition *partitions[PARTITIONS];
    int64_t next_offsets[PARTITIONS];
    int64_t committed[PARTITIONS];
    esm_record *record;
    char *line; /* the record's value */
    size_t capacity;
    int64_t lines;
    int has_line; /* read, and not pushed yet */
    int at_end;
};

static void must(int error)
{
    if (error) {
        fprintf(stderr, "own-consumer: %s\n", esm_strerror(error));
        exit(EXIT_FAILURE);
    }
}

static int read_line(struct consumer *consumer)
{
    ssize_t size = getline(&consumer->line, &consumer->capacity, consumer->file);
    if (size < 0)
        return 0;
    consumer->line[strcspn(consumer->line, "\n")] = '\0';
    return 1;
}

static void stop_if_done(const struct consumer *consumer)
{
    for (int i = 0; i < PARTITIONS; i++)
        if (!consumer->at_end || consumer->committed[i] < consumer->next_offsets[i])
            return;
    must(esm_poller_stop(consumer->poller, -1));
}

/* Pushes lines until the file ends or a partition is full. */
static void feed(struct consumer *consumer)
{
    while (consumer->has_line || (consumer->has_line = read_line(consumer))) {
        int i = (int)(consumer->lines % PARTITIONS);
        must(esm_record_set_offset(consumer->record, consumer->next_offsets[i]));
        must(esm_record_set_value(consumer->record, consumer->line, strlen(consumer->line)));
        int error = esm_partition_push(consumer->partitions[i], consumer->record);
        if (error == ESM_ERR_FULL)
            return; /* the line is kept; on_want() comes when there is room */
        must(error);
        consumer->next_offsets[i]++;
        consumer->lines++;
        consumer->has_line = 0;
    }
    consumer->at_end = 1;
    stop_if_done(consumer);
}

static void on_want(void *user_data, esm_partition *partition)
{
    (void)partition;
    feed(user_data);
}

static int on_source(void *user_data, enum esm_source_event event)
{
    struct consumer *consumer = user_data;
    if (event == ESM_SOURCE_STOP)
        return esm_poller_source_closed(consumer->poller);
    for (int i = 0; i < PARTITIONS; i++) {
        must(esm_poller_add_partition(consumer->poller, "lines", i, 0, 0, &consumer->partitions[i]));
        must(esm_partition_set_want(consumer->partitions[i], on_want, consumer, NULL));
    }
    feed(consumer);
    return 0;
}

static int on_commit(void *user_data, esm_commit *commit)
{
    struct consumer *consumer = user_data;
    int32_t partition;
    int64_t offset;
    for (size_t i = 0; esm_commit_get_offset(commit, i, NULL, &partition, &offset, NULL) == 0; i++)
        consumer->committed[partition] = offset; /* here it would go to a database */
    must(esm_commit_complete(commit, ESM_OUTCOME_SUCCESS));
    stop_if_done(consumer);
    return 0;
}

static int on_batch(void *user_data, esm_invocation *invocation)
{
    (void)user_data;
    for (size_t i = 0; i < esm_invocation_get_record_count(invocation); i++) {
        const esm_record *record = esm_invocation_get_record(invocation, i);
        size_t size;
        const char *value = esm_record_get_value(record, &size);
        printf("%" PRId32 "/%" PRId64 " %.*s\n", esm_record_get_partition(record),
               esm_record_get_offset(record), (int)size, value);
    }
    return esm_invocation_complete(invocation, ESM_OUTCOME_SUCCESS, NULL, 0);
}

int main(int argc, char **argv)
{
    struct consumer consumer = {.file = argc > 1 ? fopen(argv[1], "r") : stdin};
    esm_config *config;
    if (!consumer.file) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    must(esm_config_new(NULL, &config));
    must(esm_config_set(config, "BatchSize", "5"));
    must(esm_poller_new(NULL, &consumer.poller, config));
    must(esm_record_new(NULL, &consumer.record));
    must(esm_poller_set_source(consumer.poller, on_source, &consumer, NULL));
    must(esm_poller_set_commit(consumer.poller, on_commit, &consumer, NULL));
    must(esm_poller_set_invoke(consumer.poller, on_batch, NULL, NULL));
    must(esm_poller_run(consumer.poller));
    printf("%" PRId64 " lines, committed %" PRId64 " %" PRId64 " %" PRId64 "\n", consumer.lines,
           consumer.committed[0], consumer.committed[1], consumer.committed[2]);
    esm_poller_unref(consumer.poller);
    esm_record_free(consumer.record);
    esm_config_free(config);
    free(consumer.line);
    fclose(consumer.file);
    return EXIT_SUCCESS;
}
