package main

import (
	"strings"
	"testing"
)

// TestBootRPM works with rpm on a Debian, since no tree of an EL can be had here: what
// the package needs of it (--nodeps) is there under Debian's names.
func TestBootRPM(t *testing.T) {
	b := bootBox(t, "bookworm")
	b.bring()
	before := b.tree()
	b.sh("rpm -i --nodeps " + rpmOf("stigwatch", oldVersion))
	t.Run("an installation follows the machine's presets and starts nothing", func(t *testing.T) {
		b := b.of(t)
		if got, _ := b.try("systemctl is-active stigwatch"); strings.TrimSpace(got) != "inactive" {
			t.Errorf("it is %q", got)
		}
		b.sh("systemctl is-enabled stigwatch") // Debian's presets enable everything
	})
	b.sh("systemctl start stigwatch")
	b.active()
	b.appliance()
	b.receive()
	b.told("V-251006")
	b.change(false)
	b.told("V-251006 opened")
	t.Run("rpm finds nothing changed but what the administrator wrote", func(t *testing.T) {
		b := b.of(t)
		got, _ := b.try("rpm -V --nodeps stigwatch")
		for line := range strings.Lines(got) {
			if !strings.HasSuffix(strings.TrimSpace(line), "c /etc/stigwatch/stigwatch.yaml") {
				t.Error(line)
			}
		}
	})
	t.Run("an upgrade runs the new binary and keeps what the administrator wrote", func(t *testing.T) {
		b := b.of(t)
		b.upgraded("rpm -U --nodeps " + rpmOf("stigwatch", newVersion))
		b.sh("grep -q '^# stigwatch: what it watches' /etc/stigwatch/stigwatch.yaml.rpmnew")
	})
	t.Run("one that was stopped stays stopped", func(t *testing.T) {
		b := b.of(t)
		b.sh("systemctl stop stigwatch; rpm -U --nodeps --force " + rpmOf("stigwatch", newVersion))
		b.fails("systemctl is-active stigwatch", "inactive")
		b.sh("systemctl start stigwatch")
	})
	t.Run("the version before can come back", func(t *testing.T) {
		b := b.of(t)
		b.sh("rpm -U --nodeps --oldpackage " + rpmOf("stigwatch", oldVersion))
		b.answers(oldVersion)
		b.sh("stigwatch journal verify")
	})
	t.Run("what is erased leaves its state and what the administrator wrote", func(t *testing.T) {
		b := b.of(t)
		b.sh("rpm -e stigwatch")
		b.fails("systemctl is-active stigwatch", "inactive")
		b.sh("test -s /var/lib/stigwatch/journal.db && test -s /etc/stigwatch/stigwatch.yaml.rpmsave && test ! -e /usr/bin/stigwatch")
		b.sh("rm -rf /var/lib/stigwatch /var/log/stigwatch /etc/stigwatch /mi /etc/receiver.* /etc/rsyslog.d/10-receiver.conf /etc/rsyslog.d/60-remote.conf /var/log/by-tcp /var/log/by-tls; userdel stigwatch")
		b.leftOver(before, "./etc/issue", "./etc/ssh/sshd_config", "./usr/share/man/man1", "./usr/share/man/man5") // these folders are of EL's filesystem package
	})
}
