/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * mismatch.c -- blocks that are freed with a size or an alignment that they do not have. A size that leads to
 * the same block, or that realloc could have left in it, cannot be told from the right one. */
#include "misuse.h"
#include <malloc.h>

static char *block;

/* --- Sizes ------------------------------------------------------------------------------------- */

static void of_number_bytes(void) {
    block = take();
    if (is_wrong)
        told_size = program->number;
    act(block);
    if (is_wrong)
        give(block);
}

/* The next byte belongs to nobody. */
static void of_one_byte_more_than_usable(void) {
    block = take();
    told_size = malloc_usable_size(block) + is_wrong;
    act(block);
    if (is_wrong)
        give(block);
}

/* The corrected size is another than the requested one, but cannot be known to be. */
static void of_number_and_size(void) {
    block = take();
    told_size = is_wrong ? program->number : malloc_usable_size(block);
    act(block);
    if (is_wrong)
        give(block);
}

/* The number of elements instead of that of bytes. */
static void of_elements(void) {
    size_t elements = program->size / sizeof(uint64_t);
    block = take();
    told_size = is_wrong ? elements : elements * sizeof(uint64_t);
    act(block);
    if (is_wrong)
        give(block);
}

/* A base class without a virtual destructor: its size, not the object's. */
static void of_a_base(void) {
    struct base {
        void *table;
        int number;
    };
    struct derived {
        struct base base;
        char text[200];
    };
    block = take_size(sizeof(struct derived));
    told_size = is_wrong ? sizeof(struct base) : sizeof(struct derived);
    act(block);
    if (is_wrong)
        give(block);
}

/* The size from before it grew. */
static void of_its_former_size(void) {
    block = take();
    block = realloc(block, program->number);
    need_stage(block != NULL);
    told_size = is_wrong ? program->size : program->number;
    act(block);
    if (is_wrong)
        give(block);
}

static void *act_on_block(void *arg) {
    act(block);
    return arg;
}

static void by_another_thread(void) {
    block = take();
    if (is_wrong)
        told_size = program->number;
    in_thread(act_on_block, NULL);
    if (is_wrong)
        give(block);
}

/* --- Alignments -------------------------------------------------------------------------------- */

/* One of several blocks that is not aligned to number by chance. */
static void aligned_to_number(void) {
    enum { SOME = 4 };
    char *blocks[SOME];
    size_t unaligned = SOME;
    for (size_t i = 0; i < SOME; i++) {
        blocks[i] = take();
        if ((uintptr_t)blocks[i] % program->number != 0)
            unaligned = i;
    }
    need_stage(unaligned < SOME);
    if (is_wrong)
        told_alignment = program->number;
    act(blocks[unaligned]);
    for (size_t i = 0; i < SOME; i++)
        if (is_wrong || i != unaligned)
            give(blocks[i]);
}

static void aligned_to_no_power(void) {
    block = take();
    if (is_wrong)
        told_alignment = program->number;
    act(block);
    if (is_wrong)
        give(block);
}

/* --- The list ---------------------------------------------------------------------------------- */

#define SIZE(name, run, verb, size, number) \
    { name, run, verb, size, number, SIZE_MISMATCH, LATER }
#define ALIGNMENT(name, run, verb, size, number) \
    { name, run, verb, size, number, ALIGNMENT_MISMATCH, LATER }

static const struct program list[] = {
    SIZE("100 bytes as 200", of_number_bytes, FREE_SIZED, SMALL, 200),
    SIZE("100 bytes as 10", of_number_bytes, FREE_SIZED, SMALL, 10),
    SIZE("100 bytes as none", of_number_bytes, FREE_SIZED, SMALL, 0),
    SIZE("100 bytes as -1", of_number_bytes, FREE_SIZED, SMALL, SIZE_MAX),
    SIZE("100 bytes as 1 GiB", of_number_bytes, FREE_SIZED, SMALL, (size_t)1 << 30),
    SIZE("16 bytes as 17", of_number_bytes, FREE_SIZED, 16, 17),
    SIZE("a page as a page and one", of_number_bytes, FREE_SIZED, 4096, 4097),
    SIZE("40000 bytes as 100", of_number_bytes, FREE_SIZED, MID, SMALL),
    SIZE("100 bytes as 40000", of_number_bytes, FREE_SIZED, SMALL, MID),
    SIZE("a large block as 100 bytes", of_number_bytes, FREE_SIZED, LARGE, SMALL),
    SIZE("a large block as one of twice its size", of_number_bytes, FREE_SIZED, LARGE, 2 * LARGE),
    SIZE("a large block as a third of it", of_number_bytes, FREE_SIZED, 3 * MIB, MIB),
    SIZE("100 bytes as a large block", of_number_bytes, FREE_SIZED, SMALL, LARGE),
    SIZE("a huge block as 100 bytes", of_number_bytes, FREE_SIZED, HUGE_1, SMALL),
    SIZE("a huge block as one of twice its size", of_number_bytes, FREE_SIZED, HUGE_1, 2 * HUGE_1),
    SIZE("a large block as a huge one", of_number_bytes, FREE_SIZED, LARGE, HUGE_1),
    SIZE("one byte more than is usable", of_one_byte_more_than_usable, FREE_SIZED, SMALL, 0),
    SIZE("one byte more than a mid block has", of_one_byte_more_than_usable, FREE_SIZED, MID, 0),
    SIZE("one byte more than a large block has", of_one_byte_more_than_usable, FREE_SIZED, LARGE, 0),
    SIZE("a size of another class, where the usable one passes", of_number_and_size, FREE_SIZED, 1000, 400),
    SIZE("elements for bytes", of_elements, FREE_SIZED, 800, 0),
    SIZE("elements for bytes, delete[]", of_elements, DELETE_ARRAY_SIZED, 800, 0),
    SIZE("the size from before realloc", of_its_former_size, FREE_SIZED, SMALL, 5000),
    SIZE("the size from before realloc to less", of_its_former_size, FREE_SIZED, MID, 300),
    SIZE("the size from before realloc, large", of_its_former_size, FREE_SIZED, LARGE, MIB),
    SIZE("a size of another class, in another thread", by_another_thread, FREE_SIZED, SMALL, 300),
    SIZE("delete of an object as its base", of_a_base, DELETE_SIZED, sizeof(void *) * 2 + 200, 0),
    SIZE("delete with a size that is too large", of_number_bytes, DELETE_SIZED, SMALL, 300),
    SIZE("delete[] with a size that is too small", of_number_bytes, DELETE_ARRAY_SIZED, 1000, 100),
    SIZE("delete of an aligned object with a wrong size", of_number_bytes, DELETE_ALIGNED_SIZED, SMALL, 1000),
    SIZE("free_aligned_sized with a wrong size", of_number_bytes, FREE_ALIGNED_SIZED, 1000, 100),
    SIZE("free_aligned_sized of a mid block as a small one", of_number_bytes, FREE_ALIGNED_SIZED, MID, SMALL),
    SIZE("hkz_free_sized with a wrong size", of_number_bytes, HKZ_FREE_SIZED, SMALL, 1000),

    ALIGNMENT("64 told to be 4096", aligned_to_number, FREE_ALIGNED_SIZED, SMALL, 4096),
    ALIGNMENT("64 told to be 128 KiB", aligned_to_number, FREE_ALIGNED_SIZED, 1000, 128 * KIB),
    ALIGNMENT("a large block told to be aligned to 1 MiB", aligned_to_number, FREE_ALIGNED_SIZED, LARGE, MIB),
    ALIGNMENT("delete with an alignment that is not its", aligned_to_number, DELETE_ALIGNED, SMALL, 4096),
    ALIGNMENT("delete[] with an alignment that is not its", aligned_to_number, DELETE_ARRAY_ALIGNED, 1000, 4096),
    ALIGNMENT("delete with size and another alignment", aligned_to_number, DELETE_ALIGNED_SIZED, SMALL, 4096),
    ALIGNMENT("an alignment of 48", aligned_to_no_power, FREE_ALIGNED_SIZED, SMALL, 48),
    ALIGNMENT("no alignment", aligned_to_no_power, FREE_ALIGNED_SIZED, SMALL, 0),
    ALIGNMENT("delete with an alignment of 3", aligned_to_no_power, DELETE_ALIGNED, SMALL, 3),
};

const struct programs mismatch_programs = {list, sizeof list / sizeof *list};
