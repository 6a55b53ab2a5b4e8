# SPDX-License-Identifier: MIT
"""test_purity.py SOURCE [FILE…]: libesm-policy asks the system for memory and for nothing else; no library has state.

Compiles policy and what it takes of base as a release build does, and looks at the result. A FILE is a library of the
build: an archive is searched for writable data, a shared libesm-policy (of a release build) for what it asks for."""
import re
import sys
import tempfile

from house import LIB, check, compilers, finish, output_of, read_map

MEMORY = {"malloc", "calloc", "realloc", "free", "memcpy", "memmove", "memset", "memcmp"}
# Some distributions' compilers harden by default: the canary's alarm, and the same memory functions with a check.
HARDENED = {"__stack_chk_fail", "__memcpy_chk", "__memmove_chk", "__memset_chk"}


def check_pure(library, made_by):
    for line in output_of("nm", "-D", "--undefined-only", library).splitlines():
        kind, name = line.split()
        if kind == "U":  # the weak ones are the loader's
            check(name.split("@")[0] in MEMORY | HARDENED, f"libesm-policy, {made_by}, needs {name}")
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "-dW", library))
    check(all(name.startswith("libc.so") for name in needed), f"libesm-policy, {made_by}, needs {needed}")


def check_stateless(archive):
    """No object has writable data of its own, in whatever section; what only relocation writes is fine."""
    member = archive
    for line in output_of("readelf", "-SW", archive).splitlines():
        if line.startswith("File: "):
            member = line[6:]
        section = re.match(r"\s*\[ *\d+\] (\S+) +\S+ +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) +\S+ +(W\w*)", line)
        if section and "A" in section.group(3) and not section.group(1).startswith(".data.rel.ro"):
            name, size, _ = section.groups()
            check(int(size, 16) == 0, f"{member} has writable data: {int(size, 16)} bytes in {name}")


def build(cc, work):
    """libesm-policy.so and its objects: the whole of policy, and of base what the map's functions pull in."""
    objects = {"policy": [], "base": []}
    for room, made in objects.items():
        for source in sorted((LIB / room).glob("*.c")):
            made.append(f"{work}/{room}-{source.stem}.o")
            output_of(cc, "-std=c11", "-O2", "-DNDEBUG", "-fPIC", "-fvisibility=hidden", "-D_GNU_SOURCE",
                      "-DESM_HAVE_KAFKA=1", "-DESM_HAVE_AWS=1", "-I", LIB, "-I", LIB.parent / "include",
                      "-c", source, "-o", made[-1])
    output_of("ar", "rcs", f"{work}/base.a", *objects["base"])
    output_of("ar", "rcs", f"{work}/all.a", *objects["base"], *objects["policy"])
    symbol_map = LIB / "libesm-policy.map"
    wanted = [f"-Wl,-u,{name}" for name in read_map(symbol_map)]
    output_of(cc, "-shared", f"-Wl,--version-script={symbol_map}", *wanted, *objects["policy"], f"{work}/base.a",
              "-o", f"{work}/libesm-policy.so")
    return f"{work}/libesm-policy.so", f"{work}/all.a"


for cc in compilers("gcc", "clang"):
    with tempfile.TemporaryDirectory() as work:
        library, archive = build(cc, work)
        check_pure(library, f"compiled by {cc}")
        check_stateless(archive)
for path in sys.argv[2:]:
    if path.endswith(".a"):
        check_stateless(path)
    else:
        check_pure(path, "of this build")
finish()
