#!/bin/sh
# Runs the procedure of docs/operations.md for PostgreSQL on a server of its own: archived WAL, a base backup that is verified,
# the data directory destroyed, and a moment restored by the archive. It prints what it does and fails where what comes back is
# not what was there at the moment.
#
#   scripts/postgres-drill.sh
#
# Environment: PG_BIN where initdb and pg_basebackup are.
set -eu

bin=${PG_BIN:-}
if [ -z "$bin" ]; then
  for b in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
    if [ -x "$b/pg_basebackup" ]; then bin=$b; fi
  done
fi
if [ -z "$bin" ]; then
  echo "postgres-drill.sh: no PostgreSQL 15 or newer found; install it or set PG_BIN" >&2
  exit 1
fi
dir=$(mktemp -d)
if [ "$(id -u)" -eq 0 ]; then # PostgreSQL refuses to run as root
  user=postgres
  id "$user" >/dev/null 2>&1 || user=nobody
  chown "$user" "$dir"
fi
chmod 700 "$dir"

as_owner() {
  if [ "$(id -u)" -ne 0 ]; then
    (cd / && "$@")
    return
  fi
  (cd / && setpriv --reuid="$(id -u "$user")" --regid="$(id -g "$user")" --clear-groups "$@")
}
stop() { as_owner "$bin/pg_ctl" -D "$1" -m immediate stop >/dev/null 2>&1 || true; }
trap 'stop "$dir/data"; stop "$dir/back"; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
sql() { as_owner "$bin/psql" -h "$dir" -U postgres -XAtq -v ON_ERROR_STOP=1 -c "$1"; }
start() { as_owner "$bin/pg_ctl" -D "$1" -l "$dir/log" -w start >/dev/null || { cat "$dir/log" >&2; exit 1; }; }

as_owner mkdir "$dir/wal" "$dir/base"
as_owner "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null
as_owner sh -c "cat >> '$dir/data/postgresql.conf'" <<END
listen_addresses = ''
unix_socket_directories = '$dir'
wal_level = replica
archive_mode = on
archive_timeout = 60
archive_command = 'test ! -f $dir/wal/%f && cp %p $dir/wal/%f.part && sync $dir/wal/%f.part && mv $dir/wal/%f.part $dir/wal/%f'
END
start "$dir/data"
sql "CREATE TABLE paid (n INT PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp())"
sql "INSERT INTO paid (n) SELECT generate_series(1, 100)"
echo "base backup"
as_owner "$bin/pg_basebackup" -h "$dir" -U postgres --checkpoint=fast --wal-method=stream --format=plain --manifest-checksums=sha256 -D "$dir/base/night"
as_owner "$bin/pg_verifybackup" "$dir/base/night"
sql "INSERT INTO paid (n) SELECT generate_series(101, 150)"
moment=$(sql "SELECT clock_timestamp()")
sql "SELECT pg_sleep(0.1)" >/dev/null
sql "INSERT INTO paid (n) SELECT generate_series(151, 200)"
last=$(sql "SELECT pg_walfile_name(pg_switch_wal())")
until [ -f "$dir/wal/$last" ]; do sleep 0.1; done # it is archived: what follows it may be lost with the server
echo "destroyed after 200 rows; $moment, with 150 rows, is asked for"
stop "$dir/data"
rm -rf "$dir/data"

as_owner cp -a "$dir/base/night" "$dir/back"
as_owner sh -c "cat >> '$dir/back/postgresql.auto.conf'" <<END
restore_command = 'cp $dir/wal/%f %p'
recovery_target_time = '$moment'
recovery_target_action = 'promote'
END
as_owner touch "$dir/back/recovery.signal"
start "$dir/back"
until [ "$(sql "SELECT pg_is_in_recovery()")" = f ]; do sleep 0.1; done
rows=$(sql "SELECT COUNT(*) || ' ' || MAX(n) FROM paid")
if [ "$rows" != "150 150" ]; then
  echo "postgres-drill.sh: restored $rows, want 150 150" >&2
  exit 1
fi
echo "restored: 150 rows"
