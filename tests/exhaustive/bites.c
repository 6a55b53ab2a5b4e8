/* SPDX-License-Identifier: MIT */
/*
 * A lie between the engine and its observer, one at a time. A search must stumble over it, and for the right
 * reason.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    enum fault fault;
    enum invariant invariant;
    const char *what;
    struct scenario scenario;
} lies[] = {
    {COMMIT_FALLS, COMMITS_RISE, "a later commit is lower", {"", "retries=0", "A A", COMMIT_FAILS, 0, 0}},
    {COMMIT_AHEAD, COMMITS_WAIT, "a commit is one too far", {"", "retries=0", "A A", 0, 0, 0}},
    {ENDED_AGAIN, ENDS_ONCE, "an action repeats a record", {"", "bisect", "AA", FAIL, 0, 0}},
    {WRONG_REASON, ENDS_BY_RULE, "a drop has the reason of another", {"", "retries=0", "A", FAIL, 0, 0}},
    {FORGOTTEN, SETS_COVER, "a failure is heard as success", {"", "retries=1", "AA", FAIL, 0, 0}},
    {BACKWARDS, SETS_IN_ORDER, "an action has its records backwards", {"", "", "AA", 0, 0, 0}},
    {TWO_OUT, ONE_OUT, "an action is handed out twice", {"", "", "A", 0, 0, 0}},
    {UNCOUNTED, LIMIT, "a failure does not count", {"", "retries=1 service=0,0,100", "A", FAIL, 0, 0}},
    {DEAF_TO_REVOKE, SETS_COVER, "a revocation is not heard", {"", "", "A", REVOKE, 0, 0}},
    {DEAF_TO_DRAIN, SILENCE, "draining is not heard", {"", "", "A", DRAIN, 0, 0}},
    {NO_DEADLINE, NEVER_STUCK, "there is no deadline", {"", "", "A", 0, 0, 0}},
    {NO_ACTION, PROMISE, "no action comes", {"", "", "A", 0, 0, 0}},
    {OLD_DEADLINE, REMEMBERED, "a deadline is not forgotten", {"", "", "A", TICK, 0, 0}},
    {STALE_HEARD, STALE_INERT, "a stale answer is heard", {"", "", "A", 0, 0, 0}},
    {NO_END, ENDS_AT_LAST, "what fails is tried for ever", {"", "retries=0", "A", FAIL, 0, 0}},
};

int bites(void)
{
    int failed = 0, met[INVARIANTS] = {0};
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        enum invariant broken;
        unsigned states, edges;
        search(&lies[i].scenario, lies[i].fault, &broken, &states, &edges, false);
        int right = broken == lies[i].invariant;
        printf("%-7s %-36s %s\n", right ? "bites" : "MISSED", lies[i].what, observe_name(broken));
        failed += !right;
        met[broken]++;
    }
    for (int invariant = HOLDS + 1; invariant < INVARIANTS; invariant++)
        if (met[invariant] == 0) {
            printf("MISSED  by every lie: %s\n", observe_name((enum invariant)invariant));
            failed++;
        }
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
