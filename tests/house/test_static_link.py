# SPDX-License-Identifier: MIT
"""test_static_link.py SOURCE BUILD HEADER…: programs link as they should, and run.

Every public function of this build links against the archives, with the libraries that libesm.pc requires privately;
libesm-policy alone needs libc alone; no object of libesm-policy.a is in libesm.a as well."""
import os
import pathlib
import sys
import tempfile

from house import HEADERS, LIB, check, compilers, finish, functions, output_of, read_map, run

build = pathlib.Path(sys.argv[2])
lib = build / "lib"
headers = [pathlib.Path(path) for path in sys.argv[3:]]
policy_names = read_map(LIB / "libesm-policy.map")


def program(headers):
    """Takes the address of all that the headers declare, and calls what needs no argument."""
    names = sorted(set().union(*(functions(header) for header in headers)))
    includes = "".join(f"#include <esm/{header.name}>\n" for header in headers)
    addresses = "".join(f"    (any){name},\n" for name in names)
    return f"""#include <stdio.h>
{includes}typedef void (*any)(void);
static const any all[] = {{
{addresses}}};
int main(void)
{{
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i] == 0)
            return 1;
    printf("%u %s\\n", (unsigned)esm_version(), esm_strerror(0));
    return esm_version() == ESM_VERSION ? 0 : 1;
}}
"""


def link_and_run(what, headers, *arguments, environment=None):
    with tempfile.TemporaryDirectory() as work:
        source = pathlib.Path(work, "program.c")
        source.write_text(program(headers))
        for cc in compilers("gcc", "clang"):
            code, text = run(cc, "-std=c11", "-I", HEADERS.parent, source, *arguments, "-o", f"{work}/program")
            if check(code == 0, f"{what} does not link with {cc}:\n{text}"):
                code, text = run(f"{work}/program", env=environment)
                check(code == 0 and "success" in text, f"{what}, linked with {cc}: exit {code}, said '{text.strip()}'")


of_policy = [header for header in headers if functions(header) & policy_names.keys()]
# The archive's own needs, from pkg-config; what those libraries need in turn is theirs, they are linked as shared ones.
uninstalled = dict(os.environ, PKG_CONFIG_PATH=str(build / "meson-uninstalled"))
_, below = run("pkg-config", "--print-requires-private", "libesm", env=uninstalled)
needs = [line.split()[0] for line in below.splitlines()]
libraries = run("pkg-config", "--libs", *needs)[1] if needs else ""
link_and_run("a program of both archives", headers, lib / "libesm.a", lib / "libesm-policy.a", *libraries.split())
link_and_run("a program of libesm-policy.a", of_policy, lib / "libesm-policy.a")
link_and_run("a program of libesm-policy.so alone", of_policy, f"-L{lib}", "-lesm-policy", "-Wl,--no-undefined",
             environment={"LD_LIBRARY_PATH": str(lib)})

objects = {}
for line in output_of("nm", "-A", "--defined-only", lib / "libesm.a").splitlines():
    if ":" in line and len(line.split()) >= 3:
        objects[line.split()[-1]] = line.split(":")[1]
for name in sorted(policy_names):
    check(name not in objects, f"{name} of libesm-policy is in libesm.a too, in {objects.get(name)}")
finish()
