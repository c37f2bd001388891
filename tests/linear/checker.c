/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * checker.c -- the search and the specifications themselves: histories made by hand, of which some can be explained
 * and some cannot. An operation is {invoke, return, kind, arg, after, count of items, {items}}. */
#include "specs.h"
#include "tap.h"
#include <stdalign.h>
#include <string.h>

struct history {
    const char *name;
    bool is_right;
    const struct linear_spec *spec;
    unsigned count;
    struct linear_op ops[8];
};

/* clang-format off */
static const struct history histories[] = {
    {"inbox: newest first", true, &inbox_spec, 3,
     {{1, 2, INBOX_PUSH, 1, 0, 0, {0}}, {3, 4, INBOX_PUSH, 2, 0, 0, {0}}, {5, 6, INBOX_TAKE, 0, 0, 2, {2, 1}}}},
    {"inbox: oldest first", false, &inbox_spec, 3,
     {{1, 2, INBOX_PUSH, 1, 0, 0, {0}}, {3, 4, INBOX_PUSH, 2, 0, 0, {0}}, {5, 6, INBOX_TAKE, 0, 0, 2, {1, 2}}}},
    {"inbox: either first, when the pushes overlap", true, &inbox_spec, 3,
     {{1, 4, INBOX_PUSH, 1, 0, 0, {0}}, {2, 3, INBOX_PUSH, 2, 0, 0, {0}}, {5, 6, INBOX_TAKE, 0, 0, 2, {1, 2}}}},
    {"inbox: a member is lost", false, &inbox_spec, 3,
     {{1, 2, INBOX_PUSH, 1, 0, 0, {0}}, {3, 4, INBOX_PUSH, 2, 0, 0, {0}}, {5, 6, INBOX_TAKE, 0, 0, 1, {2}}}},
    {"inbox: a member comes twice", false, &inbox_spec, 3,
     {{1, 2, INBOX_PUSH, 1, 0, 0, {0}}, {3, 4, INBOX_TAKE, 0, 0, 1, {1}}, {5, 6, INBOX_TAKE, 0, 0, 1, {1}}}},
    {"inbox: a member comes before it was pushed", false, &inbox_spec, 2,
     {{1, 2, INBOX_TAKE, 0, 0, 1, {1}}, {3, 4, INBOX_PUSH, 1, 0, 0, {0}}}},
    {"inbox: a take passes over what was there", false, &inbox_spec, 3,
     {{1, 2, INBOX_PUSH, 1, 0, 0, {0}}, {3, 4, INBOX_TAKE, 0, 0, 0, {0}}, {5, 6, INBOX_TAKE, 0, 0, 1, {1}}}},
    {"inbox: a take misses a push that overlaps", true, &inbox_spec, 3,
     {{1, 4, INBOX_PUSH, 1, 0, 0, {0}}, {2, 3, INBOX_TAKE, 0, 0, 0, {0}}, {5, 6, INBOX_TAKE, 0, 0, 1, {1}}}},
    {"inbox: a later push comes with an earlier take", false, &inbox_spec, 4,
     {{1, 2, INBOX_PUSH, 1, 0, 0, {0}}, {3, 8, INBOX_PUSH, 2, 0, 0, {0}}, {4, 9, INBOX_TAKE, 0, 0, 1, {2}},
      {10, 11, INBOX_TAKE, 0, 0, 1, {1}}}},
    {"inbox: a rest comes before what is new", true, &inbox_spec, 6,
     {{1, 2, INBOX_PUSH, 1, 0, 0, {0}}, {3, 4, INBOX_PUSH, 2, 0, 0, {0}}, {5, 6, INBOX_TAKE, 0, 0, 2, {2, 1}},
      {7, 8, INBOX_PUT_BACK, 0, 0, 1, {1}}, {9, 10, INBOX_PUSH, 3, 0, 0, {0}}, {11, 12, INBOX_TAKE, 0, 0, 1, {1}}}},
    {"inbox: a rest is forgotten", false, &inbox_spec, 5,
     {{1, 2, INBOX_PUSH, 1, 0, 0, {0}}, {3, 4, INBOX_TAKE, 0, 0, 1, {1}}, {5, 6, INBOX_PUT_BACK, 0, 0, 1, {1}},
      {7, 8, INBOX_PUSH, 2, 0, 0, {0}}, {9, 10, INBOX_TAKE, 0, 0, 1, {2}}}},

    {"transfer: of the newest batch, its last first", true, &transfer_spec, 4,
     {{1, 2, TRANSFER_SEND, 0, 0, 1, {1}}, {3, 4, TRANSFER_SEND, 0, 0, 2, {2, 3}},
      {5, 6, TRANSFER_TAKE, 4, 0, 2, {3, 2}}, {7, 8, TRANSFER_TAKE, 4, 0, 1, {1}}}},
    {"transfer: a batch in parts", true, &transfer_spec, 3,
     {{1, 2, TRANSFER_SEND, 0, 0, 3, {1, 2, 3}}, {3, 4, TRANSFER_TAKE, 2, 0, 2, {3, 2}},
      {5, 6, TRANSFER_TAKE, 2, 0, 1, {1}}}},
    {"transfer: what is above the limit is not there", true, &transfer_spec, 4,
     {{1, 2, TRANSFER_SEND, 0, 0, 2, {1, 2}}, {3, 4, TRANSFER_SEND, 0, 0, 2, {3, 4}},
      {5, 6, TRANSFER_COUNT, 2, 0, 0, {0}}, {7, 8, TRANSFER_TAKE, 4, 0, 2, {2, 1}}}},
    {"transfer: more than the limit", false, &transfer_spec, 3,
     {{1, 2, TRANSFER_SEND, 0, 0, 2, {1, 2}}, {3, 4, TRANSFER_SEND, 0, 0, 2, {3, 4}},
      {5, 6, TRANSFER_TAKE, 4, 0, 2, {4, 3}}}},
    {"transfer: a block comes twice", false, &transfer_spec, 3,
     {{1, 2, TRANSFER_SEND, 0, 0, 1, {1}}, {3, 6, TRANSFER_TAKE, 1, 0, 1, {1}}, {4, 5, TRANSFER_TAKE, 1, 0, 1, {1}}}},
    {"transfer: said to be empty, and is not", false, &transfer_spec, 2,
     {{1, 2, TRANSFER_SEND, 0, 0, 1, {1}}, {3, 4, TRANSFER_TAKE, 1, 0, 0, {0}}}},
    {"transfer: empty after all has left", true, &transfer_spec, 3,
     {{1, 2, TRANSFER_SEND, 0, 0, 1, {1}}, {3, 6, TRANSFER_SETTLE, 0, 0, 0, {0}}, {4, 5, TRANSFER_TAKE, 1, 0, 0, {0}}}},
    {"transfer: taken after all has left", false, &transfer_spec, 3,
     {{1, 2, TRANSFER_SEND, 0, 0, 1, {1}}, {3, 4, TRANSFER_SETTLE, 0, 0, 0, {0}}, {5, 6, TRANSFER_TAKE, 1, 0, 1, {1}}}},
    {"transfer: a wrong count", false, &transfer_spec, 2,
     {{1, 2, TRANSFER_SEND, 0, 0, 2, {1, 2}}, {3, 4, TRANSFER_COUNT, 1, 0, 0, {0}}}},

    {"runs: idle, queued, draining, idle", true, &run_spec, 5,
     {{1, 2, RUN_MARK, 1, 0, 0, {0}}, {1, 2, RUN_QUEUE, 1, 1, 0, {0}}, {3, 4, RUN_TAKE, 0, 0, 1, {0}},
      {5, 6, RUN_COLLECT, 0, 0, 1, {1}}, {7, 8, RUN_LOOK, 0, 0, 0, {0}}}},
    {"runs: a bit set while draining is collected, too", true, &run_spec, 6,
     {{1, 2, RUN_MARK, 1, 0, 0, {0}}, {1, 2, RUN_QUEUE, 1, 1, 0, {0}}, {3, 4, RUN_TAKE, 0, 0, 1, {0}},
      {5, 6, RUN_MARK, 2, 0, 0, {0}}, {5, 6, RUN_QUEUE, 2, 4, 0, {0}}, {7, 8, RUN_COLLECT, 0, 0, 2, {1, 2}}}},
    {"runs: the second to set a bit returns before the first has queued", true, &run_spec, 6,
     {{1, 6, RUN_MARK, 1, 0, 0, {0}}, {1, 6, RUN_QUEUE, 1, 1, 0, {0}}, {2, 3, RUN_MARK, 2, 0, 0, {0}},
      {2, 3, RUN_QUEUE, 2, 3, 0, {0}}, {4, 5, RUN_TAKE, 0, 0, 0, {0}}, {7, 8, RUN_TAKE, 0, 0, 1, {0}}}},
    {"runs: queued and not taken", false, &run_spec, 3,
     {{1, 2, RUN_MARK, 1, 0, 0, {0}}, {1, 2, RUN_QUEUE, 1, 1, 0, {0}}, {3, 4, RUN_TAKE, 0, 0, 0, {0}}}},
    {"runs: taken twice", false, &run_spec, 4,
     {{1, 2, RUN_MARK, 1, 0, 0, {0}}, {1, 2, RUN_QUEUE, 1, 1, 0, {0}}, {3, 4, RUN_TAKE, 0, 0, 1, {0}},
      {5, 6, RUN_TAKE, 0, 0, 1, {0}}}},
    {"runs: collected without being taken", false, &run_spec, 3,
     {{1, 2, RUN_MARK, 1, 0, 0, {0}}, {1, 2, RUN_QUEUE, 1, 1, 0, {0}}, {3, 4, RUN_COLLECT, 0, 0, 1, {1}}}},
    {"runs: a bit is lost", false, &run_spec, 6,
     {{1, 2, RUN_MARK, 1, 0, 0, {0}}, {1, 2, RUN_QUEUE, 1, 1, 0, {0}}, {3, 4, RUN_MARK, 2, 0, 0, {0}},
      {3, 4, RUN_QUEUE, 2, 3, 0, {0}}, {5, 6, RUN_TAKE, 0, 0, 1, {0}}, {7, 8, RUN_COLLECT, 0, 0, 1, {2}}}},
    {"runs: idle, with a pending bit", false, &run_spec, 6,
     {{1, 2, RUN_MARK, 1, 0, 0, {0}}, {1, 2, RUN_QUEUE, 1, 1, 0, {0}}, {3, 4, RUN_TAKE, 0, 0, 1, {0}},
      {5, 6, RUN_COLLECT, 0, 0, 1, {1}}, {7, 8, RUN_MARK, 2, 0, 0, {0}}, {9, 10, RUN_LOOK, 0, 0, 0, {0}}}},
    {"runs: a run that drains is queued", false, &run_spec, 5,
     {{1, 2, RUN_MARK, 1, 0, 0, {0}}, {1, 2, RUN_QUEUE, 1, 1, 0, {0}}, {3, 4, RUN_TAKE, 0, 0, 1, {0}},
      {5, 6, RUN_MARK, 2, 0, 0, {0}}, {7, 8, RUN_TAKE, 0, 0, 1, {0}}}},
};
/* clang-format on */

int main(void) {
    alignas(8) unsigned char start[LINEAR_STATE_BYTES];
    for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
        const struct history *history = &histories[i];
        memset(start, 0, sizeof start);
        if (history->spec == &transfer_spec)
            start[offsetof(struct transfer_state, limit)] = 3;
        bool is_explained = linear_search(history->spec, start, history->ops, history->count);
        tap_ok(is_explained == history->is_right, "%s %s", history->is_right ? "accepted" : "refused", history->name);
    }
    return tap_done();
}
