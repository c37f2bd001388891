# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Instructions in user space, by perf, where the machine has such a counter."""

import functools
import os
import shutil
import tempfile

from .process import execute

EVENT = "instructions:u"


def parse(text):
    """The count in what `perf stat -x,` wrote; None if it says that there is none."""
    for line in text.splitlines():
        fields = line.split(",")
        if len(fields) > 2 and fields[2].startswith("instructions") and fields[0].isdigit():
            return int(fields[0])
    return None


def counted(command, variables, timeout_s):
    """(process.Done, count or None) of a command under perf, which itself does without the variables."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "perf")
        words = ["env"] + [f"{name}={value}" for name, value in variables.items() if value is not None]
        done = execute(["perf", "stat", "-x,", "-e", EVENT, "-o", out, "--"] + words + command, {}, timeout_s)
        if not os.path.exists(out):
            return done, None
        with open(out, encoding="utf-8") as file:
            return done, parse(file.read())


@functools.lru_cache(maxsize=None)
def why_not():
    """None where instructions can be counted, else why not."""
    if shutil.which("perf") is None:
        return "perf is not installed (Debian package linux-perf)"
    _, count = counted(["true"], {}, 10)
    return None if count else "perf has no counter of instructions on this machine"


def per_operation(row, place, library):
    """Instructions of the whole process divided by its operations; None where that is not known."""
    done, count = counted(row.command(place, library, row.iterations), row.variables(place, library), place.timeout_s)
    result = row.read(done)
    if count is None or "problem" in result or not result.get("operations"):
        return None
    return count / result["operations"]
