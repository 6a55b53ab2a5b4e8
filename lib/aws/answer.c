/* SPDX-License-Identifier: MIT */
#include "aws/answer.h"

#include <string.h>

#include "aws/xml.h"
#include "json/scanner.h"

static int is_code_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/* "com.amazonaws.sqs#QueueDoesNotExist", "ThrottlingException:http://…". What is none leaves ret empty. */
static void copy_code(struct esm__span text, char ret[ESM__ERROR_CODE_SIZE])
{
    const char *hash = text.size == 0 ? NULL : memchr(text.data, '#', text.size);
    if (hash != NULL)
        text = (struct esm__span){hash + 1, text.size - (size_t)(hash + 1 - text.data)};
    const char *colon = text.size == 0 ? NULL : memchr(text.data, ':', text.size);
    if (colon != NULL)
        text.size = (size_t)(colon - text.data);
    size_t size = 0;
    while (size < text.size && is_code_char(text.data[size]))
        size++;
    if (size != text.size || size >= ESM__ERROR_CODE_SIZE)
        size = 0;
    memcpy(ret, text.data == NULL ? "" : text.data, size);
    ret[size] = '\0';
}

/* `object` stands behind the OBJECT. */
static int read_member(const struct esm__json *object, const char *name, char ret[ESM__ERROR_CODE_SIZE])
{
    struct esm__json json = *object;
    struct esm__json value;
    struct esm__json_token token;
    if (esm__json_find(&json, name, &value) != 1 || esm__json_next(&value, &token) != ESM__JSON_STRING)
        return 0;
    if (!token.has_escapes)
        copy_code((struct esm__span){token.text, token.size}, ret);
    return ret[0] != '\0';
}

static void read_json(const char *body, size_t size, char ret[ESM__ERROR_CODE_SIZE])
{
    static const char *const names[] = {"__type", "code", "Code"};
    struct esm__json json;
    struct esm__json_token token;
    esm__json_init(&json, body, size);
    if (esm__json_next(&json, &token) != ESM__JSON_OBJECT)
        return;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (read_member(&json, names[i], ret))
            return;
}

static void read_xml(const char *body, size_t size, char ret[ESM__ERROR_CODE_SIZE])
{
    struct esm__bytes code;
    esm__bytes_init(&code, NULL);
    if (esm__xml_find((struct esm__span){body, size}, "Error/Code", &code) == 1)
        copy_code((struct esm__span){code.data, code.size}, ret);
    esm__bytes_free(&code);
}

void esm__answer_code(const char *header, const char *body, size_t size, char ret[ESM__ERROR_CODE_SIZE])
{
    ret[0] = '\0';
    if (header != NULL)
        copy_code(esm__span(header), ret);
    if (ret[0] != '\0' || size == 0)
        return;
    read_json(body, size, ret);
    if (ret[0] == '\0')
        read_xml(body, size, ret);
}

void esm__answer_read_code(const struct esm__http_result *result, char ret[ESM__ERROR_CODE_SIZE])
{
    esm__answer_code(esm__http_get_header(result, "x-amzn-errortype"), result->body, result->body_size, ret);
}

static int is_one_of(const char *code, const char *const *codes, size_t count)
{
    size_t i = 0;
    while (i < count && strcmp(code, codes[i]) != 0)
        i++;
    return i < count;
}

int esm__code_is_expired(const char *code)
{
    static const char *const codes[] = {"ExpiredToken", "ExpiredTokenException", "ExpiredCredentials",
                                        "TokenRefreshRequired"};
    return is_one_of(code, codes, sizeof(codes) / sizeof(codes[0]));
}

/* With the last four the time is one possible reason among others. */
int esm__code_is_skew(const char *code)
{
    static const char *const codes[] = {"RequestTimeTooSkewed",  "RequestExpired",
                                        "RequestInTheFuture",    "InvalidSignatureException",
                                        "SignatureDoesNotMatch", "AuthFailure",
                                        "SignatureExpired"};
    return is_one_of(code, codes, sizeof(codes) / sizeof(codes[0]));
}
