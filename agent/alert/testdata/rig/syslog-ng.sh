#!/bin/sh
# Unpacks Debian's syslog-ng beside the system, for tests: as a package it
# conflicts with rsyslog. Installs nothing.
set -eu
root=${XDG_CACHE_HOME:-$HOME/.cache}/stigwatch-rigs/syslog-ng
command -v syslog-ng >/dev/null && exit 0
[ -x "$root/usr/sbin/syslog-ng" ] && exit 0
command -v apt-get >/dev/null || { echo "install syslog-ng: the tests talk to a real one" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# It, and what it needs and is not installed.
needed() { apt-get install -s --no-install-recommends syslog-ng-core 2>/dev/null | sed -n 's/^Inst \([^ ]*\).*/\1/p'; }
packages=$(needed)
if [ -z "$packages" ]; then
	sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
	$sudo apt-get update -q
	packages=$(needed)
fi
apt-get download -q $packages
for package in *.deb; do dpkg -x "$package" root; done
mkdir -p "${root%/*}"
rm -rf "$root"
mv root "$root"
