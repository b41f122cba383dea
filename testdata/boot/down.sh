#!/bin/sh
# Ends what up.sh booted, and its control groups: down.sh NAME DIR.
name=$1 pid=$(cat "$2/nspawn")
kill -TERM "$pid" 2>/dev/null
n=0
while [ $n -lt 100 ] && kill -0 "$pid" 2>/dev/null; do
	n=$((n + 1))
	sleep 0.1
done
kill -KILL "$pid" 2>/dev/null
groups=/sys/fs/cgroup
if [ -d $groups/unified ]; then groups="$groups/systemd $groups/unified"; fi
for g in $groups; do find "$g/$name" -depth -type d -exec rmdir {} \; 2>/dev/null; done
exit 0
