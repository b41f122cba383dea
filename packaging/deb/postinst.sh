#!/bin/sh
set -e
unit=stigwatch.service
case "$1" in
configure)
	systemd-sysusers stigwatch.conf >/dev/null 2>&1 || :
	getent group stigwatch >/dev/null || groupadd -r stigwatch
	getent passwd stigwatch >/dev/null ||
		useradd -r -g stigwatch -d /var/lib/stigwatch -M -s /usr/sbin/nologin -c "stigwatch agent" stigwatch
	for path in /etc/stigwatch /etc/stigwatch/mapping.d /etc/stigwatch/stigwatch.yaml; do
		[ ! -e "$path" ] || dpkg-statoverride --list "$path" >/dev/null || chgrp stigwatch "$path"
	done
	systemd-tmpfiles --create stigwatch.conf >/dev/null 2>&1 ||
		for dir in /run /var/lib /var/log; do install -d -o stigwatch -g stigwatch -m 0750 "$dir/stigwatch"; done
	[ -d /var/lib/stigwatch/evidence ] || install -d -o root -g stigwatch -m 0750 /var/lib/stigwatch/evidence
	back= # from a removal, which masked it: it starts as at first
	if command -v deb-systemd-helper >/dev/null; then
		[ ! -L /etc/systemd/system/$unit ] || back=yes
		deb-systemd-helper unmask $unit >/dev/null || :
		[ ! -L /etc/systemd/system/$unit ] || back=
		if deb-systemd-helper --quiet was-enabled $unit; then
			deb-systemd-helper enable $unit >/dev/null || :
		else
			deb-systemd-helper update-state $unit >/dev/null || :
		fi
	fi
	if [ -d /run/systemd/system ]; then
		systemctl --system daemon-reload >/dev/null || :
		if [ -z "$2" ] || [ -n "$back" ]; then
			deb-systemd-invoke start $unit >/dev/null || :
		elif systemctl --quiet is-active $unit; then
			deb-systemd-invoke restart $unit >/dev/null || :
		fi
	fi
	;;
esac
exit 0
