/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * consumer.cc -- the same in C++. consumer PROFILE: exits with 0 if operator new is that of PROFILE. */
#include <hakozuna.h>

#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

struct alignas(256) wide {
    char bytes[256];
};

static bool throws() {
    try {
        std::vector<int>().at(1);
    } catch (const std::out_of_range &) {
        return true;
    }
    return false;
}

int main(int argc, char **argv) {
    const char *profile = argc > 1 ? argv[1] : "hz3-scale";
    std::vector<std::string> names(1000, std::string(100, 'x'));
    wide *block = new wide;
    bool good = std::strcmp(hkz_profile(), profile) == 0 && hkz_owns(names.data()) && hkz_owns(block) && throws();
    delete block;
    std::printf("consumer: C++ %s: %s\n", hkz_profile(), good ? "ok" : "FAILED");
    return good ? 0 : 1;
}
