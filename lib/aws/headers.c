/* SPDX-License-Identifier: MIT */
#include "aws/headers.h"

#include <string.h>

static struct esm__span without_default_port(const char *url, struct esm__span host)
{
    const char *port = strncasecmp(url, "https:", 6) == 0 ? ":443" : ":80";
    size_t size = strlen(port);
    if (host.size > size && memcmp(host.data + host.size - size, port, size) == 0)
        host.size -= size;
    return host;
}

struct esm__url_parts esm__url_split(const char *url)
{
    const char *host = strstr(url, "://") + 3;
    const char *path = host + strcspn(host, "/?");
    const char *query = path + strcspn(path, "?");
    return (struct esm__url_parts){
        .host = without_default_port(url, (struct esm__span){host, (size_t)(path - host)}),
        .path = {path, (size_t)(query - path)},
        .query = esm__span(*query == '?' ? query + 1 : query),
    };
}

int esm__headers_add(struct curl_slist **list, esm_allocator *allocator, struct esm__span name,
                     struct esm__span value)
{
    struct esm__bytes line;
    esm__bytes_init(&line, allocator);
    struct curl_slist *longer = NULL;
    if (esm__bytes_format(&line, "%.*s: %.*s", (int)name.size, name.data, (int)value.size, value.data) == 0)
        longer = curl_slist_append(*list, line.data);
    esm__bytes_wipe(&line);
    if (longer == NULL)
        return ESM_ERR_NOMEM;
    *list = longer;
    return 0;
}

int esm__headers_sign(struct curl_slist **list, esm_allocator *allocator, const struct esm__sign *sign)
{
    const char *token = sign->keys->session_token;
    struct esm__signature signature;
    struct esm__bytes authorization;
    esm__bytes_init(&authorization, allocator);
    int error = esm__sign_headers(sign, &signature, &authorization);
    if (error == 0)
        error = esm__headers_add(list, allocator, esm__span("X-Amz-Date"), esm__span(signature.date));
    if (error == 0 && (sign->flags & ESM__SIGN_PAYLOAD) != 0)
        error = esm__headers_add(list, allocator, esm__span("X-Amz-Content-Sha256"),
                                 esm__span(signature.payload_hash));
    if (error == 0 && token != NULL)
        error = esm__headers_add(list, allocator, esm__span("X-Amz-Security-Token"), esm__span(token));
    if (error == 0)
        error = esm__headers_add(list, allocator, esm__span("Authorization"),
                                 (struct esm__span){authorization.data, authorization.size});
    esm__bytes_wipe(&authorization);
    return error;
}

void esm__headers_free(struct curl_slist **list)
{
    for (struct curl_slist *line = *list; line != NULL; line = line->next)
        explicit_bzero(line->data, strlen(line->data));
    curl_slist_free_all(*list);
    *list = NULL;
}
