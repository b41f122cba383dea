package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// agentConfig sends to rsyslog in the same container: by TCP, by TLS and to a file.
const agentConfig = `evidence: evidence
sinks:
  - {name: tcp, type: syslog, address: "tcp://127.0.0.1:5514"}
  - {name: tls, type: syslog, address: "tls://localhost:6514", ca: /etc/stigwatch/receiver.pem}
  - {name: kept, type: file, path: /var/log/stigwatch/alerts.json}
`

// receiverConfig is rsyslog's: each way to a file of its own.
const receiverConfig = `global(DefaultNetstreamDriverCAFile="/etc/receiver.pem" DefaultNetstreamDriverCertFile="/etc/receiver.pem" DefaultNetstreamDriverKeyFile="/etc/receiver.key")
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
template(name="raw" type="string" string="%rawmsg%\n")
ruleset(name="tcp") { action(type="omfile" file="/var/log/by-tcp" template="raw") }
ruleset(name="tls") { action(type="omfile" file="/var/log/by-tls" template="raw") }
input(type="imtcp" port="5514" ruleset="tcp" StreamDriver.Mode="0")
input(type="imtcp" port="6514" ruleset="tls")
`

// receive has rsyslog take alerts, and the agent send them there.
func (b *box) receive() {
	b.t.Helper()
	b.put("/etc/rsyslog.d/10-receiver.conf", receiverConfig)
	b.sh(`openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout /etc/receiver.key -out /etc/receiver.pem 2>&1
		cp /etc/receiver.pem /etc/stigwatch/receiver.pem; chgrp stigwatch /etc/stigwatch/receiver.pem; chmod 0640 /etc/stigwatch/receiver.pem
		systemctl restart rsyslog`)
	b.put("/etc/stigwatch/stigwatch.yaml", agentConfig)
	b.sh("systemctl reload stigwatch")
}

// told waits until an alert with these words came by every way.
func (b *box) told(words string) {
	b.t.Helper()
	for _, file := range []string{"/var/log/by-tcp", "/var/log/by-tls", "/var/log/stigwatch/alerts.json"} {
		b.await(words+" in "+file, "grep -q '"+words+"' "+file)
	}
}

// change has a rule change its verdict: it passes, or fails.
func (b *box) change(pass bool) {
	b.t.Helper()
	if pass {
		b.sh("sed -i 's/^#\\*/*/' /etc/rsyslog.d/60-remote.conf")
		return
	}
	b.sh("sed -i 's/^\\*/#*/' /etc/rsyslog.d/60-remote.conf")
}

// forget empties what was received.
func (b *box) forget() {
	b.t.Helper()
	b.sh(": >/var/log/by-tcp; : >/var/log/by-tls; : >/var/log/stigwatch/alerts.json")
}

func TestBootDEB(t *testing.T) {
	b := bootBox(t, "bookworm")
	b.bring()
	before := b.tree()
	b.sh("dpkg -i " + debOf("stigwatch", oldVersion))
	b.active()
	if got := b.sh("awk '$5 == \"/\" { print $6 }' /proc/" + b.pid() + "/mountinfo"); !strings.HasPrefix(got, "ro,nosuid,noexec") {
		t.Errorf("the agent's root is mounted %s", got)
	}
	b.appliance()
	b.receive()
	b.told("V-251006")

	t.Run("the socket answers the group and nobody else", func(t *testing.T) { b.of(t).socket() })
	t.Run("a change of a watched file reaches rsyslog", func(t *testing.T) {
		b := b.of(t)
		b.forget()
		b.change(false)
		b.told("V-251006 opened")
		b.change(true)
		b.told("V-251006 resolved")
	})
	t.Run("what changed while a killed agent was down is told by the next", func(t *testing.T) { b.of(t).killed() })
	t.Run("an agent that is stuck is started anew by the watchdog", func(t *testing.T) { b.of(t).stuck() })
	t.Run("a reload with a bad file keeps serving", func(t *testing.T) { b.of(t).badReload() })
	t.Run("a change of the agent itself is told", func(t *testing.T) { b.of(t).changedItself() })
	t.Run("a stop is clean", func(t *testing.T) {
		b := b.of(t)
		b.forget()
		b.sh("systemctl stop stigwatch")
		if got := b.sh("systemctl show -p Result --value stigwatch; systemctl show -p ExecMainStatus --value stigwatch"); got != "success\n0" {
			t.Errorf("got %q", got)
		}
		b.told("agent-stopped")
		b.fails("ls /run/stigwatch", "No such file")
		b.sh("systemctl start stigwatch")
	})
	t.Run("an upgrade runs the new binary and keeps what the administrator wrote", func(t *testing.T) {
		b := b.of(t)
		b.upgraded("dpkg --force-confold -i " + debOf("stigwatch", newVersion))
		b.sh("grep -q '^# stigwatch: what it watches' /etc/stigwatch/stigwatch.yaml.dpkg-dist")
	})
	t.Run("the version before can come back", func(t *testing.T) {
		b := b.of(t)
		b.sh("dpkg --force-confold -i " + debOf("stigwatch", oldVersion) + " 2>&1")
		b.answers(oldVersion)
		b.sh("stigwatch journal verify")
	})
	t.Run("what was removed leaves its state, and takes it up when it comes back", func(t *testing.T) {
		b := b.of(t)
		b.sh("dpkg -r stigwatch")
		b.fails("systemctl is-active stigwatch", "inactive")
		b.sh("test -s /var/lib/stigwatch/journal.db && test -s /etc/stigwatch/stigwatch.yaml && test ! -e /usr/bin/stigwatch")
		b.sh("dpkg --force-confold -i " + debOf("stigwatch", newVersion))
		b.answers(newVersion)
		b.sh("stigwatch journal verify && stigwatch history | grep V-251006")
	})
	t.Run("a purge leaves nothing", func(t *testing.T) {
		b := b.of(t)
		b.sh("dpkg -P stigwatch")
		b.fails("getent passwd stigwatch || getent group stigwatch", "")
		b.sh("rm -rf /mi /etc/receiver.* /etc/rsyslog.d/10-receiver.conf /etc/rsyslog.d/60-remote.conf /var/log/by-tcp /var/log/by-tls")
		b.leftOver(before, "./etc/issue", "./etc/ssh/sshd_config")
		b.fails("systemctl status stigwatch", "could not be found")
	})
}

// of is the same box for a part of a test.
func (b *box) of(t *testing.T) *box {
	if b.t.Failed() {
		t.Skip("an earlier part failed")
	}
	c := *b
	c.t = t
	return &c
}

// active checks that the package has left the agent running, as it promises.
func (b *box) active() {
	b.t.Helper()
	if got := b.sh("systemctl is-active stigwatch; systemctl is-enabled stigwatch"); got != "active\nenabled" {
		b.t.Errorf("got %q", got)
	}
	want := strings.Join([]string{
		"drwxr-x--- root:stigwatch /etc/stigwatch", "drwxr-x--- root:stigwatch /etc/stigwatch/mapping.d", "-rw-r----- root:stigwatch /etc/stigwatch/stigwatch.yaml",
		"drwxr-x--- stigwatch:stigwatch /var/lib/stigwatch", "drwxr-x--- root:stigwatch /var/lib/stigwatch/evidence", "-rw------- stigwatch:stigwatch /var/lib/stigwatch/journal.db",
		"drwxr-x--- stigwatch:stigwatch /var/log/stigwatch", "drwxr-x--- stigwatch:stigwatch /run/stigwatch", "srw-rw---- stigwatch:stigwatch /run/stigwatch/stigwatch.sock",
		"-rwxr-xr-x root:root /usr/bin/stigwatch",
	}, "\n")
	got := b.sh("stat -c '%A %U:%G %n' /etc/stigwatch /etc/stigwatch/mapping.d /etc/stigwatch/stigwatch.yaml /var/lib/stigwatch /var/lib/stigwatch/evidence /var/lib/stigwatch/journal.db /var/log/stigwatch /run/stigwatch /run/stigwatch/stigwatch.sock /usr/bin/stigwatch")
	if d := cmp.Diff(want, got); d != "" {
		b.t.Errorf("-want +got:\n%s", d)
	}
	kept := b.sh("grep -E '^(CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|Uid):' /proc/" + b.pid() + "/status | tr '\\t' ' '; id -u stigwatch")
	for _, line := range []string{"CapEff: 0000000000000004", "CapBnd: 0000000000000004", "CapAmb: 0000000000000004", "NoNewPrivs: 1", "Seccomp: 2"} { // 1<<CAP_DAC_READ_SEARCH
		if !strings.Contains(kept, line) {
			b.t.Errorf("the process is not %q:\n%s", line, kept)
		}
	}
}

func (b *box) socket() {
	b.t.Helper()
	b.sh("useradd -m alice; usermod -a -G stigwatch alice; useradd -m mallory")
	b.sh("out=$(runuser -u alice -- stigwatch status); [ $? = 0 ] || [ $? = 3 ] || [ $? = 4 ]; echo \"$out\" | grep -q 'agent  *pid'")
	b.fails("runuser -u mallory -- stigwatch status", "permission denied")
	b.sh("userdel -r alice; userdel -r mallory; rm -rf /var/mail/alice /var/mail/mallory")
}

func (b *box) killed() {
	b.t.Helper()
	b.forget()
	was := b.pid()
	b.sh("systemctl kill -s KILL stigwatch && sed -i 's/^\\*/#*/' /etc/rsyslog.d/60-remote.conf")
	b.await("another process", "p=$(systemctl show -p MainPID --value stigwatch); [ \"$p\" != 0 ] && [ \"$p\" != "+was+" ] && systemctl is-active stigwatch")
	b.told("V-251006 opened")
	b.told("agent-started")
	b.change(true)
	b.told("V-251006 resolved")
	b.sh("stigwatch journal verify")
}

func (b *box) stuck() {
	b.t.Helper()
	b.put("/run/systemd/system/stigwatch.service.d/soon.conf", "[Service]\nWatchdogSec=2s\nTimeoutAbortSec=1s\n")
	b.sh("systemctl daemon-reload; systemctl restart stigwatch")
	was := b.pid()
	b.sh("kill -STOP " + was)
	b.await("another process", "p=$(systemctl show -p MainPID --value stigwatch); [ \"$p\" != 0 ] && [ \"$p\" != "+was+" ] && systemctl is-active stigwatch")
	b.sh("journalctl -u stigwatch | grep -q 'Watchdog timeout'")
	b.sh("rm -r /run/systemd/system/stigwatch.service.d; systemctl daemon-reload; systemctl restart stigwatch")
}

func (b *box) badReload() {
	b.t.Helper()
	was := b.pid()
	b.put("/etc/stigwatch/stigwatch.yaml", "sinks: [{nonsense: 1}]\n")
	_, _ = b.try("systemctl reload stigwatch")
	b.await("word of the mistake", "stigwatch status | grep -q 'stigwatch.yaml'")
	b.sh("stigwatch status --json | grep -q nonsense")
	b.forget()
	b.change(false)
	b.told("V-251006 opened")
	b.put("/etc/stigwatch/stigwatch.yaml", agentConfig)
	b.sh("systemctl reload stigwatch")
	b.change(true)
	b.told("V-251006 resolved")
	if now := b.pid(); now != was {
		b.t.Errorf("the process is %s and was %s", now, was)
	}
}

// changedItself changes what the agent consists of, as it sees that inside its unit.
func (b *box) changedItself() {
	b.t.Helper()
	b.forget()
	b.put("/etc/systemd/system/stigwatch.service.d/weak.conf", "[Service]\nNoNewPrivileges=no\n")
	b.told("weak.conf.*it sets NoNewPrivileges=no")
	b.sh("usermod -a -G stigwatch nobody")
	b.told("somebody was added to the group stigwatch, who may ask it now: nobody")
	b.sh("cp /usr/bin/stigwatch /root/kept; echo more >>/root/kept; cp -a /usr/bin/stigwatch /root/was; mv /root/kept /usr/bin/stigwatch")
	b.told("its own binary was replaced: /usr/bin/stigwatch.*goes on as the old one until restarted")
	b.await("the condition", "/root/was status | grep -q binary-replaced")
	b.sh("echo '# more' >>/etc/stigwatch/stigwatch.yaml")
	b.told("its configuration was changed: /etc/stigwatch/stigwatch.yaml.*not loaded")
	b.await("the condition", "/root/was status | grep -q config-not-loaded")
	b.sh("echo '# more' >>/etc/stigwatch/receiver.pem")
	b.told("a file of certificates that its sinks go by was changed: /etc/stigwatch/receiver.pem")
	b.sh("mv /root/was /usr/bin/stigwatch; gpasswd -d nobody stigwatch; rm -r /etc/systemd/system/stigwatch.service.d; systemctl reload stigwatch")
	b.told("weak.conf.*no more NoNewPrivileges=no")
	b.await("no condition", "! stigwatch status | grep -E 'binary-replaced|config-not-loaded'")
	b.put("/etc/stigwatch/stigwatch.yaml", agentConfig)
	b.sh("systemctl reload stigwatch")
	b.forget()
	b.sh("systemctl stop stigwatch; usermod -a -G stigwatch nobody; systemctl start stigwatch")
	b.told("while it was down: somebody was added to the group stigwatch, who may ask it now: nobody")
	b.sh("gpasswd -d nobody stigwatch")
}

// answers checks that the agent that runs is of a version.
func (b *box) answers(version string) {
	b.t.Helper()
	b.await("an answer of "+version, "systemctl is-active stigwatch && stigwatch status --json | grep -q '\"version\": \"[v]*"+version+"\"'")
}

// upgraded installs the new version over the running old one.
func (b *box) upgraded(install string) {
	b.t.Helper()
	b.answers(oldVersion)
	b.forget()
	was := b.pid()
	b.sh("sha256sum /etc/stigwatch/stigwatch.yaml >/root/sum")
	b.sh(install + " 2>&1")
	b.answers(newVersion)
	if now := b.pid(); now == was {
		b.t.Error("the old process still runs")
	}
	b.told("agent-started")
	b.told("its own binary was replaced: /usr/bin/stigwatch")
	b.sh("sha256sum -c /root/sum && stigwatch journal verify")
}
