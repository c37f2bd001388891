#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""profiles.py OUTPUT README... -- what each profile is for, as JSON: the first sentence of its README."""
import json
import os
import re
import sys


def sentence(path):
    """The first sentence behind the heading, without the marks of Markdown."""
    with open(path, encoding="utf-8") as file:
        text = file.read().split("\n# ", 1)[1].split("\n", 1)[1].strip()
    paragraph = " ".join(text.split("\n\n")[0].split())
    paragraph = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", paragraph)
    return re.split(r"(?<=[a-z0-9])\. ", paragraph + " ")[0].rstrip(" .")


def main():
    """Entry."""
    found = {os.path.basename(os.path.dirname(path)): sentence(path) for path in sys.argv[2:]}
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
