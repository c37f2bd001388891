/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * verbs.c -- every way to hand a pointer to the library, with the way to get one that fits it. */
#include "verbs.h"
#include "late.h"
#include <malloc.h>

#define FIND(member, name)                                 \
    do {                                                   \
        void *found = library_find(name);                  \
        __builtin_memcpy(&(member), &found, sizeof found); \
    } while (0)

void *library_find(const char *name) {
    void *found = dlsym(RTLD_DEFAULT, name);
    if (found == NULL)
        tap_bail("%s does not exist: is the library preloaded?", name);
    return found;
}

/* The names that headers of C do not declare, with the arguments that they take. */
static struct {
    void (*cfree)(void *);
    void (*free_sized)(void *, size_t);
    void (*free_aligned_sized)(void *, size_t, size_t);
    void *(*new)(size_t);
    void *(*new_array)(size_t);
    void *(*new_aligned)(size_t, size_t);
    void *(*new_array_aligned)(size_t, size_t);
    void (*delete)(void *);
    void (*delete_array)(void *);
    void (*delete_sized)(void *, size_t);
    void (*delete_array_sized)(void *, size_t);
    void (*delete_nothrow)(void *, const void *);
    void (*delete_aligned)(void *, size_t);
    void (*delete_array_aligned)(void *, size_t);
    void (*delete_aligned_sized)(void *, size_t, size_t);
    void (*hkz_free)(void *);
    void (*hkz_free_sized)(void *, size_t);
    void *(*hkz_realloc)(void *, size_t);
    size_t (*hkz_usable_size)(const void *);
    void *(*hkz_expand)(void *, size_t);
    void (*hkz_batch_free)(void *const *, size_t);
} names;

void verbs_init(void) {
#ifdef __GLIBC__ /* others have none */
    FIND(names.cfree, "cfree");
#else
    names.cfree = free;
#endif
    FIND(names.free_sized, "free_sized");
    FIND(names.free_aligned_sized, "free_aligned_sized");
    FIND(names.new, "_Znwm");
    FIND(names.new_array, "_Znam");
    FIND(names.new_aligned, "_ZnwmSt11align_val_t");
    FIND(names.new_array_aligned, "_ZnamSt11align_val_t");
    FIND(names.delete, "_ZdlPv");
    FIND(names.delete_array, "_ZdaPv");
    FIND(names.delete_sized, "_ZdlPvm");
    FIND(names.delete_array_sized, "_ZdaPvm");
    FIND(names.delete_nothrow, "_ZdlPvRKSt9nothrow_t");
    FIND(names.delete_aligned, "_ZdlPvSt11align_val_t");
    FIND(names.delete_array_aligned, "_ZdaPvSt11align_val_t");
    FIND(names.delete_aligned_sized, "_ZdlPvmSt11align_val_t");
    FIND(names.hkz_free, "hkz_free");
    FIND(names.hkz_free_sized, "hkz_free_sized");
    FIND(names.hkz_realloc, "hkz_realloc");
    FIND(names.hkz_usable_size, "hkz_usable_size");
    FIND(names.hkz_expand, "hkz_expand");
    FIND(names.hkz_batch_free, "hkz_batch_free");
}

size_t told_size, told_alignment;

/* --- Getting ---------------------------------------------------------------------------------- */

static void *take_malloc(size_t size) { return malloc(size); }
static void *take_aligned(size_t size) { return aligned_alloc(VERB_ALIGNMENT, size); }
static void *take_new(size_t size) { return names.new(size); }
static void *take_array(size_t size) { return names.new_array(size); }
static void *take_new_aligned(size_t size) { return names.new_aligned(size, VERB_ALIGNMENT); }
static void *take_array_aligned(size_t size) { return names.new_array_aligned(size, VERB_ALIGNMENT); }

static void give_malloc(void *block) { free(block); }
static void give_new(void *block) { names.delete(block); }
static void give_array(void *block) { names.delete_array(block); }
static void give_new_aligned(void *block) { names.delete_aligned(block, VERB_ALIGNMENT); }
static void give_array_aligned(void *block) { names.delete_array_aligned(block, VERB_ALIGNMENT); }

/* --- Asking ----------------------------------------------------------------------------------- */

/* Each returns what a resizing or asking call answered, 0 or NULL if it refused. */
static void *by_free(void *p) { return free(p), NULL; }
static void *by_cfree(void *p) { return names.cfree(p), NULL; }
static void *by_free_sized(void *p) { return names.free_sized(p, told_size), NULL; }
static void *by_free_aligned_sized(void *p) { return names.free_aligned_sized(p, told_alignment, told_size), NULL; }
static void *by_realloc_more(void *p) { return realloc(p, program->size * 3); }
static void *by_realloc_less(void *p) { return realloc(p, program->size / 3 + 1); }
static void *by_realloc_zero(void *p) { return realloc(p, (size_t)(uintptr_t)launder(NULL)); }
static void *by_reallocarray(void *p) { return reallocarray(p, 3, program->size); }
static void *by_usable_size(void *p) { return (void *)malloc_usable_size(p); }
static void *by_delete(void *p) { return names.delete(p), NULL; }
static void *by_delete_array(void *p) { return names.delete_array(p), NULL; }
static void *by_delete_sized(void *p) { return names.delete_sized(p, told_size), NULL; }
static void *by_delete_array_sized(void *p) { return names.delete_array_sized(p, told_size), NULL; }
static void *by_delete_nothrow(void *p) { return names.delete_nothrow(p, ""), NULL; }
static void *by_delete_aligned(void *p) { return names.delete_aligned(p, told_alignment), NULL; }
static void *by_delete_array_aligned(void *p) { return names.delete_array_aligned(p, told_alignment), NULL; }
static void *by_delete_aligned_sized(void *p) { return names.delete_aligned_sized(p, told_size, told_alignment), NULL; }
static void *by_hkz_free(void *p) { return names.hkz_free(p), NULL; }
static void *by_hkz_free_sized(void *p) { return names.hkz_free_sized(p, told_size), NULL; }
static void *by_hkz_realloc(void *p) { return names.hkz_realloc(p, program->size * 3); }
static void *by_hkz_usable_size(void *p) { return (void *)names.hkz_usable_size(p); }
static void *by_hkz_expand(void *p) { return names.hkz_expand(p, 1); }
static void *by_hkz_batch_free(void *p) { return names.hkz_batch_free(&p, 1), NULL; }

const struct verb_form verb_forms[] = {
    [FREE] = {"free", VERB_FREES, by_free, take_malloc, give_malloc},
    [CFREE] = {"free", VERB_FREES, by_cfree, take_malloc, give_malloc},
    [FREE_SIZED] = {"free_sized", VERB_FREES, by_free_sized, take_malloc, give_malloc},
    [FREE_ALIGNED_SIZED] = {"free_aligned_sized", VERB_FREES, by_free_aligned_sized, take_aligned, give_malloc},
    [REALLOC_MORE] = {"realloc", VERB_MOVES, by_realloc_more, take_malloc, give_malloc},
    [REALLOC_LESS] = {"realloc", VERB_MOVES, by_realloc_less, take_malloc, give_malloc},
    [REALLOC_ZERO] = {"free", VERB_FREES, by_realloc_zero, take_malloc, give_malloc},
    [REALLOCARRAY] = {"realloc", VERB_MOVES, by_reallocarray, take_malloc, give_malloc},
    [USABLE_SIZE] = {"malloc_usable_size", VERB_ASKS, by_usable_size, take_malloc, give_malloc},
    [DELETE] = {"free", VERB_FREES, by_delete, take_new, give_new},
    [DELETE_ARRAY] = {"free", VERB_FREES, by_delete_array, take_array, give_array},
    [DELETE_SIZED] = {"operator delete", VERB_FREES, by_delete_sized, take_new, give_new},
    [DELETE_ARRAY_SIZED] = {"operator delete", VERB_FREES, by_delete_array_sized, take_array, give_array},
    [DELETE_NOTHROW] = {"free", VERB_FREES, by_delete_nothrow, take_new, give_new},
    [DELETE_ALIGNED] = {"operator delete", VERB_FREES, by_delete_aligned, take_new_aligned, give_new_aligned},
    [DELETE_ARRAY_ALIGNED] = {"operator delete", VERB_FREES, by_delete_array_aligned, take_array_aligned,
                              give_array_aligned},
    [DELETE_ALIGNED_SIZED] = {"operator delete", VERB_FREES, by_delete_aligned_sized, take_new_aligned,
                              give_new_aligned},
    [HKZ_FREE] = {"free", VERB_FREES, by_hkz_free, take_malloc, give_malloc},
    [HKZ_FREE_SIZED] = {"free_sized", VERB_FREES, by_hkz_free_sized, take_malloc, give_malloc},
    [HKZ_REALLOC] = {"realloc", VERB_MOVES, by_hkz_realloc, take_malloc, give_malloc},
    [HKZ_USABLE_SIZE] = {"usable_size", VERB_ASKS, by_hkz_usable_size, take_malloc, give_malloc},
    [HKZ_EXPAND] = {"expand", VERB_ASKS, by_hkz_expand, take_malloc, give_malloc},
    [HKZ_BATCH_FREE] = {"free", VERB_FREES, by_hkz_batch_free, take_malloc, give_malloc},
};

/* --- For programs ----------------------------------------------------------------------------- */

char *take_size(size_t size) {
    char *block = launder(verb_forms[program->verb].take((size_t)(uintptr_t)launder((void *)size)));
    need_stage(block != NULL);
    return block;
}

char *take(void) { return take_size(program->size); }

void give(void *block) { verb_forms[program->verb].give(launder(block)); }

void note(const void *pointer) {
    char line[32];
    tap_write(line, (size_t)snprintf(line, sizeof line, "0x%zx", (size_t)(uintptr_t)pointer));
}

void act(void *block) {
    const struct verb_form *form = &verb_forms[program->verb];
    if (is_wrong)
        note(block);
    void *answer = launder(form->apply(launder(block)));
    if (is_wrong) {
        if (answer != NULL && !is_forwarding)
            _exit(BAD_ANSWER);
        return;
    }
    if ((answer != NULL) != (form->kind != VERB_FREES))
        _exit(BAD_ANSWER);
    if (form->kind == VERB_MOVES)
        give(answer);
    else if (form->kind == VERB_ASKS)
        give(block);
}

void in_thread(void *(*work)(void *), void *arg) {
    pthread_t thread;
    need_stage(pthread_create(&thread, NULL, work, arg) == 0);
    pthread_join(thread, NULL);
}
