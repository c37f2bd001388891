/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * operators.cpp -- C++: the operators and what they owe on failure, and thread_local objects whose
 * destructors run while the thread's cache is going away. */
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <dlfcn.h>

static int run, failed;

static void ok(bool condition, const char *what) {
    run++;
    failed += !condition;
    std::printf("%s %d - %s\n", condition ? "ok" : "not ok", run, what);
}

template <typename T> static T *launder_pointer(T *pointer) {
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

static std::size_t impossible() {
    std::size_t size = static_cast<std::size_t>(PTRDIFF_MAX) - 4096;
    __asm__ volatile("" : "+r"(size));
    return size;
}

static bool (*owns)(const void *address);

static void test_operators() {
    void *block = launder_pointer(::operator new(100));
    ok(owns(block), "operator new allocates here");
    ::operator delete(block);
    block = launder_pointer(::operator new[](0));
    ok(block != nullptr, "new of nothing is something");
    ::operator delete[](block);
    for (std::size_t alignment = 8; alignment <= (1u << 21); alignment *= 2) {
        void *aligned =
            launder_pointer(::operator new(3 * alignment / 2, std::align_val_t(alignment)));
        if (reinterpret_cast<std::uintptr_t>(aligned) % alignment != 0)
            ok(false, "aligned new");
        ::operator delete(aligned, 3 * alignment / 2, std::align_val_t(alignment));
    }
    ::operator delete(nullptr);
    ok(true, "aligned new and delete");
}

static bool throws_bad_alloc() {
    try {
        void *block = launder_pointer(::operator new(impossible()));
        ::operator delete(block);
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

static int handler_calls;

static void handler() {
    if (++handler_calls == 3)
        std::set_new_handler(nullptr);
}

static void throwing_handler() {
    throw std::bad_alloc();
}

static void test_failure() {
    ok(throws_bad_alloc(), "new without memory throws bad_alloc");
    ok(launder_pointer(::operator new(impossible(), std::nothrow)) == nullptr,
       "nothrow new gives null");
    ok(launder_pointer(::operator new[](impossible(), std::align_val_t(64), std::nothrow)) ==
           nullptr,
       "nothrow aligned new gives null");
    std::set_new_handler(handler);
    ok(throws_bad_alloc() && handler_calls == 3, "the new_handler is called until it is gone");
    std::set_new_handler(throwing_handler);
    ok(throws_bad_alloc(), "a new_handler may throw");
    ok(launder_pointer(::operator new(impossible(), std::nothrow)) == nullptr,
       "nothrow new catches what the handler throws");
    std::set_new_handler(nullptr);
    std::unique_ptr<int[]> after(new int[1000]);
    ok(launder_pointer(after.get()) != nullptr, "and memory is still to be had");
}

static std::atomic<long> destroyed;

/* Allocates while it dies. */
struct mourner {
    std::vector<std::string> words;
    mourner() : words(50, std::string(200, 'x')) {
    }
    ~mourner() {
        std::map<int, std::string> last;
        for (int i = 0; i < 50; i++)
            last[i] = words[static_cast<std::size_t>(i)] + std::to_string(i);
        words.clear();
        destroyed += static_cast<long>(last.size());
    }
};

static thread_local mourner first, second;

static void test_thread_local() {
    const int threads = 500;
    for (int i = 0; i < threads; i++)
        std::thread([] { second.words.push_back(first.words[0]); }).join();
    ok(destroyed == threads * 100, "thread_local destructors allocate and free");
}

static mourner global;

int main() {
    void *found = dlsym(RTLD_DEFAULT, "hkz_owns");
    __builtin_memcpy(&owns, &found, sizeof owns);
    if (owns == nullptr) {
        std::puts("Bail out! no hkz_* in the process: is the library preloaded?");
        return 99;
    }
    test_operators();
    test_failure();
    test_thread_local();
    ok(global.words.size() == 50, "a global object is alive");
    std::printf("1..%d\n", run);
    return failed != 0;
}
