package plan

import (
	"path"
	"slices"
	"strings"
)

// Class says who may have a fact written.
type Class string

// The classes, the freest first.
const (
	Auto    Class = "auto"    // may be applied by itself, where the site says enforce
	Confirm Class = "confirm" // could cut an administrator off: taken back unless somebody confirms
	Manual  Class = "manual"  // for people, in the System Manager or on the command line
)

func (c Class) stricter(o Class) Class {
	order := []Class{Auto, Confirm, Manual}
	if slices.Index(order, o) > slices.Index(order, c) {
		return o
	}
	return c
}

// permit lets one fact be written in some files, and nowhere else. What has none
// is for people: FIPS mode, firewall, certificates, users, interfaces, routes and
// sign-in methods never get one, nor does any file below /mi.
type permit struct {
	fact  string
	class Class
	files []string // path.Match patterns
}

// permits is the ceiling of all that stigwatch ever writes. The configuration can
// narrow it and not widen it.
func permits() []permit {
	sshd := []string{"/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"}
	limits := []string{"/etc/security/limits.conf", "/etc/security/limits.d/*.conf"}
	pam := []string{"/etc/pam.d/password-auth", "/etc/pam.d/system-auth"}
	faillock := append([]string{"/etc/security/faillock.conf"}, pam...)
	pwquality := append([]string{"/etc/security/pwquality.conf", "/etc/security/pwquality.conf.d/*.conf"}, pam...)
	snmpd := []string{"/etc/snmp/snmpd.conf", "/etc/snmp/snmpd.local.conf"}
	return []permit{
		{"chrony.servers", Auto, []string{"/etc/chrony.conf", "/etc/chrony.d/*.conf"}},
		{"ntp.servers", Auto, []string{"/etc/ntp.conf"}},
		{"rsyslog.forwards", Auto, []string{"/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf"}},
		{"snmpd.communities", Auto, snmpd},
		{"snmpd.access", Auto, snmpd},
		{"os.issue_text", Auto, []string{"/etc/issue"}},
		{"sshd.banner_text", Auto, []string{"/etc/issue", "/etc/issue.net", "/etc/motd", "/etc/ssh/banner*", "/etc/banner*"}},
		{"sshd.banner", Confirm, sshd},
		{"sshd.match_banners", Confirm, sshd},
		{"limits.max_system_logins", Confirm, limits},
		{"limits.max_logins", Confirm, limits},
		{"faillock.deny", Confirm, faillock},
		{"faillock.unlock_seconds", Confirm, faillock},
		{"pwquality.minlen", Confirm, pwquality},
		{"pwquality.ucredit", Confirm, pwquality},
		{"pwquality.lcredit", Confirm, pwquality},
		{"pwquality.dcredit", Confirm, pwquality},
		{"pwquality.ocredit", Confirm, pwquality},
	}
}

func permitOf(fact string) (permit, bool) {
	for _, p := range permits() {
		if p.fact == fact {
			return p, true
		}
	}
	return permit{class: Manual}, false
}

// Writable names the facts that may be written at all, sorted.
func Writable() []string {
	var out []string
	for _, p := range permits() {
		out = append(out, p.fact)
	}
	slices.Sort(out)
	return out
}

func (p permit) covers(file string) bool {
	return slices.ContainsFunc(p.files, func(pattern string) bool {
		ok, _ := path.Match(pattern, file)
		return ok
	})
}

// never says why a fact has no permit.
func never(fact string) string {
	for _, n := range []struct{ prefix, why string }{
		{"kernel.fips", "FIPS mode takes a restart, on the command line"},
		{"captures.", "it is what somebody captured"},
		{"crypto_policy.", "FIPS mode takes a restart, on the command line"},
		{"firewall.", "a firewall rule can lock everybody out"},
		{"certificates.", "a certificate is for people to install"},
		{"probe.", "it is what the appliance's own port says"},
		{"services.", "starting a service is for people"},
		{"sockets.", "which program listens is for people"},
		{"os.", "accounts are for people"},
		{"snmpd.users", "an SNMP user has a passphrase"},
		{"snmpd.", "where traps go is for people"},
		{"httpd.", "how people sign in is for people"},
		{"net.", "a route can lock everybody out"},
		{"kernel.routes", "a route can lock everybody out"},
		{"release.", "an upgrade is for people"},
		{"mics.", "the product's own settings change in the System Manager"},
	} {
		if strings.HasPrefix(fact, n.prefix) {
			return n.why
		}
	}
	return "it is for people"
}
