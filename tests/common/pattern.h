/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * pattern.h -- fills a block with words that follow from an id, and finds the first that changed.
 * The first and last 4 KiB are filled whole; between them one word per page, so that large blocks
 * stay cheap and yet every page is written. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PATTERN_DENSE = 4096 };

#define PATTERN_INTACT ((size_t)-1)

static inline uint64_t pattern_word(uint64_t id, size_t offset) {
    uint64_t word = (id * 0x9e3779b97f4a7c15u) ^ ((uint64_t)offset * 0xd6e8feb86659fd93u);
    return word ^ (word >> 29);
}

/* The offset after `offset` that is written in a block of `full` bytes. */
static inline size_t pattern_step(size_t offset, size_t full) {
    size_t next = offset + sizeof(uint64_t);
    if (next < PATTERN_DENSE || next + PATTERN_DENSE >= full)
        return next;
    size_t page = (next + PATTERN_DENSE - 1) & ~(size_t)(PATTERN_DENSE - 1);
    size_t tail = (full - PATTERN_DENSE) & ~(size_t)7;
    return page < tail ? page : tail;
}

static inline void pattern_fill(void *block, size_t bytes, uint64_t id) {
    for (size_t offset = 0; offset < bytes; offset = pattern_step(offset, bytes)) {
        uint64_t word = pattern_word(id, offset);
        size_t left = bytes - offset;
        memcpy((char *)block + offset, &word, left < sizeof word ? left : sizeof word);
    }
}

/* The offset of the first changed word in the first `checked` bytes of a block that was filled with
 * `filled` bytes, or PATTERN_INTACT. */
static inline size_t pattern_check(const void *block, size_t filled, size_t checked, uint64_t id) {
    for (size_t offset = 0; offset < filled; offset = pattern_step(offset, filled)) {
        uint64_t word = pattern_word(id, offset);
        if (offset >= checked)
            break;
        size_t left = checked - offset;
        if (memcmp((const char *)block + offset, &word, left < sizeof word ? left : sizeof word) != 0)
            return offset;
    }
    return PATTERN_INTACT;
}

/* Whether the block holds zero bytes only. */
static inline int pattern_is_zero(const void *block, size_t bytes) {
    const unsigned char *byte = block;
    return bytes == 0 || (byte[0] == 0 && memcmp(byte, byte + 1, bytes - 1) == 0);
}
