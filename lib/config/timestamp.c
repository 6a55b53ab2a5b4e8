/* SPDX-License-Identifier: MIT */
#include "config/timestamp.h"

/* What is left to read. A reader that does not find what it wants leaves it as it is. */
static int read_char(struct esm__span *rest, char wanted)
{
    if (rest->size == 0 || rest->data[0] != wanted)
        return 0;
    rest->data++;
    rest->size--;
    return 1;
}

static int read_digits(struct esm__span *rest, size_t least, size_t most, int64_t *ret)
{
    int64_t value = 0;
    size_t i = 0;
    for (; i < rest->size && i < most && rest->data[i] >= '0' && rest->data[i] <= '9'; i++)
        value = value * 10 + (rest->data[i] - '0');
    if (i < least)
        return 0;
    rest->data += i;
    rest->size -= i;
    *ret = value;
    return 1;
}

/* ".123456": what is beyond milliseconds is cut off. Absent is 0. */
static int read_fraction(struct esm__span *rest, int64_t *ret_ms)
{
    *ret_ms = 0;
    if (!read_char(rest, '.'))
        return 1;
    size_t before = rest->size;
    int64_t digits;
    if (!read_digits(rest, 1, 9, &digits))
        return 0;
    size_t count = before - rest->size;
    for (; count < 3; count++)
        digits *= 10;
    for (; count > 3; count--)
        digits /= 10;
    *ret_ms = digits;
    return 1;
}

/* Days from 1970-01-01 in the Gregorian calendar; years are counted from March on, so that a leap day comes
 * last. */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 ? 28 + leap : 30 + (month + month / 8) % 2;
}

/* "Z", "+01:00", "-0500" */
static int read_zone(struct esm__span *rest, int64_t *ret_minutes)
{
    int64_t hours;
    int64_t minutes;
    *ret_minutes = 0;
    if (read_char(rest, 'Z'))
        return 1;
    int sign = read_char(rest, '+') ? 1 : read_char(rest, '-') ? -1 : 0;
    if (sign == 0 || !read_digits(rest, 2, 2, &hours))
        return 0;
    read_char(rest, ':');
    if (!read_digits(rest, 2, 2, &minutes) || hours > 23 || minutes > 59)
        return 0;
    *ret_minutes = sign * (hours * 60 + minutes);
    return 1;
}

static int read_iso(struct esm__span rest, int64_t *ret_ms)
{
    int64_t year, month, day, hour, minute, second, ms, zone;
    if (!read_digits(&rest, 4, 4, &year) || !read_char(&rest, '-') || !read_digits(&rest, 2, 2, &month) ||
        !read_char(&rest, '-') || !read_digits(&rest, 2, 2, &day) || !read_char(&rest, 'T') ||
        !read_digits(&rest, 2, 2, &hour) || !read_char(&rest, ':') || !read_digits(&rest, 2, 2, &minute) ||
        !read_char(&rest, ':') || !read_digits(&rest, 2, 2, &second) || !read_fraction(&rest, &ms) ||
        !read_zone(&rest, &zone) || rest.size != 0)
        return 0;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
        minute > 59 || second > 59)
        return 0;
    int64_t minutes = (days_from_civil(year, month, day) * 24 + hour) * 60 + minute - zone;
    *ret_ms = (minutes * 60 + second) * 1000 + ms;
    return *ret_ms >= 0;
}

int esm__timestamp_read(struct esm__span text, int64_t *ret_ms)
{
    struct esm__span rest = text;
    int64_t seconds;
    int64_t ms;
    if (read_digits(&rest, 1, 12, &seconds) && read_fraction(&rest, &ms) && rest.size == 0) {
        *ret_ms = seconds * 1000 + ms;
        return 1;
    }
    return read_iso(text, ret_ms);
}
