# SPDX-License-Identifier: MIT
"""test_header_rules.py SOURCE: public headers hold only what can keep a stable ABI."""
import re

from house import HEADERS, check, finish, statements

# What a declaration may be. A struct with a body, a variable or an inline function is none of these.
SHAPES = [
    r"typedef (struct|enum) esm_\w+ esm_\w+",
    r"(struct|enum) esm_\w+",
    r"typedef [\w *]*\(\*esm_\w+\) ?\([^{}]*\)",
    r"ESM_API [\w *]*\besm_\w+ ?\([^{}]*\)( ESM_\w+(\(.*\))?)?",
    r"enum esm_\w+ \{.*\}",
]
# Their size, their meaning or their very existence depends on platform, compiler or library.
UNSTABLE = r"\b(bool|_Bool|long|time_t|off_t|ssize_t|FILE|va_list|wchar_t|__int128)\b|\.\.\."


def check_enum(where, name, body):
    values = {}
    entries = [entry.strip() for entry in body.split(",") if entry.strip()]
    for entry in entries:
        found = re.fullmatch(r"(ESM_\w+) = (-?\d+|0x[0-9a-f]+)u?|(ESM_\w+) = 1u? << \d+", entry)
        if not check(found, f"{where}: '{entry}' of enum {name} has no explicit number"):
            continue
        key, value = entry.split(" = ")
        check(value not in values, f"{where}: {key} and {values.get(value)} of enum {name} have the same value")
        values[value] = key
    check(re.fullmatch(r"ESM_\w+_FORCE_I32 = 0x7fffffff", entries[-1]),
          f"{where}: enum {name} does not end with the pin of its width, ESM_…_FORCE_I32 = 0x7fffffff")
    check(name != "esm_outcome" or "0" not in values, f"{where}: 0 is an outcome, so that a forgotten value is one")


for header in sorted(HEADERS.glob("*.h")):
    for line in statements(header):
        check(any(re.fullmatch(shape, line) for shape in SHAPES),
              f"{header.name}: not an opaque type, an enum, a callback or an ESM_API function: {line[:100]}")
        word = re.search(UNSTABLE, line)
        check(not word, f"{header.name}: {word and word.group()} in: {line[:100]}")
        enum = re.fullmatch(r"enum (esm_\w+) \{(.*)\}", line)
        if enum:
            check_enum(header.name, *enum.groups())
finish()
