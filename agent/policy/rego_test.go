package policy

import (
	"bytes"
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/format"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/util"

	"stigwatch/policies"
)

// regoFiles gives every .rego file, tests too, by name.
func regoFiles(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := fs.WalkDir(policies.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".rego") {
			return err
		}
		out[name], err = fs.ReadFile(policies.FS, name)
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("%d files, %v", len(out), err)
	}
	return out
}

func regoModules(t *testing.T) map[string]*ast.Module {
	t.Helper()
	modules := map[string]*ast.Module{}
	for name, b := range regoFiles(t) {
		m, err := ast.ParseModuleWithOpts(name, string(b), ast.ParserOptions{ProcessAnnotation: true})
		if err != nil {
			t.Fatal(err)
		}
		modules[name] = m
	}
	return modules
}

// strictCompiler is the compiler of Load, for the tests' modules too.
func strictCompiler(t *testing.T) *ast.Compiler {
	t.Helper()
	b, err := fs.ReadFile(policies.FS, "schemas/input.json")
	if err != nil {
		t.Fatal(err)
	}
	var raw any
	if err := util.NewJSONDecoder(bytes.NewReader(b)).Decode(&raw); err != nil {
		t.Fatal(err)
	}
	schemas := ast.NewSchemaSet()
	schemas.Put(ast.SchemaRootRef, raw)
	return ast.NewCompiler().WithSchemas(schemas).WithStrict(true).WithCapabilities(Capabilities()).WithUseTypeCheckAnnotations(true)
}

// TestRego runs the policies' own tests and demands that they cover each line.
func TestRego(t *testing.T) {
	ctx := context.Background()
	e := load(t, nil)
	coverage := cover.New()
	var ran, failed int
	err := storage.Txn(ctx, e.store, storage.TransactionParams{Write: true}, func(txn storage.Transaction) error {
		ch, err := tester.NewRunner().SetCompiler(strictCompiler(t)).SetStore(e.store).
			SetModules(regoModules(t)).SetCoverageQueryTracer(coverage).RunTests(ctx, txn)
		if err != nil {
			return err
		}
		for r := range ch {
			ran++
			if !r.Pass() {
				failed++
				t.Errorf("%s.%s at %v: fail=%v err=%v", r.Package, r.Name, r.Location, r.Fail, r.Error)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d Rego tests, %d failed", ran, failed)
	if ran < 100 {
		t.Errorf("only %d Rego tests ran", ran)
	}
	covered(t, coverage)
}

func covered(t *testing.T, coverage *cover.Cover) {
	t.Helper()
	report := coverage.Report(regoModules(t))
	for name, f := range report.Files {
		if !strings.HasSuffix(name, "_test.rego") && len(f.NotCovered) > 0 {
			t.Errorf("%s: lines %v are not covered by tests", name, f.NotCovered)
		}
	}
}

func TestRegoIsFormatted(t *testing.T) {
	for name, b := range regoFiles(t) {
		want, err := format.Source(name, b)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b, want) {
			t.Errorf("%s is not as opa fmt writes it", name)
		}
	}
}

func TestEveryRuleFolderHasItsTests(t *testing.T) {
	files := regoFiles(t)
	for name := range files {
		if !strings.HasPrefix(name, "stig/") && !strings.HasPrefix(name, "lib/") || strings.HasSuffix(name, "_test.rego") {
			continue
		}
		test := strings.TrimSuffix(name, ".rego") + "_test.rego"
		if _, ok := files[test]; !ok {
			t.Errorf("%s has no test beside it", name)
		}
		if base := strings.TrimSuffix(path.Base(name), ".rego"); base != path.Base(path.Dir(name)) {
			t.Errorf("%s: folder and file must share their name", name)
		}
		if lines := bytes.Count(files[name], []byte("\n")); strings.HasPrefix(name, "stig/") && lines > 70 {
			t.Errorf("%s has %d lines: a part of it belongs in lib", name, lines)
		}
	}
}

// A rule that could read the clock or the network would not be pure.
func TestImpureBuiltinsAreGone(t *testing.T) {
	names := make([]string, 0, 200)
	for _, b := range Capabilities().Builtins {
		names = append(names, b.Name)
	}
	for _, name := range []string{"http.send", "time.now_ns", "opa.runtime", "rand.intn", "uuid.rfc4122", "net.lookup_ip_addr", "trace"} {
		if slices.Contains(names, name) {
			t.Errorf("%s is still there", name)
		}
	}
	if !slices.Contains(names, "sprintf") {
		t.Error("sprintf is gone")
	}
}
