#!/bin/sh
# Makes sure that the browser of the console's tests is there: installs Debian's Chromium where it is not.
set -eu
chromium=${ROLLCALL_CHROMIUM:-chromium}

if ! command -v "$chromium" >/dev/null; then
  if ! command -v apt-get >/dev/null; then
    echo "no chromium: install it (Debian: chromium) or point ROLLCALL_CHROMIUM at it" >&2
    exit 1
  fi
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  {
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
  } >&2
fi
command -v "$chromium"
