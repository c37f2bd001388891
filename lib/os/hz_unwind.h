/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_unwind.h -- the calls that led here, for reports.
 *
 * Frames are return addresses: each lies just behind its call. Walking them is libunwind's work, which is
 * looked for at run time, or else that of the compiler's runtime; where neither is, the nearest frame
 * stands alone.
 * Does not: wait for other threads, or allocate (what it loads may). */
#pragma once
#include "hz_base.h"

/* Finds the library that walks. Once, where the program may load one: not within the dynamic linker. */
HZ_HIDDEN HZ_COLD void hz_unwind_load(void);

/* Fills frames, innermost first, and returns how many. They begin with the caller; with a signal handler's
 * context, with the place that the signal met, plus one. */
HZ_HIDDEN HZ_NOINLINE unsigned hz_unwind(void **frames, unsigned max, void *context);

/* The same, beginning with the return address from if that is among the innermost few. */
HZ_HIDDEN HZ_NOINLINE unsigned hz_unwind_from(void **frames, unsigned max, const void *from);

/* One detail line for each frame, which is shown by an address within its call. */
HZ_HIDDEN HZ_COLD void hz_unwind_print(void *const *frames, unsigned count);

/* No thread walks while the process is copied. Should one not come to an end soon, the child has to do with
 * nearest frames. */
HZ_HIDDEN void hz_unwind_before_fork(void);
HZ_HIDDEN void hz_unwind_after_fork_parent(void);
HZ_HIDDEN void hz_unwind_after_fork_child(void);
