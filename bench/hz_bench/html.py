# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Elements of a page. Text is escaped where it is written out, so that none can be forgotten."""

from xml.etree import ElementTree


def tag(name, /, *children, **attributes):
    """An element: children are elements, texts, or None for nothing. class_ stands for class, data_x for data-x."""
    element = ElementTree.Element(name, {key.rstrip("_").replace("_", "-"): str(value)
                                         for key, value in attributes.items() if value is not None})
    add(element, *children)
    return element


def add(element, *children):
    """Appends children to an element."""
    for child in children:
        if child is None:
            continue
        if isinstance(child, ElementTree.Element):
            element.append(child)
        elif len(element):
            element[-1].tail = (element[-1].tail or "") + str(child)
        else:
            element.text = (element.text or "") + str(child)


def document(root):
    """The text of a page."""
    return "<!DOCTYPE html>\n" + ElementTree.tostring(root, encoding="unicode", method="html") + "\n"


def cell(text, value=None, **attributes):
    """A cell; value is what the column is ordered by where that is not the text."""
    if value is not None:
        attributes["data_v"] = value
    return tag("td", text, **attributes)


def table(heads, rows, caption=None, tall=False):
    """A table that the page's script can order by any column. heads: texts; rows: lists of <td> and <th>; tall:
    scrolls in itself."""
    first = rows[0] if rows else []
    lefts = [set(one.get("class", "").split()) & {"left", "wrap"} for one in first] + [None] * len(heads)
    head = tag("thead", tag("tr", *(tag("th", tag("button", text, type="button"), scope="col",
                                        class_="left" if left else None) for text, left in zip(heads, lefts))))
    body = tag("tbody", *(tag("tr", *cells) for cells in rows))
    return tag("div", tag("table", caption and tag("caption", caption), head, body, class_="sortable"),
               class_="scroll tall" if tall else "scroll")
