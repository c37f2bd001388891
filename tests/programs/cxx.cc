// SPDX-FileCopyrightText: 2026 The Hakozuna authors
// SPDX-License-Identifier: Apache-2.0
//
// cxx.cc -- what a C++ program asks of an allocator: every form of new and delete, its failures, the
// new_handler, exceptions, and containers in threads. Prints the same on every correct allocator.
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

// Through these the compiler can neither see sizes nor drop a pair of new and delete.
volatile std::size_t huge = SIZE_MAX / 2 - 4096;
void *volatile sink;

void must(bool true_thing, const char *what) {
    if (!true_thing) {
        std::printf("wrong: %s\n", what);
        std::exit(1);
    }
}

template <class T> T *keep(T *pointer) {
    sink = pointer;
    return static_cast<T *>(sink);
}

int handler_calls;

void handler_that_gives_up() {
    if (++handler_calls == 3)
        std::set_new_handler(nullptr);
}

void handler_that_throws() {
    ++handler_calls;
    throw std::bad_alloc();
}

template <class F> bool throws_bad_alloc(F &&allocate) {
    try {
        sink = allocate();
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

void failures() {
    const std::align_val_t page{4096};
    must(throws_bad_alloc([] { return ::operator new(huge); }), "new fails");
    must(throws_bad_alloc([] { return ::operator new[](huge); }), "new[] fails");
    must(throws_bad_alloc([&] { return ::operator new(huge, page); }), "aligned new fails");
    must(throws_bad_alloc([&] { return ::operator new[](huge, page); }), "aligned new[] fails");
    must(throws_bad_alloc([] { return new std::uint64_t[huge]; }), "array too long");
    must(!::operator new(huge, std::nothrow), "nothrow");
    must(!::operator new[](huge, std::nothrow), "nothrow[]");
    must(!::operator new(huge, page, std::nothrow), "aligned nothrow");
    must(!::operator new[](huge, page, std::nothrow), "aligned nothrow[]");

    handler_calls = 0;
    std::set_new_handler(handler_that_gives_up);
    must(throws_bad_alloc([] { return ::operator new(huge); }), "handler gives up");
    std::printf("handler calls: %d\n", handler_calls);
    handler_calls = 0;
    std::set_new_handler(handler_that_gives_up);
    must(!::operator new(huge, page, std::nothrow), "nothrow asks the handler");
    std::printf("handler calls, nothrow: %d\n", handler_calls);
    handler_calls = 0;
    std::set_new_handler(handler_that_throws);
    must(throws_bad_alloc([] { return ::operator new(huge); }), "handler throws");
    must(!::operator new(huge, std::nothrow), "nothrow catches the handler's exception");
    std::printf("handler calls, throwing: %d\n", handler_calls);
    std::set_new_handler(nullptr);
}

void all_forms() {
    for (std::size_t size : {0u, 1u, 24u, 1000u, 5000u, 70000u, 3000000u}) {
        ::operator delete(keep(static_cast<char *>(::operator new(size))));
        ::operator delete(keep(static_cast<char *>(::operator new(size))), size);
        ::operator delete[](keep(static_cast<char *>(::operator new[](size))));
        ::operator delete[](keep(static_cast<char *>(::operator new[](size))), size);
        ::operator delete(::operator new(size, std::nothrow), std::nothrow);
        ::operator delete[](::operator new[](size, std::nothrow), std::nothrow);
        for (std::size_t alignment = 16; alignment <= (1u << 21); alignment *= 2) {
            const std::align_val_t align{alignment};
            void *blocks[] = {::operator new(size, align), ::operator new[](size, align),
                              ::operator new(size, align, std::nothrow), ::operator new[](size, align, std::nothrow)};
            for (void *block : blocks) {
                must(block && reinterpret_cast<std::uintptr_t>(block) % alignment == 0, "aligned");
                for (std::size_t i = 0; i < size; i += 512)
                    static_cast<volatile char *>(block)[i] = 1;
            }
            ::operator delete(blocks[0], size, align);
            ::operator delete[](blocks[1], align);
            ::operator delete(blocks[2], align, std::nothrow);
            ::operator delete[](blocks[3], size, align);
        }
    }
    ::operator delete(nullptr);
    ::operator delete[](nullptr, std::align_val_t{64});
    struct alignas(256) wide {
        char bytes[300];
    };
    std::vector<std::unique_ptr<wide>> wides;
    for (int i = 0; i < 100; i++)
        wides.push_back(std::make_unique<wide>());
    for (const auto &one : wides)
        must(reinterpret_cast<std::uintptr_t>(one.get()) % 256 == 0, "alignas");
    std::puts("all forms");
}

int deep(int level, const std::string &text) {
    const std::string longer = text + std::to_string(level);
    if (level == 0)
        throw std::runtime_error(longer);
    return deep(level - 1, longer) + 1;
}

std::size_t exceptions() {
    std::size_t total = 0;
    for (int i = 0; i < 300; i++) {
        try {
            deep(i % 40, "start");
        } catch (const std::exception &error) {
            total += std::string(error.what()).size();
            const std::exception_ptr held = std::current_exception();
            try {
                std::rethrow_exception(held);
            } catch (const std::runtime_error &again) {
                total += again.what()[0] == 's';
            }
        }
    }
    return total;
}

using table = std::map<std::string, std::vector<std::string>>;

// Tables made by one thread and destroyed by another.
class channel {
  public:
    void put(std::unique_ptr<table> one) {
        const std::lock_guard<std::mutex> hold(mutex);
        waiting.push_back(std::move(one));
        ready.notify_one();
    }
    std::unique_ptr<table> take() {
        std::unique_lock<std::mutex> hold(mutex);
        ready.wait(hold, [this] { return !waiting.empty(); });
        std::unique_ptr<table> one = std::move(waiting.front());
        waiting.pop_front();
        return one;
    }

  private:
    std::mutex mutex;
    std::condition_variable ready;
    std::deque<std::unique_ptr<table>> waiting;
};

void produce(channel &out, unsigned seed) {
    for (int i = 0; i < 60; i++) {
        auto one = std::make_unique<table>();
        for (int j = 0; j < 400; j++) {
            seed = seed * 1664525 + 1013904223;
            (*one)["key " + std::to_string(seed % 100)].emplace_back(seed % 200, 'v');
        }
        out.put(std::move(one));
    }
    exceptions();
    out.put(nullptr);
}

void consume(channel &in, std::size_t &total) {
    while (const std::unique_ptr<table> one = in.take()) {
        for (const auto &entry : *one) {
            for (const std::string &text : entry.second)
                total += text.size() * entry.first.size();
        }
    }
}

void threads() {
    constexpr int pairs = 3;
    channel channels[pairs];
    std::size_t totals[pairs] = {};
    std::vector<std::thread> all;
    for (unsigned i = 0; i < pairs; i++) {
        all.emplace_back(produce, std::ref(channels[i]), i + 1);
        all.emplace_back(consume, std::ref(channels[i]), std::ref(totals[i]));
    }
    for (std::thread &one : all)
        one.join();
    for (std::size_t total : totals)
        std::printf("thread total %zu\n", total);
    for (int i = 0; i < 200; i++) // many short ones, each with something in its cache
        std::thread([] { sink = std::make_unique<std::string>(500, 'x').get(); }).join();
}

} // namespace

int main() {
    failures();
    all_forms();
    std::printf("exceptions %zu\n", exceptions());
    threads();
    std::puts("end");
    return 0;
}
