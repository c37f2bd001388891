#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""tls.py LIBRARY... -- the static thread-local memory of each library is at most 64 bytes.

Every thread of a program pays for it, out of its stack; and what is loaded late has little of it.
"""
import shutil
import subprocess
import sys

MOST_BYTES = 64


def thread_bytes(listing):
    """The memory size of the TLS segment in a listing of `readelf -lW`; None if there is none."""
    for line in listing.splitlines():
        word = line.split()
        if word[:1] == ["TLS"]:
            return int(word[5], 16)
    return None


def faults(name, listing):
    """What is wrong with a library's segments."""
    size = thread_bytes(listing)
    if size is None:
        return [f"{name}: no TLS segment; has the library no thread caches any more?"]
    print(f"{name}: {size} bytes")
    return [f"{name}: {size} bytes of static TLS"] if size > MOST_BYTES else []


def main():
    """Entry."""
    if not shutil.which("readelf"):
        print("no readelf here")
        return 77
    control = "  TLS  0x017840 0x0000000000017840 0x0000000000017840 0x000008 0x000041 R   0x8"
    wrong = [] if faults("control", control) else ["the control was not noticed"]
    for library in sys.argv[1:]:
        listing = subprocess.run(["readelf", "-lW", library], capture_output=True, text=True,
                                 check=True).stdout
        wrong += faults(library, listing)
    for fault in wrong:
        print("FAIL:", fault)
    return 1 if wrong or len(sys.argv) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
