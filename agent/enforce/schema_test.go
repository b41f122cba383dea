package enforce

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/host"
)

// treeOf is all that is in a folder.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	must(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			var b []byte
			b, err = os.ReadFile(path)
			out[path] = info.ModTime().String() + string(b)
		}
		return err
	}))
	return out
}

func TestAStateFolderOfANewerStigwatchIsLeftAsItIs(t *testing.T) {
	b := newBox(t)
	e, err := Open(b.o)
	must(t, err)
	r, err := e.Apply(context.Background(), Job{Files: []FileChange{{Path: pathA, Was: host.Digest(oldA), New: newA}}})
	must(t, err)
	must(t, e.Close())
	mark := filepath.Join(b.state, schemaFile)
	must(t, os.WriteFile(mark, []byte(`{"schema": 2, "more": true}`), 0o600))
	must(t, os.WriteFile(filepath.Join(b.state, "plans", r.ID, planFile), []byte(`{"later": 1}`), 0o600))
	before := treeOf(t, b.state)
	for range 2 {
		_, err := Open(b.o)
		var n *SchemaError
		if !errors.As(err, &n) || n.Has != 2 {
			t.Fatalf("%v", err)
		}
		for _, word := range []string{b.state, "schema 2", "schema 1", "install that one again"} {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%q does not say %q", err, word)
			}
		}
	}
	if d := cmp.Diff(before, treeOf(t, b.state)); d != "" {
		t.Errorf("something was written: %s", d)
	}
	must(t, os.Rename(b.state, b.state+".aside"))
	fresh := b.engine(t)
	if all := fresh.History(); len(all) != 0 {
		t.Errorf("%v", all)
	}
}

func TestAStateFolderSaysWhichSchemaItHas(t *testing.T) {
	b := newBox(t)
	e, err := Open(b.o)
	must(t, err)
	must(t, e.Close())
	mark := filepath.Join(b.state, schemaFile)
	got, err := os.ReadFile(mark)
	must(t, err)
	if string(got) != "{\"schema\":1}\n" {
		t.Errorf("%q", got)
	}
	must(t, os.Remove(mark)) // as before there were any
	e, err = Open(b.o)
	must(t, err)
	must(t, e.Close())
	again, err := os.ReadFile(mark)
	must(t, err)
	if string(again) != string(got) {
		t.Errorf("%q", again)
	}
	for _, text := range []string{"", "{", `{"schema": 0}`, `{"schema": -1}`, `{"schema": "2"}`, `{}`} {
		must(t, os.WriteFile(mark, []byte(text), 0o600))
		if _, err := Open(b.o); err == nil || !strings.Contains(err.Error(), "cannot tell what wrote it") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
