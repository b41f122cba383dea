#!/bin/sh
# Boots a tree with systemd as PID 1: up.sh NAME ROOT DIR [arguments of systemd-nspawn].
# DIR keeps its log and, in leader, the pid of its PID 1. It comes back when that is
# running, and says so. The container's processes are in control groups of its own.
# It cannot set the clock, which is the machine's.
set -eu
name=$1 root=$2 dir=$3
shift 3
groups=/sys/fs/cgroup
if [ -d $groups/unified ]; then groups="$groups/systemd $groups/unified"; fi
for g in $groups; do mkdir -p "$g/$name"; done
(
	for g in $groups; do sh -c 'echo $PPID' >"$g/$name/cgroup.procs"; done
	# Its services may use what its own units allow: nspawn takes nothing more away.
	export SYSTEMD_SECCOMP=0 SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
	exec systemd-nspawn -D "$root" -b --machine="$name" --register=no --keep-unit --private-network --resolv-conf=off --timezone=off \
		--link-journal=no --console=pipe --capability=all --drop-capability=CAP_SYS_TIME "$@" </dev/null >"$dir/log" 2>&1
) &
echo $! >"$dir/nspawn"
n=0
while [ $n -lt 600 ]; do
	n=$((n + 1))
	kill -0 "$(cat "$dir/nspawn")" 2>/dev/null || { echo "it ended at once:"; cat "$dir/log"; exit 1; }
	leader=$(pgrep -P "$(cat "$dir/nspawn")" | head -n 1) || leader=
	state=
	[ -z "$leader" ] || state=$(nsenter -t "$leader" -a systemctl is-system-running 2>/dev/null) || :
	case "$state" in running | degraded)
		echo "$leader" >"$dir/leader"
		exit 0
		;;
	esac
	sleep 0.1
done
echo "systemd is not up after a minute: $state"
cat "$dir/log"
exit 1
