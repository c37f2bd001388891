/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * heap.c -- harness: operations of up to three threads, of which one runs at a time, against a shadow. Every
 * block lies where no other does, is aligned, keeps its contents and is as long as promised; what calloc gives
 * is zero; the figures are those of the shadow; a wrong pointer gets its verdict (in profiles that promise one)
 * and nothing changes. At the end all is freed and nothing is left. See stream.h for the input. */
#include "allocator.h"
#include "faults.h"
#include "pattern.h"
#include "reports.h"
#include "shadow.h"
#include "stream.h"
#include "turns.h"
#include <errno.h>
#include <string.h>

#ifndef FUZZ_STRICT
#define FUZZ_STRICT 0 /* every pointer gets an exact verdict */
#endif

#define KIB ((size_t)1024)
#define MOST_BYTES (64 * 1024 * KIB) /* of the blocks of the shadow together */
#define CLASS_MAX (128 * KIB)        /* larger blocks are large ones */

enum { BATCH = 32, CODE_DOUBLE = 1, CODE_INTERIOR, CODE_INVALID, CODE_SIZE = 5, CODE_ALIGNMENT };

uint64_t fuzz_operations;

static struct shadow shadow;
static struct heap_figures at_start;

/* --- Allocating ------------------------------------------------------------------------------- */

/* Whether a request that is not impossible may be made now. */
static bool has_room(size_t size) { return size > PTRDIFF_MAX || size <= MOST_BYTES - shadow.bytes; }

/* NULL is right for impossible sizes, and while the kernel refuses. */
static bool got(const void *block, size_t size) {
    if (block != NULL && size <= PTRDIFF_MAX)
        return true;
    fuzz_require(block == NULL && (size > PTRDIFF_MAX || faults_are_on()), "%p for %zu bytes", block, size);
    fuzz_require(errno == ENOMEM, "errno %d", errno);
    return false;
}

static struct shadow_block *adopt(unsigned slot, void *start, size_t asked, size_t alignment) {
    struct shadow_block block = {.start = start, .asked = asked, .alignment = alignment};
    block.usable = heap_usable_size(start);
    block.is_mapped = block.usable > CLASS_MAX && (block.usable + alignment >= FUZZ_HUGE_BYTES / 2 || faults_are_on());
    fuzz_require(heap_owns(start), "%p is not owned", start);
    shadow_insert(&shadow, slot, block);
    return &shadow.slots[slot];
}

static void release(unsigned slot, bool is_sized) {
    struct shadow_block block = shadow_remove(&shadow, slot);
    if (!is_sized || block.is_resized)
        heap_free(block.start);
    else if (block.alignment != 0)
        heap_free_aligned_sized(block.start, block.alignment, block.asked);
    else
        heap_free_sized(block.start, block.asked);
    shadow_note_freed(&shadow, &block);
}

static bool is_full(unsigned slot) { return shadow.slots[slot].start != NULL; }

static void empty(unsigned slot) {
    if (is_full(slot))
        release(slot, false);
}

/* What malloc promises beyond other functions: powers of two are aligned to themselves. */
static void check_natural(const void *start, size_t size) {
    bool is_power = size != 0 && (size & (size - 1)) == 0 && size <= 64 * KIB;
    fuzz_require(!is_power || (uintptr_t)start % size == 0, "%p for %zu bytes", start, size);
    size_t good = size <= CLASS_MAX ? heap_good_size(size) : 0;
    fuzz_require(good == 0 || heap_usable_size(start) == good, "%p: %zu usable, not %zu", start,
                 heap_usable_size(start), good);
}

static void do_malloc(const struct record *record) {
    size_t size = stream_size(record);
    empty(record->slot);
    if (!has_room(size))
        return;
    void *start = fuzz_launder(heap_malloc(size));
    if (!got(start, size))
        return;
    check_natural(start, size);
    (void)adopt(record->slot, start, size, 0);
}

/* Wholly when short; else both ends, and a byte of some pages between. */
static void check_zero(const char *start, size_t bytes) {
    size_t part = bytes < 4 * KIB ? bytes : 4 * KIB;
    fuzz_require(pattern_is_zero(start, part), "%zu bytes are not zero", bytes);
    fuzz_require(pattern_is_zero(start + bytes - part, part), "%zu bytes end not zero", bytes);
    for (size_t at = part; at < bytes; at += bytes / 16 + 1)
        fuzz_require(start[at] == 0, "byte %zu of %zu is not zero", at, bytes);
}

static void do_calloc(const struct record *record) {
    size_t size = stream_size(record), count = 1;
    empty(record->slot);
    if (!has_room(size))
        return;
    if (record->how & 8 && size > PTRDIFF_MAX) /* a product that overflows */
        count = SIZE_MAX / 2;
    else if (record->how & 8 && size % 3 == 0)
        count = 3;
    size_t each = count == 3 ? size / 3 : size;
    void *start = count == 1 ? heap_zalloc(each) : heap_calloc(count, each);
    start = fuzz_launder(start);
    if (!got(start, size))
        return;
    check_zero(start, size);
    (void)adopt(record->slot, start, size, 0);
}

static void do_aligned(const struct record *record) {
    static const struct record small = {.how = 4};
    struct record sized = *record;
    size_t alignment = (size_t)1 << (record->a + record->how) % 22;
    void *start = NULL;
    sized.how = record->b & 8 ? small.how : record->b & 7;
    size_t size = stream_size(&sized);
    empty(record->slot);
    if (!has_room(size) || !has_room(size + alignment))
        return;
    if (alignment < sizeof(void *) || record->how & 8)
        start = heap_aligned_alloc(alignment, size);
    else
        errno = heap_posix_memalign(&start, alignment, size);
    start = fuzz_launder(start);
    if (got(start, size))
        (void)adopt(record->slot, start, size, alignment);
}

static void do_realloc(const struct record *record) {
    size_t size = stream_size(record);
    if (!is_full(record->slot)) {
        do_malloc(record);
        return;
    }
    if (!has_room(size))
        return;
    struct shadow_block old = shadow.slots[record->slot];
    shadow_check(&old, old.start, old.usable);
    bool is_array = record->how & 8 && size % 2 == 0;
    void *start = fuzz_launder(is_array ? heap_reallocarray(old.start, size / 2, 2) : heap_realloc(old.start, size));
    if (size == 0) {
        fuzz_require(start == NULL, "realloc to 0 gives %p", start);
        shadow_check(&old, old.start, 0);
        shadow_forget(&shadow, record->slot);
        shadow_note_freed(&shadow, &old);
    } else if (got(start, size)) {
        shadow_check(&old, start, old.asked < size ? old.asked : size);
        shadow_forget(&shadow, record->slot);
        struct shadow_block *block = adopt(record->slot, start, size, 0);
        block->is_resized = start == old.start && old.alignment != 0;
        block->is_mapped |= old.is_mapped && block->usable > CLASS_MAX;
        if (start != old.start)
            shadow_note_freed(&shadow, &old);
    } else {
        shadow_check(&old, old.start, old.usable);
    }
}

static void do_expand(const struct record *record) {
    size_t size = stream_size(record);
    if (!is_full(record->slot) || !has_room(size))
        return;
    struct shadow_block old = shadow.slots[record->slot];
    errno = 0;
    void *same = fuzz_launder(heap_expand(old.start, size));
    fuzz_require(same == NULL || (same == (void *)old.start && size <= PTRDIFF_MAX), "expand of %p to %zu gives %p",
                 (void *)old.start, size, same);
    fuzz_require(same != NULL || errno == 0, "expand sets errno %d", errno);
    fuzz_require(same != NULL || size > old.usable, "%zu of %zu refused", size, old.usable);
    shadow_check(&old, old.start, old.usable);
    if (same == NULL || size <= old.asked)
        return;
    shadow_forget(&shadow, record->slot);
    struct shadow_block *block = adopt(record->slot, same, size, 0);
    block->is_resized = true;
    block->is_mapped |= old.is_mapped;
}

/* --- Many at once ----------------------------------------------------------------------------- */

static void do_batch(const struct record *record) {
    void *blocks[BATCH];
    size_t size = stream_size(record), count = record->b % BATCH + 1;
    for (size_t i = 0; i < count; i++)
        empty((record->slot + (unsigned)i) % SHADOW_SLOTS);
    if (size > PTRDIFF_MAX || !has_room(size * count * 2))
        return;
    size_t done = heap_batch_malloc(size, blocks, count);
    fuzz_require(done == count || (faults_are_on() && done < count), "%zu of %zu", done, count);
    for (size_t i = 0; i < done; i++)
        (void)adopt((record->slot + (unsigned)i) % SHADOW_SLOTS, fuzz_launder(blocks[i]), size, 0);
}

static void do_sweep(const struct record *record) {
    void *blocks[SHADOW_SLOTS];
    size_t count = 0;
    for (unsigned i = 0; i <= record->a; i++) {
        unsigned slot = (record->slot + i) % SHADOW_SLOTS;
        blocks[count++] = shadow.slots[slot].start; /* some are NULL */
        if (!is_full(slot))
            continue;
        struct shadow_block block = shadow_remove(&shadow, slot);
        shadow_note_freed(&shadow, &block);
    }
    heap_batch_free(blocks, count);
}

/* --- Asking ----------------------------------------------------------------------------------- */

static void do_check(const struct record *record) {
    const struct shadow_block *block = &shadow.slots[record->slot];
    if (block->start == NULL)
        return;
    shadow_check(block, block->start, block->usable);
    size_t usable = heap_usable_size(block->start);
    fuzz_require(usable == block->usable, "%zu usable, once %zu", usable, block->usable);
    fuzz_require(heap_owns(block->start + usable - 1), "the end of %p is not owned", (void *)block->start);
}

static void do_figures(void) {
    struct heap_figures now = heap_figures();
    fuzz_require(now.allocated == at_start.allocated + shadow.bytes, "%zu bytes allocated, not %zu",
                 (size_t)now.allocated, (size_t)at_start.allocated + shadow.bytes);
}

/* --- Wrong pointers --------------------------------------------------------------------------- */

/* What the shadow says of a wrong pointer: which codes may be reported, as bits; 1 is "none". */
static unsigned expected_codes(const char *address, const struct shadow_freed *freed) {
    const unsigned any = 1u << CODE_DOUBLE | 1u << CODE_INTERIOR | 1u << CODE_INVALID;
    const struct shadow_block *block = shadow_find(&shadow, address);
    if (block != NULL)
        return 1u << CODE_INTERIOR | block->is_mapped;
    if (!heap_owns(address) || freed->is_mapped)
        return any | 1;
    bool is_start = address == freed->start;
    return is_start && freed->allocations == shadow.allocations ? 1u << CODE_DOUBLE : any;
}

/* Applies a verb to the pointer, which must give what a refusal gives. */
static void apply_wrong(unsigned verb, char *address, size_t asked) {
    void *one[1] = {address}, *result = NULL;
    size_t usable = 0;
    switch (verb) {
    case 0: heap_free(address); break;
    case 1: heap_free_sized(address, asked); break;
    case 2: result = heap_realloc(address, asked + 1); break;
    case 3: usable = heap_usable_size(address); break;
    case 4: result = heap_expand(address, asked + 1); break;
    default: heap_batch_free(one, 1); break;
    }
    fuzz_require(fuzz_launder(result) == NULL && usable == 0, "verb %u: %p, %zu", verb, result, usable);
}

/* What was reported since the last reset is one of the codes expected. */
static void check_reports(unsigned expected, const void *address) {
    unsigned seen = reports.errors == 0;
    for (unsigned code = 1; code < REPORT_CODES; code++)
        seen |= (unsigned)(reports.codes[code] != 0) << code;
    fuzz_require(reports.others == 0 && reports.errors <= 1, "%u lines of another form, %u errors", reports.others,
                 reports.errors);
    fuzz_require((seen & ~expected) == 0, "codes %#x, expected among %#x of %p: %s", seen, expected, address,
                 reports.last);
}

/* A block that is the caller's, with a size or an alignment that is not. */
static void do_lie(const struct record *record) {
    const struct shadow_block *block = &shadow.slots[record->slot];
    uintptr_t natural = (uintptr_t)block->start & -(uintptr_t)block->start;
    if (!HEAP_CHECKS_SIZES || block->start == NULL)
        return;
    reports_reset();
    if (record->how & 1) {
        heap_free_sized(block->start, block->usable + 1 + record->a);
        check_reports(1u << CODE_SIZE, block->start);
    } else {
        heap_free_aligned_sized(block->start, natural << (1 + record->a % 4), block->asked);
        check_reports(1u << CODE_ALIGNMENT, block->start);
    }
}

static void do_misuse(const struct record *record) {
    const struct shadow_block *block = &shadow.slots[record->slot];
    const struct shadow_freed *freed = &shadow.freed[record->slot % SHADOW_FREED];
    size_t offset = (size_t)record->a << 8 | record->b;
    char *address = freed->start;
    if (!FUZZ_STRICT || faults_are_on())
        return;
    if (record->how & 1 && block->start != NULL)
        address = block->start + 1 + offset % (block->usable - 1);
    else if (record->how & 2 && address != NULL)
        address += 1 + offset % (freed->asked + 16);
    if (record->how >= 14) {
        do_lie(record);
        return;
    }
    if (address == NULL)
        return;
    const struct shadow_block *around = shadow_find(&shadow, address);
    if (around != NULL && around->start == address)
        return; /* right after all */
    unsigned expected = expected_codes(address, freed);
    reports_reset();
    apply_wrong(record->how / 2 % 6, address, freed->asked);
    check_reports(expected, address);
}

/* --- The input -------------------------------------------------------------------------------- */

static void step(const struct record *record) {
    switch ((enum op)record->op) {
    case OP_MALLOC: do_malloc(record); break;
    case OP_CALLOC: do_calloc(record); break;
    case OP_REALLOC: do_realloc(record); break;
    case OP_ALIGNED: do_aligned(record); break;
    case OP_FREE: empty(record->slot); break;
    case OP_SIZED:
        if (is_full(record->slot))
            release(record->slot, true);
        break;
    case OP_CHECK: do_check(record); break;
    case OP_EXPAND: do_expand(record); break;
    case OP_BATCH: do_batch(record); break;
    case OP_SWEEP: do_sweep(record); break;
    case OP_SWITCH: turns_switch(record->how % THREADS); break;
    case OP_END: turns_end(); break;
    case OP_TRIM: (void)heap_trim(); break;
    case OP_FIGURES: do_figures(); break;
    case OP_MISUSE: do_misuse(record); break;
    case OP_FAULTS: faults_set(record->how, record->slot, record->a); break;
    default: break;
    }
}

/* Whether the operation calls the library as the shadow is now. */
static bool is_counted(const struct record *record) {
    switch ((enum op)record->op) {
    case OP_FREE:
    case OP_SIZED:
    case OP_CHECK:
    case OP_EXPAND: return is_full(record->slot);
    case OP_SWITCH:
    case OP_END:
    case OP_FAULTS: return false;
    case OP_MISUSE: return FUZZ_STRICT;
    default: return true;
    }
}

void turns_step(const uint8_t *data) {
    struct record record = stream_read(data);
    fuzz_operations += is_counted(&record);
    step(&record);
}

static void finish(void) {
    faults_end();
    shadow_check_all(&shadow);
    for (unsigned slot = 0; slot < SHADOW_SLOTS; slot++)
        empty(slot);
    (void)heap_trim();
    struct heap_figures end = heap_figures();
    fuzz_require(end.allocated == at_start.allocated && end.dirty == 0, "at the end %zu bytes allocated, %zu dirty",
                 (size_t)end.allocated, (size_t)end.dirty);
    fuzz_require(end.cached == 0 && end.spare == 0, "at the end %zu bytes cached, %zu in all spare", (size_t)end.cached,
                 (size_t)end.spare);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    heap_prepare();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    memset(&shadow, 0, sizeof shadow);
    reports_reset();
    at_start = heap_figures();
    turns_run(data, bytes / RECORD * RECORD);
    finish();
    return 0;
}
