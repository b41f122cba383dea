package enforcer

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/appliance/rig"
)

// hostileSite is a value of the site profile that would do harm if it were more than
// one value where it is written.
type hostileSite struct {
	name, value string
	written     bool // it is one value all the same
}

// withSite gives an appliance whose site profile has a list of that key.
func withSite(t *testing.T, dir, key string, list any) {
	t.Helper()
	b, err := json.Marshal(list)
	mustDo(t, err)
	name := filepath.Join(dir, "stigwatch/site.yaml")
	text := readAt(t, name)
	start := strings.Index(text, "\n"+key+":") + 1
	rest := text[start:]
	end := strings.Index(rest, "\n\n")
	if start == 0 || end < 0 {
		t.Fatalf("no %s in\n%s", key, text)
	}
	rig.Put(t, name, text[:start]+key+": "+string(b)+rest[end:])
}

func readAt(t *testing.T, name string) string {
	t.Helper()
	return rig.Read(t, filepath.Dir(filepath.Dir(name)), "../stigwatch/"+filepath.Base(name))
}

// applied applies a rule as root, and tells whether it was written. If not, it was
// refused, and nothing is another than before.
func applied(t *testing.T, dir, rule string) bool {
	t.Helper()
	before := rig.Tree(t, filepath.Join(dir, "root"))
	e, _, err := open(context.Background(), optionsIn(dir), Options{})
	if err != nil {
		sameTree(t, before, filepath.Join(dir, "root"))
		return false
	}
	defer e.Close()
	got := ask(t, e, me(), http.MethodPost, "/v1/apply", asBody(t, plain(rule)))
	if got.code == http.StatusOK && len(got.applied.Applied) == 1 && got.applied.Failed == "" {
		return true
	}
	if !slices.ContainsFunc(got.applied.Cannot, func(r api.PlanRefusal) bool { return r.Rule == rule && r.Reason != "" }) {
		t.Errorf("neither written nor refused: %+v", got)
	}
	sameTree(t, before, filepath.Join(dir, "root"))
	return false
}

func TestABannerIsOneTextWhateverIsInIt(t *testing.T) {
	for _, c := range []hostileSite{
		{"plain", "KEEP OUT", true},
		{"lines that sshd would take", "KEEP OUT\nBanner none\nPermitRootLogin yes", true},
		{"shell", "KEEP OUT; reboot `id` $(id) | tee > /etc/passwd & \"x\" 'y' \\", true},
		{"blanks inside", "KEEP \t  OUT", true},
		{"a comment", "# KEEP OUT", true},
		{"YAML and JSON", "--- {a: [b]} \"\\n\" %s %n", true},
		{"100 kB", strings.Repeat("KEEP OUT ", 11_000) + "END", false},
		{"100 kB in lines", strings.Repeat("KEEP OUT OF HERE\n", 6_000) + "END", true},
		{"2 MB in lines", strings.Repeat("KEEP OUT OF HERE\n", 120_000) + "END", false},
		{"NUL", "KEEP\x00OUT", false},
		{"a terminal's command", "KEEP \x1b[2J OUT", true},
		{"carriage return", "KEEP\rOUT", true},
		{"DOS lines", "KEEP\r\nOUT", true},
		{"blanks around", "  KEEP OUT", false},
		{"a byte order mark", "\ufeffKEEP OUT", true},
		{"backwards", "KEEP \u202eTUO", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := rig.New(t, "compliant")
			rig.Put(t, filepath.Join(dir, "root/etc/issue"), "Welcome\n")
			withSite(t, dir, "banner_texts", []string{c.value, "LAB SYSTEM - ALLOWED USE ONLY This machine belongs to the example lab. What is done here is recorded and may be read by the lab's staff. Going on means that you accept this."})
			if got := applied(t, dir, textRule); got != c.written {
				t.Fatalf("written: %v", got)
			}
			if !c.written {
				return
			}
			if text := rig.Read(t, dir, "/etc/issue"); text != c.value+"\n" {
				t.Errorf("%.200q", text)
			}
			if text := factOf(t, dir, "os.issue_text"); text != c.value {
				t.Errorf("it reads as %.200q", text)
			}
		})
	}
}

// factOf reads a fact anew.
func factOf(t *testing.T, dir, name string) any {
	t.Helper()
	p, err := appliance.Build(optionsIn(dir))
	mustDo(t, err)
	defer p.Close()
	snap, _ := p.Reader.All()
	return snap[name].Value
}

// hosts are values where the name of a host belongs.
func hosts() []hostileSite {
	return []hostileSite{
		{"a name", "time.example", true},
		{"an address", "2001:db8::1", true},
		{"a line end", "192.0.2.1\nserver evil.example", false},
		{"a line end at the end", "192.0.2.1\n", false},
		{"carriage return", "192.0.2.1\rserver evil.example", false},
		{"NUL", "192.0.2.1\x00", false},
		{"a blank", "192.0.2.1 trust", false},
		{"a tab", "192.0.2.1\tprefer", false},
		{"a semicolon", "192.0.2.1;reboot", false},
		{"shell", "$(reboot).example", false},
		{"back quotes", "`reboot`", false},
		{"a quote", `192.0.2.1" port="1`, false},
		{"a comment", "192.0.2.1#x", false},
		{"an option", "-x", false},
		{"a pipe", "|/bin/sh", false},
		{"a program of rsyslog", "^/bin/sh", false},
		{"a template", "192.0.2.1;evil", false},
		{"a parenthesis", `192.0.2.1)\naction(type="omprog"`, false},
		{"100 kB", strings.Repeat("a.", 50_000) + "example", false},
		{"a zone", "fe80::1%eth0", false},
		{"nothing", "", false},
		{"other letters", "tіme.example", false}, // a Cyrillic і
		{"backwards", "time\u202e.example", false},
	}
}

func TestATimeServerIsOneWordOrNotWritten(t *testing.T) {
	for _, c := range hosts() {
		t.Run(c.name, func(t *testing.T) {
			dir := clockDrifted(t)
			withSite(t, dir, "ntp_servers", []string{"198.51.100.123", c.value})
			oneMore(t, dir, clockRule, clockFile, c, "server "+c.value+" iburst")
		})
	}
}

func TestALogServerIsOneWordOrNotWritten(t *testing.T) {
	const file = "/etc/rsyslog.d/60-remote.conf" // where the other forwards stand
	for _, c := range hosts() {
		t.Run(c.name, func(t *testing.T) {
			dir := rig.New(t, "compliant")
			const settings = "root/mi/config-system/startup_config/systemconfig.xml"
			if c.written { // the product lists it, and rsyslog does not forward to it
				rig.Edit(t, filepath.Join(dir, settings), "198.51.100.51", c.value)
			}
			withSite(t, dir, "syslog_servers", []map[string]any{
				{"host": "192.0.2.51", "port": 6514, "protocol": "tcp"}, {"host": c.value, "port": 6514, "protocol": "tcp"},
			})
			oneMore(t, dir, "V-251006", file, c, "*.* @@"+net.JoinHostPort(c.value, "6514"))
		})
	}
}

// oneMore applies a rule and sees that the file has one line more at most, which is
// the one that it should be.
func oneMore(t *testing.T, dir, rule, file string, c hostileSite, line string) {
	t.Helper()
	before := strings.Split(rig.Read(t, dir, file), "\n")
	if got := applied(t, dir, rule); got != c.written {
		t.Fatalf("written: %v", got)
	}
	var more []string
	for _, l := range strings.Split(rig.Read(t, dir, file), "\n") {
		if !slices.Contains(before, l) {
			more = append(more, l)
		}
	}
	if want := map[bool][]string{true: {line}}[c.written]; !slices.Equal(more, want) {
		t.Errorf("%q, want %q", more, want)
	}
}
