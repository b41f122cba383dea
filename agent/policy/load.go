package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/util"

	"stigwatch/agent/finding"
)

// Options says what to load.
type Options struct {
	Tree   fs.FS          // the policies folder: lib, stig, catalog, schemas
	Source string         // where the tree is from, for people: "embedded"
	Site   map[string]any // what Rego sees as data.site: only the values that are set

	// Checked says that these very policies were compiled with every check when
	// the program was built. Loading them then leaves out those that can only
	// refuse: what they find wrong would have failed the build's tests.
	Checked bool
}

// Engine holds the compiled policies. It is used by one goroutine at a time.
type Engine struct {
	Digest string // sha256 over every policy file
	Source string
	Schema finding.Schema
	Rules  map[string]*finding.Rule // all 58, by id
	Order  []string                 // their ids, sorted

	site     map[string]any
	compiler *ast.Compiler
	store    storage.Store
	queries  map[string]*queries
	readers  map[string][]string // fact → rules whose result it can change
	input    *input
	sums     map[string][32]byte                   // of each policy file
	last     map[string]*judgement                 // by rule, as it was last evaluated
	answers  map[string]map[string]*finding.Answer // by rule and fact
}

// queries are one rule's compiled queries; nil where the rule has none.
type queries struct {
	violations    ast.Body
	notApplicable ast.Body
	remarks       ast.Body
	remediation   ast.Body
	reads         []string // facts that any of them reads, remediation aside
	remedyReads   []string // facts that remediation reads
	naFacts       []string // those that not_applicable reads
}

// Load compiles the policies and prepares one query per rule, once.
func Load(o Options) (*Engine, error) {
	schemaJSON, schema, err := readSchema(o.Tree)
	if err != nil {
		return nil, err
	}
	modules, sums, digest, err := parse(o.Tree)
	if err != nil {
		return nil, err
	}
	compiler, err := compile(modules, schemaJSON, o.Checked)
	if err != nil {
		return nil, err
	}
	e := &Engine{Digest: digest, Source: o.Source, Schema: schema, site: o.Site, compiler: compiler, input: newInput(), sums: sums, last: map[string]*judgement{}}
	if err := e.openStore(o.Tree, o.Site); err != nil {
		return nil, err
	}
	if err := e.describe(o.Tree, compiler); err != nil {
		return nil, err
	}
	return e, e.prepare()
}

// Schema gives the facts that the policies of a tree may read.
func Schema(tree fs.FS) (finding.Schema, error) {
	_, schema, err := readSchema(tree)
	return schema, err
}

func readSchema(tree fs.FS) ([]byte, finding.Schema, error) {
	b, err := fs.ReadFile(tree, "schemas/input.json")
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the input schema: %w", err)
	}
	schema, err := finding.ParseSchema(b)
	return b, schema, err
}

// parse reads every .rego file but the tests, and digests every file.
func parse(tree fs.FS) (map[string]*ast.Module, map[string][32]byte, string, error) {
	sources, sums := map[string][]byte{}, map[string][32]byte{}
	sum := sha256.New()
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.rego") {
			return err
		}
		b, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(b))
		sum.Write(b)
		if strings.HasSuffix(name, ".rego") {
			sources[name], sums[name] = b, sha256.Sum256(b)
		}
		return nil
	})
	if err != nil {
		return nil, nil, "", fmt.Errorf("cannot read the policies: %w", err)
	}
	modules, err := parseAll(sources)
	return modules, sums, "sha256:" + hex.EncodeToString(sum.Sum(nil)), err
}

// parseAll parses on every processor there is: it is a third of the way to the
// first verdict.
func parseAll(sources map[string][]byte) (map[string]*ast.Module, error) {
	names := slices.Sorted(maps.Keys(sources))
	parsed, faults := make([]*ast.Module, len(names)), make([]error, len(names))
	var next atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(names)); i = next.Add(1) - 1 {
				parsed[i], faults[i] = ast.ParseModuleWithOpts(names[i], string(sources[names[i]]), ast.ParserOptions{ProcessAnnotation: true})
			}
		})
	}
	all.Wait()
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("cannot parse the policies: %w", err)
	}
	modules := map[string]*ast.Module{}
	for i, name := range names {
		modules[name] = parsed[i]
	}
	return modules, nil
}

// onlyRefuse are the stages of the compiler that change nothing in the policies.
var onlyRefuse = []ast.StageID{
	ast.StageCheckUnusedImports, ast.StageCheckKeywordOverrides, ast.StageCheckDuplicateImports, ast.StageCheckVoidCalls,
	ast.StageCheckRuleConflicts, ast.StageCheckUndefinedFuncs, ast.StageCheckSafetyRuleHeads, ast.StageCheckRecursion,
	ast.StageCheckTypes, ast.StageCheckUnsafeBuiltins, ast.StageCheckDeprecatedBuiltins, ast.StageBuildRequiredCapabilities,
}

// compile type-checks against the closed input schema, in strict mode, without
// the builtins that are not pure.
func compile(modules map[string]*ast.Module, schemaJSON []byte, checked bool) (*ast.Compiler, error) {
	var raw any
	if err := util.NewJSONDecoder(bytes.NewReader(schemaJSON)).Decode(&raw); err != nil {
		return nil, fmt.Errorf("cannot parse the input schema: %w", err)
	}
	schemas := ast.NewSchemaSet()
	schemas.Put(ast.SchemaRootRef, raw)
	c := ast.NewCompiler().WithSchemas(schemas).WithStrict(true).WithCapabilities(Capabilities()).WithUseTypeCheckAnnotations(true)
	if checked {
		c.WithSkipStages(onlyRefuse...)
	}
	c.Compile(modules)
	if c.Failed() {
		return nil, fmt.Errorf("cannot compile the policies: %w", c.Errors)
	}
	return c, nil
}

// Capabilities are OPA's without the builtins that read the clock, the network,
// the environment or a random source.
func Capabilities() *ast.Capabilities {
	caps := ast.CapabilitiesForThisVersion()
	caps.AllowNet = []string{}
	pure := caps.Builtins[:0]
	for _, b := range caps.Builtins {
		if !impure(b) {
			pure = append(pure, b)
		}
	}
	caps.Builtins = pure
	return caps
}

func impure(b *ast.Builtin) bool {
	if b.Nondeterministic {
		return true
	}
	for _, prefix := range []string{"http.", "net.lookup", "opa.", "rand.", "uuid.rfc4122", "time.now", "trace", "io.jwt.decode_verify", "print"} {
		if strings.HasPrefix(b.Name, prefix) {
			return true
		}
	}
	return false
}

// openStore puts the site values and the catalog's support table where Rego
// finds them: data.site and data.catalog.
func (e *Engine) openStore(tree fs.FS, site map[string]any) error {
	var support map[string]any
	if err := readJSON(tree, "catalog/support.json", &support); err != nil {
		return err
	}
	if site == nil {
		site = map[string]any{}
	}
	data := map[string]any{"site": site, "catalog": map[string]any{"support": support}}
	if err := util.RoundTrip(ptr[any](data)); err != nil {
		return fmt.Errorf("cannot use the site values: %w", err)
	}
	e.store = inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true), inmem.OptRoundTripOnWrite(true))
	return nil
}

func ptr[T any](v T) *T { return &v }

// prepare compiles one query for each set that each rule defines.
func (e *Engine) prepare() error {
	for id, rule := range e.Rules {
		if !rule.HasPolicy {
			continue
		}
		q := e.queries[id]
		for name, into := range map[string]*ast.Body{
			"violations": &q.violations, "not_applicable": &q.notApplicable, "remarks": &q.remarks,
			"remediation": &q.remediation,
		} {
			ref := packageRef(rule).Append(ast.StringTerm(name))
			if len(e.compiler.GetRulesExact(ref)) == 0 {
				continue
			}
			query := ast.NewBody(ast.Equality.Expr(ast.NewTerm(members), ast.NewTerm(ref)))
			body, err := e.compiler.QueryCompiler().Compile(query)
			if err != nil {
				return fmt.Errorf("cannot prepare rule %q: %w", id, err)
			}
			*into = body
		}
	}
	return nil
}
