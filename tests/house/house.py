# SPDX-License-Identifier: MIT
"""What the house tests share: the project's text as they see it, and a count of checks that ends as check's does."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(sys.argv[1])
HEADERS = SOURCE / "include" / "esm"
LIB = SOURCE / "lib"

count = 0
faults = 0


def check(ok, text):
    """Counts one check; `text` says what is wrong when it fails."""
    global count, faults
    count += 1
    if not ok:
        faults += 1
        print("FAULT:", text, flush=True)
    return ok


def finish():
    """Ends the test. Having found nothing to check is a failure: the check looks in the wrong place."""
    passed = check(count > 0, "nothing was there to check") and faults == 0
    print(f"{100 * (count - faults) // count}%: Checks: {count}, Failures: {faults}, Errors: 0")
    sys.exit(0 if passed else 1)


def run(*command, **more):
    """Runs a command; returns its exit code and what it said."""
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **more)
    return done.returncode, done.stdout


def output_of(*command):
    code, text = run(*command)
    if code != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {code}\n{text}")
    return text


def compilers(*names):
    """Those of the compilers that this machine has; one at least, and one only where that is enough."""
    found = [name for name in names if shutil.which(name)]
    if "HOUSE_ONE_COMPILER" in os.environ:
        del found[1:]
    return found or sys.exit(f"none of {', '.join(names)} is here")


def without_comments(text):
    """C without comments and without what is inside quotes; the line numbers stay."""
    def blank(match):
        word = match.group()
        if word[0] in "\"'":
            return word[0] * 2
        return " " + "\n" * word.count("\n")
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def statements(header):
    """The declarations of a public header, each on one line, without comments, directives and C++'s brackets."""
    text = without_comments(header.read_text())
    text = re.sub(r"#\s*ifdef __cplusplus.*?#\s*endif", "", text, flags=re.S)
    text = re.sub(r"^\s*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)
    found, depth, start = [], 0, 0
    for i, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if char == ";" and depth == 0:
            found.append(" ".join(text[start:i].split()))
            start = i + 1
    rest = " ".join(text[start:].split())
    return found + ([rest] if rest else [])


def functions(header):
    """The names of the functions that a public header exports."""
    calls = (re.match(r"ESM_API\b.*?\b(esm_\w+) ?\(", line) for line in statements(header))
    return {call.group(1) for call in calls if call}


def read_map(path):
    """{name: node} of a symbol map, which lists explicit names only."""
    names = {}
    text = re.sub(r"#[^\n]*|/\*.*?\*/", "", path.read_text(), flags=re.S)
    for node, body in re.findall(r"(\w+)\s*\{(.*?)\}\s*\w*\s*;", text, flags=re.S):
        body = re.sub(r"local\s*:\s*\*\s*;", "", body).replace("global:", "")
        for name in body.replace(";", " ").split():
            check(re.fullmatch(r"esm_\w+", name), f"{path.name}: '{name}' is not the name of a public function")
            check(name not in names, f"{path.name}: {name} is listed twice")
            names[name] = node
    return names
