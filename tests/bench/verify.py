#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""verify.py FOLDER good LIBRARY -- runs every program of FOLDER briefly with the library preloaded: all that is written
must be read back, nothing may fail, and the library must have served it.
verify.py FOLDER bad LIBRARY -- the same with each fault of bad_preload: the programs must notice it."""

import concurrent.futures
import json
import os
import subprocess
import sys

# Program: (arguments of a brief run, the faults that it must notice). The lanes and mixed_ws do not read back what they
# write.
RUNS = {
    "lanes": ("2 5000 400 16 32768 50 1024 1", ("null",)),
    "mixed_ws": ("2 5000", ("null",)),
    "phases": ("2 1 1000 16 8192 10", ("overlap", "null")),
    "bulk": ("2 3 1000", ("overlap", "null")),
    "bulk small": ("8 3 500 64", ("overlap", "null")),
    "churn": ("2 4 500 2000", ("overlap", "null")),
    "pipe": ("3 3000 64", ("overlap", "null")),
    "pipe fan-out": ("4 3000 64 1", ("overlap",)),
    "pipe fan-in": ("4 1000 64 1000", ("overlap",)),
    "falseshare": ("2 20 0 4000000", ("share",)),
    "falseshare passive": ("2 20 1 20000", ()),
    "vectors": ("2 1 8 65536", ("overlap",)),
    "trees": ("2 1 2000", ("overlap", "null")),
    "kv": ("2 20000 2000 6000", ("overlap", "null")),
    "jsonlike": ("2 16 500", ("overlap", "null")),
    "shortthreads": ("2 20", ("overlap", "null")),
    "buffers": ("2 8 4 131072 2097152", ("overlap",)),
    "burst": ("4 16 20 2", ("overlap", "null")),
    "drift": ("2 24 1", ("overlap", "null")),
    "aligned": ("2 2000 200", ("overlap", "skew", "null")),
    "calloc": ("2 2000 200", ("dirty",)),
}


def run(folder, name, library, fault):
    """(program's exit status, its result or None, what it wrote to stderr)"""
    program = os.path.join(folder, "bench-" + name.split()[0])
    environment = dict(os.environ, LD_PRELOAD=library, BENCH_BAD=fault)
    done = subprocess.run([program] + RUNS[name][0].split(), env=environment, capture_output=True, text=True,
                          timeout=60, check=False)
    try:
        return done.returncode, json.loads(done.stdout), done.stderr
    except ValueError:
        return done.returncode, None, done.stderr


def good(folder, name, library, asked=True):
    """What is wrong with the program on a library that should be good; None if nothing. Ours are asked for each block
    whether they served it."""
    status, result, errors = run(folder, name, library, "")
    if status != 0 or result is None or errors:
        return f"exit status {status}: {errors.strip() or result}"
    if result["errors"] or result["failures"] or not result["allocations"]:
        return f"errors {result['errors']}, failures {result['failures']}, allocations {result['allocations']}"
    if asked and result["served"] != 1:
        return f"the library says it served {result['served']} of the blocks"
    return None


def bad(folder, name, library):
    """What is wrong with the program's judgement of the faulty library."""
    sane = good(folder, name, library, asked=False)
    if sane:
        return "without a fault: " + sane
    for fault in RUNS[name][1]:
        field = "failures" if fault == "null" else "errors"
        for _ in range(3):  # two threads share a block only when they run at the same time
            status, result, errors = run(folder, name, library, fault)
            if status == 1 and result is not None and result[field]:
                break
        else:
            return f"did not notice '{fault}': exit status {status} {errors.strip()}"
    return None


def main():
    """Runs all programs, a few at a time."""
    if len(sys.argv) != 4 or sys.argv[2] not in ("good", "bad"):
        print(__doc__, file=sys.stderr)
        return 2
    folder, kind, library = sys.argv[1:4]
    judge = good if kind == "good" else bad
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for name, problem in zip(RUNS, pool.map(lambda name: judge(folder, name, library), RUNS)):
            print(f"{'FAIL' if problem else 'ok  '} {name}{': ' + problem if problem else ''}")
            failed += problem is not None
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
