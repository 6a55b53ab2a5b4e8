# SPDX-License-Identifier: MIT
"""count.py LOG…: prints "PASSED FAILED SKIPPED" of meson's JSON test logs.

A test program that ends with check's line of totals counts with each of its checks, any other test as one. What was
skipped or failed is named on standard error; with CI set a skipped test counts as failed: there everything can run."""
import json
import os
import re
import sys

TOTALS = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.M)


def count(test):
    if test["result"] == "SKIP":
        return (0, 1, 0) if os.environ.get("CI") else (0, 0, 1)
    totals = [tuple(map(int, found)) for found in TOTALS.findall(test.get("stdout") or "")]
    failed = sum(failures + errors for _, failures, errors in totals)
    passed = sum(checks for checks, _, _ in totals) - failed
    if test["result"] in ("OK", "EXPECTEDFAIL"):
        return (passed if totals else 1, failed, 0)
    return (passed, failed or 1, 0)  # it may have died before it could count


sums = [0, 0, 0]
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as log:
        for test in map(json.loads, log):
            counts = count(test)
            sums = [a + b for a, b in zip(sums, counts)]
            if counts[1] or counts[2]:
                print(f"    {test['name']}: {test['result']}", file=sys.stderr)
print(*sums)
