#!/bin/sh
# Runs a command three times, with etcd 3.4, 3.5 and 3.6 as the etcd on PATH; ends with the first failure.
set -eu
scripts=$(cd "$(dirname "$0")" && pwd)

for version in 3.4 3.5 3.6; do
  folder=$("$scripts/ensure-etcd.sh" --version "$version")
  echo "==> etcd $version" >&2
  PATH=$folder:$PATH "$@"
done
