/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * report.c -- every mistake with a guarded block is reported as what it is, by the access or call that made
 * it, with the stacks of all who had to do with the block; and with on_error=report the program goes on.
 * usage: report [/path/of/fake.so]: a library without functions, to stand for those that walk stacks */
#include "guard.h"

static bool has_stacks = true; /* deeper than one frame */

/* --- Functions that the stacks must name ------------------------------------------------------- */

char *guard_allocates(size_t size);
void guard_frees(char *block);
void guard_writes(char *address);
void guard_reads(const char *address);

__attribute__((noinline)) char *guard_allocates(size_t size) {
    char *block = launder(hkz_malloc(size));
    NEED(block != NULL);
    return block;
}

__attribute__((noinline)) void guard_frees(char *block) {
    hkz_free(launder(block));
    __asm__ volatile("");
}

__attribute__((noinline)) void guard_writes(char *address) {
    *(volatile char *)address = 1;
    __asm__ volatile("");
}

__attribute__((noinline)) void guard_reads(const char *address) {
    (void)*(const volatile char *)address;
    __asm__ volatile("");
}

/* Chance decides at which end of its pages a block lies. */
static char *allocate_at_end(size_t size) {
    for (int i = 0; i < 100; i++) {
        char *block = guard_allocates(size);
        if (((uintptr_t)block + size + 15) / 16 * 16 % PAGE == 0)
            return block;
    }
    NEED(0 && "no block at the end of its pages");
    return NULL;
}

static char *allocate_at_start(size_t size) {
    for (int i = 0; i < 100; i++) {
        char *block = guard_allocates(size);
        if ((uintptr_t)block % PAGE == 0)
            return block;
    }
    NEED(0 && "no block at the start of its pages");
    return NULL;
}

/* --- Mistakes ----------------------------------------------------------------------------------- */

static void overflow(void) { guard_writes(allocate_at_end(48) + 48); }

static void overread(void) { guard_reads(allocate_at_end(4096) + 4096 + 99); }

static void slack(void) {
    char *block = allocate_at_end(47);
    guard_writes(block + 47);
    guard_frees(block);
}

static void slack_of_left(void) {
    char *block = allocate_at_start(48);
    guard_writes(block + 50);
    guard_frees(block);
}

static void slack_before(void) {
    char *block = allocate_at_end(48);
    guard_writes(block - 1);
    guard_frees(block);
}

static void underflow(void) { guard_writes(allocate_at_start(48) - 1); }

static void read_freed(void) {
    char *block = guard_allocates(48);
    guard_frees(block);
    guard_reads(block + 7);
}

static void write_freed(void) {
    char *block = guard_allocates(48);
    guard_frees(block);
    guard_writes(block + 47);
}

static void double_free(void) {
    char *block = guard_allocates(48);
    guard_frees(block);
    guard_frees(block);
}

static void interior(void) { guard_frees(guard_allocates(48) + 16); }

static void before(void) { guard_frees(allocate_at_end(48) - 16); }

static void realloc_freed(void) {
    char *block = guard_allocates(48);
    guard_frees(block);
    (void)!hkz_realloc(launder(block), 100);
}

static void usable_freed(void) {
    char *block = guard_allocates(48);
    guard_frees(block);
    (void)hkz_usable_size(launder(block));
}

static void moved(void) {
    char *block = guard_allocates(48);
    NEED(hkz_realloc(launder(block), 49) != block);
    guard_writes(block);
}

/* Twice the same mistake, in the same slot; the program goes on with what it finds there. */
static void go_on(void) {
    char *block = guard_allocates(48);
    block[7] = 5;
    guard_frees(block);
    guard_writes(block + 8);
    NEED(*(volatile char *)(block + 7) == 5 && *(volatile char *)(block + 8) == 1);
    char *second = allocate_at_end(48);
    guard_writes(second + 48);
    guard_writes(second + 49);
    guard_frees(second);
    for (int i = 0; i < 1000; i++) /* all slots serve again */
        guard_frees(guard_allocates(48));
    guard_reads(second);
    printf("went on\n");
}

static const struct guard_case cases[] = {
    {"overflow", overflow},           {"overread", overread},         {"slack", slack},
    {"underflow", underflow},         {"read_freed", read_freed},     {"write_freed", write_freed},
    {"double_free", double_free},     {"interior", interior},         {"before", before},
    {"realloc_freed", realloc_freed}, {"usable_freed", usable_freed}, {"moved", moved},
    {"slack_of_left", slack_of_left}, {"slack_before", slack_before}, {"go_on", go_on},
};

/* --- Expectations -------------------------------------------------------------------------------- */

enum { FOUND = 1, ALLOCATED = 2, FREED = 4 };

struct expectation {
    const char *name;
    const char *head;   /* of the report, behind "error: " */
    const char *detail; /* in its parentheses */
    const char *by;     /* the function that made the mistake */
    int stacks;
};

static const struct expectation expectations[] = {
    {"overflow", "overflow: write of 0x", "(1 byte behind the end of a block of 48 bytes) [HKZ-E009]", "guard_writes",
     FOUND | ALLOCATED},
    {"overread", "overflow: read of 0x", "(100 bytes behind the end of a block of 4096 bytes) [HKZ-E009]",
     "guard_reads", FOUND | ALLOCATED},
    {"slack", "overflow: free of 0x", "(written 1 byte behind the end of a block of 47 bytes) [HKZ-E009]",
     "guard_frees", FOUND | ALLOCATED},
    {"slack_of_left", "overflow: free of 0x", "(written 3 bytes behind the end of a block of 48 bytes) [HKZ-E009]",
     "guard_frees", FOUND | ALLOCATED},
    {"slack_before", "overflow: free of 0x", "(written 1 byte before the start of a block of 48 bytes) [HKZ-E009]",
     "guard_frees", FOUND | ALLOCATED},
    {"underflow", "overflow: write of 0x", "(1 byte before the start of a block of 48 bytes) [HKZ-E009]",
     "guard_writes", FOUND | ALLOCATED},
    {"read_freed", "use-after-free: read of 0x", "(at byte 7 of a block of 48 bytes that was freed) [HKZ-E008]",
     "guard_reads", FOUND | ALLOCATED | FREED},
    {"write_freed", "use-after-free: write of 0x", "(at byte 47 of a block of 48 bytes that was freed) [HKZ-E008]",
     "guard_writes", FOUND | ALLOCATED | FREED},
    {"double_free", "double-free: free of 0x", "(freed already", "guard_frees", FOUND | ALLOCATED | FREED},
    {"interior", "interior-free: free of 0x", "(at byte 16 of a block of 48 bytes) [HKZ-E002]", "guard_frees",
     FOUND | ALLOCATED},
    {"before", "invalid-free: free of 0x", "(16 bytes before the start of a block of 48 bytes) [HKZ-E003]",
     "guard_frees", FOUND | ALLOCATED},
    {"realloc_freed", "double-free: realloc of 0x", "(freed already", "realloc_freed", FOUND | ALLOCATED | FREED},
    {"usable_freed", "double-free: usable_size of 0x", "(freed already", "usable_freed", FOUND | ALLOCATED | FREED},
    {"moved", "use-after-free: write of 0x", "(at byte 0 of a block of 48 bytes that was freed) [HKZ-E008]",
     "guard_writes", FOUND | ALLOCATED | FREED},
};
enum { EXPECTATIONS = sizeof expectations / sizeof *expectations };

static bool is_frame(const char *line) {
    const char *detail = strstr(line, "detail:   #");
    return detail != NULL && detail < line + strcspn(line, "\n");
}

/* Whether the stack under the head names the function, and main as well unless only nearest frames can be
 * had. by: NULL for a static function, which has no name here. */
static bool has_stack(const char *text, const char *head, const char *by) {
    char stack[CHILD_TEXT];
    const char *begin = strstr(text, head);
    if (begin == NULL || (begin = strchr(begin, '\n')) == NULL)
        return false;
    const char *end = ++begin;
    while (is_frame(end))
        end += strcspn(end, "\n") + 1;
    snprintf(stack, sizeof stack, "%.*s", (int)(end - begin), begin);
    return end > begin && (by == NULL || strstr(stack, by) != NULL) &&
           (!has_stacks || strstr(stack, " main+0x") != NULL);
}

static bool names_by(const struct expectation *expected) {
    bool is_exported = strncmp(expected->by, "guard_", 6) == 0;
    return has_stack(child.details, "detail: found by thread", is_exported ? expected->by : NULL);
}

static void check(const struct expectation *expected, bool is_moved) {
    bool has_line = strstr(child.err, expected->head) != NULL && strstr(child.err, expected->detail) != NULL &&
                    guard_count(child.err, ": error: ") == 1;
    bool found = (expected->stacks & FOUND) == 0 || names_by(expected);
    bool allocated = (expected->stacks & ALLOCATED) == 0 ||
                     has_stack(child.details, "detail: allocated by thread", "guard_allocates");
    bool freed = (expected->stacks & FREED) == 0 ||
                 has_stack(child.details, "detail: freed by thread", is_moved ? NULL : "guard_frees");
    bool is_whole = child_aborted(&child) && has_line && found && allocated && freed;
    if (!tap_ok(is_whole, "%s%s", expected->name, has_stacks ? "" : " (nearest frames only)")) {
        tap_diag("line %d, found %d, allocated %d, freed %d", has_line, found, allocated, freed);
        guard_show();
    }
}

static void check_all(const char *path) {
    for (size_t i = 0; i < EXPECTATIONS; i++) {
        GUARD_RUN(expectations[i].name, "HAKOZUNA_GUARD_SAMPLE=1", path);
        check(&expectations[i], strcmp(expectations[i].name, "moved") == 0);
    }
}

static char folders[2][32]; /* each holds one library that is of no use */

static bool make_folders(const char *fake) {
    static const char *const names[2] = {"libunwind.so.8", "libgcc_s.so.1"};
    char path[64];
    for (int i = 0; i < 2; i++) {
        strcpy(folders[i], "/tmp/hakozuna-test-XXXXXX");
        if (mkdtemp(folders[i]) == NULL)
            return false;
        snprintf(path, sizeof path, "%s/%s", folders[i], names[i]);
        if (symlink(fake, path) != 0)
            return false;
    }
    return true;
}

static void remove_folders(void) {
    char path[64];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folders[i], i == 0 ? "libunwind.so.8" : "libgcc_s.so.1");
        unlink(path);
        rmdir(folders[i]);
    }
}

static void check_walkers(const char *fake) {
    char path[128];
    if (!make_folders(fake))
        tap_bail("no folders: %s", strerror(errno));
    snprintf(path, sizeof path, "LD_LIBRARY_PATH=%s", folders[0]);
    check_all(path);
    snprintf(path, sizeof path, "LD_LIBRARY_PATH=%s:%s", folders[0], folders[1]);
    has_stacks = false;
    check_all(path);
    remove_folders();
}

int main(int argc, char **argv) {
    const char *fake = argc == 2 && strchr(argv[1], '/') != NULL ? argv[1] : NULL;
    guard_main_case(fake != NULL ? 1 : argc, argv, cases, sizeof cases / sizeof *cases);
    watchdog_start(GUARD_SECONDS);
    check_all(NULL);

    GUARD_RUN("go_on", "HAKOZUNA_GUARD_SAMPLE=1", "HAKOZUNA_ON_ERROR=report");
    guard_ok(child_exited(&child, 0) && strcmp(child.out, "went on\n") == 0, "report: the program goes on");
    guard_ok(guard_count(child.err, "error: use-after-free: write") == 1 &&
                 guard_count(child.err, "error: overflow: write") == 1 &&
                 guard_count(child.err, "error: use-after-free: read") == 1 && guard_count(child.err, ": error: ") == 3,
             "report: once for each slot, and anew when it serves anew");
    GUARD_RUN("go_on", "HAKOZUNA_GUARD_SAMPLE=1", "HAKOZUNA_ON_ERROR=ignore");
    guard_ok(child_exited(&child, 0) && child.err[0] == '\0', "ignore: nothing is said");
    if (fake != NULL)
        check_walkers(fake);
    return tap_done();
}
