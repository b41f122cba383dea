package main

import (
	"slices"
	"strings"
	"testing"
)

// probeUnit runs map probe with every guard of the agent's unit, and these lines more.
const probeUnit = `sed -e 's/^Type=notify/Type=oneshot/' -e '/^Restart/d' -e '/^WatchdogSec/d' -e '/^ExecReload/d' \
	-e 's,^ExecStart=.*,ExecStart=/usr/bin/stigwatch map probe --json,' -e '/Directory=/d' -e '/DirectoryMode=/d' \
	/usr/lib/systemd/system/stigwatch.service >/run/systemd/system/probe.service
mkdir -p /run/systemd/system/probe.service.d
printf '[Service]\nStandardOutput=file:%s\n%s\n' "$OUT" "$MORE" >/run/systemd/system/probe.service.d/more.conf
systemctl daemon-reload && systemctl start probe`

func TestBootFactsInsideTheUnit(t *testing.T) {
	b := bootBox(t, "bookworm")
	b.bring()
	b.sh("dpkg -i " + debOf("stigwatch", newVersion))
	b.appliance()
	b.sh("stigwatch map probe --json >/root/outside")
	if n := b.sh("grep -c '\"state\": \"known\"' /root/outside"); len(n) < 2 {
		t.Fatalf("only %s facts are known: that proves little", n)
	}

	t.Run("they are the same as for root outside", func(t *testing.T) {
		b := b.of(t)
		b.sh("OUT=/root/inside MORE=; " + probeUnit)
		b.sh("diff /root/outside /root/inside")
	})
	t.Run("without the capability they are not, so the comparison can fail", func(t *testing.T) {
		b := b.of(t)
		_, _ = b.try("OUT=/root/less MORE='AmbientCapabilities='; " + probeUnit)
		b.fails("diff /root/outside /root/less", "")
	})
	t.Run("no listening socket at all is unreadable", func(t *testing.T) {
		b := b.of(t)
		b.sh("OUT=/root/alone MORE=PrivateNetwork=yes; " + probeUnit)
		got := b.sh("grep -A 4 '\"fact\": \"sockets.listening\"' /root/alone")
		if !strings.Contains(got, `"state": "unreadable"`) || !strings.Contains(got, "no socket listens") {
			t.Errorf("got %s", got)
		}
	})
}

// newer are the keys of the units that a suite's systemd does not know: it warns and
// does without.
var newer = map[string][]string{"bullseye": {"NoExecPaths", "ExecPaths", "SocketBindDeny"}} // since 248, 248, 249

// TestBootOtherGenerations has the oldest systemd that can be had here, and the newest,
// take the same units.
func TestBootOtherGenerations(t *testing.T) {
	for _, suite := range []string{"bullseye", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			b := bootBox(t, suite)
			b.bring()
			b.sh("dpkg -i " + debOf("stigwatch", newVersion) + " " + debOf("stigwatch-enforcer", newVersion))
			t.Log(b.sh("systemctl --version | head -n 1"))
			b.active()
			b.appliance()
			b.put("/etc/stigwatch/stigwatch.yaml", "evidence: evidence\nsinks: [{name: kept, type: file, path: /var/log/stigwatch/alerts.json}]\n")
			b.sh("systemctl reload stigwatch")
			b.change(false)
			b.await("the alert", "grep -q 'V-251006 opened' /var/log/stigwatch/alerts.json")
			out := b.sh("SYSTEMD_COLORS=0 systemd-analyze verify --man=no stigwatch.service stigwatch-enforcer.socket stigwatch-enforcer.service 2>&1 | cat")
			for line := range strings.Lines(out) { // what is newer than this systemd is named, and nothing else
				if !strings.Contains(line, "Unknown key name") || !slices.ContainsFunc(newer[suite], func(key string) bool { return strings.Contains(line, "'"+key+"'") }) {
					t.Error(line)
				}
			}
			b.sh("stigwatch apply V-251006 --yes")
			b.await("word that it is closed", "grep -q 'V-251006 resolved' /var/log/stigwatch/alerts.json")
			b.sh("systemctl stop stigwatch-enforcer.socket stigwatch-enforcer stigwatch")
		})
	}
}
