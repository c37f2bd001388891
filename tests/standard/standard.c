/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * standard.c -- what C, POSIX and the manual pages say of the standard names; run with a library preloaded. */
#include "standard.h"
#include "clauses.h"
#include <dlfcn.h>

bool clause(bool holds, const char *what, const char *source) { return tap_ok(holds, "%s (%s)", what, source); }

int main(void) {
    watchdog_start(STANDARD_SECONDS);
    if (dlsym(RTLD_DEFAULT, "hkz_malloc") == NULL)
        tap_bail("no hkz_* in the process: is the library preloaded?");
    clauses_memory();
    clauses_aligned();
#ifdef __GLIBC__ /* what it has beyond other libcs */
    clauses_account();
#endif
    return tap_done();
}
