#!/bin/sh
# Runs a command with what the tests run for real: etcd, a DNS server, Redis, Chromium, clocks that jump, the Go programs of interop/.
# Installs or builds them where they are missing. What cannot be had is an error with CI=true; elsewhere its tests skip and say so.
set -eu
scripts=$(cd "$(dirname "$0")" && pwd)

# A failure is not the end of the run here, so it is said in one line.
have() {
  began=$(date +%s)
  if found=$("$scripts/$1"); then
    echo "$2: there after $(($(date +%s) - began)) s" >&2
  elif [ "${CI:-}" = true ]; then
    echo "$2: missing, and with CI=true nothing may be" >&2
    exit 1
  else
    echo "$2: missing, its tests are skipped" >&2
    found=
  fi
}

have ensure-etcd.sh etcd
[ -z "$found" ] || PATH=$found:$PATH
have ensure-dns-server.sh "DNS server"
have ensure-faketime.sh libfaketime
have ensure-redis.sh Redis
have ensure-chromium.sh Chromium
have ensure-interop.sh "Go programs"
export PATH
exec "$@"
