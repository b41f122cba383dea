package watch

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkRename measures from rename(2) to the event received, beside the same
// through a bare inotify loop in Go, and through the C program under
// testdata/bench (to its datagram), one after the other in the same run.
//
//	go test -bench Rename -benchtime 2000x ./agent/watch
func BenchmarkRename(b *testing.B) {
	content := make([]byte, 2000)
	b.Run("rename", func(b *testing.B) {
		compare(b, change{
			before: func(path string) error { return os.WriteFile(path+".tmp", content, 0o644) },
			act:    func(path string) error { return os.Rename(path+".tmp", path) },
		})
	})
	b.Run("in place", func(b *testing.B) {
		compare(b, change{
			before: func(string) error { return nil },
			act:    func(path string) error { return os.WriteFile(path, content, 0o644) },
		})
	})
}

// change is one way to change a file; only act is timed.
type change struct{ before, act func(path string) error }

// lane is one way to learn of a change.
type lane struct {
	name string
	file string
	wait func()
	took []time.Duration
}

func compare(b *testing.B, c change) {
	lanes := []*lane{watchLane(b), bareLane(b)}
	if l := floorLane(b); l != nil {
		lanes = append(lanes, l)
	}
	for b.Loop() {
		for _, l := range lanes {
			l.measure(b, c)
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, l := range lanes {
		slices.Sort(l.took)
		b.ReportMetric(l.quantile(50), l.name+"-p50-µs")
		b.ReportMetric(l.quantile(99), l.name+"-p99-µs")
	}
	b.ReportMetric(lanes[0].quantile(50)/lanes[1].quantile(50), "watch/go-p50")
}

// measure changes the file and waits for the news. The pause keeps changes of one
// file further apart than the gap, so that none is held back.
func (l *lane) measure(b *testing.B, c change) {
	if err := c.before(l.file); err != nil {
		b.Fatal(err)
	}
	time.Sleep(6 * time.Millisecond)
	start := time.Now()
	if err := c.act(l.file); err != nil {
		b.Fatal(err)
	}
	l.wait()
	l.took = append(l.took, time.Since(start))
}

func (l *lane) quantile(p int) float64 {
	return float64(l.took[min(len(l.took)-1, len(l.took)*p/100)]) / 1e3
}

func watchLane(b *testing.B) *lane {
	root := b.TempDir()
	w, err := New(Options{Resolver: treeResolver{root}})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := w.Set([]string{"/f"}, nil); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-done })
	return &lane{name: "watch", file: filepath.Join(root, "f"), wait: func() { <-w.Events() }}
}

// bareLane is the floor in Go: read, and hand over.
func bareLane(b *testing.B) *lane {
	root := b.TempDir()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := unix.InotifyAddWatch(fd, root, unix.IN_CLOSE_WRITE|unix.IN_MOVED_TO); err != nil {
		b.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "inotify")
	b.Cleanup(func() { f.Close() })
	names := make(chan string, 16)
	go bareLoop(f, names)
	return &lane{name: "go", file: filepath.Join(root, "f"), wait: func() { await(names, "f") }}
}

func bareLoop(f *os.File, names chan<- string) {
	buf := make([]byte, 64<<10)
	for {
		n, err := f.Read(buf)
		if err != nil {
			return
		}
		for rest := buf[:n]; len(rest) > 0; {
			var ev rawEvent
			ev, rest, _ = nextEvent(rest)
			names <- string(ev.name)
		}
	}
}

func await(names <-chan string, want string) {
	for name := range names {
		if name == want {
			return
		}
	}
}

// floorLane is the floor in C, with a datagram in the way. Nil without a compiler.
func floorLane(b *testing.B) *lane {
	dir := b.TempDir()
	bin, sock, root := filepath.Join(dir, "floor"), filepath.Join(dir, "s"), filepath.Join(dir, "d")
	if err := exec.Command("cc", "-O2", "-o", bin, "../../testdata/bench/floor.c").Run(); err != nil {
		b.Logf("no floor in C: %v", err)
		return nil
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: sock, Net: "unixgram"})
	if err != nil {
		b.Fatal(err)
	}
	if err := os.Mkdir(root, 0o755); err != nil {
		b.Fatal(err)
	}
	startFloor(b, exec.Command(bin, root, sock), conn)
	return &lane{name: "c", file: filepath.Join(root, "f"), wait: func() {
		buf := make([]byte, 256)
		for {
			n, err := conn.Read(buf)
			if err != nil || string(buf[:n]) == "f" {
				return
			}
		}
	}}
}

func startFloor(b *testing.B, cmd *exec.Cmd, conn net.Conn) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cmd.Process.Kill(); cmd.Wait(); conn.Close() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		b.Fatal(err)
	}
}
