/* SPDX-License-Identifier: MIT */
/* The program: runs seeds, one after another, and says which one broke what. */
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "simulation [--from SEED] [--count N | --seconds N] [--seeds FILE] [--break NAME | --bites NAME] "
    "[--verbose]\n"
    "  --from SEED     the first seed (1)\n"
    "  --count N       how many (1)\n"
    "  --seconds N     as many as there is time for\n"
    "  --seeds FILE    those of the file, each twice, which must be the same\n"
    "  --break NAME    breaks an invariant on purpose; 'list' lists them\n"
    "  --bites NAME    the same, and succeeds if just that is reported\n"
    "  --verbose       all that happens\n";

struct options {
    uint64_t from;
    int64_t count, seconds;
    const char *seeds;
    enum invariant on_purpose;
    int bites, is_verbose;
};

static struct world world;

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run_seed(const struct options *options, uint64_t seed)
{
    run(&world, seed, options->on_purpose, options->is_verbose);
    if (world.broken == NOTHING)
        return 0;
    if (!options->bites)
        printf("seed %llu, at %lld ms: %s: %s\n", (unsigned long long)seed, (long long)world.now_ms,
               invariant_names[world.broken], world.what);
    return 1;
}

static int run_many(const struct options *options)
{
    double start = now_s();
    int64_t ran = 0, failed = 0, records = 0, invocations = 0;
    while (options->seconds > 0 ? now_s() - start < (double)options->seconds : ran < options->count) {
        failed += run_seed(options, options->from + (uint64_t)ran++);
        records += world.records;
        invocations += world.invocations;
    }
    double took = now_s() - start;
    printf("%lld seeds from %llu on in %.1f s, %.0f an hour; %lld records, %lld invocations; %lld failed\n",
           (long long)ran, (unsigned long long)options->from, took, (double)ran * 3600 / took,
           (long long)records, (long long)invocations, (long long)failed);
    return failed > 0;
}

/* Seeds that once found something. What is said of them is behind the number. */
static int run_corpus(const struct options *options)
{
    FILE *file = fopen(options->seeds, "r");
    char line[200];
    int failed = 0, ran = 0;
    if (file == NULL) {
        perror(options->seeds);
        return 2;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        char *end;
        uint64_t seed = strtoull(line, &end, 10);
        if (end == line)
            continue;
        failed += run_seed(options, seed);
        uint64_t digest = world.digest;
        run_seed(options, seed);
        if (world.digest != digest) {
            printf("seed %llu: not twice the same\n", (unsigned long long)seed);
            failed++;
        }
        ran++;
    }
    fclose(file);
    printf("%d seeds of %s, %d failed\n", ran, options->seeds, failed);
    return failed > 0 || ran == 0;
}

/* At least one seed reports it, and none reports anything else. */
static int run_bites(const struct options *options)
{
    enum {
        SEEDS = 40
    };
    int reported = 0;
    for (uint64_t seed = options->from; seed < options->from + SEEDS; seed++) {
        if (!run_seed(options, seed))
            continue;
        if (world.broken != options->on_purpose) {
            printf("seed %llu: %s is broken, and this was reported: %s: %s\n", (unsigned long long)seed,
                   invariant_names[options->on_purpose], invariant_names[world.broken], world.what);
            return 1;
        }
        reported++;
    }
    printf("%s: reported by %d of %d seeds\n", invariant_names[options->on_purpose], reported, SEEDS);
    return reported == 0;
}

static enum invariant find_invariant(const char *name)
{
    for (int i = NOTHING + 1; i < INVARIANTS; i++)
        if (strcmp(name, "list") == 0)
            puts(invariant_names[i]);
        else if (strcmp(name, invariant_names[i]) == 0)
            return (enum invariant)i;
    exit(strcmp(name, "list") == 0 ? 0 : 2);
}

static int read_options(struct options *options, char **argument)
{
    for (; *argument != NULL; argument++) {
        const char *name = *argument;
        if (strcmp(name, "--verbose") == 0) {
            options->is_verbose = 1;
            continue;
        }
        const char *value = *++argument;
        if (value == NULL)
            return -1;
        if (strcmp(name, "--from") == 0)
            options->from = strtoull(value, NULL, 10);
        else if (strcmp(name, "--count") == 0)
            options->count = strtoll(value, NULL, 10);
        else if (strcmp(name, "--seconds") == 0)
            options->seconds = strtoll(value, NULL, 10);
        else if (strcmp(name, "--seeds") == 0)
            options->seeds = value;
        else if (strcmp(name, "--break") == 0)
            options->on_purpose = find_invariant(value);
        else if (strcmp(name, "--bites") == 0)
            options->on_purpose = find_invariant(value), options->bites = 1;
        else
            return -1;
    }
    return 0;
}

int main(int count, char **arguments)
{
    struct options options = {.from = 1, .count = 1};
    (void)count;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (read_options(&options, arguments + 1) != 0) {
        fputs(usage, stderr);
        return 2;
    }
    if (options.bites)
        return run_bites(&options);
    if (options.seeds != NULL)
        return run_corpus(&options);
    const char *is_long = getenv("ESM_TEST_LONG");
    if (is_long != NULL && is_long[0] != '\0')
        options.count *= 10;
    return run_many(&options);
}
