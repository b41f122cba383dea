package main

import (
	"strings"
	"testing"
)

func TestBootEnforcer(t *testing.T) {
	b := bootBox(t, "bookworm")
	b.bring()
	b.sh("dpkg -i " + debOf("stigwatch", newVersion))
	b.appliance()
	b.put("/etc/stigwatch/stigwatch.yaml", "evidence: evidence\nsinks: [{name: kept, type: file, path: /var/log/stigwatch/alerts.json}]\nenforce: {rules: {V-251006: plan, V-250987: plan}}\n")
	b.sh("systemctl reload stigwatch")
	before := b.tree()

	t.Run("without its package nothing is written", func(t *testing.T) {
		b := b.of(t)
		b.change(false)
		b.sh("sha256sum /etc/rsyslog.conf /etc/rsyslog.d/* >/root/sums")
		b.fails("stigwatch apply V-251006 --yes", "cannot reach the enforcer")
		b.sh("sha256sum -c /root/sums")
	})
	b.sh("dpkg -i " + debOf("stigwatch-enforcer", newVersion))
	t.Run("its socket is for root and the agent's group", func(t *testing.T) {
		b := b.of(t)
		if got := b.sh("stat -c '%A %U:%G' /run/stigwatch-enforcer/enforcer.sock /var/lib/stigwatch-enforcer"); got != "srw-rw---- root:stigwatch\ndrwx------ root:root" {
			t.Errorf("got %s", got)
		}
		b.sh("useradd -m mallory")
		b.fails("runuser -u mallory -- stigwatch apply V-251006 --yes", "permission denied")
		// stigwatch itself could plan nothing: without its unit it may not read the appliance.
		b.fails("setpriv --reuid stigwatch --regid stigwatch --init-groups --inh-caps +dac_read_search --ambient-caps +dac_read_search stigwatch apply V-251006 --yes", "the agent may only")
		b.sh("sha256sum -c /root/sums")
	})
	t.Run("an apply and its undo", func(t *testing.T) {
		b := b.of(t)
		b.sh("stigwatch apply V-251006 --yes")
		b.await("word of it", "grep -q 'V-251006 resolved' /var/log/stigwatch/alerts.json")
		b.fails("sha256sum -c /root/sums", "FAILED")
		b.sh("stigwatch undo --yes $(stigwatch history --plans --json | sed -n 's/.*\"id\": \"\\([^\"]*\\)\".*/\\1/p' | head -n 1)")
		b.sh("sha256sum -c /root/sums")
	})
	t.Run("what nobody confirms is taken back, though the process was killed and started as at boot", func(t *testing.T) {
		b := b.of(t)
		b.sh("sed -i '/^Banner/d' /etc/ssh/sshd_config; sha256sum /etc/ssh/sshd_config >/root/sum")
		b.sh("stigwatch apply V-250987 --yes --confirm-within 8s; systemctl stop stigwatch-enforcer.socket; systemctl kill -s KILL stigwatch-enforcer; systemctl reset-failed stigwatch-enforcer")
		b.fails("sha256sum -c /root/sum", "FAILED")
		b.sh("systemctl start stigwatch-enforcer") // as multi-user.target does, by [Install]
		b.await("the old bytes", "sha256sum -c /root/sum")
		b.sh("systemctl is-enabled stigwatch-enforcer.service stigwatch-enforcer.socket")
	})
	t.Run("it ends when nobody asks, and its socket starts it again", func(t *testing.T) {
		b := b.of(t)
		b.put("/run/systemd/system/stigwatch-enforcer.service.d/soon.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/stigwatch enforcer --idle 1s\n")
		b.sh("systemctl daemon-reload; systemctl restart stigwatch-enforcer")
		b.await("its end", "[ \"$(systemctl is-active stigwatch-enforcer)\" = inactive ]")
		b.sh("stigwatch apply V-251006 --yes")
		b.sh("rm -r /run/systemd/system/stigwatch-enforcer.service.d; systemctl daemon-reload")
	})
	t.Run("its unit can write where permit says and nowhere else", func(t *testing.T) {
		b := b.of(t)
		for _, path := range []string{"/etc", "/etc/rsyslog.d", "/etc/ssh", "/etc/security", "/var/lib/stigwatch-enforcer", "/run/stigwatch-enforcer"} {
			b.sh(enforcerTouch(path))
		}
		for _, path := range []string{"/usr", "/usr/bin", "/usr/sbin", "/usr/lib/systemd/system", "/bin", "/lib64", "/etc/pam.d", "/etc/stigwatch", "/etc/systemd", "/etc/sudoers.d", "/mi", "/root", "/home", "/var/lib/stigwatch", "/var/log", "/boot"} {
			if out, err := b.try(enforcerTouch(path)); err == nil {
				t.Errorf("%s can be written to\n%s", path, out)
			}
		}
	})
	t.Run("a purge leaves nothing", func(t *testing.T) {
		b := b.of(t)
		b.sh("userdel -r mallory; rm -f /var/mail/mallory; dpkg -P stigwatch-enforcer")
		b.leftOver(before, "./etc/rsyslog.conf", "./etc/rsyslog.d/60-remote.conf", "./etc/ssh/sshd_config", "./var/lib/stigwatch/journal.db", "./var/lib/stigwatch/journal.told", "./var/log/stigwatch/alerts.json")
		b.sh("systemctl is-active stigwatch")
	})
}

// enforcerTouch makes and removes a file with every guard of the enforcer's unit.
func enforcerTouch(dir string) string {
	return strings.ReplaceAll(`sed -e 's/^Type=notify/Type=oneshot/' -e '/^Restart/d' -e '/^Requires/d' -e '/^After/d' \
		-e 's,^ExecStart=.*,ExecStart=/bin/sh -c "touch DIR/.stigwatch-try \&\& rm DIR/.stigwatch-try",' /usr/lib/systemd/system/stigwatch-enforcer.service >/run/systemd/system/touch.service
		systemctl daemon-reload && systemctl start touch || { journalctl -u touch -n 5; exit 1; }`, "DIR", dir)
}
