package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// longestBoot is how long a machine may run. None does when all is well.
const longestBoot = 15 * time.Minute

// machine is a virtual one, by emulation: testdata/vm/base.sh makes the system,
// which a boot never changes; its second disk holds the binary, a little appliance
// and the script that the machine runs, and what the script leaves in out.
type machine struct {
	*benchRig
	system string // folder with the system, its kernel and its initramfs
	disk   string // the second disk
}

// newMachine makes one that runs testdata/vm/SCENARIO.sh. `make test-vm` asks for
// it; it takes minutes. More files go to its second disk under their own names.
func newMachine(t *testing.T, scenario string, more ...string) *machine {
	t.Helper()
	if os.Getenv("STIGWATCH_VM") == "" {
		t.Skip("no virtual machine was booted: STIGWATCH_VM=1, or make test-vm")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{benchRig: newProgram(t), system: filepath.Join(cache, "stigwatch-rigs", "vm")}
	stage := m.path("stage")
	if err := os.MkdirAll(filepath.Join(stage, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		m.bin: "stigwatch", m.path("root"): "root", m.path("stigwatch"): "etc", "testdata/vm/lib.sh": "lib.sh",
		"testdata/vm/" + scenario + ".sh": "run", "packaging/audit/stigwatch.rules": "stigwatch.rules",
	} {
		m.run("cp", "-r", from, filepath.Join(stage, to))
	}
	for _, from := range more {
		m.run("cp", "-r", from, filepath.Join(stage, filepath.Base(from)))
	}
	m.disk = m.path("disk.img")
	m.run("mke2fs", "-q", "-t", "ext4", "-E", "root_owner=0:0", "-d", stage, m.disk, "512M")
	return m
}

// running is a machine that was booted.
type running struct {
	m       *machine
	cmd     *exec.Cmd
	console *console
	ended   chan struct{} // closed when it is off
}

// boot starts it. Its second disk is at drive, as qemu's -drive has it after
// "file="; "" is the disk itself. The words are added to the kernel's.
func (m *machine) boot(drive, words string, more ...string) *running {
	m.b.Helper()
	args := []string{
		"-M", "q35", "-accel", "tcg,thread=multi", "-m", "1024", "-smp", "2", "-display", "none", "-no-reboot", "-monitor", "none", "-serial", "stdio",
		"-kernel", filepath.Join(m.system, "kernel"), "-initrd", filepath.Join(m.system, "initramfs"),
		"-append", "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0 net.ifnames=0 mitigations=off no_timer_check panic=-1 " + words,
		"-drive", "file=" + filepath.Join(m.system, "system.img") + ",if=virtio,format=raw,snapshot=on",
		"-drive", "file=" + cmp.Or(drive, m.disk) + ",if=virtio,format=raw,cache=writeback",
		"-device", "virtio-rng-pci",
	}
	r := &running{m: m, console: &console{}, ended: make(chan struct{})}
	r.cmd = exec.Command("qemu-system-x86_64", append(args, more...)...)
	r.cmd.Stdout, r.cmd.Stderr = r.console, r.console
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.cmd.Start(); err != nil {
		m.b.Fatal(err)
	}
	go func() {
		_ = r.cmd.Wait()
		close(r.ended)
	}()
	m.b.Cleanup(r.cut)
	return r
}

// cut takes its power away.
func (r *running) cut() {
	_ = r.cmd.Process.Kill()
	<-r.ended
}

// await waits until the machine is off.
func (r *running) await(ctx context.Context) {
	r.m.b.Helper()
	ctx, cancel := context.WithTimeout(ctx, longestBoot)
	defer cancel()
	select {
	case <-r.ended:
	case <-ctx.Done():
		r.m.b.Fatalf("the machine did not end:\n%s", r.console)
	}
	if said := r.console.String(); !strings.Contains(said, "rig: all done") {
		r.m.b.Fatalf("the machine ended before its script did:\n%s", said)
	}
}

// out gives the folder with what the script left.
func (m *machine) out() string {
	m.b.Helper()
	_ = exec.Command("e2fsck", "-fp", m.disk).Run() // replays the file system's journal, and fails for having done so
	m.run("debugfs", "-R", fmt.Sprintf("rdump /out %q", m.dir), m.disk)
	if dir := os.Getenv("STIGWATCH_VM_KEEP"); dir != "" {
		m.run("cp", "-r", m.path("out"), filepath.Join(dir, m.b.Name()))
	}
	return m.path("out")
}

// console is what a machine says on its serial line.
type console struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if os.Getenv("STIGWATCH_VM_KEEP") != "" {
		_, _ = io.Copy(os.Stderr, bytes.NewReader(b))
	}
	return c.text.Write(b)
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}
