#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""policies.py SOURCE-ROOT -- each policy.h is a whole profile.

Every policy sets the same knobs, each once; a profile says on the same line why. Its name is its
folder's, and profiles/profile.c uses every knob.
"""
import glob
import os
import re
import sys

DEFINE = re.compile(r"^#define (HZ_P_\w+)[ \t]+(.*?)[ \t]*(/\*.*\*/)?$", re.M)


def read(path):
    """The file's text."""
    with open(path, encoding="utf-8") as file:
        return file.read()


def faults_of(name, text, knobs, needs_reasons):
    """What is wrong with one policy."""
    found = DEFINE.findall(text)
    names = [knob for knob, _, _ in found]
    for knob in sorted(set(names)):
        if names.count(knob) != 1:
            yield f"{name}: {knob} stands there {names.count(knob)} times"
    for knob in sorted(set(names) ^ knobs):
        yield f"{name}: {knob} is {'missing' if knob in knobs else 'no knob'}"
    for knob, _, reason in found:
        if needs_reasons and knob != "HZ_P_NAME" and len(reason.strip("/* ")) < 8:
            yield f"{name}: {knob} has no reason"
    if ("HZ_P_NAME", f'"{name}"') not in [(knob, value) for knob, value, _ in found]:
        yield f"{name}: its name is not its folder's"
    for line in re.findall(r"^#(?!define HZ_P_).*", text, re.M):
        yield f"{name}: not a knob: {line}"


def controls(knobs):
    """Policies with one fault each must be refused, and a good one accepted."""
    good = '#define HZ_P_NAME "x"\n' + "".join(
        f"#define {knob} 1 /* a good reason */\n" for knob in sorted(knobs - {"HZ_P_NAME"}))
    bad = {
        "twice": good + "#define HZ_P_THP 1 /* a good reason */\n",
        "missing": re.sub(r"#define HZ_P_THP.*\n", "", good),
        "unknown": good + "#define HZ_P_COLOUR 1 /* a good reason */\n",
        "no reason": good.replace("HZ_P_THP 1 /* a good reason */", "HZ_P_THP 1"),
        "name": good.replace('"x"', '"y"'),
        "conditional": good + "#if 0\n#endif\n",
    }
    faults = [f"the control '{name}' was not noticed" for name, text in bad.items()
              if not list(faults_of("x", text, knobs, True))]
    return faults + [f"the good control was refused: {fault}"
                     for fault in faults_of("x", good, knobs, True)]


def main():
    """Entry."""
    root = sys.argv[1]
    template = read(os.path.join(root, "lib/front/hz_front_tmpl.h"))
    knobs = set(re.findall(r"\bHZ_P_\w+", read(os.path.join(root, "profiles/profile.c")) + template))
    faults = controls(knobs)
    profiles = sorted(glob.glob(os.path.join(root, "profiles/*/policy.h")))
    tests = sorted(glob.glob(os.path.join(root, "tests/tiny*/policy.h")))
    if len(profiles) < 2 or not tests:
        faults.append("where are the policies?")
    for path in profiles + tests:
        name = os.path.basename(os.path.dirname(path))
        faults += faults_of(name, read(path), knobs, path in profiles)
    print(f"{len(profiles)} profiles, {len(tests)} of tests, {len(knobs)} knobs")
    for fault in faults:
        print("FAIL:", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
