#!/bin/bash
# Removes one lab completely: processes, links, namespaces, cgroups, files. The only clean-up there is: Lab.dispose(),
# the exit of the test process, its watchdog and the reaper of dead labs all come here. Safe to run twice at once.
#
#   cleanup.sh ID FOLDER TOKEN           now
#   cleanup.sh --watch ID FOLDER TOKEN   when standard input ends, that is when the process at its other end is gone
#
# Exit code 1, with a list on standard error, when something could not be removed; the folder then stays for a next try.
set -u
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin

cgroups() { find /sys/fs/cgroup -depth -type d -path "*/$id-*" 2>/dev/null; }

# Everything of the lab is in one of its cgroups or carries its mark in the environment.
processes() {
  {
    cgroups | while read -r group; do cat "$group/cgroup.procs" 2>/dev/null; done
    grep -lzxs "SWARM_LAB=$id" /proc/[0-9]*/environ | cut -d/ -f3
  } | sort -un | while read -r pid; do
    grep -qs '^State:[[:space:]]*Z' "/proc/$pid/status" || echo "$pid"
  done
}

# A frozen process takes its signal only once thawed.
thaw() {
  cgroups | while read -r group; do
    [ -e "$group/freezer.state" ] && echo THAWED >"$group/freezer.state"
    [ -e "$group/cgroup.freeze" ] && echo 0 >"$group/cgroup.freeze"
  done 2>/dev/null
}

namespaces() { ip netns list 2>/dev/null | cut -d' ' -f1 | grep "^$id-"; }
links() { ip -o link show 2>/dev/null | cut -d: -f2 | tr -d ' ' | cut -d@ -f1 | grep -x "${id}h"; }
mounts() { cut -d' ' -f5 /proc/self/mountinfo | grep "^$folder/" | sort -r; }

main() {
  if [ "$1" = --watch ]; then
    shift
    trap '' INT HUP TERM
    cat >/dev/null
  fi
  id=$1 folder=$2 token=$3
  cd / || exit 1

  # One cleaner at a time. The token tells this lab from a later one that got the same name.
  exec 9<"$folder" || exit 0
  flock 9
  [ "$(cat "$folder/token" 2>/dev/null)" = "$token" ] || exit 0

  # Namespaces, shims and mounts vanish a moment after the process that held them: try until all is gone.
  for try in $(seq 150); do
    thaw
    pids=$(processes)
    if [ -n "$pids" ]; then
      # shellcheck disable=SC2086
      kill -KILL $pids 2>/dev/null
      sleep 0.05
      continue
    fi
    mounts | while read -r mount; do umount -l "$mount"; done
    # A namespace dies asynchronously and takes its end of a veth with it; the hub's end goes first, by name.
    ip -n "$id-hub" -o link show 2>/dev/null | cut -d: -f2 | cut -d@ -f1 | grep '^ v-' |
      while read -r link; do ip -n "$id-hub" link del "$link"; done 2>/dev/null
    namespaces | while read -r namespace; do ip netns del "$namespace"; done 2>/dev/null
    links | while read -r link; do ip link del "$link"; done 2>/dev/null
    cgroups | while read -r group; do rmdir "$group"; done 2>/dev/null
    if [ -z "$(processes)$(mounts)$(namespaces)$(links)$(cgroups)" ]; then
      # `ip` mounts this folder with the first namespace and leaves it so; it does again whenever it is needed.
      [ -z "$(ip netns list)" ] && umount /run/netns 2>/dev/null
      rm -rf "$folder" && exit 0
    fi
    sleep 0.1
  done
  echo "lab $id: not everything could be removed:" >&2
  for what in processes mounts namespaces links cgroups; do $what | sed "s|^|  $what: |" >&2; done
  exit 1
}

# On one line, so that the shell has read it all: a watchdog waits for hours, and the file may change meanwhile.
main "$@"; exit
