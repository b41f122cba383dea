# State, alerts and configuration that was changed stay: docs/install.md, "Remove".
[ "$1" != 0 ] || {
	rm -f /etc/systemd/system/stigwatch.service.d/old-systemd.conf
	rmdir /etc/systemd/system/stigwatch.service.d 2>/dev/null
	rmdir /run/stigwatch 2>/dev/null
}
systemctl daemon-reload >/dev/null 2>&1
exit 0
