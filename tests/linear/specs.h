/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * specs.h -- what the inbox, the transfer cache and the runs of the strategy page do when one thread uses them.
 * Members, blocks and runs are small numbers. */
#pragma once
#include "search.h"

/* --- The inbox: lib/central/hz_inbox.h -------------------------------------------------------- */

enum inbox_kind {
    INBOX_PUSH,     /* arg */
    INBOX_TAKE,     /* items: what was put back; else all, newest first */
    INBOX_PUT_BACK, /* items: the next to be taken */
};

struct inbox_state {
    uint8_t count, waiting_count;
    uint8_t chain[LINEAR_MOST_ITEMS], waiting[LINEAR_MOST_ITEMS];
};

extern const struct linear_spec inbox_spec;

/* --- One class of the transfer cache: lib/central/hz_transfer.c ------------------------------- */

enum transfer_kind {
    TRANSFER_SEND,   /* items: a batch, which is kept if the limit allows */
    TRANSFER_TAKE,   /* arg: at most; items: of the newest batch, its last first */
    TRANSFER_SETTLE, /* all batches leave */
    TRANSFER_COUNT,  /* arg: blocks that wait */
};

enum { TRANSFER_BATCHES = 8, TRANSFER_BATCH = 4 };

struct transfer_state {
    uint8_t limit, batch_count;
    uint8_t counts[TRANSFER_BATCHES];
    uint8_t blocks[TRANSFER_BATCHES][TRANSFER_BATCH];
};

extern const struct linear_spec transfer_spec;

/* --- Runs with pending blocks: lib/central/hz_page.c ------------------------------------------ */

/* A run is idle, queued or draining; blocks are numbered through, RUN_BLOCKS per run. A free is two parts. */
enum run_kind {
    RUN_MARK,    /* arg: the block becomes pending */
    RUN_QUEUE,   /* arg: the same block; its run is queued if it was the first */
    RUN_TAKE,    /* items: the queued runs, newest first; they drain */
    RUN_COLLECT, /* arg: a draining run, which is idle then; items: its pending blocks, lowest first */
    RUN_LOOK,    /* arg: a run; items: its pending blocks */
};

enum { RUNS = 2, RUN_BLOCKS = 4 };

struct run_state {
    uint8_t pending[RUNS];     /* bits */
    uint8_t is_draining[RUNS]; /* taken, not yet collected */
    uint8_t is_first[RUNS * RUN_BLOCKS];
    uint8_t chain_count;
    uint8_t chain[RUNS];
};

extern const struct linear_spec run_spec;
