package policy

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"stigwatch/agent/finding"
	"stigwatch/policies"
)

// load compiles the shipped policies.
func load(t testing.TB, site map[string]any) *Engine {
	t.Helper()
	e, err := Load(Options{Tree: policies.FS, Source: "embedded", Site: site})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// small is a tree with one policy, for V-250989, whose text the test gives. The
// catalog and the input schema are the shipped ones.
func small(t *testing.T, custom, body string) fs.FS {
	t.Helper()
	tree := fstest.MapFS{}
	for _, pattern := range []string{"catalog/*.json", "schemas/*.json"} {
		names, err := fs.Glob(policies.FS, pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, name := range names {
			b, err := fs.ReadFile(policies.FS, name)
			if err != nil {
				t.Fatal(err)
			}
			tree[name] = &fstest.MapFile{Data: b}
		}
	}
	head := strings.Join([]string{
		"# METADATA", "# scope: package", "# title: Length", "# custom:", "#   rule: V-250989",
		"#   stig_id: MOIS-ND-000420", "#   benchmark: ndm", "#   severity: medium", "#   srg: SRG-APP-000164-NDM-000252",
		"#   ccis: [CCI-000205, CCI-004066]", "#   gui: Somewhere",
	}, "\n")
	text := head + "\n" + custom + "\npackage stig.ndm.v250989\n\n" + body
	tree["stig/ndm/v250989/v250989.rego"] = &fstest.MapFile{Data: []byte(text)}
	return tree
}

func putModule(tree fs.FS, name, text string) {
	tree.(fstest.MapFS)[name] = &fstest.MapFile{Data: []byte(text)}
}

const (
	needsLength = "#   requires: [mics.password_policy.min_length]"
	tooShort    = `violations contains {"fact": "mics.password_policy.min_length", "expected": ">= 15", "message": "too short"} if {
	input.mics.password_policy.min_length < 15
}
`
)

func known(v any) *finding.Fact {
	return &finding.Fact{State: finding.Known, Value: v, Assurance: finding.Direct,
		Evidence: []finding.Evidence{{File: "/f", Line: 7, Digest: "sha256:00"}}}
}

func state(s finding.State) *finding.Fact {
	return &finding.Fact{State: s, Reason: "why"}
}

func snapshot(facts map[string]*finding.Fact) finding.Snapshot {
	for name, f := range facts {
		f.Name = name
	}
	return facts
}

func judge(t *testing.T, tree fs.FS, site map[string]any, facts map[string]*finding.Fact) finding.Result {
	t.Helper()
	e, err := Load(Options{Tree: tree, Site: site})
	if err != nil {
		t.Fatal(err)
	}
	return e.Evaluate(context.Background(), snapshot(facts), []string{"V-250989"}, time.Unix(0, 0))[0]
}

func TestVerdict(t *testing.T) {
	const length, minlen = "mics.password_policy.min_length", "pwquality.minlen"
	both := "#   requires: [" + length + "]\n#   corroborates: [" + minlen + "]"
	applied := both + "\n#   applied: {" + minlen + ": " + length + "}"
	corroborated := tooShort + `
violations contains {"fact": "pwquality.minlen", "expected": ">= 15", "message": "the OS allows less"} if {
	input.pwquality.minlen < 15
}
`
	for _, c := range []struct {
		name    string
		custom  string
		body    string
		site    map[string]any
		facts   map[string]*finding.Fact
		outcome finding.Outcome
		reason  string
	}{
		{"known good passes", needsLength, tooShort, nil, map[string]*finding.Fact{length: known(int64(15))}, finding.Pass, ""},
		{"known bad fails", needsLength, tooShort, nil, map[string]*finding.Fact{length: known(int64(14))}, finding.Fail, "too short"},
		{"unmapped is not checked", needsLength, tooShort, nil, nil, finding.NotChecked, "mics.password_policy.min_length is unmapped: no mapping says where it lives"},
		{"unreadable is not checked", needsLength, tooShort, nil, map[string]*finding.Fact{length: state(finding.Unreadable)}, finding.NotChecked, "mics.password_policy.min_length is unreadable: why"},
		{"unconfirmed is not checked", needsLength, tooShort, nil, map[string]*finding.Fact{length: state(finding.Unconfirmed)}, finding.NotChecked, "mics.password_policy.min_length is unconfirmed: why"},
		{"missing is not checked", needsLength, tooShort, nil, map[string]*finding.Fact{length: state(finding.Missing)}, finding.NotChecked, "mics.password_policy.min_length is missing: why"},
		{"absent is null and fails here", needsLength, tooShort, nil, map[string]*finding.Fact{length: state(finding.Absent)}, finding.Fail, "too short"},
		{"absent that the policy overlooks is not a pass", needsLength, strings.ReplaceAll(tooShort, "< 15", "== 3"), nil,
			map[string]*finding.Fact{length: state(finding.Absent)}, finding.NotChecked, "mics.password_policy.min_length is absent: why"},
		{"absent with a compliant default passes", needsLength + "\n#   absent_ok: [" + length + "]", strings.ReplaceAll(tooShort, "< 15", "== 3"), nil,
			map[string]*finding.Fact{length: state(finding.Absent)}, finding.Pass, ""},
		{"corroborating bad fails", both, corroborated, nil, map[string]*finding.Fact{length: known(int64(20)), minlen: known(int64(8))}, finding.Fail, "the OS allows less"},
		{"corroborating good does not pass alone", both, corroborated, nil, map[string]*finding.Fact{minlen: known(int64(20))}, finding.NotChecked, "mics.password_policy.min_length is unmapped: no mapping says where it lives"},
		{"corroborating unreadable does not stop a pass", both, corroborated, nil, map[string]*finding.Fact{length: known(int64(20)), minlen: state(finding.Unreadable)}, finding.Pass, ""},
		{"known bad beats unreadable", "#   requires: [" + minlen + ", " + length + "]", corroborated, nil,
			map[string]*finding.Fact{length: known(int64(3)), minlen: state(finding.Unreadable)}, finding.Fail, "too short"},
		{"missing with a known alternative passes", "#   requires: [" + length + ", " + minlen + "]\n#   missing_ok: {" + length + ": " + minlen + "}", corroborated, nil,
			map[string]*finding.Fact{length: state(finding.Missing), minlen: known(int64(15))}, finding.Pass, ""},
		{"missing with an unknown alternative is not checked", "#   requires: [" + length + ", " + minlen + "]\n#   missing_ok: {" + length + ": " + minlen + "}", corroborated, nil,
			map[string]*finding.Fact{length: state(finding.Missing), minlen: state(finding.Missing)}, finding.NotChecked, "mics.password_policy.min_length is missing: why"},
		{"site value not set is not checked", needsLength, strings.ReplaceAll(tooShort, "< 15", "< data.site.max_ssh_sessions"), nil,
			map[string]*finding.Fact{length: known(int64(15))}, finding.NotChecked, `site value "max_ssh_sessions" is not set`},
		{"unreadable is said before an unset site value", needsLength, strings.ReplaceAll(tooShort, "< 15", "< data.site.max_ssh_sessions"), nil,
			map[string]*finding.Fact{length: state(finding.Unreadable)}, finding.NotChecked, "mics.password_policy.min_length is unreadable: why"},
		{"site value set counts", needsLength, strings.ReplaceAll(tooShort, "< 15", "< data.site.max_ssh_sessions"), map[string]any{"max_ssh_sessions": int64(4)},
			map[string]*finding.Fact{length: known(int64(3))}, finding.Fail, "too short"},
		{"not applicable by a known fact", needsLength, tooShort + "\nnot_applicable contains \"no CLI\" if input.mics.snmp.enabled == false\n", nil,
			map[string]*finding.Fact{length: known(int64(15)), "mics.snmp.enabled": known(false)}, finding.NotApplicable, "no CLI"},
		{"a violation beats not applicable", needsLength, tooShort + "\nnot_applicable contains \"no CLI\" if input.mics.snmp.enabled == false\n", nil,
			map[string]*finding.Fact{length: known(int64(5)), "mics.snmp.enabled": known(false)}, finding.Fail, "too short"},
		{"what is in effect is wrong, and not what was saved", applied, corroborated, nil,
			map[string]*finding.Fact{length: known(int64(15)), minlen: known(int64(8))}, finding.Fail, "the OS allows less; saved but not applied: " + length + " is in order, " + minlen + " is not"},
		{"what was saved is wrong, and not what is in effect", applied, corroborated, nil,
			map[string]*finding.Fact{length: known(int64(8)), minlen: known(int64(15))}, finding.Fail, "too short; applied but not saved: " + minlen + " is in order, " + length + " is not"},
		{"what is in effect was never saved", applied, corroborated, nil,
			map[string]*finding.Fact{length: state(finding.Absent), minlen: known(int64(15))}, finding.Fail, "too short; applied but not saved: " + minlen + " is in order, " + length + " is not"},
		{"both are wrong", applied, corroborated, nil,
			map[string]*finding.Fact{length: known(int64(8)), minlen: known(int64(8))}, finding.Fail, "too short; the OS allows less"},
		{"one of the two is not known", applied, corroborated, nil,
			map[string]*finding.Fact{length: known(int64(8)), minlen: state(finding.Unreadable)}, finding.Fail, "too short"},
		{"a policy error is an error", needsLength, tooShort + "\nviolations contains {\"fact\": \"x\"} if input.mics.password_policy.min_length / 0 == 1\n", nil,
			map[string]*finding.Fact{length: known(int64(15))}, finding.Error, "policy error: "},
		{"a violation that names no fact of the rule is an error", needsLength, strings.ReplaceAll(tooShort, `"fact": "mics.password_policy.min_length"`, `"fact": "mics.users"`), nil,
			map[string]*finding.Fact{length: known(int64(5))}, finding.Error, "policy error: violation {"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := judge(t, small(t, c.custom, c.body), c.site, c.facts)
			if r.Outcome != c.outcome {
				t.Fatalf("outcome %s (%s), want %s", r.Outcome, r.Reason, c.outcome)
			}
			if c.outcome == finding.Error && strings.HasPrefix(r.Reason, c.reason) {
				return
			}
			if r.Reason != c.reason {
				t.Errorf("reason %q, want %q", r.Reason, c.reason)
			}
		})
	}
}

func TestEvidenceNamesPlaceExpectedAndActual(t *testing.T) {
	r := judge(t, small(t, needsLength, tooShort), nil, map[string]*finding.Fact{"mics.password_policy.min_length": known(int64(8))})
	want := finding.Item{Fact: "mics.password_policy.min_length", Role: finding.Required, State: finding.Known,
		File: "/f", Line: 7, Digest: "sha256:00", Actual: int64(8), Expected: ">= 15", Reason: "too short"}
	if len(r.Evidence) != 1 || r.Evidence[0] != want {
		t.Errorf("%+v", r.Evidence)
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ name, custom, body, want string }{
		{"a misspelt fact", needsLength, strings.ReplaceAll(tooShort, "min_length < 15", "minlength < 15"), "undefined ref"},
		{"a fact that METADATA does not name", "#   requires: []", tooShort, "which METADATA does not name"},
		{"a fact that nothing reads", "#   requires: [mics.password_policy.min_length, mics.users]", tooShort, "which violations do not read"},
		{"a whole group of facts", needsLength, tooShort + "\nviolations contains {\"x\": 1} if input.mics.snmp[_]\n", "names no fact"},
		{"a clock", needsLength, tooShort + "\nviolations contains {\"x\": 1} if time.now_ns() > 0\n", "undefined function time.now_ns"},
		{"an unknown METADATA key", needsLength + "\n#   requirez: []", tooShort, "requirez"},
		{"no violations", "#   requires: []", "other := 1\n", "no violations"},
		{"a severity of its own", needsLength + "\n#   severity: high", tooShort, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(Options{Tree: small(t, c.custom, c.body)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestCatalogueIsTheTwoBenchmarks(t *testing.T) {
	e := load(t, nil)
	count := map[string]int{}
	for _, id := range e.Order {
		r := e.Rules[id]
		count[r.Benchmark+" "+string(r.Severity)]++
		if r.StigID == "" || r.SRG == "" || len(r.CCIs) == 0 || r.Title == "" {
			t.Errorf("%s is not whole: %+v", id, r)
		}
	}
	want := map[string]int{"ndm high": 7, "ndm medium": 13, "ndm low": 6, "alg medium": 21, "alg low": 11}
	for k, n := range want {
		if count[k] != n {
			t.Errorf("%d rules %s, want %d", count[k], k, n)
		}
	}
	if len(e.Order) != 58 {
		t.Errorf("%d rules", len(e.Order))
	}
}

// Every id, severity, SRG and CCI of the catalog against the official files.
func TestCatalogAgreesWithTheOfficialFiles(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/stig/*-xccdf.xml")
	if len(files) == 0 {
		t.Skip("../shared/stig is not there: the catalog cannot be compared with the official files")
	}
	releases, err := Releases(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, file := range files {
		compared += compareOfficial(t, file, releases)
	}
	if compared != 3*58 {
		t.Errorf("%d rules compared, want %d", compared, 3*58)
	}
}

func TestNothingPassesOnNothing(t *testing.T) {
	e := load(t, nil)
	for _, r := range e.Evaluate(context.Background(), finding.Snapshot{}, nil, time.Now()) {
		if r.Outcome != finding.NotChecked {
			t.Errorf("%s is %s on an empty snapshot: %s", r.Rule, r.Outcome, r.Reason)
		}
	}
}

// Null breaks builtins under strict errors; a rule has to ask before it calls.
func TestNothingSetIsNoPolicyError(t *testing.T) {
	snap := finding.Snapshot{}
	for _, site := range []map[string]any{nil, {"accept_tls13": false, "literal_readings": []any{}, "max_ssh_sessions": int64(5)}} {
		e := load(t, site)
		for name := range e.Schema {
			snap[name] = &finding.Fact{Name: name, State: finding.Absent}
		}
		for _, r := range e.Evaluate(context.Background(), snap, nil, time.Now()) {
			if r.Outcome == finding.Error || r.Outcome == finding.Pass {
				t.Errorf("%s is %s: %s", r.Rule, r.Outcome, r.Reason)
			}
		}
	}
}

// Rules of one pass share what the library answered. A builtin that fails in a
// shared helper must fail each of them.
func TestAFaultInASharedHelperIsAnErrorOfEachRule(t *testing.T) {
	tree := small(t, needsLength, `violations contains v if some v in data.lib.broken.found
`).(fstest.MapFS)
	tree["lib/broken/broken.rego"] = &fstest.MapFile{Data: []byte(`package lib.broken

found contains {"fact": "mics.password_policy.min_length", "expected": "x", "message": "y"} if {
	100 / input.mics.password_policy.min_length > 100
}
`)}
	first := tree["stig/ndm/v250989/v250989.rego"]
	tree["stig/ndm/v250990/v250990.rego"] = &fstest.MapFile{Data: []byte(strings.NewReplacer(
		"V-250989", "V-250990", "v250989", "v250990", "MOIS-ND-000420", "MOIS-ND-000430",
		"SRG-APP-000164-NDM-000252", "SRG-APP-000166-NDM-000254", "CCI-000205, CCI-004066", "CCI-000192, CCI-004066",
	).Replace(string(first.Data)))}
	e, err := Load(Options{Tree: tree})
	if err != nil {
		t.Fatal(err)
	}
	facts := snapshot(map[string]*finding.Fact{"mics.password_policy.min_length": known(int64(0))})
	for _, r := range e.Evaluate(context.Background(), facts, []string{"V-250989", "V-250990"}, time.Unix(0, 0)) {
		if r.Outcome != finding.Error {
			t.Errorf("%s is %s (%s), want error", r.Rule, r.Outcome, r.Reason)
		}
	}
}

func TestAFailIsKnownAsWellAsItsBestProof(t *testing.T) {
	const length, minlen = "mics.password_policy.min_length", "pwquality.minlen"
	body := tooShort + `
violations contains {"fact": "pwquality.minlen", "expected": ">= 15", "message": "the OS allows less"} if {
	input.pwquality.minlen < 15
}
`
	weak := known(int64(8))
	weak.Assurance = finding.Proxy
	r := judge(t, small(t, "#   requires: ["+length+", "+minlen+"]", body), nil, map[string]*finding.Fact{length: known(int64(8)), minlen: weak})
	if r.Outcome != finding.Fail || r.Assurance != finding.Direct {
		t.Errorf("%s, %s", r.Outcome, r.Assurance)
	}
	good := known(int64(15))
	r = judge(t, small(t, "#   requires: ["+length+", "+minlen+"]", body), nil, map[string]*finding.Fact{length: good, minlen: weak})
	if r.Outcome != finding.Fail || r.Assurance != finding.Proxy {
		t.Errorf("%s, %s: what is in order proves no fail", r.Outcome, r.Assurance)
	}
	r = judge(t, small(t, "#   requires: ["+length+", "+minlen+"]", body), nil, map[string]*finding.Fact{length: known(int64(15)), minlen: &finding.Fact{
		State: finding.Known, Value: int64(15), Assurance: finding.Proxy}})
	if r.Outcome != finding.Pass || r.Assurance != finding.Proxy {
		t.Errorf("%s, %s: a pass is known as badly as its worst proof", r.Outcome, r.Assurance)
	}
}
