package lens

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sshdCases() []programCase {
	return []programCase{
		{"plain", "Banner /a\n", "banner", []string{"/a"}},
		{"no value", "Port 22\n", "banner", nil},
		{"commented out", "#Banner /a\n # Banner /b\n", "banner", nil},
		{"first wins", "Banner /a\nBanner /b\n", "banner", []string{"/a"}},
		{"case of keyword", "bANNER /a\n", "Banner", []string{"/a"}},
		{"equals sign", "Banner=/a\n", "banner", []string{"/a"}},
		{"spaced equals sign", "Banner = /a\n", "banner", []string{"/a"}},
		{"quotes", "Banner \"/a b\" # c\n", "banner", []string{"/a b"}},
		{"single quotes", "Banner '/a b'\n", "banner", []string{"/a b"}},
		{"quote inside a word", "Banner \"/a\"b\n", "banner", []string{"/ab"}},
		{"escaped blank", "Banner /a\\ b\n", "banner", []string{"/a b"}},
		{"hash inside a word", "Banner /a#b\n", "banner", []string{"/a#b"}},
		{"comment behind", "Banner /a # b\n", "banner", []string{"/a"}},
		{"carriage return", "  Banner /x\r\n", "banner", []string{"/x"}},
		{"quoted keyword", "\"Banner\" /x\n", "banner", []string{"/x"}},
		{"none", "Banner none\nBanner /a\n", "banner", nil},
		{"none in capitals", "Banner NONE\n", "banner", nil},
		{"match does not count", "Match User x\nBanner /a\n", "banner", nil},
		{"match does not win", "Match User x\nBanner /a\nMatch all\nBanner /b\n", "banner", []string{"/b"}},
		{"match all overrides", "Banner /a\nMatch all\nBanner /b\n", "banner", []string{"/b"}},
		{"match all without it", "Banner /a\nMatch all\nMaxSessions 3\n", "banner", []string{"/a"}},
		{"first match all wins", "Match all\nBanner /b\nMatch all\nBanner /c\n", "banner", []string{"/b"}},
		{"match all none", "Banner /a\nMatch all\nBanner none\n", "banner", nil},
		{"max sessions", "MaxSessions 3\n", "maxsessions", []string{"3"}},
		{"max sessions by match all", "maxsessions 4\nmatch ALL\nMaxSessions 5\n", "maxsessions", []string{"5"}},
	}
}

func TestSSHD(t *testing.T) {
	checkProgram(t, SSHD{}, append(sshdCases(), []programCase{
		{"matched values", "Banner /g\nMatch User a\nBanner /a\nMatch all\nBanner /b\nMatch Group c\nBanner none\n#Banner /d\n", "match:banner", []string{"/a", "none"}},
		{"several words", "Ciphers a,b\nAcceptEnv LANG LC_*\n", "acceptenv", []string{"LANG LC_*"}},
		{"none is a value elsewhere", "ForceCommand none\n", "forcecommand", []string{"none"}},
	}...))
}

func TestSSHDRefuses(t *testing.T) {
	checkRefused(t, SSHD{}, map[string]int{
		"Port 22\nBanner\n": 2, "Banner \"/a\n": 1, "\nBanner # x\n": 2, "Banner 'a\"\n": 1, "Match\n": 1,
	})
}

func sshdTrees() []struct {
	name    string
	files   disk
	want    []string
	matched []string
} {
	return []struct {
		name    string
		files   disk
		want    []string
		matched []string
	}{
		{"include is spliced where it stands", disk{"/f": "Include /i*\nBanner /q\n", "/i1": "Banner /i\n"}, []string{"/i"}, nil},
		{"include behind loses", disk{"/f": "Banner /q\nInclude /i*\n", "/i1": "Banner /i\n"}, []string{"/q"}, nil},
		{"globs are sorted", disk{"/f": "Include /i*\n", "/i2": "Banner /2\n", "/i1": "Banner /1\n"}, []string{"/1"}, nil},
		{"patterns in order", disk{"/f": "Include /j /i\n", "/i": "Banner /i\n", "/j": "Banner /j\n"}, []string{"/j"}, nil},
		{"a match ends with its file", disk{"/f": "Include /i\nBanner /q\n", "/i": "Match User x\nBanner /i\n"}, []string{"/q"}, []string{"/i"}},
		{"include in a match", disk{"/f": "Match User x\nInclude /i\nBanner /q\n", "/i": "Banner /i\n"}, nil, []string{"/i", "/q"}},
		{"match all in an include in a match", disk{"/f": "Match User x\nInclude /i\nBanner /q\n", "/i": "Match all\nBanner /i\n"}, nil, []string{"/i", "/q"}},
		{"match all in an include", disk{"/f": "Banner /q\nInclude /i\n", "/i": "Match all\nBanner /i\n"}, []string{"/i"}, nil},
		{"nothing included", disk{"/f": "Include /i*\nBanner /q\n"}, []string{"/q"}, nil},
	}
}

func TestSSHDIncludes(t *testing.T) {
	for _, c := range sshdTrees() {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(append([]string{}, c.want...), said(c.files.asked(t, SSHD{}, "banner", "/f"))); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(append([]string{}, c.matched...), said(c.files.asked(t, SSHD{}, "match:banner", "/f"))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSSHDNamesTheFileThatWon(t *testing.T) {
	d := disk{"/f": "Include /i\n", "/i": "# c\n  Banner \"/i\" # c\n"}
	vs := d.asked(t, SSHD{}, "banner", "/f")
	want := []Value{{Text: "/i", File: "/i", Line: 2, Start: 14, End: 16, Raw: `Banner "/i"`}}
	if diff := cmp.Diff(want, vs); diff != "" {
		t.Error(diff)
	}
}

// TestSSHDAgrees compares with the real program, for a client that no
// condition fits.
func TestSSHDAgrees(t *testing.T) {
	ask := realSSHD(t)
	for _, c := range sshdCases() {
		vs := disk{"/f": c.text}.asked(t, SSHD{}, c.path, "/f")
		if len(vs) == 0 && c.path == "maxsessions" {
			continue // sshd shows its default
		}
		if d := cmp.Diff(ask(disk{"/f": c.text}, strings.ToLower(c.path)), said(vs)); d != "" {
			t.Errorf("%s: sshd differs: %s", c.name, d)
		}
	}
	for _, c := range sshdTrees() {
		if d := cmp.Diff(ask(c.files, "banner"), said(c.files.asked(t, SSHD{}, "banner", "/f"))); d != "" {
			t.Errorf("%s: sshd differs: %s", c.name, d)
		}
	}
}

// realSSHD gives what the real program makes of files, asked for a keyword. They
// stand in a folder of their own, and include each other by their names there.
func realSSHD(t *testing.T) func(files disk, query string) []string {
	t.Helper()
	sshd := realProgram(t, "sshd", "/usr/sbin/sshd")
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no host key for the comparison with sshd: %v %s", err, out)
	}
	if out, err := exec.Command(sshd, "-T", "-h", key, "-f", os.DevNull).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: the comparison with sshd, which does not work here: %v %s", err, out)
	}
	return func(files disk, query string) []string {
		t.Helper()
		for name, text := range files {
			for other := range files {
				text = strings.ReplaceAll(text, " "+other, " "+dir+other)
			}
			text = strings.ReplaceAll(text, "Include /i*", "Include "+dir+"/i*")
			if err := os.WriteFile(dir+name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(dir + name)
		}
		out, err := exec.Command(sshd, "-T", "-h", key, "-f", dir+"/f").CombinedOutput()
		if err != nil {
			t.Fatalf("sshd refuses %q: %v %s", files, err, out)
		}
		return effectiveSSHD(string(out), dir, query)
	}
}

func effectiveSSHD(out, dir, keyword string) []string {
	for line := range strings.Lines(out) {
		if value, ok := strings.CutPrefix(line, keyword+" "); ok && strings.TrimSpace(value) != "none" {
			return []string{strings.TrimPrefix(strings.TrimSpace(value), dir)}
		}
	}
	return []string{}
}

// realProgram finds a program to compare with, or skips the test and says so.
func realProgram(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if found, err := exec.LookPath(name); err == nil {
			found, _ = filepath.Abs(found)
			return found
		}
	}
	t.Skipf("SKIPPED: %s is not installed, so nothing compares this lens with it", names[0])
	return ""
}
