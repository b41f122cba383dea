package config

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"stigwatch/agent/strict"
)

// example gives the YAML of docs/configuration.md that begins with a comment
// of this file's name.
func example(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		if strings.HasPrefix(m[1], "# /etc/stigwatch/"+name+"\n") {
			return m[1]
		}
	}
	t.Fatalf("there is no example of %s", name)
	return ""
}

func TestTheDocumentedExamplesHoldEveryKey(t *testing.T) {
	_, cfg := parse(DefaultPath, []byte(example(t, "stigwatch.yaml")), Overrides{})
	_, site := parseSite(DefaultSitePath, []byte(example(t, "site.yaml")))
	for _, tt := range []struct {
		doc  *strict.Doc
		keys []string
	}{{cfg, strict.Keys(file{})}, {site, strict.Keys(Site{})}} {
		if err := tt.doc.Mistakes().Err(); err != nil {
			t.Error(err)
		}
		for _, key := range tt.keys {
			if !tt.doc.Has(key) {
				t.Errorf("%s: %s is not shown", tt.doc.File, key)
			}
		}
	}
}

func TestTheDocumentedDefaultsAreTheDefaults(t *testing.T) {
	shown, _ := parse(DefaultPath, []byte(example(t, "stigwatch.yaml")), Overrides{})
	none, _ := parse(DefaultPath, nil, Overrides{})
	for _, p := range [][2]string{
		{shown.Root, none.Root}, {shown.SitePath, none.SitePath}, {shown.MappingDirs[0], none.MappingDirs[0]},
		{shown.Waivers, none.Waivers}, {shown.Attestations, none.Attestations}, {shown.Evidence, none.Evidence},
		{shown.StateDir, none.StateDir}, {shown.RuntimeDir, none.RuntimeDir}, {shown.Enforce.Mode, none.Enforce.Mode},
	} {
		if p[0] != p[1] {
			t.Errorf("the example has %q, the default is %q", p[0], p[1])
		}
	}
}
