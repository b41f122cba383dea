#!/bin/sh
# After the package is erased: take the module out and the labels off. Not after an
# upgrade: rpm says 1 then, dpkg "upgrade". Never a reason for the package to fail.
paths="/usr/bin/stigwatch /usr/lib/systemd/system/stigwatch.service /usr/lib/systemd/system/stigwatch-enforcer.service
	/usr/lib/systemd/system/stigwatch-enforcer.socket /etc/stigwatch /var/lib/stigwatch /var/lib/stigwatch-enforcer /var/log/stigwatch
	/run/stigwatch /run/stigwatch-enforcer"

PATH=/usr/sbin:/usr/bin:/sbin:/bin
case ${1:-0} in 0 | remove) ;; *) exit 0 ;; esac
[ -r /etc/selinux/config ] && command -v semodule >/dev/null || exit 0
SELINUXTYPE=$(sed -n 's/^SELINUXTYPE=\([A-Za-z0-9_-]*\).*/\1/p' /etc/selinux/config | tail -n 1)
[ -d "/etc/selinux/$SELINUXTYPE/policy" ] || exit 0

semodule -n -s "$SELINUXTYPE" -X 200 -r stigwatch >/dev/null 2>&1 || semodule -n -s "$SELINUXTYPE" -r stigwatch >/dev/null 2>&1 || exit 0
[ -e /sys/fs/selinux/enforce ] || exit 0
# First out of the domains that are about to go, then out of the policy.
load_policy || exit 0
for path in $paths; do
	[ ! -e "$path" ] || restorecon -R "$path" || :
done
systemctl daemon-reload >/dev/null 2>&1 || : # systemd keeps the labels of units
systemctl try-restart stigwatch-enforcer.socket stigwatch-enforcer.service stigwatch.service >/dev/null 2>&1 || :
exit 0
