package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"stigwatch/agent/ownership"
	"stigwatch/agent/service"
)

// want is what a path has to be.
type want struct {
	path  string
	owner int    // -1: root or the service's user
	most  uint32 // the bits that it may have
	grave uint32 // those that are a fault and not only untidy, of the ones that it may not have
	trust bool   // nobody but root may be able to change what the path leads to
}

const (
	writable = 0o022
	others   = 0o007
)

func (b *box) files(context.Context) []Item {
	c := b.o.Config
	wants := []want{{filepath.Dir(c.Path), 0, 0o750, writable, true}}
	for _, f := range b.configFiles() {
		wants = append(wants, want{f, 0, 0o640, writable, true})
	}
	for _, s := range c.Sinks {
		for _, f := range s.Secrets() {
			wants = append(wants, want{f, -1, 0o640, others | writable, false})
		}
	}
	wants = append(wants,
		want{c.StateDir, b.uid, 0o750, writable, false},
		want{c.RuntimeDir, b.uid, 0o750, writable, false},
		want{c.Evidence, -1, 0o750, writable, false},
		want{c.Enforce.Dir, 0, 0o700, others | writable, true},
		want{c.Enforce.Socket, 0, 0o660, others, false},
	)
	for _, name := range []string{"journal.db", "journal.key", "journal.first-key", "journal.told"} {
		wants = append(wants, want{filepath.Join(c.StateDir, name), b.uid, 0o640, others | writable, false})
	}
	items := b.judge(wants)
	if b.o.ConfigErr != nil {
		items = append(items, skip(asRoot, "cannot tell which other files the configuration names: it cannot be read"))
	}
	return items
}

// configFiles are all files that the configuration consists of, there or not.
func (b *box) configFiles() []string {
	c := b.o.Config
	files := []string{c.Path, c.SitePath, c.Waivers, c.Attestations}
	for _, dir := range c.MappingDirs {
		entries, err := os.ReadDir(b.at(dir))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			files = append(files, dir) // whoever looks at it says why not
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".yaml") {
				files = append(files, filepath.Join(dir, e.Name()))
			}
		}
	}
	return slices.DeleteFunc(files, func(f string) bool { return f == "" })
}

// judge gives an item for each that is not as it should be, and one for all others.
func (b *box) judge(wants []want) []Item {
	var items []Item
	good := 0
	for _, w := range wants {
		if w.path == "" {
			continue
		}
		st, err := b.stat(w.path)
		switch {
		case absent(err):
			items = append(items, b.missing(w)...)
		case err != nil:
			items = append(items, unseen(w.path, err))
		default:
			found := b.wrong(w, st)
			if len(found) == 0 {
				good++
			}
			items = append(items, found...)
		}
	}
	if good > 0 {
		items = append(items, ok("%s as the packages have them", plural(good, "path is", "paths are")))
	}
	return items
}

// missing: most need not be there. Without its folder the journal has no place, and a
// secret that is named has to be there.
func (b *box) missing(w want) []Item {
	switch {
	case w.path == b.o.Config.StateDir:
		return []Item{fail("install -d -o stigwatch -g stigwatch -m 0750 "+w.path, "%s is not there: nothing can be recorded", w.path)}
	case b.isSecret(w.path):
		return []Item{fail("create it, or correct the sink's configuration", "the secret %s is not there", w.path)}
	}
	return nil
}

func (b *box) isSecret(path string) bool {
	for _, s := range b.o.Config.Sinks {
		if slices.Contains(s.Secrets(), path) {
			return true
		}
	}
	return false
}

func (b *box) wrong(w want, st *unix.Stat_t) []Item {
	var items []Item
	owner := int(st.Uid)
	switch {
	case w.owner == -1 && owner != 0 && owner != b.uid:
		items = append(items, fail("chown root:"+service.Name+" "+w.path, "%s belongs to %s", w.path, b.owner(owner)))
	case w.owner >= 0 && owner != w.owner:
		items = append(items, fail("chown "+b.owner(w.owner)+":"+service.Name+" "+w.path, "%s belongs to %s", w.path, b.owner(owner)))
	}
	most := w.most
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		most |= w.most >> 2 & 0o111 // who may read a folder may enter it
	}
	if over := st.Mode & 0o777 &^ most; over != 0 {
		give := warn
		if over&w.grave != 0 {
			give = fail
		}
		items = append(items, give(chmod(w.most)+" "+w.path, "%s has mode %s", w.path, mode(st)))
	}
	if b.gid > 0 && st.Mode&0o070 != 0 && int(st.Gid) != b.gid && st.Gid != 0 {
		items = append(items, warn("chgrp "+service.Name+" "+w.path, "%s is open to the group %s", w.path, b.groupOf(int(st.Gid))))
	}
	if w.trust && len(items) == 0 {
		items = append(items, b.trusted(w.path)...)
	}
	return items
}

func chmod(most uint32) string {
	switch most {
	case 0o750:
		return "chmod 0750"
	case 0o700:
		return "chmod 0700"
	case 0o660:
		return "chmod 0660"
	}
	return "chmod 0640"
}

// trusted looks at the whole way to a path.
func (b *box) trusted(path string) []Item {
	err := b.o.alone(b.at(path))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ownership.ErrOthers):
		return []Item{fail("the message names what to change", "%v", err)}
	}
	return []Item{unseen("the way to "+path, err)}
}
