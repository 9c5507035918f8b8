#!/bin/bash
# A small Debian with a real systemd as its first process, for test/systemd (root; debootstrap, a Debian mirror, cgroup version 2):
#   machine.sh root DIRECTORY         makes its files, unless they are there
#   machine.sh boot DIRECTORY GROUP   boots it, in the foreground, in control group GROUP; the network is that of the caller
# It has namespaces of its own for everything but the network; /sys and /proc/sys are read-only, so it can change nothing of the machine.
set -euo pipefail
umask 022
command=${1:-}
root=${2:?usage: machine.sh root|boot DIRECTORY [GROUP]}
case $command in
  root)
    [ -e "$root.done" ] && exit
    mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2> /dev/null || true; } |
      sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb (\[[^]]*\] )?([^ ]+) .*/\2/p' | head -n 1)
    [ -n "$mirror" ] || { echo "machine.sh: no Debian mirror in /etc/apt/sources.list*" >&2; exit 1; }
    rm -rf "$root"
    mkdir -p "$(dirname "$root")"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,libstdc++6,libgomp1,libatomic1 bookworm "$root" "$mirror" > "$root.log"
    touch "$root.done"
    ;;
  boot)
    mount=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
    # Of runs that were killed: those without a process can be removed, others cannot.
    find "$mount" -depth -type d -path "$mount/meridian-test-*" -exec rmdir {} + 2> /dev/null || true
    group=$mount/${3:?}
    mkdir "$group"
    echo $$ > "$group/cgroup.procs"
    exec unshare --mount --pid --fork --kill-child=KILL --uts --ipc --cgroup bash "$0" inside "$root"
    ;;
  inside)
    hostname meridian-test
    mount --make-rprivate /
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    for device in null zero full random urandom tty; do
      touch "$root/dev/$device"
      mount --bind "/dev/$device" "$root/dev/$device"
    done
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    for link in ptmx:pts/ptmx fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2; do
      ln -s "${link#*:}" "$root/dev/${link%%:*}"
    done
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mount --bind "$root/proc/sys" "$root/proc/sys"
    mount -o remount,bind,ro "$root/proc/sys"
    cd "$root"
    pivot_root . mnt
    umount -l /mnt
    exec env -i container=meridian-test PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb /lib/systemd/systemd --log-target=console --show-status=no
    ;;
  *)
    echo "usage: machine.sh root|boot DIRECTORY [GROUP]" >&2
    exit 2
    ;;
esac
