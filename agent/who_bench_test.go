package agent

import (
	"os"
	"testing"
	"time"

	"stigwatch/agent/alert"
	"stigwatch/agent/finding"
	"stigwatch/agent/watch"
)

// BenchmarkWhoAtOnce is what it adds to the way to an alert to say who wrote a
// file, the write not counted.
func BenchmarkWhoAtOnce(b *testing.B) {
	d := start(b, appliance(b, "compliant"))
	file := d.file(identity)
	path := "/" + identity[len("root/"):]
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
