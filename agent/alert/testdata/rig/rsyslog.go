package rig

import (
	"cmp"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed rsyslog.conf.in
var rsyslogConf string

// Rsyslog is a running rsyslogd, with its ports. Its local socket is the file
// log in its folder.
type Rsyslog struct {
	receiver

	TCP, UDP, GnuTLS, OpenSSL, RELP, RELPS string

	Priority string // of GnuTLS; empty: its default
	Commands string // of OpenSSL's configuration, a line each
}

// StartRsyslog starts one that ends with the test.
func StartRsyslog(t testing.TB) *Rsyslog {
	t.Helper()
	rsyslogd(t)
	dir := t.TempDir()
	r := &Rsyslog{
		receiver: receiver{Dir: dir, PKI: NewPKI(t, dir), name: "rsyslogd"},
		TCP:      FreePort(t), UDP: FreePort(t), GnuTLS: FreePort(t), OpenSSL: FreePort(t), RELP: FreePort(t), RELPS: FreePort(t),
	}
	r.listen = []string{r.TCP, r.GnuTLS, r.OpenSSL, r.RELP, r.RELPS}
	r.PKI.Issue(t, "server", Fresh)
	r.Start(t)
	t.Cleanup(func() { r.Stop(t) })
	return r
}

// Start starts it again, with the same ports.
func (r *Rsyslog) Start(t testing.TB) {
	t.Helper()
	conf := filepath.Join(r.Dir, "rsyslog.conf")
	fill(t, rsyslogConf, conf, "@DIR@", r.Dir, "@TCP@", r.TCP, "@UDP@", r.UDP,
		"@PRIORITY@", cmp.Or(r.Priority, "NORMAL"), "@COMMANDS@", strings.ReplaceAll("\n"+r.Commands, "\n", `\n`),
		"@GNUTLS@", r.GnuTLS, "@OPENSSL@", r.OpenSSL, "@RELP@", r.RELP, "@RELPS@", r.RELPS)
	_ = os.Remove(filepath.Join(r.Dir, "log")) // of one that was killed
	r.start(t, nil, rsyslogd(t), "-n", "-f", conf, "-i", filepath.Join(r.Dir, "pid"))
	until(t, "rsyslogd's socket", func() bool {
		_, err := os.Stat(filepath.Join(r.Dir, "log"))
		return err == nil
	})
}

// rsyslogd finds the program and its modules.
func rsyslogd(t testing.TB) string {
	t.Helper()
	for _, module := range []string{"lmnsd_gtls.so", "lmnsd_ossl.so", "imrelp.so"} {
		if found, _ := filepath.Glob("/usr/lib*/rsyslog/" + module); len(found) > 0 {
			continue
		}
		if found, _ := filepath.Glob("/usr/lib/*/rsyslog/" + module); len(found) == 0 {
			absent(t, "rsyslog's "+module)
		}
	}
	for _, name := range []string{"rsyslogd", "/usr/sbin/rsyslogd"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	absent(t, "rsyslogd")
	return ""
}
