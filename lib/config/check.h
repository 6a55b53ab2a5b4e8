/* SPDX-License-Identifier: MIT */
/* What the texts of a configuration must look like. Patterns after AWS's API model, looser only where said.
 */
#ifndef ESM_CONFIG_CHECK_H
#define ESM_CONFIG_CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A part of a text that somebody else holds; not NUL-terminated. */
struct esm__span {
    const char *data;
    size_t size;
};

static inline struct esm__span esm__span(const char *text)
{
    return (struct esm__span){text, strlen(text)};
}

int esm__span_is(struct esm__span span, const char *text);

/* arn:partition:service:region:account:resource */
struct esm__arn {
    struct esm__span service;
    struct esm__span region;  /* may be empty */
    struct esm__span account; /* may be empty */
    struct esm__span resource;
};

/* [arn:aws:lambda:region:account: | [region:][account:]][function:]name[:qualifier] */
struct esm__function_name {
    struct esm__span region;
    struct esm__span name;
    struct esm__span qualifier;
};

/* 1 if the text is one; else 0 and the result is not to be looked at. */
int esm__arn_read(struct esm__span text, struct esm__arn *ret);
int esm__function_name_read(struct esm__span text, struct esm__function_name *ret);

/* Checks of the table of options: NULL, or what a good value is. */
typedef const char *(*esm__check_fn)(struct esm__span text);

const char *esm__check_function_name(struct esm__span text);
const char *esm__check_source_arn(struct esm__span text);
const char *esm__check_endpoint(struct esm__span text);
const char *esm__check_topic(struct esm__span text);
const char *esm__check_destination(struct esm__span text);
const char *esm__check_group_id(struct esm__span text);
const char *esm__check_poller_group(struct esm__span text);
const char *esm__check_region(struct esm__span text);
const char *esm__check_url(struct esm__span text);
const char *esm__check_uuid(struct esm__span text);

#endif
