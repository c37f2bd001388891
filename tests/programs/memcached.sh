#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# memcached.sh LIBRARY -- memcached with four threads; each client reads back what it stored.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need memcached python3

cat >"$work/client.py" <<'EOF'
import socket, sys, threading

def value(number, i):
    """What client number stores under its key i: up to 60 KB now and then."""
    return (b"%d-%d." % (number, i)) * (i % 50 + 1 if i % 40 else 6000)

def client(number, results):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(30)
    sock.connect(sys.argv[1])
    stream = sock.makefile("rwb")
    wrong = hits = 0
    for i in range(800):
        data = value(number, i)
        stream.write(b"set %d:%d 0 0 %d\r\n%s\r\n" % (number, i, len(data), data))
        stream.flush()
        wrong += stream.readline() != b"STORED\r\n"
        if i % 5 == 0:
            stream.write(b"delete %d:%d\r\n" % (number, i // 2))
            stream.flush()
            stream.readline()
    for i in range(800):
        stream.write(b"get %d:%d\r\n" % (number, i))
        stream.flush()
        head = stream.readline().split()
        if head[0] != b"VALUE":
            continue
        data = stream.read(int(head[3]) + 2)
        wrong += data[:-2] != value(number, i) or stream.readline() != b"END\r\n"
        hits += 1
    results[number] = (hits, wrong)

results = {}
threads = [threading.Thread(target=client, args=(n, results)) for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for number in sorted(results):
    print("client %d: %d hits, %d wrong" % (number, *results[number]))
EOF

# The system's python has no part in this; the library is not preloaded into the client.
for run in plain ours; do
    if [ $run = ours ]; then preload=$lib; else preload=; fi
    env LD_PRELOAD="$preload" memcached -u "$(id -un)" -s "$work/s" -t 4 -m 256 2>"$work/$run.err" &
    server=$!
    servers="$servers $server"
    await 20 test -S "$work/s" || { cat "$work/$run.err"; fail "memcached does not start"; }
    [ $run = plain ] || mapped "$server"
    timeout "$limit" python3 "$work/client.py" "$work/s" >"$work/$run.out" || fail "the client failed"
    kill "$server"
    await 20 gone "$server" || fail "memcached does not end"
    status=0
    wait "$server" || status=$?
    case $status in 0 | 143) ;; *) fail "memcached ended with status $status" ;; esac
    rm -f "$work/s"
done
quiet "$work/ours.err"
cat "$work/ours.out"
if grep -v ' 0 wrong$' "$work/ours.out"; then fail "wrong values"; fi
same "hits" "$work/plain.out" "$work/ours.out"
loads memcached --version
