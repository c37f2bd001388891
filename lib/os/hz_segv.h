/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_segv.h -- accesses that the processor refused (SIGSEGV), shown to one function of ours first. What it
 * does not know goes to the handler that was there before, or to the default, as if ours were absent.
 * Does not: survive that the program installs a handler of its own later, which then sees all. */
#pragma once
#include "hz_base.h"

enum hz_access { HZ_ACCESS_UNKNOWN, HZ_ACCESS_READ, HZ_ACCESS_WRITE };

/* Whether the access may be tried again. context: for hz_unwind(). Runs in a signal handler; the thread may
 * hold locks if the access is another handler's, which interrupted the holder. */
typedef bool hz_segv_handler(const void *address, enum hz_access access, void *context);

/* Installs it. Once. False when the kernel refuses. */
HZ_HIDDEN bool hz_segv_catch(hz_segv_handler *handler);
