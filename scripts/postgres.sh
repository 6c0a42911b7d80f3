#!/bin/sh
# A private PostgreSQL for tests: no port, no password, no trace after stop.
#
#   scripts/postgres.sh start   starts it if it does not run yet, and prints the URL for YANZHEN_TEST_POSTGRES
#   scripts/postgres.sh stop    stops it and removes its files
#   scripts/postgres.sh kill    kills all its processes (SIGKILL), and leaves its files as they are then
#   scripts/postgres.sh again   starts it on the files that are there, which it recovers, and prints the URL
#
# The server listens on a socket in a directory that only its owner may enter. It does not wait for the disk
# (fsync=off): good for tests, not for measurements; YANZHEN_PG_FSYNC=on changes that at start.
# Environment: YANZHEN_PG_DIR the directory, PG_BIN where initdb and pg_ctl are.
set -eu

dir=${YANZHEN_PG_DIR:-${TMPDIR:-/tmp}/yanzhen-postgres-$(id -u)}
bin=${PG_BIN:-}
if [ -z "$bin" ]; then
  if command -v initdb >/dev/null 2>&1; then
    bin=$(dirname "$(command -v initdb)")
  else
    for b in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
      if [ -x "$b/initdb" ]; then bin=$b; fi
    done
  fi
fi
if [ -z "$bin" ]; then
  echo "postgres.sh: no PostgreSQL 15 or newer found; install it or set PG_BIN" >&2
  exit 1
fi

# PostgreSQL refuses to run as root.
as_owner() {
  if [ "$(id -u)" -ne 0 ]; then
    (cd / && "$@")
    return
  fi
  user=postgres
  id "$user" >/dev/null 2>&1 || user=nobody
  (cd / && setpriv --reuid="$(id -u "$user")" --regid="$(id -g "$user")" --clear-groups "$@")
}

running() { [ -d "$dir/data" ] && as_owner "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1; }

# Removes what this script has made, and nothing else.
clear_dir() {
  if [ -e "$dir" ] && [ -n "$(ls -A "$dir")" ] && [ ! -f "$dir/data/PG_VERSION" ]; then
    echo "postgres.sh: $dir holds something else; not touched" >&2
    exit 1
  fi
  rm -rf "$dir"
}

launch() {
  as_owner "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w start \
    -o "-c listen_addresses='' -c unix_socket_directories='$dir' -c fsync=${YANZHEN_PG_FSYNC:-off} -c max_connections=300 -c shared_buffers=128MB -c max_wal_size=1GB" >/dev/null || {
    cat "$dir/log" >&2
    exit 1
  }
}

case "${1:-}" in
start)
  if ! running; then
    clear_dir
    mkdir -p "$dir"
    chmod 700 "$dir"
    if [ "$(id -u)" -eq 0 ]; then
      user=postgres
      id "$user" >/dev/null 2>&1 || user=nobody
      chown "$user" "$dir"
    fi
    as_owner "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null
    launch
  fi
  echo "postgres://postgres@/postgres?host=$dir"
  ;;
kill)
  pid=$(head -n 1 "$dir/data/postmaster.pid")
  kill -STOP "$pid" # it must not see its processes die, and recover, nor begin others
  all="$pid $(pgrep -P "$pid")"
  kill -9 $all
  for p in $all; do # as long as one is there, the files are in use
    while kill -0 "$p" 2>/dev/null; do sleep 0.01; done
  done
  ;;
again)
  launch
  echo "postgres://postgres@/postgres?host=$dir"
  ;;
stop)
  if running; then as_owner "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null; fi
  clear_dir
  ;;
*)
  sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
  exit 2
  ;;
esac
