package rig

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed syslog-ng.conf.in
var syslogNGConf string

// SyslogNG is a running syslog-ng, with its ports.
type SyslogNG struct {
	receiver

	TCP, TLS string
}

// StartSyslogNG starts one that ends with the test.
func StartSyslogNG(t testing.TB) *SyslogNG {
	t.Helper()
	program, env, args := syslogNG(t)
	dir := t.TempDir()
	r := &SyslogNG{
		receiver: receiver{Dir: dir, PKI: NewPKI(t, dir), name: "syslog-ng"},
		TCP:      FreePort(t), TLS: FreePort(t),
	}
	r.listen = []string{r.TCP, r.TLS}
	r.PKI.Issue(t, "server", Fresh)
	conf := filepath.Join(dir, "syslog-ng.conf")
	fill(t, syslogNGConf, conf, "@DIR@", dir, "@TCP@", r.TCP, "@TLS@", r.TLS)
	args = append(args, "-F", "--no-caps", "-f", conf, "-R", filepath.Join(dir, "persist"),
		"-c", filepath.Join(dir, "ctl"), "-p", filepath.Join(dir, "pid"))
	r.start(t, env, program, args...)
	t.Cleanup(func() { r.Stop(t) })
	return r
}

// syslogNG finds the program: an installed one, or what syslog-ng.sh unpacked,
// since Debian has it beside no other syslogd.
func syslogNG(t testing.TB) (program string, env, args []string) {
	t.Helper()
	if path, err := exec.LookPath("syslog-ng"); err == nil {
		return path, nil, nil
	}
	cache, err := os.UserCacheDir()
	must(t, err)
	root := filepath.Join(cache, "stigwatch-rigs", "syslog-ng")
	program = filepath.Join(root, "usr/sbin/syslog-ng")
	modules, _ := filepath.Glob(filepath.Join(root, "usr/lib/syslog-ng/[0-9]*"))
	if _, err := os.Stat(program); err != nil || len(modules) == 0 {
		absent(t, "syslog-ng")
		return "", nil, nil
	}
	libraries := filepath.Join(root, "usr/lib/syslog-ng")
	for _, pattern := range []string{"usr/lib/*-linux-gnu", "lib/*-linux-gnu"} {
		dirs, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, dir := range dirs {
			libraries += ":" + dir
		}
	}
	return program, []string{"LD_LIBRARY_PATH=" + libraries}, []string{"--module-path=" + modules[0]}
}
