#!/bin/sh
set -e
# remove keeps the log of what was written and the copies for undo; purge takes them.
case "$1" in
remove)
	if command -v deb-systemd-helper >/dev/null; then
		deb-systemd-helper mask stigwatch-enforcer.socket stigwatch-enforcer.service >/dev/null || :
	fi
	rm -rf /run/stigwatch-enforcer
	;;
purge)
	if command -v deb-systemd-helper >/dev/null; then
		deb-systemd-helper purge stigwatch-enforcer.socket stigwatch-enforcer.service >/dev/null || :
		deb-systemd-helper unmask stigwatch-enforcer.socket stigwatch-enforcer.service >/dev/null || :
	fi
	rm -rf /var/lib/stigwatch-enforcer /run/stigwatch-enforcer
	;;
esac
[ ! -d /run/systemd/system ] || systemctl --system daemon-reload >/dev/null || :
exit 0
