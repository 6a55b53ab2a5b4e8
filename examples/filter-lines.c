/* SPDX-License-Identifier: MIT */
/*
 * A filter alone, as a grep for records: prints the lines of the standard input that pass, each of them the
 * value of a Kafka record.
 *
 *   filter-lines [--event] [-v] PATTERN...
 *
 * Patterns are those of FilterCriteria; a line passes if one of them matches. --event: a line is a whole JSON
 * event. -v: prints the lines that do not pass. It ends with 0 if it has printed a line, with 1 if there was
 * none, and with 2 on an error.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <esm/filter.h>

#define TROUBLE 2

static void must(int error)
{
    if (error) {
        fprintf(stderr, "filter-lines: %s\n", esm_strerror(error));
        exit(TROUBLE);
    }
}

static void add_pattern(esm_filter *filter, const char *pattern)
{
    char reason[200];
    int error = esm_filter_add_pattern(filter, pattern, strlen(pattern), reason, sizeof(reason));
    if (error == ESM_ERR_CONFIG) {
        fprintf(stderr, "filter-lines: %s: %s\n", pattern, reason);
        exit(TROUBLE);
    }
    must(error);
}

static int passes(const esm_filter *filter, esm_record *record, const char *line, size_t size)
{
    int matches;
    must(esm_record_set_value(record, line, size));
    must(esm_filter_match(filter, record, &matches));
    return matches;
}

static int is_event_that_passes(const esm_filter *filter, const char *line, size_t size)
{
    int matches = 0;
    int error = esm_filter_match_json(filter, line, size, &matches);
    must(error == ESM_ERR_NOT_FOUND ? 0 : error); /* it is no JSON object */
    return matches;
}

/* Returns how many lines were printed. */
static size_t filter_lines(const esm_filter *filter, int are_events, int wanted)
{
    esm_record *record;
    char *line = NULL;
    size_t capacity = 0, printed = 0;
    ssize_t length;
    must(esm_record_new(NULL, &record));
    while ((length = getline(&line, &capacity, stdin)) >= 0) {
        size_t size = (size_t)length - (line[length - 1] == '\n');
        int does = are_events ? is_event_that_passes(filter, line, size) : passes(filter, record, line, size);
        if (does == wanted) {
            fwrite(line, 1, size, stdout);
            putchar('\n');
            printed++;
        }
    }
    free(line);
    esm_record_free(record);
    if (ferror(stdin) || fflush(stdout) != 0 || ferror(stdout))
        must(ESM_ERR_SYSTEM);
    return printed;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"event", no_argument, NULL, 'e'}, {NULL, 0, NULL, 0}};
    esm_filter *filter;
    int are_events = 0, wanted = 1, option;
    while ((option = getopt_long(argc, argv, "v", options, NULL)) != -1) {
        switch (option) {
        case 'e': are_events = 1; break;
        case 'v': wanted = 0; break;
        default: return TROUBLE;
        }
    }
    if (optind == argc) {
        fprintf(stderr, "usage: filter-lines [--event] [-v] PATTERN...\n");
        return TROUBLE;
    }
    must(esm_filter_new(NULL, &filter));
    for (int i = optind; i < argc; i++)
        add_pattern(filter, argv[i]);
    size_t printed = filter_lines(filter, are_events, wanted);
    esm_filter_free(filter);
    return printed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
