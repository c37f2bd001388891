/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * libc.h -- glibc's functions that tests use beside others', for libcs that have none: they are the library's then.
 * Does not: work where no library is preloaded. */
#pragma once
#include "late.h"
#include <dlfcn.h>
#include <malloc.h>

#ifndef __GLIBC__
static inline int malloc_trim(size_t pad) {
    size_t (*trim)(void);
    (void)pad;
    LATE_FIND(RTLD_DEFAULT, trim, "hkz_trim");
    return trim() != 0;
}

static inline void *pvalloc(size_t size) {
    void *(*from_library)(size_t bytes);
    LATE_FIND(RTLD_DEFAULT, from_library, "pvalloc");
    return from_library(size);
}
#endif

/* Bytes in blocks that the program holds. */
static inline size_t libc_allocated(void) {
#ifdef __GLIBC__
    return mallinfo2().uordblks;
#else
    struct late hkz;
    struct hkz_stats stats = {.size = sizeof stats};
    return late_find(&hkz, RTLD_DEFAULT) && hkz.stats_get(&stats) == 0 ? (size_t)stats.allocated : 0;
#endif
}
