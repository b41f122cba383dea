# SELinux in Enforcing, Debian's policy: the module goes in as its package puts it
# in, agent and enforcer do their work in their domains, and what the kernel denied
# is kept: of the work itself, and of deeds that are to be denied.
. /rig/lib.sh
appliance
chrony=/etc/chrony.conf

domain_of() { ps -o label= -p "$(systemctl show -p MainPID --value "$1")"; }
# denials keeps those of our domains so far.
denials() { { ausearch -i -m avc,selinux_err,user_avc -ts boot 2>/dev/null || true; } | grep -E '^type=[A-Z_]*(AVC|SELINUX_ERR).*stigwatch_' >"$out/$1" || true; }

install_package() {
	groupadd -r stigwatch
	useradd -r -g stigwatch -d /var/lib/stigwatch -M -s /usr/sbin/nologin stigwatch
	cp /rig/stigwatch /usr/bin/stigwatch
	cp /rig/systemd/*.service /rig/systemd/*.socket /usr/lib/systemd/system/
	install -d -o root -g stigwatch -m 0750 /etc/stigwatch
	install -d -o stigwatch -g stigwatch -m 0750 /var/lib/stigwatch /var/log/stigwatch
	cp -r /rig/etc/. /etc/stigwatch
	mkdir -p /usr/share/selinux/packages
	cp /rig/stigwatch.pp /usr/share/selinux/packages/
	configure
	mkdir -p /etc/systemd/system/stigwatch.service.d
	echo token >/etc/stigwatch/token
	printf '[Service]\nLoadCredential=splunk:/etc/stigwatch/token\n' >/etc/systemd/system/stigwatch.service.d/credentials.conf
	chown -R root:stigwatch /etc/stigwatch
	chmod -R u=rwX,g=rX,o= /etc/stigwatch
	systemctl daemon-reload
	systemctl start stigwatch-enforcer.socket stigwatch || true # by the policy as it is without the module
	sh /rig/selinux/postinstall.sh >$out/postinstall 2>&1 || echo "exit $?" >>$out/postinstall
}

configure() {
	rm -r /etc/stigwatch/evidence
	cat >/etc/stigwatch/stigwatch.yaml <<YAML
site: site.yaml
mappings: [mapping.d]
attestations: attestations.yaml
who: {sources: [audit, packages], wait: 300ms}
selftest: off
enforce:
  mode: alert
  rules: {V-250999: enforce}
sinks:
  - {name: siem, type: syslog, address: "tcp://127.0.0.1:514"}
  - {name: local, type: syslog}
  - {name: journal, type: journald}
  - {name: splunk, type: hec, address: "https://127.0.0.1/", token_file: "credential:splunk"}
  - {name: kept, type: file, path: /var/log/stigwatch/alerts, max_size_mb: 100}
YAML
}

# services are what the appliance runs and Debian has, with the appliance's settings.
services() {
	install -m 0640 /rig/stigwatch.rules /etc/audit/rules.d/40-stigwatch.rules
	mkdir -p /var/lib/net-snmp
	augenrules --load >/dev/null
	cp /rig/root/etc/rsyslog.d/60-remote.conf /etc/rsyslog.d/
	cat >/etc/rsyslog.d/10-rig.conf <<CONF
module(load="imtcp")
input(type="imtcp" port="514" ruleset="rig")
ruleset(name="rig") { action(type="omfile" file="/var/log/rig" template="RSYSLOG_SyslogProtocol23Format") }
CONF
	sed -e '/^ListenAddress/d; /^HostKey/d; /^Subsystem/d' /rig/root/etc/ssh/sshd_config >/etc/ssh/sshd_config
	for file in /etc/issue /etc/issue.net /etc/chrony.conf /etc/snmp /etc/rsyslog.d /etc/ssh /etc/security /etc/httpd /etc/pki /etc/sysconfig /etc/crypto-policies /etc/audit /mi; do restorecon -RF $file; done
	mkdir -p /run/sshd
	systemctl unmask -q ssh
	systemctl start ssh chrony
	systemctl restart rsyslog
}

# probe keeps what each fact is: outside, and in the agent's domain as its user.
probe() {
	stigwatch map probe --json >$out/probe.outside
	systemd-run -q --wait -p User=stigwatch -p AmbientCapabilities=CAP_DAC_READ_SEARCH -p SELinuxContext=system_u:system_r:stigwatch_t:s0 \
		-p StandardOutput=file:/var/lib/stigwatch/probe stigwatch map probe --json
	mv /var/lib/stigwatch/probe $out/probe.inside
}

answers() { stigwatch status || [ $? -gt 2 ]; }
told() { grep -c "$1" /var/log/rig; }
more() { [ "$(told "$1")" -gt "$before" ]; }
# change does something to a file and waits for the alert about a rule at rsyslog.
change() {
	rule=$1
	shift
	before=$(told "$rule" || true)
	"$@"
	until_true more "$rule"
}

# drift takes from each kind of file what its program checks and its unit takes up.
drift() {
	sed -i '/198.51.100.51/d' /etc/rsyslog.d/60-remote.conf
	sed -i 's,^Banner.*,Banner none,' /etc/ssh/sshd_config
	echo Welcome >/etc/issue
	sed -i 's/^deny.*/deny = 30/' /etc/security/faillock.conf
}

# attribution has fanotify tell who changes a file, as the unit's example says.
attribution() {
	setsebool stigwatch_attribution on
	cp /rig/systemd/examples/attribution.conf /etc/systemd/system/stigwatch.service.d/
	sed -i 's/sources: .*, wait/sources: [fanotify], wait/' /etc/stigwatch/stigwatch.yaml
	systemctl daemon-reload
	systemctl restart stigwatch
	until_true answers
	change V-250989 sed -i 's/>15</>14</' $identity
	cp /var/log/stigwatch/alerts $out/alerts
}

plans() { sed -n 's/.*"id": "\([^"]*\)".*/\1/p' $out/apply.json; }

# refused has a program in a domain, as root, do what it may not.
refused() {
	name=$1
	domain=$2
	shift 2
	systemd-run -q --wait -p SELinuxContext=system_u:system_r:$domain:s0 "$@" >/dev/null 2>&1 && echo "$name was done" >>$out/done || true
}

echo "$(id -Z) $(getenforce)" >$out/start
services
install_package
ls -Z /usr/bin/stigwatch /usr/lib/systemd/system/stigwatch* >$out/labels
ls -dZ /etc/stigwatch /etc/stigwatch/* /var/lib/stigwatch /var/log/stigwatch >>$out/labels
echo "rig: installed $(cut -d' ' -f1 /proc/uptime)"
probe
systemctl start stigwatch-enforcer.socket stigwatch
until_true answers
ls -dZ /run/stigwatch /run/stigwatch/* /run/stigwatch-enforcer /run/stigwatch-enforcer/* >>$out/labels
domain_of stigwatch >$out/domains
echo "rig: up $(cut -d' ' -f1 /proc/uptime)"
change V-250989 sed -i 's/>15</>14</' $identity
change V-250989 sed -i 's/>14</>15</' $identity
systemctl reload stigwatch
drift
change V-250999 sed -i '/^server 198/d' $chrony # and the agent has it put right
until_true grep -q '^server 198' $chrony
domain_of stigwatch-enforcer >>$out/domains
stigwatch plan --json >$out/plan.json || true
stigwatch apply --yes --confirm-within 10m --json >$out/apply.json 2>$out/apply.err || echo "exit $?" >>$out/apply.err
ls -Z /etc/issue /etc/ssh/sshd_config /etc/rsyslog.d/60-remote.conf $chrony >$out/relabelled
for plan in $(plans); do stigwatch undo --yes "$plan" >>$out/undo 2>&1 || echo "exit $?" >>$out/undo; done
stigwatch status --json >$out/status.json || true
attribution
systemctl stop stigwatch stigwatch-enforcer
systemctl show -p Result,ExecMainStatus stigwatch stigwatch-enforcer >$out/results
cp /var/log/rig $out/syslog
denials denied
echo "rig: worked $(cut -d' ' -f1 /proc/uptime)"

for domain in stigwatch_t stigwatch_enforcer_t; do
	refused "$domain into /usr" $domain stigwatch plan --out /usr/lib/plan
	refused "$domain into /root" $domain stigwatch plan --out /root/plan
	refused "$domain of shadow" $domain stigwatch stig import /etc/shadow
done
refused "stigwatch_t into /etc" stigwatch_t stigwatch plan --out /etc/plan
stigwatch plan --out /usr/lib/plan >/dev/null 2>&1 || [ -s /usr/lib/plan ] || echo "nobody can write a plan" >>$out/done
denials refused
sh /rig/selinux/postremove.sh 0 >$out/postremove 2>&1 || echo "exit $?" >>$out/postremove
ls -Z /usr/bin/stigwatch /usr/lib/systemd/system/stigwatch* >>$out/postremove
systemctl show -p ActiveState stigwatch stigwatch-enforcer >>$out/postremove 2>&1 || true
echo 'rig: all done'
