#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""spec.py SOURCE-ROOT -- packaging/hakozuna.spec knows all profiles.

The spec has a package for each of meson_options.txt, with its priority in packaging/priorities (which packaging/deb/
generate-control --check looks over), and its devel package requires all.
"""
import os
import re
import sys


def read(root, name):
    """The text of a file."""
    with open(os.path.join(root, name), encoding="utf-8") as file:
        return file.read()


def faults(options, priorities, spec):
    """What is wrong in these three texts."""
    profiles = set(re.findall(r"'(hz[^']+)'", re.search(r"choices: \[(.*?)\]", options, re.DOTALL)[1]))
    numbers = {name: int(number) for name, number in re.findall(r"^([a-z]\S*) (\d+)$", priorities, re.MULTILINE)}
    found = []
    in_spec = {name: int(number) for name, number in re.findall(r"^%profile (\S+) (\d+) ", spec, re.MULTILINE)}
    if in_spec != numbers:
        found.append(f"packaging/hakozuna.spec: %profile for {in_spec}")
    packages = set(in_spec) | set(re.findall(r"^%package (hz\S+)", spec, re.MULTILINE))
    required = set(re.findall(r"^Requires: +%\{name\}-(hz[^%]+)%", spec, re.MULTILINE))
    if packages != profiles or required != profiles:
        found.append(f"packaging/hakozuna.spec: packages {sorted(packages)}, devel requires {sorted(required)}")
    return found


def controls(texts):
    """Each text with one fault is refused."""
    changes = [(0, "'hz4-mt'", "'hz4-mt', 'hz8-new'"), (1, "hz4-mt 70", "hz4-mt 91"), (1, "hz4-mt 70\n", ""),
               (1, "hz4-mt 70", "hz4-mt 60"), (2, "%profile hz4-mt 70", "%profile hz4-mt 71"),
               (2, "%package hz7-tiny", "%package hz7-other"), (2, "%{name}-hz4-mt%{?_isa}", "%{name}-other")]
    found = []
    for place, old, new in changes:
        wrong = list(texts)
        wrong[place] = wrong[place].replace(old, new)
        if wrong[place] == texts[place] or not faults(*wrong):
            found.append(f"control: '{new}' for '{old}' was accepted")
    return found


def main():
    """Entry."""
    root = sys.argv[1]
    if not os.path.exists(os.path.join(root, "packaging/hakozuna.spec")):
        print("no spec here: a release may be without packaging")
        return 77
    texts = [read(root, name) for name in ("meson_options.txt", "packaging/priorities", "packaging/hakozuna.spec")]
    found = faults(*texts) or controls(texts)
    for fault in found:
        print("FAIL:", fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
