package permit

import (
	"os"
	"strings"
	"testing"
)

// The table that people read is the one that is compiled in.
func TestDocumentationHasThePermits(t *testing.T) {
	b, err := os.ReadFile("../../docs/enforcement.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(b), "| fact | in | class |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	said := map[string]string{} // fact → the rest of its line
	for line := range strings.Lines(table) {
		cells := strings.SplitN(strings.TrimSpace(line), " | ", 2)
		for fact := range strings.SplitSeq(strings.TrimPrefix(cells[0], "| "), ", ") {
			said[strings.Trim(fact, "`")] = cells[1]
		}
	}
	for _, p := range All() {
		want := "`" + strings.Join(p.Files, "`, `") + "` | " + string(p.Class) + " |"
		if said[p.Fact] != want {
			t.Errorf("%s: documented %q, is %q", p.Fact, said[p.Fact], want)
		}
		delete(said, p.Fact)
	}
	if len(said) > 0 {
		t.Errorf("documented, and not permitted: %v", said)
	}
}

func TestNothingBelowMiIsEverPermitted(t *testing.T) {
	for _, p := range All() {
		for _, file := range p.Files {
			if !strings.HasPrefix(file, "/etc/") || strings.Contains(file, "..") {
				t.Errorf("%s may be written in %s", p.Fact, file)
			}
		}
		if p.Covers("/mi/config-system/startup_config/systemconfig.xml") {
			t.Errorf("%s may be written below /mi", p.Fact)
		}
	}
	for _, fact := range []string{
		"kernel.fips_enabled", "crypto_policy.current", "firewall.input_rules", "certificates.portal", "mics.users", "os.login_accounts",
		"mics.interface_addresses", "kernel.routes", "net.static_routes", "httpd.portal_verify_client", "snmpd.users",
	} {
		if _, ok := Of(fact); ok {
			t.Errorf("%s may be written", fact)
		}
		if Never(fact) == "" {
			t.Errorf("nobody says why %s is never written", fact)
		}
	}
}

func TestStricter(t *testing.T) {
	order := []Class{Auto, Confirm, Manual}
	for i, a := range order {
		for j, b := range order {
			if got := a.Stricter(b); got != order[max(i, j)] {
				t.Errorf("%s and %s: %s", a, b, got)
			}
		}
	}
}
