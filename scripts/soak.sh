#!/bin/sh
# Runs every fuzz target for the time given (2m without one) and every package with properties on many more cases.
#
#   scripts/soak.sh [TIME]
set -eu
cd "$(dirname "$0")/.."
time=${1:-2m}

for pkg in $(go list ./...); do
  dir=$(go list -f '{{.Dir}}' "$pkg")
  for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go 2>/dev/null | sed 's/^func //'); do
    echo "== $pkg $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$pkg"
  done
  if grep -qs 'pgregory.net/rapid' "$dir"/*_test.go; then
    echo "== $pkg properties"
    go test -count=1 -timeout 60m "$pkg" -rapid.checks=5000
  fi
done
