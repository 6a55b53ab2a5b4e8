/* SPDX-License-Identifier: MIT */
/**
 * @file
 * All of libesm that every build has, and esm_poller_use_configuration(). esm/kafka.h and esm/aws.h are separate, because
 * a build may lack them: ask esm_has_feature().
 */
#ifndef ESM_ESM_H
#define ESM_ESM_H

#include <esm/backoff.h>
#include <esm/base.h>
#include <esm/config.h>
#include <esm/filter.h>
#include <esm/outcome.h>
#include <esm/policy.h>
#include <esm/poller.h>
#include <esm/record.h>
#include <esm/tracker.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Source, function, commit and destination, all as the configuration says: what esm-run calls. The poller's thread,
 * before its first dispatch.
 * @return 0; ESM_ERR_UNSUPPORTED (this build or version does not serve a part of it: the log hook says which); else as
 * esm_poller_use_kafka() and esm_poller_use_lambda(). Since 0.1.
 */
ESM_API int esm_poller_use_configuration(esm_poller *poller);

#ifdef __cplusplus
}
#endif
#endif
