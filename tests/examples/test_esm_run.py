# SPDX-License-Identifier: MIT
"""esm-run as a person and a supervisor meet it: test_esm_run.py SOURCE ESM-RUN CLUSTER."""
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(sys.argv[1]) / "tests" / "house"))
from house import check, finish  # noqa: E402

ESM_RUN, CLUSTER = sys.argv[2:4]
DIRECTORY = tempfile.TemporaryDirectory()

SEED = {"EventSourceArn": "arn:aws:kafka:eu-west-1:111122223333:cluster/demo/0a1b2c3d-0000-0000-0000-000000000000-1",
        "FunctionName": "orders", "StartingPosition": "LATEST", "Enabled": True, "Topics": ["streamtopic"],
        "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["127.0.0.1:1"]}},
        "aws.endpoint_url": "http://127.0.0.1:1"}


def mapping_file(mapping):
    path = pathlib.Path(DIRECTORY.name) / "mapping.json"
    path.write_text(mapping if isinstance(mapping, str) else json.dumps(mapping))
    return str(path)


def run(*arguments, stdin=""):
    done = subprocess.run([ESM_RUN, *arguments], text=True, input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=30)
    return done.returncode, done.stdout, done.stderr


# ---- the command line

def help_names_all():
    code, out, err = run("--help")
    check(code == 0 and err == "", f"--help: {code} {err}")
    for word in ("--set", "--check", "--quiet", "--verbose", "--log-format", "Exit codes", "MaximumRetryAttempts = -1",
                 "DestinationConfig.OnFailure.Destination", "memory.budget_bytes", "StartingPosition"):
        check(word in out, f"--help does not name {word}")
    check(max(map(len, out.splitlines())) <= 120, "--help has lines that are too long to read")


def version():
    code, out, _ = run("--version")
    check(code == 0 and re.fullmatch(r"esm-run \d+\.\d+\.\d+\n", out), f"--version: {code} {out}")


def bad_usage_is_2():
    good = mapping_file(SEED)
    for arguments in ([], ["--nonsense", good], [good, good], ["--set", "novalue", good], ["--set", "=1", good],
                      ["--log-format=json", good], ["--check", "/nowhere/mapping.json"]):
        code, out, err = run(*arguments)
        check(code == 2 and out == "" and "esm-run" in err, f"{arguments}: {code} {out} {err}")


# ---- --check

def good_mapping_is_printed():
    for arguments, stdin in ([mapping_file(SEED)], ""), (["-"], json.dumps(SEED)):
        code, out, err = run("--check", "--set", "MaximumRetryAttempts=3", *arguments, stdin=stdin)
        if check(code == 0 and err == "", f"--check {arguments}: {code} {err}"):
            mapping = json.loads(out)
            check(mapping["Topics"] == ["streamtopic"] and mapping["MaximumRetryAttempts"] == 3, out)
            check(mapping["SelfManagedEventSource"] == SEED["SelfManagedEventSource"], out)


def all_faults_at_once():
    bad = SEED | {"BatchSize": 0, "MaximumRetryAttempts": "many", "FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}
    del bad["Topics"]
    code, out, err = run("--check", "--set", "commit.interval=1", "--set", "kafka.enable.auto.commit=true",
                         mapping_file(bad))
    check(code == 2 and out == "", f"faults: {code} {out}")
    for option, value in (("BatchSize", "0"), ("MaximumRetryAttempts", "many"), ("FilterCriteria.Filters", "Invalid filter pattern definition."), ("Topics", ""),
                          ("commit.interval", ""), ("kafka.enable.auto.commit", "")):
        line = next((line for line in err.splitlines() if line.startswith(option + ": ")), None)
        check(line and value in line, f"no fault names {option} and {value}: {err}")


def an_option_set_anew_has_no_fault():
    bad = mapping_file(SEED | {"BatchSize": 0})
    check(run("--check", bad)[0] == 2 and run("--check", "--set", "BatchSize=5", bad)[0] == 0,
          "--set does not mend the fault of the file")


def what_is_not_json_is_2():
    code, _, err = run("--check", mapping_file("{\"Topics\": ["))
    check(code == 2 and "mapping.json" in err, f"not JSON: {code} {err}")


# ---- running

class Function(http.server.ThreadingHTTPServer):
    """Counts records; answers at once, or never while `hangs`."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.records = set()
        self.hangs = False
        self.called = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a caller that has gone does not wait for its answer

    url = property(lambda self: f"http://127.0.0.1:{self.server_address[1]}")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.called.set()
        while self.server.hangs:
            time.sleep(0.1)
        for records in event["records"].values():
            self.server.records.update((record["partition"], record["offset"]) for record in records)
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"null")

    def log_message(self, *_):
        pass


class Running:
    """esm-run in the background, with its standard error in `text` once it has ended."""

    def __init__(self, mapping, *arguments):
        keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
        self.process = subprocess.Popen([ESM_RUN, *arguments, mapping_file(mapping)], stderr=subprocess.PIPE, text=True,
                                        env=os.environ | keys)

    def stop(self, *signals):
        for number in signals:
            self.process.send_signal(number)
            time.sleep(0.3)
        _, self.text = self.process.communicate(timeout=60)
        return self.process.returncode


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def stops_in_order_without_a_broker():
    for mapping in SEED, SEED | {"Enabled": False}:
        for number in signal.SIGINT, signal.SIGTERM:
            running = Running(mapping)
            time.sleep(0.5)
            code = running.stop(number)
            check(code == 0 and "stopped in order" in running.text, f"{number.name}: {code} {running.text}")


def runs_a_mapping(cluster, brokers):
    function = Function()
    mapping = SEED | {"Topics": ["orders"], "StartingPosition": "TRIM_HORIZON", "aws.endpoint_url": function.url,
                      "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "quickstart"},
                      "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [brokers]}}}
    running = Running(mapping)
    check(wait_until(lambda: len(function.records) == 10000), f"the function got {len(function.records)} records")
    code = running.stop(signal.SIGTERM)
    check(code == 0 and re.search(r"INFO +stopped in order after .* committed 10000,", running.text),
          f"{code} {running.text}")
    for line in running.text.splitlines():
        check(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (ERROR|WARNING|INFO|DEBUG) ", line), f"log line: {line}")
    cluster.stdin.write("committed?\n")
    cluster.stdin.flush()
    check(cluster.stdout.readline().split() == ["2500"] * 4, "esm-run has left before everything was committed")


def unsettled_is_3(brokers):
    function = Function()
    function.hangs = True
    mapping = SEED | {"Topics": ["orders"], "StartingPosition": "TRIM_HORIZON", "function.url": function.url,
                      "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "unsettled"},
                      "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [brokers]}}}
    running = Running(mapping)
    check(function.called.wait(30), "the function was not called")
    started = time.monotonic()
    code = running.stop(signal.SIGTERM, signal.SIGTERM)
    check(code == 3 and "unsettled" in running.text, f"two signals: {code} {running.text}")
    check(time.monotonic() - started < 10, "the second signal did not end it at once")
    function.hangs = False


help_names_all()
version()
bad_usage_is_2()
good_mapping_is_printed()
all_faults_at_once()
an_option_set_anew_has_no_fault()
what_is_not_json_is_2()
stops_in_order_without_a_broker()
with subprocess.Popen([CLUSTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as cluster:
    brokers = cluster.stdout.readline().strip()
    runs_a_mapping(cluster, brokers)
    unsettled_is_3(brokers)
    cluster.stdin.close()
DIRECTORY.cleanup()
finish()
