package errand

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
)

const systemConfig = "root/mi/config-system/startup_config/systemconfig.xml"

// unmapped is the compliant appliance before anybody taught it anything.
func unmapped(t *testing.T) string {
	t.Helper()
	dir := rig.New(t, "compliant")
	if err := os.Remove(filepath.Join(dir, "stigwatch/mapping.d/10-site.yaml")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func mapper(t *testing.T, dir string) *Mapper {
	t.Helper()
	m, err := NewMapper(optionsIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// change rewrites a file of the appliance, as a save does.
func change(t *testing.T, dir, file, from, to string) {
	t.Helper()
	path := filepath.Join(dir, file)
	b, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(b), from) {
		t.Fatalf("%s has no %q: %v", file, from, err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(b), from, to, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What was learned is what the facts are then read by, whatever the type.
func TestALearnedEntryReadsWhatWasSet(t *testing.T) {
	tests := []struct {
		fact, file string
		steps      []string // value, text before, text after, value, …
		want       any
	}{
		{"mics.cli.max_ssh_sessions", systemConfig, []string{"5", "ions>5<", "ions>3<", "3"}, int64(3)},
		{"mics.snmp.enabled", systemConfig, []string{"on", "<snmp>\n      <enabled>true<", "<snmp>\n      <enabled>no<", "off", "<enabled>no<", "<enabled>1<", "yes"}, true},
		{"mics.snmp.protocol", systemConfig, []string{"v3", ">v3<", ">v2c<", "v2c"}, "v2c"},
		{"mics.tls.uem.protocols", systemConfig, []string{
			"TLSv1.2", "<uem>\n        <protocol>TLSv1.2</protocol>", "<uem><protocol>TLSv1.3</protocol>\n<protocol>TLSv1.2</protocol>", "TLSv1.2, TLSv1.3",
		}, []any{"TLSv1.3", "TLSv1.2"}},
		{"mics.portal.idle_timeout_minutes", "root/mi/tomcat-properties/mics.properties", []string{"15", "900", "600", "10"}, int64(10)},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			dir := unmapped(t)
			m := mapper(t, dir)
			l, err := m.Learn(tt.fact, nil)
			if err != nil {
				t.Fatal(err)
			}
			lesson, err := l.See(tt.steps[0])
			for i := 1; err == nil && i < len(tt.steps); i += 3 {
				if lesson.Found {
					t.Fatal("found too early")
				}
				change(t, dir, tt.file, tt.steps[i], tt.steps[i+1])
				lesson, err = l.See(tt.steps[i+2])
			}
			if err != nil || !lesson.Found {
				t.Fatalf("%+v, %v", lesson, err)
			}
			if _, err := l.Save(time.Now()); err != nil {
				t.Fatal(err)
			}
			m = mapper(t, dir)
			if f := m.snap[tt.fact]; f.State != finding.Unconfirmed || !reflect.DeepEqual(f.Value, tt.want) || m.p.Mapping[tt.fact].Assurance != finding.Direct {
				t.Errorf("learned %+v", f)
			}
			if _, err := m.Confirm(tt.fact, Who{By: "A. Nother", When: time.Now()}); err != nil {
				t.Fatal(err)
			}
			if f := mapper(t, dir).snap[tt.fact]; f.State != finding.Known || !reflect.DeepEqual(f.Value, tt.want) {
				t.Errorf("confirmed %+v", f)
			}
		})
	}
}

func TestSaveNeedsOnePlace(t *testing.T) {
	l, err := mapper(t, unmapped(t)).Learn("mics.cli.max_ssh_sessions", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Save(time.Now()); err == nil || !strings.Contains(err.Error(), "no single place was found") {
		t.Errorf("got %v", err)
	}
}

// The site's own word stays: what was learned elsewhere is refused, not laid over it.
func TestLearningDoesNotContradictTheSite(t *testing.T) {
	dir := unmapped(t)
	own := filepath.Join(dir, "stigwatch/mapping.d/10-site.yaml")
	text := "facts: [{fact: mics.cli.max_ssh_sessions, status: assumed, from: [{files: [/mi/x.conf], lens: keyvalue, path: max}]}]\n"
	if err := os.WriteFile(own, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := mapper(t, dir).Learn("mics.cli.max_ssh_sessions", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.See("5")
	change(t, dir, systemConfig, "ions>5<", "ions>3<")
	if lesson, err2 := l.See("3"); err != nil || err2 != nil || !lesson.Found {
		t.Fatalf("%+v, %v, %v", lesson, err, err2)
	}
	if _, err := l.Save(time.Now()); err == nil || !strings.Contains(err.Error(), "10-site.yaml:1 says already where this fact lies") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "stigwatch/mapping.d", learnedFile)); err == nil {
		t.Error("something was written")
	}
}
