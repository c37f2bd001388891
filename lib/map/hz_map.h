/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_map.h -- arenas and the page map: from an address to the tag, descriptor and bitmap of its page.
 *
 * An arena is one reserved address range of 64 KiB pages. Its sidecar, in ranges of its own, is arrays
 * indexed by page number: a u32 tag, a descriptor slot, a bitmap slot, and, in profiles that use them, a
 * second bitmap slot and marks. All are committed together with the pages, from the start upwards, and
 * stay committed; tags can be read everywhere from the start. Before and behind the pages and each array lies
 * space that nobody can touch.
 * The first arena is the one that the fast path tests; further arenas follow on a list that only grows.
 * Does not: know what tags, descriptors or bitmaps mean, or which pages are free. */
#pragma once
#include "hz_atomic.h"
#include "hz_class.h"

#define HZ_MAP_DESC_BYTES 64
#define HZ_MAP_QUEUE_BYTES 32
#define HZ_MAP_BITS_BYTES 512
#define HZ_MAP_MARKS_BYTES 1024
#define HZ_MAP_COARSE_MARKS_BYTES 64
#define HZ_MAP_UNIT_LOG2 4
#define HZ_MAP_COARSE_UNIT_LOG2 8

/* A tag: class in the low 8 bits, number of the owner above. The fast path of free compares it with the
 * thread's own number. Number 0 is nobody's: 0 itself is a page that never had blocks, and the codes below
 * keep what free must know of pages that belong to no run of a class. */
typedef uint32_t hz_tag;
#define HZ_TAG_NONE 0u
#define HZ_TAG_FORMER 0x80u          /* plus the class: of a class run that was given back */
#define HZ_TAG_FORMER_LARGE 0xFCu    /* first page of a large block that was freed */
#define HZ_TAG_FORMER_INTERIOR 0xFDu /* its other pages */
#define HZ_TAG_LARGE 0xFEu           /* first page of a large block */
#define HZ_TAG_INTERIOR 0xFFu        /* its other pages */
#define HZ_TAG_OWNER_SHIFT 8

HZ_INLINE hz_tag hz_tag_make(uint32_t owner_id, unsigned class_index) {
    return owner_id << HZ_TAG_OWNER_SHIFT | class_index;
}
HZ_INLINE unsigned hz_tag_class(hz_tag tag) { return tag & 0xFFu; }
HZ_INLINE uint32_t hz_tag_owner(hz_tag tag) { return tag >> HZ_TAG_OWNER_SHIFT; }

struct hz_arena {
    uintptr_t base;                    /* const after creation; multiple of HZ_PAGE */
    size_t page_count;                 /* const: pages reserved */
    size_t bytes;                      /* const: the same in bytes */
    size_t unit_count;                 /* const: the same in units of marks, see hz_mark.h */
    _Atomic(hz_tag) *tags;             /* const pointer; words: the run's owner writes, all read, also those of
                              pages not committed, which read as HZ_TAG_NONE */
    char *descs;                       /* const */
    char *bits;                        /* const */
    char *queues;                      /* const; NULL unless the policy's remote strategy is page */
    char *pending;                     /* const; as bits, NULL likewise */
    char *fine_marks;                  /* const; see hz_mark.h */
    char *coarse_marks;                /* const */
    char *marks[HZ_CLASS_COUNT];       /* const: which of the two serves a class */
    uint8_t unit_log2[HZ_CLASS_COUNT]; /* const: of a class's marks */

    _Atomic(size_t) committed_pages; /* lock: source writes; all read */
    _Atomic(size_t) described_pages; /* lock: source writes; all read: pages with committed sidecar, as many or more */
    struct hz_arena *_Atomic next;   /* lock: source writes once; all read */
    size_t fresh_page;               /* lock: source; pages from here on were never handed out */
    char *space;                     /* const: the address range that the pages lie in */
    size_t space_bytes;              /* const */
};

/* The first arena; without pages, and so owning no address, until hz_map_init. NULL is never in it. */
extern struct hz_arena hz_map_first HZ_HIDDEN;

/* Reserves the first arena, of about wanted_bytes (0: as much as 1 TiB) or as much as fits. */
HZ_HIDDEN bool hz_map_init(size_t wanted_bytes);

/* Reserves another arena with at least page_count pages, commits these, and links it. lock: source. */
HZ_HIDDEN struct hz_arena *hz_map_grow(size_t page_count);

/* Commits pages up to (not including) page_end, and their sidecar. lock: source. */
HZ_HIDDEN bool hz_map_commit(struct hz_arena *arena, size_t page_end);

/* Address space reserved by all arenas and their sidecars, and sidecar bytes committed. */
HZ_HIDDEN size_t hz_map_reserved_bytes(void);
HZ_HIDDEN size_t hz_map_metadata_bytes(void);

HZ_INLINE bool hz_map_has(const struct hz_arena *arena, const void *address) {
    return (uintptr_t)address - arena->base < arena->bytes;
}

HZ_HIDDEN struct hz_arena *hz_map_find_other(const void *address);

/* The arena around address, or NULL. Reads nothing at address. */
HZ_INLINE struct hz_arena *hz_map_find(const void *address) {
    if (HZ_LIKELY(hz_map_has(&hz_map_first, address)))
        return &hz_map_first;
    return hz_map_find_other(address);
}

HZ_INLINE size_t hz_map_page(const struct hz_arena *arena, const void *address) {
    return ((uintptr_t)address - arena->base) >> HZ_PAGE_LOG2;
}
HZ_INLINE char *hz_map_address(const struct hz_arena *arena, size_t page) {
    return (char *)(arena->base + (page << HZ_PAGE_LOG2));
}

/* The tag of the page at address. Relaxed: the caller holds a
 * block of the page, or the lock under which the tag changes, and so ordered itself after the store;
 * anybody else asks about a wrong pointer and gets a wrong pointer's answer. */
HZ_INLINE hz_tag hz_map_tag(const struct hz_arena *arena, const void *address) {
    return hz_load_relaxed(&arena->tags[hz_map_page(arena, address)]);
}

HZ_INLINE void hz_map_set_tags(struct hz_arena *arena, size_t page, size_t count, hz_tag tag) {
    for (size_t i = 0; i < count; i++)
        hz_store_relaxed(&arena->tags[page + i], tag);
}
