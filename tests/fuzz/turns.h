/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * turns.h -- threads that run an input's operations by turns: exactly one runs at a time, so that an input
 * always does the same. The first is the caller; others start when it is their turn, and all have ended when
 * the run is over. */
#pragma once
#include "fuzz.h"

/* Runs the operations of the input, calling turns_step() for each in the thread whose turn it is. */
void turns_run(const uint8_t *data, size_t bytes);

/* By the harness: one operation. */
void turns_step(const uint8_t *data);

/* From within a step: who runs the next one; the end of the present thread. */
void turns_switch(unsigned thread);
void turns_end(void);
