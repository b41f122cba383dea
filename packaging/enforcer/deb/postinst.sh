#!/bin/sh
set -e
units="stigwatch-enforcer.socket stigwatch-enforcer.service"
case "$1" in
configure)
	systemd-tmpfiles --create stigwatch-enforcer.conf >/dev/null 2>&1 || {
		install -d -o root -g root -m 0755 /run/stigwatch-enforcer
		install -d -o root -g root -m 0700 /var/lib/stigwatch-enforcer
	}
	back= # from a removal, which masked it: it starts as at first
	if command -v deb-systemd-helper >/dev/null; then
		[ ! -L /etc/systemd/system/stigwatch-enforcer.socket ] || back=yes
		for unit in $units; do
			deb-systemd-helper unmask $unit >/dev/null || :
			if deb-systemd-helper --quiet was-enabled $unit; then
				deb-systemd-helper enable $unit >/dev/null || :
			else
				deb-systemd-helper update-state $unit >/dev/null || :
			fi
		done
		[ ! -L /etc/systemd/system/stigwatch-enforcer.socket ] || back=
	fi
	if [ -d /run/systemd/system ]; then
		systemctl --system daemon-reload >/dev/null || :
		if [ -z "$2" ] || [ -n "$back" ]; then
			deb-systemd-invoke start stigwatch-enforcer.socket >/dev/null || :
		elif systemctl --quiet is-active stigwatch-enforcer.service; then
			deb-systemd-invoke restart stigwatch-enforcer.service >/dev/null || :
		fi
	fi
	;;
esac
exit 0
