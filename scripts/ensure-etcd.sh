#!/bin/sh
# Makes sure that etcd and etcdctl are there and prints the folder to add to PATH: the ones on PATH, else the ones built
# before, else built here from etcd's own Go modules, else Debian's packages.
# --build: the version of interop/etcd/go.mod, whatever is on PATH.
# --version 3.4 | 3.5 | 3.6: that line, in a folder of its own: Debian's packages, unpacked but not installed, or the Go modules.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
bin=$root/.cache/bin

on_path() { command -v etcd >/dev/null && command -v etcdctl >/dev/null; }

built() { [ "$bin/etcd" -nt "$root/interop/etcd/go.mod" ] && [ "$bin/etcdctl" -nt "$root/interop/etcd/go.mod" ]; }

build() {
  command -v go >/dev/null || return 1
  echo "building etcd from its Go modules; this takes some minutes, once" >&2
  mkdir -p "$bin"
  (
    cd "$root/interop/etcd"
    go build -buildvcs=false -ldflags="-s -w" -o "$bin/etcdctl" go.etcd.io/etcd/etcdctl/v3 &&
      go build -buildvcs=false -ldflags="-s -w" -o "$bin/etcd" go.etcd.io/etcd/server/v3
  ) >&2
}

install() {
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" = 0 ]; then as_root=; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else return 1; fi
  echo "installing Debian's etcd-server and etcd-client" >&2
  {
    $as_root apt-get update -qq &&
      $as_root apt-get install -y -qq --no-install-recommends etcd-server etcd-client
  } >&2
}

# build_line 3.5 etcd35: from the Go module interop/etcd35 into .cache/etcd-3.5
build_line() {
  to=$root/.cache/etcd-$1
  mkdir -p "$to"
  if ! [ "$to/etcdctl" -nt "$root/interop/$2/go.mod" ]; then
    command -v go >/dev/null || return 1
    echo "building etcd $1 from its Go modules; this takes some minutes, once" >&2
    (
      cd "$root/interop/$2"
      go build -buildvcs=false -ldflags="-s -w" -o "$to/etcd" go.etcd.io/etcd/server/v3 &&
        go build -buildvcs=false -ldflags="-s -w" -o "$to/etcdctl" go.etcd.io/etcd/etcdctl/v3
    ) >&2 || return 1
  fi
  echo "$to"
}

unpack_debian() {
  to=$root/.cache/etcd-3.4
  if ! [ -x "$to/etcdctl" ]; then
    command -v apt-get >/dev/null || return 1
    download=$(mktemp -d)
    (
      cd "$download"
      # apt reads as another user, which may not enter a private folder.
      chmod 755 .
      apt-get download -qq etcd-server etcd-client && for package in *.deb; do dpkg-deb -x "$package" .; done
    ) >&2 || return 1
    mkdir -p "$to"
    cp "$download/usr/bin/etcd" "$download/usr/bin/etcdctl" "$to/"
    rm -rf "$download"
  fi
  "$to/etcd" --version | grep -q "etcd Version: 3\.4\." || { echo "Debian's etcd here is not 3.4" >&2; return 1; }
  echo "$to"
}

if [ "${1:-}" = --version ]; then
  case ${2:-} in
    3.4) unpack_debian ;;
    3.5) build_line 3.5 etcd35 ;;
    3.6) build_line 3.6 etcd ;;
    *) echo "no etcd ${2:-}: 3.4, 3.5 or 3.6" >&2; exit 2 ;;
  esac
elif [ "${1:-}" = --build ]; then
  built || build
  echo "$bin"
elif on_path; then
  dirname "$(command -v etcd)"
elif built || build; then
  echo "$bin"
elif install && on_path; then
  dirname "$(command -v etcd)"
else
  echo "no etcd: put etcd and etcdctl on PATH (Debian and Ubuntu: etcd-server, etcd-client), or install Go >= 1.26" >&2
  exit 1
fi
