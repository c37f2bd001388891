# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Compares malloc libraries: what bench/run.py runs.

say        messages, and how numbers are written
process    one process: run, timed, watched
rows       what a row is (the interface), and the kinds that run a program of this folder
preload    how a program that is not ours comes to run on a library, and whether it did
servers    servers of our own, and their clients (tools/demo uses these, too)
inputs     what real programs work on: always the same bytes
real_row, real_commands, real_servers, real
           rows of real programs: what they share, commands, servers, all by name
workloads  the lanes and programs by name, and which of them are wanted
libraries  which libraries are compared, and where they are
counter    instructions, by perf
results    results that are kept from one invocation to the next
progress   how far the runner is
measure    runs the rows: calibration, rounds, order
judge      from runs to figures and ratios
bars       the limits that profiles are judged by, row by row
summary    geometric means over many rows
goals      the limits over all programs together
printing   the text
host       the machine, and the versions of what is compared
svg, charts, html, page_rows, page (with page.css and page.js)
           the page; these alone need matplotlib
report     everything as plain values, for JSON and the page
options    the command line
main       what bench/run.py does

A module uses only those above it.
"""
