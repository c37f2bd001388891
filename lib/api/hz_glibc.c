/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_glibc.c -- what glibc has beyond other libcs. Part of the shim, where there is glibc. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>

#include "hakozuna.h"
#include "hz_base.h"
#include "hz_stats.h"

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
        .arena = (size_t)(stats.mapped - stats.huge_bytes),
        .hblks = (size_t)stats.huge,
        .hblkhd = (size_t)stats.huge_bytes,
        .fsmblks = (size_t)stats.cached,
        .uordblks = (size_t)stats.allocated,
        .fordblks = (size_t)(stats.mapped - stats.allocated),
        .keepcost = (size_t)stats.dirty,
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
