# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Matplotlib's figures as parts of a page: text stays text, colours follow the page's theme, names do not collide."""

import io
import re
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure

# Stand-ins, which no drawing uses otherwise -> the page's own colours.
THEME = {"#010101": "var(--ink)", "#020202": "var(--mute)", "#030303": "var(--line)", "#040404": "var(--ours)",
         "#050505": "var(--peer)", "#060606": "var(--bad)", "#070707": "var(--card)"}
INK, MUTE, LINE, OURS, PEER, BAD, CARD = THEME

matplotlib.rcParams.update({
    "svg.fonttype": "none", "svg.hashsalt": "hakozuna", "font.size": 9, "font.family": "DejaVu Sans",
    "text.color": INK, "axes.labelcolor": MUTE, "axes.edgecolor": LINE, "xtick.color": MUTE, "ytick.color": INK,
    "xtick.labelcolor": MUTE, "ytick.labelcolor": INK, "axes.facecolor": "none", "figure.facecolor": "none",
    "axes.spines.top": False, "axes.spines.right": False, "grid.color": LINE, "grid.linewidth": 0.6,
    "axes.titlesize": 10, "axes.titleweight": "bold", "axes.titlelocation": "left", "legend.frameon": False,
    "axes.axisbelow": True,
})


def new_figure(width, height, left=0.75, bottom=0.5, top=0.3, right=0.08):
    """A figure with one pair of axes; all in inches. Fixed margins: to find them takes as long as to draw."""
    figure = Figure(figsize=(width, height))
    return figure, figure.add_axes([left / width, bottom / height, (width - left - right) / width,
                                    (height - bottom - top) / height])


def local(name):
    """A name without its namespace."""
    return name.rsplit("}", 1)[-1]


def themed(text):
    """A style or a colour with the page's colours in it."""
    return re.sub(r"#0[1-7]0[1-7]0[1-7]", lambda match: THEME.get(match[0], match[0]), text)


def clean(element, prefix, used):
    """Names without namespaces, ids that are unique in the page (and only those that are used), and theme colours."""
    element.tag = local(element.tag)
    for key in list(element.attrib):
        value = element.attrib.pop(key)
        key = local(key)
        if key == "id" and value not in used:
            continue
        if key == "id":
            value = prefix + value
        elif key == "href" and value.startswith("#"):
            value = "#" + prefix + value[1:]
        value = re.sub(r"url\(#", f"url(#{prefix}", value)
        element.set(key, themed(value) if key in ("style", "fill", "stroke") else value)
    for child in list(element):
        if not isinstance(child.tag, str) or local(child.tag) == "metadata":
            element.remove(child)
        else:
            clean(child, prefix, used)


def rounded(text):
    """The drawing's numbers with two decimals: they are points of 1/72 inch."""
    return re.sub(r"(\d+\.\d\d)\d+", r"\1", text)


def inline(figure, name, label):
    """The <svg> element of a figure. name is unique in the page; label says what is to be seen, for readers who do not
    see it."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    text = rounded(out.getvalue())
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    root = ElementTree.fromstring(text)
    clean(root, name + "-", used)
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("aria-label", label)
    return root
