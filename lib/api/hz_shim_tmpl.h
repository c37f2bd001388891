/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_shim_tmpl.h -- the standard names that share the hot paths: malloc, free, calloc, realloc, malloc_usable_size and
 * the plain C++ operators. Compiled into each profile, behind hz_api_tmpl.h. */
#pragma once
#include "hz_api_tmpl.h"
#include "hz_cxx.h"
#include "hz_glibc.h"

/* In a static link this reference brings hz_libc.c along with malloc, whatever else the program names: one name
 * that is left to libc brings its whole malloc.o, and malloc twice. */
extern HZ_HIDDEN const char hz_libc_names;
__attribute__((used)) static const char *const libc_names = &hz_libc_names;

HZ_LABEL(void *, malloc, (size_t), hkz_malloc)
HZ_GLIBC_LABEL(void *, __libc_malloc, (size_t), hkz_malloc)
HZ_LABEL(void *, calloc, (size_t, size_t), hkz_calloc)
HZ_GLIBC_LABEL(void *, __libc_calloc, (size_t, size_t), hkz_calloc)
HZ_LABEL(void *, realloc, (void *, size_t), hkz_realloc)
HZ_GLIBC_LABEL(void *, __libc_realloc, (void *, size_t), hkz_realloc)
HZ_LABEL(void, free, (void *), hkz_free)
HZ_GLIBC_LABEL(void, cfree, (void *), hkz_free)
HZ_GLIBC_LABEL(void, __libc_free, (void *), hkz_free)
HZ_GLIBC_LABEL(void, __libc_cfree, (void *), hkz_free)

HZ_EXPORT size_t malloc_usable_size(void *block);
size_t malloc_usable_size(void *block) { return hz_api_usable(block, "malloc_usable_size"); }

HZ_LABEL(void, free_sized, (void *, size_t), hkz_free_sized)
HZ_LABEL(void, free_aligned_sized, (void *, size_t, size_t), hkz_free_aligned_sized)

/* operator delete in all its forms. (C++17 [new.delete]) */
HZ_LABEL(void, _ZdlPv, (void *), hkz_free)
HZ_LABEL(void, _ZdaPv, (void *), hkz_free)
HZ_LABEL(void, _ZdlPvRKSt9nothrow_t, (void *, const void *), hkz_free)
HZ_LABEL(void, _ZdaPvRKSt9nothrow_t, (void *, const void *), hkz_free)

HZ_EXPORT void HZ_CXX_NAME(_ZdlPv, )(void *block, size_t size);
void HZ_CXX_NAME(_ZdlPv, )(void *block, size_t size) { hz_api_free_sized(block, size, "operator delete"); }
HZ_LABEL(void, HZ_CXX_NAME(_ZdaPv, ), (void *, size_t), HZ_CXX_NAME(_ZdlPv, ))

HZ_EXPORT void _ZdlPvSt11align_val_t(void *block, size_t alignment);
void _ZdlPvSt11align_val_t(void *block, size_t alignment) { hz_heap_free_aligned(block, alignment, "operator delete"); }
HZ_LABEL(void, _ZdaPvSt11align_val_t, (void *, size_t), _ZdlPvSt11align_val_t)
HZ_LABEL(void, _ZdlPvSt11align_val_tRKSt9nothrow_t, (void *, size_t, const void *), _ZdlPvSt11align_val_t)
HZ_LABEL(void, _ZdaPvSt11align_val_tRKSt9nothrow_t, (void *, size_t, const void *), _ZdlPvSt11align_val_t)

HZ_EXPORT void HZ_CXX_NAME(_ZdlPv, St11align_val_t)(void *block, size_t size, size_t alignment);
void HZ_CXX_NAME(_ZdlPv, St11align_val_t)(void *block, size_t size, size_t alignment) {
    hz_heap_free_sized(block, size, alignment, "operator delete");
}
HZ_LABEL(void, HZ_CXX_NAME(_ZdaPv, St11align_val_t), (void *, size_t, size_t), HZ_CXX_NAME(_ZdlPv, St11align_val_t))

/* operator new(size_t) and operator new[](size_t). */
HZ_EXPORT void *HZ_CXX_NAME(_Znw, )(size_t size);
void *HZ_CXX_NAME(_Znw, )(size_t size) {
    void *block = hz_front_malloc(size);
    if (HZ_LIKELY(block != NULL))
        return block;
    return hz_cxx_new(size, 1);
}
HZ_LABEL(void *, HZ_CXX_NAME(_Zna, ), (size_t), HZ_CXX_NAME(_Znw, ))

/* The same with std::nothrow. */
HZ_EXPORT void *HZ_CXX_NAME(_Znw, RKSt9nothrow_t)(size_t size, const void *tag);
void *HZ_CXX_NAME(_Znw, RKSt9nothrow_t)(size_t size, const void *tag) {
    (void)tag;
    void *block = hz_front_malloc(size);
    if (HZ_LIKELY(block != NULL))
        return block;
    return hz_cxx_new_nothrow(size, 1);
}
HZ_LABEL(void *, HZ_CXX_NAME(_Zna, RKSt9nothrow_t), (size_t, const void *), HZ_CXX_NAME(_Znw, RKSt9nothrow_t))
