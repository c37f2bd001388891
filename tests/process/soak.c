/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * soak.c -- everything at once, for as long as asked: all operations, blocks passed between threads, thread
 * turnover, forks, and every other round a limit on memory, which the largest requests exceed. After each round memory
 * is back at its base line; at the end the statistics agree with the kernel. usage: soak [seconds] */
#include "process.h"
#include <malloc.h>
#include <sys/resource.h>
#include <time.h>

enum { WORKERS = 4, SLOTS = 300, ROUND_MS = 800, WATCH = 120, STACK_BYTES = 128 * 1024, HELD = 6000, PER_CENT = 3 };

#define TIGHT_BYTES (24 * MIB) /* beyond what is committed, in rounds in which the kernel refuses */

static atomic_bool is_tight;
static atomic_size_t operations, refusals, forks, threads_ended;

static char *take(struct rng *rng, size_t size) {
    void *block = NULL;
    switch (rng_below(rng, 8)) {
    case 0: return launder(calloc(1, size));
    case 1: return launder(aligned_alloc((size_t)16 << rng_below(rng, 10), size));
    case 2: return posix_memalign(&block, 4096, size) == 0 ? launder(block) : NULL;
    case 3: return launder(reallocarray(NULL, 1, size));
    default: return launder(malloc(size));
    }
}

static size_t some_size(struct rng *rng) {
    size_t large = atomic_load(&is_tight) ? 200 * MIB : 2 * MIB;
    return rng_below(rng, 3000) == 0 ? rng_between(rng, large / 2, large) : life_size(rng);
}

/* One operation on the slot; what the kernel refuses leaves it as it is, or empty. */
static void step(struct rng *rng, char **slot) {
    size_t size = some_size(rng);
    if (*slot != NULL && rng_below(rng, 4) == 0) {
        char *moved = launder(realloc(*slot, size));
        atomic_fetch_add(&refusals, moved == NULL);
        *slot = moved != NULL ? moved : *slot;
    } else {
        free(*slot);
        *slot = take(rng, size);
        atomic_fetch_add(&refusals, *slot == NULL);
    }
    if (*slot != NULL) {
        size_t usable = malloc_usable_size(*slot);
        (*slot)[0] = 1;
        (*slot)[usable - 1] = 2;
    }
    if (rng_below(rng, 3) == 0)
        *slot = atomic_exchange(&exchange[rng_below(rng, EXCHANGE_SLOTS)], *slot);
}

static void *short_life(void *seed) {
    char *blocks[20] = {NULL};
    struct rng rng = rng_init((uintptr_t)seed);
    for (int i = 0; i < 200; i++)
        step(&rng, &blocks[rng_below(&rng, 20)]);
    life_free_all(blocks, 20);
    atomic_fetch_add(&threads_ended, 1);
    return NULL;
}

static void *work(void *seed) {
    char *blocks[SLOTS] = {NULL};
    struct rng rng = rng_init((uintptr_t)seed);
    while (!atomic_load(&stop)) {
        for (int i = 0; i < 500; i++)
            step(&rng, &blocks[rng_below(&rng, SLOTS)]);
        atomic_fetch_add(&operations, 500);
        pthread_t thread;
        if (pthread_create(&thread, NULL, short_life, (void *)(uintptr_t)rng_next(&rng)) == 0)
            pthread_join(thread, NULL);
    }
    life_free_all(blocks, SLOTS);
    return NULL;
}

static void fork_once(uintptr_t seed) {
    bool hung;
    pid_t pid = fork();
    if (pid == 0) {
        watchdog_start(WATCH);
        short_life((void *)seed);
        exchange_empty();
        _exit(0);
    }
    if (pid > 0 && !process_await(pid, &hung))
        tap_bail("a forked child ended badly%s", hung ? ": it hung" : "");
    atomic_fetch_add(&forks, pid > 0);
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What the kernel counts as this process's private writable memory; thread stacks that libc keeps included. */
static size_t kernel_committed(void) { return rss_field("/proc/self/status", "VmData:"); }

static void limit_memory(bool wanted) {
    struct rlimit limit;
    atomic_store(&is_tight, wanted);
    getrlimit(RLIMIT_DATA, &limit);
    limit.rlim_cur = wanted ? kernel_committed() + TIGHT_BYTES : limit.rlim_max;
    setrlimit(RLIMIT_DATA, &limit);
}

static void run_round(uintptr_t round) {
    pthread_t workers[WORKERS];
    uint64_t begin = now_ms();
    watchdog_start(WATCH);
    atomic_store(&stop, false);
    for (uintptr_t i = 0; i < WORKERS; i++)
        workers[i] = life_thread(work, (void *)(round * WORKERS + i));
    limit_memory(round % 2 == 1);
    while (now_ms() - begin < ROUND_MS) {
        fork_once(round);
        usleep(20000);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    limit_memory(false);
    exchange_empty();
    (void)hkz.trim();
}

static bool is_near(size_t ours, size_t kernels) {
    size_t gap = ours > kernels ? ours - kernels : kernels - ours;
    return gap <= kernels * PER_CENT / 100;
}

static size_t our_committed(void) {
    struct hkz_stats stats = life_stats();
    return (size_t)(stats.mapped + stats.metadata);
}

/* others: what in the kernel's figure is none of ours. */
static void reconcile(size_t others) {
    static char *held[HELD];
    struct rng rng = rng_init(11);
    size_t before = (size_t)life_stats().allocated, resident = rss_exact_bytes();
    for (size_t i = 0; i < HELD; i++) {
        held[i] = take(&rng, rng_between(&rng, 1, 60000));
        if (held[i] == NULL)
            tap_bail("no memory");
        memset(held[i], 1, malloc_usable_size(held[i]));
    }
    size_t committed = kernel_committed() - others, ours = our_committed();
    resident = rss_exact_bytes() - resident;
    size_t allocated = (size_t)life_stats().allocated - before;
    tap_ok(is_near(ours, committed), "mapped and metadata are %zu KiB, for the kernel %zu", ours >> 10,
           committed >> 10);
    tap_ok(is_near(allocated, resident), "allocated rose by %zu KiB, resident for the kernel by %zu", allocated >> 10,
           resident >> 10);
    life_free_all(held, HELD);
}

/* libc keeps stacks of ended threads, and the kernel counts them. */
static void have_small_stacks(void) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (pthread_attr_setstacksize(&attributes, STACK_BYTES) != 0 || pthread_setattr_default_np(&attributes) != 0)
        tap_bail("no small stacks");
    pthread_attr_destroy(&attributes);
}

int main(int argc, char **argv) {
    life_start();
    have_small_stacks();
    size_t seconds = process_count(argc, argv, 3), rounds = 2, over = 0;
    size_t others = kernel_committed() - our_committed();
    run_round(0);
    run_round(1);
    struct hkz_stats base = life_stats();
    size_t resident = rss_exact_bytes(), most = resident;
    for (uint64_t end = now_ms() + seconds * 1000; now_ms() < end; rounds++) {
        run_round(rounds);
        struct hkz_stats stats = life_stats();
        size_t present = rss_exact_bytes();
        /* The sidecar of pages that ever held blocks stays. */
        size_t sidecar = stats.metadata > base.metadata ? (size_t)(stats.metadata - base.metadata) : 0;
        bool is_base =
            stats.allocated <= base.allocated + 256 * KIB && present <= resident + resident / 4 + 8 * MIB + sidecar;
        if (!is_base)
            tap_diag("round %zu: allocated %llu, was %llu; resident %zu, was %zu", rounds,
                     (unsigned long long)stats.allocated, (unsigned long long)base.allocated, present, resident);
        over += !is_base;
        most = present > most ? present : most;
    }
    tap_ok(over == 0, "%zu rounds, %zu operations, %zu threads, %zu forks: %zu rounds ended above the base line",
           rounds, atomic_load(&operations), atomic_load(&threads_ended), atomic_load(&forks), over);
    tap_ok(atomic_load(&refusals) > 0, "%zu requests refused where the kernel refused", atomic_load(&refusals));
    tap_diag("resident %zu KiB at the base line, at most %zu after a round", resident >> 10, most >> 10);
    watchdog_start(WATCH);
    reconcile(others);
    return tap_done();
}
