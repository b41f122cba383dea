package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sums runs sums.sh on a folder with two files and one that is not to
// be summed up.
func sums(t *testing.T, env ...string) (dir, output string, err error) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{"b.rpm": "b", "a package.deb": "a", "tree/doc/copyright": "c", "SHA256SUMS.asc": "of another release"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	cmd := exec.Command("sh", "sums.sh")
	cmd.Env = append(os.Environ(), append(env, "DIST="+dir)...)
	out, err := cmd.CombinedOutput()
	return dir, string(out), err
}

func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		if !e.IsDir() {
			out = append(out, e.Name())
		}
	}
	return out
}

func TestChecksumsAreOfEveryFile(t *testing.T) {
	dir, out, err := sums(t)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	must(t, err)
	want := "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  a package.deb\n" +
		"3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  b.rpm\n"
	if string(text) != want {
		t.Errorf("got %s", text)
	}
	if got := filesIn(t, dir); !slices.Equal(got, []string{"SHA256SUMS", "a package.deb", "b.rpm"}) {
		t.Errorf("there are %q", got)
	}
}

// throwAwayKey makes a key that only this test knows, and gives its file.
func throwAwayKey(t *testing.T, passphrase string) string {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil && os.Getenv("STIGWATCH_NEED_RIGS") != "" {
		t.Fatal("gpg is not installed: make rigs")
	} else if err != nil {
		t.Skip("gpg is not installed: make rigs")
	}
	home, err := os.MkdirTemp("", "gpg") // the path of its agent's socket has to be short
	must(t, err)
	gpg := func(args ...string) []byte {
		cmd := exec.Command("gpg", append([]string{"--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", passphrase}, args...)...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		must(t, err)
		return out
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		_ = os.RemoveAll(home)
	})
	gpg("--quick-generate-key", "throw-away <nobody@stigwatch.invalid>", "rsa2048", "sign", "never")
	file := filepath.Join(t.TempDir(), "key.asc")
	must(t, os.WriteFile(file, gpg("--armor", "--export-secret-keys"), 0o600))
	return file
}

func TestSignatureIsOfTheChecksums(t *testing.T) {
	for name, passphrase := range map[string]string{"open": "", "with a passphrase": "correct horse"} {
		t.Run(name, func(t *testing.T) {
			key := throwAwayKey(t, passphrase)
			dir, out, err := sums(t, "STIGWATCH_SIGNING_KEY="+key, "NFPM_PASSPHRASE="+passphrase)
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if got := filesIn(t, dir); !slices.Equal(got, []string{"SHA256SUMS", "SHA256SUMS.asc", "a package.deb", "b.rpm", "stigwatch-signing-key.asc"}) {
				t.Errorf("there are %q", got)
			}
			verify := func() string {
				cmd := exec.Command("sh", "-c", `set -e; export GNUPGHOME=$(mktemp -d); trap 'gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT
gpg --batch --quiet --import stigwatch-signing-key.asc; gpg --batch --verify SHA256SUMS.asc SHA256SUMS; sha256sum --check --strict SHA256SUMS`)
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				if err != nil {
					return "refused"
				}
				return string(out)
			}
			if got := verify(); !strings.Contains(got, "Good signature") || !strings.Contains(got, "stigwatch-signing-key.asc: OK") {
				t.Errorf("got %s", got)
			}
			must(t, os.WriteFile(filepath.Join(dir, "b.rpm"), []byte("B"), 0o644))
			if got := verify(); got != "refused" {
				t.Errorf("a file was changed: %s", got)
			}
		})
	}
}

func TestWithoutAGoodKeyNothingIsHalfSigned(t *testing.T) {
	locked := throwAwayKey(t, "correct horse")
	for name, env := range map[string][]string{
		"wrong passphrase": {"STIGWATCH_SIGNING_KEY=" + locked, "NFPM_PASSPHRASE=staple"},
		"no such file":     {"STIGWATCH_SIGNING_KEY=/nonexistent"},
		"no key":           {"STIGWATCH_SIGNING_KEY=/etc/passwd"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, out, err := sums(t, env...)
			if err == nil {
				t.Errorf("it succeeded: %s", out)
			}
			if got := filesIn(t, dir); !slices.Equal(got, []string{"a package.deb", "b.rpm"}) {
				t.Errorf("there are %q: %s", got, out)
			}
		})
	}
}
