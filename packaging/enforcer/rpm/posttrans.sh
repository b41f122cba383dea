systemctl try-restart stigwatch-enforcer.socket stigwatch-enforcer.service >/dev/null 2>&1
exit 0
