/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_desc.h -- the descriptor: one cache line of state per page, of use on the first page of a run.
 *
 * A run is consecutive pages that serve one class, one large block, or nothing (free). A class run's free
 * blocks are bits: in the mask when the run has at most 64 blocks, else in the page's bitmap, over which
 * the mask is the summary (bit w set iff word w has a set bit). Blocks from carved on were never handed
 * out; they have no bit yet.
 * Does not: lock. Whoever owns the run holds its owner's lock.
 *
 * inv. 1: used == carved - number of set bits.   inv. 2: carved <= block_count.
 * inv. 3: no bit is set at or above carved.      inv. 4: summary bits match the words. */
#pragma once
#include "hz_class.h"
#include "hz_list.h"
#include "hz_map.h"

struct hz_owner;

/* Of a run's first and last page; what other descriptors say is out of date. lock: source */
enum hz_desc_kind {
    HZ_DESC_NONE,  /* never described */
    HZ_DESC_FREE,  /* free run */
    HZ_DESC_TAKEN, /* class run, last page of a large block, or on its way */
    HZ_DESC_LARGE, /* large block, first page only */
};

struct hz_desc {
    uint8_t kind;        /* enum hz_desc_kind; lock: source */
    uint8_t class_index; /* class run */
    bool is_listed;      /* class run: on its owner's partial list, not on the full list */
    bool is_dirty;       /* free: may hold old data; taken: did so when handed out; a sweep of a class run ends that */
    uint32_t page_count; /* of the run; first page only */
    uint32_t back;       /* pages back to the first page of a free or class run; 0 there */
    uint16_t block_count;
    uint16_t carved;
    uint16_t used;        /* blocks held by users, caches or queues */
    uint8_t idle_passes;  /* class run: sweeps since a block came back to it */
    uint8_t former_back;  /* pages back to the first page of the class run that this page last belonged to */
    struct hz_list links; /* run: its owner's list; free: the source's list of its size */
    union {
        struct {
            uint64_t mask;
            struct hz_owner *owner;
        } run;
        struct hz_list age; /* free and dirty: the source's list by age */
    };
    uint32_t since_ms;       /* free and dirty: since when */
    _Atomic(uint32_t) slack; /* large: bytes at the end that nobody was told of; see hz_large_written() */
};
_Static_assert(sizeof(struct hz_desc) <= HZ_MAP_DESC_BYTES, "a descriptor is one cache line");

/* Remote strategy page (hz_page.c): what other threads write of a run, apart from the line above. */
struct hz_queue {
    _Atomic(uint64_t) pending; /* blocks that other threads freed, as the mask is of free ones */
    void *next;                /* the member behind this run in a chain; whoever holds the chain */
    uint32_t back;             /* as in the descriptor, of class runs; const while the page is in one */
};
_Static_assert(sizeof(struct hz_queue) <= HZ_MAP_QUEUE_BYTES, "a queue's slot");

/* What a freed address turned out to be. */
enum hz_put {
    HZ_PUT_DONE,     /* the block is free now */
    HZ_PUT_DOUBLE,   /* it was free already */
    HZ_PUT_INTERIOR, /* inside a block, not at its start */
    HZ_PUT_INVALID,  /* where no block was ever handed out */
};

HZ_INLINE struct hz_desc *hz_desc_at(const struct hz_arena *arena, size_t page) {
    return (struct hz_desc *)(void *)(arena->descs + page * HZ_MAP_DESC_BYTES);
}

/* The first page of the class run or large block around page, and its descriptor. */
HZ_INLINE size_t hz_desc_first_page(const struct hz_arena *arena, size_t page) {
    return page - hz_desc_at(arena, page)->back;
}
HZ_INLINE struct hz_desc *hz_desc_first(const struct hz_arena *arena, size_t page) {
    return hz_desc_at(arena, hz_desc_first_page(arena, page));
}

HZ_INLINE size_t hz_desc_page(const struct hz_arena *arena, const struct hz_desc *desc) {
    return (size_t)((const char *)desc - arena->descs) / HZ_MAP_DESC_BYTES;
}

HZ_INLINE char *hz_desc_start(const struct hz_arena *arena, const struct hz_desc *desc) {
    return hz_map_address(arena, hz_desc_page(arena, desc));
}

/* The bitmap words of a run with more than HZ_RUN_MASK_BLOCKS blocks. */
HZ_INLINE uint64_t *hz_desc_words_at(const struct hz_arena *arena, size_t page) {
    return (uint64_t *)(void *)(arena->bits + page * HZ_MAP_BITS_BYTES);
}
HZ_INLINE uint64_t *hz_desc_words(const struct hz_arena *arena, const struct hz_desc *desc) {
    return hz_desc_words_at(arena, hz_desc_page(arena, desc));
}

/* The queue of a page, if the profile's remote strategy is page. */
HZ_INLINE struct hz_queue *hz_desc_queue(const struct hz_arena *arena, size_t page) {
    return (struct hz_queue *)(void *)(arena->queues + page * HZ_MAP_QUEUE_BYTES);
}

HZ_INLINE struct hz_queue *hz_desc_queue_of(const struct hz_arena *arena, const struct hz_desc *desc) {
    return hz_desc_queue(arena, hz_desc_page(arena, desc));
}

/* Whether blocks of the run are pending, so that it is in a chain. */
HZ_INLINE bool hz_desc_is_queued(const struct hz_arena *arena, const struct hz_desc *desc) {
    return arena->queues != NULL && hz_load_relaxed(&hz_desc_queue_of(arena, desc)->pending) != 0;
}

/* The words of pending blocks of a run that has words. */
HZ_INLINE _Atomic(uint64_t) *hz_desc_pending_words(const struct hz_arena *arena, const struct hz_desc *desc) {
    return (_Atomic(uint64_t) *)(void *)(arena->pending + hz_desc_page(arena, desc) * HZ_MAP_BITS_BYTES);
}

/* Blocks that can still be taken. */
HZ_INLINE unsigned hz_desc_available(const struct hz_desc *desc) { return (unsigned)desc->block_count - desc->used; }

/* The arena that a descriptor belongs to. */
HZ_HIDDEN struct hz_arena *hz_desc_arena(const struct hz_desc *desc);

/* Makes the pages of a run, which the source handed out, a class run with every block available. */
HZ_HIDDEN void hz_desc_init_run(struct hz_arena *arena, struct hz_desc *desc, unsigned class_index);

/* Takes up to count available blocks, lowest addresses first, into slots[n-1] .. slots[0]: popping from
 * the end gives rising addresses. Returns n. */
HZ_HIDDEN unsigned hz_desc_take(struct hz_arena *arena, struct hz_desc *desc, void **slots, unsigned count);

/* What hz_desc_put would say of address, changing nothing; used blocks give HZ_PUT_DONE. */
HZ_HIDDEN enum hz_put hz_desc_judge(const struct hz_arena *arena, const struct hz_desc *desc, const void *address);

/* The bit of block index of the run that begins at page, and the word it lies in. */
HZ_INLINE uint64_t *hz_desc_bit(const struct hz_arena *arena, const struct hz_desc *desc, size_t page, uint32_t index,
                                uint64_t *ret_bit) {
    *ret_bit = (uint64_t)1 << (index & 63);
    if (desc->block_count <= HZ_RUN_MASK_BLOCKS)
        return (uint64_t *)&desc->run.mask;
    return hz_desc_words_at(arena, page) + (index >> 6);
}

/* The index of the block of a run of block_count blocks that starts at address, or why there is none. */
HZ_INLINE enum hz_put hz_desc_locate_in(const struct hz_class *class, uint32_t block_count, size_t offset,
                                        uint32_t *ret_index) {
    uint32_t index = hz_class_block_index(class, offset);
    if (HZ_UNLIKELY(index >= block_count))
        return HZ_PUT_INVALID;
    if (HZ_UNLIKELY((size_t)index * class->block_bytes != offset))
        return HZ_PUT_INTERIOR;
    *ret_index = index;
    return HZ_PUT_DONE;
}

/* The same for the blocks that were handed out so far. */
HZ_INLINE enum hz_put hz_desc_locate(const struct hz_arena *arena, const struct hz_desc *desc, const void *address,
                                     uint32_t *ret_index) {
    size_t offset = (size_t)((const char *)address - hz_desc_start(arena, desc));
    return hz_desc_locate_in(&hz_class_table[desc->class_index], desc->carved, offset, ret_index);
}

/* Makes the block available again that lies offset bytes into the run, whose first page that is and which serves the
 * class. */
HZ_INLINE enum hz_put hz_desc_put_at(const struct hz_arena *arena, struct hz_desc *desc, size_t page,
                                     const struct hz_class *class, size_t offset) {
    uint32_t index;
    enum hz_put verdict = hz_desc_locate_in(class, desc->carved, offset, &index);
    if (HZ_UNLIKELY(verdict != HZ_PUT_DONE))
        return verdict;
    uint64_t bit;
    uint64_t *word = hz_desc_bit(arena, desc, page, index, &bit);
    if (HZ_UNLIKELY((*word & bit) != 0))
        return HZ_PUT_DOUBLE;
    *word |= bit;
    if (desc->block_count > HZ_RUN_MASK_BLOCKS)
        desc->run.mask |= (uint64_t)1 << (index >> 6);
    desc->used--;
    desc->idle_passes = 0;
    return HZ_PUT_DONE;
}

/* The same of the block at address. */
HZ_INLINE enum hz_put hz_desc_put(const struct hz_arena *arena, struct hz_desc *desc, const void *address) {
    size_t page = hz_desc_page(arena, desc);
    return hz_desc_put_at(arena, desc, page, &hz_class_table[desc->class_index],
                          (size_t)((const char *)address - hz_map_address(arena, page)));
}

/* Makes the blocks whose bits are set in word w (of the bitmap, or 0 for the mask) available again. Returns
 * those bits that were wrong: not handed out, or free already. */
HZ_HIDDEN uint64_t hz_desc_put_word(struct hz_arena *arena, struct hz_desc *desc, unsigned w, uint64_t bits);

/* The first span of free blocks at or after block index, that were handed out before: its first block in
 * *ret_first and the block after it as the result; 0 when there is none. */
HZ_HIDDEN unsigned hz_desc_free_span(const struct hz_arena *arena, const struct hz_desc *desc, unsigned index,
                                     unsigned *ret_first);

/* Traps unless the invariants hold; for tests and checked builds. */
HZ_HIDDEN void hz_desc_validate(const struct hz_arena *arena, const struct hz_desc *desc);
