// Package permit owns the ceiling of all that stigwatch ever writes: which fact, in
// which files, and whether somebody has to confirm it. It is compiled in, so that no
// configuration, policy or mapping can widen it.
package permit

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

// Stricter gives the stricter of two classes.
func (c Class) Stricter(o Class) Class {
	order := []Class{Auto, Confirm, Manual}
	if slices.Index(order, o) > slices.Index(order, c) {
		return o
	}
	return c
}

// Permit lets one fact be written in some files, and nowhere else. What has none
// is for people: FIPS mode, firewall, certificates, users, interfaces, routes and
// sign-in methods never get one, nor does any file below /mi.
type Permit struct {
	Fact  string
	Class Class
	Files []string // path.Match patterns
}

// All lists the permits. The configuration can narrow them and not widen them.
func All() []Permit {
	sshd := []string{"/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"}
	limits := []string{"/etc/security/limits.conf", "/etc/security/limits.d/*.conf"}
	// Not the stacks below /etc/pam.d: there are several of one kind, each with lines of
	// its own, and a value in one says nothing of the others.
	faillock := []string{"/etc/security/faillock.conf"}
	pwquality := []string{"/etc/security/pwquality.conf", "/etc/security/pwquality.conf.d/*.conf"}
	snmpd := []string{"/etc/snmp/snmpd.conf", "/etc/snmp/snmpd.local.conf"}
	return []Permit{
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

// Of gives the permit of a fact; ok is false when it has none.
func Of(fact string) (p Permit, ok bool) {
	for _, p := range All() {
		if p.Fact == fact {
			return p, true
		}
	}
	return Permit{Class: Manual}, false
}

// Facts names those that may be written at all, sorted.
func Facts() []string {
	var out []string
	for _, p := range All() {
		out = append(out, p.Fact)
	}
	slices.Sort(out)
	return out
}

// Covers tells whether a file, by its path inside the root, is among those of the
// permit.
func (p Permit) Covers(file string) bool {
	return slices.ContainsFunc(p.Files, func(pattern string) bool {
		ok, _ := path.Match(pattern, file)
		return ok
	})
}

// Never says why a fact has no permit, for people.
func Never(fact string) string {
	const fips, cut = "FIPS mode takes a restart and is for people to switch", "a mistake there locks everybody out: for people to change"
	for _, n := range []struct{ prefix, why string }{
		{"kernel.fips", fips}, {"crypto_policy.", fips}, {"captures.", "it is what somebody captured"},
		{"firewall.", cut}, {"net.", cut}, {"kernel.routes", cut}, {"certificates.", cut}, {"httpd.", cut},
		{"probe.", "what the appliance's own port says"}, {"services.", "starting a service is for people"},
		{"sockets.", "which program listens is for people to change"}, {"os.", "accounts are for people to change"},
		{"snmpd.users", "an SNMP user has a passphrase: for people to make"}, {"snmpd.", "where traps go is for people to say"},
		{"release.", "an upgrade is for people to make"},
		{"mics.", "kept below /mi, and nobody has documented that the product reads its files again: change it in the System Manager"},
	} {
		if strings.HasPrefix(fact, n.prefix) {
			return n.why
		}
	}
	return "it is for people"
}
