/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * driver.c -- main for a harness without a fuzzing engine: replays files, or folders of them, then runs inputs
 * that follow from a seed until enough operations are done.
 *
 * usage: driver [-n operations] [-l bytes of an input] [-s seed] [-w folder] [file or folder]...
 * seed 0: a fresh one. -w writes each generated input there first, so that the last one is what failed. */
#include "fuzz.h"
#include "tap.h"
#include "watchdog.h"
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_BYTES = 1 << 20, WATCHDOG_SECONDS = 550 };

static uint8_t input[MOST_BYTES];

static void replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        tap_bail("cannot read %s", path);
    size_t bytes = fread(input, 1, sizeof input, file);
    fclose(file);
    /* In a copy of its own length, so that a sanitizer sees a read beyond it. */
    uint8_t *copy = malloc(bytes == 0 ? 1 : bytes);
    if (copy == NULL)
        tap_bail("no memory");
    memcpy(copy, input, bytes);
    fprintf(stderr, "# %s\n", path);
    LLVMFuzzerTestOneInput(copy, bytes);
    free(copy);
}

static unsigned replay(const char *path) {
    DIR *folder = opendir(path);
    unsigned count = 0;
    if (folder == NULL) {
        replay_file(path);
        return 1;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[1024];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        replay_file(name);
        count++;
    }
    closedir(folder);
    return count;
}

static void keep_input(const char *folder, size_t bytes) {
    char name[1024];
    snprintf(name, sizeof name, "%s/last-input", folder);
    FILE *file = fopen(name, "wb");
    if (file == NULL || fwrite(input, 1, bytes, file) != bytes)
        tap_bail("cannot write %s", name);
    fclose(file);
}

/* Returns how many inputs it took. */
static uint64_t generate(uint64_t operations, size_t most_bytes, uint64_t seed, const char *folder) {
    struct rng rng = rng_init(seed);
    uint64_t inputs = 0, end = fuzz_operations + operations;
    for (; fuzz_operations < end; inputs++) {
        size_t bytes = fuzz_generate(&rng, input, most_bytes);
        if (folder != NULL)
            keep_input(folder, bytes);
        LLVMFuzzerTestOneInput(input, bytes);
    }
    return inputs;
}

int main(int argc, char **argv) {
    uint64_t operations = 0, seed = 1;
    size_t most_bytes = 64 * 1024;
    const char *folder = NULL;
    for (int option; (option = getopt(argc, argv, "n:l:s:w:")) != -1;) {
        switch (option) {
        case 'n': operations = strtoull(optarg, NULL, 0); break;
        case 'l': most_bytes = strtoul(optarg, NULL, 0); break;
        case 's': seed = strtoull(optarg, NULL, 0); break;
        case 'w': folder = optarg; break;
        default: return 2;
        }
    }
    if (most_bytes < 16 || most_bytes > MOST_BYTES)
        return 2;
    if (seed == 0)
        seed = rng_fresh_seed();
    if (operations < 100000000)
        watchdog_start(WATCHDOG_SECONDS);
    LLVMFuzzerInitialize(&argc, &argv);
    tap_diag("driver -n %llu -l %zu -s %llu", (unsigned long long)operations, most_bytes, (unsigned long long)seed);
    for (int i = optind; i < argc; i++) {
        unsigned files = replay(argv[i]);
        tap_ok(files > 0, "%u inputs of %s: %llu operations so far", files, argv[i],
               (unsigned long long)fuzz_operations);
    }
    if (operations > 0) {
        uint64_t inputs = generate(operations, most_bytes, seed, folder);
        tap_ok(fuzz_operations >= operations, "%llu operations in all, %llu generated inputs",
               (unsigned long long)fuzz_operations, (unsigned long long)inputs);
    }
    return tap_done();
}
