# SPDX-License-Identifier: MIT
"""test_floors.py SOURCE: a room knows the floors below it only, and no room does what only base may do."""
import re

from house import LIB, check, finish, without_comments

# Each room, and the rooms that it may include, internals and all; and those of which it may use the public face.
FLOORS = {
    "base": [],
    "policy": ["base"],
    "json": ["base"],
    "record": ["base"],
    "event": ["base", "json", "record"],
    "filter": ["base", "json", "record"],
    "config": ["base", "json", "record", "event", "filter"],
    "poller": ["base", "json", "record", "event", "filter", "config"],
    "kafka": ["base", "json", "record", "event", "filter", "config"],  # of the poller its public API
    "aws": ["base", "json", "record", "event", "filter", "config"],
    "use_configuration.c": ["base", "config", "poller"],  # the roof: the one place that knows all rooms
}
ABOVE_PUBLIC = {"config": ["policy"], "poller": ["policy"], "kafka": ["policy", "poller"], "aws": ["policy", "poller"],
                "use_configuration.c": ["policy", "kafka", "aws", "esm"]}
# The room of a public header, where its name does not say so. outcome.h is words only, without functions.
PUBLIC = {"outcome.h": "base", "backoff.h": "policy", "tracker.h": "policy"}
FOREIGN = {"librdkafka": ["kafka"], "curl": ["aws"], "openssl": ["aws"], "cjson": ["config", "aws"],
           "microhttpd.h": [], "check.h": []}
POLICY_SYSTEM = {"assert.h", "limits.h", "stdalign.h", "stdbool.h", "stddef.h", "stdint.h", "string.h"}
# Memory comes through base/alloc.h; nothing prints, exits, sleeps or touches signals; no parser without errors.
CALLS = re.compile(
    r"(?<![\w.>])(malloc|calloc|realloc|reallocarray|free|strdup|strndup|aligned_alloc|posix_memalign|v?asprintf|alloca|"
    r"printf|fprintf|vprintf|vfprintf|sprintf|puts|fputs|putchar|perror|strtok|strtok_r|ato[ifl]|atoll|"
    r"abort|exit|_exit|_Exit|quick_exit|sleep|usleep|nanosleep|signal|sigaction|raise|kill|rand|srand|setlocale)\s*\(")


def check_include(where, room, name, system):
    folder, _, rest = name.partition("/")
    if not system:
        check(folder == room or folder in FLOORS[room], f"{where}: {room} may not include \"{name}\"")
        check(rest and (LIB / name).is_file(), f"{where}: \"{name}\" is not spelt room/file.h")
    elif folder == "esm" and rest:
        floor = PUBLIC.get(rest, rest.removesuffix(".h"))
        allowed = [room, *FLOORS[room], *ABOVE_PUBLIC.get(room, [])]
        check(floor in allowed, f"{where}: {room} may not include <{name}>")
    elif folder in FOREIGN or name in FOREIGN:
        check(room in FOREIGN[folder], f"{where}: {room} may not include <{name}>")
    elif room == "policy":
        check(name in POLICY_SYSTEM, f"{where}: policy may not include <{name}>: it is pure")


# libabigail tells private types from public ones by the name of the header, without its folder.
for header in sorted(LIB.glob("**/*.h")):
    check(not (LIB.parent / "include/esm" / header.name).is_file(), f"lib/{header.relative_to(LIB)}: has the name of a public header")

for source in sorted(LIB.glob("**/*.[ch]")):
    where = source.relative_to(LIB)
    room = where.parts[0]
    if not check(room in FLOORS and (len(where.parts) > 1) != room.endswith(".c"), f"lib/{where}: no room that has a floor"):
        continue
    text = source.read_text()
    for system, name in re.findall(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', text, flags=re.M):
        check_include(where, room, name, system == "<")
    if room != "base":
        lines = enumerate(without_comments(text).splitlines(), 1)
        calls = [f"line {number} calls {call.group(1)}()" for number, line in lines for call in CALLS.finditer(line)]
        check(not calls, f"{where}: {', '.join(calls)}")
finish()
