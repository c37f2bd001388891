#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Compares malloc libraries on the lanes and programs of this folder.

The same binaries run under each library, chosen by LD_PRELOAD, each run in a fresh process, in an
order that is shuffled anew in every round. A row is one lane or program with one number of threads.
glibc sets the iterations of a row; then every library does the same work, which is checked.
"""

import argparse
import datetime
import json
import os
import platform
import random
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# Name: (file to look for, Debian package).
PEERS = {
    "mimalloc": ("libmimalloc.so.2", "libmimalloc2.0"),
    "jemalloc": ("libjemalloc.so.2", "libjemalloc2"),
    "tcmalloc_minimal": ("libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
    "tbbmalloc": ("libtbbmalloc_proxy.so.2", "libtbbmalloc2"),
}
BAR_PEERS = ("glibc", "mimalloc", "jemalloc", "tcmalloc_minimal")
NULL_FILES = ("libnull_preload.so", "null_preload.so")

# --- What can be run -----------------------------------------------------------------------------

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
# Program: (threads when none are given, first iterations of the calibration, further arguments).
PROGRAMS = {
    "bulk": ((2, 16), 3, []),
    "churn": ((2, 16), 10, []),
    "pipe": ((2, 16), 10000, []),
    "falseshare_active": ((2, 4), 200, [0]),
    "falseshare_passive": ((2, 4), 200, [1]),
    "vectors": ((1, 4), 1, []),
    "trees": ((1, 4), 1, []),
    "kv": ((1, 4), 20000, []),
    "jsonlike": ((1, 4), 2, []),
    "shortthreads": ((2, 16), 5, []),
    "buffers": ((1, 4), 4, []),
}
FIXED = ("burst", "start")  # one row each, no calibration
LANE_THREADS = (1, 2, 4, 16)


class Row:
    """One line of work: which binary, with which arguments, and what it tells."""

    def __init__(self, name, program, threads, first, tail=(), verifies=True):
        self.name = name
        self.program = program
        self.threads = threads
        self.first = first  # iterations to begin the calibration with
        self.tail = [str(part) for part in tail]
        self.verifies = verifies  # contents are read back, so null cannot run it
        self.iterations = first
        self.runs = {}  # library -> list of results
        self.notes = []

    def key(self):
        return f"{self.name} T={self.threads}"

    def arguments(self, iterations):
        return [str(self.threads), str(iterations)] + self.tail


def lane_row(name, threads):
    if name in WORKING_SETS:
        return Row(name, "mixed_ws", threads, 20000, WORKING_SETS[name] + (1,), verifies=False)
    if name == "phases":
        return Row(name, "phases", threads, 1)
    touch = name.startswith("touch_")
    slots, low, high, remote = LANES[name.removeprefix("touch_")]
    tail = (slots, low, high, remote, 1024 if touch else 65536, int(touch))
    return Row(name, "lanes", threads, 5000, tail, verifies=touch)


def program_row(name, threads):
    if name == "burst":
        return Row(name, "burst", threads, 1024)
    if name == "start":
        return Row(name, "start", 1, 100)
    _, first, tail = PROGRAMS[name]
    return Row(name, name.split("_")[0], threads, first, tail)


def lane_names():
    return list(LANES) + ["touch_" + name for name in LANES] + list(WORKING_SETS) + ["phases"]


def program_names():
    return list(PROGRAMS) + list(FIXED)


def default_threads(name):
    if name == "burst":
        return (8,)
    if name == "start":
        return (1,)
    return PROGRAMS[name][0] if name in PROGRAMS else LANE_THREADS


def expand(text, known, what):
    """A comma-separated list of names; "all" and "none" are names too, and a trailing * matches."""
    chosen = []
    for word in text.split(","):
        if word == "none" or word == "":
            continue
        fits = [name for name in known
                if word in ("all", name) or (word.endswith("*") and name.startswith(word[:-1]))]
        if not fits:
            fail(f"unknown {what} '{word}'; --list shows the names")
        chosen += [name for name in fits if name not in chosen]
    return chosen


def choose_rows(options):
    """The rows of --lanes and --programs."""
    rows = []
    for name in expand(options.lanes, lane_names(), "lane"):
        rows += [lane_row(name, count) for count in options.threads or default_threads(name)]
    for name in expand(options.programs, program_names(), "program"):
        wanted = options.threads if options.threads and name not in FIXED else default_threads(name)
        rows += [program_row(name, count) for count in wanted]
    return rows


# --- Libraries -----------------------------------------------------------------------------------


def fail(message):
    print(f"run.py: {message}", file=sys.stderr)
    sys.exit(2)


def say(message):
    print(message, file=sys.stderr, flush=True)


def find_shared(file_name):
    """The path of a library by its soname: from the loader's cache, else the usual folders."""
    for tool in ("/sbin/ldconfig", "/usr/sbin/ldconfig"):
        if os.path.exists(tool):
            lines = subprocess.run([tool, "-p"], capture_output=True, text=True).stdout.splitlines()
            for line in lines:
                name, _, path = line.strip().partition(" => ")
                if name.split(" ")[0] == file_name and os.path.exists(path):
                    return path
    machine = platform.machine()
    for folder in (f"/usr/lib/{machine}-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"):
        path = os.path.join(folder, file_name)
        if os.path.exists(path):
            return path
    return None


def install_peers():
    packages = [package for _, package in PEERS.values()]
    command = ["apt-get", "install", "-y", "--no-install-recommends"] + packages
    if os.geteuid() != 0:
        command.insert(0, "sudo")
    say("running: " + " ".join(command))
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        fail("the packages could not be installed")


def find_null(build):
    for name in NULL_FILES:
        path = os.path.join(build, name)
        if os.path.exists(path):
            return path
    return None


def add_peer(libraries, name, required):
    path = find_shared(PEERS[name][0])
    if path is not None:
        libraries[name] = path
        return
    message = (f"peer {name} is not installed (Debian package {PEERS[name][1]}; "
               "or use --install-peers)")
    if required:
        fail(message)
    say(message + "; going on without it")


def add_by_path(libraries, word):
    name, _, path = word.partition("=")
    path = os.path.abspath(path)
    if not os.path.isfile(path):
        fail(f"library '{name}': no such file: {path}")
    if " " in path or ":" in path:
        fail(f"library '{name}': the loader takes no path with a blank or colon in it: {path}")
    libraries[name] = path


def choose_libraries(words, build):
    """Name -> path. glibc has the path "". The null library is used whenever it was built."""
    libraries = {}
    named = [word for word in words if "=" not in word]
    for word in named:
        if word == "null" or word == "peers":
            continue
        if word != "glibc" and word not in PEERS:
            fail(f"unknown library '{word}': use {', '.join(PEERS)}, glibc, peers or name=path")
    if not named or "peers" in named or "glibc" in named:
        libraries["glibc"] = ""
    for name in PEERS:
        if name in named:
            add_peer(libraries, name, required=True)
        elif not named or "peers" in named:
            add_peer(libraries, name, required=False)
    for word in words:
        if "=" in word:
            add_by_path(libraries, word)
    null = find_null(build)
    if null is not None:
        libraries["null"] = null
    else:
        say(f"no null library in {build}: net times are not known")
    return libraries


def peers_of(libraries):
    return [name for name in libraries if name == "glibc" or name in PEERS]


def subjects_of(libraries):
    return [name for name in libraries if name not in PEERS and name not in ("glibc", "null")]


# --- Running -------------------------------------------------------------------------------------


class Bench:
    """The binaries, the libraries and how long a run should be."""

    def __init__(self, options, build, libraries):
        self.build = build
        self.libraries = libraries
        self.rounds = options.runs
        self.target_s = 0.15 if options.quick else 0.5
        self.slowest_s = 2.0 if options.quick else 8.0  # no library should take longer for one run
        self.timeout_s = 120
        self.random = random.Random(options.seed)

    def binary(self, program):
        for name in ("bench-" + program, program):
            path = os.path.join(self.build, name)
            if os.access(path, os.X_OK):
                return path
        fail(f"program bench-{program} is not in {self.build}; build it, or give --build FOLDER")

    def run(self, row, library, iterations):
        """One process. Returns what it printed, or {"problem": why}."""
        path = self.libraries.get(library, "")
        environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
        command = [self.binary(row.program)]
        if row.program == "start":
            command += [str(iterations)] + ([path] if path else [])
        else:
            command += row.arguments(iterations)
            if path:
                environment["LD_PRELOAD"] = path
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True,
                                  timeout=self.timeout_s)
        except subprocess.TimeoutExpired:
            return {"problem": f"no end after {self.timeout_s} s"}
        return self.read(done)

    @staticmethod
    def read(done):
        if "cannot be preloaded" in done.stderr:
            return {"problem": "the loader refused the library"}
        if done.returncode < 0:
            return {"problem": f"killed by signal {-done.returncode}"}
        try:
            result = json.loads(done.stdout)
        except ValueError:
            first = (done.stderr.strip().splitlines() or ["no output"])[0]
            return {"problem": f"exit status {done.returncode}: {first}"}
        if result.get("errors"):
            result["problem"] = f"{result['errors']} blocks with wrong contents"
        elif result.get("failures"):
            result["problem"] = f"{result['failures']} failed allocations"
        elif done.returncode != 0:
            result["problem"] = f"exit status {done.returncode}"
        return result

    def calibrate(self, row):
        """Sets row.iterations so that glibc works for at least target_s."""
        if row.name in FIXED:
            return
        count = row.first
        for _ in range(12):
            result = self.run(row, "glibc", count)
            if "problem" in result:
                row.notes.append(f"calibration with glibc: {result['problem']}")
                break
            seconds = max(result["seconds"], 1e-4)
            if seconds >= self.target_s:
                break
            growth = 1.15 * self.target_s / seconds
            count = int(count * min(growth, 30)) + 1
        row.iterations = count

    def stretch(self, row):
        """After the first round: more iterations if the fastest library was done too soon."""
        times = [runs[0]["seconds"] for name, runs in row.runs.items()
                 if row.name not in FIXED and name != "null" and "problem" not in runs[0]]
        if not times or min(times) >= self.target_s:
            return False
        growth = min(1.1 * self.target_s / max(min(times), 1e-4), self.slowest_s / max(times))
        if growth < 1.1:
            return False
        row.iterations = int(row.iterations * growth) + 1
        return True

    def round(self, row, names):
        names = list(names)
        self.random.shuffle(names)
        for name in names:
            row.runs.setdefault(name, []).append(self.run(row, name, row.iterations))

    def measure(self, row):
        names = [name for name in self.libraries if name != "null" or not row.verifies]
        if row.name == "start":
            names = [name for name in names if name != "null"]
        self.calibrate(row)
        self.round(row, names)
        if self.stretch(row):
            row.runs = {}
            self.round(row, names)
        for _ in range(self.rounds - 1):
            self.round(row, names)
        self.note_short(row)

    def note_short(self, row):
        """Equal work can leave a fast library with too little of it where another is very slow."""
        if row.name in FIXED:
            return
        times = [(statistics.median(run["seconds"] for run in runs), name)
                 for name, runs in row.runs.items()
                 if name != "null" and not any("problem" in run for run in runs)]
        if times and min(times)[0] < 0.9 * self.target_s:
            row.notes.append(f"{min(times)[1]} was done after {min(times)[0]:.2f} s, less than the "
                             f"{self.target_s} s wanted")


# --- Judging -------------------------------------------------------------------------------------

WORK = ("allocations", "frees", "remote_wanted")


class Figures:
    """What the runs of one library on one row come to. None where there is nothing to say."""

    def __init__(self, row, library):
        self.name = library
        self.runs = [run for run in row.runs.get(library, []) if "problem" not in run]
        self.problems = [run["problem"] for run in row.runs.get(library, []) if "problem" in run]
        self.marks = []
        self.ns = self.ns_min = self.ns_max = self.net = self.peak = self.speed = None
        self.peak_small = self.peak_median = None
        self.bad = bool(self.problems) or not self.runs
        if self.problems:
            self.marks.append(f"FAILED {len(self.problems)}x: {self.problems[0]}")
        if self.runs and row.name != "start":
            self.add_times()

    def median(self, field):
        values = [run[field] for run in self.runs if run.get(field) is not None]
        return statistics.median(values) if values else None

    def add_times(self):
        times = [1e9 * run["seconds"] / max(run["operations"], 1) for run in self.runs]
        self.ns, self.ns_min, self.ns_max = statistics.median(times), min(times), max(times)
        self.peak = self.median("peak_kib")
        served = [run["served"] for run in self.runs if run["served"] is not None]
        if served and min(served) < 1:
            self.marks.append(f"SERVED ONLY {100 * min(served):.1f} %")
            self.bad = True
        wanted = self.median("remote_wanted")
        sent = self.median("remote_sends")
        if wanted and sent < 0.95 * wanted:
            self.marks.append(f"sent {100 * sent / wanted:.0f} % of the remote blocks, ring full")
        if self.ns_max > 1.3 * self.ns_min:
            self.marks.append(f"spread {self.ns_min:.1f}..{self.ns_max:.1f}")


def reference_work(row):
    """What most of the runs did; all others are unequal."""
    seen = [tuple(run.get(field) for field in WORK)
            for runs in row.runs.values() for run in runs if "problem" not in run]
    return max(set(seen), key=seen.count) if seen else None


def judge(row, libraries):
    """Library -> Figures, with ratios to the peers. Failed rows take no part in the ratios."""
    table = {name: Figures(row, name) for name in libraries if name in row.runs}
    if row.name == "start":
        return table
    work = reference_work(row)
    for name, figures in table.items():
        if any(tuple(run.get(field) for field in WORK) != work for run in figures.runs):
            figures.marks.append("UNEQUAL WORK")
            figures.bad = True
    null = table.get("null")
    peers = [table[name] for name in peers_of(table) if not table[name].bad]
    for figures in table.values():
        if figures.ns is None:
            continue
        if null is not None and null.ns is not None and figures is not null:
            figures.net = max(figures.ns - null.ns, 0.0)
        if peers and figures is not null:
            figures.speed = min(peer.ns for peer in peers) / figures.ns
            figures.peak_small = figures.peak / min(peer.peak for peer in peers)
            figures.peak_median = figures.peak / statistics.median(peer.peak for peer in peers)
    return table


# --- Printing ------------------------------------------------------------------------------------


def number(value, form, width):
    return ("-" if value is None else format(value, form)).rjust(width)


def mib(kib):
    return None if kib is None else kib / 1024


def print_start(table):
    print(f"  {'library':<18}{'median us':>10}{'more us':>9}{'RSS KiB':>9}{'more KiB':>9}"
          f"{'private':>9}")
    base = table.get("glibc")
    for figures in table.values():
        time, rss = figures.median("median_us"), figures.median("rss_kib")
        more_time = more_rss = None
        if base is not None and base.runs and figures.runs:
            more_time, more_rss = time - base.median("median_us"), rss - base.median("rss_kib")
        print(f"  {figures.name:<18}{number(time, '.0f', 10)}{number(more_time, '+.0f', 9)}"
              f"{number(rss, '.0f', 9)}{number(more_rss, '+.0f', 9)}"
              f"{number(figures.median('private_kib'), '.0f', 9)}  {'; '.join(figures.marks)}")


def print_row(row, table):
    """One block: speed is relative to the fastest peer (1.00 is its speed, more is faster), memory
    to the smallest peer (1.00 is its peak, less is smaller)."""
    call = " ".join([row.program] + row.tail)
    print(f"\n{row.key()}   ({row.iterations} iterations; {call})")
    for note in row.notes:
        print(f"  note: {note}")
    if row.name == "start":
        print_start(table)
        return
    print(f"  {'library':<18}{'ns/op':>9}{'net ns':>9}{'speed':>8}{'peak MiB':>10}{'x small':>9}"
          f"{'rest MiB':>10}{'trim MiB':>10}{'faults':>9}")
    order = sorted(table.values(), key=lambda one: (one.name == "null", one.ns or 1e99))
    for figures in order:
        after = figures.median("after_percent")
        marks = list(figures.marks)
        if after is not None:
            marks.append(f"after the wait {after:.1f} % of the peak")
        cells = [number(figures.ns, ".2f", 9), number(figures.net, ".2f", 9),
                 number(figures.speed, ".2f", 8), number(mib(figures.peak), ".1f", 10),
                 number(figures.peak_small, ".2f", 9),
                 number(mib(figures.median("rest_kib")), ".1f", 10),
                 number(mib(figures.median("trim_kib")), ".1f", 10),
                 number(figures.median("minor_faults"), ".0f", 9)]
        print(f"  {figures.name:<18}{''.join(cells)}  {'; '.join(marks)}".rstrip())


def cpu_model():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def host():
    """What absolute figures need beside them."""
    return {"cpu": cpu_model(), "cores": len(os.sched_getaffinity(0)), "kernel": platform.release(),
            "libc": " ".join(platform.libc_ver())}


def as_json(options, libraries, rows, tables, verdicts):
    out = []
    for row, table in zip(rows, tables):
        entry = {"name": row.name, "program": row.program, "threads": row.threads,
                 "iterations": row.iterations, "arguments": row.arguments(row.iterations),
                 "notes": row.notes, "libraries": {}}
        for name, figures in table.items():
            entry["libraries"][name] = {
                "ns_per_op": figures.ns, "ns_min": figures.ns_min, "ns_max": figures.ns_max,
                "net_ns_per_op": figures.net, "speed_vs_best_peer": figures.speed,
                "peak_kib": figures.peak, "peak_vs_smallest_peer": figures.peak_small,
                "peak_vs_median_peer": figures.peak_median, "marks": figures.marks,
                "valid": not figures.bad, "runs": row.runs[name]}
        out.append(entry)
    return {"date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
            "host": host(), "seed": options.seed, "rounds": options.runs, "quick": options.quick,
            "libraries": libraries, "rows": out, "bars": verdicts}


# --- Bars ----------------------------------------------------------------------------------------

BAR_REMOTE = ("guard_r90", "main_r50", "main_r90", "mid_r50", "cross128_r90", "large128_r90")
BAR_LOCAL = ("guard_r0", "main_r0")
BAR_PROGRAMS = ("bulk", "churn", "pipe")


def bar_rows(names, threads):
    """The rows that have a bar; where names or threads are given, only those of them."""
    rows = [lane_row(name, threads) for name in BAR_LOCAL for threads in (1, 2, 16)]
    rows += [lane_row(name, threads) for name in BAR_REMOTE for threads in (2, 16)]
    rows += [lane_row("touch_" + name, threads) for name in LANES for threads in (2, 16)]
    rows += [program_row(name, threads) for name in BAR_PROGRAMS for threads in (2, 16)]
    rows += [program_row("burst", 8), program_row("start", 1)]
    return [row for row in rows if (names is None or row.name in names) and
            (threads is None or row.name in FIXED or row.threads in threads)]


def at_most(what, value, limit, unit):
    """A verdict: (what was judged, whether it passes, how far from the limit)."""
    if value is None or limit is None:
        return (what, False, "not measured")
    margin = f"{value:.3g} {unit}, limit {limit:.3g} {unit}".replace(" ,", ",").rstrip()
    return (what, value <= limit, margin)


def at_least(what, value, limit):
    if value is None:
        return (what, False, "not measured")
    return (what, value >= limit, f"{value:.3g}x, limit {limit:.3g}x")


def local_bars(mine, peers):
    nets = [peer.net for peer in peers if peer.net is not None]
    limit = 0.85 * min(nets) if nets else None
    return [at_most("net time <= 0.85 of the best peer's", mine.net, limit, "ns")]


def remote_bars(mine, peers):
    best = min(peer.ns for peer in peers)
    smallest = min(peer.peak for peer in peers)
    return [at_least("throughput >= 1.5 of the best peer's", best / mine.ns, 1.5),
            at_most("peak <= smallest peer's + 2 MiB", mib(mine.peak), mib(smallest) + 2, "MiB")]


def touch_bars(mine, peers):
    best = min(peer.ns for peer in peers)
    middle = statistics.median(peer.peak for peer in peers)
    return [at_least("throughput >= the best peer's", best / mine.ns, 1.0),
            at_most("peak <= the median peer's", mine.peak / 1024, middle / 1024, "MiB")]


def start_bars(mine, table):
    base = table.get("glibc")
    if base is None or not base.runs:
        return [("start", False, "glibc was not measured")]
    return [at_most("at most 300 KiB more than glibc",
                    mine.median("rss_kib") - base.median("rss_kib"), 300, "KiB"),
            at_most("at most 200 us more than glibc",
                    mine.median("median_us") - base.median("median_us"), 200, "us")]


def speed_bar(mine, peers, limit):
    """Throughput against the best peer's."""
    return at_least(f"throughput >= {limit} of the best peer's", min(peer.ns for peer in peers) / mine.ns, limit)


def scale_bars(row, table, mine, limit):
    """Local lanes of another profile against hz3-scale's."""
    base = table.get("hz3-scale")
    if row.name not in BAR_LOCAL or base is None or base.bad:
        return []
    return [at_least(f"throughput >= {limit} of hz3-scale's", base.ns / mine.ns, limit)]


def message_bars(row, table, mine, peers):
    """hz4-mt: twice the best peer on blocks freed by others, ahead where they are written."""
    bars = scale_bars(row, table, mine, 0.8)
    if row.name in BAR_REMOTE:
        bars.append(speed_bar(mine, peers, 2.0))
    elif row.name in ("pipe", "churn") and peers:
        bars.append(speed_bar(mine, peers, 1.0))
    return bars


def page_bars(row, table, mine, peers):
    """hz5-pagerun64-main: half of the smallest peer's memory, 2 MiB aside, at the best peer's speed."""
    bars = scale_bars(row, table, mine, 0.7)
    if row.name in ("main_r50", "main_r90", "mid_r50"):
        smallest = mib(min(peer.peak for peer in peers))
        bars += [speed_bar(mine, peers, 1.0),
                 at_most("peak <= half of the smallest peer's, 2 MiB aside", mib(mine.peak), (smallest - 2) / 2 + 2,
                         "MiB")]
    return bars


def resident_bars(row, table, mine, _peers):
    """hz5-large128-rss: the smallest of all."""
    if row.name not in ("cross128_r90", "large128_r90"):
        return []
    others = [one.peak for name, one in table.items() if name != "null" and one is not mine and not one.bad]
    return [at_most("peak <= every other's", mib(mine.peak), mib(min(others)), "MiB")]


def balance_bars(row, table, mine, peers):
    """hz6-selected: never behind on a lane, never large, programs within a tenth."""
    bars = scale_bars(row, table, mine, 0.85)
    if row.name in BAR_PROGRAMS:
        best = min(peer.ns for peer in peers)
        return [at_most("time <= 1.10 of the best peer's", mine.ns, 1.10 * best, "ns")]
    if row.name in BAR_LOCAL + BAR_REMOTE:
        smallest = min(peer.peak for peer in peers)
        bars += [speed_bar(mine, peers, 1.0),
                 at_most("peak <= smallest peer's + 2 MiB", mib(mine.peak), mib(smallest) + 2, "MiB")]
    return bars


# Libraries of these names have bars of their own; all others have hz3-scale's.
FAMILY_BARS = {"hz4-mt": message_bars, "hz5-pagerun64-main": page_bars, "hz5-large128-rss": resident_bars,
               "hz6-selected": balance_bars}


def bars_of(row, table, subject):
    """All verdicts on one row for one library."""
    mine = table.get(subject)
    peers = [table[name] for name in BAR_PEERS if name in table and not table[name].bad]
    if mine is None or mine.bad:
        return [("valid row", False, "; ".join(mine.marks) if mine else "not measured")]
    if subject in FAMILY_BARS:
        return FAMILY_BARS[subject](row, table, mine, peers)
    if row.name == "start":
        return start_bars(mine, table)
    if row.name == "burst":
        after = mine.median("after_percent")
        return [at_most("resident after 2 s < 5 % of the peak", after, 5, "%")]
    if not peers:
        return [("peers", False, "no peer has a valid row")]
    if row.name.startswith("touch_"):
        return touch_bars(mine, peers)
    if row.name in BAR_REMOTE:
        return remote_bars(mine, peers)
    if row.name in BAR_LOCAL:
        return local_bars(mine, peers)
    best = min(peer.ns for peer in peers)
    return [at_most("time <= 1.10 of the best peer's", mine.ns, 1.10 * best, "ns")]


def print_bars(rows, tables, subjects):
    """Prints PASS or MISS for each bar; returns them as dictionaries for the JSON file."""
    verdicts = []
    for subject in subjects:
        print(f"\nBars for {subject}")
        for row, table in zip(rows, tables):
            for what, passed, margin in bars_of(row, table, subject):
                print(f"  {'PASS' if passed else 'MISS'}  {row.key():<26} {what}: {margin}")
                verdicts.append({"library": subject, "row": row.key(), "bar": what,
                                 "passed": bool(passed), "margin": margin})
    passed = sum(one["passed"] for one in verdicts)
    print(f"\n{passed} of {len(verdicts)} bars passed")
    return verdicts


# --- Main ----------------------------------------------------------------------------------------


def find_build(given):
    """The folder with the binaries: --build, else the usual places."""
    root = os.path.dirname(HERE)
    places = [given] if given else [
        os.getcwd(), os.path.join(os.getcwd(), "bench"), os.path.join(root, "build", "bench"),
        os.path.join(root, "builddir", "bench")]
    for place in places:
        if os.access(os.path.join(place, "bench-lanes"), os.X_OK):
            return place
    fail("no folder with bench-lanes in it; build with Meson and give --build BUILD/bench")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, epilog="See README.md beside this file.")
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY",
                        help="glibc, mimalloc, jemalloc, tcmalloc_minimal, tbbmalloc, peers (all "
                             "of these), or name=path; without a peer's name: all peers")
    parser.add_argument("--lanes", help="comma-separated; all, none, or prefix*")
    parser.add_argument("--programs", help="likewise")
    parser.add_argument("--threads", type=lambda text: [int(part) for part in text.split(",")],
                        help="comma-separated numbers; without: 1,2,4,16 for lanes")
    parser.add_argument("--runs", type=int, help="of each library on each row (default 5, quick 3)")
    parser.add_argument("--quick", action="store_true",
                        help="0.15 s of work a run instead of 0.5 s")
    parser.add_argument("--bars", action="store_true",
                        help="run the rows that have a bar (of --lanes and --programs, if given) "
                             "and judge each library given by path")
    parser.add_argument("--seed", type=int, help="of the order of runs")
    parser.add_argument("--json", metavar="FILE", help="write everything there too")
    parser.add_argument("--build", metavar="FOLDER", help="where the bench-* binaries are")
    parser.add_argument("--install-peers", action="store_true", help="apt-get install them first")
    parser.add_argument("--list", action="store_true", help="show lanes, programs and peers")
    options = parser.parse_args()
    options.runs = options.runs or (3 if options.quick else 5)
    options.seed = random.randrange(1 << 32) if options.seed is None else options.seed
    options.only = None
    if options.lanes is not None or options.programs is not None:
        options.only = (expand(options.lanes or "none", lane_names(), "lane") +
                        expand(options.programs or "none", program_names(), "program"))
    if options.lanes is None:
        options.lanes = "none" if options.programs is not None else "all"
    if options.programs is None:
        options.programs = "none" if options.lanes != "all" else "all"
    return options


def print_list():
    print("lanes (slots min max remote%; touch_<lane> writes the blocks, ring 1024):")
    for name, values in list(LANES.items()) + list(WORKING_SETS.items()):
        print(f"  {name:<20} {' '.join(str(value) for value in values)}")
    print("  phases\nprograms (threads):")
    for name in program_names():
        print(f"  {name:<20} {','.join(str(count) for count in default_threads(name))}")
    print("peers:")
    for name, (file_name, package) in PEERS.items():
        print(f"  {name:<20} {find_shared(file_name) or 'not installed: ' + package}")


def main():
    options = parse_arguments()
    if options.list:
        print_list()
        return 0
    if options.install_peers:
        install_peers()
    build = find_build(options.build)
    words = options.libraries
    if not any("=" not in word for word in words):
        words = words + ["peers"]
    libraries = choose_libraries(words, build)
    subjects = subjects_of(libraries)
    if options.bars and not subjects:
        fail("--bars judges libraries given as name=path, and there is none")
    rows = bar_rows(options.only, options.threads) if options.bars else choose_rows(options)
    bench = Bench(options, build, libraries)
    print(f"seed {options.seed}, {options.runs} runs, at least {bench.target_s} s each; "
          f"{', '.join(f'{key} {value}' for key, value in host().items())}")
    tables = []
    for index, row in enumerate(rows):
        say(f"[{index + 1}/{len(rows)}] {row.key()}")
        bench.measure(row)
        tables.append(judge(row, libraries))
        print_row(row, tables[-1])
        sys.stdout.flush()
    verdicts = print_bars(rows, tables, subjects) if options.bars else []
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(as_json(options, libraries, rows, tables, verdicts), out, indent=1)
            out.write("\n")
    bad = [row.key() for row, table in zip(rows, tables) if any(one.bad for one in table.values())]
    if bad:
        say("rows with marks: " + ", ".join(bad))
    return 1 if bad or any(not one["passed"] for one in verdicts) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
