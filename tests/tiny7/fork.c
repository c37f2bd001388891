/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fork.c -- children of a process whose threads are busy in the allocator can allocate at once. */
#include "tiny7.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { THREADS = 4, FORKS = 200, LIVE = 100, KEPT = 300, CHILD_SECONDS = 30 };

static atomic_bool stop;
static char *kept[KEPT];
static void *handler_block;

static void churn(struct rng *rng, char **blocks, int operations) {
    for (int i = 0; i < operations; i++) {
        size_t slot = rng_below(rng, LIVE);
        size_t size = rng_below(rng, 40) == 0 ? rng_below(rng, MIB) : rng_below(rng, 3000);
        hz7_free(blocks[slot]);
        blocks[slot] = hz7_malloc(size);
        if (blocks[slot] == NULL)
            abort();
        memset(blocks[slot], 1, size < 64 ? size : 64);
    }
}

static void churn_alone(uint64_t seed) {
    char *blocks[LIVE] = {NULL};
    struct rng rng = rng_init(seed);
    churn(&rng, blocks, 300);
    for (size_t i = 0; i < LIVE; i++)
        hz7_free(blocks[i]);
}

static void *busy(void *arg) {
    char *blocks[LIVE] = {NULL};
    struct rng rng = rng_init((uintptr_t)arg);
    while (!atomic_load(&stop)) {
        churn(&rng, blocks, 300);
        usleep(50); /* else the children starve on a small machine */
    }
    for (size_t i = 0; i < LIVE; i++)
        hz7_free(blocks[i]);
    return NULL;
}

static void *child_thread(void *arg) {
    churn_alone((uintptr_t)arg);
    return NULL;
}

static void child_life(void) {
    pthread_t thread;
    watchdog_start(CHILD_SECONDS);
    churn_alone(1);
    for (size_t i = 0; i < KEPT; i++) {
        if (pattern_check(kept[i], 700, 700, i) != PATTERN_INTACT)
            _exit(2);
        hz7_free(kept[i]);
    }
    if (!SANITIZED) { /* its runtime does not let the child of a threaded parent have threads */
        if (pthread_create(&thread, NULL, child_thread, (void *)2) != 0)
            _exit(3);
        pthread_join(thread, NULL);
    }
    (void)hz7_trim();
    struct hz7_stats stats = stats_now();
    if (stats.dirty != 0)
        _exit(4);
    pid_t pid = fork();
    if (pid == 0) {
        churn_alone(3);
        _exit(0);
    }
    int status = -1;
    _exit(waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 5);
}

static int fork_often(int forks) {
    int wrong = 0;
    for (int i = 0; i < forks; i++) {
        pid_t pid = fork();
        if (pid == 0)
            child_life();
        churn_alone((uint64_t)i);
        int status = -1;
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        wrong += status != 0;
    }
    return wrong;
}

/* Another library's handlers, which allocate while ours hold the lock. */
static void handler(void) {
    hz7_free(handler_block);
    handler_block = hz7_malloc(5000);
    hz7_free(hz7_malloc(300 * KIB));
    if (handler_block == NULL)
        abort();
}

int main(void) {
    pthread_t threads[THREADS];
    watchdog_start(110);
    if (pthread_atfork(handler, handler, handler) != 0)
        tap_bail("no fork handlers");
    for (size_t i = 0; i < KEPT; i++)
        pattern_fill(kept[i] = hz7_malloc(700), 700, i);
    int wrong = fork_often(5);
    tap_ok(wrong == 0, "fork of one thread: %d of 5 children ended badly", wrong);
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, busy, (void *)(i + 1)) != 0)
            tap_bail("no thread");
    wrong = fork_often(FORKS);
    tap_ok(wrong == 0, "fork among %d busy threads: %d of %d children ended badly", THREADS, wrong, FORKS);
    atomic_store(&stop, true);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < KEPT; i++)
        hz7_free(kept[i]);
    hz7_free(handler_block);
    tap_ok(stats_now().blocks == 0, "the parent lost nothing");
    return tap_done();
}
