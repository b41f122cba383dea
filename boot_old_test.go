package main

import (
	"strings"
	"testing"
)

// old puts the drop-in where the package's scriptlet puts it when systemd is older than
// 229, and takes away what such a one does not know.
const old = `install -D -m 0644 /usr/share/stigwatch/old-systemd.conf /etc/systemd/system/stigwatch.service.d/old-systemd.conf
printf '[Service]\nAmbientCapabilities=\nProtectSystem=no\n' >/etc/systemd/system/stigwatch.service.d/unknown.conf
systemctl daemon-reload; systemctl restart stigwatch`

// TestBootWithoutAmbientCapabilities starts the agent as systemd 219 has to: as root.
func TestBootWithoutAmbientCapabilities(t *testing.T) {
	b := bootBox(t, "bookworm")
	b.bring()
	b.sh("dpkg -i " + debOf("stigwatch", newVersion))
	b.appliance()
	b.receive()
	b.sh(old)
	b.await("a socket", "stigwatch status --json | grep -q '\"results\"'")

	t.Run("it is another user for good, and may read", func(t *testing.T) {
		b := b.of(t)
		b.sh("sort -u /proc/" + b.pid() + "/task/*/status | grep -E '^(Cap|Uid|Gid|Groups|NoNewPrivs|Seccomp:)' | tr -s '\\t ' ' ' >/root/is")
		b.sh("printf 'CapAmb: %016d\\nCapBnd: %016d\\nCapEff: %016d\\nCapInh: %016d\\nCapPrm: %016d\\nGid: G G G G\\nGroups: G \\nNoNewPrivs: 1\\nSeccomp: 2\\nUid: U U U U\\n' 0 4 4 0 4 | sed \"s/U U U U/U U U U/; s/U /$(id -u stigwatch) /g; s/ U$/ $(id -u stigwatch)/; s/G /$(id -g stigwatch) /g; s/ G$/ $(id -g stigwatch)/\" >/root/want")
		b.sh("diff -u /root/want /root/is")
		b.sh("systemctl show -p NRestarts --value stigwatch | grep -qx 0")
	})
	t.Run("what it sees is what root sees", func(t *testing.T) {
		b := b.of(t)
		const strip = ` | sed -n '/"results"/,/^  ]/p' | grep -v -E '"(since|evaluated|digest)"|^  ]'`
		b.await("the running machine's answers", "! stigwatch status --json | grep -q 'was not asked yet'")
		b.sh("stigwatch status --json" + strip + " >/root/agent; stigwatch check --json" + strip + " >/root/check; [ $(grep -c '\"rule\"' /root/check) = 58 ] && diff -u /root/check /root/agent")
	})
	t.Run("it writes and tells as ever", func(t *testing.T) {
		b := b.of(t)
		b.forget()
		b.change(false)
		b.told("V-251006 opened")
		if got := b.sh("stat -c %U:%G /var/log/stigwatch/alerts.json /run/stigwatch/stigwatch.sock /var/lib/stigwatch/journal.db | sort -u"); got != "stigwatch:stigwatch" {
			t.Errorf("got %s", got)
		}
		b.sh("systemctl reload stigwatch; systemctl restart stigwatch; systemctl stop stigwatch")
	})
}

// TestBootConfined looks at what the units leave for Landlock to do.
func TestBootConfined(t *testing.T) {
	b := bootBox(t, "bookworm")
	b.bring()
	b.sh("dpkg -i " + debOf("stigwatch", newVersion) + " " + debOf("stigwatch-enforcer", newVersion))
	b.appliance()
	b.put("/etc/stigwatch/stigwatch.yaml", "evidence: evidence\nsinks: [{name: kept, type: file, path: /var/log/stigwatch/alerts.json}]\nenforce: {rules: {V-251006: plan, V-250987: plan}}\n")
	b.sh("systemctl reload stigwatch")
	line := b.sh("stigwatch status | grep -A 2 '^confined'")
	if !strings.Contains(line, "no new privileges, no core dumps, seccomp") || !strings.Contains(line, "Landlock ABI ") || strings.Contains(line, "not:") {
		t.Errorf("got %s", line)
	}
	t.Log(line)
	t.Run("programs that check files work behind the enforcer's fence", func(t *testing.T) {
		b := b.of(t)
		b.sh("sed -i '/^Banner/d' /etc/ssh/sshd_config; mkdir -p /run/sshd; ssh-keygen -A")
		b.change(false)
		b.sh("stigwatch apply V-251006 --yes >/root/said 2>&1 || { cat /root/said; exit 1; }")
		b.sh("stigwatch apply V-250987 --yes --confirm-within 1m >/root/said 2>&1 || { cat /root/said; exit 1; }")
		b.sh("journalctl -u stigwatch-enforcer | grep -q 'by=\"Landlock ABI'")
		b.sh("stigwatch history --plans --json >/root/plans; grep -q '\"program\": \"sshd\"' /root/plans && grep -q '\"program\": \"rsyslogd\"' /root/plans && ! grep -q '\"ok\": false' /root/plans || { cat /root/plans; exit 1; }")
	})
}
