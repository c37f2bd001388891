# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""The lanes and programs by name, and which of them are wanted."""

from . import real
from .rows import BenchRow, FixedRow, StartRow
from .say import fail, say

# Lane: (slots, min, max, remote %). The touch_ form writes the blocks and has a ring of 1024.
LANES = {
    "guard_r0": (400, 16, 2048, 0),
    "guard_r90": (400, 16, 2048, 90),
    "main_r0": (400, 16, 32768, 0),
    "main_r50": (400, 16, 32768, 50),
    "main_r90": (400, 16, 32768, 90),
    "mid_r50": (400, 2049, 32768, 50),
    "cross128_r90": (400, 16, 131072, 90),
    "large128_r90": (100, 65537, 131072, 90),
}
# Lane: (slots, min, max)
WORKING_SETS = {
    "mixed_ws_balanced": (4096, 16, 2048),
    "mixed_ws_wide": (16384, 16, 1024),
    "mixed_ws_larger": (4096, 256, 8192),
}
# Program: (threads when none are given, first iterations of the calibration, further arguments, facts of the row).
PROGRAMS = {
    "bulk": ((2, 16), 3, [], {}),
    "bulk_small": ((2, 16), 20, [2000, 128], {}),
    "churn": ((2, 16), 10, [], {"remote": True}),
    "pipe": ((2, 16), 10000, [], {"remote": True}),
    "pipe_fan_out": ((3, 16), 10000, [1024, 1], {"remote": True}),
    "pipe_fan_in": ((3, 16), 5000, [1024, 1024], {"remote": True}),
    "falseshare_active": ((2, 4), 200, [0], {}),
    "falseshare_passive": ((2, 4), 200, [1], {"remote": True}),
    "vectors": ((1, 4), 1, [], {}),
    "trees": ((1, 4), 1, [], {}),
    "kv": ((1, 4), 20000, [], {}),
    "jsonlike": ((1, 4), 2, [], {}),
    "shortthreads": ((2, 16), 5, [], {"remote": True}),
    "buffers": ((1, 4), 4, [], {}),
    "aligned": ((1, 4), 5000, [], {}),
    "calloc": ((1, 4), 5000, [], {}),
    "drift": ((1, 4), 40, [], {"watched": True}),  # sizes change every four rounds, and begin anew after 20
}
# Program whose work is given: (threads, kind of row, iterations, facts).
FIXED = {
    "burst": (8, FixedRow, 1024, {"remote": True, "watched": True}),
    "burst_repeated": (8, FixedRow, 256, {"tail": [500, 5], "remote": True, "watched": True}),
    "start": (1, StartRow, 100, {}),
}
LANE_THREADS = (1, 2, 4, 16)


def lane_row(name, threads):
    """A lane with that many threads."""
    if name in WORKING_SETS:
        return BenchRow(name, "mixed_ws", threads, 20000, WORKING_SETS[name] + (1,), group="lanes", verifies=False,
                        counted=True)
    if name == "phases":
        return BenchRow(name, "phases", threads, 1, group="lanes", watched=True)
    touch = name.startswith("touch_")
    slots, low, high, remote = LANES[name.removeprefix("touch_")]
    tail = (slots, low, high, remote, 1024 if touch else 65536, int(touch))
    return BenchRow(name, "lanes", threads, 5000, tail, group="lanes", verifies=touch, counted=True,
                    remote=remote > 0)


def program_row(name, threads):
    """A program of this folder, or a real one."""
    if name in real.PROGRAMS:
        return real.PROGRAMS[name][1](name, threads)
    if name in FIXED:
        own, kind, iterations, facts = FIXED[name]
        return kind(name, name.split("_")[0], own if name == "start" else threads, iterations, **facts)
    _, first, tail, facts = PROGRAMS[name]
    return BenchRow(name, name.split("_")[0], threads, first, tail, counted=True, **facts)


def lane_names():
    """All lanes."""
    return list(LANES) + ["touch_" + name for name in LANES] + list(WORKING_SETS) + ["phases"]


def program_names():
    """All programs of this folder."""
    return list(PROGRAMS) + list(FIXED)


def real_names():
    """All real programs."""
    return list(real.PROGRAMS)


def default_threads(name):
    """The numbers of threads that a row has when none are given."""
    if name in FIXED:
        return (FIXED[name][0],)
    if name in real.PROGRAMS:
        return real.PROGRAMS[name][0]
    return PROGRAMS[name][0] if name in PROGRAMS else LANE_THREADS


def row_of(name, threads):
    """The row of any name."""
    return lane_row(name, threads) if name in lane_names() else program_row(name, threads)


def expand(text, known, what):
    """A comma-separated list of names; "all" and "none" are names too, and a trailing * matches."""
    chosen = []
    for word in text.split(","):
        if word in ("none", ""):
            continue
        fits = [name for name in known
                if word in ("all", name) or (word.endswith("*") and name.startswith(word[:-1]))]
        if not fits and word != "all":
            fail(f"unknown {what} '{word}'; --list shows the names")
        chosen += [name for name in fits if name not in chosen]
    return chosen


def named_rows(words, threads):
    """The rows of --row NAME[@THREADS], each of which may be a list."""
    rows = []
    for word in ",".join(words).split(","):
        pattern, _, count = word.partition("@")
        if count and not count.isdigit():
            fail(f"--row {word}: '{count}' is no number of threads")
        for name in expand(pattern, lane_names() + program_names() + real_names(), "row"):
            counts = (int(count),) if count else threads or default_threads(name)
            rows += [row_of(name, one) for one in counts]
    return rows


def choose_rows(options):
    """The rows of --row, or else of --lanes, --programs and --real."""
    if options.row:
        return named_rows(options.row, options.threads)
    rows = []
    for name in expand(options.lanes, lane_names(), "lane"):
        rows += [lane_row(name, count) for count in options.threads or default_threads(name)]
    for name in expand(options.programs, program_names(), "program") + expand(options.real, real_names(), "program"):
        own = name not in PROGRAMS or not options.threads
        rows += [program_row(name, count) for count in (default_threads(name) if own else options.threads)]
    return rows


def possible_rows(rows, place):
    """Those that can run here; the others are named. The inputs of those are made."""
    left = []
    for row in rows:
        why = row.missing(place)
        if why:
            say(f"left out: {row.key()}: {why}")
        else:
            row.prepare(place)
            left.append(row)
    return left
