/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_glibc.h -- glibc's further names of its functions. In another libc they would be nobody's, or its own inner
 * functions'. */
#pragma once
#include <features.h>

#include "hz_base.h"

#ifdef __GLIBC__
#define HZ_GLIBC_LABEL(type, name, parameters, target) HZ_LABEL(type, name, parameters, target)
#else
#define HZ_GLIBC_LABEL(type, name, parameters, target)
#endif
