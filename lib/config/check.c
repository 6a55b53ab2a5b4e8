/* SPDX-License-Identifier: MIT */
#include "config/check.h"

#include <string.h>

/* The locale has no say here, hence no <ctype.h>. */
static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static int is_alnum(char c)
{
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}

/* Whether a text has letters, digits and the characters of `more` only. */
static int has_only(struct esm__span text, const char *more)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_alnum(text.data[i]) && (text.data[i] == '\0' || strchr(more, text.data[i]) == NULL))
            return 0;
    return 1;
}

static int has_prefix(struct esm__span text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

static int has_suffix(struct esm__span text, const char *suffix)
{
    size_t size = strlen(suffix);
    return text.size >= size && memcmp(text.data + text.size - size, suffix, size) == 0;
}

static struct esm__span skip(struct esm__span text, size_t size)
{
    return (struct esm__span){text.data + size, text.size - size};
}

/* Cuts the first field off at a separator; without one, all that is left. */
static struct esm__span cut(struct esm__span *rest, char separator)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->data, separator, rest->size);
    struct esm__span field = {rest->data, end == NULL ? rest->size : (size_t)(end - rest->data)};
    *rest = skip(*rest, end == NULL ? field.size : field.size + 1);
    return field;
}

int esm__span_is(struct esm__span span, const char *text)
{
    return span.size == strlen(text) && memcmp(span.data, text, span.size) == 0;
}

static int is_account(struct esm__span text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_digit(text.data[i]))
            return 0;
    return text.size == 12;
}

/* "eu-west-1", "us-gov-east-1", "eusc-de-east-1": words of small letters, at least two, and one digit. */
static int is_region(struct esm__span text)
{
    int hyphens = 0;
    if (text.size < 6 || !is_digit(text.data[text.size - 1]) || text.data[text.size - 2] != '-' ||
        text.data[0] == '-')
        return 0;
    for (size_t i = 0; i + 1 < text.size; i++) {
        if (text.data[i] == '-' && text.data[i + 1] != '-')
            hyphens++;
        else if (!is_lower(text.data[i]))
            return 0;
    }
    return hyphens >= 2;
}

int esm__arn_read(struct esm__span text, struct esm__arn *ret)
{
    struct esm__span rest = text;
    struct esm__span arn = cut(&rest, ':');
    struct esm__span partition = cut(&rest, ':');
    ret->service = cut(&rest, ':');
    ret->region = cut(&rest, ':');
    ret->account = cut(&rest, ':');
    ret->resource = rest;
    return esm__span_is(arn, "arn") && has_prefix(partition, "aws") && has_only(partition, "-") &&
           ret->service.size > 0 && has_only(ret->service, "-") &&
           (ret->region.size == 0 || is_region(ret->region)) &&
           (ret->account.size == 0 || is_account(ret->account)) && rest.size > 0;
}

/* Takes a field off the front if it is one and is not the last. */
static int take(struct esm__span *rest, int (*is)(struct esm__span), struct esm__span *ret)
{
    struct esm__span after = *rest;
    struct esm__span field = cut(&after, ':');
    if (after.size == 0 || !is(field))
        return 0;
    *ret = field;
    *rest = after;
    return 1;
}

static int is_function(struct esm__span text)
{
    return esm__span_is(text, "function");
}

static int is_qualifier(struct esm__span text)
{
    return esm__span_is(text, "$LATEST") || esm__span_is(text, "$LATEST.PUBLISHED") ||
           (text.size > 0 && has_only(text, "-_"));
}

int esm__function_name_read(struct esm__span text, struct esm__function_name *ret)
{
    struct esm__span rest = text;
    struct esm__span skipped;
    struct esm__arn arn;
    *ret = (struct esm__function_name){0};
    if (has_prefix(text, "arn:")) {
        if (!esm__arn_read(text, &arn) || !esm__span_is(arn.service, "lambda") || arn.region.size == 0 ||
            arn.account.size == 0)
            return 0;
        ret->region = arn.region;
        rest = arn.resource;
    } else {
        take(&rest, is_region, &ret->region);
        take(&rest, is_account, &skipped);
    }
    take(&rest, is_function, &skipped);
    int qualified = rest.size > 0 && memchr(rest.data, ':', rest.size) != NULL;
    ret->name = cut(&rest, ':');
    ret->qualifier = rest;
    return ret->name.size >= 1 && ret->name.size <= 64 && has_only(ret->name, "-_.") &&
           (!qualified || is_qualifier(rest));
}

const char *esm__check_function_name(struct esm__span text)
{
    struct esm__function_name name;
    return esm__function_name_read(text, &name)
               ? NULL
               : "the name or ARN of a Lambda function, perhaps with a version or alias behind a colon";
}

const char *esm__check_source_arn(struct esm__span text)
{
    struct esm__arn arn;
    return esm__arn_read(text, &arn) && esm__span_is(arn.service, "kafka")
               ? NULL
               : "the ARN of an Amazon MSK cluster";
}

/* Labels of letters, digits and inner hyphens, between dots. */
static int is_host(struct esm__span text)
{
    for (size_t i = 0, start = 0; i <= text.size; i++) {
        if (i < text.size && text.data[i] != '.')
            continue;
        struct esm__span label = {text.data + start, i - start};
        if (label.size == 0 || !has_only(label, "-") || label.data[0] == '-' ||
            label.data[label.size - 1] == '-')
            return 0;
        start = i + 1;
    }
    return 1;
}

static int is_port(struct esm__span text)
{
    uint32_t port = 0;
    for (size_t i = 0; i < text.size && i < 6; i++) {
        if (!is_digit(text.data[i]))
            return 0;
        port = port * 10 + (uint32_t)(text.data[i] - '0');
    }
    return text.size <= 5 && port >= 1 && port <= 65535;
}

const char *esm__check_endpoint(struct esm__span text)
{
    struct esm__span rest = text;
    struct esm__span host = cut(&rest, ':');
    return text.size <= 300 && is_host(host) && is_port(rest)
               ? NULL
               : "host:port, at most 300 characters (kafka.bootstrap.servers takes all that librdkafka "
                 "takes)";
}

/* AWS wants two characters or more; Kafka, and libesm with it, is content with one. */
const char *esm__check_topic(struct esm__span text)
{
    return text.size >= 1 && text.size <= 249 && text.data[0] != '.' && has_only(text, "-_.")
               ? NULL
               : "the name of a topic: 1 to 249 letters, digits, '-', '_' and '.', not '.' first";
}

static int is_destination_arn(const struct esm__arn *arn)
{
    int queue = esm__span_is(arn->service, "sqs") || esm__span_is(arn->service, "sns");
    return queue ? arn->region.size > 0 && arn->account.size > 0 : esm__span_is(arn->service, "s3");
}

const char *esm__check_destination(struct esm__span text)
{
    struct esm__arn arn;
    if (has_prefix(text, "kafka://"))
        return esm__check_topic(skip(text, 8));
    if (text.size > 350 || !esm__arn_read(text, &arn) || !is_destination_arn(&arn))
        return "the ARN of an SQS queue, an SNS topic or an S3 bucket, or kafka:// and a topic";
    if (!esm__span_is(arn.service, "s3") && has_suffix(arn.resource, ".fifo"))
        return "a standard queue or topic, as AWS does not serve FIFO ones here";
    return NULL;
}

const char *esm__check_group_id(struct esm__span text)
{
    return text.size >= 1 && text.size <= 200 && has_only(text, " -/*:_+=.@")
               ? NULL
               : "1 to 200 letters, digits, spaces and -/*:_+=.@";
}

const char *esm__check_poller_group(struct esm__span text)
{
    return text.size <= 128 && has_only(text, "-_") ? NULL : "at most 128 letters, digits, '-' and '_'";
}

const char *esm__check_region(struct esm__span text)
{
    return is_region(text) ? NULL : "the name of an AWS region, such as eu-west-1";
}

/* No "user:password@": the address is logged and printed. */
const char *esm__check_url(struct esm__span text)
{
    static const char reason[] =
        "a URL that begins with http:// or https:// and has no user, password or space in it";
    if (!has_prefix(text, "http://") && !has_prefix(text, "https://"))
        return reason;
    struct esm__span rest = skip(text, has_prefix(text, "http://") ? 7 : 8);
    for (size_t i = 0; i < rest.size; i++)
        if (rest.data[i] <= ' ' || rest.data[i] == 0x7f)
            return reason;
    struct esm__span path = rest;
    struct esm__span authority = cut(&path, '/');
    authority = cut(&authority, '?');
    return authority.size > 0 && memchr(authority.data, '@', authority.size) == NULL && text.size <= 2048
               ? NULL
               : reason;
}

const char *esm__check_uuid(struct esm__span text)
{
    static const char reason[] = "a UUID, such as a1b2c3d4-5678-90ab-cdef-11111EXAMPLE";
    if (text.size != 36 || !has_only(text, "-"))
        return reason;
    for (size_t i = 0; i < text.size; i++)
        if ((text.data[i] == '-') != (i == 8 || i == 13 || i == 18 || i == 23))
            return reason;
    return NULL;
}
