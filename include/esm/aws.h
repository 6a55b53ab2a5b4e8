/* SPDX-License-Identifier: MIT */
/**
 * @file
 * libcurl as the poller's way to its function. Everything here is made of esm/poller.h alone.
 */
#ifndef ESM_AWS_H
#define ESM_AWS_H

#include <esm/poller.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes HTTP the poller's invoke callback: the Lambda function FunctionName at aws.endpoint_url, or any endpoint at
 * function.url. What each answer means stands in docs/policy.md. The poller's thread, before its first dispatch.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_STATE, ESM_ERR_CONFIG (the log hook says what), ESM_ERR_NOMEM,
 * ESM_ERR_TRANSPORT, ESM_ERR_UNSUPPORTED. Since 0.1.
 */
ESM_API int esm_poller_use_lambda(esm_poller *poller);

#ifdef __cplusplus
}
#endif
#endif
