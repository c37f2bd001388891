/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_libc.c -- the standard C names that have no hot path. Part of the shim. A program that links statically
 * must find every name of libc's malloc.o here, or it would get that object, too, and malloc twice. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hakozuna.h"
#include "hz_bits.h"
#include "hz_heap.h"
#include "hz_os.h"
#include "hz_stats.h"

extern HZ_HIDDEN const char hz_libc_names; /* see hz_shim_tmpl.h */
const char hz_libc_names = 0;

HZ_EXPORT void *realloc(void *block, size_t size) { return hz_heap_realloc(block, size); }
HZ_LABEL(void *, __libc_realloc, (void *, size_t), realloc)

HZ_EXPORT void *reallocarray(void *block, size_t count, size_t size) {
    return hkz_reallocarray(block, count, size);
}
HZ_LABEL(void *, __libc_reallocarray, (void *, size_t, size_t), reallocarray)

HZ_EXPORT void *aligned_alloc(size_t alignment, size_t size) { return hz_heap_aligned(alignment, size); }

/* glibc rounds an alignment that is no power of two up. (memalign in glibc's manual) */
HZ_EXPORT void *memalign(size_t alignment, size_t size) {
    size_t rounded = 16;
    while (rounded < alignment && rounded <= PTRDIFF_MAX)
        rounded *= 2;
    return hz_heap_aligned(rounded, size);
}
HZ_LABEL(void *, __libc_memalign, (size_t, size_t), memalign)

HZ_EXPORT int posix_memalign(void **ret_block, size_t alignment, size_t size) {
    return hkz_posix_memalign(ret_block, alignment, size);
}
HZ_LABEL(int, __posix_memalign, (void **, size_t, size_t), posix_memalign)

HZ_EXPORT void *valloc(size_t size) { return hz_heap_aligned(hz_os_page_bytes(), size); }
HZ_LABEL(void *, __libc_valloc, (size_t), valloc)

HZ_EXPORT void *pvalloc(size_t size) {
    size_t page = hz_os_page_bytes();
    if (size > PTRDIFF_MAX)
        return hz_heap_out_of_memory(size);
    return hz_heap_aligned(page, hz_align_up(hz_max(size, 1), page));
}
HZ_LABEL(void *, __libc_pvalloc, (size_t), pvalloc)

HZ_EXPORT size_t malloc_usable_size(void *block) { return hz_heap_usable(block, "malloc_usable_size"); }

/* 1 when memory went back to the system, else 0. (malloc_trim(3); pad has no meaning here) */
HZ_EXPORT int malloc_trim(size_t pad) {
    (void)pad;
    return hkz_trim() != 0;
}

HZ_EXPORT void malloc_stats(void) { (void)hkz_stats_print(HKZ_FORMAT_TEXT, NULL, NULL); }

/* The meanings of mallinfo(3), as near as they come. */
HZ_EXPORT struct mallinfo2 mallinfo2(void) {
    struct hkz_stats stats;
    hz_stats_collect(&stats);
    return (struct mallinfo2){
        .arena = stats.mapped - stats.huge_bytes,
        .hblks = stats.huge,
        .hblkhd = stats.huge_bytes,
        .fsmblks = stats.cached,
        .uordblks = stats.allocated,
        .fordblks = stats.mapped - stats.allocated,
        .keepcost = stats.dirty,
    };
}

static int saturate(size_t value) { return value > INT32_MAX ? INT32_MAX : (int)value; }

HZ_EXPORT struct mallinfo mallinfo(void) {
    struct mallinfo2 wide = mallinfo2();
    return (struct mallinfo){
        .arena = saturate(wide.arena),
        .hblks = saturate(wide.hblks),
        .hblkhd = saturate(wide.hblkhd),
        .fsmblks = saturate(wide.fsmblks),
        .uordblks = saturate(wide.uordblks),
        .fordblks = saturate(wide.fordblks),
        .keepcost = saturate(wide.keepcost),
    };
}

/* XML in the shape of glibc's; options must be 0, else -1 and EINVAL. (malloc_info(3)) */
HZ_EXPORT int malloc_info(int options, FILE *stream) {
    struct hkz_stats stats;
    if (options != 0) {
        errno = EINVAL;
        return -1;
    }
    hz_stats_collect(&stats);
    int written = fprintf(stream,
                          "<malloc version=\"hakozuna-1\">\n"
                          "<total type=\"allocated\" size=\"%llu\"/>\n"
                          "<total type=\"cached\" size=\"%llu\"/>\n"
                          "<system type=\"current\" size=\"%llu\"/>\n"
                          "<aspace type=\"total\" size=\"%llu\"/>\n"
                          "</malloc>\n",
                          (unsigned long long)stats.allocated, (unsigned long long)stats.cached,
                          (unsigned long long)stats.mapped, (unsigned long long)stats.reserved);
    return written < 0 ? -1 : 0;
}

/* The parameters that programs set are accepted, since what they steer does not exist here; unknown ones
 * are refused. 1 on success, 0 on error. (mallopt(3)) */
HZ_EXPORT int mallopt(int parameter, int value) {
    (void)value;
    switch (parameter) {
    case M_MXFAST:
    case M_TRIM_THRESHOLD:
    case M_TOP_PAD:
    case M_MMAP_THRESHOLD:
    case M_MMAP_MAX:
    case M_CHECK_ACTION:
    case M_PERTURB:
    case M_ARENA_TEST:
    case M_ARENA_MAX: return 1;
    default: return 0;
    }
}
