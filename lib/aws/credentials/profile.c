/* SPDX-License-Identifier: MIT */
/* Keys of a profile: written there, of a process, of a web identity; or of a role that the keys of another
 * profile or source assume, maybe over several profiles. */
#include "aws/credentials/lookup.h"

#include <string.h>

static const char *get(const struct esm__lookup *lookup, const char *profile, const char *key)
{
    return esm__profiles_get(lookup->profiles, ESM__SECTION_PROFILE, profile, key);
}

static enum esm__step ask_source(struct esm__lookup *lookup, const char *profile, const char *name)
{
    if (strcmp(name, "Environment") == 0)
        return esm__take_environment(lookup);
    if (strcmp(name, "EcsContainer") == 0)
        return esm__source_container.begin(lookup);
    if (strcmp(name, "Ec2InstanceMetadata") == 0)
        return esm__source_instance.begin(lookup);
    return esm__lookup_fail(
        lookup, ESM__STEP_FAILED,
        "profile %s: credential_source is not Environment, EcsContainer or Ec2InstanceMetadata", profile);
}

/* What is in the profile itself. */
static enum esm__step ask_profile(struct esm__lookup *lookup, const char *profile)
{
    const char *id = get(lookup, profile, "aws_access_key_id");
    const char *secret = get(lookup, profile, "aws_secret_access_key");
    const char *process = get(lookup, profile, "credential_process");
    if (id != NULL && secret != NULL)
        return esm__lookup_take(lookup, id, secret, get(lookup, profile, "aws_session_token"));
    if (id != NULL || secret != NULL)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED,
                                "profile %s: of aws_access_key_id and aws_secret_access_key only one is set",
                                profile);
    if (process != NULL)
        return esm__run_process(lookup, process);
    if (get(lookup, profile, "sso_session") != NULL || get(lookup, profile, "sso_start_url") != NULL)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED,
                                "profile %s: the sign-in of IAM Identity Center (sso_*) is not served",
                                profile);
    return esm__lookup_fail(lookup, ESM__STEP_ABSENT, "profile %s has no credentials", profile);
}

static enum esm__step push_role(struct esm__lookup *lookup, const char *profile)
{
    if (get(lookup, profile, "mfa_serial") != NULL)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED,
                                "profile %s: mfa_serial is not served, as nobody is there to be asked",
                                profile);
    for (size_t i = 0; i < lookup->role_count; i++)
        if (strcmp(lookup->roles[i], profile) == 0)
            return esm__lookup_fail(lookup, ESM__STEP_FAILED, "profile %s: source_profile leads back to it",
                                    profile);
    if (lookup->role_count == ESM__ROLES_MAX)
        return esm__lookup_fail(lookup, ESM__STEP_FAILED,
                                "profile %s: more than %d roles, one behind the other", profile,
                                ESM__ROLES_MAX);
    lookup->roles[lookup->role_count++] = profile;
    return ESM__STEP_WAIT;
}

/* Goes along source_profile, and asks what stands at its end. */
static enum esm__step follow(struct esm__lookup *lookup, const char *profile)
{
    for (;;) {
        const char *role = get(lookup, profile, "role_arn");
        const char *token_file = get(lookup, profile, "web_identity_token_file");
        const char *from = get(lookup, profile, "source_profile");
        const char *source = get(lookup, profile, "credential_source");
        if (role == NULL)
            return ask_profile(lookup, profile);
        if (token_file != NULL)
            return esm__assume_role_with_token(lookup, role, get(lookup, profile, "role_session_name"),
                                               token_file);
        if ((from == NULL) == (source == NULL))
            return esm__lookup_fail(
                lookup, ESM__STEP_FAILED,
                "profile %s: role_arn needs source_profile or credential_source, not both", profile);
        enum esm__step step = push_role(lookup, profile);
        if (step != ESM__STEP_WAIT)
            return step;
        if (source != NULL)
            return ask_source(lookup, profile, source);
        if (strcmp(from, profile) == 0) /* its own keys assume its role */
            return ask_profile(lookup, profile);
        if (!esm__profiles_has(lookup->profiles, ESM__SECTION_PROFILE, from))
            return esm__lookup_fail(lookup, ESM__STEP_FAILED, "profile %s: there is no profile %s", profile,
                                    from);
        profile = from;
    }
}

/* Somebody rotates the keys in these files: they are read each time. */
static enum esm__step begin(struct esm__lookup *lookup)
{
    struct esm__profiles *profiles;
    lookup->reason.size = 0;
    int error = esm__profiles_read(lookup->allocator, &profiles, lookup->environment, &lookup->reason);
    if (error != 0)
        return ESM__STEP_FAILED; /* the reason is there, unless there is no memory */
    esm__profiles_free(lookup->profiles);
    lookup->profiles = profiles;
    const char *profile = esm__lookup_profile(lookup);
    int is_named = lookup->options.profile != NULL || lookup->environment->values[ESM__ENV_PROFILE] != NULL;
    if (!esm__profiles_has(profiles, ESM__SECTION_PROFILE, profile))
        return esm__lookup_fail(lookup, is_named ? ESM__STEP_FINAL : ESM__STEP_ABSENT,
                                "there is no profile %s", profile);
    return follow(lookup, profile);
}

const struct esm__source esm__source_profile = {"profile", begin};
