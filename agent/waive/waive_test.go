package waive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
	"stigwatch/agent/strict"
)

var (
	rules    = []string{"V-250987", "V-250989"}
	evidence = "sha256:" + strings.Repeat("0a", 32)
	policy   = "sha256:" + strings.Repeat("1b", 32)
	other    = "sha256:" + strings.Repeat("2c", 32)
)

func banner() Waiver {
	return Waiver{
		Rule: "V-250987", Reason: "The banner of the lab: its own text.", Approver: "AO of the lab", Ticket: "CHG-4711",
		When: "2026-11-20T10:00:00Z", Expires: "2027-11-20T10:00:00Z", Evidence: evidence, Policy: policy,
	}
}

var full = `waivers:
  - rule: V-250987
    reason: "The banner of the lab: its own text."
    approver: "AO of the lab"
    ticket: CHG-4711
    when: "2026-11-20T10:00:00Z"
    expires: "2027-11-20T10:00:00Z"
    evidence: "` + evidence + `"
    policy: "` + policy + `"
`

func put(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "waivers.yaml")
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestLoadReadsEveryKey(t *testing.T) {
	book, err := Load(put(t, full), true, rules)
	if diff := cmp.Diff(&Book{Waivers: []Waiver{banner()}, Digest: strict.Digest([]byte(full))}, book); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestLoadWithoutAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	book, err := Load(path, false, rules)
	if err != nil || len(book.Waivers) != 0 || book.Digest != strict.Digest(nil) {
		t.Errorf("%+v %v", book, err)
	}
	_, err = Load(path, true, rules)
	want := strict.Mistakes{{File: path, Msg: "cannot read it: no such file or directory: create it, or correct the path"}}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Error(diff)
	}
}

// Each case changes one line of full.
func TestLoadListsMistakes(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"unknown key":    {"ticket:", "tickets:", "w.yaml:2: waivers[0].ticket: the key is missing: it has no default\nw.yaml:5: waivers[0].tickets: unknown key: known here are rule, reason, approver, ticket, when, expires, evidence, policy"},
		"rule form":      {"V-250987", "250987", `w.yaml:2: waivers[0].rule: "250987" is not a rule: write it like V-250987`},
		"rule unknown":   {"V-250987", "V-999999", `w.yaml:2: waivers[0].rule: there is no rule "V-999999": write one that stigwatch status lists`},
		"reason blank":   {`"The banner of the lab: its own text."`, `" "`, "w.yaml:3: waivers[0].reason: it is blank: say why the deviation is acceptable"},
		"reason long":    {"The banner", strings.Repeat("é", 975), "w.yaml:3: waivers[0].reason: it has 1001 characters: write at most 1000, and put the rest in the ticket"},
		"reason control": {"The banner", `\e`, "w.yaml:3: waivers[0].reason: it holds control characters: write plain text"},
		"approver":       {"AO of the lab", " ", "w.yaml:4: waivers[0].approver: it is blank: name who accepts the deviation"},
		"ticket":         {"CHG-4711", `"a\nb"`, "w.yaml:5: waivers[0].ticket: it holds line breaks or control characters: write plain text in one line"},
		"when":           {"2026-11-20T10:00:00Z", "2026-11-20T10:00:00+01:00", `w.yaml:6: waivers[0].when: "2026-11-20T10:00:00+01:00" is not a time in UTC: write it like "2026-11-20T10:00:00Z"`},
		"ends at once":   {"2027-11-20T10:00:00Z", "2026-11-20T10:00:00Z", "w.yaml:7: waivers[0].expires: it is not after when, 2026-11-20T10:00:00Z: write a later time"},
		"ends too late":  {"2027-11-20T10:00:00Z", "2027-11-21T10:00:01Z", "w.yaml:7: waivers[0].expires: it is more than 366 days after when: write 2027-11-21T10:00:00Z or earlier, and have it accepted anew then"},
		"evidence":       {evidence, "none", `w.yaml:8: waivers[0].evidence: "none" is not a digest: write sha256: and 64 hexadecimal digits in lower case; stigwatch waive fills it in`},
		"policy missing": {`    policy: "` + policy + "\"\n", "", "w.yaml:2: waivers[0].policy: the key is missing: it has no default"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if strings.Count(full, tt.old) != 1 {
				t.Fatalf("%q stands there %d times", tt.old, strings.Count(full, tt.old))
			}
			list, err := parse("w.yaml", []byte(strings.Replace(full, tt.old, tt.new, 1)), rules)
			if err == nil || err.Error() != tt.want || list != nil {
				t.Errorf("got:\n%v\nwant:\n%s", err, tt.want)
			}
		})
	}
}

func TestLoadRefusesTheSameTwice(t *testing.T) {
	again := strings.Replace(full, "waivers:\n", "", 1)
	_, err := parse("w.yaml", []byte(full+again), rules)
	if want := "w.yaml:10: waivers[1]: the same waiver stands in line 2 already: keep one of the two"; err == nil || err.Error() != want {
		t.Error(err)
	}
	if _, err := parse("w.yaml", []byte(full+strings.Replace(again, evidence, other, 1)), rules); err != nil {
		t.Error(err)
	}
	if _, err := parse("w.yaml", []byte("waivers: [{}, {}]"), rules); err == nil || strings.Contains(err.Error(), "already") {
		t.Error(err)
	}
}

func TestFindHoldsForWhatWasSeen(t *testing.T) {
	b := &Book{Waivers: []Waiver{banner()}}
	const when, end = "2026-11-20T10:00:00Z", "2027-11-20T10:00:00Z"
	tests := map[string]struct{ rule, evidence, policy, now, void string }{
		"the instant it begins": {"V-250987", evidence, policy, when, ""},
		"just before":           {"V-250987", evidence, policy, "2026-11-20T09:59:59.999999999Z", "waiver CHG-4711 is dated in the future, " + when},
		"just before the end":   {"V-250987", evidence, policy, "2027-11-20T09:59:59.999999999Z", ""},
		"the instant it ends":   {"V-250987", evidence, policy, end, "waiver CHG-4711 expired on " + end},
		"in another zone":       {"V-250987", evidence, policy, "2027-11-20T12:00:00+02:00", "waiver CHG-4711 expired on " + end},
		"other evidence":        {"V-250987", other, policy, when, "waiver CHG-4711 is void: the evidence changed since it was granted"},
		"no evidence":           {"V-250987", "", policy, when, "waiver CHG-4711 is void: the evidence changed since it was granted"},
		"other policy":          {"V-250987", evidence, other, when, "waiver CHG-4711 is void: the rule's policy changed since it was granted"},
		"other rule":            {"V-250989", evidence, policy, when, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w, void := b.Find(tt.rule, tt.evidence, tt.policy, at(t, tt.now))
			if void != tt.void || (w != nil) != (void == "" && tt.rule == "V-250987") {
				t.Errorf("%+v %q", w, void)
			}
		})
	}
}

func TestFindTakesTheOneThatHolds(t *testing.T) {
	old, renewed, longer := banner(), banner(), banner()
	old.Expires, old.Ticket = "2026-12-01T00:00:00Z", "OLD"
	renewed.Expires, renewed.Ticket = "2027-01-01T00:00:00Z", "NEW"
	longer.Evidence, longer.Ticket = other, "OTHER"
	b := &Book{Waivers: []Waiver{old, renewed, longer}}
	if w, void := b.Find("V-250987", evidence, policy, at(t, "2026-11-25T00:00:00Z")); w == nil || w.Ticket != "NEW" || void != "" {
		t.Errorf("%+v %q", w, void)
	}
	if w, void := b.Find("V-250987", evidence, policy, at(t, "2027-02-01T00:00:00Z")); w != nil || !strings.HasPrefix(void, "waiver OTHER is void") {
		t.Errorf("%+v %q", w, void)
	}
	got := b.Expiring(at(t, "2026-11-25T00:00:00Z"))
	if got != nil {
		t.Errorf("a renewed waiver is told of: %+v", got)
	}
	want := []Warning{{Rule: "V-250987", Ticket: "NEW", Days: 7, Expires: at(t, renewed.Expires)}}
	if diff := cmp.Diff(want, b.Expiring(at(t, "2026-12-26T00:00:00Z"))); diff != "" {
		t.Error(diff)
	}
}

func TestExpiringNamesTheThreshold(t *testing.T) {
	const day = 24 * time.Hour
	w := banner()
	b := &Book{Waivers: []Waiver{w}}
	keys := map[string]bool{}
	for left, want := range map[time.Duration]int{
		30*day + 1: 0, 30 * day: 30, 14*day + 1: 30, 14 * day: 14, 7*day + 1: 14, 7 * day: 7, 1: 7, 0: 0, -1: 0, 400 * day: 0,
	} {
		got := b.Expiring(w.end().Add(-left))
		if want == 0 && got == nil {
			continue
		}
		if diff := cmp.Diff([]Warning{{"V-250987", "CHG-4711", want, w.end()}}, got); diff != "" {
			t.Errorf("%v left: %s", left, diff)
			continue
		}
		keys[got[0].Key()] = true
	}
	if len(keys) != 3 {
		t.Errorf("keys: %v", keys)
	}
}

func TestAddMakesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "waivers.yaml")
	if err := Add(path, banner(), rules); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full, read(t, path)); diff != "" {
		t.Error(diff)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode() != 0o640 {
		t.Errorf("%v %v", fi.Mode(), err)
	}
}

func TestAddRefusesAMistake(t *testing.T) {
	far := banner()
	far.Expires = "2029-01-01T00:00:00Z"
	tests := map[string]struct {
		before string
		add    Waiver
		want   string
	}{
		"in the file":    {strings.Replace(full, "V-2", "X-2", 1), banner(), `cannot add the waiver: PATH:2: waivers[0].rule: "X-250987" is not a rule: write it like V-250987`},
		"in the new one": {full, far, "cannot add the waiver: with it the file would have a mistake: PATH:15: waivers[1].expires: it is more than 366 days after when: write 2027-11-21T10:00:00Z or earlier, and have it accepted anew then"},
		"the same":       {full, banner(), "cannot add the waiver: with it the file would have a mistake: PATH:10: waivers[1]: the same waiver stands in line 2 already: keep one of the two"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := put(t, tt.before)
			err := Add(path, tt.add, rules)
			if got := strings.ReplaceAll(fmt.Sprint(err), path, "PATH"); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
			if wrong := (strict.Mistakes)(nil); !errors.As(err, &wrong) {
				t.Error("no strict.Mistakes")
			}
			if read(t, path) != tt.before {
				t.Error("the file changed")
			}
		})
	}
	if err := Add("/proc/waivers.yaml", banner(), rules); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a folder that takes no file: %v", err)
	}
}

func TestAddLeavesEarlierBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	path := put(t, "# Ours, by hand.\n"+strings.Replace(full, "reason: \"The banner of the lab: its own text.\"", "reason: >\n      Folded,\n      by hand.", 1)+"  # the end")
	var want []Waiver
	for i := range 40 {
		w := banner()
		w.Rule = rules[r.IntN(2)]
		w.Ticket = fmt.Sprintf("#%d: \"'\\", i)
		w.Reason = "é\n\t- '\"\\ #: " + strings.Repeat("x", r.IntN(900)) + "…"
		w.Evidence = strict.Digest([]byte{byte(i)})
		want = append(want, w)
		before := read(t, path)
		if err := Add(path, w, rules); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(read(t, path), before) {
			t.Fatal("earlier bytes changed")
		}
	}
	book, err := Load(path, true, rules)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, book.Waivers[1:]); diff != "" || book.Waivers[0].Reason != "Folded, by hand." {
		t.Error(diff)
	}
}

func failing() finding.Result {
	return finding.Result{
		Rule: "V-250987", Outcome: finding.Fail, Assurance: finding.Direct, Reason: "two things",
		Evidence: []finding.Item{
			{Fact: "sshd.banner", Role: finding.Required, State: finding.Known, File: "/etc/ssh/sshd_config", Line: 3, Digest: "sha256:a", Actual: "x", Expected: "one of 2", Reason: "is other text"},
			{Fact: "sshd.list", File: "/etc/a", Line: 4, Actual: map[string]any{"b": int64(2), "a": []any{true, "<"}}, Expected: "none", Reason: "is there"},
			{Fact: "sshd.good", File: "/etc/b", Line: 9, Actual: int64(7)},
		},
		Since: time.Unix(1, 0), Evaluated: time.Unix(2, 0),
	}
}

func TestCanonicalEvidenceSeesTheDeviationOnly(t *testing.T) {
	want := CanonicalEvidence(failing())
	if !digestForm.MatchString(want) {
		t.Fatal(want)
	}
	same := map[string]func(r *finding.Result){
		"elsewhere in the file": func(r *finding.Result) { r.Evidence[0].Line = 99 },
		"another file digest":   func(r *finding.Result) { r.Evidence[0].Digest = "sha256:b" },
		"later":                 func(r *finding.Result) { r.Since, r.Evaluated = time.Unix(3, 0), time.Unix(4, 0) },
		"other order":           func(r *finding.Result) { slices.Reverse(r.Evidence) },
		"a good fact":           func(r *finding.Result) { r.Evidence[2].Actual = int64(8) },
		"fewer good facts":      func(r *finding.Result) { r.Evidence = r.Evidence[:2] },
		"how it is known":       func(r *finding.Result) { r.Assurance, r.Remark = finding.Proxy, "x" },
		"from the journal": func(r *finding.Result) {
			b, err := json.Marshal(*r)
			if err != nil {
				t.Fatal(err)
			}
			*r = finding.Result{}
			if err := json.Unmarshal(b, r); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, change := range same {
		r := failing()
		if change(&r); CanonicalEvidence(r) != want {
			t.Errorf("%s: another digest", name)
		}
	}
	differs := map[string]func(r *finding.Result){
		"another fact":     func(r *finding.Result) { r.Evidence[0].Fact = "sshd.banner_text" },
		"another file":     func(r *finding.Result) { r.Evidence[0].File = "/etc/ssh/sshd_config.d/a" },
		"another demand":   func(r *finding.Result) { r.Evidence[0].Expected = "one of 3" },
		"another value":    func(r *finding.Result) { r.Evidence[0].Actual = "y" },
		"no value":         func(r *finding.Result) { r.Evidence[0].Actual = nil },
		"another type":     func(r *finding.Result) { r.Evidence[0].Actual = true },
		"inside a value":   func(r *finding.Result) { r.Evidence[1].Actual.(map[string]any)["b"] = int64(3) },
		"another reason":   func(r *finding.Result) { r.Evidence[0].Reason = "is no text" },
		"one fewer":        func(r *finding.Result) { r.Evidence = r.Evidence[1:] },
		"one more":         func(r *finding.Result) { r.Evidence[2].Expected = "8" },
		"the same twice":   func(r *finding.Result) { r.Evidence = append(r.Evidence, r.Evidence[0]) },
		"text moved on":    func(r *finding.Result) { r.Evidence[0].Expected, r.Evidence[0].Reason = "one of 2is", " other text" },
		"no value of JSON": func(r *finding.Result) { r.Evidence[0].Actual = func() {} },
	}
	seen := map[string]string{want: "the first"}
	for name, change := range differs {
		r := failing()
		change(&r)
		got := CanonicalEvidence(r)
		if was, twice := seen[got]; twice || got == "" {
			t.Errorf("%s: the digest of %s", name, was)
		}
		seen[got] = name
	}
}

// Another form would void every waiver that there is.
func TestCanonicalEvidenceStaysAsItIs(t *testing.T) {
	want := strict.Digest([]byte(`["sshd.banner","/etc/ssh/sshd_config","one of 2","x","is other text"]` + "\n" +
		`["sshd.list","/etc/a","none",{"a":[true,"\u003c"],"b":2},"is there"]`))
	if got := CanonicalEvidence(failing()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCanonicalEvidenceOfNothing(t *testing.T) {
	r := failing()
	r.Evidence = r.Evidence[2:]
	if got := CanonicalEvidence(r); got != "" {
		t.Error(got)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("waivers: [{rule: V-250987}]"))
	f.Add([]byte("waivers:\n- &a [*a]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parse("f", b, rules)
		if err != nil {
			var wrong strict.Mistakes
			if !errors.As(err, &wrong) || len(wrong) == 0 || list != nil {
				t.Fatal(err)
			}
			return
		}
		book := &Book{Waivers: list}
		for i := range list {
			w := &list[i]
			if w.Rule == "" || w.Reason == "" || !w.end().After(w.start()) {
				t.Fatalf("%+v", w)
			}
			if is, void := book.Find(w.Rule, w.Evidence, w.Policy, w.start()); is == nil || void != "" {
				t.Fatalf("%+v %q", w, void)
			}
			book.Expiring(w.start())
		}
	})
}
