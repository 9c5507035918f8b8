#!/bin/bash
# A Docker engine of our own, for machines where none runs: `engine.sh start DIRECTORY` (root) and `engine.sh stop DIRECTORY`. It lives
# in a network namespace, so its bridges and firewall rules are not those of the machine, and nothing in it reaches the outside.
# Its socket is DIRECTORY/docker.sock: DOCKER_HOST=unix://DIRECTORY/docker.sock.
set -euo pipefail
command=${1:-}
work=${2:?usage: engine.sh start|stop DIRECTORY}
case $command in
  start)
    mkdir -p "$work"
    [ -S "$work/docker.sock" ] && DOCKER_HOST=unix://$work/docker.sock docker info > /dev/null 2>&1 && exit 0
    for program in dockerd docker unshare; do
      command -v "$program" > /dev/null && continue
      echo "engine.sh: $program is missing: apt-get install docker.io util-linux, and the compose plugin of docker" >&2
      exit 1
    done
    driver=vfs # works everywhere, and copies every layer
    if grep -qw overlay /proc/filesystems; then driver=overlay2; fi
    setsid unshare --net bash -c "ip link set lo up && exec dockerd --storage-driver $driver --data-root '$work/data' \
      --exec-root '$work/exec' --pidfile '$work/docker.pid' --host 'unix://$work/docker.sock' --bip 10.152.0.1/24" \
      > "$work/engine.log" 2>&1 < /dev/null &
    for _ in $(seq 60); do
      DOCKER_HOST=unix://$work/docker.sock docker info > /dev/null 2>&1 && exit 0
      sleep 1
    done
    echo "engine.sh: no engine after 60 s; see $work/engine.log" >&2
    exit 1
    ;;
  stop)
    [ -f "$work/docker.pid" ] || exit 0
    pid=$(cat "$work/docker.pid")
    kill "$pid" 2> /dev/null || exit 0
    while kill -0 "$pid" 2> /dev/null; do sleep 0.5; done
    ;;
  *)
    echo "usage: engine.sh start|stop DIRECTORY" >&2
    exit 2
    ;;
esac
