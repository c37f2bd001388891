# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""The report as one page that needs nothing else: made from the values of the JSON file alone."""

import os

from . import charts
from .html import add, cell, document, table, tag
from .libraries import peers_of
from .page_rows import every_row, key_of
from .summary import GROUPS

HERE = os.path.dirname(os.path.abspath(__file__))
MAIN_GROUPS = ("all programs", "lanes")


def text_of(name):
    """A file beside this one."""
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def times(value):
    """A ratio."""
    return "–" if value is None else f"{value:.2f}×"


def tile(title, name, text):
    """One answer of the summary."""
    return tag("div", tag("span", title, class_="mute"), tag("b", name or "–"), text, class_="card")


def main_group(data):
    """The group that the summary speaks of."""
    return next((title for title in GROUPS if title in data["means"]), None)


def best_of_values(means, names, field):
    """The name with the least value, or None."""
    return min((name for name in names if means[name][field] is not None), key=lambda name: means[name][field],
               default=None)


def answers(data, title):
    """Who is fastest, who is smallest, which bars hold, what failed."""
    group = data["means"][title]
    means, fastest, smallest, best = group["libraries"], group["fastest"], group["smallest"], group["best_peer"]
    ours = [name for name in means if name not in peers_of(means)]
    tiles = []
    if fastest:
        if best in (None, fastest):
            near = best_of_values(means, ours, "time_vs_best_peer")
            text = near and f"of ours the fastest is {near} with {times(means[near]['time_vs_best_peer'])} its time"
        else:
            text = f"{times(means[fastest]['time_vs_best_peer'])} the time of {best}, the best single peer"
        tiles.append(tile("Fastest", fastest, text))
    if smallest:
        peer = group["smallest_peer"]
        near = smallest if smallest in ours else best_of_values(means, ours, "memory")
        text = f"{times(means[smallest]['memory'])} the peak of the smallest peer of each row"
        if smallest in ours and peer:
            text += f"; the smallest single peer, {peer}, {times(means[peer]['memory'])}"
        elif near:
            text += f"; of ours the smallest is {near} with {times(means[near]['memory'])}"
        tiles.append(tile("Smallest peak memory", smallest, text))
    verdicts = data["goals"] or data["bars"]
    if verdicts:
        passed = sum(one["passed"] for one in verdicts)
        tiles.append(tag("div", tag("span", "Bars", class_="mute"), tag("b", f"{passed} of {len(verdicts)} hold"),
                         tag("a", "which and how far", href="#bars"), class_="card"))
    bad = [(row["key"], name) for row in data["rows"] for name, one in row["libraries"].items() if not one["valid"]]
    tiles.append(tag("div", tag("span", "Failed or not comparable", class_="mute"),
                     tag("b", str(len(bad)), class_="bad" if bad else None),
                     tag("a", "which and why", href="#marks") if bad else "every run ended well and did equal work",
                     class_="card"))
    return tag("div", *tiles, class_="tiles")


def means_table(title, group, peers):
    """The geometric means of a group, the fastest first."""
    def row(name, mean):
        kind = "peer" if name in peers else "ours"
        return [tag("th", key_of(kind), name, scope="row", data_v=name),
                cell(times(mean["time"]), mean["time"] or "", class_="best" if name == group["fastest"] else None),
                cell(times(mean["memory"]), mean["memory"] or "",
                     class_="best" if name == group["smallest"] else None),
                cell(times(mean["time_vs_best_peer"]), mean["time_vs_best_peer"] or ""),
                cell(f"{mean['rows']} of {mean['of']}", mean["rows"],
                     class_="bad" if mean["rows"] < mean["of"] else None)]
    order = sorted(group["libraries"].items(), key=lambda pair: pair[1]["time"] or 1e99)
    return table(["library", "time", "memory", f"time / {group['best_peer'] or '–'}", "rows"],
                 [row(name, mean) for name, mean in order], f"{title}: {group['rows']} rows")


def summary(data, peers):
    """The first screen."""
    title = main_group(data)
    section = tag("section", id="summary")
    if title is None:
        add(section, tag("p", "No row has a time that two libraries could be compared by."))
        return section
    add(section, tag("p", f"Geometric means over {title} ({data['means'][title]['rows']} rows). Time is of the best "
                     "peer's in each row, memory of the smallest peer's: below 1 is ahead of every peer."),
        answers(data, title), tag("p", key_of("ours"), "Hakozuna's profiles, and libraries given by path \u2003",
                                  key_of("peer"), "peers", class_="mute"))
    for number, name in enumerate([title] + [one for one in MAIN_GROUPS if one in data["means"] and one != title]):
        group = data["means"][name]
        add(section, tag("div", charts.overview(number, name[0].upper() + name[1:], group, peers),
                         means_table(name[0].upper() + name[1:], group, peers), class_="card two"))
    more = [name for name in data["means"] if name not in MAIN_GROUPS and name != title]
    if more:
        add(section, tag("details", tag("summary", "The same for: " + ", ".join(more)), tag("div", *(
            means_table(name[0].upper() + name[1:], data["means"][name], peers) for name in more), class_="two")))
    return section


def bars_table(verdicts, caption, by_row=False):
    """PASS and MISS."""
    def row(one):
        word = "PASS" if one["passed"] else "MISS"
        misses = tag("details", tag("summary", "which"), ", ".join(one["misses"])) if one.get("misses") else None
        return [tag("th", one["library"], scope="row"), cell(word, class_=word.lower())] + [
            cell(one["row"], class_="left")] * by_row + [
                cell(one["bar"], class_="wrap"), tag("td", one["margin"], misses, class_="wrap")]
    heads = ["library", "verdict"] + ["row"] * by_row + ["bar", "measured"]
    return table(heads, [row(one) for one in verdicts], caption, tall=by_row)


def bars_section(data):
    """All bars."""
    section = tag("section", tag("h2", "Bars", id="bars"))
    if data["goals"]:
        add(section, tag("div", bars_table(data["goals"], "Over all programs: workloads and real programs, not lanes. "
                                           "The best single peer is the one with the least geometric mean."),
                         class_="card"))
    if data["bars"]:
        rows = bars_table(data["bars"], "Row by row, for the rows measured here that have a bar.", True)
        passed = sum(one["passed"] for one in data["bars"])
        add(section, tag("details", tag("summary", f"Row by row: {passed} of {len(data['bars'])} hold"), rows,
                         class_="card"))
    if not data["goals"] and not data["bars"]:
        add(section, tag("p", "No bar is about the rows and libraries measured here."))
    return section


def marks_section(data):
    """What must not be believed, and why."""
    found = [(row, name, mark, one["valid"]) for row in data["rows"] for name, one in row["libraries"].items()
             for mark in one["marks"]]
    section = tag("section", tag("h2", "Marks", id="marks"))
    if not found:
        add(section, tag("p", "None: no run failed, all did equal work, none was unsteady."))
        return section
    add(section, tag("p", "Results that are not valid take part in no ratio and no mean. Warnings do."))
    for title, chosen in (("Not valid", [one for one in found if not one[3]]),
                          ("Warnings", [one for one in found if one[3]])):
        rows = [[tag("th", row["key"], scope="row"), cell(name, class_="left"),
                 cell(mark, class_="wrap" if valid else "wrap bad")] for row, name, mark, valid in chosen]
        box = tag("details", tag("summary", f"{title}: {len(rows)}"),
                  table(["row", "library", "mark"], rows, tall=True), class_="card",
                  open=None if title == "Warnings" else "open")
        add(section, box if rows else None)
    return section


def conditions(data):
    """Machine, versions, options."""
    machine = [[tag("th", key, scope="row"), cell(str(value), class_="wrap")] for key, value in
               list(data.get("machine", data["host"]).items()) + [
                   ("written", data["date"]), ("runs of each library", data["rounds"]), ("seed", data["seed"]),
                   ("work of a run", f"{data['iterations']} iterations" if data["iterations"] else
                    "at least 0.15 s" if data["quick"] else "at least 0.5 s"),
                   ("command", data.get("command", "–"))]]
    libraries = [[tag("th", name, scope="row"), cell(one["version"], class_="wrap"), cell(one["path"], class_="wrap"),
                  cell(one["hash"], class_="left")] for name, one in data.get("versions", {}).items()]
    return tag("section", tag("h2", "Machine, versions, method", id="conditions"),
               tag("div", table(["what", "value"], machine, "Machine and options"), class_="card"),
               tag("div", table(["library", "version", "file", "hash"], libraries, "Libraries"), class_="card"),
               tag("p", "Each run is a fresh process; LD_PRELOAD selects the library; the order is shuffled anew in "
                   "each round; figures are medians, and lines across bars go from the least to the greatest. glibc "
                   "sets the work of a row, and then all do the same, which is checked. Ratios of one report may be "
                   "compared; absolute figures are this machine's."))


def library_order(data):
    """All but the null library: ours first, as given, then peers."""
    peers = peers_of(data["libraries"])
    return [name for name in data["libraries"] if name not in peers and name != "null"] + peers


def render(data):
    """The text of the page."""
    peers = peers_of(data["libraries"])
    names = library_order(data)
    machine = data.get("machine", data["host"])
    where = f"{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, {machine['libc']}"
    body = tag("body", tag("header", tag("h1", "Hakozuna: malloc libraries compared"),
                           tag("p", f"{data['date']} on {where}; {len(data['rows'])} rows, {len(names)} libraries, "
                               f"{data['rounds']} runs of each", class_="mute")))
    links = [("summary", "Summary"), ("bars", "Bars"), ("ratios", "All rows"), ("memory", "Memory over time"),
             ("workloads", "Charts and commands"), ("instructions", "Instructions"), ("marks", "Marks"),
             ("conditions", "Machine and versions")]
    add(body, tag("nav", *(tag("a", text, href="#" + name) for name, text in links)), summary(data, peers),
        bars_section(data))
    add(body, *every_row(data, names, peers), marks_section(data), conditions(data), tag("script", text_of("page.js")))
    head = tag("head", tag("meta", charset="utf-8"), tag("meta", content="width=device-width, initial-scale=1",
                                                        **{"name": "viewport"}),
               tag("title", "Hakozuna: malloc libraries compared"), tag("style", text_of("page.css")))
    return document(tag("html", head, body, lang="en"))
