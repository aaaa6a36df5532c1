#!/bin/sh
# Removes what up.sh brought up, and only that. `--help` tells how.
set -eu
cd -- "$(dirname -- "$0")"
. ./common.sh

usage() {
  cat <<'END'
Usage: deploy/swarm/down.sh [options]

Removes the platform: its services, networks, configs, and the secrets that up.sh
made. Asks before it removes functions and data; what it asked for can be said
before, and when there is nobody to ask they are kept.

  --functions         also remove the functions, and their secrets
  --keep-functions    keep them; they go on running, and so does their network
  --data              also remove the volumes: metrics, alerts, queued calls
  --keep-data         keep them; up.sh takes them up again
  --name NAME         of the stack; shoal
  --help              print this text
END
}

read_options() {
  name=shoal functions='' data=''
  while [ $# -gt 0 ]; do
    taken=1
    case $1 in
      --functions) functions=remove ;;
      --keep-functions) functions=keep ;;
      --data) data=remove ;;
      --keep-data) data=keep ;;
      --name | --name=*) take_value "$@"; name=$value; require_name "$name" ;;
      --help) usage; exit ;;
      *) usage >&2; fail "
Unknown option: $1" ;;
    esac
    shift "$taken"
  done
}

# Of this stack: the label that `docker stack deploy` gives.
of_stack() {
  docker "$1" ls --filter "label=com.docker.stack.namespace=$name" --quiet
}

# Names of the functions on the stack's network.
list_functions() {
  network=$(docker network inspect --format '{{.Id}}' "${name}_functions" 2>/dev/null) || return 0
  for service in $(docker service ls --filter label=com.openfaas.function --quiet); do
    docker service inspect --format '{{.Spec.Name}} {{range .Spec.TaskTemplate.Networks}}{{.Target}} {{end}}' "$service" |
      grep -e " $network" -e " ${name}_functions" | cut -d ' ' -f 1
  done
}

# Sets functions and data to remove or keep.
decide() {
  running=$(list_functions | paste -s -d ' ' -)
  [ -n "$running$functions" ] || functions=none
  [ -n "$functions" ] || functions=$(ask "Remove the functions too, and their secrets? They are: $running.")
  volumes=$(of_stack volume | paste -s -d ' ' -)
  [ -n "$volumes" ] || data=none
  [ -n "$data" ] || data=$(ask "Remove the data too? It is in the volumes $volumes.")
}

ask() {
  [ -t 0 ] || { echo keep; return; }
  printf '%s [y/N] ' "$1" >&2
  read -r answer || answer=
  case $answer in y | Y | yes) echo remove ;; *) echo keep ;; esac
}

# remove KIND NAME...; there may be none.
remove() {
  kind=$1
  shift
  [ $# -eq 0 ] || docker "$kind" rm "$@" >/dev/null
}

remove_services() {
  if docker container inspect "${name}_admin" >/dev/null 2>&1; then docker container rm --force "${name}_admin" >/dev/null; fi
  [ "$functions" != remove ] || remove_functions
  # shellcheck disable=SC2046
  remove service $(of_stack service)
}

# With the secrets that they use. What no function in particular uses, older values and namespaces, goes with the last one.
# shellcheck disable=SC2046,SC2086 # These are words.
remove_functions() {
  [ -z "$running" ] || secrets=$(docker service inspect --format '{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}{{println .SecretID}}{{end}}' $running | sort -u)
  remove service $running
  if [ -z "$(docker service ls --filter label=com.openfaas.function --quiet)" ]; then
    secrets=$(docker secret ls --filter label=com.openfaas.owner=openfaas --quiet)
    remove config $(docker config ls --filter label=com.openfaas.owner=openfaas --quiet)
  fi
  for secret in ${secrets:-}; do
    docker secret rm "$secret" >/dev/null 2>&1 || echo "Kept: the secret $secret, which others use."
  done
}

# What the tasks use, networks and volumes, is free when the last of them has ended; that may take a stop_grace_period.
await_tasks() {
  end=$(($(date +%s) + 300))
  while [ -n "$(ending)" ] && [ "$(date +%s)" -lt "$end" ]; do sleep 1; done
}

ending() {
  docker ps --quiet --filter "label=com.docker.stack.namespace=$name"
  [ "$functions" != remove ] || docker ps --quiet --filter label=com.openfaas.function --filter "network=${name}_functions"
}

# The engine forgets a network some time after it has agreed to. Until then a stack of that name could not come up.
remove_networks() {
  for network in "${name}_platform" "${name}_functions"; do
    [ "$network $functions" != "${name}_functions keep" ] || continue
    end=$(($(date +%s) + 60)) problem=''
    while docker network inspect "$network" >/dev/null 2>&1; do
      [ "$(date +%s)" -lt "$end" ] || fail "The network $network cannot be removed: $problem"
      problem=$(docker network rm "$network" 2>&1) || true
      sleep 1
    done
  done
}

remove_volumes() {
  # shellcheck disable=SC2086 # These are words.
  [ "$data" != remove ] || remove volume $volumes
}

print_summary() {
  echo "The stack $name is removed."
  [ "$functions" != keep ] || echo "Kept: the functions, which go on running ($running), and their network ${name}_functions. up.sh takes them up again; down.sh --functions removes them."
  [ "$data" != keep ] || echo "Kept: the volumes $volumes. up.sh takes them up again; down.sh --data removes them."
  [ "$(docker info --format '{{.Swarm.Nodes}}')" = 1 ] || echo "Volumes of other nodes are not seen from here."
}

read_options "$@"
require_manager
decide
echo "Removing the stack $name"
remove_services
# shellcheck disable=SC2046 # These are words.
remove config $(of_stack config)
# shellcheck disable=SC2046 # These are words.
remove secret $(docker secret ls --filter "label=shoal.stack=$name" --quiet)
await_tasks
remove_networks
remove_volumes
print_summary
