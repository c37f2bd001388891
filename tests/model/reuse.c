/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * reuse.c -- what is freed must be used again, for every class and on every path.
 *
 * For each size class, and some sizes above, a batch of blocks is allocated and freed in many
 * rounds, once for each way in which a block can be freed. After the first rounds the heap must not
 * grow, and what counts as allocated must end where it began. A path that loses blocks passes every
 * other test. */
#include "hakozuna.h"
#include "tap.h"
#include "watchdog.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { MOST_BLOCKS = 4096, LEAST_BLOCKS = 4, BATCH_BYTES = 64 * 1024, WATCHDOG_SECONDS = 110 };

/* What a round may keep back: caches, one run per class and thread, and runs that wait for
 * adoption. Any path that loses its blocks loses several times this. */
#define SLACK_BYTES ((uint64_t)1024 * 1024)
#define COMMIT_STEP_MOST ((uint64_t)64 << 20)
enum { SUPPLY_RUNS_MOST = 16 };

static struct {
    void *blocks[MOST_BLOCKS];
    size_t count;
    size_t size;
    unsigned round;
} batch;

static void fail_if(bool condition, const char *what) {
    if (condition)
        tap_bail("%s: size %zu, round %u", what, batch.size, batch.round);
}

static void *batch_allocate(void *arg) {
    for (size_t i = 0; i < batch.count; i++) {
        char *block = hkz_malloc(batch.size);
        fail_if(block == NULL, "no memory");
        block[0] = 1;
        block[batch.size - 1] = 1;
        batch.blocks[i] = block;
    }
    return arg;
}

/* Forwards and backwards in turn. */
static void *batch_free(void *arg) {
    for (size_t i = 0; i < batch.count; i++)
        hkz_free(batch.blocks[batch.round % 2 == 0 ? i : batch.count - 1 - i]);
    return arg;
}

static void in_new_thread(void *(*work)(void *)) {
    pthread_t thread;
    fail_if(pthread_create(&thread, NULL, work, NULL) != 0, "no thread");
    pthread_join(thread, NULL);
}

/* --- The paths -------------------------------------------------------------------------------- */

static void path_local(void) {
    batch_allocate(NULL);
    batch_free(NULL);
}

static void path_aligned(void) {
    static const size_t alignments[] = {32, 256, 4096, 65536, 262144};
    size_t alignment = alignments[batch.round % 5];
    size_t most = 4 * BATCH_BYTES / alignment + 1;
    size_t count = batch.count < most ? batch.count : most;
    for (size_t i = 0; i < count; i++) {
        batch.blocks[i] = hkz_aligned_alloc(alignment, batch.size);
        fail_if(batch.blocks[i] == NULL, "no memory");
    }
    for (size_t i = 0; i < count; i++)
        hkz_free(batch.blocks[i]);
}

static void path_realloc(void) {
    batch_allocate(NULL);
    for (size_t i = 0; i < batch.count; i++)
        batch.blocks[i] = hkz_realloc(batch.blocks[i], batch.size * 3 + 1);
    for (size_t i = 0; i < batch.count; i++)
        batch.blocks[i] = hkz_realloc(batch.blocks[i], batch.size / 2 + 1);
    for (size_t i = 0; i < batch.count; i++) {
        fail_if(batch.blocks[i] == NULL, "no memory");
        fail_if(hkz_realloc(batch.blocks[i], 0) != NULL, "realloc(block, 0) is not NULL");
    }
}

static void path_batch(void) {
    fail_if(hkz_batch_malloc(batch.size, batch.blocks, batch.count) != batch.count, "no memory");
    hkz_batch_free(batch.blocks, batch.count);
}

static void path_zeroed(void) {
    for (size_t i = 0; i < batch.count; i++)
        fail_if((batch.blocks[i] = hkz_calloc(1, batch.size)) == NULL, "no memory");
    for (size_t i = 0; i < batch.count; i++)
        hkz_free_sized(batch.blocks[i], batch.size);
}

/* The free in another thread that lives on: one helper, woken for each batch. */
static sem_t helper_go, helper_done;

static void *helper_main(void *arg) {
    for (;;) {
        while (sem_wait(&helper_go) != 0)
            continue;
        batch_free(NULL);
        sem_post(&helper_done);
    }
    return arg;
}

static void path_remote(void) {
    batch_allocate(NULL);
    sem_post(&helper_go);
    while (sem_wait(&helper_done) != 0)
        continue;
}

static void path_owner_gone(void) {
    in_new_thread(batch_allocate);
    batch_free(NULL);
}

static void path_freer_gone(void) {
    batch_allocate(NULL);
    in_new_thread(batch_free);
}

static void path_both_gone(void) {
    in_new_thread(batch_allocate);
    in_new_thread(batch_free);
}

static const struct path {
    const char *name;
    void (*round)(void);
    unsigned rounds;
} paths[] = {
    {"freed by its thread", path_local, 200},
    {"aligned", path_aligned, 200},
    {"reallocated away", path_realloc, 100},
    {"in batches", path_batch, 200},
    {"zeroed, freed with its size", path_zeroed, 100},
    {"freed by another thread", path_remote, 200},
    {"freed after its thread ended", path_owner_gone, 60},
    {"freed by a thread that then ends", path_freer_gone, 60},
    {"allocated and freed by threads that end", path_both_gone, 60},
};

enum { PATHS = sizeof paths / sizeof *paths };

/* --- The check -------------------------------------------------------------------------------- */

static struct hkz_stats snapshot(void) {
    struct hkz_stats stats = {.size = sizeof stats};
    fail_if(hkz_stats_get(&stats) != 0, "no statistics");
    return stats;
}

static void batch_choose(size_t size) {
    batch.size = size;
    batch.count = BATCH_BYTES / size;
    if (batch.count < LEAST_BLOCKS)
        batch.count = LEAST_BLOCKS;
    if (batch.count > MOST_BLOCKS)
        batch.count = MOST_BLOCKS;
}

static bool grew(const char *what, uint64_t early, uint64_t late) {
    /* A refill may bring as many runs of 8 blocks, memory is committed in steps that double. */
    uint64_t supply = SUPPLY_RUNS_MOST * (8 * batch.size > 65536 ? 8 * batch.size : 65536);
    uint64_t step = early < COMMIT_STEP_MOST ? early : COMMIT_STEP_MOST;
    uint64_t slack = SLACK_BYTES + batch.count * batch.size + (strcmp(what, "mapped") == 0 ? step : supply);
    if (late <= early + slack)
        return false;
    tap_diag("size %zu: %s grew from %llu to %llu", batch.size, what, (unsigned long long)early,
             (unsigned long long)late);
    return true;
}

static bool path_holds(const struct path *path, size_t size) {
    struct hkz_stats start = snapshot(), early = start;
    batch_choose(size);
    for (batch.round = 0; batch.round < path->rounds; batch.round++) {
        if (batch.round == path->rounds / 2)
            early = snapshot();
        path->round();
    }
    struct hkz_stats late = snapshot();
    bool failed = grew("active", early.active, late.active);
    failed |= grew("mapped", early.mapped, late.mapped);
    if (late.allocated != start.allocated) {
        tap_diag("size %zu: allocated was %llu, is %llu", size, (unsigned long long)start.allocated,
                 (unsigned long long)late.allocated);
        failed = true;
    }
    return !failed;
}

/* In the child: frees the parent's blocks, then goes on like any process. Returns its exit status.
 */
static int child_holds(const struct hkz_stats *before) {
    watchdog_start(WATCHDOG_SECONDS);
    uint64_t usable = 0;
    for (size_t i = 0; i < batch.count; i++)
        usable += hkz_usable_size(batch.blocks[i]);
    batch_free(NULL);
    for (batch.round = 1; batch.round < 40; batch.round++)
        path_local();
    struct hkz_stats late = snapshot();
    if (late.allocated + usable != before->allocated) {
        tap_diag("size %zu: child frees %llu of %llu, has %llu", batch.size, (unsigned long long)usable,
                 (unsigned long long)before->allocated, (unsigned long long)late.allocated);
        return 1;
    }
    return grew("active", before->active, late.active) || grew("mapped", before->mapped, late.mapped);
}

static bool fork_holds(size_t size) {
    int status = -1;
    batch_choose(size);
    batch.round = 0;
    batch_allocate(NULL);
    struct hkz_stats before = snapshot();
    pid_t pid = fork();
    if (pid == 0)
        _exit(child_holds(&before));
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    batch_free(NULL);
    if (status != 0)
        tap_diag("size %zu: the child ended with %#x", size, (unsigned)status);
    return status == 0;
}

/* The sizes of all classes, then of some large blocks. Returns how many. */
static size_t list_sizes(size_t *sizes) {
    static const size_t large[] = {200 << 10, 300 << 10, 1 << 20, 3 << 20, 9 << 20};
    size_t count = 0;
    for (size_t size = hkz_good_size(1); size <= 128 << 10; size = hkz_good_size(size + 1))
        sizes[count++] = size;
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        sizes[count++] = large[i];
    return count;
}

int main(void) {
    static size_t sizes[MOST_BLOCKS];
    size_t count = list_sizes(sizes);
    pthread_t helper;
    watchdog_start(WATCHDOG_SECONDS);
    sem_init(&helper_go, 0, 0);
    sem_init(&helper_done, 0, 0);
    fail_if(pthread_create(&helper, NULL, helper_main, NULL) != 0, "no thread");
    tap_plan(PATHS + 1);
    for (size_t p = 0; p < PATHS; p++) {
        size_t failed = 0;
        for (size_t i = 0; i < count; i++)
            failed += !path_holds(&paths[p], sizes[i]);
        tap_ok(failed == 0, "%s: %zu of %zu sizes", paths[p].name, count - failed, count);
    }
    size_t failed = 0;
    for (size_t i = 0; i < count; i++)
        failed += !fork_holds(sizes[i]);
    tap_ok(failed == 0, "freed in a forked child: %zu of %zu sizes", count - failed, count);
    return tap_done();
}
