/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * operators.cpp -- C++: thread_local objects whose destructors run while the thread's cache is going away.
 * What each operator owes its caller is in the suite standard. */
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
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

static bool (*owns)(const void *address);

static void test_operators() {
    void *block = launder_pointer(::operator new(100));
    ok(owns(block), "operator new allocates here");
    ::operator delete(block);
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
    test_thread_local();
    ok(global.words.size() == 50, "a global object is alive");
    std::printf("1..%d\n", run);
    return failed != 0;
}
