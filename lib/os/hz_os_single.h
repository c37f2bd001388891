/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_os_single.h -- whether the process has one thread, where libc says so in a variable (glibc from 2.32 on).
 * Does not: say true where nobody knows. */
#pragma once
#include "hz_base.h"

#if defined(_WIN32)
HZ_INLINE bool hz_os_is_single_threaded(void) { return false; }
#else
extern char hz_os_libc_single_threaded __asm__("__libc_single_threaded") __attribute__((weak));

HZ_INLINE bool hz_os_is_single_threaded(void) {
    return &hz_os_libc_single_threaded != NULL && hz_os_libc_single_threaded;
}
#endif
