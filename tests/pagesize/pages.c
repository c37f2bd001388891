/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pages.c -- makes a kernel look as if its pages were larger, 16 or 64 KiB as PAGES_BYTES says (default 65536).
 * Preloaded before the library under test, it answers getauxval(AT_PAGESZ) and sysconf(_SC_PAGESIZE) so, hands out
 * mappings at multiples of it, and ends the process with a line on standard error when a call on memory has an
 * address or length that such a kernel would refuse, or would round to more than was meant: mmap's and mremap's
 * new lengths are rounded up by every kernel and may be odd; addresses may not, nor may lengths of what is
 * protected or advised.
 * With PAGES_REPORT set to a file's path, a line with the number of calls is appended to it at exit, so that a test
 * sees that it looked. With PAGES_TELL=4096 it says another size than it checks, so that a test sees it find fault.
 * Does not: see system calls that libc makes by itself, such as those for stacks of threads. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEFAULT_BYTES = 65536, SMALLEST = 4096, TEXT = 200 };

static unsigned long calls; /* atomic */

/* A number of the environment itself, since this is called before libc is set up. */
static size_t setting(const char *name, size_t *known, size_t otherwise) {
    extern char **environ;
    size_t bytes = __atomic_load_n(known, __ATOMIC_RELAXED);
    if (bytes != 0)
        return bytes;
    bytes = otherwise;
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
        if (strncmp(*entry, name, strlen(name)) == 0)
            bytes = strtoul(*entry + strlen(name), NULL, 10);
    if (environ != NULL)
        __atomic_store_n(known, bytes, __ATOMIC_RELAXED); /* the same by whoever comes first */
    return bytes;
}

static size_t page_bytes(void) {
    static size_t known;
    return setting("PAGES_BYTES=", &known, DEFAULT_BYTES);
}

static size_t told_bytes(void) {
    static size_t known;
    return setting("PAGES_TELL=", &known, page_bytes());
}

static void violation(const char *call, const char *what, uintptr_t value) {
    char line[TEXT];
    int length = snprintf(line, sizeof line, "pagesize: %s: %s %#lx is no multiple of %zu\n", call, what,
                          (unsigned long)value, page_bytes());
    (void)!write(STDERR_FILENO, line, (size_t)length);
    abort();
}

/* Whether the caller is the library under test, or a test that it is part of: others may know of the real size. */
static bool is_ours(const void *caller) {
    Dl_info info;
    return dladdr(caller, &info) != 0 && info.dli_fname != NULL &&
           (strstr(info.dli_fname, "libhakozuna-") != NULL || strstr(info.dli_fname, "/test-") != NULL);
}

static void check(const char *call, const char *what, uintptr_t value, const void *caller) {
    (void)__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    if ((value & (page_bytes() - 1)) != 0 && is_ours(caller))
        violation(call, what, value);
}

unsigned long getauxval(unsigned long type) {
    static unsigned long (*real)(unsigned long);
    if (type == AT_PAGESZ)
        return told_bytes();
    if (real == NULL)
        real = (unsigned long (*)(unsigned long))dlsym(RTLD_NEXT, "getauxval");
    return real(type);
}

long sysconf(int name) {
    static long (*real)(int);
    if (name == _SC_PAGESIZE)
        return (long)told_bytes();
    if (real == NULL)
        real = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");
    return real(name);
}

int getpagesize(void) { return (int)told_bytes(); }

static void *raw_mmap(void *start, size_t bytes, int protection, int flags, int fd, off_t offset) {
    return (void *)syscall(SYS_mmap, start, bytes, protection, flags, fd, offset);
}

/* Anonymous ones only: the length of a file's mapping says nothing. */
static void *map_aligned(size_t bytes, int protection, int flags) {
    size_t page = page_bytes(), whole = (bytes + page - 1) & ~(page - 1);
    if (whole < bytes) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    char *start = raw_mmap(NULL, whole + page - SMALLEST, protection, flags, -1, 0);
    if (start == MAP_FAILED)
        return start;
    char *first = (char *)(((uintptr_t)start + page - 1) & ~(uintptr_t)(page - 1));
    if (first > start)
        (void)syscall(SYS_munmap, start, (size_t)(first - start));
    size_t behind = page - SMALLEST - (size_t)(first - start);
    if (behind > 0)
        (void)syscall(SYS_munmap, first + whole, behind);
    return first;
}

void *mmap(void *start, size_t bytes, int protection, int flags, int fd, off_t offset) {
    const void *caller = __builtin_return_address(0);
    check("mmap", "address", (uintptr_t)start, caller);
    check("mmap", "offset", (uintptr_t)offset, caller);
    if (start == NULL && (flags & MAP_ANONYMOUS) != 0 && (flags & (MAP_FIXED | MAP_STACK)) == 0 && bytes != 0)
        return map_aligned(bytes, protection, flags);
    return raw_mmap(start, bytes, protection, flags, fd, offset);
}

void *mmap64(void *start, size_t bytes, int protection, int flags, int fd, off64_t offset)
    __attribute__((alias("mmap")));

/* A kernel rounds the lengths of these up: what lies behind on the last page would go with it. */
static void check_range(const char *call, const void *start, size_t bytes, const void *caller) {
    check(call, "address", (uintptr_t)start, caller);
    check(call, "length", bytes, caller);
}

/* What map_aligned rounded up is given back whole. */
int munmap(void *start, size_t bytes) {
    const void *caller = __builtin_return_address(0);
    check("munmap", "address", (uintptr_t)start, caller);
    if (is_ours(caller))
        bytes = (bytes + page_bytes() - 1) & ~(page_bytes() - 1);
    return (int)syscall(SYS_munmap, start, bytes);
}

int mprotect(void *start, size_t bytes, int protection) {
    check_range("mprotect", start, bytes, __builtin_return_address(0));
    return (int)syscall(SYS_mprotect, start, bytes, protection);
}

int madvise(void *start, size_t bytes, int advice) {
    check_range("madvise", start, bytes, __builtin_return_address(0));
    return (int)syscall(SYS_madvise, start, bytes, advice);
}

/* One byte for each large page: callers have no room for more. */
int mincore(void *start, size_t bytes, unsigned char *ret_pages) {
    unsigned char small[DEFAULT_BYTES / SMALLEST];
    for (size_t at = 0; at < bytes; at += page_bytes(), ret_pages++) {
        if (syscall(SYS_mincore, (char *)start + at, page_bytes(), small) != 0)
            return -1;
        *ret_pages = 1;
        for (size_t i = 0; i < page_bytes() / SMALLEST; i++)
            *ret_pages = *ret_pages && (small[i] & 1) != 0;
    }
    return 0;
}

/* To places that such a kernel would choose. */
void *mremap(void *start, size_t old_bytes, size_t new_bytes, int flags, ...) {
    const void *caller = __builtin_return_address(0);
    size_t page = page_bytes();
    va_list rest;
    va_start(rest, flags);
    void *to = (flags & MREMAP_FIXED) != 0 ? va_arg(rest, void *) : NULL;
    va_end(rest);
    check("mremap", "address", (uintptr_t)start, caller);
    check("mremap", "old length", old_bytes, caller);
    check("mremap", "new address", (uintptr_t)to, caller);
    size_t whole = (new_bytes + page - 1) & ~(page - 1);
    bool is_free = to == NULL && (flags & MREMAP_MAYMOVE) != 0;
    if (!is_free)
        return (void *)syscall(SYS_mremap, start, old_bytes, whole, flags, to);
    if ((flags & ~MREMAP_MAYMOVE) == 0) {
        void *same = (void *)syscall(SYS_mremap, start, old_bytes, whole, 0);
        if (same != MAP_FAILED)
            return same;
    }
    void *place = map_aligned(whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
    if (place == MAP_FAILED)
        return place;
    void *moved = (void *)syscall(SYS_mremap, start, old_bytes, whole, flags | MREMAP_FIXED, place);
    if (moved == MAP_FAILED)
        (void)syscall(SYS_munmap, place, whole);
    return moved;
}

static __attribute__((destructor)) void report(void) {
    const char *path = getenv("PAGES_REPORT");
    char line[TEXT];
    int file = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file < 0)
        return;
    int length = snprintf(line, sizeof line, "%lu calls\n", __atomic_load_n(&calls, __ATOMIC_RELAXED));
    (void)!write(file, line, (size_t)length);
    close(file);
}
