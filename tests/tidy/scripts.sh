#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# scripts.sh SOURCE-ROOT -- shell scripts pass shellcheck, where there is one.
set -eu
cd "$1"
command -v shellcheck >/dev/null || { echo "no shellcheck here"; exit 77; }
find dev .ci lib profiles tests tools bench packaging -type f -exec sh -c '
    for file; do case $(head -c 40 "$file" | head -n 1) in "#!/bin/sh" | "#!/bin/bash")
        printf "%s\0" "$file" ;; esac; done' sh {} + | xargs -0 -r shellcheck -x -P SCRIPTDIR
# Control: an unquoted variable is noticed.
# shellcheck disable=SC2016
printf '#!/bin/sh\necho $1\n' | if shellcheck - >/dev/null; then
    echo "FAIL: the control was accepted"
    exit 1
fi
