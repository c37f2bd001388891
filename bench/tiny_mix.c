/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * tiny_mix -- hz7_* beside the C library's malloc, in one process.
 *
 * Models: one thread that replaces a random one of its objects again and again, uniform in 16..2048
 * bytes. Both allocators run the same loop on the same random numbers, in turn; medians of the rounds.
 * Then each, in a child of its own, shows what the same objects cost in memory, held and freed. Stresses:
 * the shortest way through malloc and free. threads 2 keeps a second, sleeping thread, so that locks
 * are taken. A good result: ratio (libc time by hz7 time) at least 1, and less memory. Not for
 * run.py: nothing is preloaded. */
#include "bench.h"
#include "hakozuna-hz7.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS, ITERATIONS, SLOTS, MIN, MAX, ROUNDS, ARG_COUNT, MOST_ROUNDS = 99 };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 1, 1, 2},      [ITERATIONS] = {"iterations", 1000000, 1, UINT64_MAX}, /* per round */
    [SLOTS] = {"slots", 400, 1, 1U << 24}, [MIN] = {"min", 16, 1, 1U << 30},
    [MAX] = {"max", 2048, 1, 1U << 30},    [ROUNDS] = {"rounds", 15, 1, MOST_ROUNDS},
};

struct names {
    void *(*allocate)(size_t size);
    void (*release)(void *block);
};
static const struct names tiny = {hz7_malloc, hz7_free};
static const struct names libc = {malloc, free};

static void **slots;

static void mix(const struct names *names, uint64_t iterations) {
    struct bench_rng rng = bench_rng_make(42);
    for (uint64_t i = 0; i < iterations; i++) {
        uint32_t slot = bench_below(&rng, (uint32_t)args[SLOTS].value);
        names->release(slots[slot]);
        char *block = names->allocate(bench_between(&rng, args[MIN].value, args[MAX].value));
        if (block == NULL)
            bench_die("no memory");
        block[0] = 1;
        slots[slot] = block;
    }
}

static void release_all(const struct names *names) {
    for (uint64_t i = 0; i < args[SLOTS].value; i++) {
        names->release(slots[i]);
        slots[i] = NULL;
    }
}

/* ns for one malloc and one free. */
static double timed(const struct names *names) {
    mix(names, args[SLOTS].value);
    uint64_t start = bench_now_ns();
    mix(names, args[ITERATIONS].value);
    double ns = (double)(bench_now_ns() - start) / (double)args[ITERATIONS].value;
    release_all(names);
    return ns;
}

static int by_value(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values, uint64_t count) {
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

/* KiB that the objects add to a fresh child, [0] held and written and [1] freed. */
static void memory(const struct names *names, int64_t kib[2]) {
    int ends[2], status;
    if (pipe(ends) != 0)
        bench_die("pipe");
    pid_t child = fork();
    if (child == 0) {
        memset(slots, 0, args[SLOTS].value * sizeof *slots);
        int64_t before = (int64_t)bench_rss_kib();
        struct bench_rng rng = bench_rng_make(7);
        mix(names, 4 * args[SLOTS].value);
        for (uint64_t i = 0; i < args[SLOTS].value; i++) {
            size_t size = bench_between(&rng, args[MIN].value, args[MAX].value);
            names->release(slots[i]);
            slots[i] = names->allocate(size);
            if (slots[i] == NULL)
                bench_die("no memory");
            bench_fill(slots[i], size, i);
        }
        kib[0] = (int64_t)bench_rss_kib() - before;
        release_all(names);
        kib[1] = (int64_t)bench_rss_kib() - before;
        _exit(write(ends[1], kib, 2 * sizeof *kib) == (ssize_t)(2 * sizeof *kib) ? 0 : 1);
    }
    if (child < 0 || read(ends[0], kib, 2 * sizeof *kib) != (ssize_t)(2 * sizeof *kib) ||
        waitpid(child, &status, 0) != child || status != 0)
        bench_die("the child failed");
    close(ends[0]);
    close(ends[1]);
}

static void *asleep(void *arg) {
    pause();
    return arg;
}

int main(int argc, char **argv) {
    static double tiny_ns[MOST_ROUNDS], libc_ns[MOST_ROUNDS], ratio[MOST_ROUNDS];
    int64_t tiny_kib[2], libc_kib[2];
    bench_args_parse(argc, argv, args, ARG_COUNT);
    slots = bench_map(args[SLOTS].value * sizeof *slots);
    memory(&tiny, tiny_kib);
    memory(&libc, libc_kib);
    if (args[THREADS].value > 1) {
        pthread_t thread;
        bench_spawn(&thread, asleep, NULL);
    }
    timed(&tiny);
    timed(&libc);
    uint64_t rounds = args[ROUNDS].value;
    for (uint64_t i = 0; i < rounds; i++) {
        tiny_ns[i] = timed(&tiny);
        libc_ns[i] = timed(&libc);
        ratio[i] = libc_ns[i] / tiny_ns[i];
    }
    printf("{\"program\": \"tiny_mix\"");
    for (size_t i = 0; i < ARG_COUNT; i++)
        printf(", \"%s\": %llu", args[i].name, (unsigned long long)args[i].value);
    printf(", \"hz7_ns\": %.2f, \"libc_ns\": %.2f, \"ratio\": %.3f", median(tiny_ns, rounds), median(libc_ns, rounds),
           median(ratio, rounds));
    printf(", \"hz7_held_kib\": %lld, \"libc_held_kib\": %lld, \"hz7_rest_kib\": %lld, \"libc_rest_kib\": %lld}\n",
           (long long)tiny_kib[0], (long long)libc_kib[0], (long long)tiny_kib[1], (long long)libc_kib[1]);
    return 0;
}
