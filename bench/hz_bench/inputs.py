# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
"""Inputs of real programs: always the same bytes, from small generators."""

import json
import os
import random
import shutil
import subprocess
import tempfile

from .process import file_hash

LAST = b"the last reply\r\n"  # how replies of a stream end


def numbers(seed):
    """A generator of numbers: Python keeps what a seed gives for random() the same between its versions."""
    source = random.Random(seed)
    return lambda limit: int(source.random() * limit)


# --- Sources -------------------------------------------------------------------------------------


def c_function(index, below):
    """One function of a generated C file: structures, loops, a switch, calls to those before it."""
    cases = "".join(f"    case {k}: sum += table_{index}[{below(16)}].b * x + {below(1000)}; break;\n"
                    for k in range(12))
    call = f"sum ^= function_{below(index)}(x + {below(9)}, y);" if index > 0 else ""
    values = ", ".join(f"{{{below(100)}, {below(1000)}, {below(50)}.5}}" for _ in range(16))
    return (f"static struct item_{index} {{ int a; long b; double c; }} table_{index}[16] = {{{values}}};\n"
            f"long function_{index}(long x, int y) {{\n  long sum = {below(99)};\n"
            f"  for (int i = 0; i < y; i++) {{\n    sum += table_{index}[i & 15].a << (i % {2 + below(5)});\n"
            f"    table_{index}[(i + x) & 15].c *= 1.0 + sum * {below(7) + 1}e-9;\n"
            f"  switch ((sum ^ i) % 13) {{\n{cases}"
            f"    default: sum -= (long)table_{index}[i & 7].c; }}\n  }}\n  {call}\n"
            f"  while (x > {below(40) + 3}) {{ x = (x & 1) ? x - {below(5) + 1} : x / 2; sum += x; }}\n"
            f"  return sum;\n}}\n\n")


def c_source(functions=50):
    """A C file of about 10 KiB for 10 functions."""
    below = numbers(1)
    return "".join(c_function(index, below) for index in range(functions))


def cxx_source(classes=3):
    """A C++ file with templates that instantiate one another."""
    parts = ["#include <algorithm>\n#include <functional>\n#include <map>\n#include <memory>\n#include <string>\n"
             "#include <vector>\ntemplate <int N> struct chain { chain<N - 1> next; std::vector<std::string> text;\n"
             "  template <class F> int each(F f) { for (auto &one : text) f(one); return next.each(f) + N; } };\n"
             "template <> struct chain<0> { template <class F> int each(F) { return 0; } };\n"]
    for i in range(classes):
        parts.append(
            f"struct kind_{i} {{ int key; std::string name; "
            f"bool operator<(const kind_{i} &o) const {{ return key < o.key; }} }};\n"
            f"int use_{i}(std::vector<kind_{i}> &all, chain<{i + 3}> &links) {{\n"
            f"  std::map<kind_{i}, std::shared_ptr<std::vector<kind_{i}>>> index;\n"
            f"  std::sort(all.begin(), all.end());\n"
            f"  for (auto &one : all) {{ auto &place = index[one]; "
            f"if (!place) place = std::make_shared<std::vector<kind_{i}>>();\n"
            f"    place->push_back(one); }}\n"
            f"  std::function<void(std::string &)> add = [&](std::string &s) {{ s += all[{i} % all.size()].name; }};\n"
            f"  return links.each(add) + (int)index.size();\n}}\n")
    return "".join(parts)


def document(items=9000):
    """A JSON document: a list of objects, each with a text and some tags."""
    below = numbers(4)
    parts = []
    for i in range(items):
        text = " ".join(f"word{below(3000)}" for _ in range(4 + below(20)))
        tags = {f"tag{below(40)}": below(1000) for _ in range(1 + below(6))}
        parts.append({"id": i, "kind": f"kind{below(60)}", "value": below(100000), "text": text, "tags": tags})
    return json.dumps(parts)


# --- A repository --------------------------------------------------------------------------------


def git_stream(commits=350):
    """For git fast-import: files that grow and change a little with each commit."""
    below = numbers(2)
    files = {}
    parts = []
    for i in range(commits):
        path = f"part{below(9)}/file{below(40)}"
        lines = files.setdefault(path, [f"{path} {line} {below(1 << 30)}" for line in range(60 + below(200))])
        for _ in range(1 + below(12)):
            lines.insert(below(len(lines)), f"change {i} {below(1 << 30)} {'word ' * below(9)}")
        text = "\n".join(lines) + "\n"
        parts.append(f"commit refs/heads/main\ncommitter C <c@example.org> {1700000000 + i} +0000\n"
                     f"data 5\nc{i:04}\nM 100644 inline {path}\ndata {len(text)}\n{text}\n")
    return "".join(parts).encode()


GIT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"}


def git_repository(folder):
    """A bare repository with the commits of that stream, packed as they came."""
    environment = dict(os.environ, **GIT)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], env=environment, check=True)
    subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], env=environment, input=git_stream(), check=True)


# --- Requests ------------------------------------------------------------------------------------


def redis_word(*words):
    """One command in the form of the protocol."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def redis_stream(requests=30000):
    """Commands of many kinds whose replies are all determined."""
    below = numbers(3)
    parts = [redis_word("FLUSHALL")]
    for i in range(requests):
        key, kind, value = below(2000), below(12), b"v%d." % i * (1 + below(60))
        parts.append(
            redis_word("SET", f"key:{key}", value) if kind < 3 else
            redis_word("GET", f"key:{key}") if kind < 5 else
            redis_word("RPUSH", f"list:{key % 50}", value[:90]) if kind == 5 else
            redis_word("LRANGE", f"list:{key % 50}", 0, 30) if kind == 6 else
            redis_word("HSET", f"hash:{key % 80}", f"field{below(200)}", value[:200]) if kind == 7 else
            redis_word("ZADD", f"sorted:{key % 20}", below(1000), f"member{below(3000)}") if kind == 8 else
            redis_word("APPEND", f"key:{key}", value[:50]) if kind == 9 else
            redis_word("DEL", f"key:{key}") if kind == 10 else
            redis_word("ZRANGE", f"sorted:{key % 20}", 0, 20, "WITHSCORES"))
    parts += [redis_word("GET", f"key:{key}") for key in range(2000)]
    return b"".join(parts) + redis_word("DBSIZE") + redis_word("ECHO", LAST[:-2])


def memcached_stream(number, requests=40000):
    """Sets and gets of client `number`, each of which has keys of its own: 30 % sets of 30 to 16000 bytes."""
    below = numbers(10 + number)
    parts = []
    for i in range(requests):
        key, kind = below(4000), below(100)
        if kind < 30:
            data = b"%d-%d." % (number, i) * (1 << below(12))
            data = data[:30 + below(16000)]
            parts.append(b"set %d:%d 0 0 %d\r\n%s\r\n" % (number, key, len(data), data))
        elif kind < 35:
            parts.append(b"delete %d:%d\r\n" % (number, key))
        else:
            parts.append(b"get %d:%d\r\n" % (number, key))
    # The reply to get ends with END, so the last one is a request that is none but the server's own words.
    return b"".join(parts) + b"set %d:last 0 0 %d\r\n%s\r\nget %d:last\r\n" % (number, len(LAST) - 2, LAST[:-2], number)


# --- Kept in a folder ----------------------------------------------------------------------------


def kept(cache, name, make):
    """The path of a file or folder in the cache, which make(path) makes if it is not there. It is made anew when this
    file has changed."""
    path = os.path.join(cache, f"{file_hash(__file__)}-{name}")
    if not os.path.exists(path):
        os.makedirs(cache, exist_ok=True)
        scratch = tempfile.mkdtemp(prefix="new-", dir=cache)
        try:
            make(os.path.join(scratch, "new"))
            os.rename(os.path.join(scratch, "new"), path)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return path


def text_file(text):
    """A maker for kept()."""
    def make(path):
        with open(path, "w", encoding="utf-8") as out:
            out.write(text())
    return make
