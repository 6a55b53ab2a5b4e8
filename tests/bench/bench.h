/* SPDX-License-Identifier: MIT */
/* What the two programs under comparison share: their options, and how they are measured. */
#ifndef ESM_TESTS_BENCH_H
#define ESM_TESTS_BENCH_H

#include <stdbool.h>
#include <stdint.h>

struct bench_options {
    const char *brokers;
    const char *topic;
    const char *group;
    const char *url;      /* of the function */
    int batch;            /* records in a batch, at most */
    int64_t records;      /* the run ends when so many are answered */
    int64_t queue_kbytes; /* each partition's fetch queue; 0: the program's own default */
    bool wake;            /* wake librdkafka's threads after draining a small queue */
};

/* Reads the command line; a bad one ends the program with a message. */
void bench_options_parse(struct bench_options *options, int argc, char **argv);

/* Says what went wrong and ends the program: a benchmark that fails has no number. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2), noreturn))
#endif
void bench_die(const char *format, ...);

int64_t bench_now_ms(void); /* monotonic */

/* Between the two stands what is measured, on one and the same thread: from the first record to the last
 * answer. */
void bench_start(void);
void bench_finish(const char *program, const struct bench_options *options, int64_t records,
                  int64_t invocations);

#endif
