/* SPDX-License-Identifier: MIT */
/* The parts of a request in the one spelling that is signed. For sign.c. */
#ifndef ESM_AWS_CANONICAL_H
#define ESM_AWS_CANONICAL_H

#include "aws/sign.h"

/* Names and values: headers, or parameters of a query. The texts stand in `bytes`. */
struct esm__field {
    size_t name, name_size;
    size_t value, value_size;
};

struct esm__fields {
    struct esm__bytes bytes;
    struct esm__bytes list; /* of struct esm__field */
    int is_query;
};

void esm__fields_init(struct esm__fields *fields, esm_allocator *allocator);
void esm__fields_free(struct esm__fields *fields);

int esm__fields_add_header(struct esm__fields *fields, struct esm__header header);
int esm__fields_add_parameter(struct esm__fields *fields, const char *name, const char *value);
int esm__fields_add_query(struct esm__fields *fields, struct esm__span query);

/* Parameters by name and value; headers of one name stay as they were given. */
void esm__fields_sort(struct esm__fields *fields);

int esm__fields_write_query(const struct esm__fields *query, struct esm__bytes *to);
int esm__fields_write_headers(const struct esm__fields *headers, struct esm__bytes *to);
int esm__fields_write_names(const struct esm__fields *headers, struct esm__bytes *to);

/* is_once: escapes in the path stand for what they mean, else for themselves. */
int esm__canonical_path(struct esm__bytes *to, struct esm__span path, int is_once, int is_normalised);

#endif
