/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_mark.h -- of every address where a block can start: does one start there that a user holds?
 *
 * For strict profiles. Two bits per 16 bytes of arena, in words that cover 1 KiB: the block is live when
 * they differ. The thread of the run's owner flips the local bit, with plain loads and stores; everybody
 * else flips the remote bit, atomically. So neither side ever waits for the other or loses the other's
 * change, and a second free finds the bits equal, whoever freed first and wherever the block waits since.
 * Two threads that free one block within nanoseconds may both find it live if one of them is the owner's;
 * two others cannot.
 * Does not: know runs or owners; the caller says which side it is on. */
#pragma once
#include "hz_map.h"

enum { HZ_MARK_LOG2 = 4, HZ_MARK_BYTES = 1 << HZ_MARK_LOG2, HZ_MARK_WORD_LOG2 = HZ_MARK_LOG2 + 6 };

struct hz_mark {
    _Atomic(uint64_t) local;  /* thread of the owner writes; all read */
    _Atomic(uint64_t) remote; /* all write */
};
_Static_assert(sizeof(struct hz_mark) << (HZ_PAGE_LOG2 - HZ_MARK_WORD_LOG2) == HZ_MAP_MARKS_BYTES,
               "marks of a page");

HZ_INLINE struct hz_mark *hz_mark_at(const struct hz_arena *arena, size_t offset) {
    return (struct hz_mark *)(void *)arena->marks + (offset >> HZ_MARK_WORD_LOG2);
}

HZ_INLINE uint64_t hz_mark_bit(size_t offset) { return (uint64_t)1 << (offset >> HZ_MARK_LOG2 & 63); }

/* Relaxed, here and below: the program ordered the free after the malloc, and so after the flip. A
 * word's other bits are other blocks'. */
HZ_INLINE bool hz_mark_is_live(struct hz_mark *mark, uint64_t bit) {
    return ((hz_load_relaxed(&mark->local) ^ hz_load_relaxed(&mark->remote)) & bit) != 0;
}

/* Hands out or frees, by the thread of the owner. */
HZ_INLINE void hz_mark_flip_local(struct hz_mark *mark, uint64_t bit) {
    hz_store_relaxed(&mark->local, hz_load_relaxed(&mark->local) ^ bit);
}

/* Hands out, by another thread; only it has the block. */
HZ_INLINE void hz_mark_flip_remote(struct hz_mark *mark, uint64_t bit) {
    (void)hz_xor_relaxed(&mark->remote, bit);
}

/* Frees, by another thread. False if the block is not live; of several threads one succeeds. */
HZ_INLINE bool hz_mark_claim(struct hz_mark *mark, uint64_t bit) {
    uint64_t remote = hz_load_relaxed(&mark->remote);
    do {
        if (HZ_UNLIKELY(((hz_load_relaxed(&mark->local) ^ remote) & bit) == 0))
            return false;
    } while (HZ_UNLIKELY(!hz_cas_weak_relaxed(&mark->remote, &remote, remote ^ bit)));
    return true;
}

/* The same by address, which must lie in the arena; misaligned addresses are never live. */
HZ_INLINE bool hz_mark_has(const struct hz_arena *arena, const void *address) {
    size_t offset = (uintptr_t)address - arena->base;
    return offset % HZ_MARK_BYTES == 0 && hz_mark_is_live(hz_mark_at(arena, offset), hz_mark_bit(offset));
}
