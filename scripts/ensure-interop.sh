#!/bin/sh
# Builds the Go side of the interoperability tests (go-zero server, client and configuration reader, etcd's Go client)
# into .cache/bin and prints that folder. Quick when nothing changed; the first time takes some minutes.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)

if ! command -v go >/dev/null; then
  echo "no Go: install Go >= 1.24 to run the interoperability tests" >&2
  exit 1
fi
mkdir -p "$root/.cache/bin"
cd "$root/interop"
go build -buildvcs=false -ldflags="-s -w" -o "$root/.cache/bin/" ./cmd/... github.com/grpc-ecosystem/grpc-health-probe >&2
echo "$root/.cache/bin"
