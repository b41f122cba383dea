package cli

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"stigwatch/testdata/appliance/gen"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"stigwatch": func() {
			os.Exit(Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// The scripts run the real commands as processes of their own. Each starts in a
// folder with nothing in it; `appliance NAME` puts a little appliance there.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "1")
			return nil
		},
		Condition: func(cond string) (bool, error) {
			return cond == "root" && os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"appliance": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(gen.Copy(args[0], ts.MkAbs(".")))
			},
			"edit": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(edit(ts.MkAbs(args[0]), args[1], args[2]))
			},
			"exitcode": exitcode,
			"appendto": appendto,
			"await":    await,
		},
	})
}

// edit replaces text in a file by a new file renamed over it, as editors do.
func edit(file, from, to string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text := replaceOnce(string(b), from, to)
	next := filepath.Join(filepath.Dir(file), ".edit.new")
	if err := os.WriteFile(next, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(next, file)
}
