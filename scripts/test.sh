#!/bin/sh
# Runs go test on a private PostgreSQL (scripts/postgres.sh), which is stopped afterwards unless it ran before.
# Arguments go to go test; without any it tests every package. YANZHEN_TEST_POSTGRES names another server.
#
# With CI=true nothing that matters may be skipped: a missing PostgreSQL or browser is a failure.
set -eu
cd "$(dirname "$0")/.."

if [ -z "${YANZHEN_TEST_POSTGRES:-}" ]; then
  if [ -z "${YANZHEN_PG_DIR:-}" ]; then
    YANZHEN_PG_DIR=$(mktemp -d)/pg
    export YANZHEN_PG_DIR
    trap 'scripts/postgres.sh stop; rmdir "$(dirname "$YANZHEN_PG_DIR")"' EXIT
    trap 'exit 130' INT TERM
  fi
  if url=$(scripts/postgres.sh start); then
    export YANZHEN_TEST_POSTGRES="$url"
  elif [ "${CI:-}" = true ]; then
    exit 1
  else
    echo "test.sh: no PostgreSQL: its half of the storage tests is skipped" >&2
  fi
fi

if [ "${CI:-}" = true ]; then
  command -v chromium || command -v chromium-browser || command -v google-chrome || {
    echo "test.sh: no Chromium: the pages cannot be tested" >&2
    exit 1
  }
fi

if [ $# -eq 0 ]; then
  set -- ./...
fi
# -count=1: what PostgreSQL answers is no part of the cache's key.
go test -count=1 -timeout 15m "$@"
