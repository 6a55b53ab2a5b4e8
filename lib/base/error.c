/* SPDX-License-Identifier: MIT */
#include <esm/base.h>

static const struct {
    int code;
    const char *name;
    const char *text;
} errors[] = {
    {0, "ESM_OK", "success"},
    {ESM_ERR_NOMEM, "ESM_ERR_NOMEM", "out of memory"},
    {ESM_ERR_INVALID_ARGUMENT, "ESM_ERR_INVALID_ARGUMENT", "an argument is missing, out of range or unknown"},
    {ESM_ERR_STALE, "ESM_ERR_STALE", "what this names is answered, revoked or gone"},
    {ESM_ERR_ALREADY_COMPLETED, "ESM_ERR_ALREADY_COMPLETED", "another answer was first"},
    {ESM_ERR_RECURSIVE, "ESM_ERR_RECURSIVE", "not from inside a callback of the same poller"},
    {ESM_ERR_CONFLICT, "ESM_ERR_CONFLICT", "excluded by an earlier call, or used from two threads at once"},
    {ESM_ERR_FULL, "ESM_ERR_FULL", "no room now"},
    {ESM_ERR_STATE, "ESM_ERR_STATE", "not in this state"},
    {ESM_ERR_UNSUPPORTED, "ESM_ERR_UNSUPPORTED", "not served by this build or version"},
    {ESM_ERR_CONFIG, "ESM_ERR_CONFIG", "the configuration has faults"},
    {ESM_ERR_NOT_FOUND, "ESM_ERR_NOT_FOUND", "nothing has that name or index"},
    {ESM_ERR_SYSTEM, "ESM_ERR_SYSTEM", "the operating system refused"},
    {ESM_ERR_TRANSPORT, "ESM_ERR_TRANSPORT", "the transport refused; the log says why"},
};

const char *esm_strerror(int error)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].code == error)
            return errors[i].text;
    return "unknown error";
}

const char *esm_error_name(int error)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].code == error)
            return errors[i].name;
    return "ESM_ERR_UNKNOWN";
}
