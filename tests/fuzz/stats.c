/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * stats.c -- harness: the readers of statistics, between allocations. The struct is filled as far as its size
 * reaches and not beyond, whatever the size; the text is lines of the known names and the JSON is JSON; both
 * hold the figures of the struct; other formats are refused. */
#include "allocator.h"
#include "fuzz.h"
#include "markup.h"
#include "reports.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { SLOTS = 64, RECORD = 3, BEYOND = 64, CANARY = 0xa5, MOST_TEXT = 16384 };

uint64_t fuzz_operations;

static void *slots[SLOTS];

/* --- The struct ------------------------------------------------------------------------------- */

static heap_stats read_whole(void) {
    heap_stats stats = {.size = sizeof stats};
    fuzz_require(heap_stats_get(&stats) == 0 && stats.size == sizeof stats && stats.version >= 1, "size %u, version %u",
                 stats.size, stats.version);
    return stats;
}

static void get_as_far_as(uint32_t size) {
    union {
        heap_stats stats;
        unsigned char bytes[sizeof(heap_stats) + BEYOND];
    } part, before;
    heap_stats whole = read_whole();
    memset(&before, CANARY, sizeof before);
    before.stats.size = size;
    part = before;
    bool is_known = size >= offsetof(heap_stats, allocated);
    fuzz_require(heap_stats_get(&part.stats) == (is_known ? 0 : EINVAL), "size %u", size);
    size_t reach = !is_known ? 0 : size < sizeof whole ? size : sizeof whole;
    fuzz_require(memcmp(part.bytes + reach, before.bytes + reach, sizeof part - reach) == 0,
                 "size %u: written beyond %zu", size, reach);
    if (!is_known)
        return;
    fuzz_require(part.stats.size == (HEAP_CUTS_SIZE ? reach : size), "size %u becomes %u", size, part.stats.size);
    whole.size = part.stats.size;
    fuzz_require(memcmp(part.bytes, &whole, reach) == 0, "size %u: other figures", size);
}

/* --- The texts -------------------------------------------------------------------------------- */

#ifndef FUZZ_HZ7
static struct printed {
    size_t bytes;
    char text[MOST_TEXT];
} printed;

static void collect(void *arg, const char *text, size_t bytes) {
    struct printed *to = arg;
    fuzz_require(bytes < MOST_TEXT - to->bytes, "%zu bytes after %zu", bytes, to->bytes);
    memcpy(to->text + to->bytes, text, bytes);
    to->bytes += bytes;
    to->text[to->bytes] = '\0';
}

#define FIGURE(name) \
    { #name, offsetof(heap_stats, name) }
static const struct figure {
    const char *name;
    size_t offset;
} figures[] = {
    FIGURE(allocated), FIGURE(cached),        FIGURE(unused),         FIGURE(active),        FIGURE(dirty),
    FIGURE(clean),     FIGURE(mapped),        FIGURE(reserved),       FIGURE(metadata),      FIGURE(threads),
    FIGURE(runs),      FIGURE(large),         FIGURE(huge),           FIGURE(huge_bytes),    FIGURE(refills),
    FIGURE(flushes),   FIGURE(remote_blocks), FIGURE(remote_batches), FIGURE(runs_created),  FIGURE(runs_released),
    FIGURE(purges),    FIGURE(purged_bytes),  FIGURE(foreign_frees),  FIGURE(out_of_memory),
};

/* The number after head, once in the text, is the struct's. */
static void need_figure(const struct figure *figure, const char *head, const heap_stats *stats) {
    uint64_t value;
    char *end;
    memcpy(&value, (const char *)stats + figure->offset, sizeof value);
    const char *at = strstr(printed.text, head);
    fuzz_require(at != NULL && strstr(at + 1, head) == NULL, "%s is not there once", head);
    at += strlen(head);
    at += strspn(at, " ");
    fuzz_require(isdigit((unsigned char)*at) && strtoull(at, &end, 10) == value, "%s is not %llu in: %s", head,
                 (unsigned long long)value, printed.text);
    fuzz_require(strchr(", }\n", *end) != NULL, "%s: no end", head);
}

static void print_as(int format) {
    heap_stats stats = read_whole();
    bool is_known = format == HKZ_FORMAT_TEXT || format == HKZ_FORMAT_JSON;
    printed.bytes = 0;
    int result = hkz_stats_print((enum hkz_format)format, collect, &printed);
    fuzz_require(result == (is_known ? 0 : EINVAL), "format %d: %d", format, result);
    fuzz_require((printed.bytes != 0) == is_known, "format %d: %zu bytes", format, printed.bytes);
    if (!is_known)
        return;
    fuzz_require(strlen(printed.text) == printed.bytes && printed.text[printed.bytes - 1] == '\n', "not a text");
    fuzz_require(format != HKZ_FORMAT_JSON || markup_is_json(printed.text), "not JSON: %s", printed.text);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        char head[64];
        snprintf(head, sizeof head, format == HKZ_FORMAT_JSON ? "\"%s\": " : "\n  %s ", figures[i].name);
        need_figure(&figures[i], head, &stats);
    }
}

/* Without a writer it goes to standard error: whole lines, no error among them. */
static void print_unasked(void) {
    reports_reset();
    fuzz_require(hkz_stats_print(HKZ_FORMAT_TEXT, NULL, NULL) == 0, "refused");
    fuzz_require(reports.lines == 1 && reports.errors == 0, "%u lines, %u errors", reports.lines, reports.errors);
}
#else
static void print_as(int format) { (void)format; }
static void print_unasked(void) {}
#endif

/* --- The input -------------------------------------------------------------------------------- */

static void free_slot(void **slot) {
    heap_free(*slot);
    *slot = NULL;
}

static void step(unsigned op, unsigned a, unsigned b) {
    uint32_t wide = (uint32_t)(a << 8 | b);
    switch (op % 6) {
    case 0:
        free_slot(&slots[a % SLOTS]);
        slots[a % SLOTS] = heap_malloc((size_t)1 << b % 22);
        break;
    case 1: free_slot(&slots[a % SLOTS]); break;
    case 2: get_as_far_as(op & 8 ? wide : wide % (sizeof(heap_stats) + BEYOND)); break;
    case 3: print_as(a < 128 ? (int)(a & 1) : (int)(int16_t)wide); break;
    case 4: print_unasked(); break;
    default: get_as_far_as(wide << 16 | wide); break;
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    heap_prepare();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    for (size_t at = 0; at + RECORD <= bytes; at += RECORD) {
        step(data[at], data[at + 1], data[at + 2]);
        fuzz_operations++;
    }
    for (unsigned i = 0; i < SLOTS; i++)
        free_slot(&slots[i]);
    return 0;
}

size_t fuzz_generate(struct rng *rng, uint8_t *data, size_t most_bytes) {
    size_t bytes = most_bytes < 3000 ? most_bytes / RECORD * RECORD : 3000;
    for (size_t i = 0; i < bytes; i++)
        data[i] = (uint8_t)(rng_next(rng) >> 32);
    return bytes;
}
