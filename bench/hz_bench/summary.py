# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Geometric means over many rows, and who is best by them."""

import math
from typing import NamedTuple, Optional

from .libraries import peers_of

# What is averaged together: title -> groups of rows.
GROUPS = {
    "all programs": ("programs", "real"),
    "programs": ("programs",),
    "real programs": ("real",),
    "lanes": ("lanes",),
    "everything": ("lanes", "programs", "real"),
}
# A library with fewer of the rows than this is no best one: it may lack just those that it is bad at.
ENOUGH = 0.9


class Mean(NamedTuple):
    """Of one library over a group. Ratios to the best (time) and the smallest (memory) peer of each row."""

    time: Optional[float]
    memory: Optional[float]
    rows: int  # that are valid for this library
    of: int  # that are valid for any peer


def geometric_mean(values):
    """None for no values; they are positive."""
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def valid(table, name):
    """The figures of a library if they may be compared, else None."""
    figures = table.get(name)
    return None if figures is None or figures.bad or not figures.ns or not figures.peak else figures


def rows_of(rows, tables, groups):
    """[(row, table)] of the groups' rows that have a time."""
    return [(row, table) for row, table in zip(rows, tables) if row.group in groups and row.timed]


def least(table, names, field):
    """The smallest value of a field among those names' valid figures, or None."""
    values = [getattr(figures, field) for figures in (valid(table, name) for name in names) if figures]
    return min(values) if values else None


def means(pairs, libraries):
    """Library -> Mean. A row without a valid peer is in no mean."""
    peers = peers_of(libraries)
    judged = [(least(table, peers, "ns"), least(table, peers, "peak"), table) for _, table in pairs]
    judged = [one for one in judged if one[0] is not None]
    out = {}
    for name in libraries:
        if name == "null":
            continue
        mine = [(valid(table, name), best, smallest) for best, smallest, table in judged if valid(table, name)]
        out[name] = Mean(geometric_mean(figures.ns / best for figures, best, _ in mine),
                         geometric_mean(figures.peak / smallest for figures, _, smallest in mine),
                         len(mine), len(judged))
    return out


def best_of(all_means, names, field="time"):
    """Of those names the one with the least mean; None if none has enough rows."""
    able = [name for name in names if all_means[name].rows and
            all_means[name].rows >= ENOUGH * max(mean.of for mean in all_means.values())]
    return min(able, key=lambda name: getattr(all_means[name], field), default=None)


def against(pairs, name, other, field="ns"):
    """Geometric mean of a library's ratios to another one, over the rows where both are valid."""
    both = [(valid(table, name), valid(table, other)) for _, table in pairs]
    return geometric_mean(getattr(one, field) / getattr(two, field) for one, two in both if one and two)
