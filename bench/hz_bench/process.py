# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""One process: run to its end, timed, and watched if asked; and what tells one file from another."""

import dataclasses
import functools
import hashlib
import json
import os
import select
import signal
import subprocess
import tempfile
import time

SAMPLE_S = 0.01


@functools.lru_cache(maxsize=None)
def _hash_of(path, _changed_ns, _size):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]


def file_hash(path):
    """A short name for what a file holds now."""
    status = os.stat(path)
    return _hash_of(path, status.st_mtime_ns, status.st_size)


@dataclasses.dataclass
class Done:
    """A process that has ended. status is negative when a signal ended it."""

    status: int
    out: str
    err: str
    seconds: float  # from its start to its end
    cpu_seconds: float  # user and system, of the process and of those that it waited for
    timed_out: bool = False
    series: list = dataclasses.field(default_factory=list)  # [seconds since the start, resident KiB]


def changed_environment(variables):
    """This process's environment with those values instead; None removes a name."""
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    for name, value in variables.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    return environment


def resident_kib(pid):
    """What a process has resident; None when it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as lines:
            for line in lines:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return None


def wait_for(process, end_s, watch):
    """Waits until the process ends or it is end_s. Returns whether it ended, and the series."""
    series = []
    began = time.monotonic()
    handle = os.pidfd_open(process.pid)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    try:
        while True:
            left = end_s - time.monotonic()
            if left <= 0:
                return False, series
            if poll.poll(1000 * (min(SAMPLE_S, left) if watch else left)):
                return True, series
            kib = resident_kib(process.pid) if watch else None
            if kib is not None:
                series.append([round(time.monotonic() - began, 4), kib])
    finally:
        os.close(handle)


def end_group(process):
    """Ends a process and all that it started in its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def execute(command, variables, timeout_s, watch=False, folder=None):
    """Runs a command in a process group of its own. With watch its resident memory is sampled. Note that ru_maxrss of
    a child is no measure of its memory: it begins with what the parent has."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.monotonic()
        process = subprocess.Popen(command, env=changed_environment(variables), stdin=subprocess.DEVNULL, stdout=out,
                                   stderr=err, cwd=folder, start_new_session=True)
        ended = False
        try:
            ended, series = wait_for(process, began + timeout_s, watch)
        finally:
            if not ended:
                end_group(process)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Done(process.returncode, texts[0], texts[1], seconds, usage.ru_utime + usage.ru_stime, not ended, series)


def execute_tree(launcher, command, preload, variables, timeout_s, folder=None):
    """The same of a command with all that it starts, which bench-launch measures and gives the library to. Returns the
    launcher's Done, and its report (launch.c says what is in it), or None where it came to none."""
    with tempfile.TemporaryDirectory(prefix="hakozuna-launch-") as there:
        report = os.path.join(there, "report")
        done = execute([launcher, report, preload, *command], variables, timeout_s, folder=folder)
        if done.timed_out or done.status != 0:
            return done, None
        with open(report, encoding="ascii") as file:
            return done, json.load(file)
