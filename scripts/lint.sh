#!/bin/sh
# Every check that is not a test: format, vet, staticcheck, generated pages, module files. Says all that is wrong,
# then fails. The tools are pinned in tools/go.mod.
set -u
cd "$(dirname "$0")/.."

failed=0
wrong() {
  failed=1
  printf '%s\n' "$@" >&2
}
tool() { go tool -modfile=tools/go.mod "$@"; }

# Written by templ, formatted by templ.
sources=$(git ls-files -co --exclude-standard '*.go' | grep -v '_templ\.go$')
# shellcheck disable=SC2086 # no file of ours has a space in its name
loose=$(tool gofumpt -l $sources) || wrong "gofumpt did not run"
if [ -n "$loose" ]; then
  wrong "not formatted (go tool -modfile=tools/go.mod gofumpt -w FILE):" "$loose"
fi

go vet ./... || wrong "go vet found faults"
GOGC=200 tool staticcheck ./... || wrong "staticcheck found faults"

templ=$(tool -n templ) # its path: starting it through go costs more than its work
for page in $(git ls-files -co --exclude-standard '*.templ'); do
  generated="${page%.templ}_templ.go"
  # Relative to the page's own directory, as make generate writes the names that stand in errors.
  if ! ("$templ" generate -stdout -f "$page" 2>/dev/null | sed "s|FileName: \`$(dirname "$page")/|FileName: \`|" | cmp -s - "$generated"); then
    wrong "$generated does not match $page (make generate)"
  fi
done
for generated in $(git ls-files -co --exclude-standard '*_templ.go'); do
  if [ ! -f "${generated%_templ.go}.templ" ]; then
    wrong "$generated has no page that it was made from"
  fi
done

go mod tidy -diff || wrong "go.mod is not tidy (go mod tidy)"
(cd tools && go mod tidy -diff) || wrong "tools/go.mod is not tidy (cd tools && go mod tidy)"

exit $failed
