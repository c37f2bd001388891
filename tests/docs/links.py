#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""links.py SOURCE-ROOT -- links in Markdown files lead to files and headings that there are. Links to other places of
the world are not followed. Also the control: what is broken is noticed."""
import os
import re
import sys
import tempfile

LEFT_OUT = re.compile(r"build.*|\..*|subprojects|packagecache")


def documents(root):
    """All Markdown files below."""
    for place, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not LEFT_OUT.fullmatch(name)]
        yield from (os.path.join(place, name) for name in sorted(names) if name.endswith(".md"))


def prose(path):
    """The text without code."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^    .*$", "", text, flags=re.MULTILINE)


def anchors(path):
    """What a link may name after #, as the usual forges make it of headings; and explicit ones."""
    found = set(re.findall(r"<a (?:name|id)=\"([^\"]+)\"", prose(path)))
    count = {}
    for heading in re.findall(r"^#+ +(.*?) *#*$", prose(path), re.MULTILINE):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found.add(slug if slug not in count else f"{slug}-{count[slug]}")
        count[slug] = count.get(slug, 0) + 1
    return found


def targets(path):
    """Places that the links of a file name."""
    text = re.sub(r"`[^`\n]*`", "`", prose(path))
    found = re.findall(r"\]\(<?([^)>\s]+)>?(?:\s+\"[^\"]*\")?\)", text)
    return found + re.findall(r"^\[[^]]+\]:\s+<?([^\s>]+)", text, re.MULTILINE)


def fault(path, target):
    """None, or what is wrong with a link."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    name, _, anchor = target.partition("#")
    place = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
    if not os.path.exists(place):
        return "there is no such file"
    if anchor and place.endswith(".md") and anchor not in anchors(place):
        return "there is no such heading"
    return None


def check(root):
    """Faults of all links, and how many links there are."""
    links = [(path, target) for path in documents(root) for target in targets(path)]
    found = [(path, target, fault(path, target)) for path, target in links]
    return [f"{os.path.relpath(path, root)}: {target}: {wrong}" for path, target, wrong in found if wrong], len(links)


def control():
    """Of six links three are broken."""
    with tempfile.TemporaryDirectory() as root:
        with open(f"{root}/a.md", "w", encoding="utf-8") as file:
            file.write("# One `thing`: more\n[good](a.md) [good](#one-thing-more) [bad](b.md) [bad](a.md#two)\n"
                       "[good](https://example.invalid/) `[not one](c.md)`\n\n    [nor this](d.md)\n\n[bad]: e.md\n")
        faults, count = check(root)
        return [] if (len(faults), count) == (3, 6) else [f"control: {count} links, {faults}"]


def main():
    """Entry."""
    faults, count = check(sys.argv[1])
    faults += control()
    for line in faults:
        print("FAIL:", line)
    print(f"{count} links")
    return 1 if faults or count < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
