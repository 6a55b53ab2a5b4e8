/* SPDX-License-Identifier: MIT */
/* Keys that somebody has written down: in the options, in the environment. */
#include "aws/credentials/lookup.h"

static enum esm__step begin_options(struct esm__lookup *lookup)
{
    if (lookup->options.access_key_id == NULL)
        return esm__lookup_fail(lookup, ESM__STEP_ABSENT, "aws.access_key_id is not set");
    return esm__lookup_take(lookup, lookup->options.access_key_id, lookup->options.secret_access_key,
                            lookup->options.session_token);
}

enum esm__step esm__take_environment(struct esm__lookup *lookup)
{
    char *const *values = lookup->environment->values;
    const char *id = values[ESM__ENV_ACCESS_KEY_ID];
    const char *secret = values[ESM__ENV_SECRET_ACCESS_KEY];
    if (id == NULL && secret == NULL)
        return esm__lookup_fail(lookup, ESM__STEP_ABSENT, "AWS_ACCESS_KEY_ID is not set");
    if (id == NULL || secret == NULL)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED,
                                "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set");
    return esm__lookup_take(lookup, id, secret, values[ESM__ENV_SESSION_TOKEN]);
}

static enum esm__step begin_environment(struct esm__lookup *lookup)
{
    if (lookup->options.profile != NULL)
        return esm__lookup_fail(lookup, ESM__STEP_ABSENT, "not asked, as aws.profile is set");
    return esm__take_environment(lookup);
}

const struct esm__source esm__source_options = {"options", begin_options};
const struct esm__source esm__source_environment = {"environment", begin_environment};
