# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of real programs."""

# Name: (threads when none are given, function (name, threads) -> rows.Row whose group is "real").
PROGRAMS = {}
