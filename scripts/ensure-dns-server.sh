#!/bin/sh
# Makes sure that the DNS server of the tests, dnsmasq, is there: installs Debian's package where it is not.
set -eu
dnsmasq=${ROLLCALL_DNSMASQ:-dnsmasq}
PATH=$PATH:/usr/sbin

if ! command -v "$dnsmasq" >/dev/null; then
  if ! command -v apt-get >/dev/null; then
    echo "no dnsmasq: install it (Debian and Ubuntu: dnsmasq-base) or point ROLLCALL_DNSMASQ at it" >&2
    exit 1
  fi
  sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq --no-install-recommends dnsmasq-base
fi
"$dnsmasq" --version | head -n 1
