/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * bench.h -- what every benchmark program needs: random numbers, a team of threads with a timed
 * part, filling and checking of blocks, resident memory, one JSON object on stdout.
 *
 * Nothing here calls malloc: the harness takes its own memory with mmap and writes with write(2),
 * so that the tested allocator sees the workload and nothing else. */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BENCH_LINE = 64, BENCH_PAGE = 4096 };

/* --- Random numbers: xorshift64*, one state per thread, never 0. ---------------------------------
 */

struct bench_rng {
    uint64_t state;
};

struct bench_rng bench_rng_make(uint64_t seed);

static inline uint64_t bench_random(struct bench_rng *rng) {
    uint64_t x = rng->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    rng->state = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}

/* Maps 32 random bits to 0..limit-1 by multiplication, which favours no power of two. */
static inline uint32_t bench_scale(uint32_t bits, uint32_t limit) { return (uint32_t)(((uint64_t)bits * limit) >> 32); }

static inline uint32_t bench_below(struct bench_rng *rng, uint32_t limit) {
    return bench_scale((uint32_t)(bench_random(rng) >> 32), limit);
}

/* Uniform in min..max. */
static inline size_t bench_between(struct bench_rng *rng, size_t min, size_t max) {
    return min + bench_below(rng, (uint32_t)(max - min + 1));
}

/* Sizes as programs ask for them: each power of two between min and max is as likely as the next.
 */
size_t bench_log_size(struct bench_rng *rng, size_t min, size_t max);

/* Mostly small: 85 % 16..256, 12 % 257..2048, 3 % 2049..32768. */
size_t bench_skewed_size(struct bench_rng *rng);

void bench_shuffle(struct bench_rng *rng, uint32_t *order, uint32_t count);

/* --- Blocks --------------------------------------------------------------------------------------
 */

/* Fills the whole block with a byte made from tag. */
static inline void bench_fill(void *block, size_t size, uint64_t tag) {
    memset(block, (int)(uint8_t)(tag * 31 + 7), size);
}

/* True if the whole block still holds what bench_fill wrote. */
static inline bool bench_holds(const void *block, size_t size, uint64_t tag) {
    const uint8_t *bytes = block;
    return size == 0 || (bytes[0] == (uint8_t)(tag * 31 + 7) && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* For blocks too large to fill each time: a word in each page and in the last 8 bytes. At least 8. */
void bench_stamp(void *block, size_t size, uint64_t tag);
bool bench_is_stamped(const void *block, size_t size, uint64_t tag);

/* Fills blocks up to 16 KiB and stamps larger ones. */
void bench_write(void *block, size_t size, uint64_t tag);
bool bench_is_written(const void *block, size_t size, uint64_t tag);

/* --- A team of threads ---------------------------------------------------------------------------
 */

struct bench_counts {
    uint64_t allocations;  /* calls that returned a block (a moving or growing realloc counts as one) */
    uint64_t frees;        /* blocks freed */
    uint64_t remote_sends; /* blocks handed to another thread */
    uint64_t fallbacks;    /* blocks meant for another thread but freed here: its ring was full */
    uint64_t failures;     /* calls that returned NULL */
    uint64_t errors;       /* blocks whose contents were wrong */
};

void bench_counts_add(struct bench_counts *sum, const struct bench_counts *more);

/* Resident memory over time: at most BENCH_SERIES points in order, printed as a list of KiB. */
enum { BENCH_SERIES = 64 };

struct bench_series {
    const char *name;
    uint32_t count;
    uint64_t kib[BENCH_SERIES];
};

struct bench_team;

struct bench_worker {
    alignas(2 * BENCH_LINE) struct bench_team *team;
    unsigned index;
    struct bench_rng rng;
    struct bench_counts counts; /* owner only; the team adds them up after the join */
    uint64_t start_ns;
    uint64_t stop_ns;
    uint64_t sampled; /* blocks for which the allocator was asked whether it owns them */
    uint64_t owned;   /* of these, how many it said it owns */
    pthread_t thread;
};

struct bench_team {
    const char *name; /* of the program */
    unsigned thread_count;
    void (*body)(struct bench_worker *);  /* prepare, bench_start, work, bench_stop, free the rest */
    void (*at_rest)(struct bench_team *); /* or NULL; main runs it while all threads wait */
    void *config;                         /* the program's own */
    struct bench_series *series;          /* or NULL; the program fills it while it runs */
    struct bench_worker *workers;
    pthread_barrier_t barrier; /* the workers */
    pthread_barrier_t rest;    /* the workers and main, before and after main looks at RSS */
    uint64_t faults_before;
    uint64_t cpu_before_us;
    _Atomic uint64_t faults_after; /* the largest that a worker saw at its stop */
    _Atomic uint64_t cpu_after_us;
    /* Results, valid after bench_team_run. */
    struct bench_counts total;
    double seconds; /* from the first start to the last stop */
    uint64_t sampled, owned;
    uint64_t peak_kib, rest_kib, trim_kib;
};

/* Runs the body in thread_count threads. When all bodies have returned and 100 ms have passed, with
 * the threads still alive, resident memory is read, malloc_trim called, and memory read again. */
void bench_team_run(struct bench_team *team, unsigned thread_count);

/* All workers meet, then the timed part begins, or ends for the caller alone. */
void bench_start(struct bench_worker *worker);
void bench_stop(struct bench_worker *worker);
void bench_meet(struct bench_worker *worker);

/* Asks the allocator, if it exports hkz_owns, whether it owns block. Call outside the timed part.
 */
void bench_sample(struct bench_worker *worker, const void *block);
/* The same with 64 fresh blocks of min..max bytes, for programs that hold none at the end. */
void bench_sample_fresh(struct bench_worker *worker, size_t min, size_t max);

/* --- System --------------------------------------------------------------------------------------
 */

uint64_t bench_now_ns(void);
void bench_sleep_us(uint64_t microseconds);
uint64_t bench_peak_kib(void); /* VmHWM */
uint64_t bench_rss_kib(void);  /* exact: the kernel walks the page tables */
/* Adds what is resident now to the series; nothing once it is full. */
void bench_series_add(struct bench_series *series);
void *bench_map(size_t bytes); /* zero pages; ends the program if there are none */
void bench_unmap(void *address, size_t bytes);
_Noreturn void bench_die(const char *what);
/* Starts a thread or ends the program. */
void bench_spawn(pthread_t *ret_thread, void *(*run)(void *), void *arg);

/* --- Arguments and output ------------------------------------------------------------------------
 */

struct bench_arg {
    const char *name;
    uint64_t value; /* the default; replaced by what the command line says */
    uint64_t min;
    uint64_t max;
};

/* Positional numbers, all optional. Anything else prints the usage and ends the program with 2. */
void bench_args_parse(int argc, char **argv, struct bench_arg *args, size_t count);

/* Prints the JSON object: args, what the team measured, extras. Returns the exit status: 0, or 1
 * when there were failures or errors. */
struct bench_extra {
    const char *name;
    double value;
};
int bench_report(const struct bench_team *team, const struct bench_arg *args, size_t arg_count,
                 const struct bench_extra *extras, size_t extra_count);
