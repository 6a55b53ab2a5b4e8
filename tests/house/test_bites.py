# SPDX-License-Identifier: MIT
"""test_bites.py SOURCE libesm.so libesm-policy.so HEADER…: each house test fails on what it is there to find.

Every row changes a copy of the sources by one line, and the test named must then fail with a word that tells why."""
import os
import pathlib
import shutil
import sys
import tempfile

from house import HEADERS, LIB, check, finish, run

HERE = pathlib.Path(__file__).parent
LIBRARIES = sys.argv[2:4]
HEADER, POLICY = "include/esm/base.h", "lib/policy/bite.c"
# test, file that gets the line (or loses it, after a "-"), the line, what the test must say
ROWS = [
    ("headers", HEADER, "#include <esm/nowhere.h>", "nowhere.h"),
    ("headers", "include/esm/tracker.h", "enum esm_bite { ESM_BITE = 1 };", "tracker.h"),  # behind the guard: twice
    ("headers", HEADER, "int esm_bite(int class);", "-std=c++11"),
    ("headers", HEADER, "typedef char16_t esm_bite;", "-std=c99"),
    ("header_rules", HEADER, "struct esm_bite { int size; };", "not an opaque type"),
    ("header_rules", HEADER, "extern int esm_bite;", "not an opaque type"),
    ("header_rules", HEADER, "int esm_bite(void);", "not an opaque type"),
    ("header_rules", HEADER, "static inline int esm_bite(void) { return 1; }", "not an opaque type"),
    ("header_rules", HEADER, "ESM_API bool esm_bite(void);", "bool"),
    ("header_rules", HEADER, "ESM_API int esm_bite(unsigned long size);", "long"),
    ("header_rules", HEADER, "ESM_API int esm_bite(const char *format, ...);", "..."),
    ("header_rules", HEADER, "typedef void (*esm_bite_fn)(FILE *file);", "FILE"),
    ("header_rules", HEADER, "enum esm_bite { ESM_BITE, ESM_BITE_FORCE_I32 = 0x7fffffff };", "no explicit number"),
    ("header_rules", HEADER, "enum esm_bite { ESM_BITE = 1, ESM_BITTEN = 1, ESM_BITE_FORCE_I32 = 0x7fffffff };", "same value"),
    ("header_rules", HEADER, "enum esm_bite { ESM_BITE = 1 };", "pin of its width"),
    ("header_rules", HEADER, "enum esm_outcome { ESM_BITE = 0, ESM_BITE_FORCE_I32 = 0x7fffffff };", "0 is an outcome"),
    ("symbols", HEADER, "ESM_API int esm_bite(void);", "esm_bite of base.h is in no map"),
    ("symbols", "lib/libesm.map", "ESM_0_9 { global: esm_bite; };", "no header declares it"),
    ("symbols", "lib/libesm.map", "ESM_0_9 { global: esm_version; };", "spread over"),
    ("symbols", "lib/libesm.map", "ESM_0_9 { global: esm__bite; esm_*; };", "'esm_*' is not the name"),
    ("symbols", "lib/libesm-policy.map", "-esm_strerror;", "exports esm_strerror, which its map does not list"),
    ("purity", POLICY, "#include <errno.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <time.h>\n"
     "int esm__bite(void) { puts(getenv(\"HOME\")); return errno + (int)time(0); }",
     "needs puts", "needs getenv", "needs __errno_location", "needs time"),
    ("purity", POLICY, "int esm__bite = 1; _Thread_local int esm__bitten = 1;\n"
     "int *esm__bites(void) { static int count; return &count; }", "bytes in .data", "bytes in .bss", "bytes in .tdata"),
    ("floors", "lib/json/bite.c", '#include "poller/bite.h"', 'json may not include "poller/bite.h"'),
    ("floors", "lib/kafka/bite.c", '#include "poller/bite.h"', 'kafka may not include "poller/bite.h"'),
    ("floors", "lib/event/bite.c", "#include <esm/poller.h>", "event may not include <esm/poller.h>"),
    ("floors", "lib/poller/bite.c", "#include <librdkafka/rdkafka.h>", "poller may not include"),
    ("floors", "lib/kafka/bite.c", "#include <curl/curl.h>", "kafka may not include"),
    ("floors", "lib/event/bite.c", "#include <cjson/cJSON.h>", "event may not include"),
    ("floors", POLICY, "#include <errno.h>", "it is pure"),
    ("floors", "lib/json/bite.c", '#include "bite.h"', "not spelt room/file.h"),
    ("floors", "lib/json/poller.h", "typedef int bite;", "has the name of a public header"),
    ("floors", "lib/cellar/bite.c", "typedef int bite;", "no room that has a floor"),
    ("floors", "lib/json/bite.c", "int x; /* free() */ void esm__bite(void *p) { free(p); }", "calls free()"),
    ("floors", "lib/aws/bite.c", "int esm__bite(const char *p) { return atoi(p); }", "calls atoi()"),
]

os.environ["HOUSE_ONE_COMPILER"] = "1"
for test, file, line, *words in ROWS:
    with tempfile.TemporaryDirectory() as work:
        shutil.copytree(LIB, f"{work}/lib")
        shutil.copytree(HEADERS, f"{work}/include/esm")
        target = pathlib.Path(work, file)
        target.parent.mkdir(exist_ok=True)
        before = target.read_text() if target.exists() else ""
        target.write_text(before.replace(line[1:], "") if line[0] == "-" else before + line + "\n")
        more = [*LIBRARIES, *sys.argv[4:]] if test == "symbols" else []
        code, text = run(sys.executable, HERE / f"test_{test}.py", work, *more)
        for word in words:
            check(code == 1 and word in text, f"{test} must find '{line}' in {file}, say '{word}', exit 1: {code}\n{text[-2000:]}")
finish()
