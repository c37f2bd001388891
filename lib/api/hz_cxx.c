/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_cxx.c -- see hz_cxx.h. Part of the shim: it defines standard names. */
#include "hz_cxx.h"

#include "hz_fatal.h"
#include "hz_heap.h"
#include "hz_os.h"

typedef void (*new_handler)(void);
extern new_handler _ZSt15get_new_handlerv(void) __attribute__((weak));      /* std::get_new_handler */
extern void _ZSt17__throw_bad_allocv(void) __attribute__((weak, noreturn)); /* std::__throw_bad_alloc */

void *hz_cxx_try(size_t size, size_t alignment) {
    for (;;) {
        void *block = alignment == 1 ? hz_heap_malloc(size) : hz_heap_aligned(alignment, size);
        if (block != NULL)
            return block;
        new_handler handler = _ZSt15get_new_handlerv == NULL ? NULL : _ZSt15get_new_handlerv();
        if (handler == NULL)
            return NULL;
        handler();
    }
}

void *hz_cxx_new(size_t size, size_t alignment) {
    void *block = hz_cxx_try(size, alignment);
    if (HZ_LIKELY(block != NULL))
        return block;
    if (_ZSt17__throw_bad_allocv != NULL)
        _ZSt17__throw_bad_allocv();
    hz_message("error", "operator new is out of memory, and there is no C++ runtime to throw with");
    hz_os_abort();
}

#define ALIGNED_NEW(name)                                \
    HZ_EXPORT void *name(size_t size, size_t alignment); \
    void *name(size_t size, size_t alignment) { return hz_cxx_new(size, alignment); }
ALIGNED_NEW(HZ_CXX_NAME(_Znw, St11align_val_t))
ALIGNED_NEW(HZ_CXX_NAME(_Zna, St11align_val_t))

#define ALIGNED_NOTHROW(name)                                             \
    HZ_EXPORT void *name(size_t size, size_t alignment, const void *tag); \
    void *name(size_t size, size_t alignment, const void *tag) {          \
        (void)tag;                                                        \
        return hz_cxx_new_nothrow(size, alignment);                       \
    }
ALIGNED_NOTHROW(HZ_CXX_NAME(_Znw, St11align_val_tRKSt9nothrow_t))
ALIGNED_NOTHROW(HZ_CXX_NAME(_Zna, St11align_val_tRKSt9nothrow_t))
