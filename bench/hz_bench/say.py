# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Messages, and how numbers are written."""

import sys


def fail(message):
    """Ends the program with the status of wrong usage."""
    print(f"run.py: {message}", file=sys.stderr)
    sys.exit(2)


def say(message):
    """Beside the results."""
    print(message, file=sys.stderr, flush=True)


def number(value, form, width=0):
    """A number in that form, or a dash."""
    return ("-" if value is None else format(value, form)).rjust(width)


def mib(kib):
    """The same in MiB."""
    return None if kib is None else kib / 1024


def short(value):
    """Three significant digits, more before the point, never an exponent."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
