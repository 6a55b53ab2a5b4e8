/* SPDX-License-Identifier: MIT */
#include "aws/common.h"

#include "aws/request.h"
#include "base/alloc.h"

int esm__aws_new(esm_allocator *allocator, struct esm__aws **ret, esm_poller *poller,
                 const struct esm__settings *settings, uint32_t connections)
{
    struct esm__aws *aws = esm__calloc(allocator, 1, sizeof(*aws));
    if (aws == NULL)
        return ESM_ERR_NOMEM;
    aws->references = 1;
    aws->allocator = esm_allocator_ref(allocator);
    aws->poller = poller;
    int error = esm__environment_read(allocator, &aws->environment);
    if (error == 0)
        error = esm__http_new(allocator, &aws->http, poller, connections);
    if (error == 0)
        error = esm__credentials_new(allocator, &aws->credentials, poller, aws->http, settings,
                                     &aws->environment);
    if (error == 0)
        *ret = aws;
    else
        esm__aws_unref(aws);
    return error;
}

struct esm__aws *esm__aws_ref(struct esm__aws *aws)
{
    aws->references++;
    return aws;
}

void esm__aws_unref(struct esm__aws *aws)
{
    if (aws == NULL || --aws->references > 0)
        return;
    esm_allocator *allocator = aws->allocator;
    esm__request_end_all(aws);
    esm__credentials_free(aws->credentials);
    esm__http_free(aws->http);
    esm__environment_free(&aws->environment);
    esm__free(allocator, aws);
    esm_allocator_unref(allocator);
}
