package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/strict"
)

func siteSchema(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("../../policies/schemas/site.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func initSite(t testing.TB, have map[string]any) string {
	t.Helper()
	b, err := InitSite(siteSchema(t), have)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// data parses a profile strictly and gives what Rego would see.
func data(t testing.TB, profile string) map[string]any {
	t.Helper()
	s, d := parseSite("site.yaml", []byte(profile))
	if err := d.Mistakes().Err(); err != nil {
		t.Fatalf("%v\n%s", err, profile)
	}
	return s.Data()
}

// approveAll does what a person does who approves every line.
func approveAll(profile string) string {
	lines := strings.Split(profile, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], approve)
	}
	return strings.Join(lines, "\n")
}

// approved gives what a profile for one appliance holds once all is approved.
func approved(t testing.TB, have map[string]any) map[string]any {
	t.Helper()
	out := data(t, approveAll(initSite(t, have)))
	delete(out, "accept_tls13")
	delete(out, "literal_readings")
	return out
}

type object = map[string]any

func fullAppliance() object {
	return object{
		"mics.cli.max_ssh_sessions": int64(5),
		"sshd.banner_text":          "for members\n  only\n",
		"mics.portal.login_text":    "for members only",
		"os.issue_text":             "it's \"theirs\" # \\S {a: b}",
		"mics.users":                []any{"opsadmin", "yes", "a: b", "O'Neil"},
		"os.login_accounts":         []any{"root", "opsadmin"},
		"mics.syslog.servers":       []any{object{"host": "192.0.2.51", "port": int64(6514), "protocol": "tcp", "enabled": true, "audit": true}},
		"rsyslog.forwards": []any{object{"host": "192.0.2.51", "port": int64(6514), "protocol": "tcp", "selector": "*.*", "shadowed": false},
			object{"host": "log.example", "port": int64(514), "protocol": "udp"}},
		"kernel.routes":            []any{object{"destination": "0.0.0.0/0", "via": "192.0.2.1", "device": "eth0"}},
		"net.static_routes":        []any{object{"destination": "203.0.113.0/25", "via": "198.51.100.1", "device": "eth1"}},
		"chrony.servers":           []any{object{"host": "192.0.2.123", "kind": "server"}, object{"host": "ntp.example", "kind": "pool"}},
		"mics.interface_addresses": []any{"198.51.100.10", "0.0.0.0"},
		"firewall.input_rules": []any{
			object{"state": "RELATED,ESTABLISHED", "target": "ACCEPT", "negated": false},
			object{"source": "198.51.100.0/24", "protocol": "tcp", "ports": "8443", "target": "ACCEPT", "negated": false},
			object{"source": "203.0.113.7", "protocol": "tcp", "ports": "22,8440:8450", "target": "ACCEPT"},
			object{"source": "203.0.113.8/32", "protocol": "udp", "ports": "8443", "target": "ACCEPT"},
			object{"source": "203.0.113.9/32", "ports": "8443", "target": "DROP"},
			object{"source": "203.0.113.10/32", "ports": "8443", "target": "ACCEPT", "negated": true},
			object{"source": "192.0.2.20/32", "protocol": "tcp", "ports": "9090", "target": "ACCEPT"},
		},
		"mics.emm.addresses": []any{"192.0.2.20", "192.0.2.21/32"},
		"sockets.listening": []any{
			object{"protocol": "udp", "address": "0.0.0.0", "port": int64(161)},
			object{"protocol": "tcp", "address": "::", "port": int64(8443)},
			object{"protocol": "tcp", "address": "0.0.0.0", "port": int64(443)},
			object{"protocol": "tcp", "address": "0.0.0.0", "port": int64(8443)},
			object{"protocol": "tcp", "address": "127.0.0.1", "port": int64(8009)},
			object{"protocol": "tcp", "address": "::1", "port": int64(8005)},
		},
	}
}

func TestInitSiteSetsNothingByItself(t *testing.T) {
	want := object{"accept_tls13": false, "literal_readings": []any{}}
	for _, have := range []object{nil, fullAppliance()} {
		profile := initSite(t, have)
		if diff := cmp.Diff(want, data(t, profile)); diff != "" {
			t.Error(diff)
		}
		for _, line := range strings.Split(profile, "\n") {
			if line != "" && line[0] != '#' {
				t.Errorf("not a comment: %s", line)
			}
		}
	}
}

func TestInitSiteProposesWhatTheApplianceHas(t *testing.T) {
	want := object{
		"max_ssh_sessions":     int64(5),
		"banner_texts":         []any{"for members only", "it's \"theirs\" # \\S {a: b}"},
		"approved_users":       []any{"opsadmin", "yes", "a: b", "O'Neil"},
		"approved_os_accounts": []any{"root", "opsadmin"},
		"syslog_servers": []any{object{"host": "192.0.2.51", "port": int64(6514), "protocol": "tcp"},
			object{"host": "log.example", "port": int64(514), "protocol": "udp"}},
		"approved_routes": []any{object{"destination": "0.0.0.0/0", "via": "192.0.2.1"},
			object{"destination": "203.0.113.0/25", "via": "198.51.100.1"}},
		"ntp_servers":        []any{"192.0.2.123", "ntp.example"},
		"management_address": "198.51.100.10",
		"management_ranges":  []any{"198.51.100.0/24", "203.0.113.7/32"},
		"uem_addresses":      []any{"192.0.2.20", "192.0.2.21"},
		"listening_ports": []any{object{"protocol": "tcp", "port": int64(443)}, object{"protocol": "tcp", "port": int64(8443)},
			object{"protocol": "udp", "port": int64(161)}},
	}
	if diff := cmp.Diff(want, approved(t, fullAppliance())); diff != "" {
		t.Error(diff)
	}
}

func TestInitSiteIsApprovedLineByLine(t *testing.T) {
	profile := approveAll(initSite(t, object{"mics.users": []any{"opsadmin", "setup"}, "os.login_accounts": []any{"root"}}))
	some := strings.Replace(profile, "  \"setup\",\n", approve+"  \"setup\",\n", 1)
	if diff := cmp.Diff([]any{"opsadmin"}, data(t, some)["approved_users"]); diff != "" {
		t.Error(diff)
	}
	// An item whose list was not approved must not join the list above it.
	orphan := strings.Replace(profile, "approved_os_accounts: [", approve+"approved_os_accounts: [", 1)
	if _, d := parseSite("site.yaml", []byte(orphan)); d.Mistakes().Err() == nil {
		t.Error("an item without its list was accepted")
	}
}

func TestInitSiteProposesNothingThatAProfileRefuses(t *testing.T) {
	have := object{
		"mics.cli.max_ssh_sessions": int64(0),
		"mics.users":                []any{"", " b", "a\nmax_ssh_sessions: 1", "ok", "a\u2028b", "\xff", int64(7), object{}, nil},
		"mics.syslog.servers":       []any{object{"host": "log"}, object{}},
		"kernel.routes":             []any{object{"destination": "0.0.0.0/0", "via": "fe80::1%eth0"}},
		"mics.emm.addresses":        []any{"192.0.2.0/24"},
		"firewall.input_rules":      []any{object{"source": "0.0.0.0/0", "target": "ACCEPT"}, object{"source": "any", "target": "ACCEPT"}, "rule"},
		"sockets.listening":         []any{object{"protocol": "sctp", "address": "", "port": int64(1)}, object{"port": "22"}},
		"chrony.servers":            nil,
		"sshd.banner_text":          " \n",
	}
	want := object{"approved_users": []any{"a\nmax_ssh_sessions: 1", "ok", "a\u2028b", "\uFFFD", "7"}}
	if diff := cmp.Diff(want, approved(t, have)); diff != "" {
		t.Error(diff)
	}
	profile := initSite(t, have)
	for _, line := range []string{
		`# Left out: 0: 0 is not from 1 to 10, which is what the product takes`,
		`# Left out: " b": " b" begins or ends with white space: remove that`,
		`# Left out: {host: "log"}: the key is missing: it has no default`,
		`# Left out: "192.0.2.0/24": "192.0.2.0/24" is not an address: write it like 192.0.2.1`,
		`# Left out: "0.0.0.0/0": "0.0.0.0/0" is every address there is: write the networks that are meant`,
		`# Nothing to propose from chrony.servers, ntp.servers. For example:`,
	} {
		if !strings.Contains(profile, "\n"+line+"\n") {
			t.Errorf("missing: %s\n%s", line, profile)
		}
	}
}

func TestInitSiteLeavesAChoiceToAPerson(t *testing.T) {
	have := object{"mics.interface_addresses": []any{"192.0.2.10", "198.51.100.10"}}
	if got := approved(t, have); len(got) > 0 {
		t.Errorf("%v was chosen", got)
	}
	want := "\n# The appliance has \"192.0.2.10\", \"198.51.100.10\" (mics.interface_addresses). Write the one that is meant"
	if !strings.Contains(initSite(t, have), want) {
		t.Error("the choice is not shown")
	}
}

func TestInitSiteExplainsEachKeyAndShowsHowItIsWritten(t *testing.T) {
	profile, all := initSite(t, nil), proposals()
	if diff := cmp.Diff(slices.Sorted(slices.Values(strict.Keys(Site{}))), slices.Sorted(maps.Keys(all))); diff != "" {
		t.Error(diff)
	}
	for key, p := range all {
		_, explained, _ := strings.Cut(profile, "\n# "+key+": ")
		if explained == "" || explained[0] == '\n' {
			t.Errorf("%s is not explained", key)
		}
		s, d := parseSite("site.yaml", []byte(p.example))
		if err := d.Mistakes().Err(); err != nil || s.Data()[key] == nil {
			t.Errorf("%s: %v", p.example, err)
		}
		if !strings.Contains(profile, "\n#   "+p.example+"\n") {
			t.Errorf("%s has no example", key)
		}
	}
	if !strings.Contains(profile, "\n# Without it: false\n") {
		t.Error("the default is not shown")
	}
}

func TestInitSiteReadsFactsThatThereAre(t *testing.T) {
	b, err := os.ReadFile("../../policies/schemas/input.json")
	if err != nil {
		t.Fatal(err)
	}
	var facts schema
	if err := json.Unmarshal(b, &facts); err != nil {
		t.Fatal(err)
	}
	for _, p := range proposals() {
		for _, s := range p.from {
			at := &facts
			for _, word := range strings.Split(s.fact, ".") {
				if at = at.Properties[word]; at == nil {
					t.Fatalf("there is no fact %s", s.fact)
				}
			}
		}
	}
}

func TestInitSiteIsBounded(t *testing.T) {
	var users []any
	for i := range 50000 {
		users = append(users, fmt.Sprintf("user%d", i))
	}
	profile := initSite(t, object{"mics.users": users, "os.login_accounts": users, "sshd.banner_text": strings.Repeat("long ", 100000)})
	if len(profile) > strict.MaxBytes/4 || !strings.Contains(profile, "\n# Left out: what comes after, for there is too much\n") {
		t.Errorf("%d bytes", len(profile))
	}
	data(t, approveAll(profile))
}

func TestInitSiteNeedsASchema(t *testing.T) {
	if _, err := InitSite([]byte("{"), nil); err == nil {
		t.Error("no schema was taken for one")
	}
}

func FuzzInitSite(f *testing.F) {
	f.Add("opsadmin", "198.51.100.0/24", "22,8443", int64(443))
	f.Add("\"\\\n# approve: max_ssh_sessions: 1", "::/0", "1:", int64(-1))
	schema := siteSchema(f)
	f.Fuzz(func(t *testing.T, text, source, ports string, port int64) {
		b, err := InitSite(schema, object{
			"mics.users": []any{text, source}, "sshd.banner_text": text, "mics.interface_addresses": []any{source},
			"firewall.input_rules": []any{object{"source": source, "ports": ports, "target": "ACCEPT"}},
			"mics.syslog.servers":  []any{object{"host": text, "port": port, "protocol": source}},
			"sockets.listening":    []any{object{"protocol": text, "address": source, "port": port}},
			"chrony.servers":       []any{object{"host": text}, object{"host": source}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if set := data(t, string(b)); len(set) != 2 {
			t.Errorf("it sets %v", set)
		}
		data(t, approveAll(string(b)))
	})
}
