package strict

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"time"
)

var utcForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$`)

// Instant reads an RFC 3339 time in UTC; time.Parse alone takes more than that.
func Instant(s string) (time.Time, bool) {
	if !utcForm.MatchString(s) {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

// Digest gives "sha256:" and hex, as sha256sum prints it, of a file's bytes.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
