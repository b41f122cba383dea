package agent

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/api"
	"stigwatch/agent/appliance"
	"stigwatch/agent/appliance/rig"
	"stigwatch/agent/enforce"
	"stigwatch/agent/enforcer"
	"stigwatch/agent/errand"
	"stigwatch/agent/finding"
	"stigwatch/agent/host"
)

// world is a house to which random things happen, and what has to be true of it.
type world struct {
	*house
	r     *rand.Rand
	clock *setClock
	fresh *appliance.Parts
	wrote map[string]bool // digests of what others wrote whole
	edits int
	log   []string
	n     int
}

// Replay one with the seed that its name says: -run '/seed=7$'.
func TestWhateverHappensEachFileIsWholeAndNoApplyBreaksARule(t *testing.T) {
	seeds := uint64(2) // each takes seconds under the race detector
	if soaking() {
		seeds = 60
	}
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed)
			things := []func(){w.edit, w.edit, w.apply, w.apply, w.apply, w.undo, w.undo, w.confirm, w.later, w.restart, w.plan}
			for range 25 {
				w.stir()
				things[w.r.IntN(len(things))]()
				w.trouble.calm()
				w.settle()
				w.eachWhole()
			}
			w.ends()
		})
	}
}

func newWorld(t *testing.T, seed uint64) *world {
	clock := &setClock{}
	w := &world{house: newHouse(t, "", enforcer.Options{Now: clock.now}), r: rand.New(rand.NewPCG(seed, 5)), clock: clock, wrote: map[string]bool{}}
	fresh, err := appliance.Build(optionsIn(w.dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fresh.Close)
	w.fresh = fresh
	for _, file := range w.files() {
		w.wrote[host.Digest([]byte(rig.Read(t, w.dir, file)))] = true
	}
	return w
}

func (w *world) files() []string { return []string{issueFile, chronyFile} }

func (w *world) fatal(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\nafter %s", fmt.Sprintf(format, args...), strings.Join(w.log, "\n      "))
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// edit is what somebody else does: something good, bad or that matters to no rule.
func (w *world) edit() {
	file, text := issueFile, "Welcome\n"
	if w.r.IntN(2) == 0 {
		file, text = chronyFile, "server 192.0.2.1 iburst\n"
	}
	switch was := rig.Read(w.t, w.dir, file); {
	case w.r.IntN(3) == 0 && file == chronyFile:
		text = was + "# nothing\n"
	case w.r.IntN(3) == 0 && file == chronyFile:
		text = "server 192.0.2.123 iburst\nserver 198.51.100.123 iburst\n"
	}
	w.n++
	if file == chronyFile {
		text += fmt.Sprintf("# %d\n", w.n)
	}
	w.edits++
	w.wrote[host.Digest([]byte(text))] = true
	rig.Put(w.t, w.file("root"+file), text)
	w.note("edit of %s", file)
}

// stir has one of the next steps fail, or somebody edit a file at it.
func (w *world) stir() {
	switch n := 1 + w.r.IntN(90); w.r.IntN(4) {
	case 0:
		w.trouble.arm(n, func(string) error { w.edit(); return nil })
	case 1:
		fault := diskFaults[w.r.IntN(len(diskFaults))]
		w.trouble.arm(n, func(name string) error { w.note("%v at %q", fault, name); return fault })
	}
}

func (w *world) now() (out []string) {
	for _, file := range w.files() {
		out = append(out, rig.Read(w.t, w.dir, file))
	}
	return out
}

// judged gives the outcome of every rule, by its own reading.
func (w *world) judged() map[string]finding.Outcome {
	then := time.Unix(3_800_000_000, 0) // 2090: the attestations hold
	w.fresh.Engine.Forget()
	snap, _ := w.fresh.Reader.All()
	out := map[string]finding.Outcome{}
	for _, r := range w.fresh.Evaluate(context.Background(), snap, nil, then) {
		out[r.Rule] = r.Outcome
	}
	return out
}

func (w *world) apply() {
	before, was, edits := w.now(), w.judged(), w.edits
	q := &api.ApplyRequest{ConfirmSeconds: int64(60 * w.r.IntN(2))}
	got, err := w.client.Apply(context.Background(), q)
	w.note("apply: %v %v", state(got), err)
	if w.edits != edits {
		return
	}
	whole := err != nil || got.Failed != "" && got.Applied[0].State == api.JobRestored || len(got.Applied) == 0
	if whole && !slices.Equal(before, w.now()) {
		w.fatal("it was taken back, and the files are not old")
	}
	for id, now := range w.judged() {
		if good := was[id] == finding.Pass || was[id] == finding.NotApplicable; good && now != was[id] {
			w.fatal("%s was %s and is %s after an apply", id, was[id], now)
		}
	}
	if err == nil && got.Failed == "" {
		for _, c := range got.Closed {
			if now := w.judged()[c.Rule]; now != finding.Pass {
				w.fatal("%s is said to be closed and is %s", c.Rule, now)
			}
		}
	}
}

func state(got *api.Applied) string {
	if got == nil || len(got.Applied) == 0 {
		return "nothing"
	}
	return got.Applied[0].ID + " " + got.Applied[0].State
}

func (w *world) undo() {
	all := ledgerOf(w.t, w.dir)
	if len(all) == 0 {
		return
	}
	old := all[w.r.IntN(len(all))]
	before, edits := w.now(), w.edits
	got, err := w.client.Undo(context.Background(), old.ID)
	w.note("undo of %s: %v %v", old.ID, state(got), err)
	if w.edits != edits {
		return
	}
	if err == nil && got.Failed == "" {
		for _, f := range old.Files {
			if now := host.Digest([]byte(rig.Read(w.t, w.dir, f.Path))); now != f.Was {
				w.fatal("%s was undone, and %s is not what it was", old.ID, f.Path)
			}
		}
		return
	}
	if (err != nil || len(got.Applied) == 0 || got.Applied[0].State == api.JobRestored) && !slices.Equal(before, w.now()) {
		w.fatal("%s was not undone, and the files changed", old.ID)
	}
}

func (w *world) confirm() {
	if all := ledgerOf(w.t, w.dir); len(all) > 0 {
		_, err := w.client.Confirm(context.Background(), all[len(all)-1].ID)
		w.note("confirm: %v", err)
	}
}

// later lets time go by; who comes first to the enforcer, or its own clock, ends what
// nobody confirmed.
func (w *world) later() {
	w.clock.advance(time.Duration(w.r.IntN(90)) * time.Second)
	w.note("later")
}

func (w *world) plan() {
	before := w.now()
	if _, err := errand.Plan(context.Background(), optionsIn(w.dir), nil); err != nil {
		w.fatal("%v", err)
	}
	if !slices.Equal(before, w.now()) {
		w.fatal("a plan wrote something")
	}
}

func (w *world) restart() {
	w.trouble.calm()
	w.halt()
	w.client.Close()
	w.enforcerBegins()
	w.note("restart")
}

// settle waits until the enforcer has ended what its own clock, or its patience, has
// it end: what happens next happens alone.
func (w *world) settle() {
	w.t.Helper()
	for late := timeIsUp(); slices.ContainsFunc(ledgerOf(w.t, w.dir), func(r enforce.Record) bool {
		return !r.State.Final() && (r.State != enforce.Waiting || !w.clock.now().Before(r.Deadline))
	}); {
		select {
		case <-late:
			w.fatal("something stays in the middle: %+v", ledgerOf(w.t, w.dir))
		default:
			atRest(w.t, w.agent)
		}
	}
}

// eachWhole fails when a file holds what nobody wrote whole.
func (w *world) eachWhole() {
	w.t.Helper()
	known := map[string]bool{}
	for _, r := range ledgerOf(w.t, w.dir) {
		for _, f := range r.Files {
			known[f.New] = true
		}
	}
	for _, file := range w.files() {
		if b := rig.Read(w.t, w.dir, file); !w.wrote[host.Digest([]byte(b))] && !known[host.Digest([]byte(b))] {
			w.fatal("nobody wrote %s as it is: %.100q", file, b)
		}
	}
}

// ends is how things are when nothing happens any more.
func (w *world) ends() {
	w.t.Helper()
	w.restart()
	w.nothingBeside("at the end")
	for _, r := range ledgerOf(w.t, w.dir) {
		if !r.State.Final() && r.State != enforce.Waiting {
			w.fatal("%s is %s", r.ID, r.State)
		}
	}
	for _, rule := range []string{issueRule, chronyRule} {
		w.sameAsAFreshCheckFor(rule, "at the end")
	}
	for what, n := range w.recorded() {
		if n != 1 {
			w.fatal("%s is %d times in the journal", what, n)
		}
	}
	if left, err := filepath.Glob(w.file("root/etc/*.new")); err != nil || len(left) > 0 {
		w.fatal("%v %v", left, err)
	}
}
