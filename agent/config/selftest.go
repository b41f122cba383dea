package config

import (
	"time"

	"stigwatch/agent/strict"
)

// How often the agent tests itself.
const (
	selfTestDefault = time.Hour
	selfTestLeast   = time.Minute
	selfTestMost    = 366 * 24 * time.Hour
	selfTestOff     = "off"
)

// selfTestEvery reads what checkSelfTest checks: a duration, "off", or nothing,
// which is the default.
func selfTestEvery(text string) time.Duration {
	switch text {
	case "":
		return selfTestDefault
	case selfTestOff:
		return 0
	}
	d, _ := time.ParseDuration(text) // a mistake is told by checkSelfTest
	return d
}

func (f *file) checkSelfTest(d *strict.Doc) {
	if !d.Has("selftest") || f.SelfTest == selfTestOff {
		return
	}
	every, err := time.ParseDuration(f.SelfTest)
	if err != nil || every != 0 && (every < selfTestLeast || every > selfTestMost) {
		d.Wrong("selftest", "%q is not a time from 1m to 8784h: write it like 1h, or off", f.SelfTest)
	}
}
