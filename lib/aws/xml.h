/* SPDX-License-Identifier: MIT */
/* Single texts out of the small XML of AWS's answers. No tree; document types and CDATA are refused. */
#ifndef ESM_AWS_XML_H
#define ESM_AWS_XML_H

#include "base/bytes.h"
#include "config/check.h"

#define ESM__XML_DEPTH_MAX 16

/*
 * Appends the text, decoded, of the first element that stands at `path`: names separated by '/', of which the
 * first need not be the root. 1: found; 0: there is none; ESM_ERR_CONFIG: it is not one well-formed document,
 * or the element has elements in it; ESM_ERR_NOMEM. What was appended before a fault is taken back.
 */
int esm__xml_find(struct esm__span xml, const char *path, struct esm__bytes *to);

#endif
