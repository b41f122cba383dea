# What the scripts of the virtual machine have in common. They run as root, by
# systemd, which nobody logged in to: /rig is the second disk, /rig/out is kept.
set -eu
exec </dev/null
PATH=/usr/sbin:/usr/bin
out=/rig/out
identity=/mi/config-system/startup_config/identityconfig.xml

# until_true waits for a command to succeed, minutes at most.
until_true() {
	for _ in $(seq 1500); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	echo "rig: never true: $*"
	exit 1
}

# appliance lays the little one's files into the machine's own root, but for those
# by which people log in here.
appliance() {
	cp -r /rig/root/mi /
	for part in chrony.conf crypto-policies httpd issue issue.net pki security snmp sysconfig; do
		cp -r "/rig/root/etc/$part" /etc/
	done
}

# service makes the unit of the daemon, with the flags that follow.
service() {
	mkdir -p /etc/stigwatch
	cp -r /rig/etc/. /etc/stigwatch
	cat >/run/systemd/system/stigwatch.service <<UNIT
[Service]
Type=notify
ExecStart=/rig/stigwatch run --config /etc/stigwatch/stigwatch.yaml $*
WatchdogSec=60
TimeoutStartSec=300
UNIT
	systemctl daemon-reload
}

# count is how many lines of a file have something; 0 when it is not there yet.
count() { cat "$2" 2>/dev/null | grep -c "$1" || true; }
