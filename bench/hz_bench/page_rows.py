# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the page that go row by row."""

from . import charts
from .html import add, cell, table, tag

TITLES = {"programs": "Programs", "real": "Real programs", "lanes": "Lanes"}


def key_of(kind):
    """A coloured mark, with another shape for each kind."""
    return tag("span", class_=f"key {kind}" + (" round" if kind == "ours" else ""))


def library_head(name, peers):
    """A library's name with its mark."""
    return tag("th", key_of("peer" if name in peers else "ours"), name, scope="row", data_v=name)


def shade(ratio):
    """How a ratio's cell looks: ahead of all peers, or far behind the best."""
    if ratio <= 0.8:
        return "good-2"
    if ratio < 0.995:
        return "good-1"
    if ratio > 2:
        return "far-2"
    return "far-1" if ratio > 1.1 else None


def row_id(number):
    """The place of a row in the page."""
    return f"row-{number}"


def ratio_cell(one, field):
    """One library's ratio in one row."""
    if one is None:
        return cell("", "")
    if not one["valid"]:
        return cell("✗", "", class_="bad", title="; ".join(one["marks"]))
    ratio = one[field]
    if ratio is None:
        return cell("–", "")
    ratio = 1 / ratio if field == "speed_vs_best_peer" else ratio
    return cell(f"{ratio:.2f}", f"{ratio:.4f}", class_=shade(ratio))


def ratio_table(data, names, field, caption):
    """Rows by libraries."""
    rows = [[tag("th", tag("a", row["key"], href="#" + row_id(number)), scope="row", data_v=row["key"])] +
            [ratio_cell(row["libraries"].get(name), field) for name in names]
            for number, row in enumerate(data["rows"]) if row["timed"]]
    return table(["row"] + names, rows, caption, tall=True)


def ratios_section(data, names):
    """Every row at a glance."""
    return tag("section", tag("h2", "All rows", id="ratios"),
               tag("p", "Ratios to the best peer (time) and the smallest peer (memory) of each row. Blue is ahead of "
                   "every peer (dark: by a fifth or more), orange more than a tenth behind (dark: twice and more), ✗ "
                   "not valid. Columns can be ordered by a click."),
               tag("div", ratio_table(data, names, "speed_vs_best_peer", "Time: of the best peer's"), class_="card"),
               tag("div", ratio_table(data, names, "peak_vs_smallest_peer", "Peak memory: of the smallest peer's"),
                   class_="card"))


def memory_section(data, names, peers):
    """What is resident while the phase programs run."""
    section = tag("section", tag("h2", "Memory over time", id="memory"))
    ours = [name for name in names if name not in peers]
    for number, row in enumerate(data["rows"]):
        if not any(one.get("series") for one in row["libraries"].values()):
            continue
        parts = [("Peers, and " + ours[0] if ours else "Peers", peers + ours[:1])]
        if len(ours) > 1:
            parts.append(("Ours, and glibc" if "glibc" in peers else "Ours",
                          ours + [name for name in peers if name == "glibc"]))
        drawn = [charts.memory_chart(f"{number}-{part}", row, chosen, peers, title)
                 for part, (title, chosen) in enumerate(parts)]
        add(section, tag("div", tag("h3", row["key"]), tag("div", *drawn, class_="two"), class_="card"))
    if len(section) == 1:
        add(section, tag("p", "No row that was measured is watched over time (phases, burst and drift are)."))
    else:
        add(section, tag("p", "One run of each library, sampled every 10 ms; these runs are not timed.",
                         class_="mute"))
    return section


def number_cell(value, form):
    """A number, or nothing."""
    return cell("" if value is None else format(value, form), "" if value is None else value)


def median_of(one, name):
    """Of one number of the valid runs."""
    values = sorted(run[name] for run in one["runs"] if run.get(name) is not None and "problem" not in run)
    return values[len(values) // 2] if values else None


def figures_table(row, peers):
    """All numbers of a row."""
    scale = 1e-9 if row["unit"] == "s" else 1
    rows = []
    for name, one in sorted(row["libraries"].items(), key=lambda pair: pair[1]["ns_per_op"] or 1e99):
        time = None if one["ns_per_op"] is None else scale * one["ns_per_op"]
        peak, rest = one["peak_kib"], median_of(one, "rest_kib")
        rows.append([tag("th", name, scope="row") if name == "null" else library_head(name, peers),
                     number_cell(time, ".4g"), number_cell(one["net_ns_per_op"], ".4g"),
                     number_cell(one["speed_vs_best_peer"], ".2f"), number_cell(peak and peak / 1024, ".1f"),
                     number_cell(rest and rest / 1024, ".1f"), number_cell(median_of(one, "cpu_seconds"), ".3f"),
                     number_cell(median_of(one, "minor_faults"), ".0f"),
                     cell("; ".join(one["marks"]), class_="wrap" if one["valid"] else "wrap bad")])
    return table(["library", row["unit"], "net ns", "speed", "peak MiB", "rest MiB", "CPU s", "faults", "marks"], rows)


def start_table(row, peers):
    """A row without a time of its own: what its runs say."""
    fields = sorted({name for one in row["libraries"].values() for run in one["runs"] for name, value in run.items()
                     if isinstance(value, (int, float)) and name != "runs"})
    rows = [[library_head(name, peers)] + [number_cell(median_of(one, field), ".0f") for field in fields] +
            [cell("; ".join(one["marks"]), class_="wrap bad")] for name, one in row["libraries"].items()]
    return table(["library"] + fields + ["marks"], rows)


def command_line(text):
    """A command with a button that copies it."""
    return tag("div", tag("pre", text), tag("button", "copy", type="button", class_="copy"), class_="line")


def commands(row):
    """How to repeat a row, and each single run."""
    box = tag("details", tag("summary", "Commands"), tag("p", "The row, all libraries:", class_="mute"),
              command_line(row["repeat"]), tag("p", "One run of:", class_="mute"))
    for name, one in row["libraries"].items():
        add(box, tag("div", name, class_="mute"), command_line(one["command"]))
    return box


def row_card(number, row, peers):
    """One row: charts, numbers, commands."""
    work = f"{row['iterations']} iterations; " if row["iterations"] > 1 else ""
    purpose = row.get("purpose") or None
    card = tag("article", tag("h3", row["key"]), purpose and tag("p", purpose[0].upper() + purpose[1:]),
               tag("p", work + row["about"], class_="mute"), class_="card", id=row_id(number))
    add(card, *(tag("p", "Note: " + note, class_="mute") for note in row["notes"]))
    if not row["timed"]:
        add(card, start_table(row, peers), commands(row))
        return card
    add(card, tag("div", *charts.row_charts(number, row, peers), class_="two"),
        tag("details", tag("summary", "Numbers"), figures_table(row, peers)), commands(row))
    return card


def instructions_section(data, names):
    """Instructions per operation, where they can be counted."""
    section = tag("section", tag("h2", "Instructions per operation", id="instructions"))
    counted = [(number, row) for number, row in enumerate(data["rows"])
               if any(one.get("instructions_per_op") for one in row["libraries"].values())]
    if not counted:
        add(section, tag("p", f"Not counted: {data.get('no_counter') or 'no row that was measured counts them'}."))
        return section
    rows = [[tag("th", tag("a", row["key"], href="#" + row_id(number)), scope="row", data_v=row["key"])] +
            [number_cell(row["libraries"].get(name, {}).get("instructions_per_op"), ".1f") for name in names]
            for number, row in counted]
    add(section, tag("p", "In user space, of the whole process (the harness, too, the same for all), divided by "
                     "its operations; one run of each.", class_="mute"),
        tag("div", table(["row"] + names, rows), class_="card"))
    return section


def every_row(data, names, peers):
    """All sections."""
    workloads = tag("section", tag("h2", "Charts and commands", id="workloads"),
                    tag("p", "Speed and peak memory side by side, in the same order: the fastest first. × is relative "
                        "to the best peer, and to the smallest; the dashed line is what the harness takes without an "
                        "allocator.", class_="mute"))
    for group, title in TITLES.items():
        chosen = [(number, row) for number, row in enumerate(data["rows"]) if row["group"] == group]
        if chosen:
            add(workloads, tag("h2", title), *(row_card(number, row, peers) for number, row in chosen))
    return [ratios_section(data, names), memory_section(data, names, peers), workloads,
            instructions_section(data, names)]
