/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_nothrow.c -- hz_nothrow.cc for builds without a C++ compiler: a new_handler that throws is not caught. */
#include "hz_cxx.h"

void *hz_cxx_new_nothrow(size_t size, size_t alignment) { return hz_cxx_try(size, alignment); }
