/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * scenario.c -- see scenario.h. */
#include "scenario.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "hz_fault.h"

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

enum { SENTINEL = 7777, HELD = 48, WORKERS = 4, BOXES = 16 };

static bool may_see_null;
static _Atomic(uint64_t) nulls, block_count, next_id;

__attribute__((format(printf, 1, 2), noreturn)) static void broken(const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    int used = vsnprintf(text, sizeof text - 1, format, args);
    va_end(args);
    text[used] = '\n';
    (void)!write(STDERR_FILENO, "# ", 2);
    (void)!write(STDERR_FILENO, text, (size_t)used + 1);
    _exit(1);
}

#define require(condition, ...)  \
    do {                         \
        if (!(condition))        \
            broken(__VA_ARGS__); \
    } while (0)

void check_begin(bool may) { may_see_null = may; }
uint64_t check_nulls(void) { return nulls; }
uint64_t check_blocks(void) { return block_count; }

/* --- The shadow ------------------------------------------------------------------------------- */

/* Blocks are written at both ends and, between them, in one place per 64 KiB: cheap, and yet two blocks at
 * one place would spoil each other. */
enum { EDGE = 64, STRIDE = 65536 };

static unsigned char pattern(uint64_t id, size_t at) { return (unsigned char)(id * 131 + at * 7 + (at >> 8)); }

/* Calls visit on every byte that is written. */
static size_t next_at(size_t at, size_t bytes) {
    at++;
    if (at < EDGE || bytes <= 2 * EDGE || at >= bytes - EDGE)
        return at;
    size_t step = (at + STRIDE - 1) / STRIDE * STRIDE;
    return step < bytes - EDGE ? step : bytes - EDGE;
}

static void fill(const struct held *held) {
    for (size_t at = 0; at < held->bytes; at = next_at(at, held->bytes))
        held->start[at] = (char)pattern(held->id, at);
}

/* The first kept bytes of a block that had bytes of them. */
static void look_over(const struct held *held, size_t kept) {
    for (size_t at = 0; at < held->bytes && at < kept; at = next_at(at, held->bytes))
        require((unsigned char)held->start[at] == pattern(held->id, at), "%p of %zu bytes changed at %zu",
                (void *)held->start, held->bytes, at);
}

void hold(struct held *held, void *start, size_t size) {
    held->start = start;
    held->bytes = heap_usable(start);
    held->id = ++next_id;
    require((uintptr_t)start % 16 == 0, "%p is not aligned", start);
    require(held->bytes >= size, "%zu usable of %zu", held->bytes, size);
    fill(held);
    block_count++;
}

void let_go(struct held *held) {
    look_over(held, held->bytes);
    errno = SENTINEL;
    heap_free(held->start);
    require(errno == SENTINEL, "free changed errno to %d", errno);
    __atomic_store_n(&held->start, NULL, __ATOMIC_RELEASE); /* another thread may fill it again */
}

/* What came of a request that began when refused calls had been refused. */
static bool is_granted(const void *block, uint64_t refused, size_t size) {
    if (block != NULL) {
        require(errno == SENTINEL, "a request of %zu that was granted set errno to %d", size, errno);
        return true;
    }
    nulls++;
    require(errno == ENOMEM, "NULL for %zu with errno %d", size, errno);
    require(hz_fault_refused() > refused, "NULL for %zu without any refusal", size);
    require(may_see_null, "NULL for %zu, where memory could be found", size);
    return false;
}

static bool is_zero(const char *block, size_t bytes) {
    for (size_t at = 0; at < bytes; at = next_at(at, bytes))
        if (block[at] != 0)
            return false;
    return true;
}

enum { WAYS = 8 };

void take_new(struct held *held, unsigned way, size_t size) {
    uint64_t refused = hz_fault_refused();
    size_t alignment = 16;
    void *block;
    errno = SENTINEL;
    switch (way % WAYS) {
    case 0:
    case 1: block = heap_malloc(size); break;
    case 2: block = heap_calloc(1, size); break;
    case 3: block = heap_realloc(NULL, size); break;
    case 4: block = heap_aligned(alignment = 4096, size); break;
    case 5: block = heap_aligned(alignment = 256 * KIB, size); break;
    default: block = heap_other(way, size); break;
    }
    if (!is_granted(block, refused, size))
        return;
    require((uintptr_t)block % alignment == 0, "%p is not aligned to %zu", block, alignment);
    require(way % WAYS != 2 || is_zero(block, heap_usable(block)), "calloc of %zu is not zero", size);
    hold(held, block, size);
}

static void resize(struct held *held, size_t size) {
    uint64_t refused = hz_fault_refused();
    size_t before = held->bytes;
    errno = SENTINEL;
    char *block = heap_realloc(held->start, size);
    require(block != NULL || size > before, "a block of %zu could not shrink to %zu", before, size);
    if (!is_granted(block, refused, size)) {
        look_over(held, before);
        return;
    }
    struct held moved = {block, before, held->id};
    look_over(&moved, size < before ? size : before);
    hold(held, block, size);
}

static size_t random_size(struct rng *rng) {
    switch (rng_below(rng, 16)) {
    case 0: return rng_between(rng, 1, 8 * MIB);
    case 1: return rng_between(rng, 1, 2 * MIB);
    case 2:
    case 3: return rng_between(rng, 128 * KIB, 700 * KIB);
    case 4:
    case 5:
    case 6: return rng_between(rng, 1025, 128 * KIB);
    default: return rng_between(rng, 1, 1200);
    }
}

/* Of the sizes at which realloc changes its ways, up to a mapping of its own and back. */
static void grow_and_shrink(struct held *held) {
    static const size_t sizes[] = {100,     5000,     140 * KIB, 300 * KIB, 1500 * KIB, 3500 * KIB,
                                   9 * MIB, 20 * MIB, 4 * MIB,   200 * KIB, 3000,       10};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && held->start != NULL; i++)
        resize(held, sizes[i]);
}

static void step(struct rng *rng, struct held *held) {
    if (held->start == NULL)
        take_new(held, (unsigned)rng_below(rng, 64), random_size(rng));
    else if (rng_below(rng, 3) == 0)
        resize(held, random_size(rng));
    else if (rng_below(rng, 8) == 0 && heap_expand(held->start, held->bytes + 1))
        hold(held, held->start, held->bytes + 1);
    else
        let_go(held);
}

static void let_all_go(struct held *held, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (held[i].start != NULL)
            let_go(&held[i]);
}

static void take_batch(size_t size) {
    void *blocks[20];
    uint64_t refused = hz_fault_refused();
    errno = SENTINEL;
    size_t count = heap_batch(size, blocks, 20);
    (void)is_granted(count == 20 ? blocks[0] : NULL, refused, size);
    for (size_t i = 0; i < count; i++)
        heap_free(blocks[i]);
}

/* --- Scenarios -------------------------------------------------------------------------------- */

void scenario_start(uint64_t unused) {
    struct held held[4] = {{NULL, 0, 0}};
    (void)unused;
    errno = SENTINEL;
    heap_free(NULL);
    require(errno == SENTINEL, "free(NULL) changed errno");
    (void)heap_state();
    take_new(&held[0], 0, 1);
    take_new(&held[1], 2, 3000);
    take_new(&held[2], 4, 200 * KIB);
    (void)heap_trim();
    take_new(&held[3], 3, 20);
    let_all_go(held, 4);
}

static void work(struct rng *rng, struct held *held, unsigned steps) {
    for (unsigned i = 0; i < steps; i++) {
        step(rng, &held[rng_below(rng, HELD)]);
        if (i % 97 == 96)
            (void)heap_trim();
        if (i % 61 == 60)
            (void)heap_state();
    }
}

void scenario_work(uint64_t seed) {
    static struct held held[HELD];
    struct rng rng = rng_init(seed);
    work(&rng, held, 150);
    let_all_go(held, 3);
    for (unsigned i = 0; i < 3; i++) {
        take_new(&held[i], 0, 50);
        if (held[i].start != NULL)
            grow_and_shrink(&held[i]);
    }
    take_batch(40);
    take_batch(70 * KIB);
    work(&rng, held, 50);
    let_all_go(held, HELD);
}

static struct held *_Atomic boxes[BOXES];
static uint64_t messages_seed;

static void *pass_messages(void *number) {
    static struct held all[WORKERS][HELD];
    struct held *held = all[(uintptr_t)number];
    struct rng rng = rng_init(messages_seed * WORKERS + (uintptr_t)number);
    for (unsigned i = 0; i < 150; i++) {
        struct held *slot = &held[i % HELD];
        if (__atomic_load_n(&slot->start, __ATOMIC_ACQUIRE) != NULL)
            continue; /* in a box, or with whoever took it out */
        take_new(slot, (unsigned)rng_below(&rng, 64), random_size(&rng) / 4 + 1);
        struct held *other = slot->start == NULL ? NULL : atomic_exchange(&boxes[rng_below(&rng, BOXES)], slot);
        if (other != NULL)
            let_go(other);
    }
    return NULL;
}

static pthread_t start_thread(void *(*body)(void *), uintptr_t number) {
    pthread_t thread;
    require(pthread_create(&thread, NULL, body, (void *)number) == 0, "no thread");
    return thread;
}

static void empty_boxes(void) {
    for (unsigned i = 0; i < BOXES; i++) {
        struct held *held = atomic_exchange(&boxes[i], NULL);
        if (held != NULL)
            let_go(held);
    }
}

void scenario_messages(uint64_t seed) {
    pthread_t threads[WORKERS];
    messages_seed = seed;
    for (uintptr_t i = 0; i < WORKERS; i++)
        threads[i] = start_thread(pass_messages, i);
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    empty_boxes();
}

static _Atomic(bool) is_over;

static void *churn_until_over(void *unused) {
    struct held held[8] = {{NULL, 0, 0}};
    struct rng rng = rng_init(5);
    while (!is_over)
        step(&rng, &held[rng_below(&rng, 8)]);
    let_all_go(held, 8);
    return unused;
}

/* The child has its parent's blocks, and the refusals go on in it. */
static void work_in_child(struct rng *rng, struct held *held) {
    watchdog_start(50);
    for (unsigned i = 0; i < HELD; i++)
        if (held[i].start != NULL)
            look_over(&held[i], held[i].bytes);
    work(rng, held, 40);
    let_all_go(held, HELD);
    hz_fault_set(NULL);
    take_new(&held[0], 0, 100);
    take_new(&held[1], 2, 300 * KIB);
    require(held[0].start != NULL && held[1].start != NULL, "no memory in the child");
    let_all_go(held, 2);
    heap_validate();
    _exit(0);
}

void scenario_fork(uint64_t seed) {
    static struct held held[HELD];
    struct rng rng = rng_init(seed);
    pthread_t churner = start_thread(churn_until_over, 0);
    work(&rng, held, 40);
    for (unsigned i = 0; i < 3; i++) {
        pid_t pid = fork();
        require(pid >= 0, "no process");
        if (pid == 0)
            work_in_child(&rng, held);
        work(&rng, held, 10);
        int status = -1;
        while (waitpid(pid, &status, 0) < 0)
            continue;
        require(status == 0, "the forked child ended with status %#x", (unsigned)status);
    }
    is_over = true;
    pthread_join(churner, NULL);
    let_all_go(held, HELD);
}

static struct held handlers_own[3];

/* Of a fork handler that was registered before the allocator's, and so runs while it holds its locks. */
static void allocate_in_handler(void) {
    struct held *held = &handlers_own[0];
    for (; held < handlers_own + 3 && held->start != NULL; held++)
        continue;
    take_new(held, 0, held == handlers_own ? 100 : 300 * KIB);
}

/* The thread has allocated nothing before. */
static void *fork_first(void *unused) {
    struct held held = {NULL, 0, 0};
    pid_t pid = fork();
    require(pid >= 0, "no process");
    if (pid == 0)
        watchdog_start(50);
    for (unsigned i = 0; i < 30; i++) {
        take_new(&held, i % 8, 100 + i * 300);
        if (held.start != NULL)
            let_go(&held);
    }
    if (pid == 0)
        _exit(0);
    int status = -1;
    while (waitpid(pid, &status, 0) < 0)
        continue;
    require(status == 0, "the forked child ended with status %#x", (unsigned)status);
    let_all_go(handlers_own, 3);
    return unused;
}

void scenario_handlers(uint64_t seed) {
    struct held held = {NULL, 0, 0};
    (void)seed;
    require(pthread_atfork(allocate_in_handler, allocate_in_handler, NULL) == 0, "no handlers");
    take_new(&held, 0, 100);
    pthread_join(start_thread(fork_first, 0), NULL);
    if (held.start != NULL)
        let_go(&held);
}

static void *live_briefly(void *number) {
    struct held held[6] = {{NULL, 0, 0}};
    struct rng rng = rng_init((uintptr_t)number);
    for (unsigned i = 0; i < 25; i++)
        step(&rng, &held[rng_below(&rng, 6)]);
    static struct held left[BOXES]; /* a block outlives its thread */
    struct held *mine = &left[(uintptr_t)number % BOXES];
    if (mine->start == NULL)
        take_new(mine, 0, 200);
    let_all_go(held, 6);
    if (mine->start != NULL)
        (void)atomic_exchange(&boxes[(uintptr_t)number % BOXES], mine);
    return NULL;
}

void scenario_threads(uint64_t seed) {
    for (uintptr_t round = 0; round < 4; round++) {
        pthread_t threads[3];
        for (uintptr_t i = 0; i < 3; i++)
            threads[i] = start_thread(live_briefly, (uintptr_t)(seed % 1000) * 16 + round * 3 + i);
        for (unsigned i = 0; i < 3; i++)
            pthread_join(threads[i], NULL);
        if (round % 2 == 1)
            empty_boxes();
    }
    empty_boxes();
}

void scenario_purge(uint64_t seed) {
    static struct held held[HELD];
    struct rng rng = rng_init(seed);
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < HELD; i++)
            if (held[i].start == NULL)
                take_new(&held[i], 0, i % 3 == 0 ? 300 * KIB : i % 3 == 1 ? 20 * KIB : 4 * KIB);
        for (unsigned i = 0; i < HELD; i++)
            if (held[i].start != NULL && rng_below(&rng, 4) != 0)
                let_go(&held[i]);
        (void)heap_trim();
    }
    let_all_go(held, HELD);
}

/* --- Afterwards ------------------------------------------------------------------------------- */

void check_recovered(void) {
    static const size_t sizes[] = {1, 24, 500, 1000, 5000, 40 * KIB, 128 * KIB, 200 * KIB, 2 * MIB, 10 * MIB};
    struct held held[sizeof sizes / sizeof *sizes] = {{NULL, 0, 0}};
    may_see_null = false;
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++)
        take_new(&held[i], i % 2 == 0 ? 0 : 2, sizes[i]);
    take_batch(100);
    take_batch(64 * KIB);
    let_all_go(held, sizeof sizes / sizeof *sizes);
    (void)heap_trim();
    heap_validate();
    struct heap_state state = heap_state();
    require(state.allocated == 0 && state.active == 0, "lost: %llu bytes in blocks, %llu in runs",
            (unsigned long long)state.allocated, (unsigned long long)state.active);
}
