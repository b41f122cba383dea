package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const (
	largestPackage = 12 << 20
	largestBinary  = 30 << 20
)

// madePackages is the folder in which `make test-boot` made those of the new version.
func madePackages(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("STIGWATCH_BOOT")
	if dir == "" {
		t.Skip("no packages were made: make test-boot")
	}
	return filepath.Join(dir, newVersion)
}

func says(t *testing.T, command string, args ...string) string {
	t.Helper()
	out, err := exec.Command(command, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", command, args, err, out)
	}
	return string(out)
}

func rpmsIn(dir string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, "*.rpm"))
	return found
}

func debsIn(dir string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, "*.deb"))
	return found
}

// TestBootPackagesAreReadByAnOldRPM: what EL7's rpm 4.11 demands of a package. It
// refuses a payload or a feature that it does not know.
func TestBootPackagesAreReadByAnOldRPM(t *testing.T) {
	for _, file := range rpmsIn(madePackages(t)) {
		for _, need := range strings.Fields(says(t, "rpm", "-qp", "--qf", "[%{REQUIRENAME}\n]", file)) {
			if strings.HasPrefix(need, "rpmlib(") && !slices.Contains([]string{"rpmlib(CompressedFileNames)", "rpmlib(FileDigests)", "rpmlib(PayloadFilesHavePrefix)", "rpmlib(PayloadIsXz)"}, need) {
				t.Errorf("%s needs %s", file, need)
			}
		}
		if got := says(t, "rpm", "-qp", "--qf", "%{PAYLOADFORMAT} %{PAYLOADCOMPRESSOR} %{FILEDIGESTALGO}", file); got != "cpio xz 8" { // 8 is SHA-256, PGPHASHALGO_SHA256
			t.Errorf("%s: %s", file, got)
		}
		says(t, "rpm", "-K", "--nosignature", file)
	}
}

func TestBootPackagesHoldWhatTheyPromise(t *testing.T) {
	dir := madePackages(t)
	listing := says(t, "rpm", "-qp", "--qf", "[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEFLAGS:fflags} %{FILENAMES}\n]", filepath.Join(dir, fmt.Sprintf("stigwatch-%s-1.%s.rpm", newVersion, rpmArch())))
	for _, want := range []string{
		"-rwxr-xr-x root:root  /usr/bin/stigwatch", "drwxr-x--- root:stigwatch  /etc/stigwatch", "-rw-r----- root:stigwatch cn /etc/stigwatch/stigwatch.yaml",
		"-rw-r--r-- root:root  /usr/lib/systemd/system/stigwatch.service", "-rw-r--r-- root:root  /usr/lib/sysusers.d/stigwatch.conf", "-rw-r--r-- root:root  /usr/lib/tmpfiles.d/stigwatch.conf",
		"-rw-r--r-- root:root d /usr/share/man/man1/stigwatch.1.gz", "-rw-r--r-- root:root d /usr/share/man/man5/stigwatch.yaml.5.gz", "-rw-r--r-- root:root  /usr/share/bash-completion/completions/stigwatch",
		"-rw-r--r-- root:root  /usr/share/zsh/site-functions/_stigwatch", "-rw-r--r-- root:root d /usr/share/doc/stigwatch/copyright", "-rw-r--r-- root:root d /usr/share/doc/stigwatch/THIRD-PARTY-NOTICES",
		"-rw-r--r-- root:root d /usr/share/doc/stigwatch/install.md", "-rw-r--r-- root:root  /usr/share/stigwatch/audit/stigwatch.rules", "-rw-r--r-- root:root d /usr/share/doc/stigwatch/examples/attribution.conf",
	} {
		if !strings.Contains(listing, want+"\n") {
			t.Errorf("not in the package: %q", want)
		}
	}
	if t.Failed() {
		t.Log(listing)
	}
	module := says(t, "rpm", "-qpl", filepath.Join(dir, fmt.Sprintf("stigwatch-selinux-%s-1.noarch.rpm", newVersion)))
	if !strings.Contains(module, "/usr/share/selinux/packages/stigwatch.pp\n") {
		t.Errorf("no SELinux module in %s", module)
	}
	if strings.Contains(listing, "enforcer.s") {
		t.Error("the agent's package brings the enforcer")
	}
	conffiles := says(t, "dpkg-deb", "-I", filepath.Join(dir, fmt.Sprintf("stigwatch_%s-1_%s.deb", newVersion, debArch())), "conffiles")
	if strings.TrimSpace(conffiles) != "/etc/stigwatch/stigwatch.yaml" {
		t.Errorf("conffiles: %s", conffiles)
	}
	for _, file := range append(rpmsIn(dir), debsIn(dir)...) {
		if info, err := os.Stat(file); err != nil || info.Size() > largestPackage || info.Size() < 1000 {
			t.Errorf("%s: %v, %v", file, info.Size(), err)
		} else {
			t.Logf("%8d %s", info.Size(), filepath.Base(file))
		}
	}
	binary := filepath.Join(dir, "stigwatch-"+newVersion+"-"+runtime.GOARCH)
	if info, err := os.Stat(binary); err != nil || info.Size() > largestBinary {
		t.Errorf("%v, %v", info, err)
	} else {
		t.Logf("%8d %s", info.Size(), filepath.Base(binary))
	}
	if out := says(t, "file", "-b", binary); !strings.Contains(out, "statically linked") {
		t.Errorf("the binary is not static: %s", out)
	}
}

// TestBootPackagesAreReproducible makes the packages once more, of the same files in
// another folder.
func TestBootPackagesAreReproducible(t *testing.T) {
	first := madePackages(t)
	elsewhere := filepath.Join(t.TempDir(), "another", "place")
	if err := os.MkdirAll(elsewhere, 0o755); err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(says(t, "git", "ls-files", "-co", "--exclude-standard"))
	says(t, "cp", append([]string{"--parents", "-t", elsewhere}, files...)...)
	commit := strings.TrimSpace(says(t, "git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude", "*"))
	epoch := strings.TrimSpace(says(t, "git", "log", "-1", "--format=%ct"))
	c := exec.Command("make", "-s", "packages", "DIST=out", "VERSION="+newVersion, "ARCHES="+runtime.GOARCH, "COMMIT="+commit, "SOURCE_DATE_EPOCH="+epoch)
	c.Dir = elsewhere
	c.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") }), "TZ=Asia/Tokyo", "LC_ALL=C", "HOSTNAME=another", "USER=somebody")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	made := append(rpmsIn(first), debsIn(first)...)
	if len(made) < 4 {
		t.Fatalf("only %d packages", len(made))
	}
	for _, file := range made {
		again := filepath.Join(elsewhere, "out", filepath.Base(file))
		if a, b := digestOf(t, file), digestOf(t, again); a != b {
			t.Errorf("%s: %s, and %s elsewhere", filepath.Base(file), a, b)
		}
	}
}

// TestBootPackagesAreSigned signs with a key that is made for it, and has rpm and gpg
// look at what came of it.
func TestBootPackagesAreSigned(t *testing.T) {
	first := madePackages(t)
	home, dist := t.TempDir(), filepath.Join(t.TempDir(), "signed")
	t.Setenv("GNUPGHOME", home)
	says(t, "gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "stigwatch test <test@stigwatch.invalid>", "rsa2048", "sign", "1d")
	key, public := filepath.Join(home, "secret.asc"), filepath.Join(home, "public.asc")
	says(t, "gpg", "--batch", "--armor", "--output", key, "--export-secret-keys")
	says(t, "gpg", "--batch", "--armor", "--output", public, "--export")
	if err := os.MkdirAll(dist, 0o755); err != nil {
		t.Fatal(err)
	}
	says(t, "cp", "-r", filepath.Join(first, "tree"), filepath.Join(first, "selinux"), filepath.Join(first, "stigwatch-"+newVersion+"-"+runtime.GOARCH), dist)
	c := exec.Command("sh", "packaging/packages.sh")
	c.Env = append(os.Environ(), "DIST="+dist, "VERSION="+newVersion, "ARCHES="+runtime.GOARCH, "SOURCE_DATE_EPOCH=1764000000", "STIGWATCH_SIGNING_KEY="+key)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	db := filepath.Join(home, "rpmdb")
	says(t, "rpm", "--dbpath", db, "--import", public)
	for _, file := range rpmsIn(dist) {
		if out := says(t, "rpm", "--dbpath", db, "-K", file); !strings.Contains(out, "digests signatures OK") {
			t.Errorf("%s", out)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)-100] ^= 1
		forged := filepath.Join(home, "forged.rpm")
		if err := os.WriteFile(forged, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("rpm", "--dbpath", db, "-K", forged).CombinedOutput(); err == nil {
			t.Errorf("a byte was flipped, and rpm says: %s", out)
		}
	}
	for _, file := range debsIn(dist) { // as debsigs has it: the signature is of all members, one after another
		parts := filepath.Join(home, filepath.Base(file))
		says(t, "mkdir", parts)
		says(t, "sh", "-c", `cd "$1" && ar x "$2" && cat debian-binary control.tar.* data.tar.* >signed && gpg --batch --verify _gpgorigin signed`, "sh", parts, file)
	}
	if len(rpmsIn(dist)) < 2 || len(debsIn(dist)) < 2 {
		t.Error("nothing was signed")
	}
}

func digestOf(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// explained reads a file of tags, each with its reason in a comment above.
func explained(t *testing.T, file string) map[string]bool {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out, reason := map[string]bool{}, false
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
			reason = true
		case line == "":
			reason = false
		case !reason:
			t.Errorf("%s: %q has no reason above it", file, line)
		default:
			out[line] = false
		}
	}
	return out
}

// lint holds a linter's findings against those that are explained: none more, and none
// that is not found any more.
func lint(t *testing.T, found []string, list string) {
	t.Helper()
	known := explained(t, list)
	for _, tag := range found {
		if _, ok := known[tag]; !ok {
			t.Errorf("%s is not explained in %s", tag, list)
		}
		known[tag] = true
	}
	for tag, seen := range known {
		if !seen {
			t.Errorf("%s is explained in %s and not found", tag, list)
		}
	}
}

func TestBootPackagesPassLintian(t *testing.T) {
	out, _ := exec.Command("lintian", append([]string{"--no-cfg", "--allow-root", "--tag-display-limit=0"}, debsIn(madePackages(t))...)...).CombinedOutput()
	var found []string
	for _, m := range regexp.MustCompile(`(?m)^([EW]): (\S+): (\S+)`).FindAllStringSubmatch(string(out), -1) {
		found = append(found, m[2]+": "+m[3])
	}
	lint(t, found, "packaging/lint/lintian")
	if t.Failed() {
		t.Logf("%s", out)
	}
}

func TestBootPackagesPassRPMLint(t *testing.T) {
	out, _ := exec.Command("rpmlint", rpmsIn(madePackages(t))...).CombinedOutput()
	var found []string
	for _, m := range regexp.MustCompile(`(?m)^(\S+?)(?:\.\S+)?: ([EW]): (\S+)`).FindAllStringSubmatch(string(out), -1) {
		found = append(found, m[1]+": "+m[3])
	}
	if !strings.Contains(string(out), "packages and") {
		t.Fatalf("rpmlint looked at nothing:\n%s", out)
	}
	lint(t, found, "packaging/lint/rpmlint")
	if t.Failed() {
		t.Logf("%s", out)
	}
}
