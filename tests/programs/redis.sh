#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# redis.sh LIBRARY -- redis-server under load, then its contents, also through a forked save.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need redis-server redis-cli redis-benchmark awk

# start RUN FOLDER: a server in the folder, with RUN (plain or ours) before it. Sets server.
start() {
    mkdir -p "$2"
    if [ "$1" = ours ]; then preload=$lib; else preload=; fi
    env LD_PRELOAD="$preload" redis-server --port 0 --unixsocket "$2/s" --dir "$2" --save '' \
        --appendonly no --daemonize no >"$2/log" 2>"$2/err" &
    server=$!
    servers="$servers $server"
    await 20 redis-cli -s "$2/s" ping || { cat "$2/log" "$2/err"; fail "redis-server does not start"; }
}

# stop FOLDER: an orderly end, with the library still quiet.
stop() {
    redis-cli -s "$1/s" shutdown nosave >/dev/null 2>&1 || true
    status=0
    wait "$server" || status=$?
    quiet "$1/err"
    [ $status = 0 ] || { tail -n 20 "$1/log" "$1/err"; fail "redis-server ended with status $status"; }
}

# contents FOLDER: everything that the questions bring up.
contents() {
    timeout "$limit" redis-cli -s "$1/s" <"$work/questions" >"$1/answers"
}

awk 'BEGIN {
    for (i = 0; i < 4000; i++) {
        printf "SET key:%d %d-%0*d\n", i, i * 7919, i % 700 + 1, i
        printf "HSET hash:%d f%d %0*d\n", i % 50, i, i % 90 + 1, i
        printf "RPUSH list:%d item%d\n", i % 30, i
        printf "ZADD z %d m%d\n", i * 7919 % 1009, i
        if (i % 3 == 0) printf "APPEND key:%d %0*d\n", i / 3, i % 50 + 1, 7
        if (i % 7 == 0) printf "DEL key:%d\n", i / 7
    }
}' >"$work/commands"
awk 'BEGIN {
    for (i = 0; i < 4000; i++) printf "GET key:%d\n", i
    for (i = 0; i < 50; i++) printf "HMGET hash:%d f%d f%d f%d\n", i, i, i + 50, i + 100
    for (i = 0; i < 30; i++) printf "LRANGE list:%d 0 -1\n", i
    print "ZRANGE z 0 -1 WITHSCORES\nDBSIZE"
}' >"$work/questions"

loads redis-server --version
for run in plain ours; do
    start $run "$work/$run"
    [ $run = plain ] || mapped "$server"
    if [ $run = ours ]; then
        timeout "$limit" redis-benchmark -s "$work/ours/s" -q -n 10000 -r 5000 -P 16 -d 300 \
            -t set,get,lpush,rpop,sadd,hset,zadd,mset >/dev/null || fail "redis-benchmark failed"
        redis-cli -s "$work/$run/s" flushall >/dev/null
    fi
    # The replies to APPEND and DEL tell the state too.
    timeout "$limit" redis-cli -s "$work/$run/s" <"$work/commands" >"$work/$run/replies"
    contents "$work/$run"
    if [ $run = ours ]; then # a forked child writes the file
        redis-cli -s "$work/ours/s" bgsave >/dev/null
        await 20 sh -c "redis-cli -s '$work/ours/s' info persistence | grep -q rdb_bgsave_in_progress:0"
        redis-cli -s "$work/ours/s" info persistence | grep -q rdb_last_bgsave_status:ok ||
            fail "the forked save failed"
    fi
    stop "$work/$run"
done
[ "$(wc -l <"$work/plain/answers")" -gt 10000 ] || fail "too few answers; the test itself is broken"
same "replies" "$work/plain/replies" "$work/ours/replies"
same "contents" "$work/plain/answers" "$work/ours/answers"

# What the child saved, as a server on glibc reads it.
mkdir "$work/again"
cp "$work/ours/dump.rdb" "$work/again"
start plain "$work/again"
contents "$work/again"
stop "$work/again"
same "saved contents" "$work/plain/answers" "$work/again/answers"
