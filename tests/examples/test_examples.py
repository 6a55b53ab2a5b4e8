# SPDX-License-Identifier: MIT
"""The small examples, each run and its output looked at: test_examples.py SOURCE NAME PROGRAM [CLUSTER]."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(sys.argv[1]) / "tests" / "house"))
from house import SOURCE, check, finish  # noqa: E402

NAME, PROGRAM = sys.argv[2:4]


def run(*arguments, **more):
    """Runs the program to its end and returns its lines; it has to succeed."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60, **more)
    check(done.returncode == 0, f"{NAME} ended with {done.returncode}: {done.stdout}")
    return done.stdout.splitlines()


def policy_alone():
    lines = run()
    invoked = [line.split()[1] for line in lines if line.startswith("invoke")]
    check(invoked == ["[0-3]", "[0-1]", "[2-3]", "[2]", "[3]"], f"invoked {invoked}")
    check([line for line in lines if line.startswith("drop")] == ["drop [2]"], f"not record 2 was dropped: {lines}")
    check(lines[-1] == "commit 4", f"the last action is no commit of all: {lines}")
    check(lines.index("drop [2]") < lines.index("invoke [3]"), "record 3 did not wait for the fate of record 2")


def own_consumer():
    for count in 0, 1, 500:
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("".join(f"line {i}\n" for i in range(count)))
            file.flush()
            check_lines(run(file.name), count)
            with open(file.name) as stdin:
                check_lines(run(stdin=stdin), count)


def check_lines(lines, count):
    for partition in range(3):
        got = [line.split(" ", 1) for line in lines[:-1] if line.startswith(f"{partition}/")]
        want = [[f"{partition}/{i // 3}", f"line {i}"] for i in range(partition, count, 3)]
        check(got == want, f"of {count} lines partition {partition} got {got}")
    shares = " ".join(str(len(range(i, count, 3))) for i in range(3))
    check(lines[-1] == f"{count} lines, committed {shares}", f"the summary of {count} lines: {lines[-1]}")


def worker_threads():
    lines = run()
    check(lines == ["400 records done by 4 workers, 8 retries"], f"{lines}")


def foreign_loop():
    lines = run()
    for name, most in ("fives", 5), ("sevens", 7):
        sizes = [int(re.fullmatch(rf"{name}: (\d+) ticks", line)[1]) for line in lines if line.startswith(name)]
        check(sum(sizes) == 20 and max(sizes) <= most, f"{name} got batches of {sizes}")


def filter_lines():
    def got(*arguments, lines="1\n{\"a\": 1}\n\n{\"a\": 2}"):
        done = subprocess.run([PROGRAM, *arguments], input=lines, text=True, capture_output=True, timeout=60)
        check(bool(done.stderr) == (done.returncode == 2), f"{arguments} ended with {done.returncode}: {done.stderr}")
        return done.returncode, done.stdout

    one, other = '{"value": {"a": [1]}}', '{"value": ["1"]}'
    for arguments, want in (([one], (0, '1\n{"a": 1}\n\n')), (["-v", one], (0, '{"a": 2}\n')),
                            ([other], (0, '1\n{"a": 1}\n{"a": 2}\n')), (["-v", one, other], (1, "")),
                            (["--event", '{"a": [1]}'], (0, '{"a": 1}\n')), (["--event", '{"a": [3]}'], (1, "")),
                            (["--event", "-v", '{"a": [1]}'], (0, '1\n\n{"a": 2}\n')),
                            ([], (2, "")), ([one, "{}"], (2, "")), (["--lines", one], (2, ""))):
        check(got(*arguments) == want, f"{arguments}: {got(*arguments)}")
    filters_page(got)


def filters_page(got):
    """docs/filters.md: its table of operators holds, and its commands print what stands below them."""
    page = (SOURCE / "docs" / "filters.md").read_text()
    table = re.search(r"^\| Operator .*\n\|[-|]*\n((?:\|.*\n)*)", page, flags=re.M)[1].splitlines()
    rows = [re.fullmatch(r"\| (.*) \| `(.*)` \| `(.*)` \| `(.*)` \| (?:Lambda|EventBridge) \|", line).groups() for line in table]
    for name, pattern, passes, does_not in rows:
        answer = got(f'{{"value": {{{pattern}}}}}', lines=f"{passes}\n{does_not}\n")
        check(answer == (0, passes + "\n"), f"docs/filters.md: {name}: {answer}")
    environment = os.environ | {"PATH": f"{pathlib.Path(PROGRAM).resolve().parent}:{os.environ['PATH']}"}
    commands = re.findall(r"^\$ (.*)\n((?:(?!\$ |```).*\n)*)", "".join(re.findall(r"^```console\n(.*?)^```$", page, flags=re.S | re.M)),
                          flags=re.M)
    check(commands, "docs/filters.md has no commands")
    with tempfile.TemporaryDirectory() as directory:
        for command, shown in commands:
            if command.startswith("cat "):
                (pathlib.Path(directory) / command.split()[1]).write_text(shown)
            printed = subprocess.run(["sh", "-c", command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                     cwd=directory, env=environment, timeout=60).stdout
            check(printed == shown, f"docs/filters.md: {command}\nprints\n{printed}and not\n{shown}")


def smallest():
    with subprocess.Popen([sys.argv[4]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as cluster:
        brokers = cluster.stdout.readline().strip()
        with subprocess.Popen([PROGRAM, brokers], stdout=subprocess.PIPE, text=True) as program:
            orders = {json.loads(program.stdout.readline())["order"] for _ in range(10000)}
            program.kill()
        cluster.stdin.close()
    check(orders == set(range(10000)), f"{len(orders)} of 10000 orders came")


globals()[NAME.replace("-", "_")]()
finish()
