package agent

import (
	"slices"
	"sync"
	"time"
)

// timing keeps how long the last passes took, from the event read to the report
// published.
type timing struct {
	mu    sync.Mutex // guards all below
	count uint64
	full  uint64
	last  time.Time
	ring  [512]time.Duration
}

func (t *timing) pass(d time.Duration, full bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ring[t.count%uint64(len(t.ring))] = d
	t.count++
	if full {
		t.full++
	}
	t.last = time.Now()
}

// quantiles gives the median and the 99th percentile over the last passes.
func (t *timing) quantiles() (p50, p99 time.Duration) {
	t.mu.Lock()
	n := min(t.count, uint64(len(t.ring)))
	d := slices.Clone(t.ring[:n])
	t.mu.Unlock()
	if n == 0 {
		return 0, 0
	}
	slices.Sort(d)
	return d[n/2], d[n*99/100]
}
