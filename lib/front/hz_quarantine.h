/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_quarantine.h -- freed blocks that wait before they can be handed out again, oldest out first. Each
 * front has one, of bounded bytes; a block counts as its size, a small one as 64 bytes.
 * Does not: hold blocks that are larger than the bound, or large ones. */
#pragma once
#include "hz_front.h"

/* limit_bytes: of each front's; 0: none. */
HZ_HIDDEN void hz_quarantine_init(size_t limit_bytes);

/* Takes a block that was freed and found right. False, with nothing done, where there is no quarantine for
 * it. No owner's lock is held. */
HZ_HIDDEN bool hz_quarantine_add(struct hz_front *front, unsigned class_index, void *block);

/* Lets all blocks go. No owner's lock is held. */
HZ_HIDDEN void hz_quarantine_empty(struct hz_front *front);

/* The same, and gives its own memory back. */
HZ_HIDDEN void hz_quarantine_destroy(struct hz_front *front);
