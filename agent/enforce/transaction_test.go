package enforce

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
	"stigwatch/agent/replace"
)

func TestAJobReplacesAllItsFilesAndIsUndoneByteForByte(t *testing.T) {
	b := boxAt(t, t.TempDir()) // a file system in memory may have no user attributes
	must(t, os.Chmod(b.root+pathA, 0o604))
	must(t, unix.Setxattr(b.root+pathB, "user.note", []byte("x"), 0))
	var judged []Record
	b.o.Judge = func(_ context.Context, r Record) error {
		judged = append(judged, r)
		b.holds(t, newA, newB)
		return nil
	}
	e := b.engine(t)
	r, err := e.Apply(context.Background(), b.job())
	must(t, err)
	b.holds(t, newA, newB)
	b.clean(t)
	if r.State != Done || r.ID[:16] != "20261127T204500Z" || r.Ended.IsZero() {
		t.Errorf("%+v", r)
	}
	if d := cmp.Diff([]string{"rsyslog.service", "sshd.service"}, b.reloaded); d != "" {
		t.Error(d)
	}
	must(t, os.Chmod(b.root+pathA, 0o600)) // whoever did that meant it: an undo brings bytes back, and loosens nothing
	u, err := e.Undo(context.Background(), r.ID, Who{UID: 7}, "no")
	must(t, err)
	b.holds(t, oldA, oldB)
	b.clean(t)
	st, err := os.Stat(b.root + pathA)
	must(t, err)
	var v [1]byte
	if _, err := unix.Getxattr(b.root+pathB, "user.note", v[:]); err != nil || v[0] != 'x' || st.Mode() != 0o600 {
		t.Errorf("mode %v, attribute %v", st.Mode(), err)
	}
	if len(judged) != 1 || judged[0].State != Written || judged[0].ID != r.ID {
		t.Errorf("an undo is not judged, an apply once: %+v", judged)
	}
	want := []State{Done, Undone}
	e.Close()
	h := b.engine(t).History()
	if d := cmp.Diff(want, []State{h[0].State, h[1].State}); d != "" || h[0].Undoes != r.ID || h[1].UndoneBy != u.ID || h[0].By.UID != 7 {
		t.Errorf("%s %+v", d, h)
	}
}

func TestWhatIsRefusedBeforeAnythingIsTouched(t *testing.T) {
	cases := map[string]struct {
		change func(b *box, j *Job)
		want   error
	}{
		"no files":     {func(_ *box, j *Job) { j.Files = nil }, ErrNothing},
		"same bytes":   {func(_ *box, j *Job) { j.Files[1].New = oldB }, ErrNothing},
		"stale digest": {func(_ *box, j *Job) { j.Files[1].Was = host.Digest(newB) }, replace.ErrChanged},
		"missing":      {func(_ *box, j *Job) { j.Files[1].Path = "/etc/none" }, replace.ErrMissing},
		"traversal":    {func(_ *box, j *Job) { j.Files[1].Path = "/etc/../etc/rsyslog.conf" }, replace.ErrPath},
		"link": {func(b *box, j *Job) {
			_ = os.Symlink("rsyslog.conf", b.root+"/etc/link")
			j.Files[1].Path = "/etc/link"
		}, replace.ErrLink},
		"hard link": {func(b *box, _ *Job) { _ = os.Link(b.root+pathB, b.root+"/etc/two") }, replace.ErrHardLinked},
		"twice":     {func(_ *box, j *Job) { j.Files[1] = j.Files[0] }, nil},
		"too large": {func(_ *box, j *Job) { j.Files[1].New = make([]byte, replace.DefaultMaxBytes+1) }, replace.ErrTooLarge},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			j := b.job()
			c.change(b, &j)
			e := b.engine(t)
			_, err := e.Apply(context.Background(), j)
			var f *FailedError
			if err == nil || c.want != nil && !errors.Is(err, c.want) || errors.As(err, &f) {
				t.Errorf("got %v", err)
			}
			b.holds(t, oldA, oldB)
			b.clean(t)
			if h := e.History(); len(h) != 0 {
				t.Errorf("there is a plan: %+v", h)
			}
		})
	}
}
