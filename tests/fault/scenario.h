/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * scenario.h -- work for a heap that is refused memory, and the shadow that watches it. A broken promise is
 * told on standard error, and ends the process. */
#pragma once
#include "heap.h"
#include "rng.h"
#include "tap.h"
#include "watchdog.h"

/* A block of the shadow: every byte range that is filled follows from id. */
struct held {
    char *start;
    size_t bytes; /* usable */
    uint64_t id;
};

/* Begins the watch. may_see_null: whether requests may fail at all. */
void check_begin(bool may_see_null);

/* After the last refusal: every size can be had, and what was held is zero once all is freed. */
void check_recovered(void);

uint64_t check_nulls(void);
uint64_t check_blocks(void);

/* Takes a new block of at least size bytes into the shadow. */
void hold(struct held *held, void *start, size_t size);

/* Looks the block over, and frees it. */
void let_go(struct held *held);

/* A new block by the entry point numbered way; held stays empty if memory lacks. */
void take_new(struct held *held, unsigned way, size_t size);

void scenario_start(uint64_t seed);
void scenario_work(uint64_t seed);
void scenario_messages(uint64_t seed);
void scenario_fork(uint64_t seed);
void scenario_handlers(uint64_t seed);
void scenario_threads(uint64_t seed);
void scenario_purge(uint64_t seed);
