/* SPDX-License-Identifier: MIT */
#include "event/header_bytes.h"

#include <string.h>

/* Each byte's number with a comma, and how long that is: 8 bytes, so that it is copied in one go. */
struct number {
    char text[7];
    unsigned char size;
};

#define N(text)                                                                                              \
    {                                                                                                        \
        text ",", sizeof(text)                                                                               \
    }
#define UP(tens)                                                                                             \
    N(tens "0"), N(tens "1"), N(tens "2"), N(tens "3"), N(tens "4"), N(tens "5"), N(tens "6"), N(tens "7"),  \
        N(tens "8"), N(tens "9")
#define DOWN(tens)                                                                                           \
    N(tens "9"), N(tens "8"), N(tens "7"), N(tens "6"), N(tens "5"), N(tens "4"), N(tens "3"), N(tens "2"),  \
        N(tens "1"), N(tens "0")

static const struct number numbers[256] = {
    UP(""),     UP("1"),     UP("2"),     UP("3"),    UP("4"),    UP("5"),    UP("6"),
    UP("7"),    UP("8"),     UP("9"),     UP("10"),   UP("11"),   N("120"),   N("121"),
    N("122"),   N("123"),    N("124"),    N("125"),   N("126"),   N("127"),   N("-128"),
    N("-127"),  N("-126"),   N("-125"),   N("-124"),  N("-123"),  N("-122"),  N("-121"),
    N("-120"),  DOWN("-11"), DOWN("-10"), DOWN("-9"), DOWN("-8"), DOWN("-7"), DOWN("-6"),
    DOWN("-5"), DOWN("-4"),  DOWN("-3"),  DOWN("-2"), DOWN("-1"), N("-9"),    N("-8"),
    N("-7"),    N("-6"),     N("-5"),     N("-4"),    N("-3"),    N("-2"),    N("-1")};

size_t esm__header_bytes_length(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    size_t length = 0;
    for (size_t i = 0; i < size; i++)
        length += numbers[at[i]].size;
    return length - (size != 0);
}

char *esm__header_bytes_write(char *to, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++) {
        memcpy(to, &numbers[at[i]], sizeof(struct number));
        to += numbers[at[i]].size;
    }
    return to - (size != 0);
}
