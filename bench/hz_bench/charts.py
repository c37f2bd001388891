# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""The charts of the report, each from plain values to a figure."""

import textwrap

from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from .say import short
from .svg import BAD, INK, LINE, MUTE, OURS, PEER, inline, new_figure

# Okabe and Ito's colours, which people with any kind of colour blindness tell apart; without the yellow, which white
# paper swallows. Ours are drawn with full lines, peers with broken ones.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6FD1", "#7F7F7F")
DASHES = ((4, 1.5), (1.2, 1.2), (6, 1.5, 1.2, 1.5), (3, 3), (8, 2))


def color_of(name, peers):
    """Ours or a peer's."""
    return PEER if name in peers else OURS


def bars(axes, names, figures, best, peers):
    """A bar for each name, the value and its ratio to best at the end. figures: name -> (value, low, high), or
    a text that says why there is none."""
    longest = max((figure[2] for figure in figures.values() if not isinstance(figure, str)), default=1) or 1
    for place, name in enumerate(names):
        figure = figures[name]
        if isinstance(figure, str):
            axes.text(0, place, " " + figure, va="center", color=BAD, fontsize=8, parse_math=False)
            continue
        value, low, high = figure
        axes.barh(place, value, height=0.68, color=color_of(name, peers))
        if high > low:
            axes.plot([low, high], [place, place], color=INK, linewidth=1)
        ratio = f" ({value / best:.2f}×)" if best else ""
        axes.text(high + longest * 0.015, place, short(value) + ratio, va="center", fontsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, longest * 1.36)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}".replace(",", "\u2009")))
    axes.tick_params(length=0)
    axes.grid(axis="x")
    axes.spines["bottom"].set_visible(False)


def row_charts(number, row, peers):
    """The two charts of a row: time and peak memory, in the same order."""
    shown = {name: one for name, one in row["libraries"].items() if name != "null"}
    names = sorted(shown, key=lambda name: (not shown[name]["valid"], shown[name]["ns_per_op"] or 0))
    scale = 1e-9 if row["unit"] == "s" else 1
    times, peaks = {}, {}
    for name, one in shown.items():
        times[name] = peaks[name] = textwrap.shorten("; ".join(one["marks"]) or "not valid", 45)
        if one["valid"]:
            times[name] = tuple(scale * one[field] for field in ("ns_per_op", "ns_min", "ns_max"))
            peaks[name] = (one["peak_kib"] / 1024,) * 3
    charts = []
    for kind, figures, label in (("time", times, f"time, {row['unit']}"), ("peak", peaks, "peak memory, MiB")):
        figure, axes = new_figure(4.7, 0.6 + 0.225 * len(names), 0.2 + 0.076 * max(map(len, names)), 0.3)
        known = [name for name in names if not isinstance(figures[name], str)]
        best = min((figures[name][0] for name in known if name in peers), default=None)
        bars(axes, names, figures, best, peers)
        axes.set_title(label)
        null = row["libraries"].get("null")
        if kind == "time" and null and null["valid"]:
            axes.axvline(null["ns_per_op"], color=MUTE, linewidth=1, linestyle=(0, (2, 2)))
        said = ", ".join(f"{name} {short(figures[name][0])}" for name in known)
        charts.append(inline(figure, f"{kind}{number}", f"{row['key']}, {label}: {said}"))
    return charts


def ratio_axis(axis):
    """Ticks of a logarithmic axis of ratios."""
    low, high = axis.get_view_interval()
    more = (1.2, 7, 8) if high / low < 3 else ()
    axis.set_major_locator(LogLocator(base=10, subs=(1, 1.5, 2, 3, 5) + more))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}×"))
    axis.set_minor_locator(NullLocator())


def spread(places, gap):
    """The same values, moved apart as little as needed so that neighbours differ by the gap."""
    order = sorted(range(len(places)), key=places.__getitem__)
    out = list(places)
    for _ in range(200):
        moved = False
        for low, high in zip(order, order[1:]):
            lack = gap - (out[high] - out[low])
            if lack > 1e-9:
                out[low], out[high], moved = out[low] - lack / 2, out[high] + lack / 2, True
        if not moved:
            break
    return out


def overview(number, title, group, peers):
    """Time against memory, one point for each library; the lower left is best."""
    points = [(mean["time"], mean["memory"], name) for name, mean in group["libraries"].items()
              if mean["time"] and mean["memory"]]
    if not points:
        return None
    figure, axes = new_figure(4.9, 3.9, right=0.25 + 0.076 * max(len(name) for _, _, name in points))
    for time, memory, name in points:
        is_peer = name in peers
        axes.scatter([time], [memory], s=42, marker="s" if is_peer else "o", zorder=3,
                     color=PEER if is_peer else OURS)
    axes.set_xscale("log")
    axes.set_yscale("log")
    lows, highs = zip(*((min(values), max(values)) for values in list(zip(*points))[:2]))
    room = max((highs[0] / lows[0]) ** 0.1, 1.03)
    axes.set_xlim(min(lows[0], 1) / room, max(highs[0], 1) * room)
    axes.set_ylim(min(lows[1], 1) / 1.12, max(highs[1], 1) * 1.12)
    for value, line in ((1, axes.axvline), (1, axes.axhline)):
        line(value, color=MUTE, linewidth=1, linestyle=(0, (2, 2)))
    ratio_axis(axes.xaxis)
    ratio_axis(axes.yaxis)
    axes.grid(True)
    axes.set_xlabel("time, of the best peer's (left is faster)")
    axes.set_ylabel("peak memory, of the smallest peer's (down is smaller)")
    axes.set_title(f"{title}, geometric means of {group['rows']} rows")
    name_points(figure, axes, points)
    return inline(figure, f"overview{number}", f"{title}: " + ", ".join(
        f"{name} {time:.2f} of the time and {memory:.2f} of the memory" for time, memory, name in sorted(points)))


def name_points(figure, axes, points):
    """The names in a column beside the axes, in the points' order from top to bottom, each with a line to its point."""
    pixels = axes.transData.transform([(time, memory) for time, memory, _ in points])
    bottom, top = axes.transAxes.transform([(0, 0), (0, 1)])[:, 1]
    pitch = 12.5 * figure.dpi / 72
    places = spread([height for _, height in pixels], pitch)
    out = min(0, top - max(places)) or max(0, bottom - min(places))  # the column stays beside the axes
    for place, (time, memory, name) in zip(places, points):
        axes.annotate(name, (time, memory), xytext=(1.04, (place + out - bottom) / (top - bottom)),
                      textcoords="axes fraction", va="center", annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": LINE, "shrinkA": 1, "shrinkB": 4, "relpos": (0, 0.5)})


def line_style(name, names, drawn, peers):
    """Colour and dashes: ours full, peers broken. The styles are those among all names, so that a library has one in
    all charts; a guest among the others' kind is drawn in ink."""
    kind = [one for one in names if (one in peers) == (name in peers)]
    place = kind.index(name)
    is_guest = sum((one in peers) == (name in peers) for one in drawn) == 1 and len(drawn) > 2
    return {"color": INK if is_guest else SERIES[place % len(SERIES)],
            "linestyle": (0, DASHES[place % len(DASHES)]) if name in peers else "solid"}


def memory_chart(number, row, names, peers, title):
    """Resident memory over time of some libraries."""
    figure, axes = new_figure(5.2, 3.5, 0.65, 0.45 + 0.2 * (1 + len(names) // 3))
    drawn = [name for name in names if row["libraries"].get(name, {}).get("series")]
    every = [name for name in row["libraries"] if name != "null"]
    highest = 0
    for name in drawn:
        series = row["libraries"][name]["series"]
        highest = max(highest, *(kib for _, kib in series))
        axes.plot([second for second, _ in series], [kib / 1024 for _, kib in series], linewidth=1.6, label=name,
                  **line_style(name, every, drawn, peers))
    axes.set_ylim(0, highest / 1024 * 1.05 or 1)
    axes.set_xlim(left=0)
    axes.grid(True)
    axes.set_xlabel("seconds")
    axes.set_ylabel("resident, MiB")
    axes.set_title(title)
    axes.legend(loc="upper center", bbox_to_anchor=(0.46, -0.16), ncols=3, fontsize=8, handlelength=3.2)
    return inline(figure, f"memory{number}", f"{row['key']}: resident memory over time of {', '.join(drawn)}")
