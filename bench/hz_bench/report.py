# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""All that was measured, as plain values: what --json and the report's JSON file hold, and the page is made from."""

import importlib.util
import json
import os
import shlex
import subprocess
import sys

from . import counter
from .goals import mean_table
from .host import host, machine, versions
from .libraries import peers_of
from .results import now
from .rows import Library


def drawing_python():
    """A Python with matplotlib: this one, or the distribution's, which its package serves; None if neither has it."""
    if importlib.util.find_spec("matplotlib"):
        return sys.executable
    other = "/usr/bin/python3"
    if os.path.exists(other) and os.path.realpath(sys.executable) != os.path.realpath(other):
        probe = [other, "-c", "import sys, importlib.util; sys.exit(not importlib.util.find_spec('matplotlib'))"]
        if subprocess.run(probe, check=False).returncode == 0:
            return other
    return None


def row_values(place, row, table, libraries):
    """One row."""
    command = row.command(place, Library("glibc", ""), row.iterations)
    entry = {"name": row.name, "key": row.key(), "program": getattr(row, "program", row.name), "group": row.group,
             "about": row.about(), "purpose": row.purpose(),
             "threads": row.threads, "unit": row.unit, "timed": row.timed,
             "iterations": row.iterations, "arguments": command[1:], "notes": row.notes, "libraries": {}}
    for name, figures in table.items():
        entry["libraries"][name] = {
            "ns_per_op": figures.ns, "ns_min": figures.ns_min, "ns_max": figures.ns_max,
            "net_ns_per_op": figures.net, "speed_vs_best_peer": figures.speed,
            "peak_kib": figures.peak, "peak_vs_smallest_peer": figures.peak_small,
            "peak_vs_median_peer": figures.peak_median, "marks": figures.marks,
            "valid": not figures.bad, "instructions_per_op": row.instructions.get(name),
            "series": row.series.get(name),
            "command": row.repeat(place, Library(name, libraries[name]), row.iterations),
            "runs": row.runs[name]}
    return entry


def row_command(options, place, row, libraries):
    """A line for the shell that measures a row anew with all libraries."""
    words = [os.path.abspath(sys.argv[0]), "--build", os.path.abspath(place.build)]
    words += ["--row", f"{row.name}@{row.threads}", "--runs", str(options.runs), "--seed", str(options.seed)] + (["--quick"] if options.quick else [])
    words += ["--iterations", str(options.iterations)] if options.iterations else []
    words += [name if name in peers_of(libraries) else f"{name}={path}"
              for name, path in libraries.items() if name != "null"]
    return " ".join(shlex.quote(word) for word in words)


def values(options, place, libraries, rows, tables, verdicts):
    """Everything. verdicts: {"bars": [...], "goals": [...]}"""
    entries = []
    for row, table in zip(rows, tables):
        entries.append({**row_values(place, row, table, libraries),
                        "repeat": row_command(options, place, row, libraries)})
    return {"date": now(), "host": host(), "seed": options.seed, "rounds": options.runs, "quick": options.quick,
            "iterations": options.iterations, "libraries": libraries, "rows": entries,
            "means": mean_table(rows, tables, libraries), **verdicts}


def with_machine(data):
    """What the report says beyond --json: versions, and all of the machine."""
    return {**data, "machine": machine(), "versions": versions(data["libraries"]),
            "command": " ".join(shlex.quote(word) for word in sys.argv), "no_counter": counter.why_not()}


def write_json(data, path):
    """The file appears whole or not at all."""
    with open(path + ".new", "w", encoding="utf-8") as out:
        json.dump(data, out, indent=1)
        out.write("\n")
    os.replace(path + ".new", path)


def write(data, folder):
    """report.json and report.html."""
    from .page import render  # needs matplotlib, which nothing else does
    write_json(data, os.path.join(folder, "report.json"))
    path = os.path.join(folder, "report.html")
    with open(path + ".new", "w", encoding="utf-8") as out:
        out.write(render(data))
    os.replace(path + ".new", path)
    return path
