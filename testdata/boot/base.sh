#!/bin/sh
# Makes the little Debian that `make test-boot` boots in a container, with systemd as
# PID 1: base.sh SUITE. Made once, as root; made anew when this file changes. Each
# boot works on a layer over it, so it stays as it is.
set -eu
suite=$1
dir=${XDG_CACHE_HOME:-$HOME/.cache}/stigwatch-rigs/boot/$suite
stamp=$(cksum <"$0")
[ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ] && exit 0
[ "$(id -u)" = 0 ] || { echo "the container's tree is made as root, once: sudo --preserve-env=HOME make test-boot" >&2; exit 1; }
rm -rf "$dir"
mkdir -p "$dir"
mmdebstrap --quiet --variant=minbase \
	--include=systemd,systemd-sysv,dbus,iproute2,procps,passwd,login,rsyslog,rsyslog-openssl,openssl,openssh-server,rpm,sudo \
	--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	"$suite" "$dir/root"
root=$dir/root
echo sentry1.lab.example >"$root/etc/hostname"
echo '127.0.0.1 localhost sentry1.lab.example' >"$root/etc/hosts"
rm -f "$root/etc/machine-id"
: >"$root/etc/machine-id"
# There is no kernel log to read here, and no console to log in at.
sed -i 's/^module(load="imklog".*/#&/' "$root/etc/rsyslog.conf"
for unit in console-getty.service getty@.service serial-getty@.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer systemd-timesyncd.service; do
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
echo "$stamp" >"$dir/stamp"
