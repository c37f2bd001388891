#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# programs.sh LIBRARY VICTIM -- a preloaded library that guards every allocation, or one in 20, changes nothing
# that a right program puts out, and finds the mistakes of a wrong one.
# shellcheck source=../programs/common.sh
. "$(dirname "$0")/../programs/common.sh"
victim=$2
need python3 sort

# stack WORD FUNCTION: the report has the stack of that call, and the function and main are in it.
stack() {
    awk -v word="detail: $1 by thread" -v name=" $2[+]0x" '
        index($0, word) { on = 1; next }
        on && !/detail:   #/ { on = 0 }
        on && $0 ~ name { found++ }
        on && / main[+]0x/ { found++ }
        END { exit found != 2 }' "$work/err" || { cat "$work/err"; fail "no stack: $1 by $2"; }
}

# finds MISTAKE LINE
finds() {
    status=0
    HAKOZUNA_GUARD_SAMPLE=1 ours "$victim" "$1" 2>"$work/err" || status=$?
    [ $status = 134 ] || { cat "$work/err"; fail "$1: exit status $status"; }
    head -n 1 "$work/err" | grep -q "error: $2" || { cat "$work/err"; fail "$1 was taken for something else"; }
    stack found victim_writes
    stack allocated victim_allocates
}

finds overflow 'overflow: write of 0x[0-9a-f]* (1 byte behind the end of a block of 64 bytes) \[HKZ-E009\]'
finds freed 'use-after-free: write of 0x[0-9a-f]* (at byte 0 of a block of 64 bytes that was freed) \[HKZ-E008\]'
stack freed victim_frees

python=$(python3 -c 'import sys; print(sys.executable)')
export PYTHONMALLOC=malloc PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
cat >"$work/some.py" <<'EOP'
import json, os, threading
table = {str(i): [i] * (i % 20) for i in range(4000)}
out = []
threads = [threading.Thread(target=lambda n=n: out.append(len(json.dumps(table)) + n)) for n in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
child = os.fork()
if child == 0:
    os._exit(7 if len([str(k) * 3 for k in range(3000)]) == 3000 else 1)
print(sorted(out), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
EOP
awk 'BEGIN { for (i = 0; i < 20000; i++) print (i * 7919) % 20011, i }' >"$work/lines"
for rate in 1 20; do
    export HAKOZUNA_GUARD_SAMPLE=$rate
    both "python, one in $rate" "$python" "$work/some.py"
    both "sort, one in $rate" sort --parallel=4 -S 1M -T "$work" "$work/lines"
done
