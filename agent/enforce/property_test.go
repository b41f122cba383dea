package enforce

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
)

// world is a box to which random things happen, and what has to be true of it.
type world struct {
	*box
	t     *testing.T
	r     *rand.Rand
	e     *Engine
	wrote map[string]map[string]bool // by path: every content that somebody wrote whole
	n     int
	log   []string
	edits int // by others, ever
}

func (w *world) fatal(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\nafter %v", fmt.Sprintf(format, args...), w.log)
}

func (w *world) content() []byte {
	w.n++
	b := fmt.Appendf(nil, "content %d\n", w.n)
	if w.r.IntN(3) == 0 {
		b = append(b, make([]byte, 40_000)...) // more than is written at once
	}
	return b
}

func (w *world) path() string {
	return []string{pathA, pathB}[w.r.IntN(2)]
}

// edit is what somebody else does to a file.
func (w *world) edit() {
	p, b := w.path(), w.content()
	w.wrote[p][string(b)] = true
	w.edits++
	if w.r.IntN(2) == 0 {
		must(w.t, os.WriteFile(w.root+p, b, 0o640))
		return
	}
	must(w.t, os.WriteFile(w.root+"/etc/tmp", b, 0o640))
	must(w.t, os.Rename(w.root+"/etc/tmp", w.root+p))
}

func (w *world) files() [2]string {
	return [2]string{w.get(w.t, pathA), w.get(w.t, pathB)}
}

// trouble makes one of the next steps fail, or has somebody edit a file at it.
func (w *world) trouble() {
	at, kind := w.r.IntN(90), w.r.IntN(4)
	w.o.Step = nil
	if kind > 1 {
		return
	}
	w.o.Step = func(string) error {
		if at--; at != 0 {
			return nil
		}
		if kind == 0 {
			w.edit()
			return nil
		}
		return unix.EIO
	}
}

func (w *world) apply() {
	before, edits := w.files(), w.edits
	j := Job{Confirm: time.Duration(w.r.IntN(2)) * time.Minute}
	want := before
	for i, p := range []string{pathA, pathB} {
		if w.r.IntN(3) > 0 {
			b := w.content()
			w.wrote[p][string(b)], want[i] = true, string(b)
			j.Files = append(j.Files, FileChange{Path: p, Was: host.Digest([]byte(before[i])), New: b})
		}
	}
	r, err := w.e.Apply(context.Background(), j)
	w.log = append(w.log, fmt.Sprintf("apply: %v", err))
	switch {
	case w.edits != edits:
	case err == nil && w.files() != want:
		w.fatal("plan %s is %s, and the files are not new", r.ID, r.State)
	case err != nil && r.State != Restoring && w.files() != before:
		w.fatal("plan %s is %s, and the files are not old", r.ID, r.State)
	}
}

func (w *world) undo() {
	all := w.e.all()
	if len(all) == 0 {
		return
	}
	old := all[w.r.IntN(len(all))]
	before, edits := w.files(), w.edits
	want := before
	for i := range old.Files {
		if was, _, err := w.e.Contents(old.ID, i); err == nil {
			want[map[string]int{pathA: 0, pathB: 1}[old.Files[i].Path]] = string(was)
		}
	}
	r, err := w.e.Undo(context.Background(), old.ID, Who{}, "")
	w.log = append(w.log, fmt.Sprintf("undo: %v", err))
	switch {
	case w.edits != edits:
	case err == nil && w.files() != want:
		w.fatal("plan %s was undone, and the files are not what they were", old.ID)
	case err != nil && r.State != Restoring && w.files() != before:
		w.fatal("plan %s was not undone (%v), and the files changed", old.ID, err)
	}
}

func (w *world) confirm() {
	if all := w.e.all(); len(all) > 0 {
		_, err := w.e.Confirm(all[w.r.IntN(len(all))].ID, Who{})
		w.log = append(w.log, fmt.Sprintf("confirm: %v", err))
	}
}

func (w *world) restart() {
	w.e.Close()
	w.open()
	did, err := w.e.Recover(context.Background())
	w.log = append(w.log, fmt.Sprintf("restart: %d recovered, %v", len(did), err))
	if err != nil && !errors.Is(err, unix.EIO) {
		w.fatal("cannot recover: %v", err)
	}
}

// open has the engine ask for whatever trouble there is at the time.
func (w *world) open() {
	o := w.o
	o.Step = func(name string) error {
		if w.o.Step == nil {
			return nil
		}
		return w.o.Step(name)
	}
	var err error
	w.e, err = Open(o)
	must(w.t, err)
}

func (w *world) later() {
	w.clock = w.clock.Add(time.Duration(w.r.IntN(90)) * time.Second)
	_, err := w.e.Overdue(context.Background())
	w.log = append(w.log, fmt.Sprintf("later: %v", err))
}

func (w *world) expire() {
	_, err := w.e.Expire(5*time.Minute, int64(w.r.IntN(200_000)))
	w.log = append(w.log, fmt.Sprintf("expire: %v", err))
}

func TestWhateverHappensAFileIsOneThatSomebodyWroteWhole(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			b := boxAt(t, inMemory(t))
			b.o.Files.NoExchange = seed%3 == 0
			w := &world{box: b, t: t, r: rand.New(rand.NewPCG(seed, 1))}
			w.wrote = map[string]map[string]bool{pathA: {string(oldA): true}, pathB: {string(oldB): true}}
			w.open()
			things := []func(){w.apply, w.apply, w.apply, w.undo, w.undo, w.confirm, w.restart, w.later, w.expire,
				func() { w.edit(); w.log = append(w.log, "edit") }}
			for range 40 {
				w.trouble()
				things[w.r.IntN(len(things))]()
				for i, got := range w.files() {
					if !w.wrote[[]string{pathA, pathB}[i]][got] {
						w.fatal("nobody wrote %.40q", got)
					}
				}
				if w.e.settled() != nil {
					w.log = append(w.log, "unfinished")
					w.o.Step = nil
					w.restart()
				}
			}
			w.o.Step = nil
			w.restart()
			if err := w.e.settled(); err != nil {
				w.fatal("%v", err)
			}
			b.clean(t)
			w.e.Close()
		})
	}
}
