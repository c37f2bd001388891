# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""From runs to figures and ratios."""

import statistics

from .libraries import peers_of
from .say import short


def shown_time(row, nanoseconds):
    """A time per operation in the row's unit."""
    return None if nanoseconds is None else nanoseconds * (1e-9 if row.unit == "s" else 1)


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
        if self.runs and row.timed:
            self.add_times(row)

    def median(self, field):
        """Of one number of the results."""
        values = [run[field] for run in self.runs if run.get(field) is not None]
        return statistics.median(values) if values else None

    def add_times(self, row):
        """Time, memory, and what the runs themselves tell against the row."""
        times = [1e9 * max(run["seconds"], 1e-6) / max(run["operations"], 1) for run in self.runs]
        self.ns, self.ns_min, self.ns_max = statistics.median(times), min(times), max(times)
        self.peak = self.median("peak_kib")
        served = [run["served"] for run in self.runs if run.get("served") is not None]
        if served and min(served) < 1:
            self.marks.append(f"SERVED ONLY {100 * min(served):.1f} %")
            self.bad = True
        wanted = self.median("remote_wanted")
        sent = self.median("remote_sends")
        if wanted and sent < 0.95 * wanted:
            self.marks.append(f"sent {100 * sent / wanted:.0f} % of the remote blocks, ring full")
        if self.ns_max > 1.3 * self.ns_min:
            low, high = (shown_time(row, value) for value in (self.ns_min, self.ns_max))
            self.marks.append(f"spread {short(low)}..{short(high)}")


def reference_work(row):
    """What most of the runs did; all others are unequal."""
    seen = [tuple(run.get(field) for field in row.work_fields)
            for runs in row.runs.values() for run in runs if "problem" not in run]
    return max(set(seen), key=seen.count) if seen else None


def judge(row, libraries):
    """Library -> Figures, with ratios to the peers. Failed rows take no part in the ratios."""
    table = {name: Figures(row, name) for name in libraries if name in row.runs}
    if not row.timed:
        return table
    work = reference_work(row)
    for name, figures in table.items():
        if any(tuple(run.get(field) for field in row.work_fields) != work for run in figures.runs):
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
