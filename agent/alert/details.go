package alert

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
)

// product is vendor and product of formats that ask for both.
const product = "stigwatch"

// field is one value under the name that a format has for it.
type field struct{ key, value string }

// details are the values of a message but its number, id, event, time, host and
// text, under the names that they have in its JSON, the most telling first: what
// a receiver cuts off is at the end. Those without a value are left out.
func (m *Message) details() []field {
	all := []field{
		{"rule", m.Rule}, {"stigId", m.StigID}, {"title", m.Title}, {"severity", string(m.Severity)}, {"code", m.Code},
		{"result", string(m.Result)}, {"previous", string(m.Previous)}, {"reason", m.Reason}, {"file", m.File},
		{"line", decimal(m.Line)}, {"expected", m.Expected}, {"actual", m.Actual}, {"before", m.Before}, {"fact", m.Fact},
		{"assurance", string(m.Assurance)}, {"waived", yes(m.Waived)}, {"announced", m.Announced}, {"head", m.Head},
	}
	if w := m.Who; w != nil {
		all = append(all,
			field{"whoSource", w.Source}, field{"whoLogin", w.Login}, field{"whoUser", w.User}, field{"whoPid", decimal(w.PID)},
			field{"whoCommand", w.Command}, field{"whoTerminal", w.Terminal}, field{"whoRemote", w.Remote}, field{"whoPackage", w.Package})
	}
	if len(m.Counters) > 0 {
		counters, _ := json.Marshal(m.Counters) // cannot fail: texts and numbers
		all = append(all, field{"counters", string(counters)})
	}
	return slices.DeleteFunc(all, func(f field) bool { return f.value == "" })
}

// subject is what a message is about, in one word: the rule, else the agent's
// condition, else what happened.
func (m *Message) subject() string {
	return cmp.Or(m.Rule, m.Code, string(m.Event), "unknown")
}

// rank is a message's level from 0 to 10, as CEF, LEEF and ECS count: 0 to 3 is
// low, 4 to 6 medium, 7 and 8 high, 9 and 10 very high. A finding of category I
// is very high, one of category II medium, one of category III low.
func (m *Message) rank() int {
	switch m.level() {
	case critical:
		return 9
	case failure:
		return 6
	case notice:
		return 2
	case info:
		return 1
	}
	return 3
}

// decimal is empty for 0, which no line and no process has.
func decimal(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

// isAddress tells an IP address from a name. One with a zone is none to others:
// it means nothing elsewhere.
func isAddress(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Zone() == ""
}
