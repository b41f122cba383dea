package lens

import "slices"

// named is one lens under the name by which mappings call it.
type named struct {
	name string
	lens Lens
}

// registry is never changed.
var registry = []named{
	{"xml", XML{}},
	{"properties", Properties{}},
	{"keyvalue", KeyValue{}},
	{"passwd", Passwd{}},
	{"text", Text{}},
	{"token", Token{}},
	{"pem", PEM{}},
	{"release", Release{}},
	{"showfips", ShowFIPS{}},
	{"showhttpd", ShowHTTPD{}},
	{"sshd", SSHD{}},
	{"pam", PAM{}},
	{"limits", Limits{}},
	{"rsyslog", Rsyslog{}},
	{"chrony", Chrony{}},
	{"ntp", NTP{}},
	{"snmpd", Snmpd{}},
	{"httpd", HTTPD{}},
	{"routes", Routes{}},
	{"procroute", ProcRoute{}},
	{"tlsprobe", TLSProbe{}},
	{"tlsflight", TLSFlight{}},
	{"unit", Unit{}},
	{"iptables", IPTables{}},
	{"procsockets", ProcSockets{}},
}

// ByName gives the lens that mappings call name.
func ByName(name string) (Lens, bool) {
	i := slices.IndexFunc(registry, func(n named) bool { return n.name == name })
	if i < 0 {
		return nil, false
	}
	return registry[i].lens, true
}

// Names gives the names of all lenses.
func Names() []string {
	var names []string
	for _, n := range registry {
		names = append(names, n.name)
	}
	return names
}
