/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * counter.c -- is preloaded before the library of a profile and writes, when the process exits, what it took from
 * the kernel: calls on memory, page faults, resident pages, mappings, and the allocator's statistics. Its coarse clock
 * goes on when it was read a few times, and when the program says so: what depends on time is the same in each run.
 * Does not: allocate, or look at what the program does with its blocks.
 * GATE_REPORT names the file that gets one line "FIGURE VALUE" for each figure. */
#undef _FILE_OFFSET_BITS /* or mmap is mmap64, and both are wanted */
#include "gate.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <hakozuna-hz7.h>
#include <hakozuna.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* --- Time --------------------------------------------------------------------------------------- */

enum { READS_PER_MS = 16 }; /* about what a busy thread does */

static _Atomic(uint64_t) reads = 1000000 * READS_PER_MS;

EXPORT void gate_advance(unsigned ms) { reads += ms * READS_PER_MS; }

EXPORT int clock_gettime(clockid_t clock, struct timespec *ret_now) {
    if (clock != CLOCK_MONOTONIC_COARSE)
        return (int)syscall(SYS_clock_gettime, clock, ret_now);
    uint64_t ms = ++reads / READS_PER_MS;
    *ret_now = (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    return 0;
}

/* --- Calls on memory: of the library, and of the program, which makes the same ones each time ----- */

static _Atomic(uint64_t) mmap_calls, munmap_calls, madvise_calls, mprotect_calls, mremap_calls;

/* Where the kernel would place a mapping differs from run to run, and with it what is trimmed until it is aligned and
 * which neighbours become one. So it is asked for one place after another, each aligned to a page and no more. */
static _Atomic(uintptr_t) next_place = (uintptr_t)1 << 45 | 4096;

static void *place(size_t bytes) {
    const size_t step = 1 << 16;
    return (void *)atomic_fetch_add(&next_place, (bytes / step + 2) * step);
}

EXPORT void *mmap64(void *at, size_t bytes, int protection, int flags, int file, off64_t offset) {
    mmap_calls++;
    if (at == NULL && (flags & MAP_ANONYMOUS) != 0)
        at = place(bytes);
    return (void *)syscall(SYS_mmap, at, bytes, protection, flags, file, offset);
}

EXPORT void *mmap(void *at, size_t bytes, int protection, int flags, int file, off_t offset) {
    return mmap64(at, bytes, protection, flags, file, offset);
}

EXPORT int munmap(void *at, size_t bytes) {
    munmap_calls++;
    return (int)syscall(SYS_munmap, at, bytes);
}

EXPORT int madvise(void *at, size_t bytes, int advice) {
    madvise_calls++;
    return (int)syscall(SYS_madvise, at, bytes, advice);
}

EXPORT int mprotect(void *at, size_t bytes, int protection) {
    mprotect_calls++;
    return (int)syscall(SYS_mprotect, at, bytes, protection);
}

EXPORT void *mremap(void *at, size_t bytes, size_t new_bytes, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    void *to = (flags & MREMAP_FIXED) != 0 || (flags & MREMAP_DONTUNMAP) != 0 ? va_arg(rest, void *) : NULL;
    va_end(rest);
    mremap_calls++;
    return (void *)syscall(SYS_mremap, at, bytes, new_bytes, flags, to);
}

/* --- What there is now ---------------------------------------------------------------------------- */

static uint64_t mappings(void) {
    char part[4096];
    uint64_t lines = 0;
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    for (ssize_t got; (got = read(file, part, sizeof part)) > 0;)
        for (ssize_t i = 0; i < got; i++)
            lines += part[i] == '\n';
    close(file);
    return lines;
}

/* A figure in KiB of a file of /proc/self. */
static uint64_t kib_of(const char *path, const char *name) {
    char text[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    text[got > 0 ? got : 0] = '\0';
    const char *line = strstr(text, name);
    return line != NULL ? strtoull(line + strlen(name), NULL, 10) : 0;
}

static uint64_t faults(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_minflt;
}

/* --- Statistics, of either interface -------------------------------------------------------------- */

static struct hkz_stats stats; /* the last ones; of hz7-tiny only what it has, too */
static bool is_tiny;
static struct { uint64_t active, cached, dirty, mapped, metadata, mappings; } peak;
static struct {
    uint64_t dirty, resident_kib; /* sums over the samples */
    uint64_t samples;
} mean;
static bool is_reporting; /* const after begin(): whether samples are wanted */
static uint64_t first_faults, first_mappings;

static void take_stats(void) {
    int (*get)(struct hkz_stats *) = (int (*)(struct hkz_stats *))dlsym(RTLD_DEFAULT, "hkz_stats_get");
    int (*get_tiny)(struct hz7_stats *) = (int (*)(struct hz7_stats *))dlsym(RTLD_DEFAULT, "hz7_stats_get");
    struct hz7_stats tiny = {.size = sizeof tiny};
    stats.size = sizeof stats;
    if (get_tiny != NULL && get_tiny(&tiny) == 0) {
        is_tiny = true;
        stats.active = tiny.allocated + tiny.unused;
        stats.dirty = tiny.dirty;
        stats.mapped = tiny.mapped;
        stats.metadata = tiny.metadata;
    } else if (get == NULL || get(&stats) != 0) {
        static const char none[] = "counter: no statistics of the library under test\n";
        (void)!write(STDERR_FILENO, none, sizeof none - 1);
        _exit(97);
    }
}

static void keep_peak(uint64_t *highest, uint64_t seen) { *highest = seen > *highest ? seen : *highest; }

EXPORT void gate_sample(void) {
    if (!is_reporting)
        return; /* instructions are counted, and these would be among them */
    take_stats();
    keep_peak(&peak.active, stats.active);
    keep_peak(&peak.cached, stats.cached);
    keep_peak(&peak.dirty, stats.dirty);
    keep_peak(&peak.mapped, stats.mapped);
    keep_peak(&peak.metadata, stats.metadata);
    keep_peak(&peak.mappings, mappings() - first_mappings);
    mean.dirty += stats.dirty;
    mean.resident_kib += kib_of("/proc/self/smaps_rollup", "\nAnonymous:");
    mean.samples++;
}

/* --- The report ----------------------------------------------------------------------------------- */

enum { OF_BOTH = 14 }; /* figures that hz7-tiny has, too: the first ones */

__attribute__((constructor)) static void begin(void) {
    is_reporting = getenv("GATE_REPORT") != NULL;
    first_mappings = mappings();
    first_faults = faults();
}

__attribute__((destructor)) static void report(void) {
    if (!is_reporting)
        return;
    uint64_t taken = faults() - first_faults; /* before the figures below cost some */
    const char *status = "/proc/self/status";
    uint64_t peak_kib = kib_of(status, "VmHWM:") - kib_of(status, "RssFile:") - kib_of(status, "RssShmem:");
    gate_sample();
    const struct {
        const char *name;
        uint64_t value;
    } figures[] = {
        {"faults", taken},
        {"peak_kib", peak_kib},
        {"mean_kib", mean.resident_kib / mean.samples},
        {"mean_dirty_kib", mean.dirty / 1024 / mean.samples},
        {"mmap", mmap_calls},
        {"munmap", munmap_calls},
        {"madvise", madvise_calls},
        {"mprotect", mprotect_calls},
        {"mremap", mremap_calls},
        {"mappings", peak.mappings},
        {"active_kib", peak.active / 1024},
        {"dirty_kib", peak.dirty / 1024},
        {"mapped_kib", peak.mapped / 1024},
        {"metadata_kib", peak.metadata / 1024},
        {"cached_kib", peak.cached / 1024},
        {"refills", stats.refills},
        {"flushes", stats.flushes},
        {"remote_batches", stats.remote_batches},
        {"runs_created", stats.runs_created},
        {"purges", stats.purges},
        {"purged_kib", stats.purged_bytes / 1024},
    };
    int file = open(getenv("GATE_REPORT"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t count = is_tiny ? OF_BOTH : sizeof figures / sizeof figures[0];
    for (size_t i = 0; i < count; i++)
        dprintf(file, "%s %llu\n", figures[i].name, (unsigned long long)figures[i].value);
    close(file);
}
