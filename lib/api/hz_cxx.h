/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_cxx.h -- operator new beyond the hot path: asks the new_handler, then throws, as the C++ standard
 * wants ([new.delete.single]), from C. The C++ runtime is found through undefined weak references, so the
 * library does not need it. */
#pragma once
#include "hz_base.h"

HZ_HIDDEN HZ_NOINLINE void *hz_cxx_new(size_t size, size_t alignment);

/* Returns NULL where the other throws. */
HZ_HIDDEN HZ_NOINLINE void *hz_cxx_new_nothrow(size_t size, size_t alignment);

/* Both without their last step: NULL when memory lacks and no new_handler is left to help. Handlers that
 * throw pass through. */
HZ_HIDDEN void *hz_cxx_try(size_t size, size_t alignment);
