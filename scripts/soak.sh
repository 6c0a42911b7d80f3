#!/bin/sh
# Runs every fuzz target for the time given (2m without one) and every package with properties on many more cases, and prints
# what these tell of themselves: how often each operator, state and kernel came, say. Then kills a process that moves money, and the
# shipped server, 2000 times each on each database (YANZHEN_TEST_CRASH_ROUNDS), and PostgreSQL itself a tenth as often; has 5000 calls
# to the disk fail under the ledger and as many under cases (YANZHEN_TEST_DISK_FAULTS); and cuts the power 50,000 times while jobs of
# the ledger, as often while cases are at work, and as often while files are handed in to them (YANZHEN_TEST_POWER_CUTS).
#
#   scripts/soak.sh [TIME]
set -eu
cd "$(dirname "$0")/.."
time=${1:-2m}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

for pkg in $(go list ./...); do
  dir=$(go list -f '{{.Dir}}' "$pkg")
  for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go 2>/dev/null | sed 's/^func //'); do
    echo "== $pkg $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$pkg"
  done
  if grep -qs 'pgregory.net/rapid' "$dir"/*_test.go; then
    echo "== $pkg properties"
    scripts/test.sh -timeout 60m -v "$pkg" -rapid.checks=5000 >"$log" 2>&1 || { cat "$log"; exit 1; }
    grep -v '^ *\(=== \|--- PASS\|PASS$\)' "$log"
  fi
done

echo "== killed under load"
export YANZHEN_TEST_CRASH_ROUNDS="${YANZHEN_TEST_CRASH_ROUNDS:-2000}"
scripts/test.sh -timeout 240m -v -run '^(TestKilledUnderLoad|TestServerKilled|TestPostgresKilled)$' ./internal/ledger ./cmd/yanzhen >"$log" 2>&1 || { cat "$log"; exit 1; }
grep 'kills' "$log"

echo "== disk faults"
export YANZHEN_TEST_DISK_FAULTS="${YANZHEN_TEST_DISK_FAULTS:-5000}"
scripts/test.sh -timeout 240m -v -run '^TestFaults$' ./internal/ledger ./internal/subsidy >"$log" 2>&1 || { cat "$log"; exit 1; }
grep 'disk faults' "$log"

echo "== power cuts"
export YANZHEN_TEST_POWER_CUTS="${YANZHEN_TEST_POWER_CUTS:-50000}"
scripts/test.sh -timeout 600m -v -run '^(TestPowerCuts|TestTornFiles)$' ./internal/ledger ./internal/subsidy ./internal/casework >"$log" 2>&1 || { cat "$log"; exit 1; }
grep 'power cuts' "$log"

# Destroys the data directory under load and restores it, as often as YANZHEN_TEST_DRILL_ROUNDS says.
echo "== the data directory destroyed"
export YANZHEN_TEST_DRILL_ROUNDS="${YANZHEN_TEST_DRILL_ROUNDS:-100}"
scripts/test.sh -timeout 120m -v -run '^TestDrill$' ./cmd/yanzhen >"$log" 2>&1 || { cat "$log"; exit 1; }
grep 'acknowledged' "$log"

echo "== PostgreSQL's own backup"
scripts/postgres-drill.sh
