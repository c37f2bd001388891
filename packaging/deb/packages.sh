# shellcheck shell=bash
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the jobs that need packages.

# packages [DIR]: sets debs to a directory that holds packages, and newer ones in next/. Those in DIR are taken if they
# are there; else they are made.
packages() {
    local here
    here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
    [ "$(id -u)" = 0 ] || { echo "skipped: this needs root"; exit 77; }
    debs=${1-}
    if [ -z "$debs" ]; then
        debs=$(mktemp -d)
        # shellcheck disable=SC2064 # the value of now
        trap "rm -rf '$debs'" EXIT
    fi
    mkdir -p "$debs"
    debs=$(cd "$debs" && pwd)
    if ! ls "$debs"/next/libhakozuna-*.deb >/dev/null 2>&1; then
        local status=0
        DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-} nocheck" "$here/build" --output "$debs" --next 0.1.0+next-1 \
            >"$debs/log" 2>&1 || status=$?
        [ $status = 0 ] || tail -n 40 "$debs/log"
        rm "$debs/log"
        [ $status = 0 ] || exit $status
    fi
}
