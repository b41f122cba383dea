package replace

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Whatever somebody else does to the file, at whichever step, is not lost.
func TestAnEditInTheLastInstantIsKept(t *testing.T) {
	theirs := []byte("somebody else was here\n")
	edits := map[string]func(t *testing.T, p string){
		"in place": func(t *testing.T, p string) { must(t, os.WriteFile(p, theirs, 0o644)) },
		"by rename": func(t *testing.T, p string) {
			must(t, os.WriteFile(p+".tmp", theirs, 0o644))
			must(t, os.Rename(p+".tmp", p))
		},
	}
	for how, edit := range edits {
		both(t, func(t *testing.T, o Options) {
			for _, step := range []string{"create new content of", "sync new content of", "look again at", "swap", "rename over", "look at what came out of", "read back"} {
				if step == "rename over" && !o.NoExchange {
					continue
				}
				put(t, o.Root, target, oldBytes)
				o.Step = func(name string) error {
					if name == step+" "+target {
						edit(t, filepath.Join(o.Root, target))
					}
					return nil
				}
				tr := tree(t, o)
				f, err := tr.Open(target)
				must(t, err)
				c, err := f.Stage("id-1", newBytes)
				must(t, err)
				if err := c.Commit(); !errors.Is(err, ErrChanged) {
					t.Errorf("%s at %q: %v", how, step, err)
				}
				f.Close()
				o.Step = nil
				must(t, tree(t, o).Settle(target, "id-1", pair))
				got, err := os.ReadFile(filepath.Join(o.Root, target))
				must(t, err)
				if !bytes.Equal(got, theirs) {
					t.Errorf("%s at %q: it holds %.30q", how, step, got)
				}
				if l := leftovers(t, o.Root); l != nil {
					t.Errorf("%s at %q left %v", how, step, l)
				}
			}
		})
	}
}

// The first edit comes before the exchange, the second while the first is put back.
func TestOfTwoEditsInTheLastInstantTheLaterIsKept(t *testing.T) {
	root := t.TempDir()
	put(t, root, target, oldBytes)
	o := Options{Root: root, Owner: uint32(os.Getuid())}
	edits := map[string]string{"swap": "first\n", "put back": "second\n"}
	o.Step = func(name string) error {
		step := strings.TrimSuffix(name, " "+target)
		if b, ok := edits[step]; ok {
			delete(edits, step)
			must(t, os.WriteFile(root+target+".tmp", []byte(b), 0o644))
			must(t, os.Rename(root+target+".tmp", root+target))
		}
		return nil
	}
	tr := tree(t, o)
	c := staged(t, tr)
	if err := c.Commit(); !errors.Is(err, ErrChanged) || c.Swapped() || len(edits) != 0 {
		t.Errorf("got %v, %v", err, edits)
	}
	holds(t, root, []byte("second\n"))
	must(t, tr.Settle(target, "id-1", pair))
	holds(t, root, []byte("second\n"))
}

func TestAFileThatSomebodyWritesToIsNotReplaced(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		for _, step := range []string{"look again at", "swap"} {
			var writer *os.File
			o.Step = func(name string) error {
				if name == step+" "+target {
					var err error
					writer, err = os.OpenFile(filepath.Join(o.Root, target), os.O_WRONLY, 0)
					must(t, err)
				}
				return nil
			}
			tr := tree(t, o)
			if err := staged(t, tr).Commit(); !errors.Is(err, ErrWritten) {
				t.Errorf("at %q: %v", step, err)
			}
			must(t, tr.Settle(target, "id-1", pair))
			if _, err := writer.WriteAt(bytes.ToUpper(oldBytes), 0); err != nil {
				t.Fatal(err)
			}
			writer.Close()
			holds(t, o.Root, bytes.ToUpper(oldBytes))
			must(t, os.WriteFile(filepath.Join(o.Root, target), oldBytes, 0o644))
		}
	})
}

func TestAFileThatBecomesSomethingElseIsNotReplaced(t *testing.T) {
	tricks := map[string]func(t *testing.T, root string){
		"link": func(t *testing.T, root string) {
			must(t, os.Rename(root+target, root+"/etc/elsewhere"))
			must(t, os.Symlink("/etc/elsewhere", root+target))
		},
		"folder link": func(t *testing.T, root string) {
			must(t, os.Rename(root+"/etc/ssh", root+"/etc/elsewhere"))
			must(t, os.Symlink("elsewhere", root+"/etc/ssh"))
		},
		"other folder": func(t *testing.T, root string) {
			must(t, os.Rename(root+"/etc/ssh", root+"/etc/elsewhere"))
			put(t, root, target, oldBytes)
		},
		"gone":      func(t *testing.T, root string) { must(t, os.Remove(root+target)) },
		"hard link": func(t *testing.T, root string) { must(t, os.Link(root+target, root+"/etc/second")) },
		"mode":      func(t *testing.T, root string) { must(t, os.Chmod(root+target, 0o600)) },
	}
	for trick, do := range tricks {
		for _, step := range []string{"look again at", "swap"} {
			t.Run(trick+" at "+step, func(t *testing.T) {
				root := t.TempDir()
				put(t, root, target, oldBytes)
				o := Options{Root: root, Owner: uint32(os.Getuid())}
				o.Step = func(name string) error {
					if name == step+" "+target {
						do(t, root)
					}
					return nil
				}
				err := staged(t, tree(t, o)).Commit()
				if trick == "gone" && step == "swap" && errors.Is(err, unix.ENOENT) {
					return
				}
				if !Refused(err) {
					t.Errorf("got %v", err)
				}
				found := ""
				_ = filepath.Walk(root, func(p string, st os.FileInfo, err error) error {
					if b, _ := os.ReadFile(p); bytes.Equal(b, newBytes) && !strings.Contains(p, ".stigwatch-") {
						found = p
					}
					return err
				})
				if found != "" {
					t.Errorf("the new content got the name %q", found)
				}
			})
		}
	}
}

func TestAnEditDuringTheWayBackIsKept(t *testing.T) {
	theirs := []byte("theirs\n")
	for _, step := range []string{"put back", "look at what came out of"} {
		for _, how := range []string{"written", "written and held", "held"} {
			t.Run(step+how, func(t *testing.T) {
				root := t.TempDir()
				put(t, root, target, oldBytes)
				o := Options{Root: root, Owner: uint32(os.Getuid())}
				must(t, staged(t, tree(t, o)).Commit())
				mine, err := os.OpenFile(filepath.Join(root, target), os.O_WRONLY, 0)
				must(t, err)
				defer mine.Close()
				once := true
				o.Step = func(name string) error {
					if name == step+" "+target && once {
						once = false
						if how != "held" {
							must(t, mine.Truncate(0))
							_, err := mine.Write(theirs)
							must(t, err)
						}
						if how == "written" {
							mine.Close()
						}
					}
					return nil
				}
				if err := tree(t, o).TakeBack(target, "id-1", pair); !Refused(err) {
					t.Errorf("got %v", err)
				}
				if how == "held" { // and written now
					must(t, mine.Truncate(0))
					_, err := mine.Write(theirs)
					must(t, err)
				}
				holds(t, root, theirs)
				if l := leftovers(t, root); l != nil {
					t.Errorf("left: %v", l)
				}
			})
		}
	}
}
