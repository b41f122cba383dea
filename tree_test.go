package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is who may import whom inside the module. The data goes from left
// to right and from top to bottom of docs/architecture.md, never back.
var mayImport = map[string][]string{
	".":                   {"agent/cli"},
	"agent/finding":       {},
	"agent/confine":       {},
	"agent/fips":          {},
	"agent/host":          {},
	"agent/lens":          {},
	"agent/strict":        {},
	"agent/watch":         {},
	"agent/service":       {"agent/ownership", "agent/units", "systemd"},
	"agent/mapping":       {"agent/finding", "agent/strict"},
	"agent/config":        {"agent/alert", "agent/permit", "agent/strict"},
	"agent/attest":        {"agent/finding", "agent/strict"},
	"agent/waive":         {"agent/finding", "agent/strict"},
	"agent/probe":         {},
	"agent/units":         {},
	"agent/who":           {},
	"agent/replace":       {"agent/host"},
	"agent/enforce":       {"agent/host", "agent/ownership", "agent/replace"},
	"agent/facts":         {"agent/finding", "agent/host", "agent/lens", "agent/mapping"},
	"agent/ownership":     {},
	"agent/permit":        {},
	"agent/selfwatch":     {"agent/host"},
	"agent/remedy":        {},
	"agent/plan":          {"agent/facts", "agent/finding", "agent/host", "agent/lens", "agent/permit", "agent/policy"},
	"agent/learn":         {"agent/finding", "agent/host", "agent/lens", "agent/mapping"},
	"agent/policy":        {"agent/finding", "policies"},
	"agent/stig":          {"agent/finding"},
	"agent/journal":       {"agent/finding"},
	"agent/maintenance":   {"agent/finding"},
	"agent/history":       {"agent/api", "agent/finding", "agent/journal"},
	"agent/alert":         {"agent/finding"},
	"agent/api":           {"agent/finding"},
	"agent/socket":        {},
	"agent/status":        {"agent/api", "agent/finding", "agent/socket"},
	"agent/live":          {"agent/facts", "agent/finding", "agent/probe", "agent/units"},
	"agent/appliance":     {"agent/api", "agent/attest", "agent/config", "agent/facts", "agent/finding", "agent/host", "agent/lens", "agent/live", "agent/mapping", "agent/plan", "agent/policy", "agent/strict", "agent/waive", "policies"},
	"agent/doctor":        {"agent/alert", "agent/api", "agent/config", "agent/finding", "agent/fips", "agent/host", "agent/journal", "agent/ownership", "agent/service", "agent/socket", "systemd"},
	"agent/errand":        {"agent/api", "agent/appliance", "agent/attest", "agent/config", "agent/enforce", "agent/finding", "agent/host", "agent/learn", "agent/lens", "agent/mapping", "agent/policy", "agent/replace", "agent/stig", "agent/waive", "policies"},
	"agent/enforcer":      {"agent/api", "agent/appliance", "agent/config", "agent/confine", "agent/enforce", "agent/facts", "agent/finding", "agent/lens", "agent/ownership", "agent/permit", "agent/plan", "agent/replace", "agent/socket", "agent/units"},
	"agent":               {"agent/alert", "agent/api", "agent/appliance", "agent/config", "agent/confine", "agent/errand", "agent/facts", "agent/finding", "agent/fips", "agent/history", "agent/host", "agent/journal", "agent/maintenance", "agent/permit", "agent/plan", "agent/remedy", "agent/selfwatch", "agent/socket", "agent/status", "agent/units", "agent/watch", "agent/who"},
	"agent/cli":           {"agent", "agent/alert", "agent/api", "agent/appliance", "agent/attest", "agent/config", "agent/confine", "agent/doctor", "agent/enforcer", "agent/errand", "agent/finding", "agent/fips", "agent/history", "agent/journal", "agent/policy", "agent/service", "agent/socket", "agent/stig", "agent/waive", "policies", "testdata"},
	"agent/units/rig":     {},
	"agent/appliance/rig": {"agent/api", "agent/attest", "agent/config", "agent/finding", "agent/host", "testdata/appliance/gen"},
	"packaging/linked":    {},
	"packaging/fips":      {"agent/fips"},
	"packaging/manual":    {"agent/cli"},
	"packaging/notices":   {"packaging/linked"},
	"packaging/sbom":      {"agent/fips", "packaging/linked"},
	"packaging/vuln":      {},
	"policies":            {},
	"systemd":             {},
	"testdata":            {},
}

// livesOnlyIn is where an outside module may be imported, tests aside.
var livesOnlyIn = map[string][]string{
	"github.com/open-policy-agent/opa":            {"agent/policy"},
	"github.com/fsnotify/fsnotify":                {"agent/watch"},
	"go.etcd.io/bbolt":                            {"agent/journal"},
	"github.com/kardianos/service":                {"agent/service"},
	"github.com/coreos/go-systemd/v22/daemon":     {"agent/service"},
	"github.com/coreos/go-systemd/v22/activation": {"agent/service"},
	"github.com/coreos/go-systemd/v22/journal":    {"agent/alert"},
	"github.com/coreos/go-systemd/v22/dbus":       {"agent/units", "agent/units/rig"},
	"github.com/godbus/dbus":                      {"agent/units", "agent/units/rig"},
	"github.com/google/licensecheck":              {"packaging/linked"},
	"github.com/leodido/go-syslog":                {"agent/alert"},
	"github.com/rogpeppe/go-internal":             {"agent/plan"},
	"github.com/spf13/cobra":                      {"agent/cli", "packaging/manual"},
	"go.yaml.in/yaml/v3":                          {"agent/strict"},
	"go.opentelemetry.io/proto/otlp":              {"agent/alert"},
	"google.golang.org/protobuf":                  {"agent/alert"},
	"golang.org/x/time/rate":                      {"agent/alert"},
	"golang.org/x/sync/errgroup":                  {"agent", "agent/watch"},
}

// source is one parsed Go file that is not a test.
type source struct {
	dir  string
	name string
	file *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && p != "." || p != "testdata" && strings.Contains("/"+p+"/", "/testdata/")) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		out = append(out, source{path.Dir(p), p, f})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("only %d source files found", len(out))
	}
	return out
}

func imports(s source) []string {
	var out []string
	for _, i := range s.file.Imports {
		name, _ := strconv.Unquote(i.Path.Value)
		out = append(out, name)
	}
	return out
}

func TestImportTable(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		allowed, listed := mayImport[s.dir]
		if !listed {
			t.Errorf("%s: package %s is not in the import table", s.name, s.dir)
		}
		seen[s.dir] = true
		for _, name := range imports(s) {
			if ours, ok := strings.CutPrefix(name, "stigwatch/"); ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s: %s may not import %s", s.name, s.dir, ours)
			}
		}
	}
	for dir := range mayImport {
		if !seen[dir] {
			t.Errorf("the import table names %s, which is not there", dir)
		}
	}
}

func TestOutsideModulesLiveWhereTheyBelong(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		for _, name := range imports(s) {
			for module, dirs := range livesOnlyIn {
				if name != module && !strings.HasPrefix(name, module+"/") {
					continue
				}
				used[module] = true
				if !slices.Contains(dirs, s.dir) {
					t.Errorf("%s: %s belongs in %v only", s.name, name, dirs)
				}
			}
		}
	}
	for module := range livesOnlyIn {
		if !used[module] {
			t.Errorf("nothing imports %s any more", module)
		}
	}
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		documented[s.dir] = documented[s.dir] || s.file.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func TestNoInitFunctions(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init runs behind everybody's back", s.name)
			}
		}
	}
}

// The official documents' sentences are not ours to ship.
func TestNoOfficialSentences(t *testing.T) {
	files, err := filepath.Glob("../shared/stig/*.xml")
	if err != nil || len(files) == 0 {
		t.Skip("../shared/stig is not there: our titles cannot be compared with the official ones")
	}
	var official [][]byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range bytes.Split(b, []byte("<title>"))[1:] {
			text, _, _ := bytes.Cut(part, []byte("</title>"))
			if len(text) > 60 {
				official = append(official, text)
			}
		}
	}
	if len(official) < 58 {
		t.Fatalf("only %d official titles found", len(official))
	}
	err = fs.WalkDir(os.DirFS("policies"), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join("policies", p))
		for _, sentence := range official {
			if bytes.Contains(b, sentence) {
				t.Errorf("policies/%s holds an official title: %s", p, sentence)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What uses cryptography has to work in FIPS mode too; hashes and random numbers are
// the same there.
func TestCryptographyIsTestedInFIPSMode(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(makefile), "\nCRYPTOGRAPHY = ")
	list, _, _ = strings.Cut(list, "\n")
	tested := strings.Fields(list)
	for _, s := range sources(t) {
		for _, name := range imports(s) {
			if strings.HasPrefix(name, "crypto/") && name != "crypto/rand" && name != "crypto/sha256" && !slices.Contains(tested, "./"+s.dir) {
				t.Errorf("%s imports %s, and make test does not test %s in FIPS mode", s.name, name, s.dir)
			}
		}
	}
}
