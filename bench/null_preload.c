/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * null_preload -- a malloc that hands out addresses and frees nothing: the limit of the harness.
 *
 * What a benchmark takes with this library is what the harness costs; the rest is the allocator.
 * Each thread bumps through a window of its own and begins again at its front after WINDOW_BYTES,
 * so a block is handed out twice while the program may still hold it. That is right for programs
 * that never read what they wrote and wrong for all others; the runner refuses those.
 *
 * Blocks that libc itself needs to keep (calloc, aligned blocks, very large ones) come from one
 * shared window that does not begin again. */
#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define EXPORT __attribute__((visibility("default")))
#define REGION_BYTES ((size_t)1 << 36)     /* address space only */
#define KEPT_BYTES ((size_t)1 << 34)       /* its front: the shared window */
#define WINDOW_BYTES ((size_t)8 << 20)     /* of one thread, reused for ever */
#define MAX_BUMPED_BYTES ((size_t)1 << 20) /* larger blocks come from the shared window */
#define WINDOW_SPACE (WINDOW_BYTES + MAX_BUMPED_BYTES)
#define ALIGNMENT ((size_t)16)

static _Atomic uintptr_t region;          /* 0 before the first call */
static _Atomic size_t kept_bytes;         /* taken from the shared window */
static _Atomic size_t window_count;       /* handed to threads */
static _Thread_local uintptr_t window;    /* front; 0 before the thread's first call */
static _Thread_local size_t window_taken; /* bytes */

EXPORT void *malloc(size_t size);
EXPORT void free(void *block);
EXPORT void *calloc(size_t count, size_t size);
EXPORT void *realloc(void *block, size_t size);
EXPORT void *reallocarray(void *block, size_t count, size_t size);
EXPORT void *memalign(size_t alignment, size_t size);
EXPORT void *aligned_alloc(size_t alignment, size_t size);
EXPORT int posix_memalign(void **ret_block, size_t alignment, size_t size);
EXPORT void *valloc(size_t size);
EXPORT void *pvalloc(size_t size);
EXPORT size_t malloc_usable_size(void *block);
EXPORT int malloc_trim(size_t pad);

static uintptr_t reserve(void) {
    void *fresh = mmap(NULL, REGION_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fresh == MAP_FAILED)
        return 0;
    uintptr_t expected = 0;
    if (atomic_compare_exchange_strong(&region, &expected, (uintptr_t)fresh))
        return (uintptr_t)fresh;
    munmap(fresh, REGION_BYTES); /* another thread was first */
    return expected;
}

static uintptr_t region_start(void) {
    uintptr_t start = atomic_load_explicit(&region, memory_order_acquire); /* pairs with reserve */
    return start != 0 ? start : reserve();
}

static void *take_kept(size_t alignment, size_t size) {
    uintptr_t start = region_start();
    size_t bytes = (size + alignment + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (start == 0 || size > KEPT_BYTES || alignment > KEPT_BYTES)
        goto none;
    size_t offset = atomic_fetch_add_explicit(&kept_bytes, bytes, memory_order_relaxed); /* a counter */
    if (offset + bytes > KEPT_BYTES)
        goto none;
    return (void *)((start + offset + alignment - 1) & ~(alignment - 1));
none:
    errno = ENOMEM;
    return NULL;
}

/* False when no window is left; the caller then uses the shared one. */
static __attribute__((noinline, cold)) int take_window(void) {
    uintptr_t start = region_start();
    size_t index = atomic_fetch_add_explicit(&window_count, 1, memory_order_relaxed); /* a counter */
    if (start == 0 || KEPT_BYTES + (index + 1) * WINDOW_SPACE > REGION_BYTES)
        return 0;
    window = start + KEPT_BYTES + index * WINDOW_SPACE;
    return 1;
}

void *malloc(size_t size) {
    size_t bytes = (size + (size == 0) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (bytes > MAX_BUMPED_BYTES || bytes < size || (window == 0 && !take_window()))
        return take_kept(ALIGNMENT, size);
    size_t offset = window_taken < WINDOW_BYTES ? window_taken : 0;
    window_taken = offset + bytes;
    return (void *)(window + offset);
}

void free(void *block) { (void)block; }

void *calloc(size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return take_kept(ALIGNMENT, bytes); /* never handed out before, so zero */
}

/* The size of block is not known. In a thread's window growing in place is as good as any other
 * answer; a kept block moves, and as much is copied as was asked for (what lies behind it can be
 * read). */
void *realloc(void *block, size_t size) {
    uintptr_t start = region_start();
    if (block == NULL)
        return malloc(size);
    if ((uintptr_t)block - start >= KEPT_BYTES && size <= MAX_BUMPED_BYTES)
        return block;
    void *fresh = take_kept(ALIGNMENT, size);
    return fresh == NULL ? NULL : memmove(fresh, block, size);
}

void *reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;
    if (!__builtin_mul_overflow(count, size, &bytes))
        return realloc(block, bytes);
    errno = ENOMEM;
    return NULL;
}

void *memalign(size_t alignment, size_t size) { return take_kept(alignment < ALIGNMENT ? ALIGNMENT : alignment, size); }

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **ret_block, size_t alignment, size_t size) {
    void *block = memalign(alignment, size);
    if (block == NULL)
        return ENOMEM;
    *ret_block = block;
    return 0;
}

void *valloc(size_t size) { return memalign(4096, size); }

void *pvalloc(size_t size) { return memalign(4096, (size + 4095) & ~(size_t)4095); }

size_t malloc_usable_size(void *block) { return block == NULL ? 0 : ALIGNMENT; /* the least it can be */ }

int malloc_trim(size_t pad) {
    (void)pad;
    return 0;
}
