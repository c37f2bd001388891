/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * misuse.c -- runs the programs of misuse: each in a process of its own, wrong and corrected.
 * usage: misuse strict | plain abort | report | ignore | forward [part of a name], with a library preloaded and
 * HAKOZUNA_ON_ERROR set to the second word (forward: not set)
 *
 * abort: the wrong program dies of SIGABRT after one report of the right class; its twin ends silently.
 * report, ignore: the wrong program goes on, and then the heap is examined.
 * forward: the same with pointers of others only, which are passed on; the next allocator may refuse them. */
#include "late.h"
#include "pattern.h"
#include "verbs.h"
#include <malloc.h>
#include <sys/resource.h>

enum { MISUSE_SECONDS = 200 };

const struct program *program;
bool is_wrong;
bool is_forwarding;

static bool is_strict;
enum mode { MODE_ABORT, MODE_REPORT, MODE_IGNORE, MODE_FORWARD };
static enum mode mode;
static const char *const mode_names[] = {"abort", "report", "ignore", "forward"};
static struct late late;
static struct child child;

static const struct {
    const char *name, *code;
} classes[] = {
    [DOUBLE_FREE] = {"double-free", "HKZ-E001"},     [INTERIOR_FREE] = {"interior-free", "HKZ-E002"},
    [INVALID_FREE] = {"invalid-free", "HKZ-E003"},   [FOREIGN_FREE] = {"foreign-free", "HKZ-E004"},
    [SIZE_MISMATCH] = {"size-mismatch", "HKZ-E005"}, [ALIGNMENT_MISMATCH] = {"alignment-mismatch", "HKZ-E006"},
};

/* --- The heap afterwards ----------------------------------------------------------------------- */

enum { MOST_BLOCKS = 1500, SAME_BLOCKS = 300, SAME_BYTES = 6 << 20 };

static struct {
    char *block;
    size_t size;
} held[MOST_BLOCKS];
static size_t held_count;

static void hold(size_t size) {
    bool is_zeroed = held_count % 3 == 0;
    char *block = launder(is_zeroed ? calloc(1, size) : malloc(size));
    if (block == NULL || (is_zeroed && size <= 128 * KIB && !pattern_is_zero(block, size)))
        _exit(BAD_HEAP);
    pattern_fill(block, size, held_count);
    held[held_count].block = block;
    held[held_count++].size = size;
}

static void release(size_t i) {
    size_t size = held[i].size;
    if (malloc_usable_size(held[i].block) < size || pattern_check(held[i].block, size, size, i) != PATTERN_INTACT)
        _exit(BAD_HEAP);
    free(held[i].block);
}

static void *release_every_fourth(void *arg) {
    for (size_t i = 0; i < held_count; i += 4)
        release(i);
    return arg;
}

/* Blocks of every kind, and many like the one that was misused, each with contents of its own: were one handed
 * out twice, or over another, or the misused one while it lives, contents would change. */
static void examine_heap(void) {
    static const size_t sizes[] = {1,    16,   24,   40,    64,    100,   200,       400,       1000,
                                   1500, 3000, 4096, 10000, 20000, 40000, 100 * KIB, 128 * KIB, 300 * KIB};
    size_t same = SAME_BYTES / program->size < SAME_BLOCKS ? SAME_BYTES / program->size : SAME_BLOCKS;
    held_count = 0;
    for (size_t i = 0; i < same; i++)
        hold(program->size);
    for (size_t round = 0; round < 20; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            if (round < 4 || sizes[i] <= 10000)
                hold(sizes[i]);
    in_thread(release_every_fourth, NULL);
    for (size_t i = 0; i < held_count; i++)
        if (i % 4 != 0)
            release(i);
    malloc_trim(0);
}

static uint64_t allocated_bytes(void) {
    struct hkz_stats stats = {.size = sizeof stats};
    late.stats_get(&stats);
    if (stats.active != stats.allocated + stats.cached + stats.unused)
        _exit(BAD_ACCOUNT);
    return stats.allocated;
}

/* --- One program ------------------------------------------------------------------------------- */

static void run_program(void *arg) {
    uint64_t before = allocated_bytes();
    told_size = program->size;
    told_alignment = VERB_ALIGNMENT;
    program->run();
    if (!is_strict)
        malloc_trim(0);
    if (is_wrong && mode == MODE_ABORT)
        _exit(UNREPORTED);
    if (mode != MODE_ABORT)
        examine_heap();
    if (allocated_bytes() != before)
        _exit(BAD_ACCOUNT);
    _exit(arg != NULL);
}

/* Outside of the arenas all are one. */
static const char *reported_verb(void) {
    const struct verb_form *form = &verb_forms[program->verb];
    bool is_known = program->class != FOREIGN_FREE && program->run != huge_inside;
    return form->kind == VERB_FREES && !is_known ? "free" : form->reported;
}

/* Whether line is "hakozuna: <profile>: <kind>: <class>: ... [<code>]", of the verb and address if it is an
 * error. */
static bool is_report(const char *line, size_t length, const char *kind) {
    char head[256];
    const char *class = classes[program->class].name, *code = classes[program->class].code;
    int used = snprintf(head, sizeof head, "hakozuna: %s: %s: %s: ", late.profile(), kind, class);
    if (strcmp(kind, "error") == 0)
        used += snprintf(head + used, sizeof head - (size_t)used, "%s of %.40s (", reported_verb(), child.out);
    size_t tail = strlen(code) + 2;
    return length > (size_t)used + tail && strncmp(line, head, (size_t)used) == 0 && line[length - tail] == '[' &&
           strncmp(line + length - tail + 1, code, strlen(code)) == 0 && line[length - 1] == ']';
}

/* Whether every line of details names the profile, and there is one; a warning needs none. */
static bool is_detailed(void) {
    char head[128];
    snprintf(head, sizeof head, "hakozuna: %s: detail: ", late.profile());
    unsigned lines = 0;
    for (const char *line = child.details; *line != '\0'; lines++) {
        if (strncmp(line, head, strlen(head)) != 0 || strchr(line, '\n') == NULL)
            return false;
        line = strchr(line, '\n') + 1;
    }
    return lines > 0;
}

/* Whether standard error holds that one report, and else nothing but details. */
static bool is_reported(const char *kind) {
    size_t length = strcspn(child.err, "\n");
    bool is_one_line = child.err[length] == '\n' && child.err[length + 1] == '\0';
    return is_one_line && is_report(child.err, length, kind) && (strcmp(kind, "error") != 0 || is_detailed());
}

/* The C library's free() aborts after a line of its own, which ours precedes. */
static bool is_refused_by_next(void) {
    return is_report(child.err, strcspn(child.err, "\n"), "warning") && strstr(child.err, "(): invalid") != NULL;
}

static bool run_in_child(bool wrong) {
    is_wrong = wrong;
    if (!child_run(&child, run_program, NULL))
        tap_bail("cannot fork");
    return true;
}

/* Pointers of others are an error with foreign_free=abort, else a warning. */
static bool ends_as_promised(void) {
    if (mode == MODE_ABORT)
        return child_aborted(&child) && is_reported("error");
    if (mode == MODE_FORWARD && child_aborted(&child))
        return is_refused_by_next();
    if (!child_exited(&child, 0))
        return false;
    if (program->class == FOREIGN_FREE)
        return is_reported("warning");
    return mode == MODE_IGNORE ? child.err[0] == '\0' && child.details[0] == '\0' : is_reported("error");
}

static void try_wrong(void) {
    if (!is_strict && program->plain == UNSEEN) {
        tap_skip("%s: plain profiles cannot see it", program->name);
        return;
    }
    run_in_child(true);
    bool passes = ends_as_promised();
    if (!tap_ok(passes, "%s: %s%s", program->name, classes[program->class].name,
                mode == MODE_ABORT ? "" : ", and the heap is sound"))
        tap_diag("status %#x, pointer %.40s, said: %.300s", (unsigned)child.status, child.out, child.err);
}

static void try_twin(void) {
    run_in_child(false);
    if (!tap_ok(child_exited(&child, 0) && child.err[0] == '\0', "%s: not, corrected", program->name))
        tap_diag("status %#x, said: %.300s", (unsigned)child.status, child.err);
}

static unsigned run_all(const struct programs *programs, const char *part) {
    unsigned count = 0;
    for (size_t i = 0; i < programs->count; i++) {
        program = &programs->first[i];
        if (strstr(program->name, part) == NULL || (is_forwarding && program->class != FOREIGN_FREE))
            continue;
        count++;
        try_wrong();
        if (mode == MODE_ABORT)
            try_twin();
    }
    return count;
}

/* --- The runner -------------------------------------------------------------------------------- */

static void *do_nothing(void *arg) { return arg; }

/* A report to nobody. */
static void report_once(void) {
    int saved = dup(STDERR_FILENO), nobody = open("/dev/null", O_WRONLY);
    void *block = launder(malloc(LARGE));
    need_stage(saved >= 0 && nobody >= 0);
    dup2(nobody, STDERR_FILENO);
    free(block);
    free(launder(block));
    dup2(saved, STDERR_FILENO);
    close(nobody);
    close(saved);
}

/* The C library keeps what threads leave behind, and a report's stack is walked by a library that is loaded
 * then: such are not the programs' leaks. */
static void warm_up(void) {
    if (mode == MODE_REPORT)
        report_once();
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++)
        need_stage(pthread_create(&threads[i], NULL, do_nothing, NULL) == 0);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
}

static bool read_mode(const char *word) {
    for (int i = MODE_ABORT; i <= MODE_FORWARD; i++)
        if (strcmp(word, mode_names[i]) == 0) {
            mode = (enum mode)i;
            return true;
        }
    return false;
}

int main(int argc, char **argv) {
    static const struct rlimit no_core;
    if (argc < 3 || (strcmp(argv[1], "strict") != 0 && strcmp(argv[1], "plain") != 0) || !read_mode(argv[2]))
        tap_bail("usage: misuse strict | plain abort | report | ignore | forward [part of a name]");
    is_strict = strcmp(argv[1], "strict") == 0;
    is_forwarding = mode == MODE_FORWARD;
    if (!late_find(&late, RTLD_DEFAULT))
        tap_bail("no hkz_* in the process: is the library preloaded?");
    verbs_init();
    foreign_init();
    watchdog_start(MISUSE_SECONDS);
    setrlimit(RLIMIT_CORE, &no_core);
    warm_up();
    const char *part = argc > 3 ? argv[3] : "";
    unsigned count = run_all(&double_free_programs, part) + run_all(&inside_programs, part) +
                     run_all(&foreign_programs, part) + run_all(&mismatch_programs, part);
    tap_diag("%u programs", count);
    return tap_done();
}
