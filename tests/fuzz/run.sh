#!/bin/bash
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# run.sh ENGINE FOLDER PROFILE HARNESS=SECONDS... -- runs the harnesses that ./dev fuzz built in FOLDER, from the
# corpus and what earlier runs found beside it (FOLDER/found-HARNESS). Fails when an input does; the input is then
# in FOLDER.
set -eu
[ $# -ge 4 ] || {
    sed -n '5,8s/^# *//p' "$0" >&2
    exit 2
}
engine=$1 folder=$2 profile=$3
shift 3
corpus=$(cd "$(dirname "$0")/corpus" && pwd)
status=0

run_libfuzzer() { # HARNESS PROGRAM SECONDS
    local found=$folder/found-$1
    mkdir -p "$found"
    # Leaks: the harness lets go of all its own memory, and the library never unmaps its tables. Poisoning: red zones
    # would be the fuzzing of another heap.
    ASAN_OPTIONS=detect_leaks=0:allow_user_poisoning=0 "$2" -max_total_time="$3" -max_len=4096 -timeout=20 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix="$folder/$1-" "$found" "$corpus/$1" 2>"$folder/log-$1" || {
        tail -n 40 "$folder/log-$1" >&2
        return 1
    }
    sed -n "s/^stat::number_of_executed_units: */fuzz $1 $profile: inputs: /p" "$folder/log-$1"
}

run_afl() { # HARNESS PROGRAM SECONDS
    local found=$folder/found-afl-$1 crashes
    AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_AUTORESUME=1 \
        ASAN_OPTIONS=abort_on_error=1:symbolize=0:detect_leaks=0:allow_user_poisoning=0 \
        afl-fuzz -V "$3" -t 20000 -m none -i "$corpus/$1" -o "$found" -- "$2" >"$folder/log-$1" 2>&1 || {
        tail -n 40 "$folder/log-$1" >&2
        return 1
    }
    sed -n "s/^execs_done *: */fuzz $1 $profile: inputs: /p" "$found/default/fuzzer_stats"
    crashes=$(find "$found/default/crashes" "$found/default/hangs" -name 'id:*')
    [ -z "$crashes" ] || {
        printf 'fuzz: fails:\n%s\n' "$crashes" >&2
        return 1
    }
}

for word in "$@"; do
    harness=${word%%=*} program=$folder/fuzz-$harness-$profile
    [ "$harness" != options ] || program=$folder/fuzz-options
    case $engine in
    libfuzzer) run_libfuzzer "$harness" "$program" "${word#*=}" || status=1 ;;
    afl) run_afl "$harness" "$program" "${word#*=}" || status=1 ;;
    *) exit 2 ;;
    esac
done
exit $status
