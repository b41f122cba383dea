package alert

import (
	"fmt"

	"stigwatch/agent/finding"
)

// level is a syslog severity (RFC 5424, table 2); the systemd journal counts
// the same way.
type level uint8

const (
	critical level = 2
	failure  level = 3 // err
	warning  level = 4
	notice   level = 5
	info     level = 6
)

func (l level) String() string {
	switch l {
	case critical:
		return "crit"
	case failure:
		return "err"
	case notice:
		return "notice"
	case info:
		return "info"
	}
	return "warning"
}

// level ranks a message: bad news by the rule's category, good news as notice,
// doubt and news about the agent as warning, unless Severity raises the latter.
// What was accepted or announced is for information, and so is what tells of no
// change; that a window of maintenance was opened, or has ended, is a notice.
func (m *Message) level() level {
	switch {
	case m.Event == finding.Maintenance:
		return notice
	case m.Waived, m.Announced != "":
		return info
	}
	switch m.Event {
	case finding.Resolved, finding.Regained:
		return notice
	case finding.Heartbeat, finding.SelfTest:
		return info
	case finding.Opened, finding.Changed, finding.Agent:
		return levelOf(m.Severity)
	}
	return warning
}

func levelOf(s finding.Severity) level {
	switch s {
	case finding.High:
		return critical
	case finding.Medium:
		return failure
	}
	return warning
}

// defaultFacility is what syslog servers file under system services.
const defaultFacility = "daemon"

// facilities are the names that syslog.conf(5) knows, by their number.
var facilities = [...]string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

// facility finds the number of a facility; empty means daemon.
func facility(name string) (uint8, error) {
	if name == "" {
		name = defaultFacility
	}
	for i, f := range facilities {
		if f == name {
			return uint8(i), nil
		}
	}
	return 0, fmt.Errorf("cannot use facility %q: one of kern, user, daemon, auth, authpriv, audit, local0 to local7 … is needed", name)
}
