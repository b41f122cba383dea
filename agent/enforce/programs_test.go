package enforce

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
)

// script makes a program of a few lines.
func script(t *testing.T, body string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "program")
	must(t, os.WriteFile(p, []byte("#!/bin/sh\n"+body+"\n"), 0o755))
	return p
}

// partsJob is about the main file of a program and one that it includes.
func partsBox(t *testing.T, body string, p Program) (*box, Job) {
	b := newBox(t)
	must(t, os.MkdirAll(b.root+"/etc/ssh/sshd_config.d", 0o755))
	b.put(t, "/etc/ssh/sshd_config.d/50-x.conf", oldA)
	p.Name, p.File, p.Main, p.Parts = "sshd", script(t, body), pathA, []string{"/etc/ssh/sshd_config.d/*.conf"}
	if p.Args == nil {
		p.Args = []string{"-t", "-f", Candidate}
	}
	b.o.Programs = []Program{p}
	return b, Job{Files: []FileChange{{Path: "/etc/ssh/sshd_config.d/50-x.conf", Was: host.Digest(oldA), New: newA}}}
}

func TestACandidateIsCheckedBeforeItIsPutInPlace(t *testing.T) {
	b, _ := partsBox(t, "", Program{})
	b.o.Programs[0].File = script(t, `[ "$# $1 $2" = "3 -t -f" ] && grep -q "Login no" "$3" && grep -q "Login yes" `+b.root+pathA)
	r, err := b.engine(t).Apply(context.Background(), b.job())
	must(t, err)
	c := r.Checks[0]
	if !c.OK || c.Path != pathA || c.Program != "sshd" || c.Whole || !strings.Contains(c.Command, "/.stigwatch-"+r.ID+"-sshd_config") {
		t.Errorf("%+v", c)
	}
	if c := r.Checks[1]; c.OK || c.Path != pathB || c.NotChecked != "no program is known that checks it" {
		t.Errorf("%+v", c)
	}
}

// The environment is empty, nothing can be read, and the arguments are not a shell's.
func TestAProgramGetsNothingOfOurs(t *testing.T) {
	t.Setenv("STIGWATCH_SECRET", "x")
	p := script(t, `/usr/bin/env; pwd; cat; echo "$#:$1"`)
	s, err := command(context.Background(), time.Minute, p, []string{"a b; $HOME `id`"})
	must(t, err)
	got := s.out.String()
	for _, line := range strings.Split(got, "\n") {
		if name, _, ok := strings.Cut(line, "="); ok && name != "PWD" && name != "_" && name != "SHLVL" && name != "OLDPWD" {
			t.Errorf("it got %s", line)
		}
	}
	if !strings.Contains(got, "\n/\n") || !strings.HasSuffix(got, "1:a b; $HOME `id`") {
		t.Errorf("got %q", got)
	}
}

func TestAProgramThatRefusesHangsOrRavesTakesTheJobBack(t *testing.T) {
	cases := map[string]struct{ body, says string }{
		"refuses":    {"echo 'line 1: bad option' >&2; exit 255", "exit status 255\nline 1: bad option"},
		"no stderr":  {"echo only here; exit 1", "only here"},
		"CR LF":      {`printf 'one\r\ntwo\r\n' >&2; exit 1`, "one\ntwo"},
		"hangs":      {"sleep 600", "no answer within 500ms"},
		"raves":      {`head -c 100000 /dev/zero | tr '\0' '\033' >&2; exit 1`, "\uFFFD\uFFFD"},
		"is killed":  {"kill -9 $$", "signal: killed"},
		"leaves one": {"sleep 600 & exit 1", "exit status 1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b, _ := partsBox(t, c.body, Program{})
			b.o.CheckTimeout = 10 * time.Second
			if name == "hangs" {
				b.o.CheckTimeout = 500 * time.Millisecond
			}
			before := tell(t, b.root)
			_, err := b.engine(t).Apply(context.Background(), b.job())
			r := b.failed(t, err, StepCheck, Restored)
			said := r.Checks[0].Said
			if !strings.Contains(said, c.says) || len(said) > 3*maxSaid+100 || strings.ContainsRune(said, '\033') || !strings.Contains(err.Error(), "as it is now either") {
				t.Errorf("%d bytes: %.200q", len(said), said)
			}
			b.clean(t)
			if after := tell(t, b.root); fmt.Sprint(after) != fmt.Sprint(before) {
				t.Errorf("%v became %v", before, after)
			}
			if b.reloaded != nil {
				t.Errorf("reloaded %v", b.reloaded)
			}
		})
	}
}

func TestAProgramDiesWithAllThatItStarted(t *testing.T) {
	for _, end := range []string{"wait", "exit 1"} {
		t.Run(end, func(t *testing.T) { diesWithAll(t, end) })
	}
}

func diesWithAll(t *testing.T, end string) {
	pids := filepath.Join(t.TempDir(), "pids")
	p := script(t, "sleep 600 & echo $$ $! > "+pids+"; "+end)
	if _, err := command(context.Background(), 500*time.Millisecond, p, nil); err == nil {
		t.Fatal("it ended well")
	}
	b, err := os.ReadFile(pids)
	must(t, err)
	var shell, child int
	if _, err := fmt.Sscan(string(b), &shell, &child); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{shell, child} {
		fd, err := unix.PidfdOpen(pid, 0)
		if err == unix.ESRCH {
			continue
		}
		must(t, err)
		if n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 60_000); n != 1 {
			t.Errorf("process %d still runs: %v", pid, err)
		}
		unix.Close(fd)
	}
}

func TestWhatCannotBeCheckedIsSaid(t *testing.T) {
	cases := map[string]struct {
		change func(p *Program)
		says   string
	}{
		"not installed": {func(p *Program) { p.File = "/usr/sbin/stigwatch-none" }, "/usr/sbin/stigwatch-none is not installed"},
		"too old":       {func(p *Program) { p.Needs, p.Has = []string{"-h"}, "\n  -p\t" }, "this version of sshd cannot check a file"},
		"relative":      {func(p *Program) { p.File = "sshd" }, "sshd is not installed"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b, _ := partsBox(t, "echo usage; exit 1", Program{})
			c.change(&b.o.Programs[0])
			r, err := b.engine(t).Apply(context.Background(), b.job())
			must(t, err)
			if k := r.Checks[0]; k.OK || k.NotChecked != c.says || k.Said != "" {
				t.Errorf("%+v", k)
			}
		})
	}
	b, _ := partsBox(t, `[ "$1" = -h ] && printf 'Options:\n  -p\tPrint\n' && exit; exit 7`, Program{})
	b.o.Programs[0].Needs, b.o.Programs[0].Has = []string{"-h"}, "\n  -p\t"
	_, err := b.engine(t).Apply(context.Background(), b.job())
	b.failed(t, err, StepCheck, Restored)
}

func TestAnIncludedFileIsCheckedWithItsMainFileOnceItIsInPlace(t *testing.T) {
	body := `for f; do :; done; [ "${f##*/}" = sshd_config ] && grep -q "Login yes" "$(dirname $f)/sshd_config.d/50-x.conf"`
	b, j := partsBox(t, body, Program{AnyRoot: true})
	_, err := b.engine(t).Apply(context.Background(), j)
	r := b.failed(t, err, StepCheck, Restored)
	if k := r.Checks[0]; !k.Whole || k.OK || !strings.HasSuffix(k.Command, b.root+pathA) {
		t.Errorf("%+v", k)
	}
	if b.get(t, j.Files[0].Path) != string(oldA) {
		t.Error("not restored")
	}
	b.clean(t)

	b, j = partsBox(t, body, Program{})
	r, err = b.engine(t).Apply(context.Background(), j)
	must(t, err)
	if k := r.Checks[0]; k.OK || !strings.Contains(k.NotChecked, "to files of this machine") {
		t.Errorf("below another root: %+v", k)
	}
}

func TestAProgramThatTakesNoCandidateChecksTheFileInPlace(t *testing.T) {
	b, _ := partsBox(t, `for f; do :; done; [ "${f##*/}" = sshd_config ] && grep -q "Login yes" $f`, Program{WholeOnly: true})
	_, err := b.engine(t).Apply(context.Background(), b.job())
	r := b.failed(t, err, StepCheck, Restored)
	if k := r.Checks[len(r.Checks)-1]; !k.Whole || k.OK {
		t.Errorf("%+v", k)
	}
	b.holds(t, oldA, oldB)
}

func TestAnUndoIsNotStoppedByAProgram(t *testing.T) {
	b, _ := partsBox(t, `grep -q "Login no" $3`, Program{})
	e := b.engine(t)
	r, err := e.Apply(context.Background(), b.job())
	must(t, err)
	u, err := e.Undo(context.Background(), r.ID, Who{}, "")
	must(t, err)
	if u.Checks[0].OK || u.Checks[0].Said == "" {
		t.Errorf("%+v", u.Checks)
	}
	b.holds(t, oldA, oldB)
}

// Real programs on real candidates. Only rsyslogd is demanded of a rig: installing
// the others starts services.
func TestRealProgramsAcceptGoodFilesAndRefuseBadOnes(t *testing.T) {
	cases := map[string]struct{ good, bad, says string }{
		"sshd":     {"Port 22\nPermitRootLogin no\n", "PermitRootLogin perhaps\n", "perhaps"},
		"rsyslogd": {"*.* /var/log/x\n", "module(load=\"nosuch\")\nfoo bar(\n", "nosuch"},
		"chronyd":  {"server 192.0.2.1\n", "serveur x\n", "Invalid directive at line 1"},
	}
	for _, p := range Programs() {
		c, ok := cases[p.Name]
		if !ok {
			continue
		}
		t.Run(p.Name, func(t *testing.T) {
			if !exists(p.File) {
				if p.Name == "rsyslogd" && os.Getenv("STIGWATCH_NEED_RIGS") == "1" {
					t.Fatal("rsyslogd is not installed, and STIGWATCH_NEED_RIGS=1 says that it must be")
				}
				t.Skipf("%s is not installed", p.File)
			}
			b := newBox(t)
			must(t, os.MkdirAll(filepath.Dir(b.root+p.Main), 0o755))
			b.put(t, p.Main, []byte("# nothing\n"))
			b.o.Programs = nil
			e := b.engine(t)
			apply := func(content string) (Record, error) {
				return e.Apply(context.Background(), Job{Files: []FileChange{{Path: p.Main, Was: host.Digest([]byte(b.get(t, p.Main))), New: []byte(content)}}})
			}
			r, err := apply(c.good)
			if p.Name == "sshd" && err != nil && strings.Contains(err.Error(), "either") {
				t.Skipf("sshd cannot check anything here: %v", err)
			}
			must(t, err)
			if !r.Checks[0].OK {
				t.Errorf("%+v", r.Checks)
			}
			_, err = apply(c.bad)
			r = b.failed(t, err, StepCheck, Restored)
			if !strings.Contains(r.Checks[0].Said, c.says) || b.get(t, p.Main) != c.good {
				t.Errorf("%+v", r.Checks)
			}
		})
	}
}

func TestTheShippedProgramsAreFixedCommands(t *testing.T) {
	for _, p := range Programs() {
		n := 0
		for _, a := range p.Args {
			if a == Candidate {
				n++
			}
		}
		if !filepath.IsAbs(p.File) || n != 1 || !filepath.IsAbs(p.Main) || p.Name == "" {
			t.Errorf("%+v", p)
		}
	}
}

func TestCheckedByNamesOnlyWhatIsInstalled(t *testing.T) {
	for _, p := range Programs() {
		want := p.Name
		if _, err := os.Stat(p.File); err != nil {
			want = ""
		}
		if got := CheckedBy(p.Main); got != want {
			t.Errorf("%s is checked by %q, want %q", p.Main, got, want)
		}
	}
	if got := CheckedBy("/etc/issue"); got != "" {
		t.Errorf("/etc/issue is checked by %q", got)
	}
}
