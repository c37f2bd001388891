/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_hkz.c -- the hkz_* functions that have no hot path; include/hakozuna.h documents them. */
#include <errno.h>

#include "hakozuna.h"
#include "hz_aside.h"
#include "hz_bits.h"
#include "hz_front.h"
#include "hz_guard.h"
#include "hz_heap.h"
#include "hz_huge.h"
#include "hz_init.h"
#include "hz_inside.h"
#include "hz_large.h"
#include "hz_maintain.h"
#include "hz_notes.h"
#include "hz_policy.h"
#include "hz_thread.h"
#include "hz_watch.h"

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)

void *hkz_zalloc(size_t size) { return hz_heap_zalloc(size); }

void *hkz_reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;
    if (!hz_multiply(count, size, &bytes))
        return hz_heap_out_of_memory(SIZE_MAX);
    return hkz_realloc(block, bytes);
}

void *hkz_aligned_alloc(size_t alignment, size_t size) { return hz_heap_aligned(alignment, size); }

int hkz_posix_memalign(void **ret_block, size_t alignment, size_t size) {
    if (!hz_is_power_of_two(alignment) || alignment < sizeof(void *))
        return EINVAL;
    int saved = errno;
    void *block = hz_heap_aligned(alignment, size);
    errno = saved;
    if (block == NULL)
        return ENOMEM;
    *ret_block = block;
    return 0;
}

size_t hkz_batch_malloc(size_t size, void **blocks, size_t count) {
    for (size_t i = 0; i < count; i++) {
        void *block = hkz_malloc(size);
        if (block == NULL)
            return i;
        blocks[i] = block;
    }
    return count;
}

void hkz_batch_free(void *const *blocks, size_t count) {
    for (size_t i = 0; i < count; i++)
        hkz_free(blocks[i]);
}

/* For the compiler without side effects: how often it is called does not matter, and who uses no result has none. */
size_t hkz_good_size(size_t size) {
    if (hz_memcheck_is_on())
        return size <= PTRDIFF_MAX - HZ_ZONE ? size : 0;
    if (size <= HZ_CLASS_MAX_BYTES)
        return hz_class_bytes(hz_class_of(hz_max(size, 1)));
    hz_large_tell_good();
    return hz_large_good_size(size);
}

void *hkz_expand(void *block, size_t size) { return hz_heap_expand(block, size); }

bool hkz_owns(const void *address) {
    if (hz_map_find(address) != NULL || hz_guard_contains(address) || hz_aside_contains(address))
        return true;
    if (hz_thread_is_inside())
        return false;
    hz_thread_enter();
    bool is_huge = hz_huge_contains(address);
    hz_inside_leave();
    return is_huge;
}

size_t hkz_trim(void) {
    if (hz_thread_is_inside())
        return 0;
    hz_thread_enter();
    size_t bytes = hz_init() ? hz_heap_trim() : 0;
    hz_notes_report();
    hz_inside_leave();
    return bytes;
}

const char *hkz_version(void) {
    return STRING(HKZ_VERSION_MAJOR) "." STRING(HKZ_VERSION_MINOR) "." STRING(HKZ_VERSION_PATCH);
}

unsigned hkz_version_number(void) { return HKZ_VERSION; }

const char *hkz_profile(void) { return hz_policy.name; }
