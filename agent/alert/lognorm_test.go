package alert

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lognorm is what liblognorm, the parser that rsyslog normalizes with, made of a
// line by one of the rule bases in testdata.
type lognorm struct {
	Pri, Host, Vendor, Product, Version, ID string
	F                                       json.RawMessage
	Unparsed                                string `json:"unparsed-data"`
}

// lognormalize runs liblognorm on lines, all at once.
func lognormalize(t *testing.T, rules string, lines []string) []lognorm {
	t.Helper()
	program, err := exec.LookPath("lognormalizer")
	if err != nil {
		noRig(t, "lognormalizer, of the package liblognorm-utils")
	}
	cmd := exec.Command(program, "-r", "testdata/lognorm/"+rules, "-e", "json")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	out, err := cmd.Output()
	must(t, err)
	var all []lognorm
	scan := bufio.NewScanner(bytes.NewReader(out))
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		var one lognorm
		must(t, json.Unmarshal(scan.Bytes(), &one))
		all = append(all, one)
	}
	if len(all) != len(lines) {
		t.Fatalf("%d of %d lines came back", len(all), len(lines))
	}
	return all
}

func formatLines(t *testing.T, name string, run []*Message) []string {
	t.Helper()
	f := formatFor(t, name)
	var lines []string
	for _, m := range run {
		line, err := f.bytes(m)
		must(t, err)
		lines = append(lines, string(line))
	}
	return lines
}

// liblognorm 2.0.6 expects the blank before the first key that real senders do
// not write, and ends a value's blanks; both are put right here.
func TestCEFReadByLiblognorm(t *testing.T) {
	run := formatRun()
	lines := formatLines(t, "cef", run)
	spaced := make([]string, len(lines))
	for i, line := range lines {
		spaced[i] = strings.Replace(line, "|rt=", "| rt=", 1)
	}
	for i, got := range lognormalize(t, "cef.rb", spaced) {
		var f struct {
			DeviceVendor, DeviceProduct, DeviceVersion, SignatureID, Name, Severity string
			Extensions                                                              map[string]string
		}
		if got.Unparsed != "" || json.Unmarshal(got.F, &f) != nil {
			t.Fatalf("not understood from %q in\n%s", got.Unparsed, lines[i])
		}
		want := readCEF(t, lines[i])
		for at, s := range []string{"0", f.DeviceVendor, f.DeviceProduct, f.DeviceVersion, f.SignatureID, f.Name, f.Severity} {
			if key := string(rune('0' + at)); want[key] != s {
				t.Errorf("place %s is %q, want %q", key, s, want[key])
			}
			delete(want, string(rune('0'+at)))
		}
		if d := cmp.Diff(trimmed(want), trimmed(f.Extensions)); d != "" {
			t.Errorf("%s\n%s", lines[i], d)
		}
		if got.Host != headerHost(run[i].cleaned().Host) {
			t.Errorf("the host is %q", got.Host)
		}
	}
}

func TestLEEFReadByLiblognorm(t *testing.T) {
	run := formatRun()
	lines := formatLines(t, "leef", run)
	for i, got := range lognormalize(t, "leef.rb", lines) {
		var pairs []struct{ K, V string }
		if got.Unparsed != "" || json.Unmarshal(got.F, &pairs) != nil {
			t.Fatalf("not understood from %q in\n%s", got.Unparsed, lines[i])
		}
		all := map[string]string{}
		for _, p := range pairs {
			all[p.K] = p.V
		}
		if d := cmp.Diff(readLEEF(t, lines[i]), all); d != "" {
			t.Errorf("%s\n%s", lines[i], d)
		}
		if got.Vendor != product || got.Product != product || got.Version != "1.2.3" || got.ID == "" && run[i].subject() != "" {
			t.Errorf("the header is %+v", got)
		}
	}
}

// nsyslog-parser ends a value at its second equals sign, all of them at the next
// bar, and does not know the hexadecimal form of the delimiter: it gets the tab
// itself, no line with a bar in a value, and is not asked of values with an equals
// sign. All three are told of by liblognorm.
func TestLEEFReadByNsyslogParser(t *testing.T) {
	lines := slices.DeleteFunc(formatLines(t, "leef", formatRun()), func(line string) bool { return strings.Count(line, "|") != 6 })
	if len(lines) < 20 {
		t.Fatalf("only %d lines are left", len(lines))
	}
	tabbed := make([]string, len(lines))
	for i, line := range lines {
		_, body, _ := strings.Cut(line, " LEEF:")
		tabbed[i] = "LEEF:" + strings.Replace(body, "|x09|", "|\t|", 1)
	}
	in, err := json.Marshal(tabbed)
	must(t, err)
	var answer []struct{ Headers, Fields map[string]string }
	node(t, `const p = require("nsyslog-parser/leef"), fs = require("fs");
		console.log(JSON.stringify(JSON.parse(fs.readFileSync(0)).map(line => p.parse(line))))`, in, &answer)
	if len(answer) != len(lines) {
		t.Fatalf("%d of %d lines came back", len(answer), len(lines))
	}
	for i, got := range answer {
		want := readLEEF(t, lines[i])
		for key, value := range want {
			if strings.Contains(value, "=") {
				delete(want, key)
				delete(got.Fields, key)
			}
		}
		if d := cmp.Diff(want, got.Fields); d != "" {
			t.Errorf("%s\n%s", lines[i], d)
		}
		if h := got.Headers; h["leefVersion"] != "LEEF:2.0" || h["vendor"] != product || h["version"] != "1.2.3" {
			t.Errorf("the header is %v", h)
		}
	}
}

func trimmed(all map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range all {
		out[key] = strings.TrimSpace(value)
	}
	return out
}
