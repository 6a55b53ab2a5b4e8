/* SPDX-License-Identifier: MIT */
/* What every unit test program shares: its main. A program defines `static Suite *suite(void)` and ends with UNIT_MAIN. */
#ifndef ESM_TESTS_UNIT_H
#define ESM_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

#define UNIT_MAIN                                                                                                  \
    int main(void)                                                                                                 \
    {                                                                                                              \
        SRunner *runner = srunner_create(suite());                                                                 \
        srunner_run_all(runner, CK_ENV);                                                                           \
        int failed = srunner_ntests_failed(runner);                                                                \
        srunner_free(runner);                                                                                      \
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                                          \
    }

#endif
