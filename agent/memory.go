package agent

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// While the agent works, the collector waits until there are headroom bytes of
// garbage, or as much as there is of the rest; when nothing has happened for a
// while, the memory goes back in one sweep. That keeps collections out of nearly
// every change → alert, and an idle agent small without a ticker. A fixed limit
// instead would have it collect all the time once many files are watched.
const (
	headroom  = 16 << 20
	trimAfter = 200 * time.Millisecond
)

// holdCollector sets that up and gives what undoes it.
func holdCollector() func() {
	before := debug.SetGCPercent(collectAt(liveBytes()))
	return func() { debug.SetGCPercent(before) }
}

func trimMemory() {
	debug.FreeOSMemory()
	debug.SetGCPercent(collectAt(liveBytes()))
}

// collectAt is the percentage of live bytes that makes the headroom.
func collectAt(live uint64) int {
	return int(max(100, 100*headroom/max(live, 1<<20)))
}

// liveBytes is what the last collection left.
func liveBytes() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s[0].Value.Uint64()
}
