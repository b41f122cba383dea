package lens

import (
	"slices"
	"testing"
)

func FuzzSSHD(f *testing.F)        { fuzzProgram(f, "sshd") }
func FuzzPAM(f *testing.F)         { fuzzProgram(f, "pam") }
func FuzzLimits(f *testing.F)      { fuzzProgram(f, "limits") }
func FuzzRsyslog(f *testing.F)     { fuzzProgram(f, "rsyslog") }
func FuzzChrony(f *testing.F)      { fuzzProgram(f, "chrony") }
func FuzzNTP(f *testing.F)         { fuzzProgram(f, "ntp") }
func FuzzSnmpd(f *testing.F)       { fuzzProgram(f, "snmpd") }
func FuzzHTTPD(f *testing.F)       { fuzzProgram(f, "httpd") }
func FuzzRoutes(f *testing.F)      { fuzzProgram(f, "routes") }
func FuzzProcRoute(f *testing.F)   { fuzzProgram(f, "procroute") }
func FuzzIPTables(f *testing.F)    { fuzzProgram(f, "iptables") }
func FuzzProcSockets(f *testing.F) { fuzzProgram(f, "procsockets") }

// fuzzProgram checks the laws of one lens of programLaws on whatever comes.
func fuzzProgram(f *testing.F, name string) {
	all := programLaws()
	i := slices.IndexFunc(all, func(c programLaw) bool { return c.name == name })
	if i < 0 || len(all[i].seeds) == 0 {
		f.Fatalf("no seeds for %q", name)
	}
	for _, seed := range all[i].seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		keepsProgramLaws(t, all[i], b)
	})
}
