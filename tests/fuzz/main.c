/* SPDX-License-Identifier: MIT */
/* Runs a target on files, and on the files in directories, where the compiler brings no fuzzer. */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

static size_t runs;

static void run_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(size == 0 ? 1 : size); /* as large as the input, so that reading too far shows */
    MUST(file != NULL && data != NULL && fread(data, 1, size, file) == size);
    fclose(file);
    fprintf(stderr, "%s\n", path); /* the last one named is the one that failed */
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    runs++;
}

static void run(const char *path)
{
    struct stat status;
    MUST(stat(path, &status) == 0);
    if (!S_ISDIR(status.st_mode)) {
        run_file(path, (size_t)status.st_size);
        return;
    }
    DIR *directory = opendir(path);
    MUST(directory != NULL);
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        MUST(snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) < (int)sizeof(name));
        run(name);
    }
    closedir(directory);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run(argv[i]);
    printf("%zu inputs\n", runs);
    return runs == 0;
}
