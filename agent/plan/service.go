package plan

import "path"

// service is what has to take changed files up.
type service struct {
	unit  string // of systemd
	how   string // "reload", or "restart" where a reload does not read the file again
	files []string
}

// services are those whose files may be written. Where each use of a file reads it
// anew, as PAM and login do, there is none.
func services() []service {
	return []service{
		{"sshd.service", "reload", []string{"/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*"}},
		{"rsyslog.service", "restart", []string{"/etc/rsyslog.conf", "/etc/rsyslog.d/*"}}, // a HUP only opens log files anew: rsyslogd(8)
		{"chronyd.service", "restart", []string{"/etc/chrony.conf", "/etc/chrony.d/*"}},   // read at its start only: chrony.conf(5)
		{"ntpd.service", "restart", []string{"/etc/ntp.conf"}},
		{"snmpd.service", "reload", []string{"/etc/snmp/*"}}, // SIGHUP reads it again: snmpd(8)
	}
}

// UnitOf gives the unit that has to take a file up, and how: "reload" or "restart".
// No unit: each use of the file reads it anew.
func UnitOf(file string) (unit, how string) {
	for _, s := range services() {
		for _, pattern := range s.files {
			if ok, _ := path.Match(pattern, file); ok {
				return s.unit, s.how
			}
		}
	}
	return "", ""
}

// HowOf gives how a unit takes its files up; "restart" for one that is not known.
func HowOf(unit string) string {
	for _, s := range services() {
		if s.unit == unit {
			return s.how
		}
	}
	return "restart"
}
