#!/bin/sh
# Makes the machine that `make test-vm` boots: Debian with systemd, auditd,
# rsyslog and sshd, as an image with its kernel and initramfs. Made once, as root;
# made anew when this file changes. It runs /run of the second disk, and ends.
# With the argument "selinux" it has Debian's policy besides, every file its label,
# and the programs that the enforcer asks.
set -eu
flavour=${1:-}
dir=${XDG_CACHE_HOME:-$HOME/.cache}/stigwatch-rigs/vm${flavour:+-$flavour}
more=
[ "$flavour" != selinux ] || more=,selinux-policy-default,policycoreutils,selinux-utils,chrony
stamp=$(cksum <"$0")
[ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ] && exit 0
[ "$(id -u)" = 0 ] || { echo "the machine's tree is made as root, once: sudo --preserve-env=HOME make test-vm" >&2; exit 1; }
rm -rf "$dir"
mkdir -p "$dir"
# Only the drivers of the disks and the network: it boots by emulation, and every byte costs.
mmdebstrap --quiet --variant=minbase \
	--include=systemd,systemd-sysv,dbus,iproute2,procps,kmod,udev,passwd,login,rsyslog,auditd,openssh-server,openssh-client,sudo,linux-image-cloud-amd64,initramfs-tools$more \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	--essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"; echo MODULES=list >"$1/etc/initramfs-tools/conf.d/rig"
		printf "virtio_pci\nvirtio_blk\nvirtio_net\next4\n" >"$1/etc/initramfs-tools/modules"' \
	bookworm "$dir/root"
root=$dir/root
mkdir -p "$root/rig" "$root/etc/systemd/system/multi-user.target.wants"
echo rig >"$root/etc/hostname"
echo '127.0.0.1 localhost rig' >"$root/etc/hosts"
cat >"$root/etc/systemd/system/rig.service" <<'UNIT'
[Unit]
Description=What is tested
DefaultDependencies=no
After=multi-user.target

[Service]
Type=simple
ExecStart=/bin/sh -c 'mount /dev/vdb /rig && exec sh /rig/run'
ExecStopPost=/bin/sh -c 'umount /rig; sync; echo o >/proc/sysrq-trigger; exec sleep 60'
TimeoutSec=infinity
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
UNIT
ln -s ../rig.service "$root/etc/systemd/system/multi-user.target.wants/rig.service"
for unit in getty@tty1 serial-getty@ttyS0 ssh apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap fstrim.timer systemd-timesyncd; do
	case $unit in *.timer) ;; *) unit=$unit.service ;; esac
	ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
cp "$root"/boot/vmlinuz-* "$dir/kernel"
cp "$root"/boot/initrd.img-* "$dir/initramfs"
rm -rf "$root"/boot/* "$root"/vmlinuz* "$root"/initrd.img* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
if [ "$flavour" = selinux ]; then
	printf 'SELINUX=enforcing\nSELINUXTYPE=default\n' >"$root/etc/selinux/config"
	setfiles -F -r "$root" "$root/etc/selinux/default/contexts/files/file_contexts" "$root"
fi
mke2fs -q -t ext4 -d "$root" "$dir/system.img" 1G
rm -rf "$root"
echo "$stamp" >"$dir/stamp"
