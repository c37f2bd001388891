/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hkz.c -- what hakozuna.h says of its functions, each linked in; sweeps over sizes are in the suite api. */
#if !defined(_WIN32)
#include "child.h"
#endif
#include "hakozuna.h"
#include "markup.h"
#include "standard.h"

static const char HEADER[] = "hakozuna.h";

bool clause(bool holds, const char *what, const char *source) { return tap_ok(holds, "%s (%s)", what, source); }

static bool is_enomem(const void *block) {
    bool refused = is_refused(block, ENOMEM);
    errno = 0;
    return refused;
}

static void allocation(void) {
    bool is_right = true, is_zero = true, is_natural = true, is_refused_well = true;
    for (size_t i = 0; i < FEW_SIZES; i++) {
        size_t size = some_sizes[i];
        char *block = launder(hkz_malloc(opaque(size)));
        char *zeroed = launder(hkz_zalloc(opaque(size))), *counted = launder(hkz_calloc(opaque(size), opaque(1)));
        is_right = is_right && is_aligned(block, 16) && hkz_usable_size(block) >= size;
        is_zero = is_zero && pattern_is_zero(zeroed, size) && pattern_is_zero(counted, size);
        hkz_free(fill(block, size));
        hkz_free(fill(zeroed, size));
        hkz_free(fill(counted, size));
    }
    for (size_t size = 16; size <= 64 * KIB; size *= 2) {
        void *first = launder(hkz_malloc(opaque(size))), *second = launder(hkz_malloc(opaque(size)));
        is_natural = is_natural && is_aligned(first, size) && is_aligned(second, size);
        hkz_free(first);
        hkz_free(second);
    }
    errno = 0;
    for (size_t i = 0; i < COUNT_OF(impossible_sizes); i++) {
        size_t size = impossible_sizes[i];
        is_refused_well = is_refused_well && is_enomem(launder(hkz_malloc(opaque(size)))) &&
                          is_enomem(launder(hkz_zalloc(opaque(size)))) &&
                          is_enomem(launder(hkz_aligned_alloc(64, opaque(size)))) &&
                          is_enomem(launder(hkz_calloc(1, opaque(size))));
    }
    clause(is_right, "hkz_malloc: at least size bytes, aligned to 16", HEADER);
    clause(is_zero, "hkz_calloc, hkz_zalloc: zero bytes", HEADER);
    clause(is_natural, "hkz_malloc: powers of two up to 64 KiB are aligned to themselves", HEADER);
    clause(is_refused_well, "hkz_malloc and its kin: above PTRDIFF_MAX they are NULL and ENOMEM", HEADER);
    void *first = launder(hkz_malloc(opaque(0))), *second = launder(hkz_malloc(opaque(0)));
    clause(first != NULL && first != second && hkz_usable_size(first) == hkz_good_size(0),
           "hkz_malloc: no bytes give a unique block of the smallest class", HEADER);
    hkz_free(first);
    hkz_free(second);
}

static void resizing(void) {
    char *block = fill(launder(hkz_realloc(NULL, opaque(100))), 100);
    block = launder(hkz_realloc(block, opaque(100000)));
    clause(has_contents(block, 100, 100), "hkz_realloc: keeps contents; of NULL it is hkz_malloc", HEADER);
    errno = 0;
    bool is_refused_well = is_enomem(launder(hkz_realloc(block, opaque(SIZE_MAX)))) &&
                           is_enomem(launder(hkz_reallocarray(block, opaque(SIZE_MAX / 2), opaque(3))));
    clause(is_refused_well && has_contents(block, 100, 100), "hkz_realloc: on failure the block stays valid", HEADER);
    block = launder(hkz_reallocarray(block, opaque(50), opaque(40)));
    clause(block != NULL && has_contents(block, 100, 100) && hkz_usable_size(block) >= 2000,
           "hkz_reallocarray: is hkz_realloc to the product", HEADER);
    errno = SENTINEL;
    block = launder(hkz_realloc(block, opaque(0)));
    clause(block == NULL && errno == SENTINEL, "hkz_realloc: to no bytes it frees and returns NULL", HEADER);
}

static void aligned(void) {
    bool is_right = true, is_stored = true;
    for (size_t alignment = 1; alignment <= 8 * MIB; alignment *= 2) {
        void *block = launder(hkz_aligned_alloc(opaque(alignment), opaque(alignment / 2 + 3))), *stored = NULL;
        is_right = is_right && block != NULL && is_aligned(block, alignment);
        if (alignment >= sizeof(void *)) {
            is_stored = is_stored && hkz_posix_memalign(&stored, opaque(alignment), opaque(100)) == 0;
            is_stored = is_stored && is_aligned(launder(stored), alignment);
        }
        hkz_free(block);
        hkz_free(stored);
    }
    clause(is_right, "hkz_aligned_alloc: any power of two, any size", HEADER);
    clause(is_stored, "hkz_posix_memalign: stores such a block", HEADER);
    errno = 0;
    void *block = launder(hkz_aligned_alloc(opaque(48), opaque(100)));
    clause(is_refused(block, EINVAL), "hkz_aligned_alloc: other alignments are NULL and EINVAL", HEADER);
    char mark;
    block = &mark;
    errno = SENTINEL;
    int no_power = hkz_posix_memalign(&block, opaque(24), 8),
        small = hkz_posix_memalign(&block, opaque(sizeof(void *) / 2), 8);
    int too_much = hkz_posix_memalign(&block, opaque(64), opaque(SIZE_MAX - 100));
    clause(no_power == EINVAL && small == EINVAL && too_much == ENOMEM && errno == SENTINEL && block == &mark,
           "hkz_posix_memalign: returns EINVAL or ENOMEM, and leaves errno and the pointer alone", HEADER);
}

static void freeing(void) {
    errno = SENTINEL;
    hkz_free(NULL);
    hkz_free_sized(NULL, opaque(10));
    hkz_free_aligned_sized(NULL, opaque(64), opaque(10));
    for (size_t i = 0; i < FEW_SIZES; i++) {
        hkz_free(launder(hkz_malloc(opaque(some_sizes[i]))));
        hkz_free_sized(launder(hkz_malloc(opaque(some_sizes[i]))), opaque(some_sizes[i]));
        hkz_free_aligned_sized(launder(hkz_aligned_alloc(64, opaque(some_sizes[i]))), 64, opaque(some_sizes[i]));
    }
    clause(errno == SENTINEL, "hkz_free, hkz_free_sized, hkz_free_aligned_sized: take NULL and keep errno", HEADER);
}

static void batches(void) {
    enum { BLOCKS = 200 };
    void *blocks[BLOCKS + 1];
    blocks[BLOCKS] = blocks;
    size_t got = hkz_batch_malloc(opaque(300), blocks, BLOCKS);
    for (size_t i = 0; i < got; i++)
        fill(blocks[i], 200 + i % 100);
    bool is_disjoint = got == BLOCKS && blocks[BLOCKS] == blocks;
    for (size_t i = 0; i < got; i++)
        is_disjoint = is_disjoint && has_contents(blocks[i], 200 + i % 100, SIZE_MAX);
    clause(is_disjoint, "hkz_batch_malloc: as many blocks as asked for, each its own", HEADER);
    hkz_free(blocks[0]);
    blocks[0] = NULL;
    errno = SENTINEL;
    hkz_batch_free(blocks, BLOCKS);
    clause(errno == SENTINEL, "hkz_batch_free: NULL entries are ignored", HEADER);
    blocks[0] = blocks;
    errno = 0;
    got = hkz_batch_malloc(opaque(SIZE_MAX - 20), blocks, 2);
    clause(got == 0 && errno == ENOMEM && blocks[0] == blocks, "hkz_batch_malloc: fewer, ENOMEM, the rest untouched",
           HEADER);
    clause(hkz_batch_malloc(opaque(10), blocks, 0) == 0, "hkz_batch_malloc: none is none", HEADER);
}

static void questions(void) {
    bool is_good = true, is_expanded = true, is_owned = true;
    for (size_t i = 0; i < FEW_SIZES; i++) {
        char *block = fill(launder(hkz_malloc(opaque(some_sizes[i]))), some_sizes[i]);
        is_good = is_good && hkz_good_size(some_sizes[i]) == hkz_usable_size(block);
        is_owned = is_owned && hkz_owns(block) && hkz_owns(block + some_sizes[i] - 1);
        errno = SENTINEL;
        void *same = launder(hkz_expand(block, opaque(hkz_usable_size(block))));
        void *more = launder(hkz_expand(block, opaque(some_sizes[i] * 2 + 16)));
        void *less = launder(hkz_expand(block, 1));
        is_expanded = is_expanded && same == block && less == block && (more == block || more == NULL) &&
                      (more == NULL || hkz_usable_size(block) >= some_sizes[i] * 2 + 16) && errno == SENTINEL &&
                      has_contents(block, some_sizes[i], some_sizes[i]);
        hkz_free(block);
    }
    clause(is_good, "hkz_good_size: what hkz_usable_size will say", HEADER);
    clause(hkz_good_size(opaque(SIZE_MAX)) == 0 && hkz_usable_size(NULL) == 0,
           "hkz_good_size: 0 if no such block can exist; hkz_usable_size: 0 for NULL", HEADER);
    clause(is_expanded, "hkz_expand: in place or NULL, errno and contents stay, never less", HEADER);
    void *block = launder(hkz_malloc(100));
    clause(hkz_expand(block, opaque(SIZE_MAX)) == NULL, "hkz_expand: to what cannot be it is NULL", HEADER);
    hkz_free(block);
    int variable = 0;
    clause(is_owned && !hkz_owns(&variable) && !hkz_owns(NULL) && !hkz_owns(HEADER),
           "hkz_owns: blocks, and neither variables nor NULL nor data", HEADER);
}

static void figures(void) {
    struct hkz_stats stats = {.size = sizeof stats};
    char *block = launder(hkz_malloc(opaque(3 * MIB)));
    int result = hkz_stats_get(&stats);
    clause(result == 0 && stats.version == 1 && stats.size == sizeof stats, "hkz_stats_get: 0, and version 1", HEADER);
    clause(stats.mapped == stats.active + stats.dirty + stats.clean &&
               stats.active == stats.allocated + stats.cached + stats.unused,
           "struct hkz_stats: both identities hold", HEADER);
    clause(stats.allocated >= 3 * MIB && stats.reserved >= stats.mapped,
           "struct hkz_stats: what the program holds is allocated", HEADER);
    stats.size = 4;
    clause(hkz_stats_get(&stats) == EINVAL, "hkz_stats_get: EINVAL below the first two fields", HEADER);
    hkz_free(block);
    clause(hkz_trim() > 0, "hkz_trim: returns the bytes given back", HEADER);
}

static char collected[64 * 1024];
static size_t collected_bytes;

static void collect(void *arg, const char *text, size_t bytes) {
    if (arg == collected && collected_bytes + bytes < sizeof collected)
        memcpy(collected + collected_bytes, text, bytes);
    collected_bytes += bytes;
}

/* Whether what work prints goes there, and nowhere else; on Windows, where there is no fork, whether it works. */
#if defined(_WIN32)
static bool is_on_standard_error(void (*work)(void *arg)) {
    work(NULL);
    return true;
}
#else
static bool is_on_standard_error(void (*work)(void *arg)) {
    static struct child child;
    return child_run(&child, work, NULL) && child_exited(&child, 0) && child.err[0] != '\0' && child.out[0] == '\0';
}
#endif

static void options_on_standard_error(void *arg) {
    if (hkz_options_print(HKZ_FORMAT_TEXT, NULL, NULL, arg) != 0 || hkz_options_check("x = 1", 5, NULL, arg) != 1)
        _exit(1);
}

/* The words of the options. */
static void options(void) {
    static const char text[] = "# a comment\nthp = never\n[exe:a]\nthp = nver\n[exe:b]\ndekay_ms = 1\n";
    for (unsigned i = 0; i < 2; i++) {
        memset(collected, 0, sizeof collected);
        collected_bytes = 0;
        int result = hkz_options_print(HKZ_FORMAT_JSON, i == 0 ? NULL : "a-program", collect, collected);
        clause(result == 0 && markup_is_json(collected) && strstr(collected, "\"decay_ms\"") != NULL,
               "hkz_options_print: JSON, piece by piece, with arg", HEADER);
    }
    clause(hkz_options_print((enum hkz_format)opaque(17), NULL, collect, NULL) == EINVAL,
           "hkz_options_print: EINVAL for an unknown format", HEADER);
    memset(collected, 0, sizeof collected);
    collected_bytes = 0;
    unsigned faults = hkz_options_check(text, sizeof text - 1, collect, collected);
    clause(faults == 2 && strncmp(collected, "4: ", 3) == 0 && strstr(collected, "\n6: ") != NULL,
           "hkz_options_check: the faults of all sections, with their lines", HEADER);
    clause(hkz_options_check(text, 23, collect, collected) == 0, "hkz_options_check: 0 where there is none", HEADER);
    clause(is_on_standard_error(options_on_standard_error),
           "hkz_options_print, hkz_options_check: NULL is standard error", HEADER);
}

static void print_on_standard_error(void *arg) {
    if (hkz_stats_print(HKZ_FORMAT_TEXT, NULL, arg) != 0)
        _exit(1);
}

static void words(void) {
    int result = hkz_stats_print(HKZ_FORMAT_JSON, collect, collected);
    clause(result == 0 && markup_is_json(collected), "hkz_stats_print: JSON, piece by piece, with arg", HEADER);
    clause(hkz_stats_print((enum hkz_format)opaque(17), collect, NULL) == EINVAL,
           "hkz_stats_print: EINVAL for an unknown format", HEADER);
    clause(is_on_standard_error(print_on_standard_error), "hkz_stats_print: NULL is standard error", HEADER);
    int major = 0, minor = 0, patch = 0;
    int read = sscanf(hkz_version(), "%d.%d.%d", &major, &minor, &patch);
    clause(read == 3 && hkz_version_number() == HKZ_VERSION && major * 10000 + minor * 100 + patch == HKZ_VERSION,
           "hkz_version, hkz_version_number: those of the header", HEADER);
    clause(strncmp(hkz_profile(), "hz", 2) == 0 || strncmp(hkz_profile(), "tiny", 4) == 0,
           "hkz_profile: the profile's name", HEADER);
}

int main(void) {
    watchdog_start(STANDARD_SECONDS);
    allocation();
    resizing();
    aligned();
    freeing();
    batches();
    questions();
    figures();
    words();
    options();
    return tap_done();
}
