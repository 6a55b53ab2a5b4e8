# SPDX-License-Identifier: MIT
"""test_install.py SOURCE BUILD HEADER…: what is installed is found by pkg-config, compiles, links and runs."""
import os
import pathlib
import re
import sys
import tempfile

from house import check, compilers, finish, output_of, run

build, headers = sys.argv[2], sys.argv[3:]
SOVERSION = "0"  # until 1.0; another number is another library
PROGRAM = """#include <esm/esm.h>
int main(void)
{
    return esm_version() == ESM_VERSION && esm_strerror(0) != 0 ? 0 : 1;
}
"""

with tempfile.TemporaryDirectory() as work:
    root = pathlib.Path(work, "root")
    output_of("meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", root)

    configs = {path.stem: path.parent for path in root.glob("**/pkgconfig/*.pc")}
    check(configs.keys() == {"libesm", "libesm-policy"}, f"pkg-config knows {sorted(configs)}")
    installed = {path.name for path in root.glob("**/include/esm/*")}
    expected = {pathlib.Path(path).name for path in headers}
    check(installed == expected, f"not the headers of this build: {sorted(installed ^ expected)}")

    for name in ("libesm", "libesm-policy"):
        for library in root.glob(f"**/{name}.so"):
            soname = re.search(r"\(SONAME\).*\[(.*)\]", output_of("readelf", "-dW", library))
            check(soname and soname.group(1) == f"{name}.so.{SOVERSION}", f"{library.name}: {soname and soname.group()}")
            check((library.parent / f"{name}.so.{SOVERSION}").exists(), f"{name}.so.{SOVERSION} is not installed")
            check((library.parent / f"{name}.a").exists(), f"{name}.a is not installed")
        check(any(root.glob(f"**/{name}.so")), f"{name}.so is not installed")

    environment = dict(os.environ, PKG_CONFIG_SYSROOT_DIR=str(root),
                       PKG_CONFIG_PATH=os.pathsep.join(sorted({str(path) for path in configs.values()})),
                       LD_LIBRARY_PATH=os.pathsep.join(sorted({str(path.parent) for path in configs.values()})))
    source = pathlib.Path(work, "program.c")
    for names, text in (["libesm", "libesm-policy"], PROGRAM), (["libesm-policy"], PROGRAM.replace("esm/esm.h", "esm/base.h")):
        source.write_text(text)
        code, flags = run("pkg-config", "--cflags", "--libs", *names, env=environment)
        if not check(code == 0, f"pkg-config {names}: {flags}"):
            continue
        check(f"-I{root}" in flags or "-I" not in flags, f"pkg-config points elsewhere: {flags}")
        for cc in compilers("gcc", "clang"):
            code, text = run(cc, "-std=c11", source, *flags.split(), "-o", f"{work}/program")
            if check(code == 0, f"{names} with {cc} and {flags}:\n{text}"):
                code, text = run(f"{work}/program", env=environment)
                check(code == 0, f"{names} with {cc}: the program says {code} {text}")
finish()
