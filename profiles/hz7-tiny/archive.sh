#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# archive.sh OBJCOPY OUTPUT ARCHIVE... -- CC: makes one archive that is complete by itself and whose hidden names
# are local, so that it links beside any other, also one of another profile with the same floors inside.
set -eu
objcopy=$1
output=$2
shift 2
archives=
while [ "$1" != -- ]; do
    archives="$archives $1"
    shift
done
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086
"$@" -r -nostdlib -o "$work/hakozuna-hz7-tiny.o" -Wl,--whole-archive $archives
"$objcopy" --localize-hidden "$work/hakozuna-hz7-tiny.o"
rm -f "$output"
ar crsD "$output" "$work/hakozuna-hz7-tiny.o"
