package policy

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// officialGroup is what we need of a Group of XCCDF 1.1.
type officialGroup struct {
	ID   string `xml:"id,attr"`
	SRG  string `xml:"title"`
	Rule struct {
		ID       string   `xml:"id,attr"`
		Severity string   `xml:"severity,attr"`
		Version  string   `xml:"version"`
		Idents   []string `xml:"ident"`
	} `xml:"Rule"`
}

func compareOfficial(t *testing.T, file string, releases []Release) int {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Groups []officialGroup `xml:"Group"`
	}
	if err := xml.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`V\dR\d`).FindString(filepath.Base(file))
	ours, err := ids(releases, name)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range doc.Groups {
		var ccis []string
		for _, i := range g.Rule.Idents {
			if regexp.MustCompile(`^CCI-\d+$`).MatchString(i) {
				ccis = append(ccis, i)
			}
		}
		slices.Sort(ccis)
		got := ours[g.ID]
		if got.RuleID != g.Rule.ID || got.Severity != g.Rule.Severity || got.StigID != g.Rule.Version || got.SRG != g.SRG || !slices.Equal(got.CCIs, ccis) {
			t.Errorf("%s %s: catalog has %+v, the official file %+v", name, g.ID, got, g)
		}
	}
	return len(doc.Groups)
}
