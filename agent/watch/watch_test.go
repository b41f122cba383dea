package watch

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestRenameOverIsReportedAtOnce(t *testing.T) {
	r := newRig(t, Options{}, "etc/a", "etc/b").start([]string{"/etc/a", "/etc/b"}, nil)
	before := time.Now()
	r.write("etc/.a", "new")
	r.rename("etc/.a", "etc/a")
	e := r.next()
	if d := cmp.Diff([]string{"/etc/a"}, e.Paths); d != "" || e.All {
		t.Errorf("event %+v: %s", e, d)
	}
	if e.At.Before(before) || e.At.After(time.Now()) {
		t.Errorf("At is %v, not between the change and now", e.At)
	}
}

func TestTruncateAndWriteIsReportedAtClose(t *testing.T) {
	r := newRig(t, Options{}, "etc/a", "etc/m").start([]string{"/etc/a", "/etc/m"}, nil)
	f, err := os.OpenFile(r.at("etc/a"), os.O_WRONLY|os.O_TRUNC, 0)
	r.must(err)
	for range 5 {
		_, err = f.WriteString("piece")
		r.must(err)
		if others := r.still("etc/m"); others != nil {
			t.Fatalf("reported while open: %v", others)
		}
		if !r.Busy("/etc/a") {
			t.Fatal("not busy while it is written")
		}
	}
	r.must(f.Close())
	r.sees("/etc/a")
	if r.Busy("/etc/a") {
		t.Error("busy after it was reported")
	}
}

func TestOneTruncationWithoutAFileHandleIsReportedAfterTheQuietTime(t *testing.T) {
	r := newRig(t, Options{Quiet: 20 * time.Millisecond}, "a").start([]string{"/a"}, nil)
	before := time.Now()
	r.must(os.Truncate(r.at("a"), 1))
	r.sees("/a")
	if took := time.Since(before); took < 20*time.Millisecond {
		t.Errorf("reported after %v, before the quiet time", took)
	}
}

func TestAWriterThatNeverStopsCannotHide(t *testing.T) {
	r := newRig(t, Options{Quiet: time.Minute, Ceiling: 30 * time.Millisecond}, "a").start([]string{"/a"}, nil)
	f, err := os.OpenFile(r.at("a"), os.O_WRONLY, 0)
	r.must(err)
	defer f.Close()
	for range 2 {
		_, err = f.WriteString("more")
		r.must(err)
		r.sees("/a")
	}
	_, err = f.WriteString("more")
	r.must(err)
	if r.Busy("/a") {
		t.Error("busy beyond the ceiling: it hides behind its writer")
	}
}

func TestMemoryMappedWriteIsSeenAtClose(t *testing.T) {
	r := newRig(t, Options{}, "a").start([]string{"/a"}, nil)
	f, err := os.OpenFile(r.at("a"), os.O_RDWR, 0)
	r.must(err)
	m, err := unix.Mmap(int(f.Fd()), 0, 3, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	r.must(err)
	copy(m, "new")
	r.must(unix.Munmap(m))
	r.must(f.Close())
	r.settled("/a", "new")
}

func TestOtherChangesAreReportedAtOnce(t *testing.T) {
	cases := map[string]func(r *rig){
		"removed":      func(r *rig) { r.remove("etc/a") },
		"renamed away": func(r *rig) { r.rename("etc/a", "etc/z") },
		"mode":         func(r *rig) { r.must(os.Chmod(r.at("etc/a"), 0o600)) },
		"a link":       func(r *rig) { r.remove("etc/a"); r.sees("/etc/a"); r.link("b", "etc/a") },
		"a hard link":  func(r *rig) { r.remove("etc/a"); r.sees("/etc/a"); r.must(os.Link(r.at("etc/b"), r.at("etc/a"))) },
		"a FIFO":       func(r *rig) { r.remove("etc/a"); r.sees("/etc/a"); r.must(unix.Mkfifo(r.at("etc/a"), 0o600)) },
		"a folder":     func(r *rig) { r.remove("etc/a"); r.sees("/etc/a"); r.mkdir("etc/a") },
		"folder's mode": func(r *rig) {
			r.must(os.Chtimes(r.at("etc/a"), time.Unix(1, 0), time.Unix(1, 0)))
			r.sees("/etc/a")
			r.must(os.Chmod(r.at("etc"), 0o700))
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{}, "etc/a", "etc/b").start([]string{"/etc/a"}, nil)
			change(r)
			r.sees("/etc/a")
		})
	}
}

func TestEditorsThatRenameTheOldFileAway(t *testing.T) {
	r := newRig(t, Options{}, "etc/a").start([]string{"/etc/a"}, nil)
	r.rename("etc/a", "etc/a~")
	r.write("etc/a", "new")
	r.remove("etc/a~")
	r.settled("/etc/a", "new")
}

func TestVanishGraceSparesAnEditorsGap(t *testing.T) {
	r := newRig(t, Options{Vanish: time.Minute}, "etc/a", "etc/m").start([]string{"/etc/a", "/etc/m"}, nil)
	r.rename("etc/a", "etc/a~")
	if others := r.still("etc/m"); others != nil {
		t.Fatalf("reported in the gap: %v", others)
	}
	r.write("etc/a", "new")
	r.settled("/etc/a", "new")
}

func TestNamesNobodyWatchesAreSilent(t *testing.T) {
	r := newRig(t, Options{}, "etc/a", "etc/m").start([]string{"/etc/m"}, nil)
	r.write("etc/a", "new")
	r.remove("etc/a")
	if others := r.still("etc/m"); others != nil {
		t.Errorf("reported: %v", others)
	}
}

func TestFolderTargetReportsAnyName(t *testing.T) {
	r := newRig(t, Options{}, "etc/conf.d/").start(nil, []string{"/etc/conf.d"})
	r.write("etc/conf.d/one.conf", "x")
	r.sees("/etc/conf.d/one.conf")
	r.remove("etc/conf.d/one.conf")
	r.sees("/etc/conf.d/one.conf")
	r.link("/nowhere", "etc/conf.d/two.conf")
	r.sees("/etc/conf.d/two.conf")
	r.mkdir("etc/conf.d/sub")
	r.sees("/etc/conf.d/sub")
	r.remove("etc/conf.d")
	r.sees("/etc/conf.d")
}

func TestFolderTargetBehindALink(t *testing.T) {
	r := newRig(t, Options{}, "opt/one/", "opt/two/")
	r.link("/opt/one", "conf.d")
	r.start(nil, []string{"/conf.d"})
	r.write("opt/one/x", "x")
	r.sees("/conf.d/x")
	r.write("opt/two/y", "y")
	r.swap("/opt/two", "conf.d")
	r.sees("/conf.d", "/conf.d/y")
	r.write("opt/two/z", "z")
	r.sees("/conf.d/z")
}

func TestSetKeepsWhatStays(t *testing.T) {
	r := newRig(t, Options{}, "etc/a", "etc/b", "etc/ssh/c").start([]string{"/etc/a", "/etc/ssh/c"}, nil)
	added, err := r.Set([]string{"/etc/b", "/etc/ssh/c"}, []string{"/etc/late"})
	r.must(err)
	if d := cmp.Diff([]string{"/etc/b", "/etc/late"}, added); d != "" {
		t.Errorf("added: %s", d)
	}
	r.write("etc/a", "new")
	r.write("etc/ssh/c", "new")
	r.sees("/etc/ssh/c")
	if others := r.still("etc/b"); others != nil {
		t.Errorf("reported besides: %v", others)
	}
	r.must2(r.Set(nil, nil))
	if s := r.Stats(); s.Folders != 0 || s.Files != 0 {
		t.Errorf("watches are left: %+v", s)
	}
}

func (r *rig) must2(_ []string, err error) { r.Helper(); r.must(err) }

func TestRootItselfCannotBeATarget(t *testing.T) {
	r := newRig(t, Options{}, "a")
	defer r.Close()
	added, err := r.Set([]string{"/", "/a"}, nil)
	if err == nil || len(added) != 2 {
		t.Errorf("Set gave %v, %v", added, err)
	}
}

func TestSlowReceiverGetsEverythingMerged(t *testing.T) {
	r := newRig(t, Options{}, "a", "b", "c").start([]string{"/a", "/b", "/c"}, nil)
	for _, name := range []string{"c", "a", "b", "a"} {
		r.write(name, "new")
	}
	for i := range 200 { // until the reader has it all: no event is taken meanwhile
		if r.Busy("/a") && r.Busy("/b") && r.Busy("/c") {
			break
		}
		if i == 199 {
			t.Fatal("not everything is waiting")
		}
	}
	if d := cmp.Diff([]string{"/a", "/b", "/c"}, r.next().Paths); d != "" {
		t.Error(d)
	}
}

func TestTooManyForASlowReceiverMeansAll(t *testing.T) {
	r := newRig(t, Options{QueueLimit: 2}, "d/").start(nil, []string{"/d"})
	for _, name := range []string{"d/1", "d/2", "d/3", "d/4"} {
		r.write(name, "x")
	}
	r.Busy("/d/4") // now everything is read, and waits
	r.until("All", func(e Event) bool { return e.All && e.Reason != "" && len(e.Paths) == 0 })
}

func TestEventsEndWithRun(t *testing.T) {
	r := newRig(t, Options{}, "a").start([]string{"/a"}, nil)
	r.end()
	for range r.Events() {
	}
	if r.Busy("/a") {
		t.Error("busy after the end")
	}
	if _, err := r.Set([]string{"/a", "/b/c"}, nil); err == nil {
		t.Error("Set after the end gives no error")
	}
	r.must(r.Close())
}
