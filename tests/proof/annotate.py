#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""annotate.py LIB LOOPS TARGET -- copies the floors of LIB to TARGET with the annotations of LOOPS put in.

LOOPS holds lines "FILE: TEXT", each followed by indented lines of ACSL, which become a comment before the only
line of lib/FILE that reads TEXT. The code itself is not changed, save that "*_Atomic", which Frama-C does not
parse, becomes "*"."""
import os
import shutil
import sys


def read_loops(path):
    """[(file, text, [annotation])] of LOOPS."""
    loops = []
    with open(path, encoding="utf-8") as file:
        for line in file.read().split("\n"):
            if line.startswith("    "):
                loops[-1][2].append(line.strip())
            elif line and not line.startswith("#"):
                name, text = line.split(": ", 1)
                loops.append((name, text.strip(), []))
    return loops


def drop_atomic(path):
    """Pointers that are atomic become plain ones."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("*_Atomic ", "*"))


def annotate(lib, loops, target):
    """Makes the copy."""
    shutil.copytree(lib, target, dirs_exist_ok=True)
    drop_atomic(os.path.join(target, "map/hz_map.h"))
    for name, text, annotation in loops:
        path = os.path.join(target, name)
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        places = [at for at, line in enumerate(lines) if line.strip() == text]
        if len(places) != 1:
            sys.exit(f"annotate.py: lib/{name} has {len(places)} lines that read '{text}'")
        # In front of the loop on its own line, so that line numbers stay.
        lines[places[0]] = "/*@ " + " ".join(annotation) + " */ " + lines[places[0]]
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))


if __name__ == "__main__":
    annotate(sys.argv[1], read_loops(sys.argv[2]), sys.argv[3])
