/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_segv_none.c -- hz_segv.h where refused accesses cannot be caught: then no blocks are guarded. */
#include "hz_segv.h"

bool hz_segv_catch(hz_segv_handler *handler) {
    (void)handler;
    return false;
}
