/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * limits.c -- memory that runs out in earnest: limits of address space and of data, as many mappings as a
 * process may have, an address space in small pieces, a memory cgroup, strict overcommit. Each in a child
 * process, whose heap begins under the limit. */
#include "child.h"
#include "heap.h"
#include "rss.h"
#include "tap.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

static void require(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "%s (errno %d)\n", what, errno);
    _exit(1);
}

/* Two functions, since the type of the first argument differs between systems. */
static void limit_space(size_t bytes) {
    struct rlimit limit = {bytes, bytes};
    require(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit");
}

static void limit_data(size_t bytes) {
    struct rlimit limit = {bytes, bytes};
    require(setrlimit(RLIMIT_DATA, &limit) == 0, "setrlimit");
}

/* --- Filling memory ------------------------------------------------------------------------------- */

struct chain {
    void *newest; /* blocks linked through their first words */
    size_t count;
};

static bool add(struct chain *chain, size_t size) {
    errno = 0;
    void **block = heap_malloc(size);
    if (block == NULL) {
        require(errno == ENOMEM, "NULL without ENOMEM");
        return false;
    }
    require(errno == 0, "a request that was granted set errno");
    block[0] = chain->newest;
    block[1] = (void *)size;
    ((char *)block)[size - 1] = 'x';
    chain->newest = block;
    chain->count++;
    return true;
}

static void drop(struct chain *chain) {
    while (chain->newest != NULL) {
        void **block = chain->newest;
        size_t size = (size_t)block[1];
        require(((char *)block)[size - 1] == 'x', "a block changed");
        chain->newest = block[0];
        chain->count--;
        errno = 123;
        heap_free(block);
        require(errno == 123, "free changed errno");
    }
    require(chain->count == 0, "a block is lost");
}

/* Blocks until there is no more memory, or until most bytes. Returns their bytes. */
static size_t fill(struct chain *chain, size_t size, size_t most) {
    while ((chain->count + 1) * size <= most && add(chain, size))
        continue;
    return chain->count * size;
}

/* Fills and empties with several sizes: each time about as much can be had. Small blocks, which take time,
 * are not asked for to the end of a large heap. */
static void exhaust(size_t least, size_t most) {
    static const size_t sizes[] = {64 * KIB, 100, 3 * MIB, 5000, 200 * KIB, 64 * KIB};
    const size_t small_most = 8 * MIB;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct chain chain = {NULL, 0};
        bool is_capped = sizes[i] < 64 * KIB && small_most < most;
        size_t bytes = fill(&chain, sizes[i], is_capped ? small_most : most);
        size_t wanted = is_capped && small_most / 2 < least ? small_most / 2 : least;
        if (bytes < wanted)
            fprintf(stderr, "only %zu KiB in blocks of %zu\n", bytes >> 10, sizes[i]);
        require(bytes >= wanted, "too little memory could be had");
        drop(&chain);
    }
    (void)heap_trim();
    require(heap_state().allocated == 0, "something is lost");
}

/* Requests that fail must not take anything: not address space either. */
static void fail_often(void) {
    struct chain chain = {NULL, 0};
    (void)fill(&chain, MIB, SIZE_MAX);
    size_t before = rss_field("/proc/self/status", "VmSize:");
    for (unsigned i = 0; i < 200; i++)
        require(heap_malloc(MIB + i) == NULL, "memory that was not there before");
    size_t after = rss_field("/proc/self/status", "VmSize:");
    if (after > before + 4 * MIB)
        fprintf(stderr, "address space grew from %zu to %zu MiB\n", before >> 20, after >> 20);
    require(after <= before + 4 * MIB, "requests that failed took address space");
    drop(&chain);
}

/* --- Address space -------------------------------------------------------------------------------- */

static void *work_in_thread(void *arg) {
    for (unsigned i = 0; i < 200; i++) {
        struct chain chain = {NULL, 0};
        for (size_t size = 24; size < 300 * KIB; size = size * 3 / 2)
            require(add(&chain, size), "no memory in a thread");
        drop(&chain);
    }
    return arg;
}

static void run_threads(unsigned count) {
    pthread_t threads[8];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * KIB);
    for (unsigned i = 0; i < count; i++)
        require(pthread_create(&threads[i], &attributes, work_in_thread, NULL) == 0, "no thread");
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

static void under_address_limit(void *arg) {
    size_t bytes = (size_t)(uintptr_t)arg;
    limit_space(bytes);
    require(heap_malloc(PTRDIFF_MAX) == NULL && errno == ENOMEM, "PTRDIFF_MAX bytes");
    run_threads(4);
    exhaust(bytes / 3, SIZE_MAX);
    struct chain chain = {NULL, 0};
    require(add(&chain, 1000), "no memory after the exhaustion");
    drop(&chain);
}

static void under_data_limit(void *arg) {
    size_t bytes = (size_t)(uintptr_t)arg;
    limit_data(rss_field("/proc/self/status", "VmData:") + bytes);
    run_threads(4);
    exhaust(bytes / 2, SIZE_MAX);
    fail_often();
    exhaust(bytes / 2, SIZE_MAX);
}

enum { NO_SUCH_LIMIT = 77 };

/* --- Mappings ------------------------------------------------------------------------------------- */

/* Pages of alternating rights, until the process may have no more mappings. Returns their start. */
static char *use_up_mappings(size_t *ret_bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 200000;
    char *start = mmap(NULL, count * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(start != MAP_FAILED, "no address space");
    *ret_bytes = count * page;
    size_t i = 0;
    while (i + 1 < count && mprotect(start + i * page, page, PROT_READ) == 0)
        i += 2;
    if (i + 1 >= count) {
        munmap(start, *ret_bytes);
        return NULL;
    }
    /* A page in the middle takes two; the last one goes to a page that differs from all around it. */
    for (unsigned more = 0; more < 3; more++)
        (void)mmap(NULL, page, more % 2 == 0 ? PROT_EXEC : PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return start;
}

/* The heap is to start where the kernel splits no mapping any more. */
static void without_mappings_from_start(void *arg) {
    size_t bytes;
    char *used = use_up_mappings(&bytes);
    (void)arg;
    if (used == NULL)
        _exit(NO_SUCH_LIMIT);
    struct chain chain = {NULL, 0};
    for (unsigned i = 0; i < 50; i++)
        (void)add(&chain, (size_t)100 << i % 12);
    drop(&chain);
    munmap(used, bytes);
    require(fill(&chain, 1000, 4 * MIB) > 3 * MIB && fill(&chain, 300 * KIB, 64 * MIB) > 0, "no recovery");
    drop(&chain);
    exhaust(8 * MIB, 16 * MIB);
}

static void without_mappings(void *arg) {
    enum { BLOCKS = 8 };
    char *blocks[BLOCKS];
    size_t bytes, size = 24 * MIB;
    struct chain chain = {NULL, 0};
    (void)arg;
    setenv("HAKOZUNA_HUGE_BYTES", "16M", 1);
    for (unsigned i = 0; i < BLOCKS; i++) {
        blocks[i] = heap_malloc(size);
        require(blocks[i] != NULL, "no memory at first");
        memset(blocks[i], 'a', size);
    }
    char *used = use_up_mappings(&bytes);
    if (used == NULL)
        _exit(NO_SUCH_LIMIT);
    size_t before = rss_exact_bytes();
    for (unsigned i = 1; i < BLOCKS; i += 2) { /* from the middle of what is one mapping to the kernel */
        errno = 123;
        heap_free(blocks[i]);
        require(errno == 123, "free changed errno");
    }
    (void)heap_trim();
    size_t after = rss_exact_bytes();
    if (after + (BLOCKS / 2 - 1) * size > before)
        fprintf(stderr, "resident %zu MiB, then %zu\n", before >> 20, after >> 20);
    require(after + (BLOCKS / 2 - 1) * size <= before, "freed blocks stay resident");
    unsigned missing = 0;
    for (unsigned i = 1; i < BLOCKS; i += 2) {
        blocks[i] = heap_calloc(1, size);
        missing += blocks[i] == NULL;
        for (size_t at = 0; at < size && blocks[i] != NULL; at += 4096)
            require(blocks[i][at] == 0, "calloc is not zero");
    }
    require(missing <= 1, "what was freed cannot be had again"); /* the last one was no middle */
    (void)fill(&chain, 3000, 8 * MIB);
    drop(&chain);
    for (unsigned i = 0; i < BLOCKS; i++)
        heap_free(blocks[i]);
    munmap(used, bytes);
    exhaust(8 * MIB, 16 * MIB);
}

/* --- An address space in pieces ------------------------------------------------------------------- */

enum { HOLES = 40 };

/* Takes all address space, but for so many holes of that size. */
static void leave_holes(size_t hole_bytes) {
    char *holes[HOLES];
    for (unsigned i = 0; i < HOLES; i++) {
        holes[i] = mmap(NULL, hole_bytes + 64 * KIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        require(holes[i] != MAP_FAILED, "no address space");
        /* The kernel fills upper gaps first: a page of other rights ends each hole. */
        require(mprotect(holes[i] + hole_bytes, 4096, PROT_READ) == 0, "no protection");
    }
    for (size_t bytes = sizeof(size_t) == 8 ? (SIZE_MAX >> 18) + 1 : SIZE_MAX / 4 + 1; bytes >= 64 * KIB; bytes /= 2)
        while (mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) != MAP_FAILED)
            continue;
    for (unsigned i = 0; i < HOLES; i++)
        require(munmap(holes[i], hole_bytes) == 0, "no hole");
}

static void in_pieces(void *arg) {
    size_t hole_bytes = (size_t)(uintptr_t)arg;
    leave_holes(hole_bytes);
    exhaust(HOLES / 4 * hole_bytes, SIZE_MAX);
}

/* --- A memory cgroup ------------------------------------------------------------------------------ */

static bool write_text(const char *folder, const char *name, const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return done;
}

/* A cgroup below our own, in the hierarchy that has the controller of memory. */
static bool make_group(char *folder, size_t room) {
    char line[512];
    const char *root = access("/sys/fs/cgroup/memory/tasks", F_OK) == 0 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
    const char *key = strcmp(root, "/sys/fs/cgroup") == 0 ? "0::" : ":memory:";
    FILE *list = fopen("/proc/self/cgroup", "re");
    bool made = false;
    while (list != NULL && !made && fgets(line, sizeof line, list) != NULL) {
        const char *at = strstr(line, key);
        line[strcspn(line, "\n")] = '\0';
        if (at == NULL)
            continue;
        snprintf(folder, room, "%s%s/hakozuna-%d", root, at + strlen(key), (int)getpid());
        made = mkdir(folder, 0700) == 0;
    }
    if (list != NULL)
        fclose(list);
    return made;
}

static const char *group;

/* What is freed goes back in time, or the kernel kills. */
static void in_group(void *arg) {
    static const size_t sizes[] = {100, 300 * KIB, 5000, 20 * MIB, 64 * KIB};
    (void)arg;
    require(write_text(group, "cgroup.procs", "0"), "cannot enter the group");
    for (unsigned i = 0; i < 15; i++) {
        struct chain chain = {NULL, 0};
        size_t size = sizes[i % 5];
        (void)fill(&chain, size, 40 * MIB);
        for (void **block = chain.newest; block != NULL; block = block[0])
            memset(block + 2, 'x', size - 2 * sizeof *block);
        drop(&chain);
        (void)heap_trim(); /* nobody asks before the group's limit kills: what is kept must fit beside what is new */
    }
}

static bool is_limited(void) {
    return write_text(group, "memory.limit_in_bytes", "67108864") || write_text(group, "memory.max", "67108864");
}

/* --- All ------------------------------------------------------------------------------------------ */

static void check(const char *name, void (*work)(void *), size_t bytes) {
    static struct child child;
    bool ran = child_run(&child, work, (void *)(uintptr_t)bytes);
    if (ran && child_exited(&child, NO_SUCH_LIMIT))
        tap_skip("%s: the kernel does not limit that here", name);
    else if (!tap_ok(ran && child_exited(&child, 0), "%s", name))
        tap_diag("status %#x: %s", (unsigned)child.status, child.err);
}

static void check_group(void) {
    char folder[400];
    group = folder;
    if (!make_group(folder, sizeof folder)) {
        tap_skip("a memory cgroup: not permitted here");
        return;
    }
    if (is_limited())
        check("in a memory cgroup of 64 MiB", in_group, 0);
    else
        tap_skip("a memory cgroup: it has no limit to set");
    rmdir(folder);
}

static void overcommitted(void *arg) {
    (void)arg;
    run_threads(4);
    exhaust(32 * MIB, 128 * MIB);
}

int main(void) {
    char mode = '0';
    int fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
    (void)!read(fd, &mode, 1);
    check("128 MiB of address space", under_address_limit, 128 * MIB);
    check("300 MiB of address space", under_address_limit, 300 * MIB);
    check("48 MiB of data", under_data_limit, 48 * MIB);
    check("150 MiB of data", under_data_limit, 150 * MIB);
    check("no more mappings from the start", without_mappings_from_start, 0);
    check("no more mappings", without_mappings, 0);
    check("holes of 9 MiB", in_pieces, 9 * MIB);
    check_group();
    if (mode == '2')
        check("strict overcommit", overcommitted, 0);
    else
        tap_skip("strict overcommit: vm.overcommit_memory is %c", mode);
    return tap_done();
}
