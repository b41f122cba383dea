[ "$1" != 0 ] || {
	systemctl disable stigwatch-enforcer.socket stigwatch-enforcer.service >/dev/null 2>&1
	systemctl stop stigwatch-enforcer.socket stigwatch-enforcer.service >/dev/null 2>&1
}
exit 0
