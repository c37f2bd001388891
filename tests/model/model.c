/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * model.c -- random operations on the direct names against a shadow of what the heap must hold.
 *
 * Every block is filled with a pattern that follows from its id and is checked when the block is
 * resized, handed over or freed; each worker also keeps the intervals of its blocks in order and
 * refuses overlap. With threads, workers swap blocks through shared boxes, so that most blocks are
 * freed far from where they were made, and every thread ends and is replaced several times. At the
 * end all is freed, and the figures must be what they were at the start. Runs without a framework,
 * so also under ThreadSanitizer.
 *
 * usage: model [-s seed] [-n operations] [-t threads] [-r rounds] [-m mix]     seed 0: a fresh one
 */
#include "hakozuna.h"
#include "pattern.h"
#include "rng.h"
#include "rss.h"
#include "tap.h"
#include "watchdog.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

enum { MOST_LIVE = 1500, MOST_THREADS = 16, BOXES = 64, WATCHDOG_SECONDS = 110, BATCH = 24 };

#define MIB ((size_t)1024 * 1024)
#define BYTES_LIVE (256 * MIB) /* of all workers together */
#define RSS_SLACK (8 * MIB)    /* stacks, libc and the shadow itself */

/* Chances out of 100 for each band of sizes. */
struct mix {
    const char *name;
    unsigned char band[5];
    unsigned char slowness; /* operations are divided by this */
};

static const size_t band_low[] = {0, 129, 1025, 128 * 1024 + 1, 2 * 1024 * 1024};
static const size_t band_high[] = {128, 1024, 128 * 1024, 2 * 1024 * 1024, 80 * 1024 * 1024};

static const struct mix mixes[] = {
    {"tiny", {100, 0, 0, 0, 0}, 1},  {"small", {40, 60, 0, 0, 0}, 1},  {"mid", {0, 10, 90, 0, 0}, 2},
    {"large", {0, 0, 10, 90, 0}, 8}, {"huge", {0, 0, 10, 30, 60}, 40}, {"all", {40, 30, 25, 4, 1}, 2},
};

enum { MIXES = sizeof mixes / sizeof *mixes };

struct block {
    char *start;
    size_t asked;  /* bytes asked for: kept by realloc */
    size_t filled; /* bytes that hold the pattern: asked, or all that is usable */
    uint64_t id;
    bool is_aligned; /* by aligned_alloc: free_sized is not for such blocks */
};

struct interval {
    uintptr_t start, end;
};

/* inv.: order[0..count) holds the usable interval of each of live[0..count), ascending and
 * disjoint. */
struct worker {
    struct rng rng;
    struct block live[MOST_LIVE];
    struct interval order[MOST_LIVE];
    size_t count;
    size_t bytes;
    size_t most_bytes;
    size_t operations; /* of the next thread to run this worker */
    uint64_t next_id;
    const struct mix *mix;
    bool shares;
};

static struct worker workers[MOST_THREADS];
static _Atomic(struct block *) boxes[BOXES];
static uint64_t run_seed;

#define require(condition, ...)                                                                             \
    do {                                                                                                    \
        if (!(condition)) {                                                                                 \
            tap_diag("seed %llu, %s:%d: %s", (unsigned long long)run_seed, __func__, __LINE__, #condition); \
            tap_bail(__VA_ARGS__);                                                                          \
        }                                                                                                   \
    } while (0)

/* The result of an allocation, stripped of what the compiler believes about it. */
static void *launder(void *block) {
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

static size_t random_size(struct worker *worker) {
    size_t chance = rng_below(&worker->rng, 100), band = 0;
    while (chance >= worker->mix->band[band])
        chance -= worker->mix->band[band++];
    size_t low = band_low[band], high = band_high[band];
    size_t size = rng_between(&worker->rng, low, high);
    if (rng_below(&worker->rng, 4) == 0) { /* a power of two or next to one */
        size_t power = (size_t)1 << (63 - __builtin_clzll(size | 1));
        size = power + rng_below(&worker->rng, 3) - 1;
    } else if (high > 4096) { /* favour the low end, evenly by magnitude */
        size = low + (size - low) / (1 + rng_below(&worker->rng, 30));
    }
    return size;
}

/* --- The shadow ------------------------------------------------------------------------------- */

static size_t order_find(const struct worker *worker, uintptr_t start) {
    size_t low = 0, high = worker->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (worker->order[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void order_insert(struct worker *worker, uintptr_t start, uintptr_t end) {
    size_t at = order_find(worker, start);
    require(at == 0 || worker->order[at - 1].end <= start, "%#lx overlaps the block below", (long)start);
    require(at == worker->count || end <= worker->order[at].start, "%#lx overlaps the block above", (long)start);
    memmove(&worker->order[at + 1], &worker->order[at], (worker->count - at) * sizeof *worker->order);
    worker->order[at] = (struct interval){start, end};
}

static void order_remove(struct worker *worker, uintptr_t start) {
    size_t at = order_find(worker, start);
    require(at < worker->count && worker->order[at].start == start, "the shadow lost %#lx", (long)start);
    memmove(&worker->order[at], &worker->order[at + 1], (worker->count - at - 1) * sizeof *worker->order);
}

static void check_block(const struct block *block) {
    size_t at = pattern_check(block->start, block->filled, block->filled, block->id);
    require(at == PATTERN_INTACT, "block %p of %zu bytes (asked %zu) changed at %zu", (void *)block->start,
            block->filled, block->asked, at);
}

static void worker_insert(struct worker *worker, struct block block) {
    uintptr_t start = (uintptr_t)block.start;
    order_insert(worker, start, start + hkz_usable_size(block.start));
    worker->live[worker->count++] = block;
    worker->bytes += block.filled;
}

/* Takes a block out of the shadow; it stays allocated. */
static struct block worker_remove(struct worker *worker, size_t i) {
    struct block block = worker->live[i];
    check_block(&block);
    order_remove(worker, (uintptr_t)block.start);
    worker->live[i] = worker->live[--worker->count];
    worker->bytes -= block.filled;
    return block;
}

/* A new or resized block: fills it and takes it into the shadow. */
static void worker_adopt_as(struct worker *worker, void *start, size_t asked, bool is_aligned) {
    size_t usable = hkz_usable_size(start);
    struct block block = {start, asked, asked, ++worker->next_id, is_aligned};
    require(start != NULL, "no memory for %zu bytes", asked);
    require((uintptr_t)start % 16 == 0, "%p for %zu bytes", start, asked);
    require(usable >= asked, "%zu usable of %zu", usable, asked);
    require(hkz_owns(start), "%p is not owned", start);
    if (rng_below(&worker->rng, 2) == 0)
        block.filled = usable;
    pattern_fill(start, block.filled, block.id);
    worker_insert(worker, block);
}

static void worker_adopt(struct worker *worker, void *start, size_t asked) {
    worker_adopt_as(worker, start, asked, false);
}

/* --- Operations ------------------------------------------------------------------------------- */

static void do_malloc(struct worker *worker) {
    size_t size = random_size(worker);
    worker_adopt(worker, launder(hkz_malloc(size)), size);
}

static void do_calloc(struct worker *worker) {
    size_t size = random_size(worker);
    char *start = launder(rng_below(&worker->rng, 2) ? hkz_calloc(size, 1) : hkz_zalloc(size));
    require(start != NULL, "no memory for %zu bytes", size);
    require(pattern_is_zero(start, size < 65536 ? size : 65536), "%zu bytes are not zero", size);
    for (size_t i = 0; i < size; i += 4096)
        require(start[i] == 0, "byte %zu of %zu is not zero", i, size);
    worker_adopt(worker, start, size);
}

static void do_aligned_alloc(struct worker *worker) {
    size_t size = random_size(worker);
    size_t alignment = (size_t)1 << rng_below(&worker->rng, worker->mix->band[4] != 0 ? 23 : 18);
    void *start = NULL;
    if (alignment < sizeof(void *) || rng_below(&worker->rng, 2) == 0)
        start = hkz_aligned_alloc(alignment, size);
    else if (hkz_posix_memalign(&start, alignment, size) != 0)
        start = NULL;
    start = launder(start);
    require((uintptr_t)start % alignment == 0, "%p is not aligned to %zu", start, alignment);
    worker_adopt_as(worker, start, size, true);
}

static void do_realloc(struct worker *worker) {
    if (worker->count == 0)
        return;
    struct block block = worker_remove(worker, rng_below(&worker->rng, worker->count));
    size_t size = random_size(worker);
    size_t kept = block.asked < size ? block.asked : size;
    void *moved = launder(hkz_realloc(block.start, size));
    if (size == 0) {
        require(moved == NULL, "realloc(block, 0) is %p", moved);
        return;
    }
    require(moved != NULL, "no memory for %zu bytes", size);
    size_t at = pattern_check(moved, block.filled, kept, block.id);
    require(at == PATTERN_INTACT, "realloc %zu -> %zu lost byte %zu", block.asked, size, at);
    worker_adopt(worker, moved, size);
}

static void do_expand(struct worker *worker) {
    if (worker->count == 0)
        return;
    struct block block = worker_remove(worker, rng_below(&worker->rng, worker->count));
    size_t size = block.asked + rng_below(&worker->rng, block.asked + 64);
    void *same = launder(hkz_expand(block.start, size));
    require(same == NULL || same == (void *)block.start, "expand moved %p to %p", (void *)block.start, same);
    check_block(&block);
    if (same != NULL)
        worker_adopt_as(worker, same, size > block.asked ? size : block.asked, block.is_aligned);
    else
        worker_insert(worker, block);
}

static void release(struct worker *worker, struct block block) {
    check_block(&block);
    if (rng_below(&worker->rng, 3) == 0 && !block.is_aligned)
        hkz_free_sized(block.start, block.asked);
    else
        hkz_free(block.start);
}

static void do_free(struct worker *worker) {
    if (worker->count > 0)
        release(worker, worker_remove(worker, rng_below(&worker->rng, worker->count)));
}

static void do_batch(struct worker *worker) {
    void *blocks[BATCH];
    size_t size = random_size(worker), count = rng_between(&worker->rng, 1, BATCH);
    if (size * count > 4 * MIB || worker->count + count > MOST_LIVE)
        return;
    require(hkz_batch_malloc(size, blocks, count) == count, "no memory for %zu of %zu", count, size);
    for (size_t i = 0; i < count; i++)
        worker_adopt(worker, launder(blocks[i]), size);
    count = rng_below(&worker->rng, count + 1);
    for (size_t i = 0; i < count; i++)
        blocks[i] = worker_remove(worker, rng_below(&worker->rng, worker->count)).start;
    hkz_batch_free(blocks, count);
}

/* Puts one of the worker's blocks, or nothing, into a box and takes what lay there. */
static void do_swap(struct worker *worker) {
    struct block *parcel = NULL;
    if (worker->count > 0 && rng_below(&worker->rng, 8) != 0) {
        parcel = malloc(sizeof *parcel);
        require(parcel != NULL, "libc has no memory");
        *parcel = worker_remove(worker, rng_below(&worker->rng, worker->count));
    }
    parcel = atomic_exchange(&boxes[rng_below(&worker->rng, BOXES)], parcel);
    if (parcel == NULL)
        return;
    check_block(parcel);
    if (rng_below(&worker->rng, 2) == 0 || worker->count == MOST_LIVE)
        release(worker, *parcel);
    else
        worker_insert(worker, *parcel);
    free(parcel);
}

static void do_allocate(struct worker *worker) {
    switch (rng_below(&worker->rng, 16)) {
    case 0:
    case 1: do_calloc(worker); break;
    case 2:
    case 3: do_aligned_alloc(worker); break;
    case 4: do_batch(worker); break;
    default: do_malloc(worker);
    }
}

/* Growing and shrinking alternate, so that runs fill up and also empty. */
static void worker_step(struct worker *worker, size_t step) {
    bool full = worker->count == MOST_LIVE || worker->bytes > worker->most_bytes;
    size_t free_chance = step / 2000 % 2 == 0 ? 30 : 62;
    size_t chance = rng_below(&worker->rng, 100);
    if (worker->shares && rng_below(&worker->rng, 5) == 0)
        do_swap(worker);
    else if (full || chance < free_chance)
        do_free(worker);
    else if (chance < free_chance + 8)
        do_realloc(worker);
    else if (chance < free_chance + 10)
        do_expand(worker);
    else if (chance == 99 && rng_below(&worker->rng, 20) == 0)
        hkz_trim();
    else
        do_allocate(worker);
}

static void *worker_run(void *arg) {
    struct worker *worker = arg;
    for (size_t step = 0; step < worker->operations; step++)
        worker_step(worker, step);
    return NULL;
}

/* --- Runs ------------------------------------------------------------------------------------- */

static void drain(size_t threads) {
    for (size_t i = 0; i < threads; i++)
        while (workers[i].count > 0)
            do_free(&workers[i]);
    for (size_t i = 0; i < BOXES; i++) {
        struct block *parcel = atomic_exchange(&boxes[i], NULL);
        if (parcel != NULL)
            release(&workers[0], *parcel);
        free(parcel);
    }
}

static void run_threads(size_t threads, size_t rounds) {
    pthread_t ids[MOST_THREADS];
    for (size_t i = 0; i < threads; i++)
        require(pthread_create(&ids[i], NULL, worker_run, &workers[i]) == 0, "no thread");
    for (size_t round = 1; round <= rounds; round++) {
        for (size_t i = 0; i < threads; i++) {
            pthread_join(ids[i], NULL);
            if (round < rounds)
                require(pthread_create(&ids[i], NULL, worker_run, &workers[i]) == 0, "no thread");
        }
    }
}

static struct hkz_stats snapshot(void) {
    struct hkz_stats stats = {.size = sizeof stats};
    require(hkz_stats_get(&stats) == 0, "no statistics");
    require(stats.mapped == stats.active + stats.dirty + stats.clean, "mapped does not add up");
    require(stats.active == stats.allocated + stats.cached + stats.unused, "active does not add up");
    return stats;
}

static void check_end(const char *mix, const struct hkz_stats *start, size_t start_rss) {
    hkz_trim();
    struct hkz_stats end = snapshot();
    size_t rss = rss_exact_bytes(), most = start_rss + (size_t)end.metadata + RSS_SLACK;
    tap_ok(end.allocated == start->allocated, "%s: allocated %llu, at start %llu", mix,
           (unsigned long long)end.allocated, (unsigned long long)start->allocated);
    tap_ok(end.cached == 0 && end.dirty == 0, "%s: after trim cached %llu, dirty %llu", mix,
           (unsigned long long)end.cached, (unsigned long long)end.dirty);
    tap_ok(end.active <= start->active, "%s: active %llu, at start %llu", mix, (unsigned long long)end.active,
           (unsigned long long)start->active);
    tap_ok(end.huge == start->huge && end.large == start->large, "%s: large %llu, huge %llu", mix,
           (unsigned long long)end.large, (unsigned long long)end.huge);
    tap_ok(SANITIZED || rss <= most, "%s: resident %zu KiB, at start %zu, peak %zu", mix, rss >> 10, start_rss >> 10,
           rss_peak_bytes() >> 10);
}

static void run_mix(const struct mix *mix, size_t operations, size_t threads, size_t rounds) {
    size_t shares = threads > 0 ? threads : 1;
    struct rng rng = rng_init(run_seed);
    for (size_t i = 0; i < shares; i++) {
        struct worker *worker = &workers[i];
        memset(worker, 0, sizeof *worker); /* touches the shadow before memory is measured */
        worker->rng = rng_init(run_seed * 31 + i);
        worker->mix = mix;
        worker->next_id = (uint64_t)i << 48;
        worker->most_bytes = BYTES_LIVE / shares;
        worker->shares = threads > 0;
        worker->operations = operations / mix->slowness / shares / rounds;
        worker->operations += rng_below(&rng, worker->operations + 1) / 2;
        memset(worker->order, 1, sizeof worker->order);
    }
    hkz_trim();
    struct hkz_stats start = snapshot();
    size_t start_rss = rss_exact_bytes();
    if (threads == 0)
        worker_run(&workers[0]);
    else
        run_threads(threads, rounds);
    drain(shares);
    check_end(mix->name, &start, start_rss);
}

int main(int argc, char **argv) {
    size_t operations = 50000, threads = 0, rounds = 1;
    const char *only = NULL;
    run_seed = 1;
    for (int option; (option = getopt(argc, argv, "s:n:t:r:m:")) != -1;) {
        switch (option) {
        case 's': run_seed = strtoull(optarg, NULL, 0); break;
        case 'n': operations = strtoul(optarg, NULL, 0); break;
        case 't': threads = strtoul(optarg, NULL, 0); break;
        case 'r': rounds = strtoul(optarg, NULL, 0); break;
        case 'm': only = optarg; break;
        default: return 2;
        }
    }
    if (threads > MOST_THREADS || rounds == 0)
        return 2;
    if (run_seed == 0)
        run_seed = rng_fresh_seed();
    watchdog_start(WATCHDOG_SECONDS);
    tap_diag("%s: model -s %llu -n %zu -t %zu -r %zu", hkz_profile(), (unsigned long long)run_seed, operations, threads,
             rounds);
    for (size_t i = 0; i < MIXES; i++)
        if (only == NULL || strcmp(only, mixes[i].name) == 0)
            run_mix(&mixes[i], operations, threads, rounds);
    return tap_done();
}
