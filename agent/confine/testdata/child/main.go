// Command child does one thing of package confine, and says what it can do then.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"stigwatch/agent/confine"
)

func main() {
	idle() // threads before
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(what string, args []string) error {
	switch what {
	case "become":
		if err := confine.Become(args[0]); err != nil {
			return err
		}
		idle() // and after
		return tell(map[string]any{"threads": threads(), "back": wayBack(), "reads": canRead(args[1]), "writes": canWrite(args[1])})
	case "process":
		s := confine.Process(0o027)
		idle()
		var core unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_CORE, &core); err != nil {
			return err
		}
		dumpable, _ := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
		var names []string
		for _, line := range os.Environ() {
			name, _, _ := strings.Cut(line, "=")
			names = append(names, name)
		}
		slices.Sort(names)
		return tell(map[string]any{
			"state": s, "line": s.String(), "threads": threads(), "core": core, "dumpable": dumpable, "umask": fmt.Sprintf("%04o", unix.Umask(0)), "environment": names, "open": open(),
		})
	case "fence":
		return fence(args[0], args[1:])
	}
	return fmt.Errorf("no such thing: %s", what)
}

// fence tries what it can do behind a fence around some folders.
func fence(allow string, folders []string) error {
	s := confine.Process(0o027)
	others := waiting(func() string { return canWrite("out/file") })
	s.Fence(confine.Fence{Writes: folders, Execute: strings.Contains(allow, "execute"), Listen: strings.Contains(allow, "listen"), Devices: []string{"/dev/null", "/dev/no-such"}})
	idle()
	each := func(do func(string) error, names ...string) map[string]string {
		out := map[string]string{}
		for _, n := range names {
			out[n] = text(do(n))
		}
		return out
	}
	files := []string{"in/file", "in/deep/file", "out/file"}
	out := map[string]any{
		"made":    each(func(p string) error { return os.WriteFile(p, nil, 0o600) }, "in/new", "in/deep/new", "out/new"),
		"wrote":   each(func(p string) error { f, err := os.OpenFile(p, os.O_WRONLY, 0); _ = f.Close(); return err }, files...),
		"cut":     each(func(p string) error { return os.Truncate(p, 2) }, files...),
		"moved":   each(moved, files...),
		"renamed": text(os.Rename("in/new", "in/deep/other")),
		"special": text(unix.Mkfifo("in/fifo", 0o600)),
		"exec":    text(program()),
		"reads":   canRead("out/file"),
	}
	var lc net.ListenConfig
	lc.SetMultipathTCP(false) // Landlock knows plain TCP only
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if out["listen"] = text(err); err == nil {
		l.Close()
	}
	out["removed"] = each(os.Remove, files...)
	out["state"], out["threads"] = s, others()
	return tell(out)
}

// program starts one that itself writes nowhere but to /dev/null.
func program() error {
	return exec.Command("/bin/sh", "-c", "echo >/dev/null").Run()
}

// moved renames a file and takes that back.
func moved(path string) error {
	if err := os.Rename(path, path+"2"); err != nil {
		return err
	}
	return os.Rename(path+"2", path)
}

func tell(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", " ")
	return e.Encode(v)
}

// idle makes threads.
func idle() {
	begun := make(chan bool)
	for range 4 {
		go func() {
			runtime.LockOSThread()
			begun <- true
			select {}
		}()
	}
	for range 4 {
		<-begun
	}
}

// waiting makes threads that do something when they are asked, and gives what came of
// it in any of them.
func waiting(do func() string) func() []string {
	begun, now, answers := make(chan bool), make(chan bool), make(chan string)
	for range 4 {
		go func() {
			runtime.LockOSThread()
			begun <- true
			<-now
			answers <- do()
		}()
	}
	for range 4 {
		<-begun
	}
	return func() []string {
		close(now)
		var out []string
		for range 4 {
			if a := <-answers; !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
		return out
	}
}

// threads are the different states of all threads.
func threads() []string {
	var out []string
	files, _ := filepath.Glob("/proc/self/task/*/status")
	if len(files) < 9 {
		return []string{"too few threads"}
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return []string{err.Error()}
		}
		var lines []string
		for line := range strings.Lines(string(b)) {
			if name, value, _ := strings.Cut(line, ":"); slices.Contains([]string{"Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "NoNewPrivs"}, name) {
				lines = append(lines, name+" "+strings.Join(strings.Fields(value), " "))
			}
		}
		if one := strings.Join(lines, "; "); !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

func wayBack() []string {
	full := [2]unix.CapUserData{{Effective: ^uint32(0), Permitted: ^uint32(0)}, {}}
	return []string{
		text(syscall.Setuid(0)), text(syscall.Setgid(0)), text(syscall.Setresuid(-1, 0, -1)), text(syscall.Setgroups([]int{0})),
		text(unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &full[0])),
		text(unix.Prctl(unix.PR_SET_SECUREBITS, 0, 0, 0, 0)),
	}
}

func canRead(path string) string {
	_, err := os.ReadFile(path)
	return text(err)
}

// canWrite tries to make, write, cut and remove what is at a path.
func canWrite(path string) string {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return text(err)
	}
	_, err = f.WriteString("x")
	f.Close()
	return text(err)
}

func open() []string {
	names, _ := os.ReadDir("/proc/self/fd")
	var out []string
	for _, n := range names {
		at, err := os.Readlink("/proc/self/fd/" + n.Name())
		if err == nil && !strings.HasPrefix(at, "anon_inode:[event") && n.Name() > "2" {
			out = append(out, n.Name()+" "+at)
		}
	}
	return out
}

func text(err error) string {
	if err == nil {
		return "yes"
	}
	var errno syscall.Errno
	for e := err; e != nil; {
		if n, ok := e.(syscall.Errno); ok {
			errno = n
			break
		}
		u, ok := e.(interface{ Unwrap() error })
		if !ok {
			return err.Error()
		}
		e = u.Unwrap()
	}
	return errno.Error()
}
