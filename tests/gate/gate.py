# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""The gate's judgement: reads margins and expectations, compares. Figures are {(row, figure): value}."""
import re
from collections import namedtuple

Margin = namedtuple("Margin", "percent least")
Verdict = namedtuple("Verdict", "worse better")  # two lists of messages

HEAD = """\
# What tests/gate measured of profile {profile}: row, figure, value; README.md says how, margins.txt how exactly it must
# be so again. Written by tests/gate/run --update; instructions are those of {compiler}.
"""


class GateError(Exception):
    """Something that cannot be judged."""


def words(text):
    """The words of each line, without comments and empty lines."""
    lines = (line.split("#", 1)[0].split() for line in text.splitlines())
    return [line for line in lines if line]


def read_margins(text):
    """{figure: Margin}"""
    return {line[0]: Margin(float(line[1]), float(line[2])) for line in words(text)}


def read_figures(text):
    """Figures as written by write_figures."""
    figures = {}
    for line in words(text):
        if len(line) != 3:
            raise GateError(f"not 'row figure value': {' '.join(line)}")
        if (line[0], line[1]) in figures:
            raise GateError(f"twice: {line[0]} {line[1]}")
        figures[line[0], line[1]] = float(line[2])
    return figures


def write_figures(figures, profile, compiler):
    """The text of a file of expectations: sorted, so that a change is one line of a diff."""
    lines = (f"{row} {figure} {show(value)}\n" for (row, figure), value in sorted(figures.items()))
    return HEAD.format(profile=profile, compiler=compiler) + "".join(lines)


def compiler_of(text):
    """The compiler that a file of expectations names."""
    found = re.search(r"instructions are those of (.+)\.$", text, re.M)
    return found[1] if found else None


def show(value):
    """Whole numbers as such, others with two digits."""
    return str(int(value)) if value == int(value) else f"{value:.2f}"


def message(key, expected, seen, most):
    """One line that says all."""
    percent = f"{100 * (seen - expected) / expected:+.1f} %" if expected else "from nothing"
    return (f"{key[0]} {key[1]}: expected {show(expected)}, seen {show(seen)} ({percent}; "
            f"{show(most)} more or less is allowed)")


def allowed(expected, margin):
    """How far a figure may be from what is expected."""
    return max(expected * margin.percent / 100, margin.least)


def renew(expected, seen, margins):
    """What is to be expected from now on: what was seen, but for figures within their margins. They stay as they are,
    so that a difference shows only what changed, and small steps cannot add up unnoticed."""
    def keeps(key):
        return key in expected and abs(seen[key] - expected[key]) <= allowed(expected[key], margins[key[1]])
    return {key: expected[key] if keeps(key) else value for key, value in seen.items()}


def compare(expected, seen, margins):
    """What is worse, and what is better, than expected by more than the margin. A row on one side only is worse: it
    may have been forgotten."""
    worse, better = [], []
    for key in sorted(expected.keys() | seen.keys()):
        if key[1] not in margins:
            raise GateError(f"{key[1]} has no margin")
        if key not in seen:
            worse.append(f"{key[0]} {key[1]}: expected {show(expected[key])}, not measured")
        elif key not in expected:
            worse.append(f"{key[0]} {key[1]}: seen {show(seen[key])}, nothing expected")
        else:
            most = allowed(expected[key], margins[key[1]])
            if seen[key] - expected[key] > most:
                worse.append(message(key, expected[key], seen[key], most))
            elif expected[key] - seen[key] > most:
                better.append(message(key, expected[key], seen[key], most))
    return Verdict(worse, better)


def callgrind_part(text, library):
    """Costs stand in lines "POSITION COST" under the object (ob=) whose code it is; a line after calls= is what the
    called ones cost, which are counted where they stand."""
    names, current, total, is_callee = {}, None, 0, False
    for line in text.splitlines():
        named = re.match(r"(c?ob)=\((\d+)\)(?: (.*))?$", line)
        if named:
            if named[3]:
                names[named[2]] = named[3]
            if named[1] == "ob":
                current = names[named[2]]
        elif line.startswith("calls="):
            is_callee = True
        elif re.match(r"[0-9+*-]", line):
            if not is_callee and current == library:
                total += int(line.split()[1])
            is_callee = False
    return total
