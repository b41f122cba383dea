[ "$1" != 0 ] || {
	systemctl disable stigwatch.service >/dev/null 2>&1
	systemctl stop stigwatch.service >/dev/null 2>&1
}
exit 0
