/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * late.h -- the hkz_* functions of a preloaded library, found at run time; a pointer is NULL if
 * absent. */
#pragma once
#include "hakozuna.h"
#include <dlfcn.h>
#include <stddef.h>

struct late {
    void *(*malloc)(size_t size);
    void (*free)(void *block);
    size_t (*usable_size)(const void *block);
    size_t (*good_size)(size_t size);
    bool (*owns)(const void *address);
    size_t (*trim)(void);
    const char *(*profile)(void);
    const char *(*version)(void);
    int (*stats_get)(struct hkz_stats *stats);
    int (*stats_print)(enum hkz_format format, void (*write)(void *arg, const char *text, size_t bytes), void *arg);
};

/* POSIX makes the conversion from object to function pointer valid; ISO C has no word for it. */
#define LATE_FIND(library, member, name)                   \
    do {                                                   \
        void *found = dlsym(library, name);                \
        __builtin_memcpy(&(member), &found, sizeof found); \
    } while (0)

/* library: a handle of dlopen(), or RTLD_DEFAULT. Returns whether every function was found. */
static inline bool late_find(struct late *late, void *library) {
    LATE_FIND(library, late->malloc, "hkz_malloc");
    LATE_FIND(library, late->free, "hkz_free");
    LATE_FIND(library, late->usable_size, "hkz_usable_size");
    LATE_FIND(library, late->good_size, "hkz_good_size");
    LATE_FIND(library, late->owns, "hkz_owns");
    LATE_FIND(library, late->trim, "hkz_trim");
    LATE_FIND(library, late->profile, "hkz_profile");
    LATE_FIND(library, late->version, "hkz_version");
    LATE_FIND(library, late->stats_get, "hkz_stats_get");
    LATE_FIND(library, late->stats_print, "hkz_stats_print");
    return late->malloc && late->free && late->usable_size && late->good_size && late->owns && late->trim &&
           late->profile && late->version && late->stats_get && late->stats_print;
}
