/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <librdkafka/rdkafka.h>

void bench_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

/* ---- options ---- */

static const char usage[] =
    "options: --brokers LIST --topic NAME --group NAME --url URL --records N [--batch 100] [--queue-kbytes "
    "N] [--wake]";

static int64_t parse_number(const char *text, int64_t least, int64_t most)
{
    char *end = NULL;
    errno = 0;
    int64_t number = strtoll(text, &end, 10);
    if (errno || end == text || *end || number < least || number > most)
        bench_die("not a number from %" PRId64 " to %" PRId64 ": %s", least, most, text);
    return number;
}

void bench_options_parse(struct bench_options *options, int argc, char **argv)
{
    static const struct option names[] = {
        {"brokers", required_argument, NULL, 'b'},
        {"topic", required_argument, NULL, 't'},
        {"group", required_argument, NULL, 'g'},
        {"url", required_argument, NULL, 'u'},
        {"records", required_argument, NULL, 'r'},
        {"batch", required_argument, NULL, 'n'},
        {"wake", no_argument, NULL, 'w'},
        {"queue-kbytes", required_argument, NULL, 'q'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct bench_options){.batch = 100};
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case 'b': options->brokers = optarg; break;
        case 't': options->topic = optarg; break;
        case 'g': options->group = optarg; break;
        case 'u': options->url = optarg; break;
        case 'r': options->records = parse_number(optarg, 1, INT64_MAX); break;
        case 'n': options->batch = (int)parse_number(optarg, 1, 10000); break;
        case 'q': options->queue_kbytes = parse_number(optarg, 1, 2097151); break;
        case 'w': options->wake = true; break;
        default: bench_die("%s", usage);
        }
    }
    if (optind != argc || !options->brokers || !options->topic || !options->group || !options->url ||
        !options->records)
        bench_die("%s", usage);
}

/* ---- measuring ---- */

struct sample {
    struct timespec wall;
    struct timespec thread_cpu;
    struct rusage usage;
};

static struct sample first;

static void sample_take(struct sample *sample)
{
    clock_gettime(CLOCK_MONOTONIC, &sample->wall);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &sample->thread_cpu);
    getrusage(RUSAGE_SELF, &sample->usage);
}

static double seconds_between(struct timespec from, struct timespec to)
{
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
}

static double cpu_between(struct timeval from, struct timeval to)
{
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_usec - from.tv_usec) * 1e-6;
}

static int64_t peak_rss_kib(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    int64_t peak = -1;
    char line[256];
    while (status && fgets(line, sizeof(line), status)) {
        if (sscanf(line, "VmHWM: %" SCNd64, &peak) == 1)
            break;
    }
    if (status)
        fclose(status);
    return peak;
}

int64_t bench_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void bench_start(void)
{
    sample_take(&first);
}

void bench_finish(const char *program, const struct bench_options *options, int64_t records,
                  int64_t invocations)
{
    struct sample last;
    sample_take(&last);
    double seconds = seconds_between(first.wall, last.wall);
    double user = cpu_between(first.usage.ru_utime, last.usage.ru_utime);
    double system = cpu_between(first.usage.ru_stime, last.usage.ru_stime);
    double own = seconds_between(first.thread_cpu, last.thread_cpu);
    printf("{\"program\":\"%s\",\"rdkafka\":\"%s\",\"topic\":\"%s\",\"batch\":%d,\"queue_kbytes\":%" PRId64
           ",\"wake\":%s",
           program, rd_kafka_version_str(), options->topic, options->batch, options->queue_kbytes,
           options->wake ? "true" : "false");
    printf(",\"records\":%" PRId64 ",\"invocations\":%" PRId64, records, invocations);
    printf(",\"seconds\":%.4f,\"records_per_second\":%.0f", seconds, (double)records / seconds);
    printf(
        ",\"cpu_user_seconds\":%.4f,\"cpu_system_seconds\":%.4f,\"cpu_own_thread_seconds\":%.4f"
        ",\"cpu_other_threads_seconds\":%.4f,\"cpu_us_per_record\":%.4f",
        user, system, own, user + system - own, (user + system) * 1e6 / (double)records);
    printf(",\"peak_rss_kib\":%" PRId64 "}\n", peak_rss_kib());
}
