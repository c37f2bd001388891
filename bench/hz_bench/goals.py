# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""The limits that profiles are judged by over all programs together: workloads and real ones, not lanes.

A verdict is a dictionary as those of bars.all_bars. Where each row has the same limit there is one verdict for all; its
"misses" name the rows beyond it."""

from .libraries import peers_of, subjects_of
from .summary import GROUPS, against, best_of, least, means, rows_of, valid

ALL = "all programs"


def verdict(name, what, passed, margin, misses=()):
    """As those of bars.all_bars."""
    return {"library": name, "row": ALL, "bar": what, "passed": bool(passed), "margin": margin, "misses": list(misses)}


def mean_at_most(name, what, value, limit):
    """One number against its limit."""
    if value is None:
        return verdict(name, what, False, "not measured")
    return verdict(name, what, value <= limit, f"{value:.3f}x, limit {limit:.2f}x")


def each_at_most(name, what, ratios, limit):
    """ratios: [(row's key, value, or None where the library or all others have no valid figure)]. All must be there."""
    if not ratios:
        return verdict(name, what, False, "not measured")
    misses = [f"{key} ({'not valid' if value is None else f'{value:.2f}x'})"
              for key, value in ratios if value is None or value > limit]
    known = [(value, key) for key, value in ratios if value is not None]
    worst = f"worst {max(known)[1]}: {max(known)[0]:.2f}x" if known else "no valid row"
    margin = f"{worst}, limit {limit:.2f}x" + (f"; {len(misses)} of {len(ratios)} miss" if misses else "")
    return verdict(name, what, not misses, margin, misses)


def row_ratios(pairs, name, others, field):
    """[(row's key, this library's figure over the least of the others')]."""
    out = []
    for row, table in pairs:
        mine, best = valid(table, name), least(table, [other for other in others if other != name], field)
        out.append((row.key(), getattr(mine, field) / best if mine and best else None))
    return out


def rivals_of(libraries):
    """All that take part, but for the null library."""
    return [name for name in libraries if name != "null"]


def scale_goals(name, pairs, libraries):
    """hz3-scale: ahead of every peer, and nowhere far behind one."""
    peers = peers_of(libraries)
    best = best_of(means(pairs, libraries), peers)
    return [mean_at_most(name, f"mean time <= 0.80 of {best or 'the best single peer'}'s",
                         against(pairs, name, best) if best else None, 0.80),
            each_at_most(name, "time of each <= 1.10 of its best peer's", row_ratios(pairs, name, peers, "ns"), 1.10)]


def message_goals(name, pairs, libraries):
    """hz4-mt: the fastest of all where other threads free."""
    remote = [(row, table) for row, table in pairs if row.remote]
    return [each_at_most(name, "fastest of all on each whose blocks other threads free",
                         row_ratios(remote, name, rivals_of(libraries), "ns"), 1.0)]


def balance_goals(name, pairs, libraries):
    """hz6-selected: as fast as the fastest peer in less memory than that one has."""
    best = best_of(means(pairs, libraries), peers_of(libraries))
    word = best or "the best single peer"
    return [mean_at_most(name, f"mean time <= that of {word}", against(pairs, name, best) if best else None, 1.0),
            mean_at_most(name, f"mean peak <= 0.85 of {word}'s", against(pairs, name, best, "peak") if best else None,
                         0.85)]


RESIDENT = ("hz5-pagerun64-main", "hz5-large128-rss")


def resident_goals(name, pairs, libraries):
    """Smaller than all others (these two may lie beside each other), at glibc's speed."""
    others = [other for other in rivals_of(libraries) if other not in RESIDENT]
    values = {other: against(pairs, name, other, "peak") for other in others}
    known = {other: value for other, value in values.items() if value is not None}
    nearest = max(known, key=known.get, default=None)
    return [mean_at_most(name, f"smallest mean peak of all (next: {nearest})", known.get(nearest), 1.0),
            each_at_most(name, "time of each <= glibc's", row_ratios(pairs, name, ["glibc"], "ns"), 1.0)]


def common_goals(name, pairs, libraries):
    """Every profile."""
    failed = [f"{row.key()} ({'; '.join(table[name].marks)})" for row, table in pairs
              if name in table and table[name].bad]
    return [verdict(name, "no run crashes, every content check passes", not failed,
                    f"{len(failed)} of {len(pairs)} failed" if failed else f"{len(pairs)} rows", failed),
            each_at_most(name, "peak of each <= 1.50 of the smallest peer's",
                         row_ratios(pairs, name, peers_of(libraries), "peak"), 1.5)]


OWN = {"hz3-scale": scale_goals, "hz4-mt": message_goals, "hz6-selected": balance_goals,
       RESIDENT[0]: resident_goals, RESIDENT[1]: resident_goals}


def goals(rows, tables, libraries):
    """All verdicts on all subjects; none without a program."""
    pairs = rows_of(rows, tables, GROUPS[ALL])
    if not pairs:
        return []
    return [one for name in subjects_of(libraries) for part in (OWN.get(name), common_goals) if part
            for one in part(name, pairs, libraries)]


def mean_table(rows, tables, libraries):
    """For JSON: group -> how many rows, the best single peers, and library -> its means. Groups without rows are left
    out."""
    out = {}
    for title, groups in GROUPS.items():
        pairs = rows_of(rows, tables, groups)
        if not pairs:
            continue
        all_means = means(pairs, libraries)
        peers = peers_of(all_means)
        fastest = best_of(all_means, peers)
        out[title] = {
            "rows": len(pairs), "best_peer": fastest, "smallest_peer": best_of(all_means, peers, "memory"),
            "fastest": best_of(all_means, all_means), "smallest": best_of(all_means, all_means, "memory"),
            "libraries": {name: {**mean._asdict(), "time_vs_best_peer": fastest and against(pairs, name, fastest)}
                          for name, mean in all_means.items()}}
    return out
