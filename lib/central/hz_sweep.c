/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_sweep.c -- gives back kernel pages of free blocks inside runs that are partly in use: see hz_central.h. */
#include "hz_bits.h"
#include "hz_central.h"
#include "hz_os.h"

enum { SWEPT = UINT8_MAX };

/* The whole kernel pages among [from, to); later readers see zeros. Returns their bytes, 0 if the kernel refuses.
 * lock: the owner's. */
static size_t purge(struct hz_owner *owner, uintptr_t from, uintptr_t to) {
    from = hz_align_up(from, hz_os_page_bytes());
    to = hz_align_down(to, hz_os_page_bytes());
    if (from >= to || !hz_os_purge((void *)from, to - from))
        return 0;
    owner->counts.purges++;
    owner->counts.purged_bytes += to - from;
    return to - from;
}

/* Free blocks, whose contents are nobody's, and what lies behind the last block that ever served, if the pages were
 * somebody else's before. lock: the owner's. */
static size_t sweep_run(struct hz_owner *owner, struct hz_desc *desc) {
    const struct hz_arena *arena = hz_desc_arena(desc);
    size_t block_bytes = hz_class_table[desc->class_index].block_bytes;
    uintptr_t start = (uintptr_t)hz_desc_start(arena, desc);
    size_t purged = 0;
    unsigned first;
    unsigned next = 0;
    while ((next = hz_desc_free_span(arena, desc, next, &first)) != 0)
        purged += purge(owner, start + first * block_bytes, start + next * block_bytes);
    if (desc->is_dirty)
        purged += purge(owner, start + desc->carved * block_bytes, start + ((size_t)desc->page_count << HZ_PAGE_LOG2));
    desc->is_dirty = false;
    return purged;
}

size_t hz_central_sweep(struct hz_owner *owner, unsigned idle_passes) {
    size_t purged = 0;
    hz_lock_take(&owner->lock);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        struct hz_list *list = &owner->partial[i];
        for (struct hz_list *link = list->next; link != list; link = link->next) {
            struct hz_desc *desc = HZ_CONTAINER(link, struct hz_desc, links);
            if (desc->idle_passes == SWEPT)
                continue;
            bool is_idle = desc->idle_passes >= idle_passes;
            purged += is_idle ? sweep_run(owner, desc) : 0;
            desc->idle_passes = (uint8_t)(is_idle ? SWEPT : desc->idle_passes + 1);
        }
    }
    hz_lock_give(&owner->lock);
    return purged;
}
