/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * forks.c -- fork from a process whose eight other threads pass blocks to each other. Each child allocates,
 * frees the blocks of its parent, starts threads, and then ends in one of several ways: by another fork, exec,
 * vfork, posix_spawn, popen, daemon or exit. Every other fork runs handlers that allocate. Each child has a
 * watchdog of its own. usage: forks [count] */
#include "handlers.h"
#include "process.h"
#include <spawn.h>

enum { BUSY = 8, BLOCKS = 200, CHILD_WATCH = 60 };

extern char **environ;

static char *parent_blocks[BLOCKS];
static bool handlers_on; /* set by the only thread that forks */
static char *handler_block[6];

static void handler_step(size_t which) {
    if (!handlers_on)
        return;
    free(handler_block[which]);
    handler_block[which] = launder(realloc(launder(malloc(50)), 100 + which * 9000));
    if (handler_block[which] == NULL)
        abort();
    memset(handler_block[which], 1, 100 + which * 9000);
    free(launder(malloc(300 * KIB)));
    free(atomic_exchange(&exchange[which], NULL));
}

static void *short_work(void *seed) {
    char *blocks[30] = {NULL};
    struct rng rng = rng_init((uintptr_t)seed);
    life_churn(&rng, blocks, 30, 100);
    pass_blocks(&rng, 20);
    life_free_all(blocks, 30);
    return NULL;
}

/* The half of the parent's blocks that begins at first. */
static void work_in_child(size_t first) {
    watchdog_start(CHILD_WATCH);
    short_work((void *)1);
    for (size_t i = first; i < BLOCKS; i += 2) {
        if (pattern_check(parent_blocks[i], 700, 700, i) != PATTERN_INTACT)
            _exit(2);
        free(parent_blocks[i]);
    }
    pthread_t threads[2];
    for (uintptr_t i = 0; i < 2; i++)
        threads[i] = life_thread(short_work, (void *)(i + 2));
    exchange_empty();
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    short_work((void *)4);
}

static char *const program[] = {(char *)"/bin/true", NULL};

static bool ends_well(pid_t pid) {
    bool hung;
    return process_await(pid, &hung);
}

static int by_exit(void) { exit(0); }

static int by_fork(void) {
    pid_t pid = fork();
    if (pid == 0) {
        work_in_child(1);
        _exit(0);
    }
    return ends_well(pid) ? 0 : 10;
}

static int by_exec(void) {
    unsetenv("LD_PRELOAD");
    execve(program[0], program, environ);
    return 11;
}

static int by_vfork(void) {
    pid_t pid = vfork();
    if (pid == 0) {
        execve(program[0], program, environ);
        _exit(127);
    }
    short_work((void *)5);
    return ends_well(pid) ? 0 : 12;
}

static int by_spawn(void) {
    pid_t pid;
    return posix_spawn(&pid, program[0], NULL, NULL, program, environ) == 0 && ends_well(pid) ? 0 : 13;
}

static int by_popen(void) {
    char line[16] = "";
    FILE *pipe = popen("echo hello", "r");
    bool is_read = pipe != NULL && fgets(line, sizeof line, pipe) != NULL;
    return is_read && pclose(pipe) == 0 && strcmp(line, "hello\n") == 0 ? 0 : 14;
}

/* The daemon, of which nobody is the parent, says through a pipe that it is well. */
static int by_daemon(void) {
    int ends[2];
    char answer = 0;
    if (pipe(ends) != 0)
        return 15;
    pid_t pid = fork();
    if (pid == 0) {
        if (daemon(0, 1) != 0)
            _exit(1);
        watchdog_start(CHILD_WATCH);
        short_work((void *)6);
        pthread_join(life_thread(short_work, (void *)7), NULL);
        _exit(write(ends[1], "w", 1) == 1 ? 0 : 1);
    }
    close(ends[1]);
    bool is_read = read(ends[0], &answer, 1) == 1;
    return ends_well(pid) && is_read && answer == 'w' ? 0 : 16;
}

static int (*const ways[])(void) = {by_exit, by_fork, by_exec, by_vfork, by_spawn, by_popen, by_daemon};
enum { WAYS = sizeof ways / sizeof *ways };

int main(int argc, char **argv) {
    pthread_t threads[BUSY];
    size_t wrong = 0, hangs = 0;
    life_start();
    size_t forks = process_count(argc, argv, 40);
    if (handlers_register_late() != 0)
        tap_bail("no fork handlers");
    for (size_t i = 0; i < BLOCKS; i++)
        pattern_fill(parent_blocks[i] = launder(malloc(700)), 700, i);
    for (uintptr_t i = 0; i < BUSY; i++)
        threads[i] = life_thread(pass_until_stop, (void *)(i + 1));
    for (size_t i = 0; i < forks; i++) {
        bool hung;
        watchdog_start(3 * CHILD_WATCH);
        handlers_on = i % 2 == 1;
        pid_t pid = fork();
        if (pid == 0) {
            work_in_child(0);
            _exit(ways[i % WAYS]());
        }
        short_work((void *)(i + 100));
        wrong += !process_await(pid, &hung);
        hangs += hung;
    }
    tap_ok(wrong == 0, "%zu forks among %d busy threads: %zu children ended badly, %zu of them hung", forks, BUSY,
           wrong, hangs);
    tap_ok(handler_block[0] && handler_block[1] && handler_block[3] && handler_block[4],
           "handlers of others allocated");
    watchdog_start(LIFE_SECONDS);
    atomic_store(&stop, true);
    for (size_t i = 0; i < BUSY; i++)
        pthread_join(threads[i], NULL);
    return tap_done();
}
