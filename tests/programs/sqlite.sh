#!/bin/sh
# SPDX-FileCopyrightText: 2026 The Hakozuna authors
# SPDX-License-Identifier: Apache-2.0
#
# sqlite.sh LIBRARY -- sqlite3 builds a database and answers queries; the file is the same.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
need sqlite3

cat >"$work/session.sql" <<'EOF'
PRAGMA page_size = 4096;
PRAGMA cache_size = 200;
CREATE TABLE item(id INTEGER PRIMARY KEY, kind INTEGER, name TEXT, weight REAL, body BLOB);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
INSERT INTO item SELECT i, i * 7919 % 97, printf('name-%d-%s', i * 104729 % 65521,
    substr('abcdefghijklmnopqrstuvwxyz', 1, i % 26)), i / 7.0, zeroblob(i % 300) FROM n;
COMMIT;
CREATE INDEX by_kind ON item(kind, name);
CREATE TABLE kind AS SELECT DISTINCT kind AS id, 'kind ' || kind AS title FROM item;
SELECT kind, count(*), max(name), round(sum(weight), 3) FROM item GROUP BY kind ORDER BY 2 DESC, 1 LIMIT 20;
SELECT k.title, count(*) FROM item i JOIN kind k ON k.id = i.kind WHERE i.name LIKE '%xyz%' GROUP BY 1;
SELECT group_concat(name, ';') FROM (SELECT name FROM item WHERE id % 997 = 0 ORDER BY name);
UPDATE item SET name = upper(name) || name WHERE kind < 20;
DELETE FROM item WHERE id % 5 = 0;
SELECT count(*), sum(length(name)), sum(length(body)) FROM item;
SELECT name, row_number() OVER (PARTITION BY kind ORDER BY name) FROM item WHERE kind = 3 LIMIT 10;
VACUUM;
PRAGMA integrity_check;
EOF

loads sqlite3 :memory: 'SELECT 1'
both "queries" sqlite3 -batch -init /dev/null data.db ".read $work/session.sql"
both "dump" sqlite3 -batch -init /dev/null data.db .dump
same "database file" "$work/plain/data.db" "$work/ours/data.db"
