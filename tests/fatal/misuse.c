/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * misuse.c -- the list of misuse: each wrong pointer through each verb, in a process of its own, must be
 * reported in one exact line and abort. usage: misuse strict | plain
 *
 * Under a strict profile the wrong call itself reports, always. Under a plain one it does for large blocks,
 * for pages that serve nothing, and for interior pointers to realloc and usable_size; what it lets pass in
 * the rest of the list must be found when blocks return to their runs, which the test forces. */
#include "fatal.h"
#include <limits.h>

enum { MOST_BLOCKS = 500, BATCH_BYTES = 4 << 20 };

static bool is_strict;

/* The case at hand. */
static size_t size;     /* of the blocks */
static size_t interior; /* offset of an interior pointer */
static const struct verb *verb;
static char *block; /* the wrong pointer's block */
static char *blocks[MOST_BLOCKS];

/* --- Verbs ------------------------------------------------------------------------------------ */

static void by_free(void *pointer) { hkz_free(pointer); }
static void by_free_sized(void *pointer) { hkz_free_sized(pointer, size); }
static void by_realloc(void *pointer) { launder(hkz_realloc(pointer, size * 3)); }
static void by_usable_size(void *pointer) { launder((void *)hkz_usable_size(pointer)); }

static const struct verb {
    const char *call;
    const char *reported;
    void (*apply)(void *pointer);
    bool is_free;
} verbs[] = {
    {"free", "free", by_free, true},
    {"free_sized", "free_sized", by_free_sized, true},
    {"realloc", "realloc", by_realloc, false},
    {"usable_size", "usable_size", by_usable_size, false},
};

/* The wrong call; the address goes to the parent first. A plain profile may see it only when blocks return
 * to their runs. */
static void wrong(const void *pointer) {
    char line[32];
    tap_write(line, (size_t)snprintf(line, sizeof line, "0x%zx", (size_t)(uintptr_t)pointer));
    verb->apply(launder(pointer));
    if (!is_strict)
        hkz_trim();
    _exit(SURVIVED);
}

static void need_stage(bool condition) {
    if (!condition)
        _exit(WRONG_STAGE);
}

/* --- Freed twice ------------------------------------------------------------------------------ */

static void *allocate_block(void *arg) {
    block = fatal_allocate(size);
    return arg;
}

static void *free_block(void *arg) {
    hkz_free(block);
    return arg;
}

static void *free_block_and_stay(void *done) {
    hkz_free(block);
    sem_post(done);
    while (pause() != 0)
        continue;
    return done;
}

static void *wrong_block(void *arg) {
    wrong(block);
    return arg;
}

/* Frees the block in a thread that lives on, with whatever it collects for others. */
static void free_by_lasting_thread(void) {
    sem_t done;
    sem_init(&done, 0, 0);
    fatal_thread(free_block_and_stay, &done);
    while (sem_wait(&done) != 0)
        continue;
}

static void at_once(void) {
    allocate_block(NULL);
    free_block(NULL);
    wrong(block);
}

static size_t allocate_many(void) {
    size_t count = BATCH_BYTES / size < MOST_BLOCKS ? BATCH_BYTES / size : MOST_BLOCKS;
    for (size_t i = 0; i < count; i++)
        blocks[i] = fatal_allocate(size);
    block = blocks[0];
    return count;
}

static void free_many(size_t count) {
    for (size_t i = 0; i < count; i++)
        hkz_free(blocks[i]);
}

static void after_many_others(void) {
    free_many(allocate_many());
    wrong(block);
}

static void back_in_its_run(void) {
    free_many(allocate_many() - 1);
    hkz_trim();
    need_stage(size > CLASS_MAX || fatal_stats().runs == 1 || fatal_stats().unused != 0);
    wrong(block);
}

static void its_run_returned(void) {
    free_many(allocate_many());
    hkz_trim();
    need_stage(fatal_stats().runs == 0 && fatal_stats().active == 0);
    wrong(block);
}

/* The second batch comes from the same pages, the third again from new runs there. */
static void its_run_returned_and_reborn(void) {
    for (int i = 0; i < 3; i++) {
        free_many(allocate_many());
        hkz_trim();
    }
    wrong(block);
}

static void by_lasting_thread_then_owner(void) {
    allocate_block(NULL);
    free_by_lasting_thread();
    wrong(block);
}

static void queued_then_owner(void) {
    allocate_block(NULL);
    in_thread(free_block, NULL);
    wrong(block);
}

static void collected_then_owner(void) {
    char *other = fatal_allocate(size);
    allocate_block(NULL);
    in_thread(free_block, NULL);
    hkz_trim();
    need_stage(fatal_stats().cached == 0);
    other[0] = 1;
    wrong(block);
}

static void by_owner_then_other(void) {
    allocate_block(NULL);
    free_block(NULL);
    in_thread(wrong_block, NULL);
}

static void by_two_others(void) {
    allocate_block(NULL);
    free_by_lasting_thread();
    in_thread(wrong_block, NULL);
}

static void by_two_others_that_end(void) {
    allocate_block(NULL);
    in_thread(free_block, NULL);
    in_thread(wrong_block, NULL);
}

static void after_its_owner_ended(void) {
    in_thread(allocate_block, NULL);
    free_block(NULL);
    wrong(block);
}

static void *allocate_two_free_one(void *arg) {
    blocks[0] = fatal_allocate(size);
    allocate_block(NULL);
    free_block(NULL);
    return arg;
}

static void by_its_owner_that_ended(void) {
    in_thread(allocate_two_free_one, NULL);
    wrong(block);
}

/* --- At the very end of a thread -------------------------------------------------------------- */

static pthread_key_t late_key;
static void (*late_work)(void);

/* Comes back until the library's own destructor has run in an earlier round. */
static void late(void *round) {
    if ((uintptr_t)round < PTHREAD_DESTRUCTOR_ITERATIONS - 1)
        pthread_setspecific(late_key, (void *)((uintptr_t)round + 1));
    else
        late_work();
}

static void *live_and_work_late(void *arg) {
    hkz_free(fatal_allocate(40));
    pthread_setspecific(late_key, (void *)1);
    return arg;
}

static void in_late_thread(void (*work)(void)) {
    pthread_key_create(&late_key, late);
    late_work = work;
    in_thread(live_and_work_late, NULL);
}

static void twice_late(void) {
    need_stage(fatal_stats().threads == 0);
    at_once();
}

static void late_at_once(void) { in_late_thread(twice_late); }

static void free_late(void) { (void)free_block(NULL); }
static void wrong_late(void) { wrong(block); }

static void late_then_owner(void) {
    allocate_block(NULL);
    in_late_thread(free_late);
    wrong(block);
}

static void by_owner_then_late(void) {
    allocate_block(NULL);
    free_block(NULL);
    in_late_thread(wrong_late);
}

/* --- Fork ------------------------------------------------------------------------------------- */

/* Dies as the grandchild died. */
static void end_as(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)
        abort();
    _exit(WEXITSTATUS(status));
}

static void before_fork_then_in_child(void) {
    allocate_block(NULL);
    free_block(NULL);
    pid_t pid = fork();
    if (pid == 0)
        wrong(block);
    end_as(pid);
}

static void twice_in_child(void) {
    allocate_block(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        free_block(NULL);
        wrong(block);
    }
    end_as(pid);
}

/* --- Never a block ---------------------------------------------------------------------------- */

static void inside(void) {
    allocate_block(NULL);
    wrong(block + interior);
}

static void inside_a_freed_one(void) {
    allocate_block(NULL);
    free_block(NULL);
    wrong(block + interior);
}

static void inside_of_others(void) {
    in_thread(allocate_block, NULL);
    wrong(block + interior);
}

/* The first block of a thread is the first of its run; a thread is not given more than a few at once. */
static void behind_the_last_of_a_run(void) {
    allocate_block(NULL);
    wrong(block + 6 * hkz_usable_size(block));
}

static void behind_the_last_page(void) {
    allocate_block(NULL);
    char *large = fatal_allocate(300 * KIB);
    wrong(large + hkz_usable_size(large));
}

/* --- The list --------------------------------------------------------------------------------- */

static const struct wrongdoing {
    const char *name;
    void (*run)(void);
    const char *class;
    const char *code;
    bool is_interior;   /* for several offsets */
    bool is_seen_plain; /* by plain profiles at blocks that are not large, by free, when blocks return */
    bool is_gone;       /* the pages serve nothing any more: also plain profiles see it at once */
} wrongdoings[] = {
    {"freed at once again", at_once, "double-free", "HKZ-E001", false, true, false},
    {"freed after many others", after_many_others, "double-free", "HKZ-E001", false, false, false},
    {"freed when back in its run", back_in_its_run, "double-free", "HKZ-E001", false, true, false},
    {"freed when its run is returned", its_run_returned, "double-free", "HKZ-E001", false, true, true},
    {"freed when its pages had runs since", its_run_returned_and_reborn, "double-free", "HKZ-E001", false, true, true},
    {"freed by a thread, then by its own", by_lasting_thread_then_owner, "double-free", "HKZ-E001", false, false,
     false},
    {"freed by its own thread while queued", queued_then_owner, "double-free", "HKZ-E001", false, true, false},
    {"freed by its own thread when collected", collected_then_owner, "double-free", "HKZ-E001", false, true, false},
    {"freed by its own thread, then by another", by_owner_then_other, "double-free", "HKZ-E001", false, false, false},
    {"freed by two others", by_two_others, "double-free", "HKZ-E001", false, false, false},
    {"freed by two others that end", by_two_others_that_end, "double-free", "HKZ-E001", false, false, false},
    {"freed twice after its thread ended", after_its_owner_ended, "double-free", "HKZ-E001", false, true, false},
    {"freed by its thread, which ended", by_its_owner_that_ended, "double-free", "HKZ-E001", false, false, false},
    {"freed twice late in a thread", late_at_once, "double-free", "HKZ-E001", false, false, false},
    {"freed late in a thread, then again", late_then_owner, "double-free", "HKZ-E001", false, false, false},
    {"freed, then late in a thread", by_owner_then_late, "double-free", "HKZ-E001", false, false, false},
    {"freed, then in a forked child", before_fork_then_in_child, "double-free", "HKZ-E001", false, true, false},
    {"freed twice in a forked child", twice_in_child, "double-free", "HKZ-E001", false, true, false},
    {"interior", inside, "interior-free", "HKZ-E002", true, true, false},
    {"interior of a freed one", inside_a_freed_one, "interior-free", "HKZ-E002", true, false, false},
    {"interior of another thread's", inside_of_others, "interior-free", "HKZ-E002", true, true, false},
    {"behind the last of a run", behind_the_last_of_a_run, "invalid-free", "HKZ-E003", false, true, false},
    {"behind the last page", behind_the_last_page, "invalid-free", "HKZ-E003", false, true, true},
};
enum { WRONGDOINGS = sizeof wrongdoings / sizeof *wrongdoings, VERBS = sizeof verbs / sizeof *verbs };

static void run_one(void *wrongdoing) { ((const struct wrongdoing *)wrongdoing)->run(); }

/* Whether the child reported the error in one line, in the name of verb. */
static bool is_reported(const struct child *child, const struct wrongdoing *wrongdoing, const char *reporter) {
    char head[256], tail[32];
    snprintf(head, sizeof head, "hakozuna: %s: error: %s: %s of %.40s (", hkz_profile(), wrongdoing->class, reporter,
             child->out);
    snprintf(tail, sizeof tail, ") [%s]\n", wrongdoing->code);
    return is_one_line(child->err, head, tail);
}

/* Runs the case in a child; whether it died as it must. Says how if it did not. What plain profiles see when a
 * block has come home, whatever call freed it, is reported in the name of free. */
static bool dies(const struct wrongdoing *wrongdoing) {
    static struct child child;
    if (!child_run(&child, run_one, (void *)wrongdoing))
        tap_bail("cannot fork");
    bool is_named = is_reported(&child, wrongdoing, verb->reported) ||
                    (!is_strict && verb->is_free && is_reported(&child, wrongdoing, "free"));
    if (child_aborted(&child) && is_named)
        return true;
    tap_diag("size %zu, %s, offset %zu: status %#x, pointer %.40s, said: %.200s", size, verb->call, interior,
             (unsigned)child.status, child.out, child.err);
    return false;
}

/* Whether the profile promises to see it. */
static bool is_promised(const struct wrongdoing *wrongdoing) {
    bool is_large = size > CLASS_MAX;
    if (is_large && wrongdoing->run == behind_the_last_of_a_run)
        return false; /* there is no such place */
    if (is_large && wrongdoing->run == inside_a_freed_one)
        return false; /* nothing is inside what is no more: see pages_that_serve_nothing */
    if (is_strict || is_large || wrongdoing->is_gone)
        return true;
    if (wrongdoing->is_interior && !verb->is_free)
        return true;
    return wrongdoing->is_seen_plain && verb->is_free;
}

static unsigned run_offsets(const struct wrongdoing *wrongdoing, unsigned *ret_failed) {
    static const size_t offsets[] = {1, 8, 16, 4096};
    unsigned run = 0;
    size_t count = wrongdoing->is_interior ? sizeof offsets / sizeof *offsets : 1;
    for (size_t i = 0; i < count; i++) {
        interior = wrongdoing->is_interior ? offsets[i] : 0;
        if (interior >= size)
            continue;
        run++;
        *ret_failed += !dies(wrongdoing);
    }
    return run;
}

static void run_sizes(const struct wrongdoing *wrongdoing) {
    static const size_t sizes[] = {16, 100, 1000, 3000, 20000, 131072, 300 * 1024};
    unsigned run = 0, failed = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t v = 0; v < VERBS; v++) {
            size = sizes[i];
            verb = &verbs[v];
            if (is_promised(wrongdoing))
                run += run_offsets(wrongdoing, &failed);
        }
    tap_ok(run > 0 && failed == 0, "%s: %u of %u reported", wrongdoing->name, run - failed, run);
}

/* --- What is no misuse ------------------------------------------------------------------------ */

/* Each process frees its own copy, and an address that was handed out again is a new block. */
static void innocent(void *arg) {
    for (int i = 0; i < 1000; i++) {
        allocate_block(NULL);
        free_block(NULL);
    }
    allocate_block(NULL);
    need_stage(hkz_usable_size(block) >= size);
    pid_t pid = fork();
    free_block(NULL);
    if (pid != 0)
        end_as(pid);
    allocate_block(NULL);
    in_thread(free_block, NULL);
    in_thread(allocate_block, NULL);
    free_block(arg);
    hkz_trim();
}

static void test_innocent(void) {
    static const size_t sizes[] = {16, 100, 1000, 3000, 20000, 131072, 300 * 1024};
    static struct child child;
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size = sizes[i];
        if (child_run(&child, innocent, NULL) && child_exited(&child, 0) && child.err[0] == '\0')
            continue;
        tap_diag("size %zu: status %#x, said: %.200s", size, (unsigned)child.status, child.err);
        failed++;
    }
    tap_ok(failed == 0, "right calls are not reported");
}

int main(int argc, char **argv) {
    watchdog_start(FATAL_SECONDS);
    if (argc != 2 || (strcmp(argv[1], "strict") != 0 && strcmp(argv[1], "plain") != 0))
        tap_bail("usage: misuse strict | plain");
    is_strict = strcmp(argv[1], "strict") == 0;
    tap_plan(WRONGDOINGS + 1);
    for (size_t i = 0; i < WRONGDOINGS; i++)
        run_sizes(&wrongdoings[i]);
    test_innocent();
    return tap_done();
}
