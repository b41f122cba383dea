package enforce

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/host"
	"stigwatch/agent/replace"
)

func TestWhateverFailsEverythingIsRestored(t *testing.T) {
	broken := errors.New("broken")
	once := func(b *box) func(context.Context, []string) error { // the way back reloads, too
		return func(_ context.Context, u []string) error {
			b.reloaded = append(b.reloaded, u...)
			if len(b.reloaded) <= 2 {
				return broken
			}
			return nil
		}
	}
	cases := map[Step]func(b *box){
		StepReload: func(b *box) { b.o.Reload = once(b) },
		StepHealth: func(b *box) {
			n := 0
			b.o.Healthy = func(context.Context, []string) error {
				if n++; n == 1 {
					return broken
				}
				return nil
			}
		},
		StepJudge: func(b *box) { b.o.Judge = func(context.Context, Record) error { return broken } },
	}
	for step, set := range cases {
		t.Run(string(step), func(t *testing.T) {
			b := newBox(t)
			set(b)
			before := tell(t, b.root)
			e := b.engine(t)
			_, err := e.Apply(context.Background(), b.job())
			r := b.failed(t, err, step, Restored)
			if !errors.Is(err, broken) || len(r.Notes) != 0 {
				t.Errorf("%v, %v", err, r.Notes)
			}
			b.clean(t)
			if d := cmp.Diff(before, tell(t, b.root)); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"rsyslog.service", "sshd.service", "rsyslog.service", "sshd.service"}, b.reloaded); d != "" {
				t.Errorf("reloaded: %s", d)
			}
		})
	}
}

func TestTroubleOnTheWayBackIsToldAndDoesNotStopIt(t *testing.T) {
	b := newBox(t)
	b.o.Reload = func(context.Context, []string) error { return errors.New("no bus") }
	b.o.Healthy = func(context.Context, []string) error { return errors.New("sshd is down") }
	_, err := b.engine(t).Apply(context.Background(), b.job())
	r := b.failed(t, err, StepReload, Restored)
	b.holds(t, oldA, oldB)
	if d := cmp.Diff([]string{"after the way back, cannot reload: no bus", "after the way back: sshd is down"}, r.Notes); d != "" {
		t.Error(d)
	}
}

func TestACallerThatGivesUpGetsEverythingRestoredAndReloaded(t *testing.T) {
	b := newBox(t)
	ctx, cancel := context.WithCancel(context.Background())
	var after error
	n := 0
	b.o.Reload = func(c context.Context, _ []string) error {
		if n++; n == 1 {
			cancel()
			return nil
		}
		after = c.Err()
		return nil
	}
	_, err := b.engine(t).Apply(ctx, b.job())
	b.failed(t, err, StepReload, Restored)
	b.holds(t, oldA, oldB)
	if n != 2 || after != nil {
		t.Errorf("reloaded %d times, the last with %v", n, after)
	}
}

func TestSomebodyElsesEditIsNotTouchedOnTheWayBack(t *testing.T) {
	theirs := []byte("theirs\n")
	b := newBox(t)
	b.o.Judge = func(context.Context, Record) error {
		b.put(t, pathA, theirs)
		return errors.New("no")
	}
	e := b.engine(t)
	_, err := e.Apply(context.Background(), b.job())
	r := b.failed(t, err, StepJudge, Conflict)
	b.holds(t, theirs, oldB)
	b.clean(t)
	f := r.Files[0]
	if f.Found != host.Digest(theirs) || !strings.Contains(f.Conflict, f.Found) || !strings.Contains(f.Conflict, f.New) || r.Files[1].Conflict != "" {
		t.Errorf("%+v", r.Files)
	}
	j := b.job()
	j.Files[0].Was = host.Digest(theirs)
	b.o.Judge = nil
	e.Close()
	if _, err := b.engine(t).Apply(context.Background(), j); err != nil {
		t.Errorf("a conflict is an end, but: %v", err)
	}
}

// The second file is edited before it is this job's turn to write it.
func TestAnEditBeforeItsFileIsReplacedTakesTheJobBackWithoutConflict(t *testing.T) {
	theirs := []byte("theirs\n")
	for _, step := range []string{"create new content of ", "look again at ", "swap "} {
		b := newBox(t)
		b.o.Step = func(name string) error {
			if name == step+pathB {
				b.put(t, pathB, theirs)
			}
			return nil
		}
		_, err := b.engine(t).Apply(context.Background(), b.job())
		r := b.failed(t, err, StepReplace, Restored)
		if !errors.Is(err, replace.ErrChanged) || !r.Files[1].Untouched {
			t.Errorf("at %q: %v", step, err)
		}
		b.holds(t, oldA, theirs)
		b.clean(t)
	}
}

func TestLinksThatAppearInTheMiddleAreNotFollowed(t *testing.T) {
	tricks := map[string]func(b *box){
		"file": func(b *box) {
			must(t, os.Rename(b.root+pathA, b.root+"/etc/victim"))
			must(t, os.Symlink("/etc/victim", b.root+pathA))
		},
		"folder": func(b *box) {
			must(t, os.Rename(b.root+"/etc/ssh", b.root+"/etc/victim"))
			must(t, os.Symlink("victim", b.root+"/etc/ssh"))
		},
	}
	for trick, do := range tricks {
		for _, step := range []string{"create new content of ", "look again at ", "swap "} {
			t.Run(trick+" at "+step, func(t *testing.T) {
				b := newBox(t)
				b.o.Step = func(name string) error {
					if name == step+pathA {
						do(b)
					}
					return nil
				}
				_, err := b.engine(t).Apply(context.Background(), b.job())
				var f *FailedError
				if !errors.As(err, &f) || !replace.Refused(err) || !f.Record.State.Final() {
					t.Fatalf("got %v", err)
				}
				real := b.root + "/etc/victim"
				if trick == "folder" {
					real += "/sshd_config"
				}
				if got, err := os.ReadFile(real); err != nil || !bytes.Equal(got, oldA) {
					t.Errorf("what the link leads to holds %q, %v", got, err)
				}
				if b.get(t, pathB) != string(oldB) {
					t.Error("the other file was left new")
				}
			})
		}
	}
}
