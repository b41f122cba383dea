package replace

import (
	"fmt"
	"os"
	"regexp"

	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
)

// chunk is how much is written at once: a kill may fall between two of them.
const chunk = 32 << 10

var goodID = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// beside are the names that replacing one file by one id may need.
type beside struct {
	whole, part, was string
}

func namesFor(id, base string) (beside, error) {
	if !goodID.MatchString(id) {
		return beside{}, fmt.Errorf("%q is no id: it takes letters, digits and hyphens", id)
	}
	p := ".stigwatch-" + id
	return beside{whole: p + "-" + base, part: p + ".part-" + base, was: p + ".was-" + base}, nil
}

// Candidate is new content, whole and synced beside its file.
type Candidate struct {
	Path   string // on the machine, for a program that checks it
	Digest string

	f     *File
	names beside
	st    unix.Stat_t
	in    bool // it has, or had, the file's name
}

// Swapped says whether the candidate was put in the file's place, and not taken
// from it again by Commit itself.
func (c *Candidate) Swapped() bool {
	return c.in
}

// Stage writes b beside the file, with the file's own metadata. The id, of letters,
// digits and hyphens, makes its name. On an error nothing is left beside the file,
// unless the disk refuses even that. Settle removes what a crash leaves.
func (f *File) Stage(id string, b []byte) (*Candidate, error) {
	return f.StageAs(id, b, f.Meta)
}

// StageAs is Stage with other metadata than the file has now.
func (f *File) StageAs(id string, b []byte, m Meta) (*Candidate, error) {
	c, err := f.stage(id, b, m)
	if err != nil {
		return nil, fmt.Errorf("cannot write new content beside %q: %w", f.Path, err)
	}
	return c, nil
}

func (f *File) stage(id string, b []byte, m Meta) (*Candidate, error) {
	names, err := namesFor(id, f.in.base)
	if err != nil {
		return nil, err
	}
	if err := f.in.t.Fits(b); err != nil {
		return nil, err
	}
	for _, name := range []string{names.whole, names.part, names.was} {
		var st unix.Stat_t
		if err := unix.Fstatat(f.in.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != unix.ENOENT {
			return nil, fmt.Errorf("%w: %q", ErrLeftover, name)
		}
	}
	c := &Candidate{f: f, names: names, Digest: host.Digest(b), Path: f.in.t.Real(f.Path[:len(f.Path)-len(f.in.base)] + names.whole)}
	if err := c.write(b, m); err != nil {
		_ = unix.Unlinkat(f.in.fd(), names.part, 0)
		_ = unix.Unlinkat(f.in.fd(), names.whole, 0)
		return nil, err
	}
	return c, nil
}

// write makes the candidate under the name of what is not whole, closed to all
// others until its bytes are there, and then gives it its own name.
func (c *Candidate) write(b []byte, m Meta) error {
	in := c.f.in
	if err := in.step("create new content of"); err != nil {
		return err
	}
	fd, err := unix.Openat(in.fd(), c.names.part, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	out := os.NewFile(uintptr(fd), c.names.part)
	defer out.Close()
	if err := c.fill(out, b, m); err != nil {
		return err
	}
	if err := in.step("name new content of"); err != nil {
		return err
	}
	if err := unix.Renameat(in.fd(), c.names.part, in.fd(), c.names.whole); err != nil {
		return err
	}
	if err := unix.Fstat(fd, &c.st); err != nil {
		return err
	}
	return in.sync()
}

func (c *Candidate) fill(out *os.File, b []byte, m Meta) error {
	in := c.f.in
	for len(b) > 0 {
		if err := in.step("write new content of"); err != nil {
			return err
		}
		n, err := out.Write(b[:min(chunk, len(b))])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	if err := in.step("keep metadata of"); err != nil {
		return err
	}
	if err := m.apply(out); err != nil {
		return err
	}
	if err := in.step("sync new content of"); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	now, err := in.t.readAll(out)
	if err != nil {
		return err
	}
	if host.Digest(now) != c.Digest {
		return fmt.Errorf("cannot read back what was written to %q", c.names.part)
	}
	return nil
}
