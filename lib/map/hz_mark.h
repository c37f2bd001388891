/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_mark.h -- of every address where a block can start: does one start there that a user holds?
 *
 * Two bits per unit of arena: the block is live when they differ. The thread of the
 * run's owner flips the local bit, with plain loads and stores; everybody else flips the remote bit,
 * atomically. So neither side ever waits for the other or loses the other's change, and a second free finds
 * the bits equal, whoever freed first and wherever the block waits since. (In plain profiles a block that another
 * thread freed is live until it has come home: see hz_central.h.) Two threads that free one block
 * within nanoseconds may both find it live if one of them is the owner's; two others cannot.
 *
 * The unit is 16 bytes where blocks are smaller than 1 KiB, and 256 bytes where they are not: all block sizes
 * there are multiples of it, so that every start has its own bit and an address that is no multiple is none.
 * Each unit has its own array.
 * Does not: know runs or owners; the caller says which side it is on. */
#pragma once
#include "hz_class.h"
#include "hz_map.h"

enum { HZ_MARK_BITS_LOG2 = 5, HZ_MARK_BITS = 1 << HZ_MARK_BITS_LOG2 };

struct hz_mark {
    _Atomic(uint32_t) local;  /* thread of the owner writes; all read */
    _Atomic(uint32_t) remote; /* all write */
};
_Static_assert(sizeof(struct hz_mark) << (HZ_PAGE_LOG2 - HZ_MARK_BITS_LOG2 - HZ_MAP_UNIT_LOG2) == HZ_MAP_MARKS_BYTES &&
                   sizeof(struct hz_mark) << (HZ_PAGE_LOG2 - HZ_MARK_BITS_LOG2 - HZ_MAP_COARSE_UNIT_LOG2) ==
                       HZ_MAP_COARSE_MARKS_BYTES,
               "marks of a page");

/* How many units lie before offset, which is rotated, not shifted: what is no multiple of the unit becomes larger than
 * the number of any. */
HZ_INLINE size_t hz_mark_unit(size_t offset, unsigned unit_log2) {
    return offset >> unit_log2 | offset << (8 * sizeof offset - unit_log2);
}

/* Where the mark of a block is that lies offset bytes into the arena. */
struct hz_mark_place {
    struct hz_mark *mark;
    unsigned bit;    /* its number, 0 to 31 */
    bool is_aligned; /* false: no block of the class can start there */
};

HZ_INLINE struct hz_mark_place hz_mark_find(const struct hz_arena *arena, size_t offset, size_t class_index) {
    size_t unit = hz_mark_unit(offset, arena->unit_log2[class_index]);
    return (struct hz_mark_place){
        .mark = (struct hz_mark *)(void *)arena->marks[class_index] + (unit >> HZ_MARK_BITS_LOG2),
        .bit = (unsigned)(unit & (HZ_MARK_BITS - 1)),
        .is_aligned = unit < arena->unit_count,
    };
}

/* The same of a block in a class run, whose page has that tag. After a second free the run may be gone meanwhile, and
 * the tag be of no class: then some mark is found, or none. */
HZ_INLINE struct hz_mark_place hz_mark_of(const void *block, hz_tag tag) {
    const struct hz_arena *arena = hz_map_find(block);
    size_t class_index = hz_min(hz_tag_class(tag), HZ_CLASS_COUNT - 1);
    return hz_mark_find(arena, (uintptr_t)block - arena->base, class_index);
}

/* Writes the mark's kernel page and changes nothing. On x86 a compare-and-swap is a write whatever it finds; elsewhere
 * it does no harm. */
HZ_INLINE void hz_mark_touch(struct hz_mark *mark) {
    uint32_t expected = 0;
    (void)hz_cas_relaxed(&mark->remote, &expected, (uint32_t)0);
}

/* Before the marks of a new run, which starts at offset, are first read: where the kernel has given no memory yet, a
 * read is answered from its page of zeros, and the write that follows costs another fault and interrupts every
 * processor that runs a thread of the process. */
HZ_INLINE void hz_mark_prepare(const struct hz_arena *arena, size_t offset, unsigned class_index) {
    hz_mark_touch(hz_mark_find(arena, offset, class_index).mark);
}

/* Relaxed, here and below: the program ordered the free after the malloc, and so after the flip. A
 * word's other bits are other blocks'. */
HZ_INLINE bool hz_mark_is_live(struct hz_mark *mark, unsigned bit) {
    return ((hz_load_relaxed(&mark->local) ^ hz_load_relaxed(&mark->remote)) >> bit & 1) != 0;
}

/* Hands out, by the thread of the owner. */
HZ_INLINE void hz_mark_flip_local(struct hz_mark *mark, unsigned bit) {
    hz_store_relaxed(&mark->local, hz_load_relaxed(&mark->local) ^ (uint32_t)1 << bit);
}

/* Frees, by the thread of the owner. False if the block is not live. */
HZ_INLINE bool hz_mark_take_back(struct hz_mark *mark, unsigned bit) {
    uint32_t local = hz_load_relaxed(&mark->local);
    if (HZ_UNLIKELY(((local ^ hz_load_relaxed(&mark->remote)) >> bit & 1) == 0))
        return false;
    hz_store_relaxed(&mark->local, local ^ (uint32_t)1 << bit);
    return true;
}

/* Hands out, by another thread; only it has the block. */
HZ_INLINE void hz_mark_flip_remote(struct hz_mark *mark, unsigned bit) {
    (void)hz_xor_relaxed(&mark->remote, (uint32_t)1 << bit);
}

/* Frees, by another thread. False if the block is not live; of several threads one succeeds. */
HZ_INLINE bool hz_mark_claim(struct hz_mark *mark, unsigned bit) {
    uint32_t remote = hz_load_relaxed(&mark->remote);
    do {
        if (HZ_UNLIKELY(((hz_load_relaxed(&mark->local) ^ remote) >> bit & 1) == 0))
            return false;
    } while (HZ_UNLIKELY(!hz_cas_weak_relaxed(&mark->remote, &remote, remote ^ (uint32_t)1 << bit)));
    return true;
}
