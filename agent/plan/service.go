package plan

import "path"

// Service is what has to take a changed file up.
type Service struct {
	Unit string // of systemd
	How  string // "reload", or "restart" where a reload does not read the file again
}

// ServiceOf gives the service that reads a file; ok is false where each use of the
// file reads it anew, as PAM and login do.
func ServiceOf(file string) (s Service, ok bool) {
	for _, known := range []struct {
		pattern string
		service Service
	}{
		{"/etc/ssh/sshd_config", Service{"sshd.service", "reload"}},
		{"/etc/ssh/sshd_config.d/*", Service{"sshd.service", "reload"}},
		{"/etc/rsyslog.conf", Service{"rsyslog.service", "restart"}}, // a HUP only opens log files anew: rsyslogd(8)
		{"/etc/rsyslog.d/*", Service{"rsyslog.service", "restart"}},
		{"/etc/chrony.conf", Service{"chronyd.service", "restart"}}, // chronyd reads it at its start only: chrony.conf(5)
		{"/etc/chrony.d/*", Service{"chronyd.service", "restart"}},
		{"/etc/ntp.conf", Service{"ntpd.service", "restart"}},
		{"/etc/snmp/*", Service{"snmpd.service", "reload"}}, // snmpd(8), SIGHUP
	} {
		if ok, _ := path.Match(known.pattern, file); ok {
			return known.service, true
		}
	}
	return Service{}, false
}
