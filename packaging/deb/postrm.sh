#!/bin/sh
set -e
# remove keeps configuration, state and alerts; purge takes all of it, and the user.
case "$1" in
remove)
	! command -v deb-systemd-helper >/dev/null || deb-systemd-helper mask stigwatch.service >/dev/null || :
	rmdir /run/stigwatch 2>/dev/null || :
	;;
purge)
	if command -v deb-systemd-helper >/dev/null; then
		deb-systemd-helper purge stigwatch.service >/dev/null || :
		deb-systemd-helper unmask stigwatch.service >/dev/null || :
	fi
	rm -rf /var/lib/stigwatch /var/log/stigwatch /run/stigwatch /etc/stigwatch
	rm -f /etc/systemd/system/stigwatch.service.d/old-systemd.conf
	if getent passwd stigwatch >/dev/null; then
		userdel stigwatch >/dev/null 2>&1 || :
	fi
	if getent group stigwatch >/dev/null; then
		groupdel stigwatch >/dev/null 2>&1 || :
	fi
	;;
esac
[ ! -d /run/systemd/system ] || systemctl --system daemon-reload >/dev/null || :
exit 0
