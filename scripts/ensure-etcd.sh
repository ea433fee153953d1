#!/bin/sh
# Makes sure that etcd and etcdctl are there and prints the folder to add to PATH: the ones on PATH, else the ones built
# before, else built here from etcd's own Go modules, else Debian's packages.
# --build: the version of interop/etcd/go.mod, whatever is on PATH.
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

if [ "${1:-}" = --build ]; then
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
