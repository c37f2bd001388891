/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * os.c -- the contract with the kernel, text, and reports. */
#include "child.h"
#include "hz_bits.h"
#include "hz_fatal.h"
#include "hz_os.h"
#include "hz_text.h"
#include "unit.h"
#include <errno.h>

enum { SENTINEL = 12345 };
static const size_t BYTES = 4 * HZ_PAGE;

static char *map_filled(size_t bytes, int value) {
    char *start = hz_os_map(bytes, HZ_PAGE);
    cr_assert_not_null(start);
    memset(start, value, bytes);
    return start;
}

static bool is_filled(const char *start, size_t bytes, char value) {
    for (size_t i = 0; i < bytes; i++)
        if (start[i] != value)
            return false;
    return true;
}

static void read_byte(void *address) { (void)*(volatile char *)address; }

static void write_byte(void *address) { *(volatile char *)address = 1; }

static bool is_refused(void (*access)(void *address), void *address) {
    struct child child;
    cr_assert(child_run(&child, access, address));
    return WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGSEGV;
}

Test(os, page_is_a_power_of_two_and_divides_ours) {
    cr_assert(hz_is_power_of_two(hz_os_page_bytes()));
    cr_assert_leq(hz_os_page_bytes(), HZ_PAGE);
}

Test(os, every_mapping_is_aligned) {
    for (size_t alignment = hz_os_page_bytes(); alignment <= 64 * HZ_MIB; alignment *= 2) {
        void *starts[2] = {hz_os_reserve(BYTES, alignment), hz_os_map(BYTES, alignment)};
        for (unsigned i = 0; i < 2; i++) {
            need(starts[i] != NULL && (uintptr_t)starts[i] % alignment == 0, "%u at %zu: %p", i, alignment, starts[i]);
            hz_os_release(starts[i], BYTES);
        }
    }
}

Test(os, reserved_space_has_no_rights_until_committed) {
    char *start = hz_os_reserve(BYTES, HZ_PAGE);
    cr_assert_not_null(start);
    cr_assert(is_refused(read_byte, start));
    cr_assert(hz_os_commit(start + HZ_PAGE, HZ_PAGE));
    cr_assert(unit_is_zero(start + HZ_PAGE, HZ_PAGE));
    memset(start + HZ_PAGE, 1, HZ_PAGE);
    cr_assert(is_refused(read_byte, start));
    cr_assert(is_refused(read_byte, start + 2 * HZ_PAGE));
}

Test(os, readable_space_reads_as_zeros_and_is_not_writable) {
    char *start = hz_os_reserve(BYTES, HZ_PAGE);
    cr_assert(hz_os_make_readable(start, BYTES));
    cr_assert(unit_is_zero(start, BYTES));
    cr_assert(is_refused(write_byte, start));
    cr_assert(hz_os_commit(start, HZ_PAGE));
    start[0] = 1;
    cr_assert(unit_is_zero(start + HZ_PAGE, BYTES - HZ_PAGE));
}

Test(os, commit_twice_keeps_contents) {
    char *start = hz_os_reserve(BYTES, HZ_PAGE);
    cr_assert(hz_os_commit(start, BYTES));
    memset(start, 3, BYTES);
    cr_assert(hz_os_commit(start, BYTES));
    cr_assert(is_filled(start, BYTES, 3));
}

Test(os, released_space_is_gone) {
    char *start = map_filled(BYTES, 1);
    hz_os_release(start, BYTES);
    cr_assert(is_refused(read_byte, start));
}

Test(os, purged_pages_read_as_zeros_and_stay_writable) {
    char *start = map_filled(BYTES, 5);
    cr_assert(hz_os_purge(start + HZ_PAGE, HZ_PAGE));
    cr_assert(is_filled(start, HZ_PAGE, 5));
    cr_assert(unit_is_zero(start + HZ_PAGE, HZ_PAGE));
    cr_assert(is_filled(start + 2 * HZ_PAGE, BYTES - 2 * HZ_PAGE, 5));
    memset(start + HZ_PAGE, 6, HZ_PAGE);
}

Test(os, remap_keeps_contents) {
    char *start = map_filled(BYTES, 7);
    start = hz_os_remap(start, BYTES, 16 * BYTES, true);
    cr_assert_not_null(start);
    cr_assert(is_filled(start, BYTES, 7));
    cr_assert(unit_is_zero(start + BYTES, 15 * BYTES));
    char *same = hz_os_remap(start, 16 * BYTES, BYTES, false);
    cr_assert_eq(same, start);
    cr_assert(is_filled(start, BYTES, 7));
}

Test(os, refused_remap_changes_nothing) {
    char *start = map_filled(BYTES, 7);
    errno = SENTINEL;
    cr_assert_null(hz_os_remap(start, BYTES, (size_t)1 << 60, true));
    cr_assert_eq(errno, SENTINEL);
    cr_assert(is_filled(start, BYTES, 7));
}

Test(os, moved_pages_keep_contents_and_leave_zeros) {
    char *from = map_filled(BYTES, 8);
    char *to = map_filled(BYTES, 9);
    if (!hz_os_move_pages(from, to, BYTES)) {
        cr_assert(is_filled(from, BYTES, 8));
        cr_skip_test("the kernel cannot move pages");
    }
    cr_assert(is_filled(to, BYTES, 8));
    cr_assert(unit_is_zero(from, BYTES));
    memset(from, 1, BYTES);
    cr_assert(is_filled(to, BYTES, 8));
}

Test(os, refusals_keep_errno) {
    errno = SENTINEL;
    cr_assert_null(hz_os_reserve((size_t)1 << 62, HZ_PAGE));
    cr_assert_null(hz_os_map((size_t)1 << 62, HZ_PAGE));
    char *gone = hz_os_map(BYTES, HZ_PAGE);
    hz_os_release(gone, BYTES);
    cr_assert_not(hz_os_commit(gone, BYTES));
    cr_assert_not(hz_os_make_readable(gone, BYTES));
    cr_assert_not(hz_os_purge(gone, BYTES));
    hz_os_advise_huge(gone, BYTES, true);
    cr_assert_eq(errno, SENTINEL);
}

Test(os, entropy_differs_and_keeps_errno) {
    errno = SENTINEL;
    uint64_t seen[64];
    for (unsigned i = 0; i < 64; i++) {
        seen[i] = hz_os_entropy();
        for (unsigned j = 0; j < i; j++)
            need(seen[i] != seen[j], "number %u is number %u again", i, j);
    }
    cr_assert_eq(errno, SENTINEL);
}

Test(os, wait_returns_at_once_when_the_word_differs) {
    uint32_t word = 1;
    errno = SENTINEL;
    hz_os_wait(&word, 2);
    hz_os_wake_one(&word);
    cr_assert_eq(errno, SENTINEL);
}

Test(os, clock_does_not_go_back) {
    uint32_t before = hz_os_now_ms();
    for (unsigned i = 0; i < 100000; i++) {
        uint32_t now = hz_os_now_ms();
        need((int32_t)(now - before) >= 0, "%u after %u", now, before);
        before = now;
    }
}

static void count_entry(void *arg, const char *entry) {
    need(strncmp(entry, "HZ_UNIT_", 8) == 0, "%s", entry);
    ++*(unsigned *)arg;
}

Test(os, environment) {
    unsigned count = 0;
    setenv("HZ_UNIT_A", "one", 1);
    setenv("HZ_UNIT_AB", "", 1);
    cr_assert_str_eq(hz_os_environment("HZ_UNIT_A"), "one");
    cr_assert_str_eq(hz_os_environment("HZ_UNIT_AB"), "");
    cr_assert_null(hz_os_environment("HZ_UNIT_"));
    hz_os_environment_each("HZ_UNIT_", count_entry, &count);
    cr_assert_eq(count, 2);
    cr_assert_not(hz_os_is_secure());
}

Test(text, numbers) {
    struct hz_text text;
    hz_text_init(&text);
    hz_text_add_number(&text, 0);
    hz_text_add(&text, " ");
    hz_text_add_number(&text, UINT64_MAX);
    hz_text_add(&text, " ");
    hz_text_add_hex(&text, 0xdead0);
    hz_text_add_bytes(&text, " tail", 3);
    cr_assert_str_eq(text.bytes, "0 18446744073709551615 0xdead0 ta");
    cr_assert_eq(text.length, strlen(text.bytes));
}

Test(text, what_does_not_fit_is_cut_off) {
    struct hz_text text;
    hz_text_init(&text);
    for (unsigned i = 0; i < 1000; i++) {
        hz_text_add(&text, "abc");
        need(text.length < sizeof text.bytes && text.bytes[text.length] == '\0', "length %zu", text.length);
    }
    cr_assert_eq(text.length, sizeof text.bytes - 1);
}

static void report_one(void *action) {
    hz_fatal_set_action(HZ_ERROR_DOUBLE_FREE, *(enum hz_on_error *)action);
    hz_report(HZ_ERROR_DOUBLE_FREE, "free", (void *)0x1230, "unit test");
}

static void run_report(struct child *child, enum hz_on_error action) {
    cr_assert(child_run(child, report_one, &action));
}

Test(fatal, report_obeys_the_action) {
    static struct child child;
    run_report(&child, HZ_ON_ERROR_ABORT);
    cr_assert(child_aborted(&child));
    cr_assert_not_null(strstr(child.err, "0x1230"));
    run_report(&child, HZ_ON_ERROR_REPORT);
    cr_assert(child_exited(&child, 0));
    cr_assert_not_null(strstr(child.err, "unit test"));
    run_report(&child, HZ_ON_ERROR_IGNORE);
    cr_assert(child_exited(&child, 0));
    cr_assert_str_eq(child.err, "");
}
