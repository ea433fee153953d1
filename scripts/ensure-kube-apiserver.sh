#!/bin/sh
# Builds the Kubernetes API server from its own Go modules into .cache/bin and prints its path. A separate command and
# no part of the usual tests, because it takes many minutes the first time. Exit status 2: there is no Go.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
module=$root/interop/kube
server=$root/.cache/bin/kube-apiserver

if ! [ "$server" -nt "$module/go.mod" ]; then
  if ! command -v go >/dev/null; then
    echo "no Go: install Go >= 1.26 to build kube-apiserver" >&2
    exit 2
  fi
  cd "$module"
  version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
  echo "building kube-apiserver $version from its Go modules; this takes many minutes, once" >&2
  mkdir -p "$(dirname "$server")"
  go build -buildvcs=false -ldflags="-s -w -X k8s.io/component-base/version.gitVersion=$version" \
    -o "$server" k8s.io/kubernetes/cmd/kube-apiserver >&2
fi
echo "$server"
