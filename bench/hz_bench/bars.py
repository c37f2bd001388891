# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""The limits that profiles are judged by, row by row."""

import statistics

from .say import mib
from .workloads import FIXED, LANES, lane_row, program_row

BAR_PEERS = ("glibc", "mimalloc", "jemalloc", "tcmalloc_minimal")
BAR_REMOTE = ("guard_r90", "main_r50", "main_r90", "mid_r50", "cross128_r90", "large128_r90")
BAR_LOCAL = ("guard_r0", "main_r0")
BAR_PROGRAMS = ("bulk", "churn", "pipe")


def bar_rows(names, threads):
    """The rows that have a bar; where names or threads are given, only those of them."""
    rows = [lane_row(name, threads) for name in BAR_LOCAL for threads in (1, 2, 16)]
    rows += [lane_row(name, threads) for name in BAR_REMOTE for threads in (2, 16)]
    rows += [lane_row("touch_" + name, threads) for name in LANES for threads in (2, 16)]
    rows += [program_row(name, threads) for name in BAR_PROGRAMS for threads in (2, 16)]
    rows += [program_row("burst", 8), program_row("start", 1)]
    return [row for row in rows if (names is None or row.name in names) and
            (threads is None or row.name in FIXED or row.threads in threads)]


def at_most(what, value, limit, unit):
    """A verdict: (what was judged, whether it passes, how far from the limit)."""
    if value is None or limit is None:
        return (what, False, "not measured")
    margin = f"{value:.3g} {unit}, limit {limit:.3g} {unit}".replace(" ,", ",").rstrip()
    return (what, value <= limit, margin)


def at_least(what, value, limit):
    """The same for a ratio."""
    if value is None:
        return (what, False, "not measured")
    return (what, value >= limit, f"{value:.3g}x, limit {limit:.3g}x")


def local_bars(mine, peers):
    """Blocks that stay with their thread, without the harness's own time."""
    nets = [peer.net for peer in peers if peer.net is not None]
    limit = 0.85 * min(nets) if nets else None
    return [at_most("net time <= 0.85 of the best peer's", mine.net, limit, "ns")]


def remote_bars(mine, peers):
    """Blocks freed by others."""
    best = min(peer.ns for peer in peers)
    smallest = min(peer.peak for peer in peers)
    return [at_least("throughput >= 1.5 of the best peer's", best / mine.ns, 1.5),
            at_most("peak <= smallest peer's + 2 MiB", mib(mine.peak), mib(smallest) + 2, "MiB")]


def touch_bars(mine, peers):
    """Lanes whose blocks are written."""
    best = min(peer.ns for peer in peers)
    middle = statistics.median(peer.peak for peer in peers)
    return [at_least("throughput >= the best peer's", best / mine.ns, 1.0),
            at_most("peak <= the median peer's", mine.peak / 1024, middle / 1024, "MiB")]


def start_bars(mine, table):
    """Starting a process."""
    base = table.get("glibc")
    if base is None or not base.runs:
        return [("start", False, "glibc was not measured")]
    return [at_most("at most 300 KiB more than glibc",
                    mine.median("rss_kib") - base.median("rss_kib"), 300, "KiB"),
            at_most("at most 200 us more than glibc",
                    mine.median("median_us") - base.median("median_us"), 200, "us")]


def speed_bar(mine, peers, limit):
    """Throughput against the best peer's."""
    best = min(peer.ns for peer in peers)
    return at_least(f"throughput >= {limit} of the best peer's", best / mine.ns, limit)


def scale_bars(row, table, mine, limit):
    """Local lanes of another profile against hz3-scale's."""
    base = table.get("hz3-scale")
    if row.name not in BAR_LOCAL or base is None or base.bad:
        return []
    return [at_least(f"throughput >= {limit} of hz3-scale's", base.ns / mine.ns, limit)]


def message_bars(row, table, mine, peers):
    """hz4-mt: twice the best peer on blocks freed by others, ahead where they are written."""
    bars = scale_bars(row, table, mine, 0.8)
    if row.name in BAR_REMOTE:
        bars.append(speed_bar(mine, peers, 2.0))
    elif row.name in ("pipe", "churn") and peers:
        bars.append(speed_bar(mine, peers, 1.0))
    return bars


def page_bars(row, table, mine, peers):
    """hz5-pagerun64-main: half of the smallest peer's memory, 2 MiB aside, at the best peer's speed."""
    bars = scale_bars(row, table, mine, 0.7)
    if row.name in ("main_r50", "main_r90", "mid_r50"):
        smallest = mib(min(peer.peak for peer in peers))
        bars += [speed_bar(mine, peers, 1.0),
                 at_most("peak <= half of the smallest peer's, 2 MiB aside", mib(mine.peak), (smallest - 2) / 2 + 2,
                         "MiB")]
    return bars


def resident_bars(row, table, mine, _peers):
    """hz5-large128-rss: the smallest of all."""
    if row.name not in ("cross128_r90", "large128_r90"):
        return []
    others = [one.peak for name, one in table.items() if name != "null" and one is not mine and not one.bad]
    return [at_most("peak <= every other's", mib(mine.peak), mib(min(others)), "MiB")]


def balance_bars(row, table, mine, peers):
    """hz6-selected: never behind on a lane, never large, programs within a tenth."""
    bars = scale_bars(row, table, mine, 0.85)
    if row.name in BAR_PROGRAMS:
        best = min(peer.ns for peer in peers)
        return [at_most("time <= 1.10 of the best peer's", mine.ns, 1.10 * best, "ns")]
    if row.name in BAR_LOCAL + BAR_REMOTE:
        smallest = min(peer.peak for peer in peers)
        bars += [speed_bar(mine, peers, 1.0),
                 at_most("peak <= smallest peer's + 2 MiB", mib(mine.peak), mib(smallest) + 2, "MiB")]
    return bars


# Libraries of these names have bars of their own; all others have hz3-scale's.
FAMILY_BARS = {"hz4-mt": message_bars, "hz5-pagerun64-main": page_bars, "hz5-large128-rss": resident_bars,
               "hz6-selected": balance_bars}


def bars_of(row, table, subject):
    """All verdicts on one row for one library."""
    mine = table.get(subject)
    peers = [table[name] for name in BAR_PEERS if name in table and not table[name].bad]
    if mine is None or mine.bad:
        return [("valid row", False, "; ".join(mine.marks) if mine else "not measured")]
    if subject in FAMILY_BARS:
        return FAMILY_BARS[subject](row, table, mine, peers)
    if row.name == "start":
        return start_bars(mine, table)
    if row.name == "burst":
        after = mine.median("after_percent")
        return [at_most("resident after 2 s < 5 % of the peak", after, 5, "%")]
    if not peers:
        return [("peers", False, "no peer has a valid row")]
    if row.name.startswith("touch_"):
        return touch_bars(mine, peers)
    if row.name in BAR_REMOTE:
        return remote_bars(mine, peers)
    if row.name in BAR_LOCAL:
        return local_bars(mine, peers)
    best = min(peer.ns for peer in peers)
    return [at_most("time <= 1.10 of the best peer's", mine.ns, 1.10 * best, "ns")]


def all_bars(rows, tables, subjects):
    """The verdicts on all rows as dictionaries."""
    return [{"library": subject, "row": row.key(), "bar": what, "passed": bool(passed), "margin": margin}
            for subject in subjects for row, table in zip(rows, tables)
            for what, passed, margin in bars_of(row, table, subject)]
