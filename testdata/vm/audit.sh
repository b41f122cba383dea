# Who changed a file, by a real auditd: people who log in over ssh and on a
# terminal change files with editors and redirections, a package is installed, and
# what nobody logged in to changes something too. Each deed leaves a line with the
# process that does it in out/deeds, beside which the test holds what was told.
. /rig/lib.sh
appliance
mkdir -p /run/systemd/system

people() {
	useradd -m -s /bin/sh admin
	echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
	ssh-keygen -q -t ed25519 -N '' -f /root/id
	install -d -o admin -m 700 /home/admin/.ssh
	install -o admin -m 600 /root/id.pub /home/admin/.ssh/authorized_keys
	mkdir -p /run/sshd
	ip link set lo up
	systemctl unmask -q ssh
	systemctl start ssh
}

# the rules, as their own file says
rules() {
	mkdir -p /var/lib/net-snmp /etc/rsyslog.d
	install -o root -g root -m 0640 /rig/stigwatch.rules /etc/audit/rules.d/40-stigwatch.rules
	augenrules --load >/dev/null
	auditctl -l | grep -c stigwatch >$out/rules
}

receiver() {
	cat >/etc/rsyslog.d/10-rig.conf <<CONF
module(load="imtcp")
input(type="imtcp" port="601" ruleset="rig")
ruleset(name="rig") { action(type="omfile" file="$out/syslog" template="RSYSLOG_SyslogProtocol23Format") }
CONF
	systemctl restart rsyslog
}

# phase starts the daemon anew, with the sources and the wait that follow.
phase() {
	phase=$1
	systemctl stop stigwatch 2>/dev/null || true
	mkdir -p "$out/$phase"
	cp /rig/etc/stigwatch.yaml /etc/stigwatch/stigwatch.yaml
	sed -i 's,^root:.*,root: /,' /etc/stigwatch/stigwatch.yaml
	cat >>/etc/stigwatch/stigwatch.yaml <<YAML

state_dir: /var/lib/stigwatch-$phase
who: {sources: [$2], wait: $3}
probe: false
selftest: off
sinks:
  - {name: siem, type: syslog, address: "tcp://127.0.0.1:601", format: cef}
  - {name: kept, type: file, path: $out/$phase/alerts, max_size_mb: 100}
YAML
	systemctl start stigwatch
}

# done_with keeps the journal of a phase.
done_with() {
	sleep 1 # the daemon itself reads the logs for half a second more, and says nothing when it is over
	systemctl stop stigwatch
	cp -r "/var/lib/stigwatch-$phase" "$out/$phase/state"
}

# by_ssh, by_terminal and by_nobody run a program of /root as root.
by_ssh() { ssh -tt -o StrictHostKeyChecking=no -o LogLevel=ERROR -o ControlMaster=auto -o ControlPath=/run/mux -o ControlPersist=yes -i /root/id admin@127.0.0.1 sudo "$@"; }
by_terminal() { # login(1) throws away what was typed before it asks
	echo "sudo $*; exit" >/home/admin/.profile
	script -qec 'login -f admin' /dev/null
}
by_nobody() { "$@"; }

# told is how many alerts there are about the rules that the deeds break and mend.
told() { count '"rule":"V-\(250989\|250999\)"' "$out/$phase/alerts"; }
more() { [ "$(told)" -gt "$before" ]; }

# deed NAME ACTOR: has the program /root/NAME run, waits for its alert, and notes
# its process.
deed() {
	echo "rig: $phase $1 $2 $(cut -d" " -f1 /proc/uptime)"
	before=$(told)
	"$2" "/root/$1" >/run/said 2>&1 || cat /run/said
	until_true more
	echo "$phase $1 $2 $(cat /run/deed)" >>$out/deeds
}

# program makes one that changes something, from a shell's text.
program() {
	printf '#!/bin/sh\necho $$ $(tty) >/run/deed\n%s\n' "$2" >"/root/$1"
	chmod 755 "/root/$1"
}

programs() {
	sed 's/>15</>14</' $identity >/root/bad.xml
	cp $identity /root/good.xml
	program sed "exec sed -i 's/>15</>14</' $identity"
	program echo "text=\$(cat /root/good.xml); echo \"\$text\" >$identity"
	program mv "cp /root/bad.xml /mi/new.xml; exec mv /mi/new.xml $identity"
	program perl "exec perl -e 'open F, \"<\", \"/root/good.xml\"; @t = <F>; open G, \">\", \"$identity\"; print G @t; close G'"
	program cd "cd ${identity%/*}; exec sed -i 's/>15</>14</' ${identity##*/}"
	program undo "exec cp /root/good.xml $identity"
	program remove "exec rm $identity"
	program dpkg "exec dpkg -i /root/rig-ntp.deb"
	mkdir -p /root/deb/DEBIAN /root/deb/etc
	printf 'Package: rig-ntp\nVersion: 1.2-3\nArchitecture: all\nMaintainer: rig <rig@example.org>\nDescription: a changed chrony.conf\n' >/root/deb/DEBIAN/control
	grep -v '^server' /etc/chrony.conf >/root/deb/etc/chrony.conf
	dpkg-deb -b /root/deb /root/rig-ntp.deb >/dev/null
}

# deeds are all of them, each by somebody.
deeds() {
	deed sed by_ssh
	deed echo by_ssh
	deed mv by_ssh
	deed perl by_ssh
	deed cd by_terminal
	deed echo by_terminal
	deed sed by_nobody
	deed undo by_nobody
	deed remove by_ssh
	deed undo by_ssh
}

some() {
	deed sed by_ssh
	deed echo by_terminal
	deed mv by_nobody
	deed perl by_ssh
}

people
receiver
programs
service

phase none audit 300ms # auditd runs, and has none of our rules
deed sed by_ssh
deed echo by_ssh
done_with

rules
phase audit audit 1s
deeds
done_with
phase later audit 0ms
some
done_with
phase both "audit, fanotify" 0ms
some
done_with
phase fanotify fanotify 0ms
some
done_with
phase packages "audit, packages" 1s
deed dpkg by_ssh
done_with
cp /var/log/audit/audit.log /etc/passwd $out/
cp /var/log/dpkg.log $out/
systemctl stop rsyslog syslog.socket
echo 'rig: all done'
