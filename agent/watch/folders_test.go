package watch

import (
	"fmt"
	"testing"
	"time"
)

func TestFolderThatDoesNotExistYet(t *testing.T) {
	r := newRig(t, Options{Quiet: 50 * time.Millisecond}).start([]string{"/a/b/c/f"}, []string{"/x/y/conf.d"})
	r.write("a/b/c/f", "new")
	r.settled("/a/b/c/f", "new")
	r.write("a/b/c/f", "newer")
	r.settled("/a/b/c/f", "newer")
	r.write("x/y/conf.d/g", "new")
	r.sees("/x/y/conf.d/g")
}

func TestFolderRemovedAndBack(t *testing.T) {
	r := newRig(t, Options{Quiet: 50 * time.Millisecond}, "etc/ssh/f").start([]string{"/etc/ssh/f"}, nil)
	for i := range 20 {
		r.remove("etc")
		r.until("/etc/ssh/f", func(e Event) bool { return e.has("/etc/ssh/f") })
		content := fmt.Sprint("new ", i)
		r.write("etc/ssh/f", content)
		r.settled("/etc/ssh/f", content)
	}
	if s := r.Stats(); s.Lost != 0 || s.Overflows != 0 {
		t.Errorf("a removed folder counts as a fault: %+v", s)
	}
}

// The quiet time is a minute here: what comes by rename must not wait for it.
func TestFolderSwappedByRename(t *testing.T) {
	for _, depth := range []string{"etc/ssh", "etc"} {
		r := newRig(t, Options{}, "etc/ssh/f").start([]string{"/etc/ssh/f"}, []string{"/etc/ssh"})
		for i := range 10 {
			content := fmt.Sprint("new ", i)
			if depth == "etc" {
				r.write("etc.new/ssh/f", content)
			} else {
				r.write("etc/ssh.new/f", content)
			}
			r.rename(depth, fmt.Sprint("old", i))
			r.rename(depth+".new", depth)
			r.settled("/etc/ssh/f", content)
			r.write("etc/ssh/f", content+"!")
			r.settled("/etc/ssh/f", content+"!")
		}
	}
}

func TestLinkSwaps(t *testing.T) {
	r := newRig(t, Options{}, "v1/f", "v2/f", "etc/")
	r.link("/v1", "etc/now")
	r.link("now/f", "etc/f")
	r.start([]string{"/etc/f", "/etc/now/f"}, nil)
	for i := range 10 {
		dir := []string{"v2", "v1"}[i%2]
		content := fmt.Sprint("new ", i)
		r.write(dir+"/f", content)
		r.swap("/"+dir, "etc/now")
		r.settled("/etc/f", content)
		r.write(dir+"/f", content+"!")
		r.settled("/etc/f", content+"!")
	}
	r.write("v2/g", "g")
	r.swap("/v2/g", "etc/f")
	r.settled("/etc/f", "g")
	r.write("v2/g", "h")
	r.settled("/etc/f", "h")
}

func TestFileReplacesLink(t *testing.T) {
	r := newRig(t, Options{Quiet: 50 * time.Millisecond}, "v1/f", "etc/")
	r.link("/v1/f", "etc/f")
	r.start([]string{"/etc/f"}, nil)
	r.remove("etc/f")
	r.write("etc/f", "own")
	r.settled("/etc/f", "own")
	r.write("etc/f", "own 2")
	r.settled("/etc/f", "own 2")
}

func TestRootReplacedMeansAll(t *testing.T) {
	r := newRig(t, Options{Quiet: 50 * time.Millisecond}, "etc/f").start([]string{"/etc/f"}, nil)
	r.rename("", "../gone")
	r.until("All", func(e Event) bool { return e.All })
	for _, content := range []string{"back", "again", "and again"} {
		r.write("etc/f", content)
		r.until(content, func(e Event) bool { return (e.All || e.has("/etc/f")) && r.read("/etc/f") == content })
	}
}
