#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Asks EventBridge's open engine and libesm the same questions, and shows where they differ, as small as can be.

Without a JDK, or Maven for the first run, it skips, aloud; in CI that is a failure. --show N shows N differences (10).
"""
import argparse
import collections
import hashlib
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading

import generate

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "libesm-oracle"
JAVA = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m"]
SHRINK_QUESTIONS = 3000
TOKEN = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|[^][{},:" \t\r\n]+|[][{},:])', re.S)
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
ADDRESS = re.compile(r'"(?:[0-9]+(?:\.[0-9]+){3}|[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9a-fA-F:]*)(?:/[0-9+]*/?)?"')


def skip(why):
    print(f"SKIPPED: the engine cannot be asked here: {why}", file=sys.stderr)
    sys.exit(1 if os.environ.get("CI") else 77)


def jars():
    """Fetches the jars once; a half-finished download is never taken for a cache."""
    if not shutil.which("javac"):
        skip("it needs a JDK 17 or later")
    pom = HERE / "pom.xml"
    place = CACHE / hashlib.sha256(pom.read_bytes()).hexdigest()[:16]
    if not place.is_dir():
        if not shutil.which("mvn"):
            skip("it needs Maven for the first run")
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as half:
            whole = pathlib.Path(half) / "jars"
            if subprocess.run(["mvn", "-B", "-q", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={whole}"]).returncode:
                skip("Maven failed")
            if not place.is_dir():
                whole.rename(place)
    return place


class Answerer:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, pairs):
        def write():
            self.process.stdin.write("".join(f"{escape(p)}\t{escape(e)}\n" for p, e in pairs).encode())
            self.process.stdin.flush()
        writer = threading.Thread(target=write)
        writer.start()
        answers = [self.process.stdout.readline().decode().strip() for _ in pairs]
        writer.join()
        if "" in answers:
            sys.exit(f"{self.process.args[0]} died at {pairs[answers.index('')]}")
        return answers

    def end(self):
        self.process.stdin.close()
        return self.process.wait()


def escape(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def plain(text):
    """Without the escapes that any character may have."""
    return re.sub(r"\\u00([2-7][0-9a-fA-F])", lambda m: m[0] if m[1].lower() in ("22", "5c", "7f") else chr(int(m[1], 16)), text)


def has_lone_half(text):
    return re.search(r"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]", text)


def beyond_bmp(text):
    return re.search(r"[\U00010000-\U0010ffff]|\\u[dD][89abAB]", text)


def mixes_addresses(pattern, event):
    """The engine compares addresses as hexadecimal text, from the left: with the other family's, and with numbers."""
    wanted, there = ADDRESS.findall(plain(pattern)), ADDRESS.findall(plain(event))
    families = {":" in a for a in wanted + there}
    return wanted and (len(families) > 1 or re.search("[0-9]", STRING.sub("", event)))


# What is meant to differ, coarsely: (why, whether it may be that).
KNOWN = [
    ("the engine reads v4, v6 and numbers as one hexadecimal text", lambda p, e, oracle, mine: mixes_addresses(p, e)),
    ("characters beyond the BMP match themselves", lambda p, e, oracle, mine: "equals-ignore-case" in p and beyond_bmp(p)),
    ("the engine takes anything-but {...: []} beside another test", lambda p, e, oracle, mine: mine == "E" and re.search(
        r'"anything-but"\s*:\s*\{\s*"[a-z-]*"\s*:\s*\[\s*]', plain(p))),
    ("the engine loses anything-but {wildcard: *...} beside equals-ignore-case", lambda p, e, oracle, mine: re.search(
        r'"anything-but"\s*:\s*\{\s*"wildcard"\s*:\s*[^]}]*"\*.*"equals-|"equals-.*"anything-but"\s*:\s*\{\s*"wildcard"\s*:\s*[^]}]*"\*',
        plain(p), re.S)),
    ("where $or is no operator, the engine knows anything-but only in its old forms", lambda p, e, oracle, mine: oracle == "E" and re.search(
        r'"anything-but"\s*:\s*\{\s*"(?:wildcard"|(?:prefix|suffix)"\s*:\s*\[)', plain(p)) and '"$or"' in plain(p)),
    ("the engine has no range above the largest double", lambda p, e, oracle, mine: re.search(
        r'">=?"\s*,\s*(?:1\.7976931348623157e308|17976931348623157e292)\s*]', plain(p))),
    ("the engine takes letters beyond ASCII for digits of an escape", lambda p, e, oracle, mine: re.search(
        r"\\u[0-9a-fA-F]{0,3}[^\x00-\x7f]", p + e)),
    ("half a surrogate pair is no character", lambda p, e, oracle, mine: has_lone_half(p + e)),
    ("the engine loses empty names", lambda p, e, oracle, mine: re.search(r'"(?:\.[^"]*|[^"]*\.|[^"]*\.\.[^"]*)?"\s*:', p + e)),
    ("more than 1000 branches of $or", lambda p, e, oracle, mine: "*" in oracle and mine == "E"),
]


class Comparison:
    def __init__(self, oracle, mine):
        self.oracle, self.mine = oracle, mine
        self.questions = 0

    def differ(self, pair):
        """The two answers, if they differ and go on to; the engine has answers that change from one machine to the next."""
        self.questions += 1
        oracle, mine = self.oracle.ask([pair])[0], self.mine.ask([pair])[0]
        return (oracle, mine) if oracle[0] != mine else None

    @staticmethod
    def known(pair, oracle, mine):
        return None if mine == "?" else next((why for why, fits in KNOWN if fits(*pair, oracle, mine)), None)

    def shrink(self, pair):
        """Takes away members, elements and levels as long as the difference stays what it is."""
        self.questions = 0
        kind = self.differ(pair)
        tried = set()
        progress = kind is not None
        while progress and self.questions < SHRINK_QUESTIONS:
            progress = False
            for smaller in smaller_pairs(pair):
                if smaller in tried or self.questions >= SHRINK_QUESTIONS:
                    continue
                tried.add(smaller)
                now = self.differ(smaller)
                if now and (now[0][0], now[1]) == (kind[0][0], kind[1]) and not self.known(smaller, *now):
                    pair, progress = smaller, True
                    break
        return pair


def parse(text):
    """generate's form of a JSON text; None if it is none."""
    tokens = [m.group(1) for m in TOKEN.finditer(text)]
    at = 0

    def value():
        nonlocal at
        token = tokens[at]
        at += 1
        if token not in "{[":
            if token in "]},:":
                raise ValueError
            return token
        close, items = ("}" if token == "{" else "]"), []
        while tokens[at] != close:
            if items:
                if tokens[at] != ",":
                    raise ValueError
                at += 1
            if token == "{":
                name = tokens[at]
                if tokens[at + 1] != ":":
                    raise ValueError
                at += 2
                items.append((name, value()))
            else:
                items.append(value())
        at += 1
        return tuple(items) if token == "{" else items

    try:
        return value()
    except (IndexError, ValueError):
        return None


def smaller_trees(node):
    if isinstance(node, str):
        return
    items = list(node)
    wrap = tuple if isinstance(node, tuple) else list
    for i, item in enumerate(items):
        yield wrap(items[:i] + items[i + 1:])
    for i, item in enumerate(items):
        inner = item[1] if wrap is tuple else item
        if not isinstance(inner, str):
            for child in inner:
                child = child[1] if isinstance(inner, tuple) else child
                yield wrap(items[:i] + [(item[0], child) if wrap is tuple else child] + items[i + 1:])
        for smaller in smaller_trees(inner):
            yield wrap(items[:i] + [(item[0], smaller) if wrap is tuple else smaller] + items[i + 1:])


def smaller_pairs(pair):
    for which in 0, 1:
        tree = parse(pair[which])
        if tree is None:
            texts = [pair[which][:i] + pair[which][i + 1:] for i in range(len(pair[which]))]
        else:
            members = [v for _, v in tree if isinstance(v, list)] if isinstance(tree, tuple) else []
            texts = [generate.render(t) for t in [tree, *sum(members, []), *smaller_trees(tree)]] + [plain(pair[which])]
        for text in texts:
            if text != pair[which]:
                yield (text, pair[1]) if which == 0 else (pair[0], text)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("comparer", help="the program of compare.c")
    arguments.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    arguments.add_argument("--count", type=int, default=2000)
    arguments.add_argument("--show", type=int, default=10)
    given = arguments.parse_args()

    comparison = Comparison(Answerer(JAVA + ["-cp", f"{jars()}/*", HERE / "Oracle.java"]), Answerer([given.comparer]))
    generator = generate.Generator(given.seed)
    pairs = [generator.pair() for _ in range(given.count)]
    oracle, mine = comparison.oracle.ask(pairs), comparison.mine.ask(pairs)

    answers = collections.Counter(a[0] for a in oracle)
    meant = collections.Counter({"the engine drops a branch of $or, or a value beside an array": sum("!" in a for a in oracle)})
    differing, shown = [], set()
    for pair, theirs, ours in zip(pairs, oracle, mine):
        if theirs[0] == ours:
            continue
        why = comparison.known(pair, theirs, ours)
        if why is None and not all(comparison.differ(pair) for _ in range(3)):
            why = "the engine changes its mind"
        if why:
            meant[why] += 1
        else:
            differing.append(pair)
    for pair in differing:
        if len(shown) == given.show:
            break
        small = comparison.shrink(pair)
        if small not in shown:
            shown.add(small)
            answer = comparison.differ(small)
            print(f"engine {answer[0][0]}, libesm {answer[1]}:\n    {small[0]!a}\n    {small[1]!a}", flush=True)

    comparison.oracle.end()
    comparison.mine.end()
    print(f"seed {given.seed}, {given.count} pairs:", ", ".join(f"{n} {a}" for a, n in sorted(answers.items())))
    for why, count in meant.items():
        if count:
            print(f"meant to differ: {count}, {why}")
    if min(answers["0"], answers["1"]) * 5 < given.count:
        sys.exit("the questions have become one-sided")
    if differing:
        sys.exit(f"{len(differing)} pairs differ")
    print(f"{given.count} pairs agree but for these" if +meant else f"{given.count} pairs agree")


if __name__ == "__main__":
    main()
