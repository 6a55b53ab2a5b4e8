/* SPDX-License-Identifier: MIT */
/* Answers for libesm: the lines of Oracle.java in, its answers out. */
#include <esm/filter.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In place. Returns the new size. */
static size_t unescape(char *text, size_t size)
{
    char *to = text;
    for (const char *at = text, *end = text + size; at < end; at++) {
        char c = *at;
        if (c == '\\' && at + 1 < end) {
            c = *++at;
            c = (char)(c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c);
        }
        *to++ = c;
    }
    return (size_t)(to - text);
}

static char answer(const char *pattern, size_t pattern_size, const char *event, size_t event_size)
{
    esm_filter *filter;
    char answer = '?';
    int matches;
    if (esm_filter_new(NULL, &filter))
        return answer;
    int error = esm_filter_add_pattern(filter, pattern, pattern_size, NULL, 0);
    if (error) {
        answer = (char)(error == ESM_ERR_CONFIG ? 'E' : '?');
    } else {
        error = esm_filter_match_json(filter, event, event_size, &matches);
        if (!error)
            answer = (char)(matches ? '1' : '0');
        else if (error == ESM_ERR_NOT_FOUND)
            answer = 'N';
    }
    esm_filter_free(filter);
    return answer;
}

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    while ((size = getline(&line, &capacity, stdin)) > 0) {
        char *end = line + size - (line[size - 1] == '\n');
        char *tab = memchr(line, '\t', (size_t)(end - line));
        if (tab == NULL)
            return 2;
        size_t pattern = unescape(line, (size_t)(tab - line));
        size_t event = unescape(tab + 1, (size_t)(end - tab) - 1);
        printf("%c\n", answer(line, pattern, tab + 1, event));
        fflush(stdout); /* whoever asks one question at a time waits for its answer */
    }
    free(line);
    return 0;
}
