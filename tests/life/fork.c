/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fork.c -- fork from a process whose other threads are busy in the allocator. */
#include "handlers.h"
#include "life.h"

enum { BUSY = 8, FORKS = 200, HANDLER_FORKS = 50, PARENT_BLOCKS = 500, CHILD_WAIT_SECONDS = 30 };

static char *parent_blocks[PARENT_BLOCKS];
static atomic_bool stop;
static bool handlers_on; /* set by the only thread that forks */
static char *handler_block[6];

static void handler_step(size_t which) {
    if (!handlers_on)
        return;
    free(handler_block[which]);
    handler_block[which] = launder(malloc(100 + which * 9000));
    if (handler_block[which] == NULL)
        abort();
    memset(handler_block[which], 1, 100 + which * 9000);
    free(launder(malloc(300 * KIB)));
}

static void *busy(void *arg) {
    char *blocks[60] = {NULL};
    struct rng rng = rng_init((uintptr_t)arg);
    while (!atomic_load(&stop)) {
        life_churn(&rng, blocks, 60, 400);
        usleep(50); /* else eight threads starve the children on a small machine */
    }
    life_free_all(blocks, 60);
    return NULL;
}

static void *child_thread(void *arg) {
    char *blocks[30] = {NULL};
    struct rng rng = rng_init((uintptr_t)arg);
    life_churn(&rng, blocks, 30, 100);
    life_free_all(blocks, 30);
    return NULL;
}

/* Waits for a child; returns whether it ended with 0. */
static bool child_is_well(pid_t pid) {
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status == 0;
}

/* Every other of the parent's blocks is freed here, the rest by the grandchild. */
static void child_work(size_t first) {
    watchdog_start(CHILD_WAIT_SECONDS);
    child_thread((void *)1);
    for (size_t i = first; i < PARENT_BLOCKS; i += 2) {
        if (pattern_check(parent_blocks[i], 700, 700, i) != PATTERN_INTACT)
            _exit(2);
        free(parent_blocks[i]);
    }
    pthread_join(life_thread(child_thread, (void *)2), NULL);
    child_thread((void *)3);
}

static void child_life(void) {
    child_work(0);
    pid_t pid = fork();
    if (pid == 0) {
        child_work(1);
        _exit(0);
    }
    _exit(pid < 0 || !child_is_well(pid) ? 3 : 0);
}

static int fork_often(int forks) {
    int wrong = 0;
    struct rng rng = rng_init(99);
    char *blocks[30] = {NULL};
    for (int i = 0; i < forks; i++) {
        pid_t pid = fork();
        if (pid == 0)
            child_life();
        life_churn(&rng, blocks, 30, 100);
        wrong += pid < 0 || !child_is_well(pid);
    }
    life_free_all(blocks, 30);
    return wrong;
}

int main(void) {
    pthread_t threads[BUSY];
    life_start();
    if (handlers_register_late() != 0)
        tap_bail("no fork handlers");
    for (size_t i = 0; i < PARENT_BLOCKS; i++)
        pattern_fill(parent_blocks[i] = launder(malloc(700)), 700, i);
    int wrong = fork_often(5);
    tap_ok(wrong == 0, "fork of one thread: %d of 5 children ended badly", wrong);
    for (uintptr_t i = 0; i < BUSY; i++)
        threads[i] = life_thread(busy, (void *)(i + 1));
    wrong = fork_often(FORKS);
    tap_ok(wrong == 0, "fork among %d busy threads: %d of %d children ended badly", BUSY, wrong, FORKS);
    handlers_on = true;
    wrong = fork_often(HANDLER_FORKS);
    tap_ok(wrong == 0, "with handlers that allocate: %d of %d children ended badly", wrong, HANDLER_FORKS);
    tap_ok(handler_block[0] && handler_block[1] && handler_block[3] && handler_block[4], "the handlers did allocate");
    atomic_store(&stop, true);
    for (size_t i = 0; i < BUSY; i++)
        pthread_join(threads[i], NULL);
    return tap_done();
}
