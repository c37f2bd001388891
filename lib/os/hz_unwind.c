/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_unwind.c -- see hz_unwind.h. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "hz_unwind.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>
#include <ucontext.h>

#include "hz_fatal.h"
#include "hz_text.h"

/* Absent in fully static programs. */
extern __typeof(dlopen) dlopen __attribute__((weak));
extern __typeof(dlsym) dlsym __attribute__((weak));
extern __typeof(dladdr) dladdr __attribute__((weak));

enum { CURSOR_WORDS = 256, SIGNAL_FRAME = 1, SKIP_MAX = 8, FRAMES_MAX = 64, NAME_MAX_BYTES = 200 };

/* libunwind's names for unwinding its own process end in these, behind a prefix of the architecture, and
 * its number of the program counter is the architecture's, too. Its cursor is smaller than ours. */
#if defined(__x86_64__)
#define LOCAL_NAME(name) "_ULx86_64_" name
#define CONTEXT_NAME "_Ux86_64_getcontext"
enum { REGISTER_PC = 16 };
#define CONTEXT_PC(context) ((context)->uc_mcontext.gregs[REG_RIP])
#elif defined(__aarch64__)
#define LOCAL_NAME(name) "_ULaarch64_" name
#define CONTEXT_NAME "" /* is a macro there */
enum { REGISTER_PC = 32 };
#define CONTEXT_PC(context) ((context)->uc_mcontext.pc)
#else
#define LOCAL_NAME(name) ""
#define CONTEXT_NAME ""
enum { REGISTER_PC = 0 };
#define CONTEXT_PC(context) ((void)(context), 0)
#endif

enum walker { WALKER_NONE, WALKER_LOADING, WALKER_LIBUNWIND, WALKER_RUNTIME };

/* const once walker says that they are there */
static int (*get_context)(ucontext_t *context);
static int (*init_local)(void *cursor, ucontext_t *context, int flags);
static int (*step)(void *cursor);
static int (*get_register)(void *cursor, int number, uintptr_t *ret_value);
static int (*walk_runtime)(int (*visit)(void *frame, void *arg), void *arg);
static uintptr_t (*frame_pc)(void *frame);

static int walker;  /* atomic; enum walker; release of what is above */
static int walking; /* atomic; threads that walk */
static int forking; /* atomic; threads that are about to fork */

/* --- Loading ---------------------------------------------------------------------------------- */

static void find(void *library, const char *name, void *ret_function) {
    void *address = name[0] == '\0' ? NULL : dlsym(library, name);
    memcpy(ret_function, &address, sizeof address);
}

static int load_libunwind(void) {
    void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL)
        return WALKER_NONE;
    find(library, CONTEXT_NAME, &get_context);
    find(library, LOCAL_NAME("init_local2"), &init_local);
    find(library, LOCAL_NAME("step"), &step);
    find(library, LOCAL_NAME("get_reg"), &get_register);
    bool has_all = get_context != NULL && init_local != NULL && step != NULL && get_register != NULL;
    return has_all ? WALKER_LIBUNWIND : WALKER_NONE;
}

static int load_runtime(void) {
    void *library = dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL)
        return WALKER_NONE;
    find(library, "_Unwind_Backtrace", &walk_runtime);
    find(library, "_Unwind_GetIP", &frame_pc);
    return walk_runtime != NULL && frame_pc != NULL ? WALKER_RUNTIME : WALKER_NONE;
}

/* A program without a dynamic linker would get a second libc along with the library. */
static bool can_load(void) { return dlopen != NULL && dlsym != NULL && getauxval(AT_BASE) != 0; }

void hz_unwind_load(void) {
    int none = WALKER_NONE;
    if (!can_load() ||
        !__atomic_compare_exchange_n(&walker, &none, WALKER_LOADING, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    int saved = errno;
    int loaded = load_libunwind();
    if (loaded == WALKER_NONE)
        loaded = load_runtime();
    errno = saved;
    __atomic_store_n(&walker, loaded, __ATOMIC_RELEASE);
}

/* --- Walking ---------------------------------------------------------------------------------- */

/* Frames as they come; the first skip_count are dropped. */
struct collector {
    void **frames;
    unsigned count;
    unsigned max;
    unsigned skip_count;
};

static bool collect(struct collector *collector, uintptr_t pc) {
    if (pc == 0)
        return false;
    if (collector->skip_count > 0)
        collector->skip_count--;
    else if (collector->count < collector->max)
        collector->frames[collector->count++] = (void *)pc;
    return collector->count < collector->max;
}

static uintptr_t pc_of(void *context) { return context == NULL ? 0 : (uintptr_t)CONTEXT_PC((ucontext_t *)context); }

/* Not inlined, so that the frames to skip are this one's. */
static HZ_NOINLINE void walk_libunwind(struct collector *collector, void *context) {
    uintptr_t cursor[CURSOR_WORDS];
    uintptr_t pc;
    ucontext_t here;
    if (context == NULL && get_context(&here) != 0)
        return;
    collector->skip_count = context == NULL ? 2 : 0; /* this function, and hz_unwind */
    if (init_local(cursor, context == NULL ? &here : context, context == NULL ? 0 : SIGNAL_FRAME) != 0)
        return;
    for (bool is_first = true; get_register(cursor, REGISTER_PC, &pc) == 0; is_first = false)
        if (!collect(collector, pc + (is_first && context != NULL)) || step(cursor) <= 0)
            break;
}

struct runtime_walk {
    struct collector *collector;
    uintptr_t context_pc; /* of a signal; frames before it are the handler's */
};

static int visit_runtime(void *frame, void *arg) {
    struct runtime_walk *walk = arg;
    uintptr_t pc = frame_pc(frame);
    enum { GO_ON = 0, STOP = 5 };
    if (walk->context_pc != 0) {
        if (pc != walk->context_pc)
            return GO_ON;
        walk->context_pc = 0;
        pc++;
    }
    return collect(walk->collector, pc) ? GO_ON : STOP;
}

static HZ_NOINLINE void walk_by_runtime(struct collector *collector, void *context) {
    struct runtime_walk walk = {collector, pc_of(context)};
    collector->skip_count = context == NULL ? 2 : 0; /* this function, and hz_unwind */
    (void)walk_runtime(visit_runtime, &walk);
}

static __thread bool is_walking __attribute__((tls_model("initial-exec"))); /* what walks may allocate */

/* Whether the calling thread may walk now; if so, leave() follows. */
static bool enter(void) {
    if (is_walking)
        return false;
    (void)__atomic_add_fetch(&walking, 1, __ATOMIC_SEQ_CST); /* before the look, as the forker's is after its mark */
    is_walking = __atomic_load_n(&forking, __ATOMIC_SEQ_CST) == 0;
    if (is_walking)
        return true;
    (void)__atomic_sub_fetch(&walking, 1, __ATOMIC_SEQ_CST);
    return false;
}

static void leave(void) {
    is_walking = false;
    (void)__atomic_sub_fetch(&walking, 1, __ATOMIC_RELEASE);
}

unsigned hz_unwind(void **frames, unsigned max, void *context) {
    struct collector collector = {frames, 0, max, 0};
    int by = __atomic_load_n(&walker, __ATOMIC_ACQUIRE);
    int saved = errno;
    if (by >= WALKER_LIBUNWIND && enter()) {
        if (by == WALKER_LIBUNWIND)
            walk_libunwind(&collector, context);
        else
            walk_by_runtime(&collector, context);
        leave();
    }
    errno = saved;
    collector.skip_count = 0;
    if (collector.count == 0 && max > 0)
        (void)collect(&collector, context == NULL ? (uintptr_t)__builtin_return_address(0) : pc_of(context) + 1);
    return collector.count;
}

unsigned hz_unwind_from(void **frames, unsigned max, const void *from) {
    void *all[FRAMES_MAX + SKIP_MAX];
    unsigned first = 0;
    max = max < FRAMES_MAX ? max : FRAMES_MAX;
    unsigned count = hz_unwind(all, max + SKIP_MAX, NULL);
    while (first < count && first < SKIP_MAX && all[first] != from)
        first++;
    bool is_found = first < count && all[first] == from;
    if (!is_found && count == 1) /* nothing could be walked: then from says more */
        all[0] = (void *)(uintptr_t)from;
    first = is_found ? first : 0;
    count = count - first < max ? count - first : max;
    memcpy(frames, all + first, count * sizeof *frames);
    return count;
}

/* --- Printing --------------------------------------------------------------------------------- */

static void add_place(struct hz_text *text, const void *address) {
    Dl_info info;
    if (dladdr == NULL || dladdr(address, &info) == 0 || info.dli_fname == NULL)
        return;
    if (info.dli_sname != NULL) {
        hz_text_add(text, " ");
        hz_text_add_bytes(text, info.dli_sname, strnlen(info.dli_sname, NAME_MAX_BYTES));
        hz_text_add(text, "+");
        hz_text_add_hex(text, (uintptr_t)address - (uintptr_t)info.dli_saddr);
    }
    hz_text_add(text, " (");
    hz_text_add_bytes(text, info.dli_fname, strnlen(info.dli_fname, NAME_MAX_BYTES));
    hz_text_add(text, "+");
    hz_text_add_hex(text, (uintptr_t)address - (uintptr_t)info.dli_fbase);
    hz_text_add(text, ")");
}

void hz_unwind_print(void *const *frames, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        const char *address = (const char *)frames[i] - 1;
        struct hz_text text;
        hz_text_init(&text);
        hz_text_add(&text, "  #");
        hz_text_add_number(&text, i);
        hz_text_add(&text, " ");
        hz_text_add_hex(&text, (uintptr_t)address);
        add_place(&text, address);
        hz_message("detail", text.bytes);
    }
}

/* --- Fork ------------------------------------------------------------------------------------- */

/* A walker may wait for the dynamic linker, whose lock the forking thread may hold: so not for ever. */
void hz_unwind_before_fork(void) {
    enum { TRIES = 50, NAP_NS = 1000000 };
    (void)__atomic_add_fetch(&forking, 1, __ATOMIC_SEQ_CST);
    int saved = errno;
    for (int i = 0; i < TRIES && __atomic_load_n(&walking, __ATOMIC_SEQ_CST) != 0; i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    errno = saved;
}

void hz_unwind_after_fork_parent(void) { (void)__atomic_sub_fetch(&forking, 1, __ATOMIC_SEQ_CST); }

/* A thread that still walks here is gone, and may have taken locks of the library with it. */
void hz_unwind_after_fork_child(void) {
    if (__atomic_load_n(&walking, __ATOMIC_RELAXED) != 0 ||
        __atomic_load_n(&walker, __ATOMIC_RELAXED) == WALKER_LOADING)
        __atomic_store_n(&walker, WALKER_LOADING, __ATOMIC_RELAXED); /* for ever */
    __atomic_store_n(&walking, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&forking, 0, __ATOMIC_RELAXED);
}
