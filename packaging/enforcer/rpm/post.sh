systemd-tmpfiles --create /usr/lib/tmpfiles.d/stigwatch-enforcer.conf >/dev/null 2>&1 || {
	install -d -o root -g root -m 0755 /run/stigwatch-enforcer
	install -d -o root -g root -m 0700 /var/lib/stigwatch-enforcer
}
systemctl daemon-reload >/dev/null 2>&1
[ "$1" != 1 ] || systemctl preset stigwatch-enforcer.service stigwatch-enforcer.socket >/dev/null 2>&1
exit 0
