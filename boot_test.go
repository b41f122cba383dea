package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	longestWait = 60 * time.Second // for anything in a container; none takes it when all is well
	oldVersion  = "0.9.0"          // of the packages that `make test-boot` made to upgrade from
	newVersion  = "0.9.1"
)

// box is a container with systemd as PID 1, made of a little Debian: testdata/boot.
type box struct {
	t    *testing.T
	name string
	root string // its tree, seen from outside
	dir  string // of the rig: log, leader
}

// bootBox boots a copy of a suite's tree. `make test-boot` asks for it.
func bootBox(t *testing.T, suite string) *box {
	t.Helper()
	if os.Getenv("STIGWATCH_BOOT") == "" {
		t.Skip("no systemd was booted: make test-boot")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "stigwatch-box")
	if err != nil {
		t.Fatal(err)
	}
	b := &box{t: t, name: filepath.Base(dir), root: filepath.Join(dir, "root"), dir: dir}
	b.outside("cp", "-a", "--reflink=auto", filepath.Join(cache, "stigwatch-rigs", "boot", suite, "root"), b.root)
	t.Cleanup(func() {
		b.down()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	b.up()
	return b
}

func (b *box) up() {
	b.t.Helper()
	b.outside("sh", "testdata/boot/up.sh", b.name, b.root, b.dir)
}

func (b *box) down() {
	b.t.Helper()
	if b.t.Failed() {
		out, _ := b.try("journalctl --no-pager -n 80; systemctl --failed --no-pager")
		b.t.Logf("the container's journal:\n%s", out)
	}
	b.outside("sh", "testdata/boot/down.sh", b.name, b.dir)
}

func (b *box) outside(command string, args ...string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*longestWait)
	defer cancel()
	c := exec.CommandContext(ctx, command, args...)
	var out bytes.Buffer
	log, err := os.Create(filepath.Join(b.dir, "said")) // a file: what stays running would hold a pipe open
	if err != nil {
		b.t.Fatal(err)
	}
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	if err := c.Run(); err != nil {
		said, _ := os.ReadFile(log.Name())
		out.Write(said)
		b.t.Fatalf("%s %q: %v\n%s", command, args, err, &out)
	}
}

// inside prepares a script to be run by root in the container.
func (b *box) inside(ctx context.Context, script string) *exec.Cmd {
	leader, err := os.ReadFile(filepath.Join(b.dir, "leader"))
	if err != nil {
		b.t.Fatal(err)
	}
	c := exec.CommandContext(ctx, "nsenter", "-t", strings.TrimSpace(string(leader)), "-a", "--", "sh", "-c", script)
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"}
	return c
}

// try runs a script and gives what it printed.
func (b *box) try(script string) (string, error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), longestWait)
	defer cancel()
	out, err := b.inside(ctx, script).CombinedOutput()
	return string(out), err
}

// sh runs a script that has to succeed.
func (b *box) sh(script string) string {
	b.t.Helper()
	out, err := b.try(script)
	if err != nil {
		b.t.Fatalf("%s\n%v\n%s", script, err, out)
	}
	return strings.TrimSpace(out)
}

// fails runs a script that must not succeed, and has to say so.
func (b *box) fails(script, saying string) {
	b.t.Helper()
	if out, err := b.try(script); err == nil || !strings.Contains(out, saying) {
		b.t.Errorf("%s\n%v, want a failure that says %q\n%s", script, err, saying, out)
	}
}

// await waits until a script succeeds.
func (b *box) await(what, script string) {
	b.t.Helper()
	if out, err := b.try(fmt.Sprintf("n=0; until { %s; } >/tmp/awaited 2>&1; do n=$((n+1)); [ $n -lt 500 ] || { cat /tmp/awaited; exit 1; }; sleep 0.1; done", script)); err != nil {
		b.t.Fatalf("waited in vain: %s\n%s\n%s", what, script, out)
	}
}

// put writes a file of the container.
func (b *box) put(path, text string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), longestWait)
	defer cancel()
	c := b.inside(ctx, fmt.Sprintf("mkdir -p %q && cat >%q", filepath.Dir(path), path))
	c.Stdin = strings.NewReader(text)
	if out, err := c.CombinedOutput(); err != nil {
		b.t.Fatalf("%s: %v\n%s", path, err, out)
	}
}

// copyIn lays a folder's files, named from there, below a folder of the container.
func (b *box) copyIn(from, to string, names ...string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), longestWait)
	defer cancel()
	pack := exec.CommandContext(ctx, "tar", append([]string{"-C", from, "-cf", "-"}, names...)...)
	unpack := b.inside(ctx, fmt.Sprintf("mkdir -p %q && tar -C %q --no-same-owner -xf -", to, to))
	pipe, err := pack.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	unpack.Stdin = pipe
	if err := pack.Start(); err != nil {
		b.t.Fatal(err)
	}
	if out, err := unpack.CombinedOutput(); err != nil {
		b.t.Fatalf("%v\n%s", err, out)
	}
	if err := pack.Wait(); err != nil {
		b.t.Fatal(err)
	}
}

// bring puts the packages that `make test-boot` made below /var/pkg.
func (b *box) bring() {
	b.t.Helper()
	dist := os.Getenv("STIGWATCH_BOOT")
	for _, version := range []string{oldVersion, newVersion} {
		dir := filepath.Join(dist, version)
		found, err := filepath.Glob(filepath.Join(dir, "*."+"[dr][ep][bm]"))
		if err != nil || len(found) < 4 {
			b.t.Fatalf("packages of %s: %d (%v): make test-boot makes them", version, len(found), err)
		}
		names := make([]string, len(found))
		for i, f := range found {
			names[i] = filepath.Base(f)
		}
		b.copyIn(dir, "/var/pkg", names...)
	}
}

// appliance lays what stands for a Sentry over the container, as only root may read
// it, and its site profile, mapping and answers.
func (b *box) appliance() {
	b.t.Helper()
	b.copyIn("testdata/appliance/compliant/root", "/", "mi", "etc/issue", "etc/issue.net", "etc/rsyslog.d/60-remote.conf")
	b.copyIn("testdata/appliance/compliant/stigwatch", "/etc/stigwatch", "site.yaml", "mapping.d", "evidence", "attestations.yaml", "ca")
	b.sh("chmod -R go-rwx /mi; chown -R root:stigwatch /etc/stigwatch; chmod -R o-rwx /etc/stigwatch; echo 'Banner /etc/issue.net' >>/etc/ssh/sshd_config")
}

// pid is of the agent's process.
func (b *box) pid() string {
	b.t.Helper()
	return b.sh("systemctl show -p MainPID --value stigwatch")
}

// tree lists what is on the container's disk: type, mode, owner, size of files, path.
// What a running system writes by itself is left out.
func (b *box) tree() []string {
	b.t.Helper()
	out := b.sh(`cd / && find . -xdev \( -path ./proc -o -path ./sys -o -path ./run -o -path ./tmp -o -path ./var/tmp -o -path ./var/log/journal -o -path ./var/lib/systemd \
		-o -path ./var/cache -o -path ./var/pkg -o -path ./var/lib/rpm -o -path ./root -o -path ./var/lib/dpkg -o -path ./var/spool/rsyslog \) -prune -o \
		\( -type d -printf '%y %m %U:%G %p\n' -o -printf '%y %m %U:%G %s %p\n' \) | grep -v -E ' \./(etc/(passwd|group|shadow|gshadow|subuid|subgid)-|var/log/[a-z.]+(log)?|etc/machine-id|etc/\.(pwd|updated).*|var/\.updated)$' | LC_ALL=C sort`)
	return strings.Split(out, "\n")
}

// leftOver compares the container's disk with what was on it: nothing may have come,
// gone or changed but these paths.
func (b *box) leftOver(before []string, but ...string) {
	b.t.Helper()
	after := b.tree()
	differ := func(of, from []string, sign string) {
		for _, line := range of {
			_, path, _ := strings.Cut(line, " ./")
			if !slices.Contains(from, line) && !slices.ContainsFunc(but, func(p string) bool { return p == "./"+path || strings.HasPrefix("./"+path, p+".") }) {
				b.t.Errorf("%s %s", sign, line)
			}
		}
	}
	differ(before, after, "gone:")
	differ(after, before, "left:")
}

// debArch is what Debian calls this machine.
func debArch() string { return runtime.GOARCH }

// rpmArch is what rpm calls it.
func rpmArch() string {
	return map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
}

func debOf(name, version string) string {
	arch := debArch()
	if name != "stigwatch" {
		arch = "all" // units and text
	}
	return fmt.Sprintf("/var/pkg/%s_%s-1_%s.deb", name, version, arch)
}

func rpmOf(name, version string) string {
	return fmt.Sprintf("/var/pkg/%s-%s-1.%s.rpm", name, version, rpmArch())
}
