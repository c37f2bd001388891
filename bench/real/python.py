# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Dictionaries, lists, objects, strings, JSON and sorting, without randomness of the interpreter's own. With
PYTHONMALLOC=malloc every object is a block of the C library's allocator. Prints sums that must always be the same."""

import json
import re

MASK = (1 << 64) - 1


class Numbers:
    """A small generator of numbers, the same everywhere."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        """In 0..limit-1."""
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return (self.state >> 33) % limit


class Item:
    """An object with a dictionary of its own."""

    def __init__(self, number, name):
        self.number, self.name, self.links = number, name, []


def dictionaries(numbers):
    """A table that grows and shrinks."""
    table = {}
    for i in range(60000):
        key = f"key {numbers.below(20000)}"
        if i % 4 == 3:
            table.pop(key, None)
        else:
            table[key] = [i, str(i) * (1 + i % 5), (i, i + 1)]
    return len(table), sum(value[0] + len(value[1]) for value in table.values())


def objects(numbers):
    """A graph of objects, some of which die as others are made."""
    live = [None] * 5000
    for i in range(40000):
        item = Item(i, "item " + "x" * numbers.below(40))
        other = live[numbers.below(len(live))]
        if other is not None:
            item.links = [other.number, other.name]
        live[numbers.below(len(live))] = item
    return sum(len(item.name) + len(item.links) for item in live if item is not None)


def documents(numbers):
    """JSON there and back."""
    total = 0
    for i in range(120):
        document = {f"field {j}": {"values": [numbers.below(1000) for _ in range(j % 20)], "text": "t" * (j % 50)}
                    for j in range(60 + i % 40)}
        again = json.loads(json.dumps(document))
        total += sum(len(field["values"]) + len(field["text"]) for field in again.values())
    return total


def strings(numbers):
    """Words, split, joined, replaced and counted."""
    words = [chr(97 + numbers.below(26)) * (1 + numbers.below(9)) for _ in range(40000)]
    text = " ".join(words)
    counts = {}
    for word in re.findall(r"[a-m]\w*", text):
        counts[word] = counts.get(word, 0) + 1
    lines = [text[i:i + 60].replace("a", "bb").upper() for i in range(0, len(text), 60)]
    return len(counts), sum(counts.values()), sum(map(len, lines)), sorted(lines, key=lambda line: line[::-1])[77]


def main():
    """Prints what each part came to."""
    for part in (dictionaries, objects, documents, strings):
        for turn in range(2):
            print(part.__name__, turn, part(Numbers(turn + 1)))


main()
