package replace

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// steps gives the name of each step of a whole replacement.
func steps(t *testing.T, o Options, back bool) []string {
	t.Helper()
	var names []string
	o.Step = func(name string) error {
		names = append(names, name)
		return nil
	}
	put(t, o.Root, target, oldBytes)
	must(t, replace(t, o, back))
	return names
}

// replace does one whole replacement, and takes it back.
func replace(t *testing.T, o Options, back bool) error {
	tr := tree(t, o)
	f, err := tr.Open(target)
	must(t, err)
	defer f.Close()
	c, err := f.Stage("id-1", newBytes)
	if err != nil {
		return err
	}
	if err := c.Commit(); err != nil {
		return err
	}
	if back {
		return tr.TakeBack(target, "id-1", pair)
	}
	return tr.Settle(target, "id-1", pair)
}

func TestAFaultAtAnyStepLeavesOneContentWholeAndIsSettled(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		for _, back := range []bool{false, true} {
			all := steps(t, o, back)
			if len(all) < 10 {
				t.Fatalf("only %d steps: %v", len(all), all)
			}
			for n, name := range all {
				for _, fault := range []error{unix.EIO, unix.ENOSPC, unix.EROFS, unix.EACCES} {
					put(t, o.Root, target, oldBytes)
					i := 0
					o.Step = func(string) error {
						if i++; i == n+1 {
							return fault
						}
						return nil
					}
					if err := replace(t, o, back); !errors.Is(err, fault) {
						t.Fatalf("%v at %q: %v", fault, name, err)
					}
					got, err := os.ReadFile(filepath.Join(o.Root, target))
					if err != nil || !bytes.Equal(got, oldBytes) && !bytes.Equal(got, newBytes) {
						t.Fatalf("%v at %q: it holds %.30q, %v", fault, name, got, err)
					}
					o.Step = nil
					tr := tree(t, o)
					must(t, tr.TakeBack(target, "id-1", pair))
					if l := leftovers(t, o.Root); l != nil {
						t.Fatalf("%v at %q left %v", fault, name, l)
					}
				}
			}
		}
	})
}

func TestSettleTellsContentsApart(t *testing.T) {
	theirs := []byte("theirs\n")
	cases := []struct {
		name       string
		at, beside []byte
		part, back bool
		was, link  bool // under the name of the way without exchange
		want       []byte
	}{
		{name: "a candidate", at: oldBytes, beside: newBytes, want: oldBytes},
		{name: "half a candidate", at: newBytes, beside: oldBytes[:4], part: true, want: newBytes},
		{name: "swapped out, forward", at: newBytes, beside: oldBytes, want: newBytes},
		{name: "swapped out, back", at: newBytes, beside: oldBytes, back: true, want: oldBytes},
		{name: "theirs was swapped out", at: newBytes, beside: theirs, want: theirs},
		{name: "theirs was swapped out, back", at: newBytes, beside: theirs, back: true, want: theirs},
		{name: "theirs was swapped out by a way back", at: oldBytes, beside: theirs, want: theirs},
		{name: "edited after", at: theirs, beside: oldBytes, back: true, want: theirs},
		{name: "renamed, forward", at: newBytes, beside: oldBytes, was: true, want: newBytes},
		{name: "renamed, back", at: newBytes, beside: oldBytes, was: true, back: true, want: oldBytes},
		{name: "theirs was renamed over", at: newBytes, beside: theirs, was: true, want: theirs},
		{name: "renamed and edited after", at: theirs, beside: oldBytes, was: true, back: true, want: theirs},
		{name: "linked only", at: oldBytes, beside: oldBytes, was: true, link: true, want: oldBytes},
		{name: "linked and edited", at: newBytes, beside: newBytes, was: true, link: true, back: true, want: newBytes},
		{name: "edited after, candidate there", at: theirs, beside: newBytes, want: theirs},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			put(t, root, target, c.at)
			names, err := namesFor("id-1", "sshd_config")
			must(t, err)
			name := names.whole
			if c.part {
				name = names.part
			}
			if c.was {
				name = names.was
			}
			if c.link {
				must(t, os.Link(root+target, filepath.Join(root, "etc/ssh", name)))
			} else {
				must(t, os.WriteFile(filepath.Join(root, "etc/ssh", name), c.beside, 0o600))
			}
			tr := tree(t, Options{Root: root, Owner: uint32(os.Getuid())})
			for range 2 {
				must(t, tr.settle(target, "id-1", pair, c.back))
				holds(t, root, c.want)
			}
			if l := leftovers(t, root); l != nil {
				t.Errorf("left: %v", l)
			}
		})
	}
}
