package appliance

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/finding"
	"stigwatch/testdata/appliance/gen"
)

// judged are all rules.
func judged() []string {
	var all []string
	for n := 250982; n <= 251039; n++ {
		all = append(all, fmt.Sprintf("V-%d", n))
	}
	return all
}

func optionsIn(dir string) Options {
	path, over := rig.Config(dir)
	return Options{ConfigPath: path, Over: over}
}

// check judges the appliance in dir and gives its results by rule.
func check(t testing.TB, dir string) map[string]api.Result {
	t.Helper()
	p, err := Build(optionsIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	now := time.Now()
	return rig.Results(t, p.Report(p.Evaluate(t.Context(), p.LookAround(t.Context()), nil, now), now), nil)
}

func TestCompliantPassesEveryRule(t *testing.T) {
	results := check(t, rig.New(t, "compliant"))
	for _, id := range judged() {
		if r := results[id]; r.Result != "pass" || r.Assurance == "unknown" {
			t.Errorf("%s is %s (%s): %s", id, r.Result, r.Assurance, r.Reason)
		}
	}
}

// Without what people attested, nothing that lies off the box passes, and the
// rest does.
func TestCompliantWithoutAttestations(t *testing.T) {
	dir := rig.New(t, "compliant")
	if err := os.Remove(filepath.Join(dir, "stigwatch/attestations.yaml")); err != nil {
		t.Fatal(err)
	}
	open := 0
	for id, r := range check(t, dir) {
		attested := slices.ContainsFunc(r.Evidence, func(e api.Evidence) bool { return e.State == "unmapped" })
		switch {
		case attested && r.Result != "notchecked", !attested && r.Result != "pass":
			t.Errorf("%s is %s: %s", id, r.Result, r.Reason)
		case attested:
			open++
		}
	}
	if open != 14 {
		t.Errorf("%d rules wait for people, want 14", open)
	}
}

func TestFactoryFailsWithFileLineExpectedAndActual(t *testing.T) {
	failed := 0
	for _, r := range check(t, rig.New(t, "factory")) {
		if r.Result != "fail" {
			continue
		}
		failed++
		e := r.Evidence[0]
		if e.File == "" || e.Expected == "" || r.Reason == "" {
			t.Errorf("%s: %+v", r.Rule, e)
		}
		if absent := e.State == "absent"; absent != (e.Line == 0) || absent && e.Actual != nil || !absent && e.Actual == nil {
			t.Errorf("%s: state %s, line %d, actual %v", r.Rule, e.State, e.Line, e.Actual)
		}
	}
	if failed != 43 {
		t.Errorf("%d rules fail, want the 43 that the defaults break", failed)
	}
}

func TestDriftedFailsForItsFiveMistakes(t *testing.T) {
	failed := map[string]string{}
	for id, r := range check(t, rig.New(t, "drifted")) {
		if r.Result == "fail" {
			failed[id] = r.Reason
		}
	}
	if len(failed) != 16 { // the ten of syslog are one mistake
		t.Errorf("%d rules fail: %v", len(failed), failed)
	}
}

func TestEmptyPassesNothing(t *testing.T) {
	for id, r := range check(t, rig.New(t, "empty")) {
		if r.Result != "notchecked" {
			t.Errorf("%s is %s: %s", id, r.Result, r.Reason)
		}
	}
}

func TestHostileCostsItsOwnFactsAndNothingElse(t *testing.T) {
	dir := rig.New(t, "hostile")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	results := check(t, dir)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 128<<20 {
		t.Errorf("%d MiB were allocated in all", used>>20)
	}
	unreadable := 0
	for _, id := range judged() {
		r := results[id]
		for _, e := range r.Evidence {
			if e.State == "unreadable" {
				unreadable++
				if e.Reason == "" || e.File == "" {
					t.Errorf("%s: %+v", id, e)
				}
				if r.Result == "pass" && e.Role == "required" {
					t.Errorf("%s passes on an unreadable %s", id, e.Fact)
				}
			}
		}
	}
	if unreadable < 5 {
		t.Errorf("only %d facts are unreadable", unreadable)
	}
}

// Every fact that lies at a trap is unreadable, says why, and where; whoever may
// read everything reads through modes.
func TestEachTrapMakesItsFactsUnreadable(t *testing.T) {
	p, err := Build(optionsIn(rig.New(t, "hostile")))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	snap, _ := p.Reader.All()
	for _, trap := range gen.Traps() {
		if trap.What == "mode 000" && os.Geteuid() == 0 {
			continue
		}
		for _, pattern := range trap.Facts {
			hit := 0
			for name, f := range snap {
				if ok, _ := path.Match(pattern, name); !ok {
					continue
				}
				hit++
				if f.State != finding.Unreadable || f.Reason == "" || len(f.Evidence) == 0 {
					t.Errorf("%s at %s: %s is %s: %q %v", trap.What, trap.Path, name, f.State, f.Reason, f.Evidence)
				}
			}
			if hit == 0 {
				t.Errorf("%s: there is no fact %s", trap.Path, pattern)
			}
		}
	}
}

func TestOldReleaseFails(t *testing.T) {
	dir := rig.New(t, "compliant")
	rig.Edit(t, filepath.Join(dir, "root/mi/release"), "10.7.1", "9.20.2")
	r := check(t, dir)["V-251007"]
	if r.Result != "fail" || !strings.Contains(r.Reason, "9.20.2") {
		t.Errorf("%s: %s", r.Result, r.Reason)
	}
}

// needers gives, for each file that a result's required evidence names, the
// rules that need it.
func needers(results map[string]api.Result) map[string][]string {
	out := map[string][]string{}
	for id, r := range results {
		for _, e := range r.Evidence {
			if e.Role == "required" && e.State == "known" && !slices.Contains(out[e.File], id) {
				out[e.File] = append(out[e.File], id)
			}
		}
	}
	return out
}

// No single file may be deleted, emptied, broken or made unreadable and leave a
// rule that needs it a pass.
func TestNoFileCanGoAndLeaveAPass(t *testing.T) {
	dir := rig.New(t, "compliant")
	needs := needers(check(t, dir))
	if len(needs) < 12 {
		t.Fatalf("only %d files are needed: %v", len(needs), needs)
	}
	p := passOf(t, dir)
	defer p.Close()
	for file, rules := range needs {
		real := filepath.Join(dir, "root", file)
		if name, ok := strings.CutPrefix(file, "evidence:"); ok {
			real = filepath.Join(dir, "stigwatch/evidence", name)
		}
		for name, spoil := range map[string]func() error{
			"deleted":   func() error { return os.Remove(real) },
			"emptied":   func() error { return os.Truncate(real, 0) },
			"a folder":  func() error { return swapForFolder(real) },
			"NUL bytes": func() error { return os.WriteFile(real, make([]byte, 100), 0o644) },
		} {
			good, err := os.ReadFile(real)
			if err != nil {
				t.Fatal(err)
			}
			if err := spoil(); err != nil {
				t.Fatal(err)
			}
			p.full()
			for _, id := range rules {
				if r := p.results[id]; r.Outcome == finding.Pass {
					t.Errorf("%s %s: %s still passes", file, name, id)
				}
			}
			_ = os.RemoveAll(real)
			rig.Put(t, real, string(good))
		}
	}
}

func swapForFolder(file string) error {
	if err := os.Remove(file); err != nil {
		return err
	}
	return os.Mkdir(file, 0o755)
}

// Unreadable is tested with the error injected where files are read, since root
// reads everything.
func TestNoUnreadableFileLeavesAPass(t *testing.T) {
	dir := rig.New(t, "compliant")
	for file, rules := range needers(check(t, dir)) {
		if strings.HasPrefix(file, "evidence:") {
			continue
		}
		p, err := Build(optionsIn(dir))
		if err != nil {
			t.Fatal(err)
		}
		p.fault(t, func(path string) error {
			if path == file {
				return fs.ErrPermission
			}
			return nil
		})
		for _, r := range p.judge(t) {
			if slices.Contains(rules, r.Rule) && r.Outcome == "pass" {
				t.Errorf("%s unreadable: %s still passes", file, r.Rule)
			}
		}
		p.Close()
	}
}

func TestConfirmationEndsWithTheRelease(t *testing.T) {
	dir := rig.New(t, "compliant")
	rig.Edit(t, filepath.Join(dir, "root/mi/release"), "10.7.1", "10.8.1")
	r := check(t, dir)["V-250989"]
	if r.Result != "notchecked" || !strings.Contains(r.Reason, "unconfirmed") {
		t.Errorf("%s: %s", r.Result, r.Reason)
	}
}

func TestExplainTellsEveryFact(t *testing.T) {
	p := passOf(t, rig.New(t, "factory"))
	defer p.Close()
	for _, id := range judged() {
		e := p.Explanation(p.results[id], p.snap, p.now)
		if len(e.Facts) == 0 || e.GUI+e.CLI == "" || e.Result.Result == "fail" && len(e.ToPass) == 0 {
			t.Errorf("%s: %s", id, fmt.Sprintf("%+v", e))
		}
		for _, step := range strings.Split(e.CLI, "; ") { // explain writes one to a line
			if strings.Count(step, "(") != strings.Count(step, ")") {
				t.Errorf("%s: CLI step %q is cut in two", id, step)
			}
		}
		for _, f := range e.Facts {
			if f.About == "" {
				t.Errorf("%s: %s has no words", id, f.Fact)
			}
		}
	}
}
