package alert

import (
	"strconv"
	"strings"
)

// header3164 is the header that CEF and LEEF are carried with over syslog:
//
//	<PRI>Mmm dd hh:mm:ss HOST CEF:0|…
//
// The host is directly followed by the format's own first word, without the tag
// of RFC 3164 (section 4.1.2). So both publishers have it in their standards, and
// so Microsoft Sentinel's forwarder wants it, which looks for "CEF:" where the tag
// is; behind a tag or a header of RFC 5424 some of its releases file the message
// as plain syslog. The time is in UTC and has neither year nor zone: the exact one
// is in the message.
func header3164(facility uint8, m *Message) string {
	pri := strconv.Itoa(int(facility<<3 | uint8(m.level())))
	return "<" + pri + ">" + m.Time.UTC().Format("Jan _2 15:04:05") + " " + headerHost(m.Host) + " "
}

// maxHost is the longest name that a host has.
const maxHost = 255

// headerHost is a host that is one word of a header: RFC 3164 knows none without.
// A colon would make a tag of it.
func headerHost(host string) string {
	if !strings.ContainsFunc(host, func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' }) {
		return "unknown"
	}
	word := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '.', r == '_':
			return r
		}
		return '-'
	}, host)
	return word[:min(len(word), maxHost)]
}
