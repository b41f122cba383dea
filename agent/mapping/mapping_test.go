package mapping

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
	"stigwatch/agent/strict"
)

func known() Known {
	return Known{
		Facts: finding.Schema{
			"sshd.banner":      {Kind: finding.String},
			"sshd.banner_text": {Kind: finding.String},
			"os.issue_text":    {Kind: finding.String},
			"pw.minlen":        {Kind: finding.Integer},
			"pw.lock_seconds":  {Kind: finding.Integer},
			"mics.servers":     {Kind: finding.Records, Fields: map[string]finding.Kind{"host": finding.String, "port": finding.Integer}},
		},
		Lenses: []string{"xml", "keyvalue", "text"},
	}
}

const full = `release: 9.x
facts:
  - fact: mics.servers
    status: confirmed
    assurance: direct
    source: compared
    confirmed: {by: me, when: "2026-11-20T11:00:00+01:00", release: 10.7, fleet: true}
    from:
      - files: [/mi/*.xml, "evidence:servers.xml"]
        lens: xml
        path: /a/b
        fields: {host: name, port: number}
        optional: true
  - fact: sshd.banner_text
    status: assumed
    from:
      - {file_of: sshd.banner, lens: text}
  - fact: pw.lock_seconds
    status: documented
    source: its manual
    from:
      - {files: [/etc/lock.conf], lens: keyvalue, path: lock, unit: minutes}
`

func TestParseReadsEveryKey(t *testing.T) {
	got, err := Parse("m.yaml", []byte(full), known())
	if err != nil {
		t.Fatal(err)
	}
	want := []Entry{
		{Fact: "mics.servers", Status: Confirmed, Assurance: finding.Direct, Source: "compared",
			Confirmed: &Confirmation{By: "me", When: "2026-11-20T11:00:00+01:00", Release: "10.7", Fleet: true},
			From: []Source{{Files: []string{"/mi/*.xml", "evidence:servers.xml"}, Lens: "xml", Path: "/a/b",
				Fields: map[string]string{"host": "name", "port": "number"}, Optional: true}},
			File: "m.yaml", Line: 3},
		{Fact: "sshd.banner_text", Status: Assumed, Assurance: finding.Proxy, File: "m.yaml", Line: 14,
			From: []Source{{FileOf: "sshd.banner", Lens: "text"}}},
		{Fact: "pw.lock_seconds", Status: Documented, Assurance: finding.Proxy, Source: "its manual", File: "m.yaml", Line: 18,
			From: []Source{{Files: []string{"/etc/lock.conf"}, Lens: "keyvalue", Path: "lock", Unit: Minutes}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if when := got[0].Confirmed.Time().Format("15:04"); when != "10:00" {
		t.Errorf("confirmed at %s", when)
	}
}

func TestParseListsMistakes(t *testing.T) {
	const head = "facts:\n  - fact: pw.minlen\n    status: documented\n    source: x\n    from: [{files: [/a], lens: text}]\n"
	tests := map[string]struct{ old, new, want string }{
		"unknown fact":      {"fact: pw.minlen", "fact: pw.maxlen", `m.yaml:2: facts[0].fact: there is no fact "pw.maxlen": known are pw.lock_seconds, pw.minlen`},
		"no fact":           {"fact: pw.minlen", "assurance: direct", "m.yaml:2: facts[0].fact: the key is missing: it has no default"},
		"unknown lens":      {"lens: text", "lens: toml", `m.yaml:5: facts[0].from[0].lens: there is no lens "toml": known are xml, keyvalue, text`},
		"unknown status":    {"documented", "certain", `m.yaml:3: facts[0].status: "certain" is not a status: write documented, assumed, learned or confirmed`},
		"learned":           {"documented\n    source: x", "learned", "m.yaml:2: facts[0].source: a learned entry needs it: say on which release, and by which values"},
		"no source":         {"source: x", "assurance: proxy", "m.yaml:2: facts[0].source: a documented entry needs it: say where this is known from"},
		"assurance":         {"source: x", "source: x\n    assurance: attested", `m.yaml:5: facts[0].assurance: "attested" is not an assurance: write direct (read where the product uses it) or proxy`},
		"confirmed bare":    {"documented", "confirmed", "m.yaml:2: facts[0].confirmed: a confirmed entry needs it: {by, when, release, and host or fleet: true}"},
		"confirmed partly":  {"documented", "confirmed\n    confirmed: {when: today, release: '10'}", "m.yaml:4: facts[0].confirmed.by: the key is missing: it has no default\nm.yaml:4: facts[0].confirmed.when: \"today\" is not a time: write it like \"2026-11-20T10:00:00Z\"\nm.yaml:4: facts[0].confirmed.release: \"10\" is not a release: write at least two numbers, like \"10.7\"\nm.yaml:4: facts[0].confirmed: it does not say where it holds: add host, or fleet: true for every appliance"},
		"confirmed twice":   {"documented", "confirmed\n    confirmed: {by: '', when: '2026-11-20T10:00:00Z', release: 10.7, host: h, fleet: true}", "m.yaml:4: facts[0].confirmed.by: it is empty: name who compared\nm.yaml:4: facts[0].confirmed: host and fleet: true contradict each other: keep one"},
		"confirmed, status": {"source: x", "source: x\n    confirmed: {by: me, when: '2026-11-20T10:00:00Z', release: 10.7, host: h}", `m.yaml:5: facts[0].confirmed: the status is "documented": write confirmed there, or remove this key`},
		"no place":          {"[{files: [/a], lens: text}]", "[]", "m.yaml:5: facts[0].from: the list is empty: name at least one place"},
		"no file":           {"files: [/a]", "files: []", "m.yaml:5: facts[0].from[0].files: the list is empty: name at least one file"},
		"neither":           {"files: [/a], ", "", "m.yaml:5: facts[0].from[0]: neither files nor file_of stands here: say which file"},
		"both":              {"files: [/a]", "files: [/a], file_of: sshd.banner", "m.yaml:5: facts[0].from[0]: files and file_of stand here: keep one"},
		"file_of nothing":   {"files: [/a]", "file_of: ssh.flag", `m.yaml:5: facts[0].from[0].file_of: there is no fact "ssh.flag": their names begin with mics, os, pw, sshd`},
		"file_of itself":    {"files: [/a]", "file_of: pw.minlen", "m.yaml:5: facts[0].from[0].file_of: a fact cannot name its own file"},
		"file_of a number":  {"files: [/a]", "file_of: pw.lock_seconds", `m.yaml:5: facts[0].from[0].file_of: the fact "pw.lock_seconds" is not text, so it names no file`},
		"globs": {"[/a]", `[a, /a/../b, "evidence:", "evidence:/a", "evidence:../a", "/a[", "/a..b/*", "/\0"]`, `m.yaml:5: facts[0].from[0].files[0]: "a" is not absolute: write a path from /, or evidence: and a file name
m.yaml:5: facts[0].from[0].files[1]: "/a/../b" leads upwards: write the path without ".."
m.yaml:5: facts[0].from[0].files[2]: "evidence:": a relative file name belongs after evidence:
m.yaml:5: facts[0].from[0].files[3]: "evidence:/a": a relative file name belongs after evidence:
m.yaml:5: facts[0].from[0].files[4]: "evidence:../a" leads upwards: write the path without ".."
m.yaml:5: facts[0].from[0].files[5]: "/a[" is not a glob: close its [ ], or write a backslash before them
m.yaml:5: facts[0].from[0].files[7]: "/\x00" holds a zero byte`},
		"unit":              {"lens: text", "lens: text, unit: hours", `m.yaml:5: facts[0].from[0].unit: "hours" is not a unit: write seconds or minutes`},
		"unit for none":     {"lens: text", "lens: text, unit: seconds", `m.yaml:5: facts[0].from[0].unit: the fact "pw.minlen" has no unit to convert to: remove the key`},
		"fields, lens":      {"lens: text", "lens: text, fields: {a: b}", "m.yaml:5: facts[0].from[0].fields: only the xml lens has fields: remove the key"},
		"fields, no record": {"lens: text", "lens: xml, fields: {a: b}", "m.yaml:5: facts[0].from[0].fields: the fact is not made of records: remove the key"},
		"fields, unknown":   {"fact: pw.minlen\n    status: documented\n    source: x\n    from: [{files: [/a], lens: text}]", "fact: mics.servers\n    status: assumed\n    from: [{files: [/a], lens: xml, fields: {hots: b}}]", "m.yaml:4: facts[0].from[0].fields.hots: the fact's records have no such field: theirs are host, port"},
		"unknown key":       {"source: x", "sauce: x", "m.yaml:2: facts[0].source: a documented entry needs it: say where this is known from\nm.yaml:4: facts[0].sauce: unknown key: known here are fact, status, assurance, source, confirmed, from"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := strings.Replace(head, tt.old, tt.new, 1)
			if b == head {
				t.Fatal("the case changes nothing")
			}
			_, err := Parse("m.yaml", []byte(b), known())
			var wrong strict.Mistakes
			errors.As(err, &wrong)
			if diff := cmp.Diff(tt.want, wrong.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUsable(t *testing.T) {
	onHost := &Confirmation{By: "me", Release: "10.7", Host: "sentry1"}
	fleet := &Confirmation{By: "me", Release: "10.7", Fleet: true}
	tests := map[string]struct {
		status        Status
		c             *Confirmation
		release, host string
		want          string // the reason; empty when usable
	}{
		"documented":          {Documented, nil, "", "", ""},
		"assumed":             {Assumed, nil, "10.7.1", "sentry1", "assumed by the shipped mapping; no operator has confirmed it"},
		"learned":             {Learned, nil, "10.7.1", "sentry1", "learned from the values that were set; no operator has confirmed it"},
		"confirmed here":      {Confirmed, onHost, "10.7.1", "sentry1", ""},
		"the very release":    {Confirmed, onHost, "10.7", "sentry1", ""},
		"a longer number":     {Confirmed, onHost, "10.71", "sentry1", "confirmed for release 10.7; this is 10.71"},
		"a later release":     {Confirmed, fleet, "10.8.0", "sentry1", "confirmed for release 10.7; this is 10.8.0"},
		"a shorter release":   {Confirmed, fleet, "10", "sentry1", "confirmed for release 10.7; this is 10"},
		"another host":        {Confirmed, onHost, "10.7.1", "sentry2", "confirmed on host sentry1; this is sentry2"},
		"the fleet":           {Confirmed, fleet, "10.7.1", "sentry2", ""},
		"release not known":   {Confirmed, fleet, "", "sentry1", "confirmed for release 10.7; which release this is cannot be told"},
		"confirmed by nobody": {Confirmed, nil, "10.7.1", "sentry1", "said to be confirmed, but not by whom"},
	}
	for name, tt := range tests {
		ok, reason := Entry{Status: tt.status, Confirmed: tt.c}.Usable(tt.release, tt.host)
		if ok != (tt.want == "") || reason != tt.want {
			t.Errorf("%s: got %v, %q, want %q", name, ok, reason, tt.want)
		}
	}
}

func TestLaterLayersReplaceEarlierOnes(t *testing.T) {
	a := Entry{Fact: "a", File: "1", Line: 1}
	b := Entry{Fact: "b", File: "1", Line: 2}
	b2 := Entry{Fact: "b", File: "2", Line: 1}
	got, err := Merge([]Entry{a, b}, nil, []Entry{b2})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]Entry{"a": a, "b": b2}, got); diff != "" {
		t.Error(diff)
	}
}

func TestMergeListsWhatContradicts(t *testing.T) {
	_, err := Merge([]Entry{
		{Fact: "a", File: "x.yaml", Line: 1},
		{Fact: "a", File: "y.yaml", Line: 2},
		{Fact: "b", File: "y.yaml", Line: 3, From: []Source{{}, {FileOf: "c"}}},
	}, []Entry{{Fact: "c", File: "z.yaml", Line: 4, From: []Source{{FileOf: "a"}}}})
	want := "y.yaml:2: a: x.yaml:1 says already where this fact lies: keep one\n" +
		"y.yaml:3: b.from[1]: file_of \"c\", which lies itself in a file that a fact names (z.yaml:4): name the file"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestEntriesOfTheSamePlacesAreOne(t *testing.T) {
	from := []Source{{Files: []string{"/a"}, Lens: "text"}}
	entry := func(status Status, release string) Entry {
		e := Entry{Fact: "a", Status: status, From: from, Line: 1}
		if release != "" {
			e.Confirmed = &Confirmation{By: "me", Release: release, Fleet: true}
		}
		return e
	}
	got, err := Merge([]Entry{entry(Assumed, ""), entry(Learned, ""), entry(Confirmed, "10.7"), entry(Confirmed, "10.8"), entry(Learned, "")})
	if err != nil {
		t.Fatal(err)
	}
	for release, want := range map[string]string{"10.7.1": "", "10.8": "", "10.9": "confirmed for release 10.8; this is 10.9"} {
		if ok, why := got["a"].Usable(release, "any"); ok != (want == "") || why != want {
			t.Errorf("%s: got %v, %q", release, ok, why)
		}
	}
	elsewhere := entry(Confirmed, "10.7")
	elsewhere.From = []Source{{Files: []string{"/b"}, Lens: "text"}}
	proxy := entry(Confirmed, "10.7")
	proxy.Assurance = finding.Proxy
	for _, second := range []Entry{elsewhere, proxy, entry(Learned, "")} {
		if _, err := Merge([]Entry{entry(Learned, ""), second}); err == nil {
			t.Errorf("merged %+v", second)
		}
	}
}

func TestAdd(t *testing.T) {
	dir := t.TempDir()
	e := Entry{Fact: "mics.servers", Status: Learned, Assurance: finding.Direct, Source: "learned \"here\"", From: []Source{{
		Files: []string{"/mi/a b.xml"}, Lens: "xml", Path: "/a/b", Fields: Fields{"host": "@name", "port": "x/\"y"},
	}}}
	path, err := Add(dir, "50.yaml", e, known())
	if err != nil {
		t.Fatal(err)
	}
	e.Status, e.Confirmed = Confirmed, &Confirmation{By: "me", When: "2026-11-20T10:00:00Z", Release: "10.7", Host: "h"}
	if _, err := Add(dir, "60.yaml", e, known()); err != nil {
		t.Fatal(err)
	}
	all, err := LoadDir(dir, known(), nil)
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	e.File, e.Line = filepath.Join(dir, "60.yaml"), 2
	if diff := cmp.Diff(e, all[1]); diff != "" {
		t.Error(diff)
	}
	before, _ := os.ReadFile(path)
	e.From = []Source{{Files: []string{"/elsewhere"}, Lens: "text"}}
	if _, err := Add(dir, "50.yaml", e, known()); err == nil || !strings.Contains(err.Error(), "says already where this fact lies") {
		t.Errorf("got %v", err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the file changed")
	}
}

func TestLoadDir(t *testing.T) {
	dir := t.TempDir()
	entry := func(fact string) string {
		return "facts: [{fact: " + fact + ", status: assumed, from: [{files: [/a], lens: text}]}]\n"
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("20.yaml", entry("pw.minlen"))
	put("10.yaml", entry("sshd.banner"))
	put(".hidden.yaml", "]")
	put("README", "]")
	got, err := LoadDir(dir, known(), nil)
	if err != nil || len(got) != 2 || got[0].Fact != "sshd.banner" || got[1].File != filepath.Join(dir, "20.yaml") {
		t.Errorf("got %v, %v", got, err)
	}
	put("30.yml", entry("sshd.banner"))
	put("40.yaml", entry("sshd.flag"))
	put("50.yaml", "facts: {}")
	var wrong strict.Mistakes
	if _, err = LoadDir(dir, known(), nil); !errors.As(err, &wrong) || len(wrong) != 3 {
		t.Errorf("got %v", err)
	}
	if got, err := LoadDir(filepath.Join(dir, "none"), known(), nil); got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}
