package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/fips"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestBill builds a binary as releases are, once for all that is asked of it.
func TestBill(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", filepath.Join(dir, "stigwatch-1.2.3-amd64"), ".")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOFLAGS=", "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOAMD64=v1", "GOFIPS140=v1.0.0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the binary: %v: %s", err, out)
	}
	for _, name := range []string{"stigwatch-1.2.3-1.x86_64.rpm", "stigwatch_1.2.3+a~b-1_amd64.deb", "stigwatch-enforcer-1.2.3-1.x86_64.rpm", "SHA256SUMS"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("bytes of "+name), 0o644))
	}
	bills := made(t, dir)
	for name, test := range map[string]func(*testing.T, string, map[string][]byte){
		"lists exactly what is linked":                        listsExactlyWhatIsLinked,
		"is about the bytes":                                  isAboutTheBytes,
		"gives everything a licence and a place in the graph": givesEverythingALicenceAndAPlace,
		"is the same for the same":                            isTheSameForTheSame,
		"is in order, says CycloneDX":                         isInOrder,
	} {
		t.Run(name, func(t *testing.T) { test(t, dir, bills) })
	}
}

// made runs the command and gives the bills, by the name of what they are for.
func made(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	t.Setenv("SOURCE_DATE_EPOCH", "1795816957")
	must(t, run(dir, "1.2.3", "../.."))
	files, err := filepath.Glob(filepath.Join(dir, "*.cdx.json"))
	must(t, err)
	bills := map[string][]byte{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		must(t, err)
		bills[strings.TrimSuffix(filepath.Base(f), ".cdx.json")] = text
	}
	return bills
}

const theBinary = "stigwatch-1.2.3-amd64"

func decoded(t *testing.T, text []byte) *bill {
	t.Helper()
	b := &bill{}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	must(t, d.Decode(b))
	return b
}

// What is in the bill is what the go command says of the binary, both ways.
func listsExactlyWhatIsLinked(t *testing.T, dir string, bills map[string][]byte) {
	out, err := exec.Command("go", "version", "-m", filepath.Join(dir, theBinary)).Output()
	must(t, err)
	want := map[string]string{}
	for l := range strings.Lines(string(out)) {
		f := strings.Fields(l)
		switch {
		case len(f) == 4 && f[0] == "dep":
			sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(f[3], "h1:"))
			must(t, err)
			want[f[1]] = f[2] + " " + hex.EncodeToString(sum)
		case len(f) == 2 && strings.HasPrefix(f[1], "GOFIPS140="):
			want["Go Cryptographic Module"] = "v1.0.0 daf3614e0406f67ae6323c902db3f953a1effb199142362a039e7526dfb9368b"
		case len(f) == 2 && strings.HasPrefix(f[1], "go1."):
			want["std"] = f[1] + " "
		}
	}
	if len(want) < 20 {
		t.Fatalf("the go command says %s", out)
	}
	got := map[string]string{}
	for _, c := range decoded(t, bills[theBinary]).Components {
		digest := ""
		if len(c.Hashes) > 0 {
			digest = c.Hashes[0].Content
		}
		got[c.Name] = c.Version + " " + digest
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	certified := []property{{"stigwatch:GOFIPS140", fips.Certified}, {"stigwatch:certificate", fips.Certificate}}
	if diff := cmp.Diff(certified, decoded(t, bills[theBinary]).Components[0].Properties); diff != "" {
		t.Errorf("the FIPS module: %s", diff)
	}
}

func isAboutTheBytes(t *testing.T, dir string, bills map[string][]byte) {
	want := map[string]string{
		theBinary:                               "pkg:generic/stigwatch@1.2.3?arch=amd64&os=linux",
		"stigwatch-1.2.3-1.x86_64.rpm":          "pkg:rpm/stigwatch/stigwatch@1.2.3-1?arch=x86_64",
		"stigwatch_1.2.3+a~b-1_amd64.deb":       "pkg:deb/stigwatch/stigwatch@1.2.3%2Ba~b-1?arch=amd64",
		"stigwatch-enforcer-1.2.3-1.x86_64.rpm": "pkg:rpm/stigwatch/stigwatch-enforcer@1.2.3-1?arch=x86_64",
	}
	got := map[string]string{}
	for name, text := range bills {
		content, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		about := decoded(t, text).Metadata.Component
		if want := fmt.Sprintf("%x", sha256.Sum256(content)); about.Hashes[0].Content != want {
			t.Errorf("%s: the digest is %s, its own is %s", name, about.Hashes[0].Content, want)
		}
		got[name] = about.PURL
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if b := decoded(t, bills["stigwatch-1.2.3-1.x86_64.rpm"]); b.Components[0].Hashes[0] != decoded(t, bills[theBinary]).Metadata.Component.Hashes[0] {
		t.Errorf("the package has %v in it", b.Components[0])
	}
	if b := decoded(t, bills["stigwatch-enforcer-1.2.3-1.x86_64.rpm"]); len(b.Components) != 0 {
		t.Errorf("the enforcer's package has %v in it", b.Components)
	}
}

func givesEverythingALicenceAndAPlace(t *testing.T, _ string, bills map[string][]byte) {
	for name, text := range bills {
		b := decoded(t, text)
		on := map[string][]string{}
		for _, d := range b.Dependencies {
			on[d.Ref] = d.On
		}
		reached := map[string]bool{}
		var walk func(ref string)
		walk = func(ref string) {
			for _, next := range on[ref] {
				if !reached[next] {
					reached[next] = true
					walk(next)
				}
			}
		}
		walk(b.Metadata.Component.Ref)
		for _, c := range b.Components {
			if c.Type == "library" && len(c.Licenses) == 0 {
				t.Errorf("%s: %s has no licence", name, c.Name)
			}
			if _, listed := on[c.Ref]; !listed || !reached[c.Ref] {
				t.Errorf("%s: %s is not in the graph", name, c.Name)
			}
		}
		if len(on) != len(b.Components)+1 {
			t.Errorf("%s: the graph has %d, there are %d components", name, len(on), len(b.Components))
		}
		if got := on["module:github.com/spf13/cobra"]; len(on) > 1 && !slices.Contains(got, "module:github.com/spf13/pflag") {
			t.Errorf("%s: cobra needs %v", name, got)
		}
	}
}

func isTheSameForTheSame(t *testing.T, dir string, bills map[string][]byte) {
	if diff := cmp.Diff(bills, made(t, dir)); diff != "" {
		t.Error(diff)
	}
	serials := map[string]bool{}
	for _, text := range bills {
		b := decoded(t, text)
		serials[b.Serial] = true
		if b.Metadata.Timestamp != "2026-11-27T22:02:37Z" || !strings.HasPrefix(b.Serial, "urn:uuid:") {
			t.Errorf("time and serial number are %s and %s", b.Metadata.Timestamp, b.Serial)
		}
	}
	if len(serials) != 4 {
		t.Errorf("there are %d serial numbers of 4 bills", len(serials))
	}
}

func isInOrder(t *testing.T, _ string, bills map[string][]byte) {
	cache, err := os.UserCacheDir()
	must(t, err)
	packages := filepath.Join(cache, "stigwatch-rigs", "cyclonedx", "node_modules")
	_, missing := os.Stat(filepath.Join(packages, "@cyclonedx"))
	node, err := exec.LookPath("node")
	if (err != nil || missing != nil) && os.Getenv("STIGWATCH_NEED_RIGS") != "" {
		t.Fatal("node with @cyclonedx/cyclonedx-library is not there: make rigs")
	}
	if err != nil || missing != nil {
		t.Skip("node with @cyclonedx/cyclonedx-library is not there: make rigs")
	}
	says := func(text []byte) string {
		cmd := exec.Command(node, "testdata/validate.js")
		cmd.Env = append(os.Environ(), "NODE_PATH="+packages)
		cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
		out, err := cmd.Output()
		must(t, err)
		return strings.TrimSpace(string(out))
	}
	for name, text := range bills {
		if wrong := says(text); wrong != "null" {
			t.Errorf("%s: CycloneDX says %s", name, wrong)
		}
	}
	broken := bytes.Replace(bills[theBinary], []byte(`"BSD-2-Clause"`), []byte(`"BSD-2-Claws"`), 1)
	if says(broken) == "null" {
		t.Error("CycloneDX finds nothing wrong with a licence that does not exist: it does not look")
	}
}

func TestWithoutATimeOrAnythingToTellOfThereIsNoBill(t *testing.T) {
	for epoch, files := range map[string][]string{"": {"stigwatch-enforcer_1_all.deb"}, "1": nil, "2": {"stigwatch.deb"}, "3": {"stigwatch-1.rpm"}, "4": {"stigwatch_1_riscv64.deb"}} {
		dir := t.TempDir()
		for _, f := range files {
			must(t, os.WriteFile(filepath.Join(dir, f), nil, 0o644))
		}
		t.Setenv("SOURCE_DATE_EPOCH", epoch)
		if err := run(dir, "1.2.3", "../.."); err == nil {
			t.Errorf("a bill was made of %v at %q", files, epoch)
		}
	}
}
