/* SPDX-License-Identifier: MIT */
#include "world.h"

#define NOW     "function=0,0,100 service=0,0,100 hold=0,0,100 delivery=0,0,100 commit=0,0,100 "
#define SOON    "function=1,2,200 service=1,1,100 hold=2,2,100 delivery=1,1,100 commit=1,1,100 "
#define UNHEARD (THROTTLE | TIMEOUT | HOLD)
#define ENDS    (DRAIN | REVOKE)

/* The counts are what a search finds: `search --table` prints them. A change of the engine that changes them
 * is to be understood before they are pinned anew. */
const struct scenario scenarios[] = {
    {"retries-0", NOW "retries=0", "AA AA B", FAIL | COMMIT_FAILS | HAND_BACK, 19040, 93256},
    {"retries-1", NOW "retries=1", "AA AA B", FAIL | COMMIT_FAILS | HAND_BACK, 66526, 336407},
    {"retries-3", NOW "retries=3", "AAA | A A", FAIL | COMMIT_FAILS | HAND_BACK | ENDS, 106722, 539096},
    {"retries-without-limit", NOW "", "AA | A B", FAIL | UNHEARD | COMMIT_FAILS | HAND_BACK | ENDS, 50584,
     484160},
    {"outcomes", NOW "retries=1", "AA | A", FAIL | UNHEARD | TOO_LARGE | COMMIT_FAILS | HAND_BACK | ENDS,
     135676, 835872},
    {"outcomes-bisect", NOW "retries=1 bisect timeouts", "AAA | A", FAIL | UNHEARD | TOO_LARGE | ENDS, 373303,
     1889357},
    {"time", SOON "retries=1", "AA | A B", FAIL | UNHEARD | COMMIT_FAILS | TICK, 229078, 1339461},
    {"bisect-8", NOW "retries=0 bisect", "AAAAAAAA", FAIL | COMMIT_FAILS | HAND_BACK, 579060, 2540784},
    {"bisect-retries-3", NOW "retries=3 bisect", "AAAA", FAIL | ENDS, 233318, 916897},
    {"bisect-ends", NOW "retries=1 bisect", "AAAA | A", FAIL | COMMIT_FAILS | HAND_BACK | ENDS, 660106,
     3572965},
    {"bisect-destination", NOW "retries=1 bisect destination deliveries=2", "AAA | A",
     FAIL | DELIVERY_FAILS | ENDS, 289536, 1159723},
    {"gathered", NOW "retries=0 bisect", "ABAB", FAIL | COMMIT_FAILS | HAND_BACK | ENDS, 479232, 3460918},
    {"gathered-too-large", NOW "retries=0", "ABB", FAIL | TOO_LARGE | HAND_BACK | ENDS, 85399, 427408},
    {"partial", NOW "retries=1 partial", "AAA | AA", FAIL | PARTIAL | HAND_BACK | ENDS, 157198, 763750},
    {"partial-bisect", NOW "retries=0 partial bisect", "AAAAAA", FAIL | PARTIAL | ENDS, 80986, 399392},
    {"partial-gathered", NOW "retries=1 partial destination", "ABAB", FAIL | PARTIAL | ENDS, 384500, 1904296},
    {"checkpoint", NOW "retries=1 checkpoint", "ABBA", FAIL | PARTIAL | HAND_BACK | ENDS, 384767, 2286839},
    {"checkpoint-bisect", NOW "retries=0 checkpoint bisect destination deliveries=1", "ABA",
     FAIL | PARTIAL | DELIVERY_FAILS | ENDS, 58337, 267622},
    {"destination", NOW "retries=1 destination", "AA | A",
     FAIL | TOO_LARGE | DELIVERY_FAILS | HAND_BACK | ENDS, 55123, 248356},
    {"destination-slow", SOON "retries=1 destination deliveries=2", "AA | B",
     FAIL | DELIVERY_FAILS | TICK | ENDS, 47290, 253147},
    {"age-1", SOON "age=1 retries=1", "AA | A B", FAIL | THROTTLE | TICK, 57824, 287136},
    {"age-3", SOON "age=3 destination", "AAA | A B", FAIL | HOLD | DELIVERY_FAILS | TICK | EACH_TYPE | ENDS,
     276236, 3050692},
    {"age-bisect", SOON "age=1 retries=0 bisect destination deliveries=1", "AAAA",
     FAIL | DELIVERY_FAILS | TICK | HAND_BACK | DRAIN, 103460, 548028},
    {"age-partial", SOON "age=1 retries=1 partial", "AB | BA", FAIL | PARTIAL | TICK | ENDS, 316631, 1952923},
    {"age-step-by-step", SOON "age=1 destination", "( B | 1A 1B 1A 1)",
     FAIL | DELIVERY_FAILS | TICK | EACH_TYPE | HAND_BACK | ENDS, 260685, 2571799},
    {"parallel", NOW "retries=1 parallel", "AA AA | AB", FAIL | HAND_BACK | REVOKE, 99473, 431037},
    {"parallel-bisect", NOW "retries=0 parallel bisect partial", "AA | A A",
     FAIL | PARTIAL | COMMIT_FAILS | HAND_BACK | ENDS, 70376, 436439},
    {"step-by-step", NOW "retries=0 destination", "( ( | 1A 2B 2A 1B 1) 2) A", FAIL | HAND_BACK | ENDS,
     163730, 811389},
    {"three-batches", NOW "retries=0", "AB A BA", FAIL | COMMIT_FAILS | REVOKE, 53996, 282292},
    {"three-lanes", NOW "retries=0", "AB AC", FAIL | HAND_BACK | ENDS, 265627, 1506119},
};

const size_t scenario_count = sizeof(scenarios) / sizeof(scenarios[0]);
