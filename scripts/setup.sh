#!/bin/sh
# Installs what the tests need beside Go and is missing: a browser, PostgreSQL, poppler's tools for PDF, git, curl. On Debian and Ubuntu, as root or
# with a sudo that asks nothing; elsewhere it says what is missing and leaves it to the reader. Pages bring their own
# Chinese font, so none is installed.
set -eu

missing=
need() { missing="$missing $1"; }
command -v git >/dev/null || need git
command -v curl >/dev/null || need curl
command -v strace >/dev/null || need strace
command -v pdftotext >/dev/null || need poppler-utils
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || need chromium
{ ls /usr/lib/postgresql/*/bin/initdb || command -v initdb; } >/dev/null 2>&1 || need postgresql
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "setup.sh: not found:$missing; install them to run the tests that need them" >&2
  exit 0
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "setup.sh: not found:$missing; install them as root: apt-get install$missing" >&2
    exit 0
  fi
  as_root="sudo -n"
fi
echo "setup.sh: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q >&2
# shellcheck disable=SC2086 # a list of packages
$as_root apt-get install -y -q --no-install-recommends $missing >&2
