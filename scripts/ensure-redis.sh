#!/bin/sh
# Makes sure that the Redis of the tests is there: installs Debian's package where it is not.
set -eu
redis=${ROLLCALL_REDIS:-redis-server}

if ! command -v "$redis" >/dev/null; then
  if ! command -v apt-get >/dev/null; then
    echo "no redis-server: install it (Debian and Ubuntu: redis-server) or point ROLLCALL_REDIS at it" >&2
    exit 1
  fi
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  {
    $sudo apt-get update -qq
    # The package starts a server of its own, which nobody asked for: policy-rc.d says no.
    $sudo env RUNLEVEL=1 apt-get install -y -qq --no-install-recommends redis-server redis-tools
  } >&2
fi
"$redis" --version
