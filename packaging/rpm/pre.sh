# The user, before files are given to its group. As systemd-sysusers has it, or by hand.
getent passwd stigwatch >/dev/null || {
	systemd-sysusers --replace=/usr/lib/sysusers.d/stigwatch.conf - >/dev/null 2>&1 <<'EOF' || :
u stigwatch - "stigwatch agent" /var/lib/stigwatch
EOF
}
getent group stigwatch >/dev/null || groupadd -r stigwatch || exit 1
getent passwd stigwatch >/dev/null ||
	useradd -r -g stigwatch -d /var/lib/stigwatch -M -s /sbin/nologin -c "stigwatch agent" stigwatch || exit 1
exit 0
