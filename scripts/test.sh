#!/bin/sh
# Sets up what the tests need (scripts/setup.sh), then runs go test on a private PostgreSQL (scripts/postgres.sh), which
# is stopped afterwards unless it ran before. Arguments go to go test; without any it tests every package. YANZHEN_TEST_POSTGRES names another server.
#
# With CI=true nothing that matters may be skipped: a missing PostgreSQL or browser is a failure.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh

if [ -z "${YANZHEN_TEST_POSTGRES:-}" ]; then
  if [ -z "${YANZHEN_PG_DIR:-}" ]; then
    parent=$(mktemp -d)
    chmod 711 "$parent" # the server runs as another user where the tests run as root
    export YANZHEN_PG_DIR="$parent/pg"
    trap 'scripts/postgres.sh stop; rmdir "$parent"' EXIT
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
  { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null || {
    echo "test.sh: no Chromium: the pages cannot be tested" >&2
    exit 1
  }
fi

if [ $# -eq 0 ]; then
  set -- ./internal/web ./cmd/yanzhen ./... # those that take longest first: they would run alone at the end
fi
vet=
[ "${CI:-}" != true ] || vet=-vet=off # there the linters have looked already
# -count=1: what PostgreSQL answers is no part of the cache's key.
# GOGC: a fifth of what tests do is collecting garbage; they have the memory to do it less often (not the compiler, which takes gigabytes).
# shellcheck disable=SC2086 # one flag, or none
go test -count=1 -timeout 30m -exec 'env GOGC=200' $vet "$@" # a machine that others use takes twice what its own takes
