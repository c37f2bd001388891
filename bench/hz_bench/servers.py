# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Servers of our own, on a socket in a folder of their own, which are gone when the with block ends. tools/demo uses
this, too."""

import csv
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from .preload import check_mapped

START_S = 20
CHUNK = 1 << 16


class ServerError(Exception):
    """A server or its client failed."""


class Server:
    """What redis-server and memcached have in common."""

    program = None

    def __init__(self, environment, library):
        self.environment, self.preload = dict(environment, LD_PRELOAD=library), library
        self.folder = tempfile.mkdtemp(prefix="hakozuna-server-")
        self.socket = os.path.join(self.folder, "socket")
        self.errors = open(os.path.join(self.folder, "stderr"), "w+", encoding="utf-8")  # pylint: disable=R1732
        self.process = None

    def command(self):
        """The command that starts it."""
        raise NotImplementedError

    def is_ready(self):
        """Whether it answers."""
        raise NotImplementedError

    def __enter__(self):
        try:
            self.process = subprocess.Popen(self.command(), env=self.environment, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=self.errors, cwd=self.folder)
            end = time.monotonic() + START_S
            while not self.is_ready():
                if self.process.poll() is not None or time.monotonic() > end:
                    raise ServerError(f"{self.program} does not start: {self.error_text()}")
                time.sleep(0.01)
            check_mapped(self.process.pid, os.path.realpath(self.preload))
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def error_text(self):
        """What the server wrote to standard error."""
        self.errors.flush()
        with open(self.errors.name, encoding="utf-8", errors="replace") as text:
            return text.read()

    def status_field(self, name):
        """A number in /proc/PID/status."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii", errors="replace") as lines:
            for line in lines:
                if line.startswith(name + ":"):
                    return int(line.split()[1])
        raise ServerError(f"no {name} in /proc")

    def peak_kib(self):
        """The most memory that was resident at once."""
        return max(self.status_field("VmHWM"), self.status_field("VmRSS"))

    def connect(self):
        """A connection to the server."""
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(60)
        link.connect(self.socket)
        return link

    def stop(self):
        """Asks the server to end, and lets its exit handlers run."""
        self.process.terminate()

    def finish(self):
        """Ends the server in order. Returns (CPU seconds of its life, minor page faults, what it wrote to stderr)."""
        self.stop()
        end = time.monotonic() + 30
        while True:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid != 0:
                break
            if time.monotonic() > end:
                raise ServerError(f"{self.program} does not end")
            time.sleep(0.005)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        text = self.error_text()
        if self.process.returncode not in (0, -15):
            raise ServerError(f"{self.program} ended with status {self.process.returncode}: {text}")
        return usage.ru_utime + usage.ru_stime, usage.ru_minflt, text


class Redis(Server):
    """A redis-server that writes nothing to disk."""

    program = "redis-server"

    def command(self):
        return ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no",
                "--daemonize", "no", "--dir", self.folder]

    def is_ready(self):
        return os.path.exists(self.socket) and self.ask("ping") == "PONG"

    def ask(self, *words):
        """The reply of redis-cli, or "" if it has none."""
        done = subprocess.run(["redis-cli", "-s", self.socket, *words], capture_output=True, text=True, timeout=20,
                              check=False)
        return done.stdout.strip()

    def stop(self):
        self.ask("shutdown", "nosave")

    def benchmark(self, tests, requests, pipeline, keys=100_000):
        """Requests per second of each test of redis-benchmark."""
        done = subprocess.run(
            ["redis-benchmark", "-s", self.socket, "-n", str(requests), "-r", str(keys), "-d", "256", "-P",
             str(pipeline), "-c", "50", "--csv", "-t", ",".join(tests)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise ServerError("redis-benchmark failed: " + done.stderr + self.error_text())
        speeds = {}
        for row in csv.DictReader(done.stdout.splitlines()):
            speeds[row["test"].split(" ")[0]] = float(row["rps"])
        if len(speeds) < len(tests):
            raise ServerError("redis-benchmark printed something unexpected: " + done.stdout)
        return speeds


class Memcached(Server):
    """A memcached of four threads, large enough to drop nothing."""

    program = "memcached"

    def command(self):
        user = ["-u", "root"] if os.geteuid() == 0 else []
        return ["memcached", *user, "-s", self.socket, "-t", "4", "-m", "512"]

    def is_ready(self):
        return os.path.exists(self.socket)


def replay(server, stream, last):
    """Sends the bytes of a stream as fast as they go, while it reads. Returns the hash of all replies, the last of
    which ends with `last` and nothing else does."""
    with server.connect() as link:
        sender = threading.Thread(target=send_all, args=(link, stream), daemon=True)
        sender.start()
        digest, end = hashlib.sha256(), b""
        while not end.endswith(last):
            part = link.recv(CHUNK)
            if not part:
                raise ServerError(f"{server.program} closed the connection")
            digest.update(part)
            end = (end + part)[-len(last):]
        sender.join()
    return digest.hexdigest()[:16]


def send_all(link, stream):
    """In a thread of its own; when it fails the replies end, too."""
    try:
        link.sendall(stream)
    except OSError:
        link.close()


def replay_all(server, streams, last):
    """Each stream on a connection of its own, all at once. Returns one hash for all replies."""
    hashes = [None] * len(streams)

    def one(index):
        try:
            hashes[index] = replay(server, streams[index], last)
        except (OSError, ServerError) as error:
            hashes[index] = error

    threads = [threading.Thread(target=one, args=(index,)) for index in range(len(streams))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for found in hashes:
        if isinstance(found, Exception):
            raise ServerError(f"{server.program}: {found}")
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]
