/* SPDX-License-Identifier: MIT */
/*
 * A language for scenes of the policy engine, to be read, run and printed. One line is one call, or one
 * expectation. Lanes are A, B, C... and batches b1, b2... in the order of their coming; times are
 * milliseconds from 0 on. A scene that adds no lane itself begins with lane A, read from offset 0 and
 * committed at 0.
 *
 *   lane 5 committed 3       add a lane that reads from 5 on; without `committed`: 5 is committed; `committed
 * -1`: nothing records 0-3 B7@100       open a batch, add offsets 0 to 3 of A and 7 of B with timestamp 100,
 * close it open / add b1 4 / close b1      the same, step by step; without @ the timestamp is the wall
 * clock's complete A 7 / skip A 9  esm_policy_complete(), esm_policy_skip_to() time 1000 / wall 5000    both
 * clocks / the wall clock alone allow INVOKE DROP        the types that are taken from now on; at first all
 *   > INVOKE b1 [0-2,5] #1   the next action: type, batch, indexes, attempt; what is left out may be anything
 *   > DELIVER b1 [2] RETRIES #3     the same with its reason; DROP too
 *   > COMMIT A 4
 *   > nothing
 *   ok / fail / partial 1 3 / throttle 500 / unavailable 500 / timeout / too-large / hold
 *                            answers the action that was taken last; `b1: fail` and `A: ok` choose a batch's
 * or a lane's handback                 gives it back; `b1: handback`, `A: handback` drain A / revoke A
 *   deadline 1500 / deadline never     of the types that are allowed
 *   wait FUNCTION 2          the deadline is the second wait of that back-off for the set answered last; go
 * there wait 500                 the deadline is in 500; go there drained A 1 / position A 4 / left b1 3 /
 * failed b1 1     what the getters say ! STALE b1: ok           any of the calls, which fails with
 * ESM_ERR_STALE and changes nothing
 *
 * Options are words: retries=2 age=1000 bisect partial checkpoint timeouts destination deliveries=3 parallel
 * seed=7 function=1000,60000,200 service=... hold=... delivery=... commit=...
 */
#ifndef ESM_TESTS_SCRIPT_H
#define ESM_TESTS_SCRIPT_H

#include <esm/policy.h>

/* Ways to run a scene. Every one must come to the same end. */
enum script_mode {
    SCRIPT_PLAIN,
    SCRIPT_MOVED,     /* before each line the state is copied to another place */
    SCRIPT_NO_MEMORY, /* every allocation fails once, and must have changed nothing */
    SCRIPT_HAND_BACK, /* every action is handed back once, and must come again */
    SCRIPT_MODES
};

/* Returns 0, or -1 with a message that names the line. */
int script_run(const char *options, const char *scene, enum script_mode mode, char *message, size_t size);

/* The pieces, for suites that find their scenes themselves and print them in this language. */
int script_make_options(esm_allocator *allocator, const char *words, esm_policy_options **ret);
void script_print_action(char *text, size_t size, const esm_action *action);
const char *script_outcome_word(enum esm_outcome outcome);

#endif
