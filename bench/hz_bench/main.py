# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""What bench/run.py does."""

import os
import sys

from .bars import all_bars, bar_rows
from .goals import goals, mean_table
from .host import host
from .judge import judge
from .libraries import PEERS, choose_libraries, find_shared, install_peers, subjects_of
from .measure import Bench
from .options import find_build, parse_arguments
from .printing import print_bars, print_means, print_row
from .progress import Progress
from .report import drawing_python, values, with_machine, write, write_json
from .results import Results
from .rows import Place
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


def ensure_matplotlib():
    """Goes on under a Python that can draw, if this one cannot."""
    other = drawing_python()
    if other is None:
        fail("--report needs matplotlib (Debian package python3-matplotlib)")
    if other != sys.executable:
        sys.stdout.flush()
        os.execv(other, [other] + sys.argv)


def report_folder(options, build):
    """Where the report goes; it exists afterwards."""
    folder = options.report or os.path.join(os.path.dirname(os.path.abspath(build)), "bench-report")
    os.makedirs(folder, exist_ok=True)
    return folder


def judge_all(options, rows, tables, libraries):
    """All verdicts that are asked for, printed."""
    subjects = subjects_of(libraries)
    verdicts = {"bars": [], "goals": []}
    if options.bars or options.report is not None:
        wanted = {row.key() for row in bar_rows(options.only, options.threads)}
        pairs = [(row, table) for row, table in zip(rows, tables) if row.key() in wanted]
        verdicts["bars"] = all_bars([row for row, _ in pairs], [table for _, table in pairs], subjects)
        print_bars(verdicts["bars"])
    if options.goals or options.report is not None:
        verdicts["goals"] = goals(rows, tables, libraries)
        print_means(mean_table(rows, tables, libraries))
        print_bars(verdicts["goals"], "Bars over all programs")
    return verdicts


def status_of(options, rows, tables, verdicts):
    """0, or 1 where something is marked or a bar that was asked for is missed."""
    bad = [row.key() for row, table in zip(rows, tables) if any(one.bad for one in table.values())]
    if bad:
        say("rows with marks: " + ", ".join(bad))
    asked = verdicts["bars"] * options.bars + verdicts["goals"] * options.goals
    return 1 if bad or any(not one["passed"] for one in asked) else 0


def main():
    """Returns the exit status."""
    options = parse_arguments()
    if options.list:
        print_list()
        return 0
    if options.report is not None:
        ensure_matplotlib()
    if options.install_peers:
        install_peers()
    build = find_build(options.build)
    place = Place(build)
    libraries = wanted_libraries(options, build)
    if (options.bars or options.goals) and not subjects_of(libraries):
        fail("bars are for profiles and libraries given as name=path, and there is none")
    rows = bar_rows(options.only, options.threads) if options.bars else choose_rows(options)
    rows = possible_rows(rows, place)
    if not rows:
        fail("there is no row to run")
    folder = None if options.report is None else report_folder(options, build)
    results = Results(os.path.join(folder, "results.jsonl") if folder else None, options.fresh)
    bench = Bench(options, place, libraries, results, None)
    bench.progress = Progress(len(rows), sum(bench.missing_runs(row) for row in rows))
    print(f"seed {options.seed}, {options.runs} runs, at least {bench.target_s} s each; "
          f"{', '.join(f'{key} {value}' for key, value in host().items())}")
    tables = measure_all(bench, rows, libraries)
    verdicts = judge_all(options, rows, tables, libraries)
    data = values(options, place, libraries, rows, tables, verdicts)
    if options.json:
        write_json(data, options.json)
    if folder:
        say("report: " + write(with_machine(data), folder))
    return status_of(options, rows, tables, verdicts)
