/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * sweep.c -- refusals at every place where the kernel can refuse: scenarios of work, each run again and again
 * in a child process with another plan of refusals (see hz_fault.h), against a shadow of what must hold.
 *
 * A run ends with the refusals: then every size can be had again, and after all is freed and trimmed nothing
 * is held. NULL comes with ENOMEM, after a refusal during the call only, and never where one single
 * refusal, or refusals of what the allocator can do without, are all there is. A free keeps errno.
 *
 * usage: sweep [--long] [--seed N] */
#include "hz_fault.h"
#include "scenario.h"
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { RUN_SECONDS = 80, TEXT = 256, TARGET = 20000 };

/* What a run leaves behind. */
struct result {
    uint64_t seen, refused, nulls, blocks;
};

static struct result *result; /* shared with the children */
static bool is_long;
static uint64_t total_runs, total_refused, total_nulls, total_blocks;
static uint64_t seed = 1;

struct scenario {
    const char *name;
    void (*work)(uint64_t seed);
    const char *environment[3][2]; /* options of the run */
};

static const struct scenario scenarios[] = {
    {"start-up", scenario_start, {{NULL, NULL}}},
    {"one thread", scenario_work, {{"HAKOZUNA_HUGE_BYTES", "3M"}}},
    {"small arenas", scenario_work, {{"HAKOZUNA_ARENA_BYTES", "2M"}, {"HAKOZUNA_HUGE_BYTES", "40M"}}},
    {"messages", scenario_messages, {{"HAKOZUNA_HUGE_BYTES", "3M"}}},
    {"fork", scenario_fork, {{NULL, NULL}}},
    {"fork handlers", scenario_handlers, {{NULL, NULL}}},
    {"thread ends", scenario_threads, {{NULL, NULL}}},
    {"purge", scenario_purge, {{"HAKOZUNA_DECAY_MS", "0"}, {"HAKOZUNA_THP", "never"}}},
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

/* --- One run ------------------------------------------------------------------------------------- */

/* Kernel calls that the allocator can do without, whatever else it does then. */
#define DISPENSABLE \
    (1u << HZ_FAULT_PURGE | 1u << HZ_FAULT_REMAP | 1u << HZ_FAULT_MOVE | 1u << HZ_FAULT_ADVISE | 1u << HZ_FAULT_RELEASE)

static bool may_see_null(const struct hz_fault_plan *plan) {
    bool is_single = plan->nth[0] != 0 && plan->nth[1] == 0 && plan->every == 0 && plan->from == 0 && plan->chance == 0;
    bool is_dispensable = plan->kinds != 0 && (plan->kinds & ~DISPENSABLE) == 0;
    return !is_single && !is_dispensable;
}

static void run_child(const struct scenario *scenario, const struct hz_fault_plan *plan, uint64_t run_seed) {
    watchdog_start(RUN_SECONDS);
    for (unsigned i = 0; i < 3 && scenario->environment[i][0] != NULL; i++)
        setenv(scenario->environment[i][0], scenario->environment[i][1], 1);
    check_begin(may_see_null(plan));
    hz_fault_set(plan);
    scenario->work(run_seed);
    hz_fault_set(NULL);
    result->seen = hz_fault_seen();
    result->refused += hz_fault_refused();
    result->nulls += check_nulls();
    check_recovered();
    result->blocks += check_blocks();
    _exit(0);
}

static void describe(char *text, const struct scenario *scenario, const struct hz_fault_plan *plan) {
    snprintf(text, TEXT, "%s: kinds=%#x nth=%llu,%llu every=%llu from=%llu chance=%.3f seed=%llu above=%llu",
             scenario->name, plan->kinds, (unsigned long long)plan->nth[0], (unsigned long long)plan->nth[1],
             (unsigned long long)plan->every, (unsigned long long)plan->from, plan->chance / 4294967296.0,
             (unsigned long long)plan->seed, (unsigned long long)plan->above);
}

/* Runs the scenario under the plan. Returns whether the child was content. */
static bool run(const struct scenario *scenario, const struct hz_fault_plan *plan) {
    memset(result, 0, sizeof *result);
    pid_t pid = fork();
    if (pid < 0)
        tap_bail("no process");
    if (pid == 0)
        run_child(scenario, plan, seed + plan->seed);
    int status;
    while (waitpid(pid, &status, 0) < 0)
        continue;
    total_runs++;
    total_refused += result->refused;
    total_nulls += result->nulls;
    total_blocks += result->blocks;
    if (status == 0)
        return true;
    char text[TEXT];
    describe(text, scenario, plan);
    tap_diag("status %#x, %s", (unsigned)status, text);
    return false;
}

/* --- Plans --------------------------------------------------------------------------------------- */

/* The number after n: all at first, then fewer and fewer. */
static uint64_t after(uint64_t n, uint64_t dense) {
    return n < (is_long ? 150 : dense) ? n + 1 : n + 1 + n / (is_long ? 32 : 4);
}

/* Single refusals, until a run is over before its turn. */
static bool sweep_single(const struct scenario *scenario) {
    bool good = true;
    for (uint64_t n = 1; good; n = after(n, 14)) {
        good = run(scenario, &(struct hz_fault_plan){.nth = {n, 0}});
        if (result->refused == 0)
            break;
    }
    return good;
}

/* Memory is gone for good from a point on. */
static bool sweep_from(const struct scenario *scenario) {
    bool good = true;
    for (uint64_t n = 1; good; n = after(n, 8)) {
        good = run(scenario, &(struct hz_fault_plan){.from = n});
        if (result->refused == 0)
            break;
    }
    return good;
}

static bool sweep_pairs(const struct scenario *scenario, struct rng *rng) {
    bool good = run(scenario, &(struct hz_fault_plan){.nth = {UINT64_MAX, 0}});
    size_t calls = (size_t)result->seen + 1;
    for (unsigned i = 0; i < (is_long ? 60 : 4) && good; i++) {
        uint64_t first = 1 + rng_below(rng, calls);
        uint64_t second = rng_below(rng, 2) ? first + 1 : 1 + rng_below(rng, calls);
        good = run(scenario, &(struct hz_fault_plan){.nth = {first, second}});
    }
    return good;
}

static bool sweep_every(const struct scenario *scenario) {
    static const uint64_t steps[] = {2, 3, 4, 5, 7, 10, 16, 25, 50};
    bool good = true;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && good; i += is_long ? 1 : 4)
        good = run(scenario, &(struct hz_fault_plan){.every = steps[i]});
    return good;
}

static bool sweep_chance(const struct scenario *scenario, struct rng *rng) {
    bool good = true;
    for (unsigned i = 0; i < (is_long ? 60 : 5) && good; i++) {
        double percent = 1 + (double)rng_below(rng, 50);
        good = run(scenario, &(struct hz_fault_plan){.chance = (uint32_t)(percent * 42949672.96),
                                                     .seed = rng_next(rng) % 1000000});
    }
    return good;
}

static bool sweep_above(const struct scenario *scenario) {
    static const uint64_t limits[] = {1, 65536, (1 << 20) - 1, 4 << 20};
    bool good = true;
    for (size_t i = 0; i < sizeof limits / sizeof *limits && good; i++)
        good = run(scenario, &(struct hz_fault_plan){.above = limits[i]});
    return good;
}

/* One kind of call fails always, then in a third of the cases. */
static bool sweep_kinds(const struct scenario *scenario) {
    bool good = true;
    for (uint32_t kind = 0; kind < HZ_FAULT_KINDS && good; kind++) {
        good = run(scenario, &(struct hz_fault_plan){.kinds = 1u << kind, .from = 1}) &&
               run(scenario, &(struct hz_fault_plan){.kinds = 1u << kind, .chance = UINT32_MAX / 3});
    }
    return good && run(scenario, &(struct hz_fault_plan){.kinds = DISPENSABLE, .from = 1});
}

static bool sweep(const struct scenario *scenario) {
    struct rng rng = rng_init(seed);
    return sweep_single(scenario) && sweep_from(scenario) && sweep_pairs(scenario, &rng) && sweep_every(scenario) &&
           sweep_chance(scenario, &rng) && sweep_above(scenario) && sweep_kinds(scenario);
}

/* --- Controls: the checks see what they look for ------------------------------------------------- */

static void lose_block(uint64_t unused) {
    (void)unused;
    (void)heap_malloc(100);
}

static void change_block(uint64_t unused) {
    (void)unused;
    struct held held = {NULL, 0, 0};
    hold(&held, heap_malloc(100), 100);
    held.start[3] ^= 1;
    let_go(&held);
}

static void expect_memory(uint64_t unused) {
    (void)unused;
    struct held held = {NULL, 0, 0};
    take_new(&held, 0, 5000000);
    if (held.start != NULL)
        let_go(&held);
}

/* Whether the run is refused by a check. */
static bool is_caught(void (*work)(uint64_t), const struct hz_fault_plan *plan) {
    struct scenario scenario = {"control", work, {{NULL, NULL}}};
    bool was_content = run(&scenario, plan);
    return !was_content;
}

static void run_controls(void) {
    static const struct hz_fault_plan never = {.nth = {UINT64_MAX, 0}};
    static const struct hz_fault_plan twice = {.kinds = 1u << HZ_FAULT_MALLOC, .nth = {1, 0}};
    tap_diag("controls: complaints are expected");
    tap_ok(is_caught(lose_block, &never), "a lost block is noticed");
    tap_ok(is_caught(change_block, &never), "a changed block is noticed");
#ifndef FAULT_TINY7
    tap_ok(is_caught(expect_memory, &twice), "a NULL that should not be is noticed");
#else
    (void)twice;
    (void)expect_memory;
#endif
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--long") == 0)
            is_long = true;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else
            tap_bail("usage: sweep [--long] [--seed N]");
    }
    result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (result == MAP_FAILED)
        tap_bail("no shared page");
    run_controls();
    for (size_t i = 0; i < SCENARIOS; i++) {
        uint64_t runs = total_runs, refused = total_refused, nulls = total_nulls;
        bool good = sweep(&scenarios[i]);
        tap_ok(good, "%s: %llu runs, %llu refusals, %llu times NULL", scenarios[i].name,
               (unsigned long long)(total_runs - runs), (unsigned long long)(total_refused - refused),
               (unsigned long long)(total_nulls - nulls));
    }
    struct rng rng = rng_init(seed + 1);
    bool good = true;
    while (is_long && good && total_refused < TARGET)
        good = sweep_chance(&scenarios[rng_below(&rng, SCENARIOS)], &rng);
    tap_ok(good && total_refused > (is_long ? TARGET - 1 : 300) && total_nulls > 100,
           "in all %llu runs, %llu refusals, %llu times NULL, %llu blocks", (unsigned long long)total_runs,
           (unsigned long long)total_refused, (unsigned long long)total_nulls, (unsigned long long)total_blocks);
    return tap_done();
}
