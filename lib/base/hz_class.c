/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_class.c -- fills the class table. */
#include "hz_class.h"

#include <string.h>

struct hz_class_tables hz_classes;

_Static_assert(HZ_CLASS_COUNT <= 0x7C, "a tag holds the class in 7 bits, with codes to spare");

/* Blocks of up to 1 KiB live in runs of one page. Larger ones want a few blocks per run: as many pages as
 * give enough of them with the shortest tail. */
static unsigned run_pages(size_t block_bytes) {
    if (block_bytes <= HZ_KIB)
        return 1;
    size_t wanted_blocks = block_bytes <= 32 * HZ_KIB ? 8 : 4;
    unsigned least = (unsigned)((block_bytes * wanted_blocks + HZ_PAGE - 1) >> HZ_PAGE_LOG2);
    unsigned best = least;
    size_t best_waste = SIZE_MAX;
    for (unsigned pages = least; pages <= 2 * least; pages++) {
        size_t run_bytes = (size_t)pages << HZ_PAGE_LOG2;
        if (run_bytes / block_bytes > HZ_RUN_MASK_BLOCKS)
            break;
        size_t waste = (run_bytes % block_bytes) / pages;
        if (waste < best_waste) {
            best = pages;
            best_waste = waste;
        }
    }
    return best;
}

static void init_index(size_t index_bytes) {
    size_t first = 0; /* size, in steps of 16 bytes, that no smaller class holds */
    for (unsigned i = 0; i < HZ_CLASS_COUNT && hz_class_bytes(i) <= index_bytes; i++) {
        size_t last = hz_class_bytes(i) / 16;
        memset(hz_class_index + first, (int)i, last + 1 - first);
        first = last + 1;
    }
}

void hz_class_init(size_t index_bytes) {
    init_index(index_bytes);
    for (unsigned i = 0; i < HZ_CLASS_COUNT; i++) {
        size_t bytes = hz_class_bytes(i);
        uint64_t units = bytes / 16;
        unsigned pages = run_pages(bytes);
        hz_class_table[i] = (struct hz_class){
            .block_bytes = (uint32_t)bytes,
            .reciprocal = (uint32_t)((((uint64_t)1 << 31) + units - 1) / units),
            .block_count = (uint16_t)(((size_t)pages << HZ_PAGE_LOG2) / bytes),
            .run_pages = (uint16_t)pages,
        };
    }
}
