package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"stigwatch/agent/cli"
)

func TestMain(m *testing.M) {
	if os.Getenv("STIGWATCH_AS_COMMAND") != "" {
		os.Exit(cli.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// made is everything that run writes, by its path.
func made(t *testing.T) (string, map[string][]byte) {
	t.Helper()
	t.Setenv("SOURCE_DATE_EPOCH", "1795816957")
	dir := t.TempDir()
	if err := run(dir, "1.2.3", "../../docs/configuration.md"); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[p], err = os.ReadFile(filepath.Join(dir, p))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, files
}

func unzipped(t *testing.T, b []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if z.Name != "" || !z.ModTime.IsZero() {
		t.Errorf("the compressed page tells a name or a time: %q, %v", z.Name, z.ModTime)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// rig gives the path of a program that only tests need.
func rig(t *testing.T, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil && os.Getenv("STIGWATCH_NEED_RIGS") != "" {
		t.Fatalf("%s is not installed: make rigs", name)
	}
	if err != nil {
		t.Skipf("%s is not installed: make rigs", name)
	}
	return p
}

func TestEveryCommandHasAPageWithEverySection(t *testing.T) {
	_, files := made(t)
	n := 0
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Name() == "help" || cmd.Hidden {
			return
		}
		n++
		page, ok := files["man/man1/"+strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1.gz"]
		if !ok {
			t.Errorf("%q has no page", cmd.CommandPath())
			return
		}
		text := unzipped(t, page)
		sections := []string{"NAME", "SYNOPSIS", "DESCRIPTION", "GLOBAL OPTIONS", "EXIT STATUS", "FILES", "SEE ALSO"}
		if !cmd.HasSubCommands() {
			sections = append(sections, "EXAMPLES")
		}
		for _, s := range sections {
			if !strings.Contains(text, "\n.SH \""+s+"\"\n") {
				t.Errorf("the page of %q has no section %s", cmd.CommandPath(), s)
			}
		}
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(cli.NewManual().Root)
	if n < 30 {
		t.Errorf("only %d commands were seen", n)
	}
}

func TestPagesAreDatedByTheEpochAndSayTheVersion(t *testing.T) {
	_, files := made(t)
	for p, b := range files {
		if strings.HasPrefix(p, "man/") && !strings.Contains(unzipped(t, b), ` "2026-11-27" "stigwatch 1.2.3" `) {
			t.Errorf("%s is not dated 2026-11-27, or not of 1.2.3", p)
		}
	}
}

func TestWithoutAnEpochNothingIsWritten(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "")
	dir := t.TempDir()
	if err := run(dir, "1.2.3", "../../docs/configuration.md"); err == nil {
		t.Error("pages were made without a date")
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("there is %v", left)
	}
}

func TestTwoRunsGiveTheSameBytes(t *testing.T) {
	_, one := made(t)
	_, two := made(t)
	if diff := cmp.Diff(one, two); diff != "" {
		t.Error(diff)
	}
}

func TestMandocAndGroffWarnOfNothing(t *testing.T) {
	mandoc, groff := rig(t, "mandoc"), rig(t, "groff")
	_, files := made(t)
	for p, b := range files {
		if !strings.HasPrefix(p, "man/") {
			continue
		}
		for _, args := range [][]string{{mandoc, "-T", "lint", "-W", "warning"}, {groff, "-man", "-K", "utf8", "-T", "utf8", "-ww", "-z"}} {
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Stdin = strings.NewReader(unzipped(t, b))
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s of %s: %v\n%s", args[0], p, err, out)
			}
		}
	}
}

// What is to be copied from a page is what was meant, as a reader sees it.
func TestPagesReadAsTheirSource(t *testing.T) {
	groff := rig(t, "groff")
	_, files := made(t)
	for p, want := range map[string][]string{
		"man/man1/stigwatch-journal-verify.1.gz": {"stigwatch journal verify --key-file - < sentry1.key", "--head 812:8c5f…"},
		"man/man1/stigwatch-plan.1.gz":           {"stigwatch-apply(1)", "stigwatch plan --out monday.plan && stigwatch apply monday.plan", "stigwatch plan [RULE...] [OPTION...]"},
		"man/man1/stigwatch-attest.1.gz":         {`The default is pass.`, "The default is 365.", `--by "A. Nother"`},
		"man/man5/stigwatch.yaml.5.gz":           {"address (relp)", "site: site.yaml", `rules: {V-250987: alert}`},
	} {
		cmd := exec.Command(groff, "-man", "-K", "utf8", "-T", "utf8", "-P-cbou", "-rLL=200n")
		cmd.Stdin = strings.NewReader(unzipped(t, files[p]))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(out), w) {
				t.Errorf("%s does not show %q:\n%s", p, w, out)
			}
		}
	}
}
