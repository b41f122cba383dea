package appliance

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"stigwatch/agent/appliance/rig"
)

// released are files that say which release it is: nobody configures them.
var released = []string{"/etc/redhat-release", "/etc/os-release", "/mi/release"}

// A file that is judged and has no rule would be changed by nobody.
func TestTheAuditRulesHoldEveryFileThatIsRead(t *testing.T) {
	b, err := os.ReadFile("../../packaging/audit/stigwatch.rules")
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^-w (/[a-z./_-]+[a-z]) -p wa -k stigwatch$`)
	var watched []string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m := form.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("%q is no rule of ours", line)
			continue
		}
		watched = append(watched, m[1])
	}
	dir := rig.New(t, "compliant")
	if err := os.Remove(filepath.Join(dir, "stigwatch/mapping.d/10-site.yaml")); err != nil { // what we ship, and no site's
		t.Fatal(err)
	}
	p, err := Build(optionsIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Reader.All()
	files, dirs := p.Watched()
	for _, f := range append(files, dirs...) {
		if !strings.HasPrefix(f, "/") || strings.HasPrefix(f, "/proc/") || slices.Contains(released, f) {
			continue
		}
		held := false
		for _, w := range watched {
			held = held || f == w || strings.HasPrefix(f, w+"/")
		}
		if !held {
			t.Errorf("%s has no rule", f)
		}
	}
}
