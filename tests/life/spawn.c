/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * spawn.c -- other programs started from a process that uses the allocator: popen, system,
 * posix_spawn, vfork and exec, while threads allocate. */
#include "life.h"
#include <spawn.h>

enum { ROUNDS = 15, BUSY = 2 };

extern char **environ;

static atomic_bool stop;

static void *busy(void *arg) {
    char *blocks[60] = {NULL};
    struct rng rng = rng_init((uintptr_t)arg);
    while (!atomic_load(&stop)) {
        life_churn(&rng, blocks, 60, 400);
        usleep(50);
    }
    life_free_all(blocks, 60);
    return NULL;
}

static char *const command[] = {(char *)"/bin/sh", (char *)"-c", (char *)"exit 3", NULL};

static bool exits_with_3(pid_t pid) {
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 3;
}

static bool by_popen(void) {
    char line[16] = "";
    FILE *pipe = popen("echo hello; exit 3", "r");
    if (pipe == NULL || fgets(line, sizeof line, pipe) == NULL)
        return false;
    int status = pclose(pipe);
    return strcmp(line, "hello\n") == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 3;
}

static bool by_system(void) {
    int status = system("exit 3");
    return WIFEXITED(status) && WEXITSTATUS(status) == 3;
}

static bool by_posix_spawn(void) {
    pid_t pid;
    return posix_spawn(&pid, command[0], NULL, NULL, command, environ) == 0 && exits_with_3(pid);
}

static bool by_vfork(void) {
    pid_t pid = vfork();
    if (pid == 0) {
        execve(command[0], command, environ);
        _exit(127);
    }
    return exits_with_3(pid);
}

int main(void) {
    static const struct {
        const char *name;
        bool (*start)(void);
    } ways[] = {{"popen", by_popen}, {"system", by_system}, {"posix_spawn", by_posix_spawn}, {"vfork", by_vfork}};
    pthread_t threads[BUSY];
    life_start();
    for (uintptr_t i = 0; i < BUSY; i++)
        threads[i] = life_thread(busy, (void *)(i + 1));
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        int wrong = 0;
        for (int i = 0; i < ROUNDS; i++)
            wrong += !ways[way].start();
        tap_ok(wrong == 0, "%s: %d of %d went wrong", ways[way].name, wrong, ROUNDS);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < BUSY; i++)
        pthread_join(threads[i], NULL);
    return tap_done();
}
