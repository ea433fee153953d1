#!/bin/sh
# Makes sure that libfaketime is there, by which tests move the clock of a process, and prints the path of the library:
# the one of ROLLCALL_FAKETIME, else Debian's package, installed where it is not.
set -eu

found() {
  for file in "${ROLLCALL_FAKETIME:-}" /usr/lib/*/faketime/libfaketime.so.1; do
    if [ -f "$file" ]; then
      echo "$file"
      return
    fi
  done
  return 1
}

if ! found; then
  if ! command -v apt-get >/dev/null; then
    echo "no libfaketime: install it (Debian and Ubuntu: libfaketime) or point ROLLCALL_FAKETIME at libfaketime.so.1" >&2
    exit 1
  fi
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq >&2
  $sudo apt-get install -y -qq --no-install-recommends libfaketime >&2
  found
fi
