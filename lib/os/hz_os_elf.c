/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_os_elf.c -- the part of hz_os.h that the dynamic linker of ELF systems answers. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "hz_os.h"

#include <dlfcn.h>
#include <errno.h>

/* Absent in fully static programs, where there can be no other allocator. */
extern __typeof(dlsym) dlsym __attribute__((weak));
extern __typeof(dladdr) dladdr __attribute__((weak));

void *hz_os_next_function(const char *name) {
    if (dlsym == NULL)
        return NULL;
    int saved = errno;
    void *address = dlsym(RTLD_NEXT, name);
    errno = saved;
    return address;
}

bool hz_os_is_in_object(const void *address) {
    Dl_info info;
    return dladdr != NULL && dladdr(address, &info) != 0;
}
