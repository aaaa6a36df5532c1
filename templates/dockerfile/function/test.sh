#!/usr/bin/env bash
# bash test.sh IMAGE, after `shoal build`: asks a container of it. Needs Docker and curl.
set -euo pipefail

container=$(docker run --detach --publish 127.0.0.1::8080 "${1:?which image?}")
trap 'docker rm --force "$container" >/dev/null' EXIT
address=$(docker port "$container" 8080/tcp | head -n 1)
answer=$(curl --silent --show-error --fail --retry 20 --retry-delay 1 --retry-all-errors --data 'hello' "http://$address/")
[[ $answer == hello ]] || { echo "not ok: got '$answer'"; exit 1; }
echo 'ok: it answers what it was sent'
