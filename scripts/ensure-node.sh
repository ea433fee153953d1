#!/bin/sh
# Makes sure that Node of a release line (22, 24, ...) is there and prints its path. The binaries come as npm packages.
set -eu
line=$1
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$root/.cache/node-$line
system=$(node -p 'process.platform + "-" + process.arch')
binary=$folder/node_modules/node-$system/bin/node

if ! [ -x "$binary" ]; then
  mkdir -p "$folder"
  npm install --prefix "$folder" --no-save --no-package-lock --no-audit --no-fund --silent "node-$system@$line" >&2
fi
"$binary" --version >&2
echo "$binary"
