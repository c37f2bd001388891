#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""compare_test.py SOURCE-ROOT -- the gate's judgement on made-up figures, and its files of expectations."""
import os
import sys
import unittest

ROOT = sys.argv[1]
GATE = os.path.join(ROOT, "tests", "gate")
sys.dont_write_bytecode = True
sys.path.insert(0, GATE)
import gate  # noqa: E402  pylint: disable=wrong-import-position

MARGINS = gate.read_margins("instructions 1 0.1 # per operation\n\n# more\nfaults 3 24\n")
FAST, FEW = ("pair", "instructions"), ("drift", "faults")


def read(*path):
    """The text of one of the gate's files."""
    with open(os.path.join(GATE, *path), encoding="utf-8") as file:
        return file.read()


class Compare(unittest.TestCase):
    """Worse, better, within the margin."""

    def judge(self, expected, seen):
        """(number worse, number better)"""
        verdict = gate.compare(expected, seen, MARGINS)
        return len(verdict.worse), len(verdict.better)

    def test_same(self):
        self.assertEqual(self.judge({FAST: 43, FEW: 0}, {FAST: 43, FEW: 0}), (0, 0))

    def test_percent(self):
        self.assertEqual(self.judge({FAST: 100}, {FAST: 101}), (0, 0))
        self.assertEqual(self.judge({FAST: 100}, {FAST: 101.01}), (1, 0))
        self.assertEqual(self.judge({FAST: 100}, {FAST: 99}), (0, 0))
        self.assertEqual(self.judge({FAST: 100}, {FAST: 98.99}), (0, 1))

    def test_least(self):
        """Small figures may differ by more than their percents."""
        self.assertEqual(self.judge({FEW: 10}, {FEW: 34}), (0, 0))
        self.assertEqual(self.judge({FEW: 10}, {FEW: 35}), (1, 0))
        self.assertEqual(self.judge({FEW: 0}, {FEW: 25}), (1, 0))

    def test_one_of_two(self):
        self.assertEqual(self.judge({FAST: 43, FEW: 1000}, {FAST: 48, FEW: 900}), (1, 1))

    def test_forgotten(self):
        """A row that is measured or expected only is not passed over."""
        self.assertEqual(self.judge({FAST: 43}, {}), (1, 0))
        self.assertEqual(self.judge({}, {FAST: 43}), (1, 0))

    def test_message(self):
        worse = gate.compare({FAST: 43}, {FAST: 53.5}, MARGINS).worse[0]
        self.assertEqual(worse, "pair instructions: expected 43, seen 53.50 (+24.4 %; 0.43 more or less is allowed)")
        self.assertIn("from nothing", gate.compare({FEW: 0}, {FEW: 99}, MARGINS).worse[0])

    def test_renew(self):
        """Only what is beyond its margin changes; rows come and go."""
        old = {FAST: 100, FEW: 1000, ("gone", "faults"): 7}
        seen = {FAST: 101, FEW: 900, ("new", "faults"): 8}
        self.assertEqual(gate.renew(old, seen, MARGINS), {FAST: 100, FEW: 900, ("new", "faults"): 8})

    def test_no_margin(self):
        with self.assertRaises(gate.GateError):
            gate.compare({("pair", "seconds"): 1}, {("pair", "seconds"): 1}, MARGINS)


class Files(unittest.TestCase):
    """What is written is read, and what is committed holds together."""

    def test_round_trip(self):
        figures = {FAST: 43.25, FEW: 17}
        text = gate.write_figures(figures, "hz3-scale", "gcc 12")
        self.assertEqual(gate.read_figures(text), figures)
        self.assertEqual(gate.compiler_of(text), "gcc 12")
        self.assertLess(text.index("drift"), text.index("pair"))

    def test_faults(self):
        for text in "pair instructions\n", "a faults 1\na faults 1\n":
            with self.assertRaises(gate.GateError):
                gate.read_figures(text)

    def test_committed(self):
        """Each profile has its file, and each figure its margin."""
        margins = gate.read_margins(read("margins.txt"))
        profiles = {name for name in os.listdir(os.path.join(ROOT, "profiles")) if name.startswith("hz")}
        files = {name.removesuffix(".txt") for name in os.listdir(os.path.join(GATE, "expected"))}
        self.assertEqual(files, profiles)
        for profile in files:
            text = read("expected", profile + ".txt")
            figures = gate.read_figures(text)
            self.assertLessEqual({figure for _, figure in figures}, margins.keys())
            self.assertEqual(text, gate.write_figures(figures, profile, gate.compiler_of(text)))


class Callgrind(unittest.TestCase):
    """Only what the library itself executed."""
    TEXT = """\
positions: line
events: Ir
ob=(3) /lib/libc.so.6
fn=(1) main
0 1000
cob=(5) /lib/libhakozuna-a.so
cfn=(2) malloc
calls=10 0
0 390

ob=(5)
fn=(2)
0 300
+2 80
cob=(3)
cfn=(9) memset
calls=2 0
0 40
* 10
ob=(3)
fn=(9)
0 40
totals: 1430
"""

    def test_part(self):
        self.assertEqual(gate.callgrind_part(self.TEXT, "/lib/libhakozuna-a.so"), 390)
        self.assertEqual(gate.callgrind_part(self.TEXT, "/lib/libc.so.6"), 1040)
        self.assertEqual(gate.callgrind_part(self.TEXT, "/lib/libhakozuna-b.so"), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
