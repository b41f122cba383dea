package agent

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlanPutsADriftedTextRight(t *testing.T) {
	dir := appliance(t, "compliant")
	if err := os.WriteFile(filepath.Join(dir, "root/etc/issue"), []byte("Welcome\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := Plan(context.Background(), optionsIn(dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Files) != 1 || p.Files[0].Path != "/etc/issue" || len(p.Closes) != 1 || p.Closes[0].Rule != "V-250987" || p.Class != "auto" {
		t.Fatalf("%+v", p)
	}
	if !strings.Contains(p.Files[0].Diff, "\n-Welcome\n+LAB SYSTEM") {
		t.Error(p.Files[0].Diff)
	}
	if d := cmp.Diff(1, len(p.Changes)); d != "" {
		t.Error(d)
	}
}
