/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * no_trim -- preloaded before a library: malloc_trim does nothing.
 *
 * stress-ng calls it again and again. Libraries that have none leave the call to the C library,
 * where it finds nothing to do; those that have one would be measured by it alone. */
#include <stddef.h>

__attribute__((visibility("default"))) int malloc_trim(size_t pad);

int malloc_trim(size_t pad) {
    (void)pad;
    return 0;
}
