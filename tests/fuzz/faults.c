/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * faults.c -- see faults.h. */
#include "faults.h"
#include "hz_fault.h"
#include <stddef.h>

static bool are_on;

static const uint32_t kinds[] = {
    HZ_FAULT_KERNEL,
    HZ_FAULT_KERNEL,
    1u << HZ_FAULT_COMMIT,
    1u << HZ_FAULT_MAP | 1u << HZ_FAULT_REMAP | 1u << HZ_FAULT_MOVE,
    1u << HZ_FAULT_PURGE | 1u << HZ_FAULT_ADVISE | 1u << HZ_FAULT_RELEASE,
    1u << HZ_FAULT_MALLOC,
};

enum { KINDS = sizeof kinds / sizeof *kinds };

void faults_end(void) {
    hz_fault_set(NULL);
    are_on = false;
}

void faults_set(unsigned how, unsigned skip, unsigned count) {
    struct hz_fault_plan plan = {.seed = skip};
    faults_end();
    if ((how & 7) >= KINDS)
        return;
    plan.kinds = kinds[how & 7];
    if (how & 8)
        plan.chance = (uint32_t)count << 24; /* of each call */
    else if (count % 4 == 0)
        plan.from = skip + 1;
    else if (count % 4 == 1)
        plan.every = skip + 1;
    else
        plan.nth[0] = skip + 1;
    hz_fault_set(&plan);
    are_on = true;
}

bool faults_are_on(void) { return are_on; }
