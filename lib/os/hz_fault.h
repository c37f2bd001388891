/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_fault.h -- refusals on demand: a plan says which calls fail as if memory had run out. Every request to the
 * kernel that it may refuse asks here first; so does the slow way of the allocation functions.
 * Without a plan the question is one relaxed load, and no hot path asks it. Thread-safe, and usable before
 * constructors ran. Does not: know what a refusal leads to. */
#pragma once
#include "hz_base.h"

enum hz_fault_kind {
    HZ_FAULT_RESERVE, /* address space without memory */
    HZ_FAULT_MAP,     /* address space with memory */
    HZ_FAULT_COMMIT,
    HZ_FAULT_PURGE,
    HZ_FAULT_REMAP,
    HZ_FAULT_MOVE,
    HZ_FAULT_ADVISE,
    HZ_FAULT_RELEASE,
    HZ_FAULT_MALLOC, /* no kernel call: an allocation function that a thread's cache could not serve */
    HZ_FAULT_KINDS
};

/* All that the kernel can be asked. */
#define HZ_FAULT_KERNEL ((1u << HZ_FAULT_MALLOC) - 1)

/* Calls of the kinds, with more than above bytes, are counted from 1. One fails if any of the other fields
 * says so, or if none of them says anything. 0 says nothing. */
struct hz_fault_plan {
    uint32_t kinds;  /* 1 << enum hz_fault_kind, joined; 0 stands for HZ_FAULT_KERNEL */
    uint32_t chance; /* of each call, in 2^-32 */
    uint64_t seed;   /* for chance: the same seed refuses the same calls */
    uint64_t nth[2]; /* these calls */
    uint64_t every;  /* every so many */
    uint64_t from;   /* this call, and all after it */
    uint64_t above;
};

/* Begins the plan, with counts of 0; NULL ends it. Other threads may be in the allocator when a plan ends, not
 * when one begins. */
HZ_HIDDEN void hz_fault_set(const struct hz_fault_plan *plan);

/* Calls counted, and calls refused, since the plan began. */
HZ_HIDDEN uint64_t hz_fault_seen(void);
HZ_HIDDEN uint64_t hz_fault_refused(void);

extern bool hz_fault_is_on HZ_HIDDEN; /* atomic by builtins: the floor of atomics is above this one */
HZ_HIDDEN HZ_COLD bool hz_fault_decide(enum hz_fault_kind kind, size_t bytes);

/* Whether this call is to fail. */
HZ_INLINE bool hz_fault(enum hz_fault_kind kind, size_t bytes) {
    return HZ_UNLIKELY(__atomic_load_n(&hz_fault_is_on, __ATOMIC_RELAXED)) && hz_fault_decide(kind, bytes);
}
