# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""What bench/run.py does."""

import json
import sys

from .bars import all_bars, bar_rows
from .host import host
from .judge import judge
from .libraries import PEERS, choose_libraries, find_shared, install_peers, subjects_of
from .measure import Bench
from .options import find_build, parse_arguments
from .printing import print_bars, print_row
from .progress import Progress
from .results import Results, now
from .rows import Library, Place
from .say import fail, say
from .workloads import (LANES, WORKING_SETS, choose_rows, default_threads, possible_rows, program_names, real_names)


def print_list():
    """--list"""
    print("lanes (slots min max remote%; touch_<lane> writes the blocks, ring 1024):")
    for name, values in list(LANES.items()) + list(WORKING_SETS.items()):
        print(f"  {name:<20} {' '.join(str(value) for value in values)}")
    print("  phases")
    for title, names in (("programs", program_names()), ("real programs", real_names())):
        print(f"{title} (threads):")
        for name in names:
            print(f"  {name:<20} {','.join(str(count) for count in default_threads(name))}")
    print("peers:")
    for name, (file_name, package) in PEERS.items():
        print(f"  {name:<20} {find_shared(file_name) or 'not installed: ' + package}")


def as_json(options, place, libraries, rows, tables, verdicts):
    """All that was measured, as plain values."""
    out = []
    for row, table in zip(rows, tables):
        command = row.command(place, Library("glibc", ""), row.iterations)
        entry = {"name": row.name, "program": getattr(row, "program", row.name), "group": row.group,
                 "threads": row.threads, "unit": row.unit, "iterations": row.iterations, "arguments": command[1:],
                 "notes": row.notes, "libraries": {}}
        for name, figures in table.items():
            entry["libraries"][name] = {
                "ns_per_op": figures.ns, "ns_min": figures.ns_min, "ns_max": figures.ns_max,
                "net_ns_per_op": figures.net, "speed_vs_best_peer": figures.speed,
                "peak_kib": figures.peak, "peak_vs_smallest_peer": figures.peak_small,
                "peak_vs_median_peer": figures.peak_median, "marks": figures.marks,
                "valid": not figures.bad, "runs": row.runs[name]}
        out.append(entry)
    return {"date": now(), "host": host(), "seed": options.seed, "rounds": options.runs, "quick": options.quick,
            "libraries": libraries, "rows": out, "bars": verdicts}


def wanted_libraries(options, build):
    """Name -> path of all that are compared."""
    words = options.libraries
    profiles = options.profile
    if not words and not profiles:
        profiles = ["all"]
    if not any("=" not in word for word in words):
        words = words + ["peers"]
    return choose_libraries(words, profiles, build)


def measure_all(bench, rows, libraries):
    """The figures of each row, which are printed as they come."""
    tables = []
    for row in rows:
        bench.progress.begin(row)
        bench.measure(row)
        bench.progress.end()
        tables.append(judge(row, libraries))
        print_row(row, tables[-1])
        sys.stdout.flush()
    return tables


def main():
    """Returns the exit status."""
    options = parse_arguments()
    if options.list:
        print_list()
        return 0
    if options.install_peers:
        install_peers()
    build = find_build(options.build)
    place = Place(build)
    libraries = wanted_libraries(options, build)
    subjects = subjects_of(libraries)
    if options.bars and not subjects:
        fail("--bars judges profiles and libraries given as name=path, and there is none")
    rows = bar_rows(options.only, options.threads) if options.bars else choose_rows(options)
    rows = possible_rows(rows, place)
    bench = Bench(options, place, libraries, Results(), None)
    bench.progress = Progress(len(rows), sum(bench.missing_runs(row) for row in rows))
    print(f"seed {options.seed}, {options.runs} runs, at least {bench.target_s} s each; "
          f"{', '.join(f'{key} {value}' for key, value in host().items())}")
    tables = measure_all(bench, rows, libraries)
    verdicts = all_bars(rows, tables, subjects) if options.bars else []
    if options.bars:
        print_bars(verdicts)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(as_json(options, place, libraries, rows, tables, verdicts), out, indent=1)
            out.write("\n")
    bad = [row.key() for row, table in zip(rows, tables) if any(one.bad for one in table.values())]
    if bad:
        say("rows with marks: " + ", ".join(bad))
    return 1 if bad or any(not one["passed"] for one in verdicts) else 0
