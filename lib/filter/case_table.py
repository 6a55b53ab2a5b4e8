#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes case_table.c: the upper and lower case of every character of the Basic Multilingual Plane that has another.

    python3 case_table.py > case_table.c
"""
import unicodedata


def runs(convert):
    """Characters that follow each other at a constant step and lie at a constant distance from their other case."""
    result = []
    for code in range(0x80, 0x10000):
        other = convert(chr(code))
        if 0xD800 <= code < 0xE000 or len(other) != 1 or other == chr(code) or ord(other) > 0xFFFF:
            continue
        delta = ord(other) - code
        if result and result[-1][3] == delta:
            first, last, step, _ = result[-1]
            if step == 0 and code - last <= 2 or step == code - last:
                result[-1] = (first, code, code - last, delta)
                continue
        result.append((code, code, 0, delta))
    return result


def specials(convert):
    return [(code, convert(chr(code))) for code in range(0x80, 0x10000)
            if not 0xD800 <= code < 0xE000 and len(convert(chr(code))) > 1]


def lines(items, each):
    for start in range(0, len(items), each):
        print("    " + " ".join(items[start:start + each]))


def write(name, convert):
    print(f"const struct esm__case_run esm__{name}_runs[] = {{")
    lines([f"{{0x{a:04x}, 0x{b:04x}, {max(step, 1)}, {delta}}}," for a, b, step, delta in runs(convert)], 4)
    print("    {0}};\n")
    print(f"const struct esm__case_special esm__{name}_specials[] = {{")
    lines([f'{{0x{code:04x}, "{"".join(f"{chr(92)}x{byte:02x}" for byte in text.encode())}"}},'
           for code, text in specials(convert)], 4)
    print("    {0}};")


print("/* SPDX-License-Identifier: MIT */")
print(f"/* Made by case_table.py from Unicode {unicodedata.unidata_version}. */")
print('#include "filter/fold.h"\n')
print("/* clang-format off */")
write("lower", str.lower)
print()
write("upper", str.upper)
print("/* clang-format on */")
