/* SPDX-License-Identifier: MIT */
#include "aws/msk_token.h"

#include "json/base64.h"

/* A presigned request that nobody sends: the broker hands it to IAM. The host is the same in every partition.
 */
static int write_url(struct esm__bytes *url, const struct esm__keys *keys, const char *region,
                     int64_t wall_ms, const char *user_agent)
{
    struct esm__bytes host;
    esm__bytes_init(&host, url->allocator);
    int error = esm__bytes_format(&host, "kafka.%s.amazonaws.com", region);
    const struct esm__header header = {esm__span("host"), {host.data, host.size}};
    const struct esm__sign sign = {
        .keys = keys,
        .region = region,
        .service = "kafka-cluster",
        .wall_ms = wall_ms,
        .method = "GET",
        .query = esm__span("Action=kafka-cluster%3AConnect"),
        .headers = &header,
        .header_count = 1,
    };
    if (error == 0)
        error = esm__bytes_format(url, "https://%s/?", host.data);
    if (error == 0)
        error = esm__sign_query(&sign, (uint32_t)(ESM__MSK_TOKEN_LIFE_MS / 1000), url);
    if (error == 0)
        error = esm__bytes_append_text(url, "&User-Agent=");
    if (error == 0)
        error = esm__escape(url, esm__span(user_agent), "");
    esm__bytes_free(&host);
    return error;
}

/* With the alphabet for URLs, and without padding. */
static int append_base64url(struct esm__bytes *to, const struct esm__bytes *data)
{
    int error = esm__bytes_reserve(to, esm__base64_length(data->size) + 1);
    if (error != 0)
        return error;
    char *start = to->data + to->size;
    char *end = esm__base64_encode(start, data->data, data->size);
    while (end > start && end[-1] == '=')
        end--;
    for (char *at = start; at < end; at++)
        *at = (char)(*at == '+' ? '-' : *at == '/' ? '_' : *at);
    *end = '\0';
    to->size = (size_t)(end - to->data);
    return 0;
}

int esm__msk_token_write(struct esm__bytes *token, const struct esm__keys *keys, const char *region,
                         int64_t wall_ms, const char *user_agent, int64_t *ret_expires_ms)
{
    struct esm__bytes url;
    esm__bytes_init(&url, token->allocator);
    int error = write_url(&url, keys, region, wall_ms, user_agent);
    if (error == 0)
        error = append_base64url(token, &url);
    if (error == 0)
        *ret_expires_ms = wall_ms - wall_ms % 1000 + ESM__MSK_TOKEN_LIFE_MS;
    esm__bytes_wipe(&url);
    return error;
}
