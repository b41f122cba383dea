package watch

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
)

const rewrites = 2000

// document is whole when it ends with the number that it begins with.
func document(i int) []byte {
	return fmt.Appendf(nil, "%06d\n%s%06d\n", i, strings.Repeat("a line of text\n", 500), i)
}

func wholeDocument(b []byte) (i int, ok bool) {
	if len(b) != len(document(0)) || !bytes.Equal(b[:7], b[len(b)-7:]) {
		return 0, false
	}
	_, err := fmt.Sscanf(string(b[:6]), "%d", &i)
	return i, err == nil
}

// writers are the ways to rewrite a file.
var writers = map[string]func(path string, b []byte) error{
	"rename":      renameOver,
	"in place":    func(path string, b []byte) error { return os.WriteFile(path, b, 0o644) },
	"many pieces": inPieces,
	"mmap":        mapped,
}

func renameOver(path string, b []byte) error {
	if err := os.WriteFile(path+".tmp", b, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

func inPieces(path string, b []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for len(b) > 0 && err == nil {
		n := min(500, len(b))
		_, err = f.Write(b[:n])
		b = b[n:]
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func mapped(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	m, err := unix.Mmap(int(f.Fd()), 0, len(b), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	copy(m, b[:len(b)/2])
	copy(m[len(b)/2:], b[len(b)/2:])
	return unix.Munmap(m)
}

func TestNoHalfWrittenFileIsReported(t *testing.T) {
	for name, rewrite := range writers {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{Gap: time.Nanosecond}, "etc/f")
			r.write("etc/f", string(document(0)))
			r.start([]string{"/etc/f"}, nil)
			for i := 1; i <= rewrites; i++ {
				done := make(chan error, 1)
				go func() { done <- rewrite(r.at("etc/f"), document(i)) }()
				r.awaitDocument(i)
				r.must(<-done)
			}
		})
	}
}

// awaitDocument reads the file at each event, until it is document i.
func (r *rig) awaitDocument(i int) {
	r.Helper()
	for {
		e := r.next()
		b, err := os.ReadFile(r.at("etc/f"))
		r.must(err)
		got, ok := wholeDocument(b)
		if !ok || !e.has("/etc/f") {
			r.Fatalf("%v was reported with %d bytes", e.Paths, len(b))
		}
		if got == i {
			return
		}
	}
}

// Here the writer waits for nobody, so that half of a file is read often enough.
// What is read and not busy afterwards must be whole nevertheless, and the last
// state must be among it. A write through mmap is visible before any event.
func TestWhatIsNotBusyWasReadWhole(t *testing.T) {
	for _, name := range []string{"rename", "in place", "many pieces"} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{}, "etc/f").start([]string{"/etc/f"}, nil)
			files, err := host.New(host.Options{Root: r.root})
			r.must(err)
			defer files.Close()
			done := make(chan error, 1)
			go func() { done <- rewriteAll(writers[name], r.at("etc/f")) }()
			for last := 0; last != rewrites; {
				r.next()
				f, err := files.Read("/etc/f")
				r.must(err)
				if r.Busy("/etc/f") {
					continue
				}
				got, ok := wholeDocument(f.Bytes)
				if !ok {
					t.Fatalf("%d bytes are not busy", f.Size)
				}
				last = got
			}
			r.must(<-done)
		})
	}
}

func rewriteAll(rewrite func(string, []byte) error, path string) error {
	for i := 1; i <= rewrites; i++ {
		if err := rewrite(path, document(i)); err != nil {
			return err
		}
	}
	return nil
}

// A storm must neither run the queue over, nor starve the reports, nor make one
// for each change: about one each gap, and one more where the writer pauses (on a
// busy machine it does). The last state is always reported.
func TestStorm(t *testing.T) {
	const times = 10_000
	for _, name := range []string{"rename", "in place"} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Options{}, "etc/f").start([]string{"/etc/f"}, nil)
			start := time.Now()
			done := make(chan error, 1)
			go func() {
				for i := 1; i < times; i++ {
					if err := writers[name](r.at("etc/f"), fmt.Append(nil, i)); err != nil {
						done <- err
						return
					}
				}
				done <- writers[name](r.at("etc/f"), []byte("last"))
			}()
			events := 0
			for last := false; !last; events++ {
				r.next()
				b, _ := os.ReadFile(r.at("etc/f"))
				last = string(b) == "last"
			}
			r.must(<-done)
			took := time.Since(start)
			if most := int(took/calm) + 2; events > most || events > times/10 {
				t.Errorf("%d events in %v", events, took)
			}
			t.Logf("%d rewrites in %v: %d events", times, took, events)
			if s := r.Stats(); s.Overflows != 0 {
				t.Errorf("the queue ran over: %+v", s)
			}
		})
	}
}
