# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""How far the runner is, on standard error."""

import sys
import time


def clock(seconds):
    """h:mm:ss"""
    seconds = int(seconds)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


class Progress:
    """Row n of m, library, elapsed, estimated end. On a terminal a line follows each step; elsewhere there is one line
    for each row."""

    def __init__(self, rows, to_run, stream=None):
        self.rows = rows  # how many
        self.to_run = to_run  # runs that are still to do, about
        self.row = 0
        self.done = 0
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.began = time.monotonic()

    def elapsed(self):
        """Seconds since the start."""
        return time.monotonic() - self.began

    def left(self):
        """Seconds that are left, at the pace until now; None before there is one."""
        if self.done == 0:
            return None
        return max(self.to_run - self.done, 0) * self.elapsed() / self.done

    def timing(self):
        """Elapsed and estimated end."""
        left = self.left()
        if left is None:
            return f"elapsed {clock(self.elapsed())}"
        end = time.strftime("%H:%M", time.localtime(time.time() + left))
        return f"elapsed {clock(self.elapsed())}, {clock(left)} left, end about {end}"

    def begin(self, row):
        """A row begins."""
        self.row += 1
        self.print(f"[{self.row}/{self.rows}] {row.key()}  {self.timing()}")

    def step(self, row, library, what):
        """A run begins: round number, or a word for another kind of run."""
        if self.live:
            label = f"round {what + 1}" if isinstance(what, int) else what
            self.stream.write(f"\r\033[K[{self.row}/{self.rows}] {row.key()}  {library}, {label}  {self.timing()}")
            self.stream.flush()

    def ran(self):
        """A run ended."""
        self.done += 1

    def print(self, line):
        """A whole line."""
        self.stream.write(("\r\033[K" if self.live else "") + line + "\n")
        self.stream.flush()

    def end(self):
        """Leaves the terminal's line clean."""
        if self.live:
            self.stream.write("\r\033[K")
            self.stream.flush()
