/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * stream.h -- how heap.c reads its input: four bytes are an operation. The low half of the first names it; the
 * high half, here called how, is its variant or its band of sizes. */
#pragma once
#include "fuzz.h"

enum op {
    OP_MALLOC,  /* slot, size by how: into the slot, whose block is freed first */
    OP_CALLOC,  /* the same with zeros */
    OP_REALLOC, /* slot, size */
    OP_ALIGNED, /* slot, alignment by how, size */
    OP_FREE,    /* slot */
    OP_SIZED,   /* slot: freed with its size */
    OP_CHECK,   /* slot: its contents and what the library says of it */
    OP_EXPAND,  /* slot, size */
    OP_BATCH,   /* slot, size, count by the slot: into the slots from there on, all at once */
    OP_SWEEP,   /* slot, count: frees the slots from there on, all at once */
    OP_SWITCH,  /* the thread that goes on from here */
    OP_END,     /* the thread ends; the first one goes on */
    OP_TRIM,
    OP_FIGURES, /* statistics against the shadow */
    OP_MISUSE,  /* a wrong pointer by how */
    OP_FAULTS,  /* a plan of refusals of the kernel */
    OP_COUNT
};

enum { RECORD = 4, THREADS = 3 };

struct record {
    unsigned op, how; /* 0..15 */
    unsigned slot, a, b;
};

static inline struct record stream_read(const uint8_t *data) {
    return (struct record){data[0] & 15u, data[0] >> 4, data[1], data[2], data[3]};
}

/* Sizes of every kind: small ones in the low bands, then whole classes, runs, blocks with their own mapping, next
 * to powers of two, and beyond all bounds. */
static inline size_t stream_size(const struct record *record) {
    size_t wide = (size_t)record->a << 8 | record->b;
    switch (record->how & 7) {
    case 0:
    case 1:
    case 2: return record->a;
    case 3: return (size_t)record->a * 4 + (record->b & 3);
    case 4: return wide & 0x3fff;
    case 5: return wide * 2;
    case 6: return ((size_t)1 << record->a % 22) + record->b % 5 - 2;
    default: break;
    }
    if (record->a == 255)
        return (record->b & 1 ? SIZE_MAX : (size_t)PTRDIFF_MAX + 1 + record->b) - record->b / 2;
    return wide * 64;
}
