# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the rows: how many iterations, how often, in which order."""

import random
import statistics

from . import counter
from .libraries import identity
from .rows import Library


class Bench:
    """The libraries, how long a run should be, and where results are kept."""

    def __init__(self, options, place, libraries, results, progress):
        self.place = place
        self.libraries = {name: Library(name, path) for name, path in libraries.items()}
        self.results = results
        self.progress = progress
        self.rounds = options.runs
        self.iterations = options.iterations
        self.extras = bool(options.report)  # memory over time, and instructions
        self.target_s = 0.15 if options.quick else 0.5
        self.slowest_s = 2.0 if options.quick else 8.0  # no library should take longer for one run
        self.random = random.Random(options.seed)

    # --- One run, or what an earlier one gave -----------------------------------------------------

    def what(self, kind, row, name, **more):
        """All that a result depends on."""
        library = self.libraries.get(name, Library("glibc", ""))
        return {"kind": kind, "row": row.key(), "depends": row.depends(self.place), "library": name,
                "path": library.path, "hash": identity(library.path), **more}

    def once(self, row, name, number, iterations):
        """One process, or the result that is kept of it."""
        what = self.what("run", row, name, iterations=iterations, number=number)
        found = self.results.find(what)
        if found is not None:
            return found
        self.progress.step(row, name, number)
        result = row.run(self.place, self.libraries.get(name, Library("glibc", "")), iterations)
        self.progress.ran()
        return self.results.add(what, result)

    # --- How many iterations ----------------------------------------------------------------------

    def calibrate(self, row):
        """Sets row.iterations so that glibc works for at least target_s."""
        count = row.first
        for _ in range(12):
            result = row.run(self.place, Library("glibc", ""), count)
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
                 if name != "null" and "problem" not in runs[0]]
        if not times or min(times) >= self.target_s:
            return False
        growth = min(1.1 * self.target_s / max(min(times), 1e-4), self.slowest_s / max(times))
        if growth < 1.1:
            return False
        row.iterations = int(row.iterations * growth) + 1
        return True

    def settle(self, row, names):
        """Finds the row's iterations, unless they are given or known from before."""
        if row.first is None:
            return
        if self.iterations:
            row.iterations = self.iterations
            return
        what = self.what("iterations", row, "glibc", target_s=self.target_s)
        known = self.results.find(what)
        if known is not None:
            row.iterations = known
            return
        self.progress.step(row, "glibc", "calibration")
        self.calibrate(row)
        self.round(row, names, 0)
        if self.stretch(row):
            row.runs = {}
        self.results.add(what, row.iterations)

    # --- A row ------------------------------------------------------------------------------------

    def round(self, row, names, number):
        """Each library once, in an order of its own."""
        names = list(names)
        self.random.shuffle(names)
        for name in names:
            row.runs.setdefault(name, []).append(self.once(row, name, number, row.iterations))

    def names(self, row):
        """The libraries that run the row."""
        return [name for name, library in self.libraries.items() if row.takes(library)]

    def measure(self, row):
        """All runs of a row."""
        self.results.sessions = set()
        names = self.names(row)
        self.settle(row, names)
        for number in range(1 if row.runs else 0, self.rounds):
            self.round(row, names, number)
        self.note_short(row)
        self.look(row, [name for name in names if name != "null"])
        if len(self.results.sessions) > 1:
            row.notes.append(f"measured in {len(self.results.sessions)} sessions: not all runs were interleaved")

    def looks(self, row):
        """The kinds of runs of a row that are not timed."""
        kinds = ["watch"] if row.watched else []
        if row.counted and counter.why_not() is None:
            kinds.append("count")
        return kinds if self.extras else []

    def look(self, row, names):
        """These runs: memory over time, and instructions."""
        for name in names:
            if "watch" in self.looks(row):
                result = self.extra("watch", row, name,
                                    lambda library: row.run(self.place, library, row.iterations, watch=True))
                if result.get("series"):
                    row.series[name] = result["series"]
            if "count" in self.looks(row):
                value = self.extra("count", row, name, lambda library: counter.per_operation(row, self.place, library))
                if value is not None:
                    row.instructions[name] = value

    def extra(self, kind, row, name, run):
        """One of these runs, or what is kept of it."""
        what = self.what(kind, row, name, iterations=row.iterations)
        if not self.results.has(what):
            self.progress.step(row, name, kind)
            result = run(self.libraries[name])
            self.progress.ran()
            self.results.add(what, result)
        return self.results.known[self.results.key(what)]["result"]

    def note_short(self, row):
        """Equal work can leave a fast library with too little of it where another is very slow."""
        if row.first is None or self.iterations:
            return
        times = [(statistics.median(run["seconds"] for run in runs), name)
                 for name, runs in row.runs.items()
                 if name != "null" and not any("problem" in run for run in runs)]
        if times and min(times)[0] < 0.9 * self.target_s:
            row.notes.append(f"{min(times)[1]} was done after {min(times)[0]:.2f} s, less than the "
                             f"{self.target_s} s wanted")

    def missing_runs(self, row):
        """How many runs of the row are not kept yet, about: before the calibration the iterations are a guess."""
        known = self.results.find(self.what("iterations", row, "glibc", target_s=self.target_s))
        count = row.iterations if row.first is None else self.iterations or known
        wanted = [("run", name, {"number": number}) for name in self.names(row) for number in range(self.rounds)]
        for kind in self.looks(row):
            wanted += [(kind, name, {}) for name in self.names(row) if name != "null"]
        return sum(count is None or not self.results.has(self.what(kind, row, name, iterations=count, **more))
                   for kind, name, more in wanted)
