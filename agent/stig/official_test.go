package stig

import (
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// officialFiles gives the official documents, which are not ours to ship.
func officialFiles(t *testing.T) []string {
	t.Helper()
	files, _ := filepath.Glob("../../../shared/stig/*-xccdf.xml")
	if len(files) == 0 {
		t.Skip("../shared/stig is not there: the official files cannot be read")
	}
	return files
}

func TestTheOfficialTextIsReadWhole(t *testing.T) {
	rules := 0
	for _, file := range officialFiles(t) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all, err := Parse(raw)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		b, plain := all[0], strings.ReplaceAll(html.UnescapeString(string(raw)), "\r\n", "\n") // as XML has it
		rules += len(b.Rules)
		if !strings.Contains(file, "_"+b.Release+"_") {
			t.Errorf("%s: %s", file, b.Release)
		}
		for i := range b.Rules {
			r := &b.Rules[i]
			for _, piece := range []string{
				"<title>" + r.Title + "</title>", "<check-content>" + r.Check + "</check-content>", ">" + r.Fix + "</fixtext>",
				"<VulnDiscussion>" + r.Discussion + "</VulnDiscussion>",
			} {
				if !strings.Contains(plain, piece) {
					t.Errorf("%s: %s: this does not stand in the file: %q", file, r.Rule, piece)
				}
			}
			if len(r.CCIs) == 0 {
				t.Errorf("%s: %s: no CCI", file, r.Rule)
			}
		}
	}
	if rules != 3*58 {
		t.Errorf("%d rules, want %d", rules, 3*58)
	}
}

func TestAnArchiveOfOfficialFilesGivesTheSame(t *testing.T) {
	var pack []string
	var want []*Benchmark
	for _, file := range officialFiles(t) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		one, err := Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, one...)
		pack = append(pack, "U_Sentry/"+filepath.Base(file), string(raw))
	}
	got, err := Parse(zipped(t, pack...))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}
