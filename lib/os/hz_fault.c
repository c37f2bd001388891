/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_fault.c -- see hz_fault.h. */
#include "hz_fault.h"

bool hz_fault_is_on;

static struct hz_fault_plan plan; /* const while it is on */
static uint64_t seen, refused;    /* atomic */

uint64_t hz_fault_seen(void) { return __atomic_load_n(&seen, __ATOMIC_RELAXED); }
uint64_t hz_fault_refused(void) { return __atomic_load_n(&refused, __ATOMIC_RELAXED); }

void hz_fault_set(const struct hz_fault_plan *wanted) {
    if (wanted != NULL) {
        plan = *wanted;
        plan.kinds = wanted->kinds != 0 ? wanted->kinds : HZ_FAULT_KERNEL;
        __atomic_store_n(&seen, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&refused, 0, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&hz_fault_is_on, wanted != NULL, __ATOMIC_RELEASE);
}

/* Depends on the seed and the call's number alone, so that no thread's draw changes another's. */
static uint32_t draw(uint64_t number) {
    uint64_t mixed = (plan.seed ^ number * UINT64_C(0x9E3779B97F4A7C15)) + number;
    mixed = (mixed ^ mixed >> 31) * UINT64_C(0xD6E8FEB86659FD93);
    mixed = (mixed ^ mixed >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return (uint32_t)(mixed >> 32);
}

static bool is_chosen(uint64_t number) {
    if (number == plan.nth[0] || number == plan.nth[1])
        return true;
    if (plan.every != 0 && number % plan.every == 0)
        return true;
    if (plan.from != 0 && number >= plan.from)
        return true;
    if (plan.chance != 0)
        return draw(number) < plan.chance;
    return (plan.nth[0] | plan.nth[1] | plan.every | plan.from) == 0;
}

bool hz_fault_decide(enum hz_fault_kind kind, size_t bytes) {
    if ((plan.kinds >> kind & 1) == 0 || bytes <= plan.above)
        return false;
    uint64_t number = __atomic_add_fetch(&seen, 1, __ATOMIC_RELAXED);
    bool is_refused = is_chosen(number);
    if (is_refused)
        (void)__atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
    return is_refused;
}
