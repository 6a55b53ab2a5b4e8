# SPDX-License-Identifier: MIT
"""The C in README.md and docs/embedding.md: a whole program compiles, and an excerpt stands in an example as it is."""
import pathlib
import re
import sys
import tempfile
import textwrap

sys.path.insert(0, str(pathlib.Path(sys.argv[1]) / "tests" / "house"))
from house import SOURCE, check, compilers, finish, run  # noqa: E402

EXAMPLES = {path.name: path.read_text() for path in (SOURCE / "examples").glob("*.c")}


def code_blocks(path):
    return re.findall(r"^```c\n(.*?)^```$", path.read_text(), flags=re.S | re.M)


def holds(text, excerpt):
    """Whether the lines of `excerpt` stand in `text` one after the other, at whatever indentation."""
    lines, wanted = text.splitlines(), excerpt.splitlines()
    for i in range(len(lines) - len(wanted) + 1):
        part = textwrap.dedent("\n".join(lines[i:i + len(wanted)])).splitlines()
        if part == textwrap.dedent(excerpt).splitlines():
            return True
    return False


def compiles(compiler, text):
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(text)
        file.flush()
        return run(compiler, "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                   f"-I{SOURCE / 'include'}", file.name)


for document in SOURCE / "README.md", SOURCE / "docs" / "embedding.md":
    blocks = code_blocks(document)
    check(blocks, f"{document.name} shows no C")
    for block in blocks:
        title = f"{document.name}: the block that begins '{block.splitlines()[0].strip()}'"
        if "#include" in block:
            for compiler in compilers("gcc", "clang"):
                code, text = compiles(compiler, block)
                check(code == 0, f"{title} does not compile with {compiler}:\n{text}")
        else:
            check(any(holds(text, block) for text in EXAMPLES.values()), f"{title} stands in no example")

check(EXAMPLES["smallest.c"] in code_blocks(SOURCE / "README.md"), "README.md does not show examples/smallest.c as it is")
finish()
