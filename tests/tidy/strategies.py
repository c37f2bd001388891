#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""strategies.py SOURCE-ROOT LIBRARY USED -- remote strategies that a profile does not name are not linked.

The names of a strategy are hz_<strategy>_ops and the functions that its file alone has. Of the strategy
in use some must be among the library's symbols, else the test would find nothing anywhere.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

STRATEGIES = ("stash", "page", "transfer")
FUNCTION = re.compile(r"^(?:static )?[\w ]+[ *](\w+)\([^;]*?\) \{", re.M)


def functions(path):
    """Names of the functions that the file defines."""
    with open(path, encoding="utf-8") as file:
        return set(FUNCTION.findall(file.read()))


def names_of(root, strategy):
    """Names by which the strategy's code is known in a library."""
    own = os.path.join(root, f"lib/central/hz_{strategy}.c")
    others = set()
    for path in glob.glob(os.path.join(root, "lib/**/*.c"), recursive=True):
        if path != own:
            others |= functions(path)
    return (functions(own) - others) | {f"hz_{strategy}_ops"}


def faults_of(root, symbols, used):
    """One line for each strategy that is there and should not be, or the other way round."""
    for strategy in STRATEGIES:
        found = sorted(names_of(root, strategy) & symbols)
        if strategy == used and not found:
            yield f"{strategy} is used, and nothing of it was found"
        elif strategy != used and found:
            yield f"{strategy} is linked: {' '.join(found)}"


def main():
    """Entry."""
    root, library, used = sys.argv[1:4]
    if not shutil.which("nm"):
        print("no nm here")
        return 77
    text = subprocess.run(["nm", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    symbols = {re.sub(r"\.(constprop|isra|part|cold)\b.*", "", line.split()[-1])
               for line in text.splitlines() if line.strip()}
    if not symbols:
        print("the library is stripped")
        return 77
    faults = list(faults_of(root, symbols, used))
    wrong = STRATEGIES[STRATEGIES.index(used) - 1]
    if len(list(faults_of(root, symbols, wrong))) < 2:
        faults.append("the control was not noticed")
    for fault in faults:
        print("FAIL:", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
