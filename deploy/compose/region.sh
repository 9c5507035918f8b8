#!/bin/sh
# Cuts a region of docker-compose.yml off from the others, or lets it back: `region.sh cut|join europe|america|asia`. Its containers
# leave the network `wan` and keep that of the region, so that its clients still reach its DNS server.
set -eu
action=${1:-}
region=${2:-}
case "$action-$region" in
  cut-europe | cut-america | cut-asia | join-europe | join-america | join-asia) ;;
  *)
    echo "usage: region.sh cut|join europe|america|asia" >&2
    exit 2
    ;;
esac
containers=$(docker ps --all --quiet --filter "label=meridian.region=$region")
[ -n "$containers" ] || { echo "region.sh: no container of region $region; is the stack up?" >&2; exit 1; }
for container in $containers; do
  project=$(docker inspect --format '{{index .Config.Labels "com.docker.compose.project"}}' "$container")
  if [ "$action" = cut ]; then
    docker network disconnect "${project}_wan" "$container"
  else
    address=$(docker inspect --format '{{index .Config.Labels "meridian.wan"}}' "$container")
    docker network connect --ip "$address" "${project}_wan" "$container"
  fi
done
