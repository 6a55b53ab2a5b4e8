/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>
#include <esm/base.h>

#include "json/base64.h"

/* RFC 4648, section 10, and the two characters that differ between alphabets. */
static const struct {
    const char *data;
    const char *text;
} vectors[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"},
               {"\xfb\xff\xbf", "+/+/"}};

START_TEST(vectors_hold)
{
    size_t size = strlen(vectors[_i].data);
    size_t length = strlen(vectors[_i].text);
    char text[16] = {0};
    char data[16] = {0};
    ck_assert_uint_eq(esm__base64_length(size), length);
    ck_assert_ptr_eq(esm__base64_encode(text, vectors[_i].data, size), text + length);
    ck_assert_str_eq(text, vectors[_i].text);
    ck_assert_int_eq(esm__base64_decode(data, text, length, &size), 0);
    ck_assert_uint_eq(size, strlen(vectors[_i].data));
    ck_assert_str_eq(data, vectors[_i].data);
}
END_TEST

/* Both ways to encode, into exactly the room that there is, at every length. */
START_TEST(every_length_comes_back)
{
    for (size_t size = 0; size <= 1000; size++) {
        size_t length = esm__base64_length(size);
        unsigned char *data = malloc(size + 1);
        unsigned char *back = malloc(length / 4 * 3 + 1);
        char *text = malloc(length + 1);
        char *portable = malloc(length + 1);
        for (size_t i = 0; i < size; i++)
            data[i + 1] = (unsigned char)rand();
        ck_assert_ptr_eq(esm__base64_encode(text + 1, data + 1, size), text + 1 + length);
        ck_assert_ptr_eq(esm__base64_encode_portable(portable + 1, data + 1, size), portable + 1 + length);
        ck_assert_int_eq(memcmp(text + 1, portable + 1, length), 0);
        size_t back_size = SIZE_MAX;
        ck_assert_int_eq(esm__base64_decode(back, text + 1, length, &back_size), 0);
        ck_assert_uint_eq(back_size, size);
        ck_assert_int_eq(memcmp(back, data + 1, size), 0);
        free(data);
        free(back);
        free(text);
        free(portable);
    }
}
END_TEST

/* All pairs of characters, by both ways. */
START_TEST(every_twelve_bits_come_back)
{
    static unsigned char data[4096 * 3];
    static unsigned char back[4096 * 3];
    static char text[4096 * 4];
    size_t size;
    for (unsigned i = 0; i < 4096; i++) {
        data[3 * i] = (unsigned char)(i >> 4);
        data[3 * i + 1] = (unsigned char)(i << 4 | i >> 8);
        data[3 * i + 2] = (unsigned char)i;
    }
    esm__base64_encode(text, data, sizeof(data));
    ck_assert_int_eq(esm__base64_decode(back, text, sizeof(text), &size), 0);
    ck_assert_int_eq(memcmp(back, data, sizeof(data)), 0);
    esm__base64_encode_portable(text, data, sizeof(data));
    ck_assert_int_eq(esm__base64_decode(back, text, sizeof(text), &size), 0);
    ck_assert_int_eq(memcmp(back, data, sizeof(data)), 0);
}
END_TEST

static const char *const refused[] = {"Z",        "Zg",       "Zg=",  "Zm9",  "====",       "=m9v",
                                      "Z===",     "Zg=v",     "Zm9-", "Zm9_", "Zm9v\n",     "Zm 9",
                                      "Zg==Zg==", "Zm8=Zm9v", "Zh==", "Zm9=", "Zm\xc3\xa9", "Zg==\n\n\n\n"};

START_TEST(decoding_is_strict)
{
    char data[16];
    size_t size = 77;
    ck_assert_int_eq(esm__base64_decode(data, refused[_i], strlen(refused[_i]), &size),
                     ESM_ERR_INVALID_ARGUMENT);
    ck_assert_uint_eq(size, 77);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("base64");
    TCase *tests = tcase_create("base64");
    tcase_add_loop_test(tests, vectors_hold, 0, sizeof(vectors) / sizeof(*vectors));
    tcase_add_test(tests, every_length_comes_back);
    tcase_add_test(tests, every_twelve_bits_come_back);
    tcase_add_loop_test(tests, decoding_is_strict, 0, sizeof(refused) / sizeof(*refused));
    suite_add_tcase(suite, tests);
    return suite;
}

UNIT_MAIN
