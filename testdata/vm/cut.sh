# One life of a machine whose power is cut: what the cut left is kept, the daemon
# starts and settles, and files are changed until the end. The appliance and the
# state lie on the second disk, and the receiver beyond the network.
. /rig/lib.sh
mkdir -p /run/systemd/system
config="--config /etc/stigwatch/stigwatch.yaml"
word() { sed "s/.*rig\.$1=\([^ ]*\).*/\1/" /proc/cmdline; }
life=$out/life-$(word life)

moment() { "/rig/stigwatch" "$1" --json $config >"$life/$1.json" || [ $? -lt 5 ]; }
empty() {
	moment status
	! grep -qE '"queued": *[1-9]' "$life/status.json"
}

# flip takes a file from one state to another, in place or by rename; every third
# time it waits for the disk.
flips=0
flip() {
	file=/rig/root$1
	if grep -q "$2" "$file"; then sed "s/$2/$3/" "$file" >/rig/beside; else sed "s/$3/$2/" "$file" >/rig/beside; fi
	case $((flips % 2)) in
	0) mv /rig/beside "$file" ;;
	1) cat /rig/beside >"$file" ;;
	esac
	case $((flips % 3)) in 0) sync "$file" ;; esac
	flips=$((flips + 1))
	echo "rig: flip $flips"
}
flip_all() {
	flip $identity '>15<' '>14<'
	flip /mi/config-system/startup_config/systemconfig.xml '<maxsshsessions>5<' '<maxsshsessions>50<'
	flip /etc/snmp/snmpd.conf 'rouser watch priv' 'rocommunity public'
}

# mend makes every file what it was in the beginning, and last not the same as before it.
mend() {
	for file in $identity /mi/config-system/startup_config/systemconfig.xml /etc/snmp/snmpd.conf; do
		cp "/rig/good$file" /rig/beside
		mv /rig/beside "/rig/root$file"
	done
}

ip link set lo up
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
rm -rf "$life"
mkdir -p "$life"
[ ! -e /rig/state ] || cp -r /rig/state "$life/found"
[ -e /rig/good ] || cp -r /rig/root /rig/good
service
cat >>/etc/stigwatch/stigwatch.yaml <<YAML

state_dir: /rig/state
selftest: off
who: {sources: []}
sinks:
  - {name: siem, type: syslog, address: "tcp://10.0.2.2:$(word port)", heartbeat: 1s}
YAML
sed -i 's,^root:.*,root: /rig/root,' /etc/stigwatch/stigwatch.yaml
[ ! -e "$life/found" ] || /rig/stigwatch journal verify $config >"$life/verify" 2>&1 || echo "exit $?" >>"$life/verify"
systemctl start stigwatch
[ -e "$life/found" ] || script -qec "/rig/stigwatch journal key $config" /dev/null
until_true empty
moment check
sync
echo 'rig: settled'
if [ "$(word last)" = yes ]; then
	life=$out/end
	mkdir "$life"
	flip_all
	mend
	until_true empty
	moment status
	moment check
	systemctl stop stigwatch
	echo 'rig: all done'
	exit
fi
while :; do flip_all; done
