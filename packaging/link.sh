#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# link.sh PATH TARGET -- run by `meson install`: makes PATH, below DESTDIR, a symbolic link to TARGET.
set -eu
link=${DESTDIR-}$1
if [ -e "$link" ] && [ ! -h "$link" ]; then
    echo "$link is there and is not a link" >&2
    exit 1
fi
mkdir -p "$(dirname "$link")"
ln -sfn "$2" "$link"
