package errand

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/appliance"
	"stigwatch/agent/config"
	"stigwatch/agent/finding"
	"stigwatch/agent/policy"
	"stigwatch/agent/stig"
	"stigwatch/policies"
)

// importer gives options with a state folder of their own.
func importer(t *testing.T) appliance.Options {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "stigwatch.yaml")
	if err := os.WriteFile(path, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	return appliance.Options{ConfigPath: path, Over: config.Overrides{StateDir: filepath.Join(dir, "state")}}
}

// madeUp writes a benchmark with the ids of the newest one that is known, and
// with words that nobody published. edit may change its rules.
func madeUp(t *testing.T, benchmark, version, release string, edit func(policy.ReleaseRule) policy.ReleaseRule) []byte {
	t.Helper()
	releases, err := policy.Releases(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	var s strings.Builder
	fmt.Fprintf(&s, `<Benchmark id="Made_Up" xmlns="http://checklists.nist.gov/xccdf/1.1"><title>Made up</title>`+
		`<plain-text id="release-info">Release: %s Benchmark Date: 3 Feb 2027</plain-text><version>%s</version>`, release, version)
	for _, r := range releases[len(releases)-1].Benchmarks[benchmark].Rules {
		if edit != nil {
			r = edit(r)
		}
		if r.Rule == "" {
			continue
		}
		fmt.Fprintf(&s, `<Group id="%s"><title>%s</title><Rule id="%s" severity="%s"><version>%s</version><title>Made up</title><description>Why</description>`,
			r.Rule, r.SRG, r.RuleID, r.Severity, r.StigID)
		for _, id := range r.CCIs {
			fmt.Fprintf(&s, `<ident system="http://cyber.mil/cci">%s</ident>`, id)
		}
		s.WriteString(`<fixtext>Do it.</fixtext><check><check-content>See.</check-content></check></Rule></Group>`)
	}
	s.WriteString("</Benchmark>")
	return []byte(s.String())
}

func TestTheOfficialFilesImportAndLoadBack(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/stig/*-xccdf.xml")
	if len(files) == 0 {
		t.Skip("../shared/stig is not there: the official files cannot be imported")
	}
	o := importer(t)
	digests := map[string]string{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ImportSTIG(o, file, b)
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %d, %v", file, len(got), err)
		}
		one := got[0]
		if !one.Known || len(one.Strays) != 0 || !one.Written || one.Newest != "V3R1" || (len(one.Changes) == 0) != (one.Release == "V3R1") {
			t.Errorf("%s: %+v", file, one)
		}
		digests[one.Benchmark+one.Release] = one.Digest
	}
	list, err := STIGs(o)
	if err != nil || len(list) != 6 || len(digests) != 6 {
		t.Fatalf("%d, %v", len(list), err)
	}
	for _, k := range list {
		if !k.Known || !k.Imported || k.Digest != digests[k.Benchmark+k.Release] {
			t.Errorf("%+v", k)
		}
	}
}

func TestANewReleaseOfKnownRulesIsTaken(t *testing.T) {
	o := importer(t)
	b := madeUp(t, "ndm", "3", "2", func(r policy.ReleaseRule) policy.ReleaseRule {
		switch r.Rule {
		case "V-250982":
			r.Severity = "high"
		case "V-250983":
			r = policy.ReleaseRule{}
		}
		return r
	})
	got, err := ImportSTIG(o, "x.xml", b)
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	want := []stig.Change{{Rule: "V-250982", What: stig.Severity, From: "medium", To: "high"}, {Rule: "V-250983", What: stig.Gone, From: "SV-250983r1028210_rule"}}
	if diff := cmp.Diff(want, got[0].Changes); diff != "" || got[0].Known || got[0].Rules != 25 {
		t.Errorf("%+v, -want +got:\n%s", got[0], diff)
	}
	list, err := STIGs(o)
	newest := KnownSTIG{Benchmark: "ndm", Release: "V3R2", Date: "2027-02-03", Rules: 25, Imported: true, Digest: got[0].Digest}
	if err != nil || len(list) != 7 || list[0] != newest {
		t.Errorf("%+v, %v", list, err)
	}
	if again, err := ImportSTIG(o, "x.xml", b); err != nil || again[0].Written {
		t.Errorf("again: %+v, %v", again, err)
	}
}

func TestAFileThatIsNotAsItsReleaseIsKnownSaysSo(t *testing.T) {
	got, err := ImportSTIG(importer(t), "x.xml", madeUp(t, "alg", "3", "1", func(r policy.ReleaseRule) policy.ReleaseRule {
		if r.Rule == "V-251008" {
			r.Severity = string(finding.High)
		}
		return r
	}))
	if err != nil || !got[0].Known || len(got[0].Strays) != 1 || got[0].Strays[0].What != stig.Severity {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestNothingIsKeptOfWhatIsRefused(t *testing.T) {
	o := importer(t)
	unknown := madeUp(t, "ndm", "3", "2", func(r policy.ReleaseRule) policy.ReleaseRule {
		if r.Rule == "V-250982" {
			r.Rule, r.RuleID = "V-999999", "SV-999999r1_rule"
		}
		return r
	})
	var rules *stig.UnknownRules
	if _, err := ImportSTIG(o, "x.xml", unknown); !errors.As(err, &rules) || !slices.Equal(rules.IDs, []string{"V-999999"}) {
		t.Errorf("unknown rule: %v", err)
	}
	if _, err := ImportSTIG(o, "x.xml", []byte("<html/>")); err == nil || !strings.HasPrefix(err.Error(), `cannot import "x.xml": `) {
		t.Errorf("another file: %v", err)
	}
	if _, err := os.Stat(o.Over.StateDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state folder: %v", err)
	}
}

func TestABrokenImportIsTold(t *testing.T) {
	o := importer(t)
	got, err := ImportSTIG(o, "x.xml", madeUp(t, "ndm", "3", "2", nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(got[0].Path, []byte("{"), 0o640); err != nil {
		t.Fatal(err)
	}
	list, err := STIGs(o)
	if err == nil || !strings.Contains(err.Error(), got[0].Path) || len(list) != 6 {
		t.Errorf("%d, %v", len(list), err)
	}
}
