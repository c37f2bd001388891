/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_os_linux.c -- the contract of hz_os.h on Linux, whatever the libc: by system calls and what libcs agree on. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "hz_os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "hz_bits.h"
#include "hz_fault.h"
#include "hz_memcheck.h"
#include "hz_random.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

size_t hz_os_page_bytes(void) {
    static size_t bytes; /* written with the same value by whoever comes first */
    size_t known = __atomic_load_n(&bytes, __ATOMIC_RELAXED);
    if (HZ_LIKELY(known != 0))
        return known;
    known = (size_t)getauxval(AT_PAGESZ);
    if (known == 0)
        known = 4096;
    __atomic_store_n(&bytes, known, __ATOMIC_RELAXED);
    return known;
}

/* A refusal on demand, with the word that the kernel would have for it. */
static bool refuses(enum hz_fault_kind kind, size_t bytes) {
    if (HZ_LIKELY(!hz_fault(kind, bytes)))
        return false;
    errno = ENOMEM;
    return true;
}

static void *map(size_t bytes, int protection, int flags) {
    int saved = errno;
    void *start = MAP_FAILED;
    if (!refuses((protection & PROT_WRITE) != 0 ? HZ_FAULT_MAP : HZ_FAULT_RESERVE, bytes))
        start = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    errno = saved;
    return start == MAP_FAILED ? NULL : start;
}

static bool unmap(void *start, size_t bytes) {
    int saved = errno;
    bool done = bytes == 0 || (!refuses(HZ_FAULT_RELEASE, bytes) && munmap(start, bytes) == 0);
    errno = saved;
    return done;
}

/* Over-allocates and trims, since the kernel aligns to its page only. What it does not take back (too many
 * mappings) is address space lost, no more: nothing touched it. */
static void *map_aligned(size_t bytes, size_t alignment, int protection, int flags) {
    char *start = map(bytes, protection, flags);
    if (start == NULL || ((uintptr_t)start & (alignment - 1)) == 0)
        return start;
    (void)unmap(start, bytes);
    if (bytes + alignment < bytes)
        return NULL;
    start = map(bytes + alignment, protection, flags);
    if (start == NULL)
        return NULL;
    size_t head = hz_align_up((uintptr_t)start, alignment) - (uintptr_t)start;
    (void)unmap(start, head);
    (void)unmap(start + head + bytes, alignment - head);
    return start + head;
}

void *hz_os_reserve(size_t bytes, size_t alignment) { return map_aligned(bytes, alignment, PROT_NONE, MAP_NORESERVE); }

/* What others map there next must not be hidden from them. */
bool hz_os_release(void *start, size_t bytes) {
    if (hz_memcheck_is_on())
        hz_memcheck_show(start, bytes);
    return unmap(start, bytes);
}

static bool protect(void *start, size_t bytes, int protection) {
    int saved = errno;
    bool done = !refuses(HZ_FAULT_COMMIT, bytes) && mprotect(start, bytes, protection) == 0;
    errno = saved;
    return done;
}

bool hz_os_commit(void *start, size_t bytes) { return protect(start, bytes, PROT_READ | PROT_WRITE); }
bool hz_os_protect(void *start, size_t bytes) { return protect(start, bytes, PROT_NONE); }
bool hz_os_make_readable(void *start, size_t bytes) { return protect(start, bytes, PROT_READ); }

/* The kernel asks for another try when it is short of its own memory; it is not tried for ever. */
enum { ADVISE_TRIES = 8 };

static bool advise(enum hz_fault_kind kind, void *start, size_t bytes, int advice) {
    int saved = errno;
    int result = -1;
    for (unsigned i = 0; i < ADVISE_TRIES && result != 0; i++) {
        if (refuses(kind, bytes))
            break;
        result = madvise(start, bytes, advice);
        if (result != 0 && errno != EAGAIN)
            break;
    }
    errno = saved;
    return result == 0;
}

bool hz_os_purge(void *start, size_t bytes) { return advise(HZ_FAULT_PURGE, start, bytes, MADV_DONTNEED); }

void *hz_os_map(size_t bytes, size_t alignment) { return map_aligned(bytes, alignment, PROT_READ | PROT_WRITE, 0); }

void *hz_os_remap(void *start, size_t old_bytes, size_t new_bytes, bool may_move) {
    int saved = errno;
    void *moved = MAP_FAILED;
    if (!refuses(HZ_FAULT_REMAP, new_bytes))
        moved = mremap(start, old_bytes, new_bytes, may_move ? MREMAP_MAYMOVE : 0);
    errno = saved;
    return moved == MAP_FAILED ? NULL : moved;
}

/* To where the kernel likes. It refuses ranges of several mappings, and then nothing has changed. */
static void *move_aside(void *from, size_t bytes) {
    void *aside = MAP_FAILED;
    if (!refuses(HZ_FAULT_MOVE, bytes))
        aside = mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    return aside == MAP_FAILED ? NULL : aside;
}

/* In two steps: a kernel that refuses to move pages to a given place may have unmapped that place already. */
bool hz_os_move_pages(void *from, void *to, size_t bytes) {
    int saved = errno;
    void *aside = move_aside(from, bytes);
    bool done = aside != NULL && !refuses(HZ_FAULT_REMAP, bytes) &&
                mremap(aside, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to;
    if (aside != NULL && !done) {
        (void)mmap(to, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        memcpy(from, aside, bytes);
        (void)unmap(aside, bytes);
    }
    errno = saved;
    return done;
}

void *hz_os_move_out(void *from, size_t bytes, size_t new_bytes) {
    int saved = errno;
    void *aside = move_aside(from, bytes);
    void *moved = aside == NULL ? NULL : hz_os_remap(aside, bytes, new_bytes, true);
    if (aside != NULL && moved == NULL) {
        memcpy(from, aside, bytes);
        (void)unmap(aside, bytes);
    }
    errno = saved;
    return moved;
}

void hz_os_advise_huge(void *start, size_t bytes, bool wanted) {
    (void)advise(HZ_FAULT_ADVISE, start, bytes, wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

size_t hz_os_address_limit(void) {
    int saved = errno;
    struct rlimit limit;
    bool known = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    errno = saved;
    return known && limit.rlim_cur < SIZE_MAX ? (size_t)limit.rlim_cur : SIZE_MAX;
}

/* What the kernel gave the process at its start and the time, folded so that neither can be computed back. */
static uint64_t fallback_entropy(void) {
    uint64_t words[2] = {(uintptr_t)&words, 0};
    struct timespec now;
    const void *given = (const void *)getauxval(AT_RANDOM);
    if (given != NULL)
        memcpy(words, given, sizeof words);
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    words[1] ^= (uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec;
    return hz_random_next(&words[0]) ^ hz_random_next(&words[1]);
}

uint64_t hz_os_entropy(void) {
    uint64_t number;
    int saved = errno;
    long got = syscall(SYS_getrandom, &number, sizeof number, GRND_NONBLOCK);
    errno = saved;
    return got == (long)sizeof number ? number : fallback_entropy();
}

uint32_t hz_os_now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

bool hz_os_is_secure(void) { return getauxval(AT_SECURE) != 0; }

uint32_t hz_os_thread_id(void) {
    int saved = errno;
    long id = syscall(SYS_gettid);
    errno = saved;
    return (uint32_t)id;
}

void hz_os_wait(const void *word, uint32_t expected) {
    /* With a time a signal ends the wait, also where its handler asks for restarts: the handler may have forked,
     * and nobody would wake the child. */
    static const long hour[2] = {3600, 0}; /* as this call has it: libc's struct timespec may be wider */
    int saved = errno;
    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, hour, NULL, 0);
    errno = saved;
}

void hz_os_wake_one(const void *word) {
    int saved = errno;
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    errno = saved;
}

/* The kernel reads the new mask before it refuses the request, and a sandbox allows this call. */
bool hz_os_is_readable(const void *address) {
    int saved = errno;
    int no_request = ~(SIG_BLOCK | SIG_UNBLOCK | SIG_SETMASK);
    (void)syscall(SYS_rt_sigprocmask, no_request, address, NULL, (size_t)8);
    bool is_readable = errno != EFAULT;
    errno = saved;
    return is_readable;
}
