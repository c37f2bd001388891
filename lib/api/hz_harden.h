/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_harden.h -- what options ask of every block that comes and goes: fill on free, check on reuse,
 * quarantine. While any of it is on, every malloc and free takes its slow path. */
#pragma once
#include "hz_front.h"

/* const after init */
extern bool hz_harden_is_on HZ_HIDDEN;

HZ_HIDDEN void hz_harden_init(void);

/* A block of the class that the tag names was freed, and is one. Returns whether it waits now, and is not to
 * be reused yet. front may be NULL. No lock is held. */
HZ_HIDDEN bool hz_harden_freed(struct hz_front *front, hz_tag tag, void *block);

/* A block of the class is about to be handed out: reports it if it was written since it was freed. Returns
 * whether it is known to be zero. No lock is held. */
HZ_HIDDEN bool hz_harden_reused(unsigned class_index, const void *block);
