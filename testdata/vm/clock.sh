# The clock is set back and forward while alerts wait: one receiver is away, one
# gets so many a minute, one gets summaries. What each got is in out, and what the
# daemon said of itself at each moment.
. /rig/lib.sh
mkdir -p /run/systemd/system

receiver() {
	cat >/etc/rsyslog.d/10-rig.conf <<CONF
module(load="imtcp")
input(type="imtcp" port="601" ruleset="siem")
input(type="imtcp" port="602" ruleset="paced")
ruleset(name="siem") { action(type="omfile" file="$out/siem" template="RSYSLOG_SyslogProtocol23Format") }
ruleset(name="paced") { action(type="omfile" file="$out/paced" template="RSYSLOG_SyslogProtocol23Format") }
CONF
	systemctl restart rsyslog
}

# change flips a setting and waits until the sink that is always there has it.
change() {
	before=$(told)
	if grep -q '>15<' $file; then sed -i 's/>15</>14</' $file; else sed -i 's/>14</>15</' $file; fi
	until_true more
}
told() { count '"rule":"V-250989"' $out/kept; }
more() { [ "$(told)" -gt "$before" ]; }

# moment keeps what the daemon says of itself.
moment() { stigwatch status --json >"$out/$1.json" || [ $? -lt 5 ]; }
stigwatch() { /rig/stigwatch "$@" --config /etc/stigwatch/stigwatch.yaml; }

beats() { count 'event="heartbeat"' $out/siem; }
beat() { [ "$(beats)" -gt "$seen" ]; }

# summed tells whether a summary came, and empty whether nothing waits any more.
summed() { [ "$(count flapping $out/damped)" -gt 0 ]; }
empty() { stigwatch status --json >/run/now.json; [ $? -lt 5 ] && ! grep -qE '"queued": *[1-9]' /run/now.json; }

ip link set lo up
receiver
service
cp -r /rig/root /appliance
file=/appliance$identity
cat >>/etc/stigwatch/stigwatch.yaml <<YAML

state_dir: /var/lib/stigwatch
selftest: off
sinks:
  - {name: siem, type: syslog, address: "tcp://127.0.0.1:601", heartbeat: 2s}
  - {name: paced, type: syslog, address: "tcp://127.0.0.1:602", rate: 60}
  - {name: damped, type: file, path: $out/damped, max_size_mb: 100, damp: {changes: 2, within: 40s}}
  - {name: kept, type: file, path: $out/kept, max_size_mb: 100}
YAML
sed -i 's,^root:.*,root: /appliance,' /etc/stigwatch/stigwatch.yaml
systemctl start stigwatch
echo 'rig: up'
change; change
echo 'rig: told'
seen=0
until_true beat

echo 'rig: heard'
systemctl stop rsyslog syslog.socket # which would wake it
change; change; change
moment before
echo 'rig: waiting'
date -s '-1 hour' >/dev/null
date +%s.%N >$out/back
held=$(cut -d' ' -f1 /proc/uptime)
until_true summed
echo "$held $(cut -d' ' -f1 /proc/uptime)" >$out/held
change; change; change
moment back
echo 'rig: back'
date -s '+2 hours' >/dev/null
date +%s.%N >$out/forward
change; change; change
moment forward
echo 'rig: forward'
systemctl start rsyslog
seen=$(beats)
until_true empty
until_true beat
change
until_true empty
moment after
echo 'rig: after'
systemctl show -p NRestarts -p MainPID stigwatch >$out/service
systemctl stop stigwatch
stigwatch journal verify >$out/verify 2>&1 || echo "exit $?" >>$out/verify
stigwatch check --json >$out/check.json || [ $? -lt 5 ]
cp -r /var/lib/stigwatch $out/state
systemctl stop rsyslog syslog.socket
echo 'rig: all done'
