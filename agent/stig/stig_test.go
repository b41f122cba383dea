package stig

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"html"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/finding"
)

// made is a benchmark that nobody published.
func made(rules ...Rule) *Benchmark {
	return &Benchmark{ID: "Made_Up_STIG", Title: "Made up", Release: "V3R2", Date: "2026-02-03", Rules: rules}
}

// madeRule is rule number n of it.
func madeRule(n int) Rule {
	return Rule{
		Rule: fmt.Sprintf("V-%06d", n), RuleID: fmt.Sprintf("SV-%06dr7_rule", n), StigID: fmt.Sprintf("MADE-ND-%06d", n),
		Severity: finding.Medium, SRG: "SRG-APP-000001-NDM-000200", CCIs: []string{"CCI-000054", "CCI-000366"}, Legacy: []string{"SV-12", "V-12"},
		Title: "Doors must be <shut>", Check: "Look.\n\nIf open & unlocked, this is a finding.", Fix: "Shut it.", Discussion: "A door\nis <not> a wall.",
	}
}

// xccdf writes a benchmark as the official ones are written.
func xccdf(b *Benchmark) string {
	var s strings.Builder
	version, release, _ := strings.Cut(strings.TrimPrefix(b.Release, "V"), "R")
	fmt.Fprintf(&s, `<?xml version="1.0" encoding="utf-8"?><?xml-stylesheet type='text/xsl' href='STIG_unclass.xsl'?>`+
		`<Benchmark xmlns:dc="http://purl.org/dc/elements/1.1/" id="%s" xml:lang="en" xmlns="http://checklists.nist.gov/xccdf/1.1">`+
		`<status date="2026-01-01">accepted</status><title>%s</title><description>D</description>`+
		`<reference href="https://cyber.mil"><dc:title>Other</dc:title></reference>`+
		`<plain-text id="release-info">Release: %s Benchmark Date: 3 Feb 2026</plain-text><plain-text id="generator">3.5</plain-text>`+
		`<version>%s</version><Profile id="p"><title>P</title><select idref="x" selected="true" /></Profile>`,
		b.ID, b.Title, release, version)
	for _, r := range b.Rules {
		fmt.Fprintf(&s, `<Group id="%s"><title>%s</title><description>&lt;GroupDescription&gt;&lt;/GroupDescription&gt;</description>`+
			`<Rule id="%s" weight="10.0" severity="%s"><version>%s</version><title>%s</title>`+
			`<description>%s</description><reference><dc:title>T</dc:title></reference>`,
			r.Rule, r.SRG, r.RuleID, r.Severity, r.StigID, html.EscapeString(r.Title),
			html.EscapeString("<VulnDiscussion>"+r.Discussion+"</VulnDiscussion><FalsePositives></FalsePositives><Documentable>false</Documentable>"))
		for _, id := range r.Legacy {
			fmt.Fprintf(&s, `<ident system="http://cyber.mil/legacy">%s</ident>`, id)
		}
		for _, id := range r.CCIs {
			fmt.Fprintf(&s, `<ident system="http://cyber.mil/cci">%s</ident>`, id)
		}
		fmt.Fprintf(&s, `<fixtext fixref="F-1">%s</fixtext><fix id="F-1" /><check system="C-1"><check-content-ref href="x.xml" name="M" />`+
			`<check-content>%s</check-content></check></Rule></Group>`, html.EscapeString(r.Fix), html.EscapeString(r.Check))
	}
	s.WriteString("</Benchmark>")
	return s.String()
}

// zipped packs files: name, content, name, content …
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func parseOne(t *testing.T, text string) *Benchmark {
	t.Helper()
	all, err := Parse([]byte(text))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d benchmarks, %v", len(all), err)
	}
	return all[0]
}

func TestParseReadsEveryField(t *testing.T) {
	want := made(madeRule(1), madeRule(2))
	text := xccdf(want)
	want.Digest = digest([]byte(text))
	if diff := cmp.Diff(want, parseOne(t, text)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	marked := "\uFEFF" + text
	if got := parseOne(t, marked); got.Digest != digest([]byte(marked)) || len(got.Rules) != 2 {
		t.Errorf("with the mark of its encoding: %+v", got)
	}
}

func TestParseKeepsADescriptionWithoutFields(t *testing.T) {
	text := strings.ReplaceAll(xccdf(made(madeRule(1))), "VulnDiscussion", "Else")
	if got := parseOne(t, text).Rules[0].Discussion; !strings.HasPrefix(got, "<Else>A door") {
		t.Errorf("%q", got)
	}
}

func TestParseReadsWhatAnArchiveHolds(t *testing.T) {
	one, two := made(madeRule(1)), made(madeRule(2))
	two.ID = "Other_STIG"
	all, err := Parse(zipped(t, "U_Made/readme.pdf", "%PDF", "U_Made/U_A_Manual-xccdf.xml", xccdf(one), `U_Made\U_B_MANUAL-XCCDF.XML`, xccdf(two),
		"__MACOSX/._U_A_Manual-xccdf.xml", "shadow", "../../etc/x.xml", "no"))
	if err != nil || len(all) != 2 || all[0].ID != one.ID || all[1].ID != two.ID || all[0].Digest != digest([]byte(xccdf(one))) {
		t.Errorf("%v, %v", all, err)
	}
}

// known is a catalogue of two benchmarks, the older release with a rule that the
// newer one has not.
func known() []Known {
	return []Known{
		{"ndm", "V9R2", []Rule{madeRule(1), madeRule(2), madeRule(4)}},
		{"ndm", "V10R1", []Rule{madeRule(1), madeRule(2), madeRule(3)}},
		{"alg", "V9R2", []Rule{madeRule(11)}},
	}
}

func TestCompareFindsEveryChange(t *testing.T) {
	one, two := madeRule(1), madeRule(2)
	one.Severity, one.RuleID, one.StigID = finding.High, "SV-000001r8_rule", "MADE-ND-1"
	two.CCIs, two.SRG = []string{"CCI-000366"}, "SRG-APP-000002-NDM-000200"
	b := made(one, two, madeRule(4))
	b.Release = "V10R2"
	got, err := Compare(known(), b)
	want := &Comparison{Benchmark: "ndm", Newest: "V10R1", Strays: []Change{}, Changes: []Change{
		{"V-000001", Severity, "medium", "high"},
		{"V-000001", StigID, "MADE-ND-000001", "MADE-ND-1"},
		{"V-000001", Revision, "SV-000001r7_rule", "SV-000001r8_rule"},
		{"V-000002", CCIs, "CCI-000054 CCI-000366", "CCI-000366"},
		{"V-000002", SRG, "SRG-APP-000001-NDM-000200", "SRG-APP-000002-NDM-000200"},
		{"V-000003", Gone, "SV-000003r7_rule", ""},
		{"V-000004", New, "", "SV-000004r7_rule"},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

func TestCompareWithTheSameRelease(t *testing.T) {
	b := made(madeRule(1), madeRule(2), madeRule(4))
	b.Release = "V9R2"
	got, err := Compare(known(), b)
	if err != nil || !got.Known || len(got.Strays) != 0 || got.Newest != "V10R1" || len(got.Changes) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	b.Rules[0].Severity = finding.Low
	got, err = Compare(known(), b)
	want := []Change{{"V-000001", Severity, "medium", "low"}}
	if diff := cmp.Diff(want, got.Strays); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

func TestCompareRefuses(t *testing.T) {
	_, err := Compare(known(), made(madeRule(1), madeRule(77), madeRule(70)))
	var unknown *UnknownRules
	if !errors.As(err, &unknown) || unknown.All || !cmp.Equal(unknown.IDs, []string{"V-000070", "V-000077"}) || !strings.HasSuffix(err.Error(), "know them: V-000070, V-000077") {
		t.Errorf("an unknown rule: %v", err)
	}
	var many []Rule
	for n := 100; n < 125; n++ {
		many = append(many, madeRule(n))
	}
	if _, err = Compare(known(), made(many...)); !errors.As(err, &unknown) || !unknown.All || !strings.HasSuffix(err.Error(), "V-000119 and 5 more") {
		t.Errorf("another product's: %v", err)
	}
	if _, err = Compare(known(), made(madeRule(1), madeRule(11))); err == nil || !strings.Contains(err.Error(), "(alg, ndm)") {
		t.Errorf("two benchmarks' rules: %v", err)
	}
}

func TestReleasesAreOrderedByTheirNumbers(t *testing.T) {
	order := []string{"", "V0R9", "V1R1", "V1R2", "V1R10", "V9R999", "V10R1"}
	for i, a := range order {
		for j, b := range order {
			if got := CompareReleases(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%q and %q: %d", a, b, got)
			}
		}
	}
}
