#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures libesm beside the hand-written loop: a real broker, an instant function, all on this machine.

The programs take turns, so that what else the machine does hits all alike. The broker is tests/kafka/kit's; KAFKA_KIT
names another one, BASE_PORT its ports (19290). --keep leaves broker and records for the next run.
"""
import argparse
import hashlib
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
KIT = pathlib.Path(os.environ.get("KAFKA_KIT", HERE.parent / "kafka" / "kit"))
ENVIRONMENT = dict(os.environ, BASE_PORT=os.environ.get("BASE_PORT", "19290"))
PROGRAMS = {
    "loop": ["bench-loop"],
    "loop-woken": ["bench-loop", "--queue-kbytes", "4096", "--wake"],
    "libesm": ["bench-esm"],
}
TOPICS = {  # partitions that are filled, records, records of a quick run, what it is
    "12": (12, 2_000_000, 200_000, "twelve partitions, all full"),
    "1": (1, 600_000, 100_000, "one partition"),
    "hot": (1, 300_000, 50_000, "twelve partitions, one full and the others empty"),
}
MEASURED = 0.98  # the end of a topic is another story: batches that wait for more, partitions that have ended
RUN_TIMEOUT = 300


def kit(script, *arguments):
    result = subprocess.run([KIT / script, *arguments], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit(f"{script} {' '.join(arguments)} failed")
    return result.stdout


def start_broker():
    """Gives the address of a broker that runs already, or of a new one."""
    status = subprocess.run([KIT / "broker.sh", "status"], env=ENVIRONMENT, capture_output=True, text=True)
    lines = status.stdout if status.returncode == 0 else kit("broker.sh", "start", "single")
    return dict(line.split("=", 1) for line in lines.splitlines() if "=" in line)["KAFKA_BOOTSTRAP"]


def payloads(count=1000, size=1024, seed=1):
    """Lines of JSON of exactly this size, the same ones in each run."""
    rng = random.Random(seed)
    words = "order parcel invoice street garden window yellow number before answer little".split()
    for _ in range(count):
        order = {
            "id": f"{rng.getrandbits(128):032x}",
            "type": "order.created",
            "customer": {"id": rng.randrange(10**7), "country": rng.choice(["DE", "FR", "JP", "US"])},
            "items": [{"sku": f"{rng.getrandbits(40):010x}", "quantity": rng.randint(1, 9),
                       "price": rng.randrange(100, 99999) / 100} for _ in range(6)],
            "note": "",
        }
        room = size - len(json.dumps(order, separators=(",", ":")))
        order["note"] = " ".join(rng.choice(words) for _ in range(room))[:room]
        yield json.dumps(order, separators=(",", ":"))


def fill(kind, records):
    """Makes a topic with its records, unless an earlier run left it. Gives its name."""
    topic = f"bench-{kind}-{records}"
    if topic not in kit("kafka-admin.sh", "topics", "--list").split():
        kit("kafka-admin.sh", "topics", "--create", "--topic", topic, "--partitions", str(TOPICS[kind][0]))
        started = time.monotonic()
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.writelines(line + "\n" for line in payloads())
            file.flush()
            kit("kafka-admin.sh", "perf", "--topic", topic, "--num-records", str(records), "--throughput", "-1",
                "--payload-file", file.name)
        if kind == "hot":
            kit("kafka-admin.sh", "topics", "--alter", "--topic", topic, "--partitions", "12")
        print(f"{topic}: filled in {time.monotonic() - started:.0f} s", file=sys.stderr)
    ends = kit("kafka-admin.sh", "offsets", "--topic", topic, "--time", "latest").split()
    held = sum(int(end.rsplit(":", 1)[1]) for end in ends)
    if held != records:
        sys.exit(f"{topic} holds {held} records: start anew with an empty broker")
    return topic


def calibrate(mebibytes=64):
    """What one core does now, as MiB/s of SHA-256."""
    data = bytes(mebibytes << 20)
    started = time.thread_time()
    hashlib.sha256(data).digest()
    return mebibytes / (time.thread_time() - started)


class Function:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "--check"], stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}/"

    def counters(self):
        with urllib.request.urlopen(self.url, timeout=10) as answer:
            return json.load(answer)

    def stop(self):
        self.process.kill()
        self.process.wait()


def measure(options, name, topic, records, brokers, function):
    program, *arguments = PROGRAMS[name]
    environment = dict(os.environ, LD_PRELOAD=options.preload) if options.preload else None
    before = function.counters()
    calibration = calibrate()
    result = subprocess.run(
        [options.build / program, "--brokers", brokers, "--topic", topic,
         "--group", f"bench-{os.getpid()}-{time.monotonic_ns()}", "--url", function.url,
         "--batch", str(options.batch), "--records", str(int(records * MEASURED)), *arguments],
        env=environment, stdout=subprocess.PIPE, text=True, timeout=RUN_TIMEOUT)
    if result.returncode:
        sys.exit(f"{name} failed on {topic}")
    run = json.loads(result.stdout)
    after = function.counters()
    got = after["records"] - before["records"]
    if got < run["records"]:
        sys.exit(f"{name} on {topic}: {run['records']} records reported, {got} seen by the function")
    run.update(program=name, bytes=after["bytes"] - before["bytes"], sha256_mib_per_second=calibration,
               function_cpu_us_per_record=(after["cpu_seconds"] - before["cpu_seconds"]) * 1e6 / got)
    print(f"{topic:>18} {name:<10} {run['cpu_us_per_record']:6.2f} us/record {run['records_per_second']:>8.0f}/s",
          file=sys.stderr)
    return run


COLUMNS = [  # title, key, divisor, digits
    ("CPU us/record", "cpu_us_per_record", 1, 2),
    ("1000 records/s", "records_per_second", 1000, 0),
    ("peak MiB", "peak_rss_kib", 1024, 0),
    ("function us/record", "function_cpu_us_per_record", 1, 2),
]


def values(runs, topic, name, key):
    return [run[key] for run in runs if run["topic"] == topic and run["program"] == name]


def report(runs, topics, names):
    """Prints a line for each topic and program, and libesm's ratio to each loop: median (least-most)."""
    print("| Topic | Program | " + " | ".join(title for title, *_ in COLUMNS) + " |")
    print("|---|---|" + "---|" * len(COLUMNS))
    for topic in topics:
        for name in names:
            cells = []
            for _, key, divisor, digits in COLUMNS:
                some = [value / divisor for value in values(runs, topic, name, key)]
                cells.append(f"{statistics.median(some):.{digits}f} ({min(some):.{digits}f}-{max(some):.{digits}f})")
            print(f"| {topic} | {name} | " + " | ".join(cells) + " |")
        for name in names:
            if name == "libesm" or "libesm" not in names:
                continue
            ratios = [statistics.median(values(runs, topic, "libesm", key)) /
                      statistics.median(values(runs, topic, name, key)) for _, key, *_ in COLUMNS]
            print(f"| {topic} | libesm / {name} | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |")
    speeds = [run["sha256_mib_per_second"] for run in runs]
    print(f"\n{platform.machine()}, {os.cpu_count()} cores; "
          f"SHA-256 {statistics.median(speeds):.0f} MiB/s ({min(speeds):.0f}-{max(speeds):.0f}); "
          f"librdkafka {runs[0]['rdkafka']}; batches of {runs[0]['batch']}")


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"), help="meson's build directory")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=100)
    for kind, (_, records, _, text) in TOPICS.items():
        parser.add_argument(f"--records-{kind}", type=int, help=f"{text} ({records})")
    parser.add_argument("--programs", default=",".join(PROGRAMS), help="(%(default)s)")
    parser.add_argument("--preload", help="another librdkafka, preloaded into the programs measured")
    parser.add_argument("--quick", action="store_true", help="one short round: shows that the benchmark works")
    parser.add_argument("--keep", action="store_true", help="leave the broker and its records")
    parser.add_argument("--json", type=pathlib.Path, help="write all runs there")
    options = parser.parse_args()
    options.build = options.build.resolve() / "tests" / "bench"
    options.programs = options.programs.split(",")
    for name in options.programs:
        if name not in PROGRAMS:
            parser.error(f"no such program: {name}")
    for program in {"bench-function"} | {PROGRAMS[name][0] for name in options.programs}:
        if not (options.build / program).exists():
            parser.error(f"{options.build / program} is not built")
    options.rounds = 1 if options.quick else options.rounds
    options.records = {kind: getattr(options, f"records_{kind}") or (quick if options.quick else full)
                       for kind, (_, full, quick, _) in TOPICS.items()}
    return options


def main():
    options = parse()
    names = options.programs
    runs = []
    function = None
    brokers = start_broker()
    try:
        topics = {fill(kind, records): records for kind, records in options.records.items()}
        function = Function(options.build / "bench-function")
        for turn in range(options.rounds):
            for topic, records in topics.items():
                for name in names[turn % len(names):] + names[:turn % len(names)]:
                    runs.append(measure(options, name, topic, records, brokers, function))
    finally:
        if function:
            function.stop()
        if not options.keep:
            kit("broker.sh", "wipe")
    report(runs, topics, names)
    if options.json:
        options.json.write_text(json.dumps({"machine": platform.uname()._asdict(), "cores": os.cpu_count(),
                                            "runs": runs}, indent=1) + "\n")


if __name__ == "__main__":
    main()
