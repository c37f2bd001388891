# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""The command line's options."""

import argparse
import os
import random

from .say import fail
from .workloads import expand, lane_names, named_rows, program_names, real_names

DESCRIPTION = """Compares malloc libraries on the lanes and programs of this folder.

The same binaries run under each library, chosen by LD_PRELOAD, each run in a fresh process, in an
order that is shuffled anew in every round. A row is one lane or program with one number of threads.
glibc sets the iterations of a row; then every library does the same work, which is checked."""


def numbers(text):
    """A comma-separated list of numbers."""
    return [int(part) for part in text.split(",")]


def make_parser():
    """What the command line may say."""
    parser = argparse.ArgumentParser(prog="run.py", description=DESCRIPTION, epilog="See README.md beside this file.")
    parser.add_argument("libraries", nargs="*", metavar="LIBRARY",
                        help="glibc, mimalloc, jemalloc, tcmalloc_minimal, tbbmalloc, peers (all of these), or "
                             "name=path; without a peer's name: all peers; without any and without --profile: "
                             "all profiles of the build as well")
    parser.add_argument("--profile", action="append", metavar="P[,P...]",
                        help="profiles of the build by name, or all")
    parser.add_argument("--row", action="append", metavar="NAME[@THREADS][,...]",
                        help="only these lanes or programs; prefix* is possible")
    parser.add_argument("--lanes", help="comma-separated; all, none, or prefix*")
    parser.add_argument("--programs", help="likewise")
    parser.add_argument("--real", help="likewise: real programs")
    parser.add_argument("--threads", type=numbers, help="comma-separated numbers; without: 1,2,4,16 for lanes")
    parser.add_argument("--runs", type=int, help="of each library on each row (default 5, quick 3)")
    parser.add_argument("--quick", action="store_true", help="0.15 s of work a run instead of 0.5 s")
    parser.add_argument("--iterations", type=int, metavar="N", help="of each row, instead of so many that a run takes "
                        "that time; for trying things out")
    parser.add_argument("--bars", action="store_true",
                        help="run the rows that have a bar (of --row, --lanes and --programs, if given) "
                             "and judge each library given by path or profile")
    parser.add_argument("--goals", action="store_true",
                        help="judge the profiles over all programs together (these and real ones, not lanes)")
    parser.add_argument("--seed", type=int, help="of the order of runs")
    parser.add_argument("--json", metavar="FILE", help="write everything there too")
    parser.add_argument("--report", nargs="?", const="", metavar="DIR",
                        help="write DIR/report.html and DIR/report.json (default: bench-report in the build folder); "
                             "what DIR/results.jsonl holds is not measured again")
    parser.add_argument("--fresh", action="store_true", help="with --report: measure everything again")
    parser.add_argument("--build", metavar="FOLDER", help="where the bench-* binaries are")
    parser.add_argument("--install-peers", action="store_true", help="apt-get install them first")
    parser.add_argument("--list", action="store_true", help="show lanes, programs and peers")
    return parser


def check(options):
    """Ends the program on what cannot be meant."""
    if options.report and ("=" in options.report or options.report in ("peers", "glibc")):
        fail(f"--report takes a folder, and '{options.report}' looks like a library: name libraries before --report")
    if options.fresh and options.report is None:
        fail("--fresh is for --report")
    if options.bars and options.goals:
        fail("--bars and --goals are about different rows: choose one (a report has both)")
    if options.row and (options.lanes or options.programs or options.real):
        fail("--row names all rows: leave --lanes, --programs and --real out")
    for name in ("runs", "iterations"):
        value = getattr(options, name)
        if value is not None and value < 1:
            fail(f"--{name} {value}: at least 1")


def parse_arguments(words=None):
    """The options, with what follows from them."""
    options = make_parser().parse_args(words)
    check(options)
    options.runs = options.runs or (3 if options.quick else 5)
    options.seed = random.randrange(1 << 32) if options.seed is None else options.seed
    options.profile = [name for word in options.profile or [] for name in word.split(",")]
    named = [options.lanes, options.programs, options.real]
    options.only = None
    if options.row:
        options.only = [row.name for row in named_rows(options.row, options.threads)]
    elif any(word is not None for word in named):
        options.only = (expand(options.lanes or "none", lane_names(), "lane") +
                        expand(options.programs or "none", program_names(), "program") +
                        expand(options.real or "none", real_names(), "program"))
    elif options.goals:
        named[0] = "none"
    rest = "all" if options.only is None else "none"
    options.lanes, options.programs, options.real = (rest if word is None else word for word in named)
    return options


def find_build(given):
    """The folder with the binaries: --build, else the usual places."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    places = [given] if given else [
        os.getcwd(), os.path.join(os.getcwd(), "bench"), os.path.join(root, "build", "bench"),
        os.path.join(root, "builddir", "bench")]
    for place in places:
        if os.access(os.path.join(place, "bench-lanes"), os.X_OK):
            return place
    return fail("no folder with bench-lanes in it; build with Meson and give --build BUILD/bench")
