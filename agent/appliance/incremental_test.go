package appliance

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
)

// TestIncrementalPassEqualsAFullOne changes every file of a little appliance in
// several ways, takes in what the loop would be told of, and compares facts and
// results with those of another reader and engine that do everything anew.
func TestIncrementalPassEqualsAFullOne(t *testing.T) {
	dir := rig.New(t, "drifted")
	root := filepath.Join(dir, "root")
	live := passOf(t, dir)
	defer live.Close()
	ref := passOf(t, dir)
	defer ref.Close()
	changes := map[string]func(file, text string) error{
		"removed": func(file, _ string) error { return os.Remove(file) },
		"emptied": func(file, _ string) error { return os.WriteFile(file, nil, 0o644) },
		"moved a line down": func(file, text string) error {
			return os.WriteFile(file, []byte("\n"+text), 0o644)
		},
		"halved": func(file, text string) error {
			return os.WriteFile(file, []byte(text[:len(text)/2]), 0o644)
		},
		"other numbers": func(file, text string) error {
			return os.WriteFile(file, []byte(strings.NewReplacer("15", "7", "3", "4").Replace(text)), 0o644)
		},
	}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		good, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		inside := strings.TrimPrefix(file, root)
		for name, change := range changes {
			if err := change(file, string(good)); err != nil {
				return err
			}
			live.take(inside)
			live.equals(t, ref, inside+" "+name)
			if err := os.WriteFile(file, good, 0o644); err != nil {
				return err
			}
			live.take(inside)
		}
		live.equals(t, ref, inside+" as it was")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// pass is what the loop does with events, without the loop.
type pass struct {
	*Parts
	snap    finding.Snapshot
	results map[string]finding.Result
	now     time.Time
}

func passOf(t *testing.T, dir string) *pass {
	t.Helper()
	parts, err := Build(optionsIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	p := &pass{Parts: parts, results: map[string]finding.Result{}, now: time.Unix(3_800_000_000, 0)} // 2090: the attestations hold
	p.full()
	return p
}

func (p *pass) full() {
	p.Engine.Forget()
	p.Attest(p.now)
	p.snap, _ = p.Reader.All()
	p.keep(p.Engine.Evaluate(context.Background(), p.snap, nil, p.now))
}

func (p *pass) keep(results []finding.Result) {
	for _, r := range results {
		p.results[r.Rule] = r
	}
}

func (p *pass) take(path string) {
	snap, changed := p.Reader.Update([]string{path})
	p.snap = snap
	first := p.Engine.Affected(changed.Values)
	p.keep(p.Engine.Evaluate(context.Background(), snap, first, p.now))
	rest := slices.DeleteFunc(p.Engine.Affected(changed.Places), func(id string) bool { return slices.Contains(first, id) })
	p.keep(p.Engine.Evaluate(context.Background(), snap, rest, p.now))
}

func (p *pass) equals(t *testing.T, ref *pass, what string) {
	t.Helper()
	ref.full()
	if diff := cmp.Diff(ref.snap, p.snap); diff != "" {
		t.Errorf("%s: facts differ (- full, + incremental):\n%s", what, diff)
	}
	if diff := cmp.Diff(ref.results, p.results); diff != "" {
		t.Errorf("%s: results differ (- full, + incremental):\n%s", what, diff)
	}
}
