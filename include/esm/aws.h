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
 * Makes HTTP the poller's invoke callback: any endpoint at function.url, or the Lambda function FunctionName by signed calls
 * of Lambda's API, in its region or at aws.endpoint_url. Credentials are found as docs/credentials.md says, with the first
 * invocation; until there are some, invocations wait and the log hook says why. What each answer means stands in
 * docs/policy.md. The environment is read now. The poller's thread, before its first dispatch.
 * @return 0, ESM_ERR_INVALID_ARGUMENT, ESM_ERR_STATE, ESM_ERR_CONFIG (no function, or no region: the log hook says what),
 * ESM_ERR_NOMEM, ESM_ERR_SYSTEM, ESM_ERR_TRANSPORT. Since 0.1. Follows [API_Invoke].
 */
ESM_API int esm_poller_use_lambda(esm_poller *poller);

#ifdef __cplusplus
}
#endif
#endif
