# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of servers under a load from outside, of whose processes the server alone is measured."""
# pylint: disable=abstract-method # read() is for rows that do not override run(), as all of these do

import os
import shlex
import subprocess

from . import inputs
from .preload import NotServed, preload_of
from .process import changed_environment
from .real_row import SCRIPTS, RealRow
from .servers import Memcached, Redis, Server, ServerError, replay, replay_all


class ServerRow(RealRow):
    """A server under a load from outside, of whose processes it alone is measured."""

    server = Server  # the class

    def load(self, server):
        """Works the server; returns fields of the result, "output" among them."""
        raise NotImplementedError

    def measured(self, place, library):
        preload = preload_of(library.path)
        environment = changed_environment(self.variables(place, library))
        try:
            with self.server(environment, preload) as server:
                result = self.load(server)
                result["peak_kib"] = server.peak_kib()
                cpu, faults, text = server.finish()
        except (ServerError, NotServed, OSError, subprocess.TimeoutExpired) as error:
            return {"problem": str(error)[-300:]}
        if "HKZ-E" in text:
            return {"problem": f"the library reported: {text[-200:]}"}
        result.update(seconds=cpu, cpu_seconds=cpu, operations=1, minor_faults=faults, served=1.0)
        return result

    def command(self, place, library, iterations):
        return [os.path.join(os.path.dirname(SCRIPTS), "run.py"), "--row", f"{self.name}@{self.threads}"]

    def repeat(self, place, library, iterations):
        words = self.command(place, library, iterations) + ["--runs", "1", "--build", os.path.abspath(place.build)]
        words += [f"{library.name}={library.path}"] if library.path else []
        words.append("glibc")  # without it, it would be all peers
        return " ".join(shlex.quote(word) for word in words)


class RedisRow(ServerRow):
    """redis-server under redis-benchmark, then under a stream of commands whose replies are compared. The keys of
    redis-benchmark are random and the same neither in two runs nor under two libraries; their number is."""

    programs = ("redis-server", "redis-benchmark", "redis-cli")
    server = Redis
    tests = ("set", "get", "incr", "lpush", "rpop", "sadd", "hset", "zadd")
    long_tests = ("lrange_100", "mset")  # a tenth of the requests
    keys = 20_000

    def __init__(self, name, threads, pipeline, requests):
        super().__init__(name, threads)
        self.pipeline, self.requests = pipeline, requests
        self.stream = None

    def prepare(self, place):
        self.stream = self.stream or inputs.redis_stream()

    def load(self, server):
        speeds = server.benchmark(self.tests, self.requests, self.pipeline, self.keys)
        speeds.update(server.benchmark(self.long_tests, self.requests // 10, self.pipeline, self.keys))
        return {"requests_per_s": speeds, "output": replay(server, self.stream, inputs.LAST)}


class MemcachedRow(ServerRow):
    """memcached, four of whose threads serve four clients: sets, gets and deletions of values of 30 bytes to 16 KiB."""

    programs = ("memcached",)
    server = Memcached

    def __init__(self, name, threads):
        super().__init__(name, threads)
        self.streams = []

    def prepare(self, place):
        self.streams = self.streams or [inputs.memcached_stream(number) for number in range(4)]

    def load(self, server):
        return {"output": replay_all(server, self.streams, inputs.LAST + b"END\r\n")}
