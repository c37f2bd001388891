/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* --- Random numbers ------------------------------------------------------------------------------
 */

struct bench_rng bench_rng_make(uint64_t seed) {
    /* One round of splitmix64, so that neighbouring seeds give unrelated streams. */
    uint64_t z = seed + UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    return (struct bench_rng){.state = z != 0 ? z : 1};
}

static unsigned log2_floor(size_t value) { return 63U - (unsigned)__builtin_clzll((unsigned long long)value | 1U); }

size_t bench_log_size(struct bench_rng *rng, size_t min, size_t max) {
    unsigned low = log2_floor(min);
    unsigned high = log2_floor(max);
    unsigned power = low + bench_below(rng, high - low + 1);
    size_t size = ((size_t)1 << power) + (size_t)(bench_random(rng) >> (64 - power - (power == 0)));
    return size < min ? min : size > max ? max : size;
}

size_t bench_skewed_size(struct bench_rng *rng) {
    uint32_t percent = bench_below(rng, 100);
    if (percent < 85)
        return bench_between(rng, 16, 256);
    if (percent < 97)
        return bench_between(rng, 257, 2048);
    return bench_between(rng, 2049, 32768);
}

void bench_shuffle(struct bench_rng *rng, uint32_t *order, uint32_t count) {
    for (uint32_t i = count; i > 1; i--) {
        uint32_t j = bench_below(rng, i);
        uint32_t kept = order[i - 1];
        order[i - 1] = order[j];
        order[j] = kept;
    }
}

/* --- Large blocks --------------------------------------------------------------------------------
 */

enum { FILLED_BYTES = 16384 };

void bench_stamp(void *block, size_t size, uint64_t tag) {
    uint8_t *bytes = block;
    uint64_t last = ~tag;
    for (size_t at = 0; at + 2 * sizeof last <= size; at += BENCH_PAGE) {
        uint64_t word = tag + at;
        memcpy(bytes + at, &word, sizeof word);
    }
    memcpy(bytes + size - sizeof last, &last, sizeof last);
}

bool bench_is_stamped(const void *block, size_t size, uint64_t tag) {
    const uint8_t *bytes = block;
    uint64_t wrong = 0;
    uint64_t word;
    for (size_t at = 0; at + 2 * sizeof word <= size; at += BENCH_PAGE) {
        memcpy(&word, bytes + at, sizeof word);
        wrong |= word ^ (tag + at);
    }
    memcpy(&word, bytes + size - sizeof word, sizeof word);
    return (wrong | (word ^ ~tag)) == 0;
}

void bench_write(void *block, size_t size, uint64_t tag) {
    if (size <= FILLED_BYTES)
        bench_fill(block, size, tag);
    else
        bench_stamp(block, size, tag);
}

bool bench_is_written(const void *block, size_t size, uint64_t tag) {
    return size <= FILLED_BYTES ? bench_holds(block, size, tag) : bench_is_stamped(block, size, tag);
}

/* --- System --------------------------------------------------------------------------------------
 */

_Noreturn void bench_die(const char *what) {
    int error = errno;
    dprintf(STDERR_FILENO, "bench: %s: %s\n", what, strerror(error));
    _exit(3);
}

uint64_t bench_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

void bench_sleep_us(uint64_t microseconds) {
    struct timespec wait = {.tv_sec = (time_t)(microseconds / 1000000),
                            .tv_nsec = (long)(microseconds % 1000000) * 1000};
    while (nanosleep(&wait, &wait) != 0 && errno == EINTR)
        continue;
}

/* The number after key in a /proc file, in KiB; 0 when there is none. */
static uint64_t proc_kib(const char *path, const char *key) {
    char text[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    size_t length = 0;
    for (ssize_t got; length < sizeof text - 1; length += (size_t)got) {
        got = read(file, text + length, sizeof text - 1 - length);
        if (got <= 0)
            break;
    }
    close(file);
    text[length] = '\0';
    const char *found = strstr(text, key);
    return found == NULL ? 0 : strtoull(found + strlen(key), NULL, 10);
}

uint64_t bench_peak_kib(void) { return proc_kib("/proc/self/status", "\nVmHWM:"); }

uint64_t bench_rss_kib(void) {
    uint64_t exact = proc_kib("/proc/self/smaps_rollup", "\nRss:");
    return exact != 0 ? exact : proc_kib("/proc/self/status", "\nVmRSS:");
}

void bench_series_add(struct bench_series *series) {
    if (series->count < BENCH_SERIES)
        series->kib[series->count++] = bench_rss_kib();
}

void *bench_map(size_t bytes) {
    void *address = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED)
        bench_die("mmap");
    return address;
}

void bench_unmap(void *address, size_t bytes) { munmap(address, bytes); }

void bench_spawn(pthread_t *ret_thread, void *(*run)(void *), void *arg) {
    errno = pthread_create(ret_thread, NULL, run, arg);
    if (errno != 0)
        bench_die("pthread_create");
}

/* --- Whether the preloaded allocator served a block ----------------------------------------------
 */

typedef bool owns_function(const void *address);
static owns_function *owns; /* const after bench_team_run began; NULL: the allocator cannot be asked */

static void find_owns(void) {
    void *symbol = dlsym(RTLD_DEFAULT, "hkz_owns");
    memcpy(&owns, &symbol, sizeof owns);
}

void bench_sample(struct bench_worker *worker, const void *block) {
    if (owns == NULL || block == NULL)
        return;
    worker->sampled++;
    worker->owned += owns(block);
}

void bench_sample_fresh(struct bench_worker *worker, size_t min, size_t max) {
    for (int i = 0; i < 64 && owns != NULL; i++) {
        void *block = malloc(bench_between(&worker->rng, min, max));
        bench_sample(worker, block);
        free(block);
    }
}

/* --- The team ------------------------------------------------------------------------------------
 */

void bench_counts_add(struct bench_counts *sum, const struct bench_counts *more) {
    sum->allocations += more->allocations;
    sum->frees += more->frees;
    sum->remote_sends += more->remote_sends;
    sum->fallbacks += more->fallbacks;
    sum->failures += more->failures;
    sum->errors += more->errors;
}

static uint64_t timeval_us(struct timeval time) { return (uint64_t)time.tv_sec * 1000000U + (uint64_t)time.tv_usec; }

static void read_usage(uint64_t *ret_faults, uint64_t *ret_cpu_us) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    *ret_faults = (uint64_t)usage.ru_minflt;
    *ret_cpu_us = timeval_us(usage.ru_utime) + timeval_us(usage.ru_stime);
}

static void raise_to(_Atomic uint64_t *word, uint64_t value) {
    uint64_t seen = atomic_load(word);
    while (seen < value && !atomic_compare_exchange_weak(word, &seen, value))
        continue;
}

void bench_meet(struct bench_worker *worker) { pthread_barrier_wait(&worker->team->barrier); }

void bench_start(struct bench_worker *worker) {
    bench_meet(worker);
    if (worker->index == 0)
        read_usage(&worker->team->faults_before, &worker->team->cpu_before_us);
    bench_meet(worker);
    worker->start_ns = bench_now_ns();
}

void bench_stop(struct bench_worker *worker) {
    worker->stop_ns = bench_now_ns();
    uint64_t faults, cpu_us;
    read_usage(&faults, &cpu_us);
    raise_to(&worker->team->faults_after, faults);
    raise_to(&worker->team->cpu_after_us, cpu_us);
}

static void *worker_main(void *arg) {
    struct bench_worker *worker = arg;
    worker->team->body(worker);
    pthread_barrier_wait(&worker->team->rest);
    pthread_barrier_wait(&worker->team->rest);
    return NULL;
}

static void look_at_memory(struct bench_team *team) {
    pthread_barrier_wait(&team->rest);
    if (team->at_rest != NULL)
        team->at_rest(team);
    bench_sleep_us(100000);
    team->rest_kib = bench_rss_kib();
    team->peak_kib = bench_peak_kib(); /* the kernel sums it up lazily, a few pages too low */
    team->peak_kib = team->peak_kib < team->rest_kib ? team->rest_kib : team->peak_kib;
    malloc_trim(0);
    team->trim_kib = bench_rss_kib();
    pthread_barrier_wait(&team->rest);
}

static void add_up(struct bench_team *team) {
    uint64_t first = UINT64_MAX;
    uint64_t last = 0;
    for (unsigned i = 0; i < team->thread_count; i++) {
        const struct bench_worker *worker = &team->workers[i];
        bench_counts_add(&team->total, &worker->counts);
        team->sampled += worker->sampled;
        team->owned += worker->owned;
        first = worker->start_ns < first ? worker->start_ns : first;
        last = worker->stop_ns > last ? worker->stop_ns : last;
    }
    team->seconds = (double)(last - first) * 1e-9;
}

void bench_team_run(struct bench_team *team, unsigned thread_count) {
    team->thread_count = thread_count;
    team->workers = bench_map(sizeof *team->workers * thread_count);
    pthread_barrier_init(&team->barrier, NULL, thread_count);
    pthread_barrier_init(&team->rest, NULL, thread_count + 1);
    find_owns();
    for (unsigned i = 0; i < thread_count; i++) {
        struct bench_worker *worker = &team->workers[i];
        worker->team = team;
        worker->index = i;
        worker->rng = bench_rng_make(i + 1);
        bench_spawn(&worker->thread, worker_main, worker);
    }
    look_at_memory(team);
    for (unsigned i = 0; i < thread_count; i++)
        pthread_join(team->workers[i].thread, NULL);
    add_up(team);
}

/* --- Arguments and output ------------------------------------------------------------------------
 */

static _Noreturn void usage(const char *program, const struct bench_arg *args, size_t count) {
    dprintf(STDERR_FILENO, "usage: %s", program);
    for (size_t i = 0; i < count; i++)
        dprintf(STDERR_FILENO, " [%s=%llu]", args[i].name, (unsigned long long)args[i].value);
    dprintf(STDERR_FILENO, "\n");
    _exit(2);
}

void bench_args_parse(int argc, char **argv, struct bench_arg *args, size_t count) {
    size_t given = (size_t)(argc > 0 ? argc - 1 : 0);
    if (given > count)
        usage(argv[0], args, count);
    for (size_t i = 0; i < given; i++) {
        char *end;
        const char *text = argv[i + 1];
        uint64_t value = strtoull(text, &end, 10);
        if (*text < '0' || *text > '9' || *end != '\0' || value < args[i].min || value > args[i].max)
            usage(argv[0], args, count);
        args[i].value = value;
    }
}

struct text {
    char bytes[8192];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int wrote = vsnprintf(text->bytes + text->length, sizeof text->bytes - text->length, format, list);
    va_end(list);
    if (wrote < 0 || (size_t)wrote >= sizeof text->bytes - text->length)
        bench_die("output too long");
    text->length += (size_t)wrote;
}

static void add_count(struct text *text, const char *name, uint64_t value) {
    add(text, ", \"%s\": %llu", name, (unsigned long long)value);
}

static void add_measured(struct text *text, const struct bench_team *team) {
    const struct bench_counts *total = &team->total;
    uint64_t operations = total->allocations + total->frees;
    uint64_t wanted = total->remote_sends + total->fallbacks;
    add_count(text, "operations", operations);
    add(text, ", \"seconds\": %.6f", team->seconds);
    add(text, ", \"ops_per_s\": %.0f", team->seconds > 0 ? (double)operations / team->seconds : 0);
    add_count(text, "allocations", total->allocations);
    add_count(text, "frees", total->frees);
    add_count(text, "remote_sends", total->remote_sends);
    add_count(text, "fallbacks", total->fallbacks);
    add_count(text, "remote_wanted", wanted);
    add(text, ", \"remote_share\": %.4f", total->frees > 0 ? (double)total->remote_sends / (double)total->frees : 0);
    add_count(text, "failures", total->failures);
    add_count(text, "errors", total->errors);
    add_count(text, "peak_kib", team->peak_kib);
    add_count(text, "rest_kib", team->rest_kib);
    add_count(text, "trim_kib", team->trim_kib);
    add_count(text, "minor_faults", atomic_load(&team->faults_after) - team->faults_before);
    add(text, ", \"cpu_seconds\": %.6f", (double)(atomic_load(&team->cpu_after_us) - team->cpu_before_us) * 1e-6);
    if (team->sampled == 0)
        add(text, ", \"served\": null");
    else
        add(text, ", \"served\": %.6f", (double)team->owned / (double)team->sampled);
}

static void add_series(struct text *text, const struct bench_series *series) {
    add(text, ", \"%s\": [", series->name);
    for (uint32_t i = 0; i < series->count; i++)
        add(text, "%s%llu", i > 0 ? ", " : "", (unsigned long long)series->kib[i]);
    add(text, "]");
}

int bench_report(const struct bench_team *team, const struct bench_arg *args, size_t arg_count,
                 const struct bench_extra *extras, size_t extra_count) {
    struct text text = {.length = 0};
    add(&text, "{\"program\": \"%s\"", team->name);
    for (size_t i = 0; i < arg_count; i++)
        add_count(&text, args[i].name, args[i].value);
    add_measured(&text, team);
    for (size_t i = 0; i < extra_count; i++)
        add(&text, ", \"%s\": %.4f", extras[i].name, extras[i].value);
    if (team->series != NULL)
        add_series(&text, team->series);
    add(&text, "}\n");
    for (size_t done = 0; done < text.length;) {
        ssize_t wrote = write(STDOUT_FILENO, text.bytes + done, text.length - done);
        if (wrote < 0)
            bench_die("write");
        done += (size_t)wrote;
    }
    return team->total.failures + team->total.errors == 0 ? 0 : 1;
}
