#!/bin/sh
# Brings the platform up on a Swarm manager, or updates it. `--help` tells how.
set -eu
cd -- "$(dirname -- "$0")"
. ./common.sh

usage() {
  cat <<'END'
Usage: deploy/swarm/up.sh [options]

Brings the platform up on this Swarm manager: gateway, Prometheus, Alertmanager,
NATS and Grafana. Run it again to update, with the options that shall hold then.

  --port N            publish the gateway on this port; 8080
  --publish MODE      ingress: each node answers on the port, and updates have no
                      gap; needs IPVS in the kernel, and is chosen if it is there
                      host: only the gateway's node does, and callers' addresses
                      are seen; an update has a gap of some seconds
  --proxy P           nginx or caddy: publish ports 80 and 443 with TLS instead;
                      no IPVS needed, no gap, callers' addresses seen
  --publish-admin     Prometheus, Alertmanager and Grafana on 127.0.0.1 of this
                      machine, ports 9090, 9093 and 3000
  --no-grafana        without Grafana
  --scale-by-alerts   let Prometheus' alerts reach the gateway
  --tag TAG           tag of the gateway's image; the version and commit of this
                      checkout, from which the image is built unless it exists
  --name NAME         of the stack; shoal
  --timeout SECONDS   wait so long for everything to run; 300
  --help              print this text

Images, timeouts and more are set by environment variables: see stack.yml.
END
}

read_options() {
  name=shoal port=8080 publish='' proxy='' admin='' alerts=off grafana=1 tag='' timeout=300
  while [ $# -gt 0 ]; do
    taken=1
    case $1 in
      --port | --port=*) take_value "$@"; port=$value; require_number --port "$port" ;;
      --publish | --publish=*) take_value "$@"; publish=$value ;;
      --proxy | --proxy=*) take_value "$@"; proxy=$value ;;
      --publish-admin) admin=yes ;;
      --no-grafana) grafana=0 ;;
      --scale-by-alerts) alerts=on ;;
      --tag | --tag=*) take_value "$@"; tag=$value ;;
      --name | --name=*) take_value "$@"; name=$value; require_name "$name" ;;
      --timeout | --timeout=*) take_value "$@"; timeout=$value; require_number --timeout "$timeout" ;;
      --help) usage; exit ;;
      *) usage >&2; fail "
Unknown option: $1" ;;
    esac
    shift "$taken"
  done
  case $publish in '' | ingress | host) ;; *) fail "--publish takes ingress or host." ;; esac
  case $proxy in '' | nginx | caddy) ;; *) fail "--proxy takes nginx or caddy." ;; esac
}

# Where the engine is: of a socket here the path, else nothing.
local_socket() {
  docker context inspect --format '{{.Endpoints.docker.Host}}' | sed -n 's|^unix://||p'
}

# Swarm's virtual addresses and its routing mesh are made of IPVS. Not every small kernel has it.
has_ipvs() {
  [ "$(uname -s)" = Linux ] || return 0 # The engine is in a machine of its own then, and its kernel has it.
  [ -e /proc/net/ip_vs ] || PATH=$PATH:/usr/sbin:/sbin modprobe --dry-run --quiet ip_vs 2>/dev/null
}

choose_settings() {
  if [ -z "$publish" ]; then
    if has_ipvs; then publish=ingress; else publish=host; fi
  fi
  if [ -n "$proxy" ]; then
    export SHOAL_ENDPOINT_MODE=dnsrr
  elif [ "$publish" = host ]; then
    export SHOAL_PUBLISH_MODE=host SHOAL_ENDPOINT_MODE=dnsrr SHOAL_UPDATE_ORDER=stop-first
  else
    export SHOAL_PUBLISH_MODE=ingress SHOAL_ENDPOINT_MODE=vip
  fi
  export SHOAL_STACK="$name" SHOAL_PORT="$port" SHOAL_ALERT_SCALING="$alerts" SHOAL_GRAFANA_REPLICAS="$grafana"

  socket=$(local_socket)
  if [ -S "$socket" ] && [ "$(uname -s)" = Linux ]; then
    export SHOAL_DOCKER_SOCKET="${SHOAL_DOCKER_SOCKET:-$socket}"
    # On another manager the socket may be another group's; there the gateway stays root, without capabilities.
    [ "$(docker info --format '{{.Swarm.Managers}}')" != 1 ] || export SHOAL_GATEWAY_USER="${SHOAL_GATEWAY_USER:-1000:$(stat -c %g "$socket")}"
  fi

  node=$(docker info --format '{{.Swarm.NodeID}}')
  if [ -z "${SHOAL_DATA_NODE:-}" ]; then
    # Where it was put once, it stays.
    SHOAL_DATA_NODE=$(docker service inspect --format '{{range .Spec.TaskTemplate.Placement.Constraints}}{{println .}}{{end}}' "${name}_nats" 2>/dev/null | grep '^node\.id' || echo "node.id == $node")
    export SHOAL_DATA_NODE
  fi
  version_configs
}

# Another content of a config needs another name.
version_configs() {
  SHOAL_CONFIG_PROMETHEUS=$(checksum ../prometheus/prometheus.yml)
  SHOAL_CONFIG_ALERT_RULES=$(checksum ../prometheus/alert.rules.yml)
  SHOAL_CONFIG_ALERTMANAGER=$(checksum ../prometheus/alertmanager.yml)
  SHOAL_CONFIG_GRAFANA_DATASOURCE=$(checksum ../grafana/provisioning/datasources/prometheus.yml)
  SHOAL_CONFIG_GRAFANA_DASHBOARDS=$(checksum ../grafana/provisioning/dashboards/dashboards.yml)
  SHOAL_CONFIG_GRAFANA_FUNCTIONS=$(checksum ../grafana/dashboards/functions.json)
  SHOAL_CONFIG_NGINX=$(checksum nginx.conf)
  SHOAL_CONFIG_CADDY=$(checksum Caddyfile)
  export SHOAL_CONFIG_PROMETHEUS SHOAL_CONFIG_ALERT_RULES SHOAL_CONFIG_ALERTMANAGER
  export SHOAL_CONFIG_GRAFANA_DATASOURCE SHOAL_CONFIG_GRAFANA_DASHBOARDS SHOAL_CONFIG_GRAFANA_FUNCTIONS
  export SHOAL_CONFIG_NGINX SHOAL_CONFIG_CADDY
}

checksum() {
  cksum <"$1" | cut -d ' ' -f 1
}

# Makes the secrets that are not there. A password goes from pipe to pipe: it is on no command line and in no file.
make_secrets() {
  user_secret=${SHOAL_USER_SECRET:-basic-auth-user} password_secret=${SHOAL_PASSWORD_SECRET:-basic-auth-password}
  user='' password=''
  if ! has secret "$user_secret"; then
    user='admin'
    printf %s "$user" | make_secret "$user_secret"
  fi
  if ! has secret "$password_secret"; then
    password=$(od -An -N20 -tx1 /dev/urandom | tr -d ' \n')
    trap 'print_password' EXIT
    printf %s "$password" | make_secret "$password_secret"
  fi
  if [ "$proxy" = nginx ]; then
    for secret in "${SHOAL_TLS_CERTIFICATE_SECRET:-tls-certificate}" "${SHOAL_TLS_KEY_SECRET:-tls-key}"; do
      has secret "$secret" || fail "nginx needs a certificate: 'docker secret create $secret FILE.pem' makes the secret that is missing."
    done
  fi
}

has() {
  docker "$1" inspect "$2" >/dev/null 2>&1
}

make_secret() {
  docker secret create --label "shoal.stack=$name" "$1" - >/dev/null
}

# Also when something fails later: the password could not be read any more.
print_password() {
  printf '  Password   %s (shown this once)\n' "$password"
}

find_image() {
  image=${SHOAL_GATEWAY_IMAGE:-shoal/gateway:${tag:-$(version_here)}}
  if ! has image "$image"; then
    if [ -z "${SHOAL_GATEWAY_IMAGE:-}" ] && command -v node >/dev/null; then
      node ../../tools/build-images.mjs --only=gateway --prefix=shoal/ --tag="${image#*:}"
    else
      echo "Pulling $image"
      docker pull --quiet "$image" >/dev/null || fail "There is no image $image: install Node.js to build it here, or name another one in SHOAL_GATEWAY_IMAGE."
    fi
  fi
  export SHOAL_GATEWAY_IMAGE="$image"

  # An image that was never in a registry is on this node only.
  if [ "$(docker image inspect --format '{{len .RepoDigests}}' "$image")" = 0 ]; then
    export SHOAL_GATEWAY_NODE="${SHOAL_GATEWAY_NODE:-node.id == $node}"
    [ "$(docker info --format '{{.Swarm.Managers}}')" = 1 ] || echo "The gateway will run on this manager only, because $image is in no registry. To change that, push one and name it in SHOAL_GATEWAY_IMAGE."
  fi
}

# Each state of the sources has a tag of its own, so that an update can go back to the image before.
version_here() {
  version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' ../../package.json)
  commit=$(git rev-parse --short HEAD 2>/dev/null) || { echo "$version"; return; }
  changes=$(git diff HEAD | cksum | cut -d ' ' -f 1)
  git diff --quiet HEAD && echo "$version-$commit" || echo "$version-$commit-$changes"
}

deploy() {
  echo "Deploying the stack $name"
  if [ -n "$proxy" ]; then
    sed '/up.sh leaves out the ports, from here$/,/# to here/d' stack.yml | deploy_files --compose-file - --compose-file "$proxy.yml"
  else
    deploy_files --compose-file stack.yml
  fi
}

# Tags are exact, and what is here need not be looked for elsewhere. A proxy that is wanted no more goes.
deploy_files() {
  output=$(docker stack deploy --prune --with-registry-auth --resolve-image never "$@" "$name" 2>&1) || fail "$output"
}

# Waits until all services run as they were deployed now, and tells what each is doing.
await_services() {
  end=$(($(date +%s) + timeout)) told=''
  while :; do
    waiting=''
    for service in $(docker stack services --format '{{.Name}} {{.Replicas}}' "$name" | sed -n '/ 0\/0/!s/ .*//p'); do
      state=$(state_of "$service")
      case $told in *"|$service $state|"*) ;; *) told="$told|$service $state|"; echo "  $service: $state" ;; esac
      case $state in
        running) ;;
        'rolled back'*) fail "$(explain "$service")" ;;
        *) waiting="$waiting $service" ;;
      esac
    done
    [ -n "$waiting" ] || return 0
    [ "$(date +%s)" -lt "$end" ] || fail "Not everything runs after $timeout s.$(for service in $waiting; do explain "$service"; done)"
    sleep 1
  done
}

# running: as many tasks as are wanted, all of them of the newest specification, and Swarm has seen enough of them.
state_of() {
  update=$(docker service inspect --format '{{with .UpdateStatus}}{{.State}}{{end}}' "$1")
  wanted=$(docker stack services --filter "name=$1" --format '{{.Replicas}}' "$name" | sed 's|.*/\([0-9]*\).*|\1|')
  states=$(docker service ps --filter desired-state=running --filter _up-to-date=true --format '{{.CurrentState}}' "$1")
  case $update in
    rollback_* | paused) echo 'rolled back: the new version did not run' ;;
    *) if [ "$(printf '%s\n' "$states" | grep -c '^Running')" -lt "$wanted" ]; then
        printf '%s\n' "${states:-waiting}" | sed -n '/^Running/!{s/ .*//;p;q;}' | tr '[:upper:]' '[:lower:]'
      elif [ "$update" = updating ]; then
        echo 'watched for a while'
      else
        echo running
      fi ;;
  esac
}

explain() {
  printf '\n%s:\n' "$1"
  docker service ps --no-trunc --format '  {{.CurrentState}}: {{.Error}}' "$1" | grep -v ': $' | head -n 3
  failed=$(docker service ps --no-trunc --format '{{.CurrentState}} {{.ID}}' "$1" | sed -n 's/^Failed .* //p' | head -n 1)
  [ -z "$failed" ] || docker service logs --raw --tail 5 "$failed" 2>&1 | sed 's/^/  /'
}

# The gateway's own check has passed; this is about the way to it.
await_gateway() {
  [ -z "$proxy" ] || return 0
  end=$(($(date +%s) + 30))
  until fetch "http://127.0.0.1:$port/healthz"; do
    [ "$(date +%s)" -lt "$end" ] || fail "The gateway runs, but does not answer on port $port of this machine.$([ "$publish" = host ] || echo " Does the kernel lack IPVS? Try --publish host.")"
    sleep 1
  done
}

fetch() {
  if command -v curl >/dev/null; then
    curl --silent --fail --max-time 3 --output /dev/null "$1"
  else
    wget -q -T 3 -O /dev/null "$1"
  fi
}

# A forwarder for each page, in one container; none when it was not asked for.
publish_admin() {
  if has container "${name}_admin"; then docker container rm --force "${name}_admin" >/dev/null; fi
  [ -n "$admin" ] || return 0
  set -- 9090=tasks.prometheus 9093=tasks.alertmanager
  [ "$grafana" = 0 ] || set -- "$@" 3000=tasks.grafana
  for pair in "$@"; do ports="${ports:-} --publish 127.0.0.1:${pair%=*}:${pair%=*}"; done
  # shellcheck disable=SC2086 # These are words.
  docker run --detach --name "${name}_admin" --label "shoal.stack=$name" --restart unless-stopped --network "${name}_platform" $ports \
    --read-only --cap-drop ALL --user 65534:65534 --memory 128m --entrypoint node "$image" --eval "$(cat forward.cjs)" "$@" >/dev/null
}

print_summary() {
  address=$(docker info --format '{{.Swarm.NodeAddr}}')
  url=http://$address:$port
  [ -z "$proxy" ] || url=https://${SHOAL_DOMAIN:-$address}
  printf '\nShoal is up.\n\n  Portal     %s/ui/\n' "$url"
  printf '  User       %s\n' "${user:-as the secret $user_secret says}"
  [ -n "$password" ] || printf '  Password   as before (the secret %s)\n' "$password_secret"
  if [ -n "$password" ]; then
    trap - EXIT
    print_password
  fi
  if [ -n "$admin" ]; then
    printf '  Pages      http://127.0.0.1:9090 (Prometheus), :9093 (Alertmanager)%s, on this machine\n' "$([ "$grafana" = 0 ] || echo ', :3000 (Grafana)')"
  fi
}

read_options "$@"
require_manager
choose_settings
find_image
make_secrets
deploy
await_services
await_gateway
publish_admin
print_summary
