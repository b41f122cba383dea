package journal

import (
	"time"

	"go.etcd.io/bbolt"
)

// The age of an alert is the time for which the agent ran since it was recorded, by
// the monotonic clock. The wall clock would drop alerts that a receiver has not got
// yet when it is set forward, and hold them for longer when it is set back.

var keyRan = []byte("ran") // for how long the agent ran with this journal, in nanoseconds

// ran is for how long the agent ran with this journal, as far as is known.
func (j *Journal) ran() time.Duration {
	return j.before + max(j.o.Elapsed()-j.opened, 0)
}

// alertBytes are what bucketAlerts has of an alert: its entry's number, and when it was
// recorded, by ran.
func alertBytes(n uint64, ran time.Duration) []byte {
	return append(number(n), number(uint64(ran))...)
}

// entryOf gives the number of an alert's entry, as entries are found by it.
func entryOf(alert []byte) []byte { return alert[:min(len(alert), 8)] }

// recordedAt is when an alert was recorded, by ran. What an earlier stigwatch recorded
// was so at the beginning.
func recordedAt(tx *bbolt.Tx, seq uint64) time.Duration {
	if v := tx.Bucket(bucketAlerts).Get(number(seq)); len(v) == 16 {
		return time.Duration(numberOf(v[8:])) //nolint:gosec // it was one
	}
	return 0
}
