# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""The text."""

from .judge import shown_time
from .say import mib, number


def print_start(table):
    """What starting a process costs, beside glibc's."""
    print(f"  {'library':<18}{'median us':>10}{'more us':>9}{'RSS KiB':>9}{'more KiB':>9}"
          f"{'private':>9}")
    base = table.get("glibc")
    for figures in table.values():
        time, rss = figures.median("median_us"), figures.median("rss_kib")
        more_time = more_rss = None
        if base is not None and base.runs and figures.runs:
            more_time, more_rss = time - base.median("median_us"), rss - base.median("rss_kib")
        print(f"  {figures.name:<18}{number(time, '.0f', 10)}{number(more_time, '+.0f', 9)}"
              f"{number(rss, '.0f', 9)}{number(more_rss, '+.0f', 9)}"
              f"{number(figures.median('private_kib'), '.0f', 9)}  {'; '.join(figures.marks)}")


def print_row(row, table):
    """One block: speed is relative to the fastest peer (1.00 is its speed, more is faster), memory
    to the smallest peer (1.00 is its peak, less is smaller)."""
    print(f"\n{row.key()}   ({row.iterations} iterations; {row.about()})")
    for note in row.notes:
        print(f"  note: {note}")
    if not row.timed:
        print_start(table)
        return
    print(f"  {'library':<18}{row.unit:>9}{'net ns':>9}{'speed':>8}{'peak MiB':>10}{'x small':>9}"
          f"{'rest MiB':>10}{'trim MiB':>10}{'faults':>9}")
    order = sorted(table.values(), key=lambda one: (one.name == "null", one.ns or 1e99))
    for figures in order:
        after = figures.median("after_percent")
        marks = list(figures.marks)
        if after is not None:
            marks.append(f"after the wait {after:.1f} % of the peak")
        form = ".2f" if row.unit == "ns/op" else ".3f"
        cells = [number(shown_time(row, figures.ns), form, 9), number(figures.net, ".2f", 9),
                 number(figures.speed, ".2f", 8), number(mib(figures.peak), ".1f", 10),
                 number(figures.peak_small, ".2f", 9),
                 number(mib(figures.median("rest_kib")), ".1f", 10),
                 number(mib(figures.median("trim_kib")), ".1f", 10),
                 number(figures.median("minor_faults"), ".0f", 9)]
        print(f"  {figures.name:<18}{''.join(cells)}  {'; '.join(marks)}".rstrip())


def print_bars(verdicts, title="Bars"):
    """PASS or MISS for each bar."""
    for subject in dict.fromkeys(one["library"] for one in verdicts):
        print(f"\n{title} for {subject}")
        for one in verdicts:
            if one["library"] == subject:
                print(f"  {'PASS' if one['passed'] else 'MISS'}  {one['row']:<26} {one['bar']}: {one['margin']}")
    passed = sum(one["passed"] for one in verdicts)
    if verdicts:
        print(f"\n{passed} of {len(verdicts)} bars passed")


def print_means(table):
    """Geometric means of each group of rows."""
    for title, group in table.items():
        print(f"\n{title}: geometric means of {group['rows']} rows; best single peer {group['best_peer'] or '-'}, "
              f"smallest {group['smallest_peer'] or '-'}")
        print(f"  {'library':<26}{'x best':>9}{'x single':>9}{'x small':>9}  rows")
        for name, mean in sorted(group["libraries"].items(), key=lambda pair: pair[1]["time"] or 1e99):
            print(f"  {name:<26}{number(mean['time'], '.3f', 9)}{number(mean['time_vs_best_peer'], '.3f', 9)}"
                  f"{number(mean['memory'], '.3f', 9)}  {mean['rows']} of {mean['of']}")
