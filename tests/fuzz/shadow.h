/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * shadow.h -- what the heap must hold: the blocks of a table of slots, where they lie, and what was written into
 * them. A few words of each block hold a pattern: the first, the last of what was asked for, the last that
 * is usable, and two between.
 * Does not: call the library.
 *
 * inv. 1: order[0..count) holds the interval of each full slot, ascending and disjoint.
 * inv. 2: bytes is the sum of the usable bytes of the full slots. */
#pragma once
#include "fuzz.h"

enum { SHADOW_SLOTS = 256, SHADOW_FREED = 64 };

struct shadow_block {
    char *start;      /* NULL: the slot is empty */
    size_t asked;     /* bytes asked for: kept by realloc */
    size_t usable;    /* bytes that the library says are usable */
    size_t alignment; /* asked for; 0: by malloc and its like */
    uint64_t id;      /* the pattern follows from it */
    bool is_mapped;   /* may have a mapping of its own, or have had one before it was resized */
    bool is_resized;  /* in place, by expand: the size that it was made with is another */
};

struct shadow_interval {
    uintptr_t start, end;
    unsigned slot;
};

/* A block that was freed, for frees that are wrong. */
struct shadow_freed {
    char *start;
    size_t asked;
    bool is_mapped;
    uint64_t allocations; /* done when it was freed */
};

struct shadow {
    struct shadow_block slots[SHADOW_SLOTS];
    struct shadow_interval order[SHADOW_SLOTS];
    struct shadow_freed freed[SHADOW_FREED]; /* a ring */
    size_t count, bytes;
    uint64_t allocations, frees, next_id;
};

/* Takes in a block and fills it. It must be aligned, long enough and apart from all others. */
void shadow_insert(struct shadow *shadow, unsigned slot, struct shadow_block block);

/* Checks the contents of a full slot's block, forgets it and returns it. */
struct shadow_block shadow_remove(struct shadow *shadow, unsigned slot);

/* The same without a look at the block. */
void shadow_forget(struct shadow *shadow, unsigned slot);

/* The pattern in the first bytes is that of the block, wherever it lies now. */
void shadow_check(const struct shadow_block *block, const char *now, size_t bytes);

void shadow_check_all(const struct shadow *shadow);

/* Keeps a freed block in the ring. */
void shadow_note_freed(struct shadow *shadow, const struct shadow_block *block);

/* The full slot whose block holds address; NULL if none does. */
const struct shadow_block *shadow_find(const struct shadow *shadow, const void *address);
