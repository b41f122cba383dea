package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/strict"
)

// authority makes a certificate authority and gives its certificate as PEM.
func authority(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab authority"},
		NotAfter: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

const fullSite = `
max_ssh_sessions: 5
banner_texts: ["for members only"]
approved_users: []
approved_os_accounts: [root]
syslog_servers: [{host: 192.0.2.51, port: 6514, protocol: tcp}]
approved_routes: [{destination: 0.0.0.0/0, via: 192.0.2.1}]
approved_cas: [ca.pem]
accept_tls13: true
literal_readings: [V-250984]
supported_releases: {as_of: 2026-06-09, lines: [{line: 10.10, from: 10.10.1}]}
ntp_servers: [192.0.2.123, ntp.example]
management_address: 198.51.100.10
management_ranges: [198.51.100.0/24, '2001:db8::/32']
uem_kind: core
uem_addresses: [192.0.2.20, '2001:db8::20']
listening_ports: [{protocol: tcp, port: 443}, {protocol: udp, port: 443}]
alert_recipients: {isso: [isso@lab.example], issm: [issm@lab.example], sca: [sca@lab.example, isso@lab.example]}
`

func TestDataHoldsWhatIsSet(t *testing.T) {
	dir := write(t, map[string]string{"s.yaml": fullSite, "ca.pem": authority(t)})
	s, err := LoadSite(filepath.Join(dir, "s.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"max_ssh_sessions":     int64(5),
		"banner_texts":         []any{"for members only"},
		"approved_users":       []any{},
		"approved_os_accounts": []any{"root"},
		"syslog_servers":       []any{map[string]any{"host": "192.0.2.51", "port": int64(6514), "protocol": "tcp"}},
		"approved_routes":      []any{map[string]any{"destination": "0.0.0.0/0", "via": "192.0.2.1"}},
		"approved_cas":         []any{"ca.pem"},
		"accept_tls13":         true,
		"literal_readings":     []any{"V-250984"},
		"supported_releases":   map[string]any{"as_of": "2026-06-09", "lines": []any{map[string]any{"line": "10.10", "from": "10.10.1"}}},

		"ntp_servers":        []any{"192.0.2.123", "ntp.example"},
		"management_address": "198.51.100.10",
		"management_ranges":  []any{"198.51.100.0/24", "2001:db8::/32"},
		"uem_kind":           "core",
		"uem_addresses":      []any{"192.0.2.20", "2001:db8::20"},
		"listening_ports":    []any{map[string]any{"protocol": "tcp", "port": int64(443)}, map[string]any{"protocol": "udp", "port": int64(443)}},
		"alert_recipients": map[string]any{"isso": []any{"isso@lab.example"}, "issm": []any{"issm@lab.example"},
			"sca": []any{"sca@lab.example", "isso@lab.example"}},
	}
	if diff := cmp.Diff(want, s.Data()); diff != "" {
		t.Error(diff)
	}
	if s.CAs == nil || s.CAs.Equal(x509.NewCertPool()) {
		t.Error("the authorities were not read")
	}
}

func TestAnEmptySiteHasOnlyTheSwitches(t *testing.T) {
	want := map[string]any{"accept_tls13": false, "literal_readings": []any{}}
	if diff := cmp.Diff(want, (&Site{}).Data()); diff != "" {
		t.Error(diff)
	}
}

func TestMistakesOfTheSiteProfile(t *testing.T) {
	tests := map[string]struct{ yaml, want string }{
		"range":         {"max_ssh_sessions: 0", "s.yaml:1: max_ssh_sessions: 0 is not from 1 to 10, which is what the product takes"},
		"no value":      {"approved_users:", "s.yaml:1: approved_users: there is no value: write one, or remove the key to get its default"},
		"empty lists":   {"banner_texts: []\nsyslog_servers: []\napproved_cas: []", "s.yaml:1: banner_texts: the list is empty: name at least one, or remove the key while that is undecided\ns.yaml:2: syslog_servers: the list is empty: name at least one, or remove the key while that is undecided\ns.yaml:3: approved_cas: the list is empty: name at least one, or remove the key while that is undecided"},
		"texts":         {"approved_users: [a, ' ', a, ' b']", "s.yaml:1: approved_users[1]: it is empty: remove it\ns.yaml:1: approved_users[3]: \" b\" begins or ends with white space: remove that\ns.yaml:1: approved_users[2]: it is the same as approved_users[0]: remove one"},
		"server":        {"syslog_servers:\n  - host: 'log:514'\n    port: 0\n    protocol: tls\n  - {host: log.example}", "s.yaml:2: syslog_servers[0].host: \"log:514\" is neither a host name nor an address: the port has its own key\ns.yaml:3: syslog_servers[0].port: 0 is not from 1 to 65535\ns.yaml:4: syslog_servers[0].protocol: \"tls\" is not a protocol: write udp or tcp\ns.yaml:5: syslog_servers[1].port: the key is missing: it has no default\ns.yaml:5: syslog_servers[1].protocol: the key is missing: it has no default"},
		"routes":        {"approved_routes:\n  - {destination: default, via: gw}\n  - {destination: 10.0.0.1/8, via: 10.0.0.1}\n  - {destination: 10.0.0.0/8, via: '2001:DB8::1'}\n  - {destination: 10.0.0.0/8, via: '2001:db8::1'}", "s.yaml:2: approved_routes[0].destination: \"default\" is not a network: write it like 192.0.2.0/24, the default route as 0.0.0.0/0\ns.yaml:2: approved_routes[0].via: \"gw\" is not an address: write it like 192.0.2.1\ns.yaml:3: approved_routes[1].destination: \"10.0.0.1/8\" is not how this network is written: write 10.0.0.0/8\ns.yaml:4: approved_routes[2].via: \"2001:DB8::1\" is not how this address is written: write 2001:db8::1\ns.yaml:5: approved_routes[3].via: the gateway and its destination are not of the same family: one is IPv4, the other IPv6"},
		"readings":      {"literal_readings: [250984]", "s.yaml:1: literal_readings[0]: \"250984\" is not a rule: write it like V-250984"},
		"releases":      {"supported_releases:\n  as_of: June\n  lines:\n    - {line: '10', from: 10.7.1}\n    - {line: 10.6, from: 10.7.1}\n    - {line: 10.5, from: 10.5}", "s.yaml:2: supported_releases.as_of: \"June\" is not a date: write it like 2026-11-20\ns.yaml:4: supported_releases.lines[0].line: \"10\" is not a line of releases: write it like 10.7\ns.yaml:5: supported_releases.lines[1].from: \"10.7.1\" is not of the line 10.6\ns.yaml:6: supported_releases.lines[2].from: \"10.5\" is not a release: write it like 10.7.1"},
		"empty network": {"ntp_servers: []\nmanagement_ranges: []\nuem_addresses: []\nlistening_ports: []\nmanagement_address: ''\nuem_kind: ''", "s.yaml:1: ntp_servers: the list is empty: name at least one, or remove the key while that is undecided\ns.yaml:2: management_ranges: the list is empty: name at least one, or remove the key while that is undecided\ns.yaml:3: uem_addresses: the list is empty: name at least one, or remove the key while that is undecided\ns.yaml:4: listening_ports: the list is empty: name at least one, or remove the key while that is undecided\ns.yaml:5: management_address: \"\" is not an address: write it like 192.0.2.1\ns.yaml:6: uem_kind: \"\" is not a kind of UEM: write core or neurons"},
		"time servers":  {"ntp_servers:\n  - 192.0.2.300\n  - ntp.example:123\n  - '2001:DB8::1'\n  - ntp.example\n  - ntp.example\n  - 192.0.2", "s.yaml:2: ntp_servers[0]: \"192.0.2.300\" is neither a host name nor an address\ns.yaml:3: ntp_servers[1]: \"ntp.example:123\" is neither a host name nor an address\ns.yaml:4: ntp_servers[2]: \"2001:DB8::1\" is not how this address is written: write 2001:db8::1\ns.yaml:6: ntp_servers[4]: it is the same as ntp_servers[3]: remove one\ns.yaml:7: ntp_servers[5]: \"192.0.2\" is neither a host name nor an address"},
		"management":    {"management_address: 0.0.0.0\nmanagement_ranges:\n  - 198.51.100.10/24\n  - 198.51.100.10\n  - 0.0.0.0/0\n  - ::/0\n  - 198.51.100.0/24\n  - 198.51.100.0/24", "s.yaml:1: management_address: \"0.0.0.0\" stands for any address: write the one that is meant\ns.yaml:3: management_ranges[0]: \"198.51.100.10/24\" is not how this network is written: write 198.51.100.0/24\ns.yaml:4: management_ranges[1]: \"198.51.100.10\" is not a network: write it like 192.0.2.0/24, a single address as 192.0.2.1/32\ns.yaml:5: management_ranges[2]: \"0.0.0.0/0\" is every address there is: write the networks that are meant\ns.yaml:6: management_ranges[3]: \"::/0\" is every address there is: write the networks that are meant\ns.yaml:8: management_ranges[5]: it is the same as management_ranges[4]: remove one"},
		"UEM":           {"uem_kind: Core\nuem_addresses:\n  - core.example\n  - 192.0.2.20/32\n  - '::ffff:192.0.2.20'\n  - fe80::1%eth0\n  - 192.0.2.020", "s.yaml:1: uem_kind: \"Core\" is not a kind of UEM: write core or neurons\ns.yaml:3: uem_addresses[0]: \"core.example\" is not an address: write it like 192.0.2.1\ns.yaml:4: uem_addresses[1]: \"192.0.2.20/32\" is not an address: write it like 192.0.2.1\ns.yaml:5: uem_addresses[2]: \"::ffff:192.0.2.20\" is not how this address is written: write 192.0.2.20\ns.yaml:6: uem_addresses[3]: \"fe80::1%eth0\" is not an address: write it like 192.0.2.1\ns.yaml:7: uem_addresses[4]: \"192.0.2.020\" is not an address: write it like 192.0.2.1"},
		"ports":         {"listening_ports:\n  - {protocol: tcp, port: 0}\n  - {protocol: tcp, port: 65536}\n  - {protocol: TCP, port: 1}\n  - {protocol: udp, port: 65535}\n  - {protocol: udp, port: 65535}\n  - {port: 443}", "s.yaml:2: listening_ports[0].port: 0 is not from 1 to 65535\ns.yaml:3: listening_ports[1].port: 65536 is not from 1 to 65535\ns.yaml:4: listening_ports[2].protocol: \"TCP\" is not a protocol: write udp or tcp\ns.yaml:6: listening_ports[4]: it is the same as listening_ports[3]: remove one\ns.yaml:7: listening_ports[5].protocol: the key is missing: it has no default"},
		"recipients":    {"alert_recipients:\n  isso: ['ISSO <isso@lab.example>', '<isso@lab.example>', isso, ' isso@lab.example', a@b, a@b]\n  issm: []", "s.yaml:1: alert_recipients.sca: the key is missing: it has no default\ns.yaml:2: alert_recipients.isso[0]: \"ISSO <isso@lab.example>\" is not a mail address: write it like isso@lab.example, without name and brackets\ns.yaml:2: alert_recipients.isso[1]: \"<isso@lab.example>\" is not a mail address: write it like isso@lab.example, without name and brackets\ns.yaml:2: alert_recipients.isso[2]: \"isso\" is not a mail address: write it like isso@lab.example, without name and brackets\ns.yaml:2: alert_recipients.isso[3]: \" isso@lab.example\" is not a mail address: write it like isso@lab.example, without name and brackets\ns.yaml:2: alert_recipients.isso[5]: it is the same as alert_recipients.isso[4]: remove one\ns.yaml:3: alert_recipients.issm: the list is empty: name at least one, or remove the key while that is undecided"},
		"no such CA":    {"approved_cas: [none.pem]", "s.yaml:1: approved_cas[0]: \"none.pem\": cannot read it: no such file or directory: create it, or correct the path"},
		"not a CA":      {"approved_cas: [s.yaml]", "s.yaml:1: approved_cas[0]: \"s.yaml\": it holds no certificate: PEM is needed, which begins with -----BEGIN CERTIFICATE-----"},
		"key for a CA":  {"approved_cas: [key.pem]", "s.yaml:1: approved_cas[0]: \"key.pem\": block 1 is a PRIVATE KEY: only blocks of type CERTIFICATE belong here"},
		"half a bundle": {"approved_cas: [half.pem]", "s.yaml:1: approved_cas[0]: \"half.pem\": 1 of 2 blocks are damaged: copy the file again"},
	}
	ca := authority(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"s.yaml": tt.yaml, "half.pem": ca + ca[:len(ca)/2],
				"key.pem": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}))})
			_, err := LoadSite(filepath.Join(dir, "s.yaml"))
			if diff := cmp.Diff(tt.want, messages(t, dir, err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// schema is as much of policies/schemas/site.json as names keys.
type schema struct {
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
}

func (s *schema) keys() []string { return slices.Sorted(maps.Keys(s.Properties)) }

func TestSiteHasTheKeysOfTheSchema(t *testing.T) {
	b, err := os.ReadFile("../../policies/schemas/site.json")
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	releases := s.Properties["supported_releases"]
	for _, tt := range []struct {
		schema *schema
		v      any
	}{
		{&s, Site{}},
		{s.Properties["syslog_servers"].Items, Server{}},
		{s.Properties["approved_routes"].Items, Route{}},
		{releases, Releases{}},
		{releases.Properties["lines"].Items, ReleaseLine{}},
		{s.Properties["listening_ports"].Items, Port{}},
		{s.Properties["alert_recipients"], Recipients{}},
	} {
		if diff := cmp.Diff(tt.schema.keys(), slices.Sorted(slices.Values(strict.Keys(tt.v)))); diff != "" {
			t.Errorf("%T: %s", tt.v, diff)
		}
	}
	dir := write(t, map[string]string{"s.yaml": fullSite, "ca.pem": authority(t)})
	full, err := LoadSite(filepath.Join(dir, "s.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.keys(), slices.Sorted(maps.Keys(full.Data()))); diff != "" {
		t.Errorf("data.site: %s", diff)
	}
}

func TestTheLittleAppliancesLoad(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/appliance/*/stigwatch/stigwatch.yaml")
	if len(files) == 0 {
		t.Fatal("there are no little appliances")
	}
	for _, file := range files {
		cfg, site, err := LoadAll(file, Overrides{})
		if err != nil {
			t.Errorf("%s:\n%v", file, err)
			continue
		}
		if _, err := os.Stat(cfg.Root); err != nil {
			t.Error(err)
		}
		if site.CAs == nil {
			t.Errorf("%s: no authority was read", file)
		}
	}
}

func FuzzLoadSite(f *testing.F) {
	f.Add([]byte(fullSite))
	seed(f, "site.yaml")
	f.Fuzz(func(t *testing.T, b []byte) {
		s, d := parseSite("/etc/stigwatch/site.yaml", b)
		if len(d.Mistakes()) == 0 && s.Data() == nil {
			t.Error("no data")
		}
	})
}
