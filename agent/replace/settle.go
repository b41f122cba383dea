package replace

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
)

// Pair is the two contents of one replacement, by digest.
type Pair struct {
	Was, New string
}

// TakeBack undoes a Commit whose old file is still beside the new one, by id. It
// does nothing to a file whose content is not the new one. Then it does what Settle
// does. Whether the old content has the name after it, Open tells.
func (t *Tree) TakeBack(path, id string, p Pair) error {
	return t.settle(path, id, p, true)
}

// Settle removes what a finished or crashed replacement left beside a file, by
// id. When a crash came between the exchange and the look at what came out, and
// that is neither of the two contents, somebody wrote it in that instant: it gets
// its name back. Both can be called again and again, and after a crash in themselves.
func (t *Tree) Settle(path, id string, p Pair) error {
	return t.settle(path, id, p, false)
}

// Replaced says whether a file may have been replaced by the candidate of id, as far
// as what is beside it tells: an untidied exchange leaves something there. Nothing, or
// the candidate itself, says that the file was not replaced, or was given back.
func (t *Tree) Replaced(path, id string, p Pair) (bool, error) {
	in, err := t.folderOf(path)
	if err != nil {
		return true, fmt.Errorf("cannot look beside %q: %w", path, err)
	}
	defer in.close()
	names, err := namesFor(id, in.base)
	if err != nil {
		return true, err
	}
	whole, err := in.look(names.whole)
	if err != nil {
		return true, err
	}
	was, err := in.look(names.was)
	if err != nil {
		return true, err
	}
	return whole.digest != p.New && (whole.there || was.there), nil
}

func (t *Tree) settle(path, id string, p Pair, back bool) error {
	in, err := t.folderOf(path)
	if err != nil {
		return fmt.Errorf("cannot clear what is beside %q: %w", path, err)
	}
	defer in.close()
	names, err := namesFor(id, in.base)
	if err == nil {
		s := settling{in, names, p, back, false}
		err = s.all()
	}
	if err != nil {
		return fmt.Errorf("cannot clear what is beside %q: %w", path, err)
	}
	return nil
}

type settling struct {
	in    *folder
	names beside
	pair  Pair
	back  bool
	done  bool // something was changed
}

// seen is what stands under a name; digest is empty for what is no regular file,
// or too large a one.
type seen struct {
	there  bool
	ino    uint64
	digest string
}

func (s *settling) all() error {
	for _, part := range []func() error{s.unfinished, s.renamed, s.exchanged} {
		if err := part(); err != nil {
			return err
		}
	}
	if !s.done {
		return nil
	}
	return s.in.sync()
}

func (s *settling) unfinished() error {
	part, err := s.in.look(s.names.part)
	if err != nil || !part.there {
		return err
	}
	return s.remove(s.names.part)
}

// renamed settles what Commit does on kernels that cannot exchange.
func (s *settling) renamed() error {
	was, name, err := s.both(s.names.was)
	if err != nil || !was.there {
		return err
	}
	if name.ino == was.ino || name.digest != s.pair.New || !s.back && was.digest == s.pair.Was {
		return s.remove(s.names.was)
	}
	if err := s.in.step("put back"); err != nil {
		return err
	}
	s.done = true
	return unix.Renameat(s.in.fd(), s.names.was, s.in.fd(), s.in.base)
}

// exchanged settles the candidate's own name: it holds the candidate itself, or
// what an exchange took out.
func (s *settling) exchanged() error {
	beside, name, err := s.both(s.names.whole)
	if err != nil || !beside.there {
		return err
	}
	if s.back && name.digest == s.pair.New && beside.digest == s.pair.Was || s.ours(name) && !s.ours(beside) {
		s.done = true
		err = s.exchange(beside, name)
	}
	if err != nil && !Refused(err) {
		return err
	}
	return errors.Join(err, s.remove(s.names.whole))
}

func (s *settling) ours(f seen) bool {
	return f.digest == s.pair.New || f.digest == s.pair.Was
}

// exchange gives what is beside the file its name, unless somebody is writing to
// what has it now, or has just written to it: then that has the name again.
func (s *settling) exchange(beside, name seen) error {
	if err := s.in.giveWay(s.names.whole, name.ino); err != nil {
		return err
	}
	if err := s.in.step("look at what came out of"); err != nil {
		return err
	}
	out, st, err := s.in.open(s.names.whole)
	if err != nil {
		return err
	}
	defer out.Close()
	if st.Ino != name.ino {
		return nil // somebody put another file in place, which giveWay left there
	}
	err = unwritten(out)
	if now, lerr := s.in.look(s.names.whole); err == nil && (lerr != nil || now.digest != name.digest) {
		err = fmt.Errorf("%w: just now", ErrChanged)
	}
	if err != nil {
		return errors.Join(err, s.in.giveWay(s.names.whole, beside.ino))
	}
	return nil
}

func (s *settling) both(name string) (seen, seen, error) {
	a, err := s.in.look(name)
	if err != nil || !a.there {
		return a, seen{}, err
	}
	b, err := s.in.look(s.in.base)
	return a, b, err
}

func (s *settling) remove(name string) error {
	s.done = true
	return s.in.unlink(name)
}

// look tells what stands under a name in the folder.
func (f *folder) look(name string) (seen, error) {
	file, st, err := f.open(name)
	switch {
	case errors.Is(err, ErrMissing):
		return seen{}, nil
	case errors.Is(err, ErrLink), errors.Is(err, ErrNotRegular):
		return seen{there: true, ino: st.Ino}, nil
	case err != nil:
		return seen{}, err
	}
	defer file.Close()
	b, err := f.t.readAll(file)
	if errors.Is(err, ErrTooLarge) {
		return seen{there: true, ino: st.Ino}, nil
	}
	if err != nil {
		return seen{}, err
	}
	return seen{there: true, ino: st.Ino, digest: host.Digest(b)}, nil
}
