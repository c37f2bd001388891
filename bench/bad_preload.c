/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bad_preload -- a malloc with faults: proves that the programs of this folder notice them.
 *
 * BENCH_BAD says which fault; each is one that an allocator can have.
 *   overlap  every eighth block of malloc and realloc shares its last 8 bytes with the next
 *            one's header
 *   dirty    what calloc gives is not all zero
 *   skew     aligned blocks have half the alignment that was asked for
 *   share    threads get the same small block at the same time
 *   null     every hundredth call of malloc returns NULL
 * Nothing is ever freed. Without BENCH_BAD it has no fault. */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define REGION_BYTES ((size_t)1 << 36) /* address space only */
#define HEADER ((size_t)16)
#define SHARED_BYTES ((size_t)64) /* the largest block that "share" gives out again and again */
#define SHARED_AFTER ((size_t)4)  /* of a thread's small blocks; libc keeps the first ones */

enum fault { NONE, OVERLAP, DIRTY, SKEW, SHARE, NO_MEMORY, UNKNOWN };

static const char *const names[] = {"", "overlap", "dirty", "skew", "share", "null"};
static enum fault fault = UNKNOWN;
static unsigned char *region;
static _Atomic size_t taken; /* bytes of the region */
static _Atomic size_t calls;
static _Thread_local size_t small_calls;
static unsigned char shared[2 * HEADER + SHARED_BYTES] __attribute__((aligned(64)));

EXPORT void *malloc(size_t size);
EXPORT void free(void *block);
EXPORT void *calloc(size_t count, size_t size);
EXPORT void *realloc(void *block, size_t size);
EXPORT void *aligned_alloc(size_t alignment, size_t size);
EXPORT int posix_memalign(void **ret_block, size_t alignment, size_t size);

/* Before main, while there is one thread. */
static void begin(void) {
    if (region != NULL)
        return;
    region = mmap(NULL, REGION_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED)
        _exit(3);
}

__attribute__((constructor)) static void choose(void) {
    const char *wanted = getenv("BENCH_BAD");
    begin();
    fault = NONE;
    for (enum fault one = OVERLAP; wanted != NULL && one < UNKNOWN; one++)
        if (strcmp(wanted, names[one]) == 0)
            fault = one;
}

/* The size stands in front of the block. */
static void *take(size_t alignment, size_t size) {
    begin();
    size_t call = atomic_fetch_add(&calls, 1);
    size_t bytes = HEADER + ((size + 15) & ~(size_t)15) + alignment;
    if (fault == OVERLAP && alignment == 8 && call % 8 == 0 && size >= 24)
        bytes = HEADER + (size & ~(size_t)7) - 8;
    uintptr_t start = (uintptr_t)region + atomic_fetch_add(&taken, (bytes + 7) & ~(size_t)7) + HEADER;
    unsigned char *block = (unsigned char *)((start + alignment - 1) & ~(alignment - 1));
    memcpy(block - HEADER, &size, sizeof size);
    return block;
}

void *malloc(size_t size) {
    if (fault == NO_MEMORY && atomic_load(&calls) % 100 == 99) {
        atomic_fetch_add(&calls, 1);
        errno = ENOMEM;
        return NULL;
    }
    if (fault == SHARE && size <= SHARED_BYTES && ++small_calls > SHARED_AFTER)
        return shared + HEADER;
    return take(fault == OVERLAP ? 8 : 16, size);
}

void free(void *block) { (void)block; }

void *calloc(size_t count, size_t size) {
    unsigned char *block = take(16, count * size);
    if (fault == DIRTY && count * size > 0)
        block[count * size - 1] = 1;
    return block;
}

void *realloc(void *block, size_t size) {
    size_t old = 0;
    void *fresh = malloc(size);
    if (block == NULL || fresh == NULL)
        return fresh;
    memcpy(&old, (unsigned char *)block - HEADER, sizeof old);
    return memcpy(fresh, block, old < size ? old : size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    unsigned char *block = take(alignment, size);
    return fault == SKEW ? (unsigned char *)take(alignment, size + alignment) + alignment / 2 : block;
}

int posix_memalign(void **ret_block, size_t alignment, size_t size) {
    *ret_block = aligned_alloc(alignment, size);
    return 0;
}
