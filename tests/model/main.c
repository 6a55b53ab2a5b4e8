/* SPDX-License-Identifier: MIT */
/*
 * Runs the corpus, then random scenarios. What differs is shrunk and printed.
 *
 *   model CORPUS [--scenarios N] [--seconds S] [--seed S] [--save FILE]
 *
 * --save keeps the bytes of a scenario that differs, to be put into the corpus.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"

enum {
    SCENARIO_MAX = 400 /* bytes */
};

static char scene[MODEL_SCENE_MAX];

/* SplitMix64. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* ---- shrinking ---- */

/* Leaves bytes out, in ever smaller pieces, as long as the scenario still differs. */
static size_t leave_out(uint8_t *data, size_t size)
{
    uint8_t shorter[SCENARIO_MAX];
    for (size_t piece = size / 2; piece > 0; piece /= 2)
        for (size_t at = 0; at + piece <= size;) {
            memcpy(shorter, data, at);
            memcpy(shorter + at, data + at + piece, size - at - piece);
            if (model_check_bytes(shorter, size - piece) != 0)
                memcpy(data, shorter, size -= piece);
            else
                at += piece;
        }
    return size;
}

static void make_smaller(uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size; at++) {
        uint8_t was = data[at];
        for (data[at] = 0; data[at] < was && model_check_bytes(data, size) == 0;)
            data[at]++;
    }
}

static size_t shrink(uint8_t *data, size_t size)
{
    for (size_t before = 0; before != size;) {
        before = size;
        size = leave_out(data, size);
        make_smaller(data, size);
    }
    return size;
}

static int tell(const uint8_t *found, size_t size, const char *name, const char *save)
{
    uint8_t data[SCENARIO_MAX];
    size = size < sizeof(data) ? size : sizeof(data);
    memcpy(data, found, size);
    size = shrink(data, size);
    model_check_scene(data, size, scene);
    printf("# engine and model differ (%s), %zu bytes; last comes what the model expects\n%s", name, size,
           scene);
    FILE *file = save == NULL ? NULL : fopen(save, "wb");
    if (file != NULL) {
        fwrite(data, 1, size, file);
        fclose(file);
    }
    return -1;
}

/* ---- scenarios ---- */

static int run_corpus(const char *path, int *ret_count)
{
    int result = 0;
    struct dirent *entry;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return fprintf(stderr, "no corpus: %s\n", path), -1;
    while (result == 0 && (entry = readdir(directory)) != NULL) {
        uint8_t data[SCENARIO_MAX];
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        FILE *file = fopen(name, "rb");
        size_t size = file == NULL ? 0 : fread(data, 1, sizeof(data), file);
        if (file != NULL)
            fclose(file);
        ++*ret_count;
        if (model_check_bytes(data, size) != 0)
            result = tell(data, size, entry->d_name, NULL);
    }
    closedir(directory);
    return result;
}

/* A scenario has its own seed, so that it can be run alone. */
static int run_random(uint64_t seed, const char *save)
{
    uint8_t data[SCENARIO_MAX];
    char name[64];
    uint64_t state = seed;
    size_t size = 8 + next_random(&state) % (SCENARIO_MAX - 8);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)next_random(&state);
    snprintf(name, sizeof(name), "--seed %" PRIu64 " --scenarios 1", seed);
    return model_check_bytes(data, size) == 0 ? 0 : tell(data, size, name, save);
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, scenarios = UINT64_MAX, done = 0;
    double seconds = 0;
    const char *save = NULL;
    int corpus = 0;
    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--scenarios") == 0)
            scenarios = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--seconds") == 0)
            seconds = strtod(argv[i + 1], NULL);
        else if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--save") == 0)
            save = argv[i + 1];
    }
    if (argc < 2 || argc % 2 != 0 || (seconds <= 0 && scenarios == UINT64_MAX))
        return fprintf(stderr, "model CORPUS [--scenarios N] [--seconds S] [--seed S] [--save FILE]\n"), 2;
    if (run_corpus(argv[1], &corpus) != 0)
        return EXIT_FAILURE;
    for (time_t start = time(NULL);
         done < scenarios && (seconds <= 0 || difftime(time(NULL), start) < seconds); done++)
        if (run_random(seed + done, save) != 0)
            return EXIT_FAILURE;
    printf("%d scenarios of the corpus and %" PRIu64 " random ones, from seed %" PRIu64
           " on: engine and model agree\n",
           corpus, done, seed);
    return EXIT_SUCCESS;
}
