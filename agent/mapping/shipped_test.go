package mapping

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"stigwatch/agent/finding"
)

// shipped is what the real mappings may speak of.
func shipped(t testing.TB) Known {
	t.Helper()
	b, err := os.ReadFile("../../policies/schemas/input.json")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := finding.ParseSchema(b)
	if err != nil {
		t.Fatal(err)
	}
	return Known{Facts: schema, Lenses: []string{
		"xml", "properties", "keyvalue", "passwd", "text", "token", "pem", "sshd", "pam", "iptables", "procsockets", "tlsprobe", "tlsflight", "unit", "limits", "rsyslog", "chrony", "ntp",
		"snmpd", "httpd", "routes", "procroute", "showfips", "showhttpd", "release",
	}}
}

func TestTheShippedMappingsLoad(t *testing.T) {
	k := shipped(t)
	base, err := LoadDir("../../policies/mappings", k, nil)
	if err != nil {
		t.Fatal(err)
	}
	dirs, _ := filepath.Glob("../../testdata/appliance/*/stigwatch/mapping.d")
	if len(base) == 0 || len(dirs) == 0 {
		t.Fatal("there are no mappings")
	}
	for _, dir := range dirs {
		site, err := LoadDir(dir, k, nil)
		if err != nil {
			t.Errorf("%s:\n%v", dir, err)
		}
		if _, err := Merge(base, site); err != nil {
			t.Errorf("%s:\n%v", dir, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	k := shipped(f)
	f.Add([]byte(full))
	files, _ := filepath.Glob("../../policies/mappings/*.yaml")
	if len(files) == 0 {
		f.Fatal("there are no seeds")
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := Parse("f", b, k)
		if err != nil {
			return
		}
		for _, e := range entries {
			if _, ok := k.Facts[e.Fact]; !ok || len(e.From) == 0 || e.Line == 0 {
				t.Errorf("accepted %+v", e)
			}
			e.Usable("10.7.1", "sentry1")
		}
	})
}

func TestTheDocumentedExamplesLoad(t *testing.T) {
	b, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(b, -1) {
		if !bytes.Contains(m[1], []byte("\nfacts:")) {
			continue
		}
		n++
		if _, err := Parse("docs/configuration.md", m[1], shipped(t)); err != nil {
			t.Error(err)
		}
	}
	if n != 2 {
		t.Errorf("there are %d examples of mappings, not 2", n)
	}
}
