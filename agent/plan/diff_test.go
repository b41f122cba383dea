package plan

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestDiffShowsAChangeThatStandsBehindAWordForSecrets(t *testing.T) {
	for name, f := range map[string]File{
		"PAM's type password": {Path: "/etc/pam.d/password-auth",
			Old: []byte("password requisite pam_pwquality.so minlen=8\n"), New: []byte("password requisite pam_pwquality.so minlen=15\n")},
		"a masked line alone": {Path: "/etc/snmp/snmpd.conf", Old: []byte("rocommunity a\n"), New: []byte("rocommunity b\n")},
	} {
		got := f.Diff()
		if !strings.Contains(got, "\n-") || !strings.Contains(got, "\n+") {
			t.Errorf("%s: the change is not shown:\n%s", name, got)
		}
	}
}

func TestDiffHidesWhatItIsNotAbout(t *testing.T) {
	f := File{Path: "/etc/rsyslog.conf",
		Old: []byte("# about\n$DBPasswd x\nlocal5.* :ommysql:db,S,u,hunter2\nfoo.* >db,hunter2\n*.* @@a\n"),
		New: []byte("# about\n$DBPasswd x\nlocal5.* :ommysql:db,S,u,hunter2\nfoo.* >db,hunter2\n*.* @@a\n*.* @@b\n")}
	got := f.Diff()
	if strings.Contains(got, "hunter2") || !strings.Contains(got, "\n+*.* @@b") || !strings.Contains(got, "\n foo.* …") {
		t.Error(got)
	}
}

// A file that changes never has an empty diff, whatever is masked, and the diff has as
// many lines taken out and put in as the files differ by.
func TestNoChangeHasAnEmptyDiff(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"password x", "a=1", "secret y", "", "# c", "rocommunity z", "b 2"}
	text := func() []byte {
		var b bytes.Buffer
		for range r.IntN(8) {
			b.WriteString(words[r.IntN(len(words))] + "\n")
		}
		if r.IntN(2) == 0 {
			b.WriteString("last")
		}
		return b.Bytes()
	}
	for range 3000 {
		f := File{Path: "/etc/x", Old: text(), New: text()}
		got, minus, plus := f.Diff(), 0, 0
		for line := range strings.Lines(got) {
			switch {
			case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
			case line[0] == '-':
				minus++
			case line[0] == '+':
				plus++
			}
		}
		if same := bytes.Equal(f.Old, f.New); same != (minus+plus == 0) {
			t.Fatalf("%q\n%q\n%s", f.Old, f.New, got)
		}
		if lines := func(b []byte) int { return len(strings.SplitAfter(strings.TrimSuffix(string(b), "\n"), "\n")) }; len(f.Old) > 0 && len(f.New) > 0 && plus-minus != lines(f.New)-lines(f.Old) {
			t.Fatalf("%q\n%q\n%s", f.Old, f.New, got)
		}
	}
}
