#!/bin/sh
# Makes ./handler: the server becomes a command within the function's module, so that there is one go.mod.
set -eu
cd "$(dirname "$0")"
if ! [ -f function/go.mod ]; then
  echo 'go.mod is missing beside handler.go; make one with: go mod init handler/function' >&2
  exit 1
fi
module=$(sed -n 's/^module[[:space:]]*"\{0,1\}\([^[:space:]"]*\).*/\1/p' function/go.mod)
mkdir -p function/shoal-server
sed "s|\"handler/function\"|\"$module\"|" server/main.go >function/shoal-server/main.go
cd function
CGO_ENABLED="${CGO_ENABLED:-0}" go build -buildvcs=false -trimpath -ldflags '-s -w' -o ../handler ./shoal-server
rm -r shoal-server
