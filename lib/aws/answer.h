/* SPDX-License-Identifier: MIT */
/* What AWS's answers say about errors. Pure but for the last function. */
#ifndef ESM_AWS_ANSWER_H
#define ESM_AWS_ANSWER_H

#include "aws/http.h"

#define ESM__ERROR_CODE_SIZE 96

/*
 * The code of an error, such as "ExpiredTokenException": of the header x-amzn-errortype (NULL: none), else of
 * a JSON body's __type or code, else of an XML body's <Error><Code>. Namespaces and addresses around it are
 * cut off. Empty: there is none that is a code.
 */
void esm__answer_code(const char *header, const char *body, size_t size, char ret[ESM__ERROR_CODE_SIZE]);

/* The same out of a request's end. */
void esm__answer_read_code(const struct esm__http_result *result, char ret[ESM__ERROR_CODE_SIZE]);

/* Whether a code says that the keys have expired; that the clock is wrong, or may be. */
int esm__code_is_expired(const char *code);
int esm__code_is_skew(const char *code);

#endif
