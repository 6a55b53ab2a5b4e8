/* SPDX-License-Identifier: MIT */
#include "filter/address.h"

#include <arpa/inet.h>
#include <string.h>

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Four numbers in decimal, whatever zeros they begin with. */
static int read_v4(const char *at, const char *end, uint8_t *bytes)
{
    for (int i = 0; i < 4; i++) {
        unsigned value = 0;
        if (i > 0 && (at == end || *at++ != '.'))
            return 0;
        if (at == end || !is_digit(*at))
            return 0;
        for (; at < end && is_digit(*at) && value <= 255; at++)
            value = value * 10 + (unsigned)(*at - '0');
        if (value > 255)
            return 0;
        bytes[i] = (uint8_t)value;
    }
    return at == end;
}

/* Without the zeros that a group has too many. */
static int read_v6(const char *at, const char *end, uint8_t *bytes)
{
    char text[48];
    size_t size = 0, in_group = 0;
    for (; at < end; at++) {
        int is_padding = *at == '0' && in_group == 0 && end - at > 1 && at[1] != ':';
        if (*at == '.' || size == sizeof(text) - 1)
            return 0;
        if (is_padding)
            continue;
        in_group = *at == ':' ? 0 : in_group + 1;
        text[size++] = *at;
    }
    text[size] = '\0';
    return inet_pton(AF_INET6, text, bytes) == 1;
}

int esm__address_read(const char *text, size_t size, struct esm__network *ret)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    const char *end = text + size;
    if (size < 2 || size > ESM__ADDRESS_MAX || memchr(text, '\0', size) != NULL)
        return 0;
    ret->size = 4;
    ret->bits = 32;
    if (memchr(text, ':', size) == NULL)
        return read_v4(text, end, ret->bytes);
    if (!read_v6(text, end, ret->bytes))
        return 0;
    if (memcmp(ret->bytes, mapped, sizeof(mapped)) == 0) {
        memcpy(ret->bytes, ret->bytes + sizeof(mapped), 4);
        return 1;
    }
    ret->size = 16;
    ret->bits = 128;
    return 1;
}

int esm__network_read(const char *text, size_t size, struct esm__network *ret)
{
    const char *slash = memchr(text, '/', size), *end = text + size;
    unsigned bits = 0;
    if (slash == NULL || !esm__address_read(text, (size_t)(slash - text), ret))
        return 0;
    const char *at = slash + 1;
    at += end - at > 1 && *at == '+';
    end -= end - at > 1 && end[-1] == '/'; /* the engine lets both pass */
    if (at == end)
        return 0;
    for (; at < end && bits < 1000; at++) {
        if (!is_digit(*at))
            return 0;
        bits = bits * 10 + (unsigned)(*at - '0');
    }
    if (bits >= ret->bits)
        return 0;
    ret->bits = (uint8_t)bits;
    return 1;
}

int esm__network_has(const struct esm__network *network, const struct esm__network *address)
{
    unsigned whole = network->bits / 8, rest = network->bits % 8;
    if (network->size != address->size || memcmp(network->bytes, address->bytes, whole) != 0)
        return 0;
    return rest == 0 || ((network->bytes[whole] ^ address->bytes[whole]) >> (8 - rest)) == 0;
}
