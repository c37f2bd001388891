#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# python.sh LIBRARY -- CPython with its own pools off: threads, then forked worker processes.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need python3
python=$(python3 -c 'import sys; print(sys.executable)')
export PYTHONMALLOC=malloc PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1

cat >"$work/threads.py" <<'EOF'
import collections, hashlib, json, queue, re, threading

def produce(number, out):
    """Makes documents, which another thread takes apart and frees."""
    for i in range(400):
        rows = [{"id": i * 31 + j, "text": "x" * (j * 7 % 300), "half": j / 2} for j in range(40)]
        out.put((number, i, json.dumps(rows)))
    out.put(None)

def consume(into, counts):
    for number, i, text in iter(into.get, None):
        rows = json.loads(text)
        words = collections.Counter(re.findall(r"[a-z]+", text))
        counts[number, i] = (sum(r["id"] for r in rows), sorted(words.items())[:5])

counts, threads = {}, []
for number in range(3):
    pipe = queue.Queue(50)
    threads += [threading.Thread(target=produce, args=(number, pipe)),
                threading.Thread(target=consume, args=(pipe, counts))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
big = bytearray()
for i in range(2000):
    big += bytes([i % 251]) * 997
table = {str(i): [i] * (i % 20) for i in range(60000)}
for i in range(0, 60000, 3):
    del table[str(i)]
print(len(counts), hashlib.sha256(repr(sorted(counts.items())).encode()).hexdigest())
print(hashlib.sha256(big).hexdigest(), len(table), sum(map(len, table.values())))
EOF

cat >"$work/fork.py" <<'EOF'
import multiprocessing, os, threading, warnings
warnings.simplefilter("ignore")

def work(n):
    return n, sum(len(str(i)) for i in range(n)), [bytes(k % 4096) for k in range(n)][-1:]

stop = threading.Event()
def churn():
    """Keeps allocating in the parent while it forks."""
    while not stop.is_set():
        [bytes(k * 37 % 9000) for k in range(200)]

threads = [threading.Thread(target=churn) for _ in range(2)]
for thread in threads:
    thread.start()
try:
    bad = 0
    for i in range(40):
        child = os.fork()
        if child == 0:
            data = [str(k) * 10 for k in range(3000)]
            os._exit(0 if len(data) == 3000 else 1)
        bad += os.waitpid(child, 0)[1] != 0
finally:
    stop.set()
    for thread in threads:
        thread.join()
print("bad children:", bad)
with multiprocessing.get_context("fork").Pool(3) as pool:
    for n, total, last in pool.imap(work, range(500, 2500, 50)):
        print(n, total, len(last[0]))
EOF

loads "$python" -c 'import json, threading'
both "threads" "$python" "$work/threads.py"
both "forks" "$python" "$work/fork.py"
