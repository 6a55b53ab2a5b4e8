/* SPDX-License-Identifier: MIT */
/* What is sent and what is signed are the same: the parts of a URL, and headers as libcurl takes them. */
#ifndef ESM_AWS_HEADERS_H
#define ESM_AWS_HEADERS_H

#include <curl/curl.h>

#include "aws/sign.h"

struct esm__url_parts {
    struct esm__span host; /* as in Host: without the port that the scheme stands for */
    struct esm__span path;
    struct esm__span query; /* without "?" */
};

/* url: with a scheme. Borrowed from it. */
struct esm__url_parts esm__url_split(const char *url);

/* 0, ESM_ERR_NOMEM. */
int esm__headers_add(struct curl_slist **list, esm_allocator *allocator, struct esm__span name,
                     struct esm__span value);

/* Signs, and adds what a signature consists of. 0, ESM_ERR_NOMEM, ESM_ERR_SYSTEM. */
int esm__headers_sign(struct curl_slist **list, esm_allocator *allocator, const struct esm__sign *sign);

/* Wipes and frees; the list is empty then. */
void esm__headers_free(struct curl_slist **list);

#endif
