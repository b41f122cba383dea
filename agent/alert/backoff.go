package alert

import (
	"math/rand/v2"
	"time"
)

const (
	backoffStart   = 50 * time.Millisecond
	backoffCeiling = 30 * time.Second
)

// backoff is how long to wait after so many failures in a row, the first being
// 1: doubling, with jitter over the upper half, so that a whole fleet does not
// come back to a receiver in the same instant.
func backoff(failures int) time.Duration {
	d := backoffCeiling
	if shift := failures - 1; shift < 10 {
		d = min(d, backoffStart<<shift)
	}
	return d/2 + rand.N(d/2+1)
}
