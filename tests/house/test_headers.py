# SPDX-License-Identifier: MIT
"""test_headers.py SOURCE: every public header compiles alone, and included twice, in every language it promises."""
from house import HEADERS, check, compilers, finish, run

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]
C = [(cc, "c", std) for cc in compilers("gcc", "clang") for std in ("c99", "c11", "c17")]
CXX = [(cc, "c++", "c++11") for cc in compilers("g++", "clang++")]

for header in sorted(HEADERS.glob("*.h")):
    line = f"#include <esm/{header.name}>\n"
    for cc, language, std in C + CXX:
        # Twice in one go: what breaks alone breaks here, and so does what breaks the second time.
        code, text = run(cc, f"-std={std}", *WARNINGS, "-I", HEADERS.parent, "-x", language, "-",
                         input=line + line + "typedef int esm_not_empty;\n")
        check(code == 0, f"{header.name}, {cc} -std={std}:\n{text}")
finish()
