/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * hz_nothrow.cc -- the one thing that C cannot say: operator new with std::nothrow returns NULL when a
 * new_handler throws. ([new.delete.single]) The references to the C++ runtime are weak, as in hz_cxx.c, so
 * that the library still does not need it. Replaced by hz_nothrow.c where there is no C++ compiler. */
#include <cstddef>

__asm__(".weak __gxx_personality_v0\n.weak __cxa_begin_catch\n.weak __cxa_end_catch");

extern "C" {
__attribute__((visibility("hidden"))) void *hz_cxx_try(std::size_t size, std::size_t alignment);
__attribute__((visibility("hidden"))) void *hz_cxx_new_nothrow(std::size_t size, std::size_t alignment);
}

void *hz_cxx_new_nothrow(std::size_t size, std::size_t alignment) {
    try {
        return hz_cxx_try(size, alignment);
    } catch (...) {
        return nullptr;
    }
}
