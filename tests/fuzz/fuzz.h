/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * fuzz.h -- what a harness is: one function that reads bytes as a list of operations, checks every result
 * against a model, and ends the process at the first fault. The same source is linked with a fuzzing engine
 * (libFuzzer, or AFL++'s driver of the same interface) or with driver.c. */
#pragma once
#include "rng.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The engine's interface. Every input begins and ends with an empty heap. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* For driver.c: fills data with an input made of random operations; returns its length. */
size_t fuzz_generate(struct rng *rng, uint8_t *data, size_t most_bytes);

/* Operations done so far that reached the library. */
extern uint64_t fuzz_operations;

#define fuzz_require(condition, ...)                                              \
    do {                                                                          \
        if (!(condition)) {                                                       \
            fprintf(stderr, "fuzz: %s:%d: %s: ", __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__);                                         \
            fprintf(stderr, "\n");                                                \
            abort();                                                              \
        }                                                                         \
    } while (0)

/* What the compiler believes about an allocation's result is forgotten. */
static inline void *fuzz_launder(const void *address) {
    void *block = (void *)(uintptr_t)address;
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}
