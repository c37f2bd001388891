#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Compares malloc libraries on the lanes and programs of this folder; see README.md and hz_bench/."""

import signal
import sys

from hz_bench.main import main

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what it runs ends, too
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
