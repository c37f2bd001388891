/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * random.c -- what lies where by chance. Children of one process have one layout from the kernel, so that what
 * differs between them is the allocator's doing. */
#include "hard.h"
#include "hz_map.h"
#include "hz_policy.h"

enum { SMALL = 48, LARGE = 512, TRIES = 4 };

/* Where the arena is, and where blocks of two sizes lie in it. */
struct places {
    uintptr_t base;
    uint32_t small[SMALL];
    uint32_t large[LARGE];
};

static void print_places(void *arg) {
    static struct places places;
    (void)arg;
    for (unsigned i = 0; i < SMALL; i++)
        places.small[i] = (uint32_t)((uintptr_t)take(64) - hz_map_first.base);
    for (unsigned i = 0; i < LARGE; i++)
        places.large[i] = (uint32_t)((uintptr_t)take(1024) - hz_map_first.base);
    places.base = hz_map_first.base;
    must(write(STDOUT_FILENO, &places, sizeof places) == sizeof places, "write");
}

static struct places found[TRIES];
_Static_assert(sizeof(struct places) < CHILD_TEXT, "fits");

static void look(void (*work)(void *), unsigned tries) {
    for (unsigned i = 0; i < tries; i++) {
        must(child_run(&child, work, NULL), "fork");
        must(child_exited(&child, 0), child.err);
        memcpy(&found[i], child.out, sizeof found[i]);
    }
}

static bool is_rising(const uint32_t *places, unsigned count) {
    for (unsigned i = 1; i < count; i++)
        if (places[i] <= places[i - 1])
            return false;
    return true;
}

/* How many of the others are as the first. */
static unsigned count_same(size_t offset, size_t bytes) {
    unsigned same = 0;
    for (unsigned i = 1; i < TRIES; i++)
        same += memcmp((char *)&found[0] + offset, (char *)&found[i] + offset, bytes) == 0;
    return same;
}

#define SAME(field) count_same(offsetof(struct places, field), sizeof found[0].field)

/* Two children of a process that has allocated: what they share until then must not bind them. */
static void print_forked(void *arg) {
    (void)arg;
    take(64);
    take(1024);
    struct child inner;
    for (unsigned i = 0; i < 2; i++) {
        must(child_run(&inner, print_places, NULL) && child_exited(&inner, 0), "inner fork");
        must(write(STDOUT_FILENO, inner.out, sizeof(uintptr_t) * 500) > 0, "write");
    }
}

static void test_fork(void) {
    must(child_run(&child, print_forked, NULL) && child_exited(&child, 0), "fork");
    size_t half = sizeof(uintptr_t) * 500;
    tap_ok(half * 2 < CHILD_TEXT && memcmp(child.out, child.out + half, half) != 0, "all: two forked children differ");
}

int main(void) {
    watchdog_start(HARD_SECONDS);
    with("random=off");
    look(print_places, TRIES);
    tap_ok(SAME(base) == TRIES - 1, "off: the arena lies where it lay");
    tap_ok(SAME(small) == TRIES - 1 && SAME(large) == TRIES - 1, "off: and every block");
    tap_ok(is_rising(found[0].small, SMALL), "off: in order");
    with("random=arena");
    look(print_places, TRIES);
    tap_ok(SAME(base) == 0, "arena: it lies elsewhere each time");
    tap_ok(SAME(small) == TRIES - 1 && SAME(large) == TRIES - 1, "arena: and all in it as ever");
    tap_ok(found[0].base % (2 << 20) == 0, "arena: where huge pages can form");
    with("random=all");
    look(print_places, TRIES);
    tap_ok(SAME(base) == 0, "all: the arena lies elsewhere each time");
    tap_ok(SAME(large) == 0, "all: and the blocks");
    bool is_mixed = hz_policy.bin_blocks_max >= SMALL; /* a refill of one block has one order */
    tap_ok(is_rising(found[0].small, SMALL) == !is_mixed, "all: blocks of a run come in any order");
    test_fork();
    with("");
    look(print_places, TRIES);
    tap_ok((SAME(base) == 0) == (hz_policy.random >= HZ_RANDOM_ARENA), "by default as the policy says");
    tap_ok((SAME(large) == 0) == (hz_policy.random >= HZ_RANDOM_ALL), "in both");
    return tap_done();
}
