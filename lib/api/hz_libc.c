/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_libc.c -- the C names of every libc that have no hot path. Part of the shim. A program that links statically
 * must find every name of libc's malloc.o here, or it would get that object, too, and malloc twice. */
#include <malloc.h>
#include <stdlib.h>

#include "hakozuna.h"
#include "hz_bits.h"
#include "hz_glibc.h"
#include "hz_heap.h"
#include "hz_os.h"

extern HZ_HIDDEN const char hz_libc_names; /* see hz_shim_tmpl.h */
const char hz_libc_names = 0;

HZ_EXPORT void *reallocarray(void *block, size_t count, size_t size) { return hkz_reallocarray(block, count, size); }
HZ_GLIBC_LABEL(void *, __libc_reallocarray, (void *, size_t, size_t), reallocarray)

HZ_EXPORT void *aligned_alloc(size_t alignment, size_t size) { return hz_heap_aligned(alignment, size); }

/* glibc rounds an alignment that is no power of two up. (memalign in glibc's manual) */
HZ_EXPORT void *memalign(size_t alignment, size_t size) {
    size_t rounded = 16;
    while (rounded < alignment && rounded <= PTRDIFF_MAX)
        rounded *= 2;
    return hz_heap_aligned(rounded, size);
}
HZ_GLIBC_LABEL(void *, __libc_memalign, (size_t, size_t), memalign)

HZ_EXPORT int posix_memalign(void **ret_block, size_t alignment, size_t size) {
    return hkz_posix_memalign(ret_block, alignment, size);
}
HZ_GLIBC_LABEL(int, __posix_memalign, (void **, size_t, size_t), posix_memalign)

HZ_EXPORT void *valloc(size_t size) { return hz_heap_aligned(hz_os_page_bytes(), size); }
HZ_GLIBC_LABEL(void *, __libc_valloc, (size_t), valloc)

HZ_EXPORT void *pvalloc(size_t size) {
    size_t page = hz_os_page_bytes();
    if (size > PTRDIFF_MAX)
        return hz_heap_out_of_memory(size);
    return hz_heap_aligned(page, hz_align_up(hz_max(size, 1), page));
}
HZ_GLIBC_LABEL(void *, __libc_pvalloc, (size_t), pvalloc)
