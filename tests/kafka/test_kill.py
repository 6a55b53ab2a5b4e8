# SPDX-License-Identifier: MIT
"""test_kill.py CONSUME: kill -9 in the middle of a topic, and the next start loses nothing and goes back no further than
to what was committed. Ends with check's line of counts."""
import os
import signal
import subprocess
import sys
import tempfile
import time

CONSUME = sys.argv[1]
BROKERS = os.environ["KAFKA_BOOTSTRAP"]
PARTITIONS, EACH, BATCH = 6, 33334, 100
TOTAL = PARTITIONS * EACH

checks = failures = 0


def check(ok, text):
    global checks, failures
    checks += 1
    if not ok:
        failures += 1
        print("FAULT:", text, flush=True)


def consume(*words):
    return subprocess.run([CONSUME, *map(str, words)], check=True, text=True, stdout=subprocess.PIPE).stdout


def lines(path):
    """[(partition, offset, attempt)]; a line that the kill cut short is none."""
    try:
        with open(path) as file:
            text = file.read()
    except FileNotFoundError:
        return []
    return [tuple(map(int, line.split())) for line in text[:text.rfind("\n") + 1].splitlines()]


def wait(path, ready, seconds=60):
    end = time.monotonic() + seconds
    while not ready(path):
        if time.monotonic() > end:
            sys.exit(f"{path}: nothing more comes after {len(lines(path))} records")
        time.sleep(0.05)


def newlines(path):
    return os.path.getsize(path) // 9 if os.path.exists(path) else 0  # "0 12345 1\n" is 10 bytes at most


def check_order(name, seen, start):
    """First attempts go up one by one from the start; a retry is the batch just before, whole."""
    following = dict(start)
    for partition, offset, attempt in seen:
        expected = following[partition]
        if attempt == 1:
            check_one = expected is None or offset == expected
            following[partition] = offset + 1
        else:
            check_one = expected - BATCH <= offset < expected
        if not check_one:
            check(False, f"{name}: partition {partition}: offset {offset}, attempt {attempt}, after {expected}")
            return
    check(True, name)


def kill_and_start_again(name, options, most_repeats):
    topic = f"kill-{name}"
    consume("produce", BROKERS, topic, PARTITIONS, EACH)
    with tempfile.TemporaryDirectory() as folder:
        before, after = f"{folder}/before", f"{folder}/after"
        run = [CONSUME, "run", BROKERS, topic, topic]
        first = subprocess.Popen([*run, before, *options])
        wait(before, lambda path: newlines(path) > TOTAL * 0.4)
        first.send_signal(signal.SIGKILL)
        first.wait()
        time.sleep(0.5)  # the last request may still be in the broker's socket
        committed = [int(word) for word in consume("committed", BROKERS, topic, topic, PARTITIONS).split()]
        killed = lines(before)
        second = subprocess.Popen([*run, after, *options])
        missing = TOTAL - sum(committed)
        wait(after, lambda path: len(set((p, o) for p, o, _ in lines(path))) >= missing, 100)
        second.send_signal(signal.SIGTERM)
        check(second.wait(40) == 0, f"{name}: the second run ended with {second.returncode}")
        again = lines(after)
        final = [int(word) for word in consume("committed", BROKERS, topic, topic, PARTITIONS).split()]

    seen_before = {(p, o) for p, o, _ in killed}
    seen_after = {(p, o) for p, o, _ in again}
    everything = {(p, o) for p in range(PARTITIONS) for o in range(EACH)}
    check(0 < len(seen_before) < TOTAL, f"{name}: the kill came too late or too early: {len(seen_before)} records")
    check(any(attempt > 1 for _, _, attempt in killed + again), f"{name}: no batch failed")
    check(seen_before | seen_after == everything, f"{name}: {len(everything - seen_before - seen_after)} records lost")
    check_order(f"{name}: before the kill", killed, {p: 0 for p in range(PARTITIONS)})
    check_order(f"{name}: after the kill", again, dict(enumerate(committed)))
    check(all(o >= committed[p] for p, o in seen_after), f"{name}: a committed record came again")
    check(final == [EACH] * PARTITIONS, f"{name}: committed {final}")
    repeats = [sum(1 for p, _ in seen_before & seen_after if p == partition) for partition in range(PARTITIONS)]
    print(f"{name}: killed after {len(seen_before)} of {TOTAL} records, committed {sum(committed)}; "
          f"came again: {sum(repeats)}, by partition {repeats}", flush=True)
    if most_repeats is not None:
        check(max(repeats) <= most_repeats, f"{name}: more than one batch of a partition came again: {repeats}")


kill_and_start_again("defaults", [], None)
kill_and_start_again("before-next", ["commit.before_next", "true"], BATCH)
print(f"{100 * (checks - failures) // checks}%: Checks: {checks}, Failures: {failures}, Errors: 0")
sys.exit(failures != 0)
