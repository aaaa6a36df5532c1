# For up.sh and down.sh: what both of them need.

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# Ends with one sentence about what to do, unless docker leads to an engine that manages a swarm.
require_manager() {
  command -v docker >/dev/null || fail "There is no docker program here: install Docker first (https://docs.docker.com/engine/install/)."
  problem=$(docker version --format '{{.Server.Version}}' 2>&1) || fail "The Docker engine cannot be reached: $(printf %s "$problem" | sed '/^$/d')"
  state=$(docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}')
  case $state in
    'active true') ;;
    active*) fail "This node is a worker of its swarm: run this on a manager, or make it one there (docker node promote)." ;;
    locked*) fail "The swarm is locked: run 'docker swarm unlock' first." ;;
    *) fail "The engine is not in swarm mode: run 'docker swarm init' first (with --advertise-addr when the machine has several addresses)." ;;
  esac
}

# The value of option $1: what follows it, or what stands after its '='. Sets `value`, and `taken` to the words it took.
# shellcheck disable=SC2034 # The caller uses them.
take_value() {
  case $1 in
    *=*) value=${1#*=} taken=1 ;;
    *) [ $# -ge 2 ] || fail "$1 needs a value; --help tells more."
      value=$2 taken=2 ;;
  esac
  [ -n "$value" ] || fail "${1%%=*} needs a value; --help tells more."
}

require_name() {
  case $1 in
    '' | -* | *[!a-z0-9-]*) fail "--name takes a-z, 0-9 and -, but not - at the beginning." ;;
  esac
}

require_number() {
  case $2 in
    '' | *[!0-9]*) fail "$1 takes a number." ;;
  esac
}
