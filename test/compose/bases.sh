#!/bin/bash
# Stand-ins for the base images of the Dockerfile and the compose file, for machines that can reach a Debian mirror but no image
# registry: `bases.sh DIRECTORY` (root; debootstrap; a Docker engine in DOCKER_HOST). What is there already is left alone, so where
# images can be pulled, pull them and this does nothing. They are Debian with the same programs in the same places:
#   debian:bookworm-slim        minbase without documentation and translations, as the official one
#   node:MAJOR-bookworm-slim    the same, this machine's Node with npm and its package cache, and the tools of the build stage
#   redis:7-bookworm            the same, Debian's Redis as user 999 with /data
#   meridian-stand-in:tools     the same, dig and curl: the base of the client
# The Debian mirror is the one of this machine's own apt settings.
set -euo pipefail
umask 022 # modes are part of an image
work=${1:?usage: bases.sh DIRECTORY}
mkdir -p "$work"
major=$(node -p 'process.versions.node.split(".")[0]')
packages=$(sha256sum "$(dirname "$0")/../../package-lock.json" | cut -c 1-16)
missing() { ! docker image inspect "$1" > /dev/null 2>&1; }

mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2> /dev/null || true; } |
  sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb (\[[^]]*\] )?([^ ]+) bookworm .*/\2/p' | head -n 1)

plain() {
  [ -e "$work/plain.done" ] && return
  [ -n "$mirror" ] || { echo "bases.sh: no Debian mirror in /etc/apt/sources.list*" >&2; exit 1; }
  rm -rf "$work/plain"
  debootstrap --variant=minbase bookworm "$work/plain" "$mirror" > "$work/debootstrap.log"
  touch "$work/plain.done"
}

# tree NAME PACKAGE...: a copy of the plain tree with these packages.
tree() {
  local root=$work/$1
  shift
  plain
  rm -rf "$root"
  cp -a "$work/plain" "$root"
  if [ $# -gt 0 ]; then
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d" # no package starts a service in here
    chmod +x "$root/usr/sbin/policy-rc.d"
    chroot "$root" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -qq --no-install-recommends "$@" > "$root.log" 2>&1
    rm -f "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf"
  fi
  rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/* \
    "$root"/usr/share/{doc,man,info,lintian,linda}/* "$root"/usr/share/locale/*
}

# into IMAGE NAME [CHANGE...]: the tree becomes the image.
into() {
  local image=$1 root=$work/$2 changes=()
  shift 2
  for change in "$@"; do changes+=(--change "$change"); done
  tar -C "$root" --numeric-owner --exclude=./dev/* --exclude=./proc/* --exclude=./sys/* -c . | docker import "${changes[@]}" - "$image" > /dev/null
  rm -rf "$root"
  echo "stand-in made: $image"
}

if missing debian:bookworm-slim; then
  tree debian
  into debian:bookworm-slim debian 'CMD ["bash"]'
fi
if missing "node:$major-bookworm-slim"; then
  tree node g++ make python3 libcap2-bin tini
  # Debian unpacks the official Node under /usr, the official image under /usr/local; only the place differs.
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  install -D "$(readlink -f "$(command -v node)")" "$work/node/usr/local/bin/node"
  mkdir -p "$work/node/usr/local/include" "$work/node/usr/local/lib/node_modules"
  cp -a "$prefix/include/node" "$work/node/usr/local/include/node"
  cp -a "$prefix/lib/node_modules/npm" "$work/node/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/node/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$work/node/usr/local/bin/npx"
  # npm's cache, with which `npm ci --prefer-offline` needs no registry.
  mkdir -p "$work/node/root/.npm"
  cp -a "$(npm config get cache 2> /dev/null)/_cacache" "$work/node/root/.npm/_cacache"
  into "node:$major-bookworm-slim" node 'CMD ["node"]' "LABEL meridian.packages=$packages"
fi
# Our own stand-in with the packages of another package-lock.json: npm's cache again.
made_for=$(docker image inspect --format '{{index .Config.Labels "meridian.packages"}}' "node:$major-bookworm-slim")
if [ -n "$made_for" ] && [ "$made_for" != "$packages" ]; then
  printf 'FROM node:%s-bookworm-slim\nCOPY _cacache /root/.npm/_cacache\nLABEL meridian.packages=%s\n' "$major" "$packages" |
    docker build -q -t "node:$major-bookworm-slim" -f - "$(npm config get cache 2> /dev/null)" > /dev/null
  echo "stand-in has the packages of now: node:$major-bookworm-slim"
fi
if missing redis:7-bookworm; then
  tree redis redis-server
  chroot "$work/redis" sh -c 'usermod -u 999 redis && groupmod -g 999 redis && mkdir -p /data && chown 999:999 /data'
  into redis:7-bookworm redis 'WORKDIR /data' 'VOLUME /data' 'USER 999:999' 'EXPOSE 6379' 'CMD ["redis-server"]'
fi
if missing meridian-stand-in:tools; then
  tree tools bind9-dnsutils curl ca-certificates
  into meridian-stand-in:tools tools 'CMD ["bash"]'
fi
