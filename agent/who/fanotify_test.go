package who

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hearing is a real fanotify on a new folder, by names and as old kernels have it.
func hearing(t *testing.T, test func(*testing.T, *Finder, string)) {
	for name, plain := range map[string]bool{"names": false, "plain": true} {
		t.Run(name, func(t *testing.T) {
			f := New(Options{Fanotify: true, plain: plain, Passwd: "testdata/passwd", Audit: true, AuditLog: filepath.Join(t.TempDir(), "audit.log")})
			if f.fanotify == nil {
				t.Skip("fanotify needs CAP_SYS_ADMIN")
			}
			if !plain && !f.fanotify.named {
				f.Close()
				t.Skip("fanotify names files since Linux 5.9")
			}
			ctx, stop := context.WithCancel(context.Background())
			ended := make(chan error)
			go func() { ended <- f.Run(ctx) }()
			t.Cleanup(func() {
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
			dir := t.TempDir()
			if err := f.Watch([]string{dir}); err != nil {
				t.Fatal(err)
			}
			test(t, f, dir)
		})
	}
}

// as runs a command, which says its pid, and stays until the answer was given.
func as(t *testing.T, script string, uid uint32) (pid int, end func()) {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", script+"; echo done; read line")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid, func() { in.Close(); cmd.Wait() }
}

func TestFanotifySaysWhoWrote(t *testing.T) {
	hearing(t, func(t *testing.T, f *Finder, dir string) {
		if err := os.Chmod(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		for p := dir; p != "/"; p = filepath.Dir(p) {
			if info, err := os.Stat(p); err == nil && info.Mode()&1 == 0 {
				if err := os.Chmod(p, info.Mode()|1); err != nil {
					t.Fatal(err)
				}
			}
		}
		for name, script := range map[string]string{
			"in place":  "echo x >%s",
			"by rename": "echo x >%[2]s/.tmp; exec 3<%[2]s; mv %[2]s/.tmp %[1]s",
			"held open": "exec 5>%s; echo x >&5",
		} {
			file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			format := script
			if strings.Count(format, "%") == 1 {
				format += "%.0[2]s"
			}
			pid, end := as(t, fmt.Sprintf(format, file, dir), 1000)
			a, final := f.AtOnce(Question{Paths: []string{file}, Seen: time.Now()})
			end()
			if a == nil || !final {
				t.Errorf("%s: %+v %v", name, a, final)
				continue
			}
			// mv(1) is a process of its own, and by now gone
			renamed := name == "by rename" && f.fanotify.named
			if a.Source != Fanotify || a.User != "admin" && !renamed || !renamed && a.PID != pid || a.PID == 0 {
				t.Errorf("%s: %+v, want pid %d", name, a, pid)
			}
			if !renamed && !strings.Contains(a.Title, "read line") {
				t.Errorf("%s: %+v", name, a)
			}
		}
	})
}

func TestFanotifySaysWhoRenamed(t *testing.T) {
	hearing(t, func(t *testing.T, f *Finder, dir string) {
		file, tmp := filepath.Join(dir, "f"), filepath.Join(dir, ".f.tmp")
		if err := os.WriteFile(tmp, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(tmp, file); err != nil {
			t.Fatal(err)
		}
		a, _ := f.AtOnce(Question{Paths: []string{file}, Seen: time.Now()})
		if a == nil || a.PID != os.Getpid() || a.User != f.users.name(fmt.Sprint(os.Getuid())) || !strings.Contains(a.Command, "who.test") {
			t.Errorf("%+v", a)
		}
	})
}

func TestFanotifyKnowsOnlyWhatItWasToldOf(t *testing.T) {
	hearing(t, func(t *testing.T, f *Finder, dir string) {
		file := filepath.Join(dir, "f")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for name, q := range map[string]Question{
			"another file": {Paths: []string{filepath.Join(dir, "g")}, Seen: time.Now()},
			"later":        {Paths: []string{file}, Seen: time.Now().Add(2 * Window)},
		} {
			if a, _ := f.AtOnce(q); a != nil {
				t.Errorf("%s: %+v", name, a)
			}
		}
		other := t.TempDir()
		if err := f.Watch([]string{other, filepath.Join(dir, "none")}); err == nil {
			t.Error("a folder that is not there is no error")
		}
		if err := os.WriteFile(filepath.Join(dir, "g"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if a, _ := f.AtOnce(Question{Paths: []string{filepath.Join(dir, "g")}, Seen: time.Now()}); a != nil {
			t.Errorf("a folder that is not watched any more: %+v", a)
		}
	})
}

func TestTheAuditLogAddsToTheProcessThatFanotifyNames(t *testing.T) {
	hearing(t, func(t *testing.T, f *Finder, dir string) {
		file, log := filepath.Join(dir, "f"), f.audit.path
		now := time.Now()
		line := func(pid int) string {
			at := fmt.Sprintf("%d.%03d:%d", now.Unix(), now.UnixMilli()%1000, pid)
			return fmt.Sprintf("type=SYSCALL msg=audit(%s): success=yes pid=%d auid=1000 uid=0 tty=pts3 ses=3 comm=\"vi\" exe=\"/usr/bin/vi\" key=\"stigwatch\"\n"+
				"type=PATH msg=audit(%[1]s): item=0 name=\"%[3]s\" nametype=NORMAL\n", at, pid, file)
		}
		put(t, log, line(1))
		if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		q := Question{Paths: []string{file}, Seen: time.Now()}
		if a, final := f.Look(q); a == nil || a.Source != Fanotify || a.PID != os.Getpid() || final {
			t.Errorf("another process's record was taken: %+v %v", a, final)
		}
		put(t, log, line(os.Getpid()))
		if a, final := f.Look(q); a == nil || a.Source != Audit || a.Login != "admin" || a.Terminal != "pts/3" || !final {
			t.Errorf("%+v %v", a, final)
		}
	})
}

func FuzzFanotifyEvents(f *testing.F) {
	f.Add([]byte{2, 0, 32, 0, 1, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 'f', 0, 0, 0})
	folders := map[string]string{handleKey(1, 2, 1, []byte{1, 2, 3, 4, 5, 6, 7, 8}): "/d"}
	f.Fuzz(func(t *testing.T, b []byte) {
		if path := pathNamed(b, folders); path != "" && path[0] != '/' {
			t.Errorf("%q", path)
		}
	})
}

func TestTerminalsHaveTheirNames(t *testing.T) {
	for number, want := range map[string]string{
		"0": "", "34816": "pts/0", "34819": "pts/3", "35072": "pts/256", "1025": "tty1", "1088": "ttyS0", "1281": "5:1", "x": "",
	} {
		if got := terminal(number); got != want {
			t.Errorf("%s is %q, want %q", number, got, want)
		}
	}
	if comm, tty := stat([]byte("7 (a) (b c) S 1 7 7 34816 7 4194304")); comm != "a) (b c" || tty != "pts/0" {
		t.Errorf("%q %q", comm, tty)
	}
}
