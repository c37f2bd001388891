# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""What a row is: one line of work with one number of threads, which every library does.

Row is the interface: measuring, judging and reporting know no more of a row than stands there. A new kind of row is a
class derived from it, and its rows are named in workloads.py."""

import json
import os
import re
import shlex
from typing import NamedTuple

from .process import execute, file_hash
from .say import fail


class Library(NamedTuple):
    """A malloc library. glibc has the path "": nothing is preloaded."""

    name: str
    path: str


class Place:
    """Where rows run: what each of their methods is given."""

    def __init__(self, build, timeout_s=120, cache=None):
        self.build = build  # folder with the bench-* programs
        self.timeout_s = timeout_s  # no run takes longer
        # Folder for inputs that a row makes for itself, outside the source tree; kept between invocations.
        self.cache = cache or os.path.join(
            os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "hakozuna-bench")

    def binary(self, program):
        """The path of a program of this folder."""
        for name in ("bench-" + program, program):
            path = os.path.join(self.build, name)
            if os.access(path, os.X_OK):
                return os.path.abspath(path)
        return fail(f"program bench-{program} is not in {self.build}; build it, or give --build FOLDER")


class Row:
    """One line of work. A kind of row overrides what differs: always command() and read(), or run() as a whole where
    one command is not enough (a server and its client).

    A result is a dictionary of plain values, which goes to JSON as it is:
      seconds      what the row is judged by; time outside the work proper is not counted
      operations   what seconds is divided by: allocations and frees, or 1 where it is the whole that counts
      peak_kib     highest resident memory
      problem      only when the run failed: why, in a few words. Then nothing else is needed
      work fields  (below) what must be equal in all runs of all libraries; differing runs are marked UNEQUAL WORK
      optional     rest_kib, trim_kib, minor_faults, cpu_seconds, served (share of blocks from the library itself; below
                   1 is marked), remote_wanted (blocks meant for another thread) and remote_sends, and whatever else the
                   row can tell
    """

    group = "programs"  # "lanes", "programs" or "real": geometric means are of one group, or of all
    unit = "ns/op"  # how its time is shown: "ns/op", or "s" where operations is 1
    timed = True  # False: it has no seconds, operations and peak_kib, and takes part in no ratio
    verifies = True  # the contents of blocks are read back, so that the null library cannot run it
    watched = False  # resident memory over time is of interest: one more run of each library is sampled
    counted = False  # its instructions are a measure: one more run is under perf, if there is a counter
    remote = False  # a kind whose results have no remote_wanted says here whether other threads free its blocks
    work_fields = ("allocations", "frees", "remote_wanted")
    first = None  # iterations to begin the calibration with; None: the work is fixed

    def __init__(self, name, threads):
        self.name = name
        self.threads = threads
        self.iterations = self.first or 1  # set by the calibration
        self.runs = {}  # library's name -> list of results
        self.series = {}  # library's name -> [[seconds, KiB], ...]
        self.instructions = {}  # library's name -> per operation, of the whole process
        self.notes = []

    def key(self):
        """Names the row among all."""
        return f"{self.name} T={self.threads}"

    def missing(self, place):
        """None, or why this row cannot run here, with the Debian package that would help. It is then left out."""

    def prepare(self, place):
        """Before the first run: makes inputs, starts nothing. May be called again, and then finds them made."""

    def takes(self, library):
        """Whether that library runs this row."""
        return library.name != "null" or not self.verifies

    def command(self, place, library, iterations):
        """The command, a list of words."""
        raise NotImplementedError

    def variables(self, place, library):
        """The environment's variables that are set for a run; None as a value unsets one."""
        return {"LD_PRELOAD": library.path} if library.path else {}

    def read(self, done):
        """The result that a process.Done holds."""
        raise NotImplementedError

    def run(self, place, library, iterations, watch=False):
        """One run, in fresh processes. Returns its result; with watch it holds the "series", too."""
        done = execute(self.command(place, library, iterations), self.variables(place, library), place.timeout_s, watch)
        if done.timed_out:
            return {"problem": f"no end after {place.timeout_s} s"}
        result = self.read(done)
        if watch:
            result["series"] = done.series
        return result

    def depends(self, place):
        """What stored results depend on, beside the library and the iterations: a list of plain values that differs
        when they no longer hold. Here: the command's words, and the program's contents."""
        command = self.command(place, Library("glibc", ""), 0)
        return [file_hash(command[0])] + command[1:] if os.path.isfile(command[0]) else command

    def repeat(self, place, library, iterations):
        """A line for the shell that repeats one run."""
        words = ["env", "-u", "LD_PRELOAD"]
        for name, value in self.variables(place, library).items():
            words += ["-u", name] if value is None else [f"{name}={value}"]
        words += self.command(place, library, iterations)
        return " ".join(shlex.quote(word) for word in words)

    def about(self):
        """A few words on what is run."""
        return self.name

    def purpose(self):
        """What it stands for, in a sentence for the report; "" where the name says it all."""
        return ""


def header_of(program):
    """What the head of a program's source says after its name, up to the first empty line; "" without the source."""
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        with open(os.path.join(folder, program + ".c"), encoding="utf-8") as file:
            text = re.sub(r"^ \* ?", "", file.read(4000), flags=re.MULTILINE)
    except OSError:
        return ""
    found = re.search(rf"^{re.escape(program)} -- (.*?)(?:\n\n|\*/)", text, re.MULTILINE | re.DOTALL)
    return " ".join(found[1].split()) if found else ""


class BenchRow(Row):
    """A program of this folder, which prints its result as JSON."""

    def __init__(self, name, program, threads, first, tail=(), **facts):
        self.first = first
        for fact, value in facts.items():
            setattr(self, fact, value)
        super().__init__(name, threads)
        self.program = program
        self.tail = [str(part) for part in tail]

    def arguments(self, iterations):
        """All that follows the program's name."""
        return [str(self.threads), str(iterations)] + self.tail

    def command(self, place, library, iterations):
        return [place.binary(self.program)] + self.arguments(iterations)

    def about(self):
        return " ".join([self.program] + self.tail)

    def purpose(self):
        return header_of(self.program)

    def read(self, done):
        if "cannot be preloaded" in done.err:
            return {"problem": "the loader refused the library"}
        if done.status < 0:
            return {"problem": f"killed by signal {-done.status}"}
        try:
            result = json.loads(done.out)
        except ValueError:
            first = (done.err.strip().splitlines() or ["no output"])[0]
            return {"problem": f"exit status {done.status}: {first}"}
        if result.get("errors"):
            result["problem"] = f"{result['errors']} blocks with wrong contents"
        elif result.get("failures"):
            result["problem"] = f"{result['failures']} failed allocations"
        elif done.status != 0:
            result["problem"] = f"exit status {done.status}"
        return result


class FixedRow(BenchRow):
    """A program whose work is given: its iterations are no measure of time."""

    def __init__(self, name, program, threads, iterations, tail=(), **facts):
        super().__init__(name, program, threads, None, tail, **facts)
        self.iterations = iterations


class StartRow(FixedRow):
    """What the start of a process costs: the program preloads the library into those that it starts itself."""

    timed = False

    def takes(self, library):
        return library.name != "null"

    def arguments(self, iterations):
        return [str(iterations)]

    def command(self, place, library, iterations):
        return super().command(place, library, iterations) + ([library.path] if library.path else [])

    def variables(self, place, library):
        return {}
