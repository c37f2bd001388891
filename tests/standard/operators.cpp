/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * operators.cpp -- what C++17 says of operator new and operator delete, form by form; run with a library
 * preloaded. Clauses as in standard.h. */
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>
#include <thread>

#include <dlfcn.h>

namespace {

int run, failed;

void clause(bool holds, const char *what, const char *source) {
    run++;
    failed += !holds;
    std::printf("%s %d - %s (%s)\n", holds ? "ok" : "not ok", run, what, source);
}

std::size_t opaque(std::size_t value) {
    __asm__ volatile("" : "+r"(value));
    return value;
}

void *launder(void *block) {
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

bool is_aligned(const void *block, std::size_t alignment) {
    return block != nullptr && reinterpret_cast<std::uintptr_t>(block) % alignment == 0;
}

std::size_t in_use() {
    struct mallinfo2 figures = mallinfo2();
    return figures.uordblks + figures.hblkhd;
}

const std::size_t sizes[] = {1, 8, 16, 17, 100, 1000, 4096, 20000, 65536, 200000, 3000000};
const std::size_t impossible[] = {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 65536, SIZE_MAX / 2 + 1, PTRDIFF_MAX - 4095};

constexpr std::align_val_t line{64}, page{4096}, large{1 << 20};
const std::align_val_t alignments[] = {std::align_val_t{1}, std::align_val_t{16}, line, page, large};

/* One form of operator new, and the operator delete that goes with it. */
struct form {
    const char *name;
    void *(*make)(std::size_t size, std::align_val_t alignment);
    void (*drop)(void *block, std::size_t size, std::align_val_t alignment);
    bool is_aligned, is_nothrow;
    const char *source;
};

using std::align_val_t;
using std::nothrow;
using std::size_t;

const form forms[] = {
    {"new", [](size_t n, align_val_t) { return ::operator new(n); },
     [](void *p, size_t, align_val_t) { ::operator delete(p); }, false, false, "[new.delete.single]"},
    {"new, sized delete", [](size_t n, align_val_t) { return ::operator new(n); },
     [](void *p, size_t n, align_val_t) { ::operator delete(p, n); }, false, false, "[new.delete.single]"},
    {"new, nothrow", [](size_t n, align_val_t) { return ::operator new(n, nothrow); },
     [](void *p, size_t, align_val_t) { ::operator delete(p, nothrow); }, false, true, "[new.delete.single]"},
    {"new, aligned", [](size_t n, align_val_t a) { return ::operator new(n, a); },
     [](void *p, size_t, align_val_t a) { ::operator delete(p, a); }, true, false, "[new.delete.single]"},
    {"new, aligned, sized delete", [](size_t n, align_val_t a) { return ::operator new(n, a); },
     [](void *p, size_t n, align_val_t a) { ::operator delete(p, n, a); }, true, false, "[new.delete.single]"},
    {"new, aligned, nothrow", [](size_t n, align_val_t a) { return ::operator new(n, a, nothrow); },
     [](void *p, size_t, align_val_t a) { ::operator delete(p, a, nothrow); }, true, true,
     "[new.delete.single]"},
    {"new[]", [](size_t n, align_val_t) { return ::operator new[](n); },
     [](void *p, size_t, align_val_t) { ::operator delete[](p); }, false, false, "[new.delete.array]"},
    {"new[], sized delete", [](size_t n, align_val_t) { return ::operator new[](n); },
     [](void *p, size_t n, align_val_t) { ::operator delete[](p, n); }, false, false, "[new.delete.array]"},
    {"new[], nothrow", [](size_t n, align_val_t) { return ::operator new[](n, nothrow); },
     [](void *p, size_t, align_val_t) { ::operator delete[](p, nothrow); }, false, true, "[new.delete.array]"},
    {"new[], aligned", [](size_t n, align_val_t a) { return ::operator new[](n, a); },
     [](void *p, size_t, align_val_t a) { ::operator delete[](p, a); }, true, false, "[new.delete.array]"},
    {"new[], aligned, sized delete", [](size_t n, align_val_t a) { return ::operator new[](n, a); },
     [](void *p, size_t n, align_val_t a) { ::operator delete[](p, n, a); }, true, false,
     "[new.delete.array]"},
    {"new[], aligned, nothrow", [](size_t n, align_val_t a) { return ::operator new[](n, a, nothrow); },
     [](void *p, size_t, align_val_t a) { ::operator delete[](p, a, nothrow); }, true, true,
     "[new.delete.array]"},
};

void say(const form &form, bool holds, const char *what) {
    char line[200];
    std::snprintf(line, sizeof line, "%s: %s", form.name, what);
    clause(holds, line, form.source);
}

/* --- Storage ----------------------------------------------------------------------------------- */

void check_storage(const form &form) {
    bool is_suitable = true;
    std::size_t before = in_use();
    for (std::size_t size : sizes)
        for (std::align_val_t alignment : alignments) {
            char *block = static_cast<char *>(launder(form.make(opaque(size), alignment)));
            std::size_t needed = form.is_aligned ? static_cast<std::size_t>(alignment)
                                 : size < __STDCPP_DEFAULT_NEW_ALIGNMENT__ ? 1
                                                                           : __STDCPP_DEFAULT_NEW_ALIGNMENT__;
            is_suitable = is_suitable && is_aligned(block, needed) && malloc_usable_size(block) >= size;
            std::memset(block, 1, size);
            errno = 4711;
            form.drop(block, opaque(size), alignment);
            is_suitable = is_suitable && errno == 4711;
        }
    say(form, is_suitable, "storage of that size, aligned as it must be");
    say(form, in_use() <= before + 4096, "its delete gives the storage back");
}

void check_nothing(const form &form) {
    void *first = launder(form.make(opaque(0), line)), *second = launder(form.make(opaque(0), line));
    say(form, first != nullptr && second != nullptr && first != second,
        "no bytes give a pointer of their own, not null [basic.stc.dynamic.allocation]");
    form.drop(first, opaque(0), line);
    form.drop(second, opaque(0), line);
    form.drop(nullptr, opaque(100), line);
    say(form, true, "delete of null does nothing");
}

/* --- Failure ----------------------------------------------------------------------------------- */

enum outcome { STORAGE, NOTHING, BAD_ALLOC, OTHER_EXCEPTION };

struct own_bad_alloc : std::bad_alloc {};

outcome try_form(const form &form, std::size_t size) {
    try {
        void *block = launder(form.make(opaque(size), line));
        if (block == nullptr)
            return NOTHING;
        form.drop(block, opaque(size), line);
        return STORAGE;
    } catch (const own_bad_alloc &) {
        return OTHER_EXCEPTION;
    } catch (const std::bad_alloc &) {
        return BAD_ALLOC;
    } catch (...) {
        return OTHER_EXCEPTION;
    }
}

int handler_calls;

void handler_that_leaves() {
    if (++handler_calls == 5)
        std::set_new_handler(nullptr);
}

void handler_that_throws() {
    handler_calls++;
    throw own_bad_alloc();
}

void check_failure(const form &form) {
    bool is_refused = true;
    outcome expected = form.is_nothrow ? NOTHING : BAD_ALLOC;
    for (std::size_t size : impossible)
        is_refused = is_refused && try_form(form, size) == expected;
    say(form, is_refused, form.is_nothrow ? "without storage it is null" : "without storage it throws bad_alloc");
    handler_calls = 0;
    std::set_new_handler(handler_that_leaves);
    bool is_looping = try_form(form, SIZE_MAX / 2 + 1) == expected && handler_calls == 5;
    say(form, is_looping, "calls the new_handler again and again until there is none");
    std::set_new_handler(handler_that_throws);
    handler_calls = 0;
    outcome thrown = try_form(form, SIZE_MAX / 2 + 1);
    say(form, thrown == (form.is_nothrow ? NOTHING : OTHER_EXCEPTION) && handler_calls == 1,
        form.is_nothrow ? "what the new_handler throws becomes null" : "what the new_handler throws passes through");
    std::set_new_handler(nullptr);
    say(form, try_form(form, 100) == STORAGE, "works after it failed");
}

/* --- The rest ---------------------------------------------------------------------------------- */

struct alignas(256) wide {
    char bytes[300];
};

struct counted {
    static int alive;
    char bytes[24];
    counted() {
        if (alive == 7)
            throw 7;
        alive++;
    }
    ~counted() { alive--; }
};
int counted::alive;

void check_expressions() {
    bool is_right = true;
    for (int i = 0; i < 20; i++) {
        wide *one = new wide, *many = new wide[3];
        is_right = is_right && is_aligned(launder(one), 256) && is_aligned(launder(many), 256);
        delete one;
        delete[] many;
    }
    clause(is_right, "new of an over-aligned type is aligned for it", "[expr.new]");
    std::size_t before = in_use();
    bool is_thrown = false;
    try {
        launder(new counted[100]);
    } catch (int) {
        is_thrown = true;
    }
    clause(is_thrown && counted::alive == 0 && in_use() <= before + 512,
           "new[] whose constructor throws gives the storage back", "[expr.new]");
    bool is_refused = false;
    try {
        std::size_t count = opaque(SIZE_MAX / 2);
        launder(new wide[count]);
    } catch (const std::bad_alloc &) {
        is_refused = true;
    }
    clause(is_refused, "new[] of more than can be throws bad_alloc or what derives from it", "[expr.new]");
}

void check_kinship() {
    void *made = launder(::operator new(opaque(100)));
    std::thread([made] { ::operator delete(made); }).join();
    clause(true, "storage may be given back by another thread", "[new.delete.dataraces]");
    int value = 0;
    clause(new (&value) int(5) == &value && value == 5, "placement new returns its argument",
           "[new.delete.placement]");
}

} // namespace

int main() {
    if (dlsym(RTLD_DEFAULT, "hkz_malloc") == nullptr) {
        std::puts("Bail out! no hkz_* in the process: is the library preloaded?");
        return 99;
    }
    for (const form &form : forms) {
        check_storage(form);
        check_nothing(form);
        check_failure(form);
    }
    check_expressions();
    check_kinship();
    std::printf("1..%d\n", run);
    return failed != 0;
}
