# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Results that outlive the runner: a file with a line for each, under what the result depends on."""

import datetime
import json
import os


def now():
    """This moment, with the time zone, for people."""
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")


class Results:
    """What was measured before, and what is measured now. Without a path nothing is kept."""

    def __init__(self, path=None, fresh=False):
        self.path = path
        self.known = {}  # what (as text) -> the whole entry
        self.sessions = set()  # of the entries that were used
        self.session = now()
        self.torn = False  # the last line lacks its end: the runner was killed while it wrote
        if path and not fresh and os.path.exists(path):
            self.load()
        elif path and fresh and os.path.exists(path):
            os.remove(path)

    def load(self):
        """Reads the file; lines that are no entries were torn and are passed over."""
        with open(self.path, encoding="utf-8") as lines:
            for line in lines:
                self.torn = not line.endswith("\n")
                try:
                    entry = json.loads(line)
                    self.known[self.key(entry["what"])] = entry
                except (ValueError, KeyError, TypeError):
                    continue

    @staticmethod
    def key(what):
        """The same for equal descriptions."""
        return json.dumps(what, sort_keys=True)

    def find(self, what):
        """The result under that description, or None."""
        entry = self.known.get(self.key(what))
        if entry is None:
            return None
        self.sessions.add(entry["session"])
        return entry["result"]

    def has(self, what):
        """Whether find would give one; nothing else happens."""
        return self.key(what) in self.known

    def add(self, what, result):
        """Keeps a result, on disk too, before it returns."""
        entry = {"what": what, "result": result, "session": self.session, "date": now()}
        self.known[self.key(what)] = entry
        self.sessions.add(self.session)
        if self.path:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(("\n" if self.torn else "") + json.dumps(entry) + "\n")
            self.torn = False
        return result
