package enforce

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// asRoot skips what only root can set up.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() == 0 {
		return
	}
	if os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
		t.Fatal("this needs root, and STIGWATCH_NEED_RIGS=1 says that it must run")
	}
	t.Skip("this needs root: it mounts file systems and changes owners")
}

// mounted gives a box whose files and ledger are on small file systems of their own.
func mounted(t *testing.T, rootOptions, stateOptions string) *box {
	t.Helper()
	asRoot(t)
	dir := t.TempDir()
	for name, options := range map[string]string{"root": rootOptions, "state": stateOptions} {
		at := filepath.Join(dir, name)
		must(t, os.Mkdir(at, 0o700))
		must(t, unix.Mount("tmpfs", at, "tmpfs", 0, options))
		t.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) })
	}
	b := boxAt(t, dir)
	must(t, os.MkdirAll(b.root+"/etc/ssh", 0o755))
	b.put(t, pathA, oldA)
	b.put(t, pathB, oldB)
	return b
}

const roomy = "mode=700,size=4m"

// fill takes all room of a file system, and gives it back.
func fill(t *testing.T, dir string) func() {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	must(t, err)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		f.Close()
		must(t, os.Remove(f.Name()))
	}
}

func TestAFullDiskBelowTheFilesStopsAJobAtItsCandidates(t *testing.T) {
	b := mounted(t, "mode=700,size=32k", roomy)
	e := b.engine(t)
	_, err := e.Apply(context.Background(), b.job())
	if b.failed(t, err, StepStage, Restored); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("got %v", err)
	}
	e.Close()
	b.sound(t, "disk full")
}

func TestAFullDiskBelowTheLedgerStopsAJobBeforeItBegins(t *testing.T) {
	b := mounted(t, roomy, "mode=700,size=32k")
	e := b.engine(t)
	if _, err := e.Apply(context.Background(), b.job()); !errors.Is(err, unix.ENOSPC) || len(e.all()) != 0 {
		t.Errorf("got %v", err)
	}
	e.Close()
	b.sound(t, "ledger full")
}

// The way back needs no room: the old files are still there.
func TestDisksThatFillUpInTheMiddleDoNotKeepFilesFromBeingRestored(t *testing.T) {
	b := mounted(t, roomy, roomy)
	var free []func()
	b.o.Judge = func(context.Context, Record) error {
		free = append(free, fill(t, b.root), fill(t, b.state))
		return errors.New("no")
	}
	before := tell(t, b.root+"/etc")
	e := b.engine(t)
	_, err := e.Apply(context.Background(), b.job())
	var f *FailedError
	if !errors.As(err, &f) || f.Record.Failed.Step != StepJudge {
		t.Fatalf("got %v", err)
	}
	for path, was := range before {
		if now := tell(t, b.root+"/etc")[path]; now != was {
			t.Errorf("%s was %s and is %s", path, was, now)
		}
	}
	if _, err := e.Apply(context.Background(), b.job()); !errors.Is(err, ErrUnfinished) {
		t.Errorf("the end could not be recorded, and yet: %v", err)
	}
	if _, err := e.Recover(context.Background()); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("still full: %v", err)
	}
	for _, f := range free {
		f()
	}
	did, err := e.Recover(context.Background())
	if err != nil || len(did) != 1 || did[0].Record.State != Restored {
		t.Errorf("%+v, %v", did, err)
	}
	e.Close()
	b.sound(t, "was full")
}

func TestAFileSystemThatTurnsReadOnlyIsRestoredWhenItCanBeWrittenAgain(t *testing.T) {
	b := mounted(t, roomy, roomy)
	remount := func(flags uintptr) { must(t, unix.Mount("tmpfs", b.root, "tmpfs", unix.MS_REMOUNT|flags, roomy)) }
	b.o.Judge = func(context.Context, Record) error {
		remount(unix.MS_RDONLY)
		return nil
	}
	e := b.engine(t)
	_, err := e.Apply(context.Background(), b.job())
	b.failed(t, err, StepTidy, Restoring)
	if !errors.Is(err, unix.EROFS) {
		t.Errorf("got %v", err)
	}
	b.holds(t, newA, newB)
	if _, err := e.Recover(context.Background()); !errors.Is(err, unix.EROFS) {
		t.Errorf("got %v", err)
	}
	remount(0)
	did, err := e.Recover(context.Background())
	if err != nil || len(did) != 1 || did[0].From != Restoring || did[0].Record.Failed.Step != StepTidy {
		t.Errorf("%+v, %v", did, err)
	}
	b.holds(t, oldA, oldB)
	e.Close()
	b.sound(t, "was read-only")
	b.o.Judge = nil
	remount(unix.MS_RDONLY)
	_, err = b.engine(t).Apply(context.Background(), b.job())
	if b.failed(t, err, StepStage, Restored); !errors.Is(err, unix.EROFS) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsImmutableStopsAJob(t *testing.T) {
	for _, path := range []string{"/etc/ssh", pathA} {
		t.Run(path, func(t *testing.T) {
			b := mounted(t, roomy, roomy)
			f, err := os.Open(b.root + path)
			must(t, err)
			defer f.Close()
			if err := unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, unix.STATX_ATTR_IMMUTABLE); err != nil {
				if os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
					t.Fatal(err)
				}
				t.Skipf("nothing can be made immutable here: %v", err) // tmpfs before Linux 6.6
			}
			_, err = b.engine(t).Apply(context.Background(), b.job())
			var failed *FailedError
			if !errors.As(err, &failed) || failed.Record.State != Restored || !errors.Is(err, unix.EPERM) {
				t.Errorf("got %v", err)
			}
			must(t, unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, 0))
			b.holds(t, oldA, oldB)
			b.clean(t)
		})
	}
}
