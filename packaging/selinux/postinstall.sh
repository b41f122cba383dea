#!/bin/sh
# After the package is installed or upgraded: load the module and label what it
# names. Where SELinux is disabled the module waits in the store; where there is no
# policy nothing is done. Never a reason for the package to fail.
module=/usr/share/selinux/packages/stigwatch.pp
paths="/usr/bin/stigwatch /usr/lib/systemd/system/stigwatch.service /usr/lib/systemd/system/stigwatch-enforcer.service
	/usr/lib/systemd/system/stigwatch-enforcer.socket /etc/stigwatch /var/lib/stigwatch /var/lib/stigwatch-enforcer /var/log/stigwatch
	/run/stigwatch /run/stigwatch-enforcer"

PATH=/usr/sbin:/usr/bin:/sbin:/bin
[ -r /etc/selinux/config ] && command -v semodule >/dev/null || exit 0
SELINUXTYPE=$(sed -n 's/^SELINUXTYPE=\([A-Za-z0-9_-]*\).*/\1/p' /etc/selinux/config | tail -n 1)
[ -d "/etc/selinux/$SELINUXTYPE/policy" ] || exit 0

# A service that cannot gain privileges changes its domain only where the policy can
# say so. Elsewhere (EL7 before 7.5) the enforcer would not start: it stays as it was.
nnp=/sys/fs/selinux/policy_capabilities/nnp_nosuid_transition
if [ -d "${nnp%/*}" ] && [ "$(cat $nnp 2>/dev/null)" != 1 ]; then
	echo "stigwatch-selinux: this policy has no nnp_nosuid_transition: the module is not loaded" >&2
	exit 0
fi

# 200 is the priority of packages; semodule before 2.4 knows none.
semodule -n -s "$SELINUXTYPE" -X 200 -i $module 2>/dev/null || semodule -n -s "$SELINUXTYPE" -i $module || {
	echo "stigwatch-selinux: the module was not taken: semodule -i $module says why" >&2
	exit 0
}
[ -e /sys/fs/selinux/enforce ] || exit 0
load_policy || exit 0
for path in $paths; do
	[ ! -e "$path" ] || restorecon -R "$path" || :
done
# What runs keeps its old domain until it starts anew.
systemctl daemon-reload >/dev/null 2>&1 || : # systemd keeps the labels of units
systemctl try-restart stigwatch-enforcer.socket stigwatch-enforcer.service stigwatch.service >/dev/null 2>&1 || :
exit 0
