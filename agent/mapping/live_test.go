package mapping

import (
	"strings"
	"testing"
)

func TestQuestionsToTheRunningAppliance(t *testing.T) {
	for _, good := range []string{"tls/443", "cert/65535", "unit/rsyslog.service", `unit/a@b\x2dc.timer`} {
		if err := checkGlob(LivePrefix + good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "tls", "tls/", "tls/0", "cert/65536", "cert/https", "unit/", "unit/rsyslog", "unit/.service", "unit/a.",
		"unit/*.service", "unit/a/b.service", "unit/a b.service", "unit/" + strings.Repeat("a", 256) + ".b", "key/443"} {
		if err := checkGlob(LivePrefix + bad); err == nil || !strings.Contains(err.Error(), "live:unit/ and a name") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
