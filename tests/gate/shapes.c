/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * shapes.c -- lives of a heap, with fixed seeds and fixed iterations; blocks are written. Two threads take turns, so
 * that what happens is the same each time.
 * usage: shapes SHAPE...: runs these one after another, each between marks */
#include "gate.h"
#include <pthread.h>
#include <stdio.h>

static void sample(void) {
    if (gate_sample != NULL)
        gate_sample();
}

static void advance(unsigned ms) {
    if (gate_advance != NULL)
        gate_advance(ms);
}

/* One byte of each page, and the last one. */
static void touch(char *block, size_t size) {
    if (block == NULL)
        abort();
    for (size_t at = 0; at < size; at += 4096)
        block[at] = 1;
    block[size - 1] = 1;
}

static char *take(size_t size) {
    char *block = malloc(size);
    touch(block, size);
    return block;
}

static uint64_t operations; /* of the shape that runs */

/* --- Lanes: random slots are filled and emptied; some blocks are freed by the other thread ------------- */

enum { SLOTS = 400, TURN = 500, POST = TURN };

struct lane {
    size_t min, max;
    unsigned remote_percent, turns;
    struct {
        uint64_t seed;
        void *slots[SLOTS];
        void *arrived[POST];
        unsigned arrived_count;
    } side[2];
};

static struct lane lane;

static void empty_slot(unsigned which, unsigned slot) {
    void *block = lane.side[which].slots[slot];
    lane.side[which].slots[slot] = NULL;
    bool goes = gate_below(&lane.side[which].seed, 100) < lane.remote_percent;
    unsigned *count = &lane.side[1 - which].arrived_count;
    if (goes && *count < POST)
        lane.side[1 - which].arrived[(*count)++] = block;
    else
        free(block);
}

static void lane_turn(void *arg, unsigned turn) {
    (void)arg;
    unsigned which = lane.remote_percent == 0 ? 0 : turn % 2;
    for (unsigned i = 0; i < lane.side[which].arrived_count; i++)
        free(lane.side[which].arrived[i]);
    lane.side[which].arrived_count = 0;
    for (unsigned i = 0; i < TURN; i++, operations++) {
        unsigned slot = gate_below(&lane.side[which].seed, SLOTS);
        if (lane.side[which].slots[slot] != NULL)
            empty_slot(which, slot);
        else
            lane.side[which].slots[slot] = take(gate_between(&lane.side[which].seed, lane.min, lane.max));
    }
    if (turn % 8 == 7)
        sample();
}

static void free_all(void) {
    for (unsigned which = 0; which < 2; which++) {
        for (unsigned i = 0; i < SLOTS; i++)
            free(lane.side[which].slots[i]);
        for (unsigned i = 0; i < lane.side[which].arrived_count; i++)
            free(lane.side[which].arrived[i]);
    }
}

static void run_lane(size_t min, size_t max, unsigned remote_percent, unsigned turns) {
    memset(&lane, 0, sizeof lane);
    lane.min = min;
    lane.max = max;
    lane.remote_percent = remote_percent;
    lane.side[0].seed = 1;
    lane.side[1].seed = 2;
    if (remote_percent != 0)
        gate_take_turns(turns, lane_turn, NULL);
    else
        for (unsigned turn = 0; turn < turns; turn++)
            lane_turn(NULL, turn);
    free_all();
}

static void guard_r0(void) { run_lane(16, 2048, 0, 48); }
static void guard_r90(void) { run_lane(16, 2048, 90, 48); }
static void main_r0(void) { run_lane(16, 32768, 0, 40); }
static void main_r50(void) { run_lane(16, 32768, 50, 40); }
static void cross128_r90(void) { run_lane(16, 131072, 90, 24); }
static void large128_r0(void) { run_lane(65537, 131072, 0, 16); }

/* --- Other lives ---------------------------------------------------------------------------------------- */

enum { CROWD = 24000 };

static char *crowd[CROWD];

/* Mostly small, as programs ask. */
static size_t usual_size(uint64_t *seed) {
    unsigned percent = gate_below(seed, 100);
    return percent < 85   ? gate_between(seed, 16, 256)
           : percent < 97 ? gate_between(seed, 257, 2048)
                          : gate_between(seed, 2049, 32768);
}

static void refill_crowd(uint64_t *seed, unsigned part, unsigned percent_of_size) {
    for (unsigned i = 0; i < CROWD; i++)
        if (crowd[i] == NULL && gate_below(seed, 100) < part) {
            size_t size = usual_size(seed) * percent_of_size / 100 + 1;
            crowd[i] = take(size);
            operations++;
        }
    sample();
}

static void thin_crowd(uint64_t *seed, unsigned part) {
    for (unsigned i = 0; i < CROWD; i++)
        if (crowd[i] != NULL && gate_below(seed, 100) < part) {
            free(crowd[i]);
            crowd[i] = NULL;
            operations++;
        }
    sample();
}

/* Sizes drift while a tenth survives each change. */
static void drift(void) {
    uint64_t seed = 3;
    for (unsigned percent = 60; percent <= 180; percent += 40) {
        refill_crowd(&seed, 100, percent);
        advance(700);
        thin_crowd(&seed, 90);
    }
    thin_crowd(&seed, 100);
}

/* Much, then nothing for a while, and again. */
static void bursts(void) {
    uint64_t seed = 4;
    for (unsigned round = 0; round < 3; round++) {
        refill_crowd(&seed, 100, 100);
        thin_crowd(&seed, 95);
        for (unsigned idle = 0; idle < 40; idle++) {
            advance(100);
            for (unsigned i = 0; i < 200; i++, operations++)
                free(take(64));
            sample();
        }
    }
    thin_crowd(&seed, 100);
}

enum { HELD = 6 };

/* Large buffers, some of which grow. */
static void buffers(void) {
    uint64_t seed = 5;
    char *held[HELD] = {NULL};
    for (unsigned i = 0; i < 120; i++, operations++) {
        size_t size = gate_between(&seed, 1, 8) << gate_between(&seed, 16, 20);
        free(held[i % HELD]);
        held[i % HELD] = take(size);
        if (i % 3 == 0) {
            held[i % HELD] = realloc(held[i % HELD], 2 * size);
            touch(held[i % HELD], 2 * size);
        }
        sample();
        advance(5);
    }
    for (unsigned i = 0; i < HELD; i++)
        free(held[i]);
}

/* Frees what the thread before left, and leaves some. */
static void *short_life(void *arg) {
    uint64_t *seed = arg;
    thin_crowd(seed, 90);
    for (unsigned i = 0; i < 1500; i++, operations++)
        crowd[i] = crowd[i] != NULL ? crowd[i] : take(usual_size(seed));
    return NULL;
}

static void generations(void) {
    uint64_t seed = 6;
    for (unsigned i = 0; i < 24; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, short_life, &seed) != 0 || pthread_join(thread, NULL) != 0)
            abort();
        advance(20);
        sample();
    }
    thin_crowd(&seed, 100);
}

static const struct shape {
    const char *name;
    void (*run)(void);
} shapes[] = {
    {"guard_r0", guard_r0},         {"guard_r90", guard_r90},     {"main_r0", main_r0}, {"main_r50", main_r50},
    {"cross128_r90", cross128_r90}, {"large128_r0", large128_r0}, {"drift", drift},     {"bursts", bursts},
    {"buffers", buffers},           {"generations", generations},
};

int main(int argc, char **argv) {
    static char output[4096]; /* or stdio allocates one */
    setvbuf(stdout, output, _IOFBF, sizeof output);
    for (int i = 1; i < argc; i++)
        for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
            if (strcmp(argv[i], shapes[k].name) == 0) {
                operations = 0;
                gate_mark();
                shapes[k].run();
                gate_mark();
                gate_row(shapes[k].name, operations);
            }
    return 0;
}
