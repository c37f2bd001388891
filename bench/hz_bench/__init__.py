# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Compares malloc libraries: what bench/run.py runs.

say        messages, and how numbers are written
process    one process: run, timed, watched
rows       what a row is (the interface), and the kind that runs a program of this folder
workloads  the lanes and programs by name, and which of them are wanted
libraries  which libraries are compared, and where they are
measure    runs the rows: calibration, rounds, order
judge      from runs to figures and ratios
bars       the limits that profiles are judged by, row by row
printing   the text
main       what bench/run.py does

A module uses only those above it.
"""
