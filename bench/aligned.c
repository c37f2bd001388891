/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * aligned -- blocks with an alignment, among plain ones, freed out of order.
 *
 * Models: buffers for direct I/O (4096), arrays for SIMD code and structures on cache lines of
 * their own (64), and now and then something odd. Stresses: finding an aligned place without
 * wasting the space in front of it, freeing by a pointer that is not where the run begins, blocks
 * of one alignment beside blocks of another. Each operation replaces the block of a random slot.
 * Of all blocks 30 % are plain (16..1024 bytes); of the rest 50 % have alignment 64 (64 bytes ..
 * 16 KiB), 35 % 4096 (whole pages up to 256 KiB) and 15 % a power of two in 16..65536 (up to 32
 * KiB); posix_memalign and aligned_alloc take turns. The alignment is checked, every block is
 * written (large ones a word in each page) and checked before it is freed. A good result: no more
 * time than for plain blocks of these sizes, and a peak near the live bytes. */
#include "bench.h"

#include <stdlib.h>

enum { THREADS, ITERATIONS, SLOTS, ARG_COUNT };

static struct bench_arg args[ARG_COUNT] = {
    [THREADS] = {"threads", 1, 1, 1024},
    [ITERATIONS] = {"iterations", 100000, 1, UINT64_MAX}, /* blocks replaced */
    [SLOTS] = {"slots", 1000, 1, 1U << 24},
};

enum { IO_ALIGNMENT = 4096, MAX_IO_BYTES = 256 << 10, MAX_ALIGNMENT = 65536 };

struct held {
    unsigned char *block;
    size_t size;
};

struct request {
    size_t alignment; /* 0: plain */
    size_t size;
};

static struct request draw(struct bench_rng *rng) {
    uint32_t percent = bench_below(rng, 100);
    if (percent < 30)
        return (struct request){0, bench_log_size(rng, 16, 1024)};
    if (percent < 65)
        return (struct request){64, bench_log_size(rng, 64, 16384)};
    if (percent < 90) {
        size_t pages = bench_log_size(rng, 1, MAX_IO_BYTES / IO_ALIGNMENT);
        return (struct request){IO_ALIGNMENT, pages * IO_ALIGNMENT};
    }
    size_t alignment = (size_t)16 << bench_below(rng, 13);
    return (struct request){alignment, bench_log_size(rng, 16, 32768)};
}

/* aligned_alloc, as C11 had it, wants a multiple of the alignment; posix_memalign takes any size. */
static void *allocate(const struct request *request, bool posix) {
    void *block;
    if (request->alignment == 0)
        return malloc(request->size);
    if (posix || request->size % request->alignment != 0)
        return posix_memalign(&block, request->alignment, request->size) == 0 ? block : NULL;
    return aligned_alloc(request->alignment, request->size);
}

static void drop(struct bench_worker *worker, struct held *one, uint32_t slot) {
    if (one->block == NULL)
        return;
    worker->counts.errors += !bench_is_written(one->block, one->size, slot);
    worker->counts.frees++;
    free(one->block);
    one->block = NULL;
}

static void replace(struct bench_worker *worker, struct held *one, uint32_t slot, bool posix) {
    struct request request = draw(&worker->rng);
    drop(worker, one, slot);
    one->size = request.size;
    one->block = allocate(&request, posix);
    if (one->block == NULL) {
        worker->counts.failures++;
        return;
    }
    worker->counts.allocations++;
    size_t alignment = request.alignment != 0 ? request.alignment : 16;
    worker->counts.errors += (uintptr_t)one->block % alignment != 0;
    bench_write(one->block, one->size, slot);
}

static void body(struct bench_worker *worker) {
    uint32_t slots = (uint32_t)args[SLOTS].value;
    struct held *held = memset(bench_map(slots * sizeof *held), 0, slots * sizeof *held);
    for (uint32_t i = 0; i < slots; i++) /* warm: all slots full */
        replace(worker, &held[i], i, i % 2 == 0);
    worker->counts.allocations = 0;
    bench_start(worker);
    for (uint64_t i = 0; i < args[ITERATIONS].value; i++) {
        uint32_t slot = bench_below(&worker->rng, slots);
        replace(worker, &held[slot], slot, i % 2 == 0);
    }
    bench_stop(worker);
    for (uint32_t i = 0; i < slots; i++) {
        bench_sample(worker, held[i].block);
        drop(worker, &held[i], i);
    }
}

int main(int argc, char **argv) {
    bench_args_parse(argc, argv, args, ARG_COUNT);
    struct bench_team team = {.name = "aligned", .body = body};
    bench_team_run(&team, (unsigned)args[THREADS].value);
    return bench_report(&team, args, ARG_COUNT, NULL, 0);
}
