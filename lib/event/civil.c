/* SPDX-License-Identifier: MIT */
#include "event/civil.h"

#include "json/writer.h"

/* Rounded down, so that what is left is never negative. */
static int64_t divide(int64_t a, int64_t b, int *ret_rest)
{
    int64_t rest = a % b;
    *ret_rest = (int)(rest < 0 ? rest + b : rest);
    return a / b - (rest < 0);
}

/*
 * Years are taken to begin in March: the leap day is then the last, and the lengths of the months repeat
 * every five. 400 years have 146097 days; day 0, 1970-01-01, is 719468 days after 0000-03-01.
 */
struct esm__civil esm__civil_from_ms(int64_t wall_ms)
{
    int rest;
    int day_of_era;
    int64_t days = divide(wall_ms, 86400000, &rest);
    int64_t era = divide(days + 719468, 146097, &day_of_era);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month = (5 * day_of_year + 2) / 153; /* 0: March */
    return (struct esm__civil){
        .year = era * 400 + year_of_era + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
        .hour = rest / 3600000,
        .minute = rest / 60000 % 60,
        .second = rest / 1000 % 60,
        .millisecond = rest % 1000,
    };
}

/* At least `width` digits, and a mark behind them. */
static char *write_padded(char *to, int64_t value, size_t width, char mark)
{
    for (size_t length = esm__json_int_length(value); length < width; length++)
        *to++ = '0';
    to = esm__json_write_int(to, value);
    *to++ = mark;
    return to;
}

void esm__civil_format(char to[ESM__ISO_SIZE], int64_t wall_ms)
{
    struct esm__civil civil = esm__civil_from_ms(wall_ms);
    if (civil.year < 0 || civil.year > 9999)
        *to++ = civil.year < 0 ? '-' : '+';
    to = write_padded(to, civil.year < 0 ? -civil.year : civil.year, 4, '-');
    to = write_padded(to, civil.month, 2, '-');
    to = write_padded(to, civil.day, 2, 'T');
    to = write_padded(to, civil.hour, 2, ':');
    to = write_padded(to, civil.minute, 2, ':');
    to = write_padded(to, civil.second, 2, '.');
    to = write_padded(to, civil.millisecond, 3, 'Z');
    *to = '\0';
}
