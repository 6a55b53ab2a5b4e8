# SPDX-License-Identifier: MIT
"""test_symbols.py SOURCE libesm.so libesm-policy.so HEADER…: declared = listed = exported.

The HEADERs are those of this build; what the others declare is listed in a map, but not exported.
A header belongs to the library whose map lists its functions."""
import pathlib
import sys

from house import HEADERS, LIB, check, finish, functions, output_of, read_map


def exported(library):
    """{name: node} of what a library shows to programs."""
    symbols = {}
    for line in output_of("nm", "-D", "--defined-only", library).splitlines():
        _, kind, name = line.split()
        name, _, node = name.partition("@@")
        if kind == "A" and not node:  # the node itself
            continue
        check(kind == "T", f"{library.name} exports {name}, which is data (nm: {kind})")
        symbols[name] = node
    return symbols


libraries = [pathlib.Path(path) for path in sys.argv[2:4]]
built = {pathlib.Path(path).name for path in sys.argv[4:]}
declared = {header.name: functions(header) for header in HEADERS.glob("*.h")}
maps = {library: read_map(LIB / (library.name.split(".so")[0] + ".map")) for library in libraries}

for header, names in sorted(declared.items()):
    homes = [library.name for library, listed in maps.items() if names & listed.keys()]
    check(len(homes) <= 1, f"the functions of {header} are spread over {homes}")
    for name in sorted(names):
        check(any(name in listed for listed in maps.values()), f"{name} of {header} is in no map")

everything = set().union(*declared.values())
absent = set().union(*(names for header, names in declared.items() if header not in built))
for library, listed in maps.items():
    symbols = exported(library)
    for name, node in sorted(listed.items()):
        check(name in everything, f"{name} is in the map of {library.name}, but no header declares it")
        if name not in absent:
            check(symbols.get(name) == node, f"{name} is in the map, but {library.name} has no {name}@@{node}")
    for name in sorted(symbols.keys() - listed.keys()):
        check(False, f"{library.name} exports {name}, which its map does not list")
finish()
