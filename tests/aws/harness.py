# SPDX-License-Identifier: MIT
"""What the scripts here share: how a test program is run, and how the tests are counted."""
import json
import os
import subprocess
import sys
import unittest

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def run(program, *options, lines=(), env=None):
    """Runs `call` with what it is to do; returns the answers, and its log, in which no secret may stand."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"AWS_EC2_METADATA_DISABLED": "true"} | (env or {})
    done = subprocess.run([program, *options], input="".join(json.dumps(line) + "\n" for line in lines), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f"exit {done.returncode}: {done.stderr}")
    for secret in secrets_of(environment, options):
        if secret in done.stderr:
            raise AssertionError(f"a secret is in the log: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def secrets_of(environment, options):
    names = ("SECRET", "SESSION_TOKEN", "AUTHORIZATION_TOKEN", "secret", "session_token")
    pairs = list(environment.items()) + [tuple(option.split("=", 1)) for option in options]
    return [value for name, value in pairs if any(part in name for part in names) and "FILE" not in name and value] + [
        "Signature=", "X-Amz-Signature"]


def main():
    loader = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(loader)
    count, failures, errors = result.testsRun, len(result.failures), len(result.errors)
    print(f"{100 * (count - failures - errors) // max(count, 1)}%: Checks: {count}, Failures: {failures}, Errors: {errors}")
    sys.exit(0 if count and result.wasSuccessful() else 1)
