package agent

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stigwatch/agent/alert"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/enforcer"
)

// BenchmarkRestore measures from the close(2) of a bad write to the good bytes back
// at their name, by the agent in the mode enforce and an enforcer at its socket, in
// one process. The other figure is the way to the alert in the same run.
func BenchmarkRestore(b *testing.B) {
	dir := rig.New(b, "compliant")
	rig.Configure(b, dir, "\nenforce:\n  fight_times: 1000\n  fight_within: 1s\n  per_hour: 3600\n  rules: {V-250999: enforce}\n")
	enforcerFor(b, dir, enforcer.Options{})
	_, told := daemonIn(b, dir)
	until(b, told, code("enforce-mode"))
	name := filepath.Join(dir, "root/etc/chrony.conf")
	good := rig.Read(b, dir, "/etc/chrony.conf")
	bad := strings.Replace(good, "server 192.0.2.123 iburst\n", "", 1)
	in, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	if err != nil {
		b.Fatal(err)
	}
	defer unix.Close(in)
	if _, err := unix.InotifyAddWatch(in, filepath.Dir(name), unix.IN_MOVED_TO|unix.IN_MOVED_FROM); err != nil {
		b.Fatal(err)
	}
	var restored, alerted []time.Duration
	buf := make([]byte, 64<<10)
	for range b.N {
		if err := os.WriteFile(name, []byte(bad), 0o644); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		for {
			if _, err := unix.Read(in, buf); err != nil {
				b.Fatal(err)
			}
			if now := rig.Read(b, dir, "/etc/chrony.conf"); len(now) == len(good) {
				break
			}
		}
		restored = append(restored, time.Since(start))
		m := until(b, told, func(m alert.Message) bool { return m.Rule == "V-250999" && m.Event == "opened" })
		alerted = append(alerted, m.Time.Sub(start))
		resolved, applied := false, false // the next one begins when the agent has seen this one end
		until(b, told, func(m alert.Message) bool {
			resolved, applied = resolved || m.Rule == "V-250999" && m.Event == "resolved", applied || m.Code == "applied"
			return resolved && applied
		})
	}
	for name, all := range map[string][]time.Duration{"restored": restored, "alerted": alerted} {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Microseconds()), name+"-p50-µs")
		b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), name+"-p99-µs")
	}
}
