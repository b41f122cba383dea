package agent

import (
	"os"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/agent/watch"
)

// BenchmarkWhoAtOnce is what it adds to the way to an alert to say who wrote a
// file, the write not counted.
func BenchmarkWhoAtOnce(b *testing.B) {
	d := start(b, rig.New(b, "compliant"))
	file := d.file(rig.Identity)
	path := "/" + rig.Identity[len("root/"):]
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	paths := d.agent.blame.paths
	mine := *d.agent.blame // the loop's own map is the loop's
	mine.paths, mine.seen = paths, map[string]time.Time{}
	for b.Loop() {
		b.StopTimer()
		if err := os.WriteFile(file, text, 0o600); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		m := alert.Message{File: path}
		mine.begin(b.Context(), watch.Event{Paths: []string{path}, At: time.Now()}).answer(&m, &finding.Change{})
	}
}
