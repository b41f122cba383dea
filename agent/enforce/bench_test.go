package enforce

import (
	"context"
	"testing"

	"stigwatch/agent/host"
)

// BenchmarkApply is a job of one file, on the disk below the temporary folder; "syncs"
// is how often it waits for that disk.
func BenchmarkApply(b *testing.B) {
	box := boxAt(b, b.TempDir())
	syncs := 0
	box.o.Step = func(name string) error {
		if len(name) > 4 && name[:4] == "sync" {
			syncs++
		}
		return nil
	}
	e := box.engine(b)
	was, next := oldA, newA
	for b.Loop() {
		_, err := e.Apply(context.Background(), Job{Files: []FileChange{{Path: pathA, Was: host.Digest(was), New: next}}})
		must(b, err)
		was, next = next, was
	}
	b.ReportMetric(float64(syncs)/float64(b.N), "syncs/op")
}
