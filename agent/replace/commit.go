package replace

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mostTrades bounds how often Commit gives way to somebody who writes the file
// again and again in the same instant.
const mostTrades = 16

// Commit puts the candidate in the file's place, when the name still is the very
// file that was opened, with the same bytes and metadata, and nobody has it open for
// writing. ErrChanged and ErrWritten say that it is not; then the other's content
// has the name. What was there before stays beside the file: Settle removes it, or
// brings it back. After another error the name may hold either content, whole.
func (c *Candidate) Commit() error {
	if err := c.commit(); err != nil {
		return fmt.Errorf("cannot replace %q: %w", c.f.Path, err)
	}
	return nil
}

func (c *Candidate) commit() error {
	in := c.f.in
	if err := in.step("look again at"); err != nil {
		return err
	}
	if err := c.f.still(); err != nil {
		return err
	}
	if err := in.step("swap"); err != nil {
		return err
	}
	if err := c.swap(); err != nil {
		return err
	}
	if err := in.sync(); err != nil {
		return err
	}
	if err := in.step("read back"); err != nil {
		return err
	}
	return c.readBack()
}

// still says whether the name is the file that was opened, unchanged.
func (f *File) still() error {
	if err := f.in.again(); err != nil {
		return err
	}
	now, st, err := f.in.open(f.in.base)
	if errors.Is(err, ErrMissing) || errors.Is(err, ErrLink) || errors.Is(err, ErrNotRegular) {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	if err != nil {
		return err
	}
	defer now.Close()
	if err := f.in.mayReplace(&st); err != nil {
		return err
	}
	return f.same(now, &st)
}

// same says whether an open file is the one that was opened, and is as it was.
// First it asks for a lease, which the kernel refuses when somebody can still write.
func (f *File) same(now *os.File, st *unix.Stat_t) error {
	if st.Ino != f.st.Ino || st.Dev != f.st.Dev {
		return fmt.Errorf("%w: another file has its name", ErrChanged)
	}
	if err := unwritten(now); err != nil {
		return err
	}
	b, err := f.in.t.readAll(now)
	if err != nil {
		return err
	}
	if !bytes.Equal(b, f.Bytes) {
		return fmt.Errorf("%w: it has other content", ErrChanged)
	}
	m, err := metaOf(now, st)
	if err != nil {
		return err
	}
	if !m.Equal(f.Meta) {
		return fmt.Errorf("%w: its mode, owner or attributes were %s and are %s", ErrChanged, f.Meta, m)
	}
	return nil
}

// unwritten gives ErrWritten when a process has the file open for writing. What
// cannot give leases (network file systems, other people's files) is let pass.
func unwritten(f *os.File) error {
	_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	if err == unix.EAGAIN {
		return ErrWritten
	}
	if err == nil {
		_, _ = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_UNLCK)
	}
	return nil
}

// swap exchanges candidate and file, and looks at what came out.
func (c *Candidate) swap() error {
	in := c.f.in
	err := unix.ENOSYS
	if !in.t.opts.NoExchange {
		err = in.exchange(c.names.whole)
	}
	if err == unix.ENOSYS || err == unix.EINVAL {
		return c.rename()
	}
	c.in = true // after an error too: nobody knows
	if err != 0 {
		return err
	}
	if err := in.step("look at what came out of"); err != nil {
		return err
	}
	if err := c.cameOut(c.names.whole); err != nil {
		if back := in.giveWay(c.names.whole, c.st.Ino); back != nil {
			return errors.Join(err, back)
		}
		c.in = false
		return err
	}
	return nil
}

// cameOut says whether what was taken from the file's name is the file that was
// opened, and the name still leads to where it led.
func (c *Candidate) cameOut(name string) error {
	if err := c.f.in.again(); err != nil {
		return err
	}
	out, st, err := c.f.in.open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	defer out.Close()
	if st.Nlink > 1 {
		return ErrHardLinked
	}
	return c.f.same(out, &st)
}

// rename is for kernels that cannot exchange: a second name keeps the old file.
func (c *Candidate) rename() error {
	in := c.f.in
	if err := unix.Linkat(in.fd(), in.base, in.fd(), c.names.was, 0); err != nil {
		return err
	}
	if err := in.step("rename over"); err != nil {
		return err
	}
	if now, err := in.look(in.base); err != nil || now.ino != c.f.st.Ino {
		return errors.Join(err, ErrChanged)
	}
	c.in = true // after an error too: nobody knows
	if err := unix.Renameat(in.fd(), c.names.whole, in.fd(), in.base); err != nil {
		return err
	}
	if err := in.step("look at what came out of"); err != nil {
		return err
	}
	if err := c.cameOut(c.names.was); err != nil {
		if back := unix.Renameat(in.fd(), c.names.was, in.fd(), in.base); back != nil {
			return errors.Join(err, back)
		}
		c.in = false
		return err
	}
	return nil
}

// exchange swaps the file with a name beside it. It gives the kernel's number,
// zero when it is done.
func (f *folder) exchange(name string) unix.Errno {
	err := unix.Renameat2(f.fd(), name, f.fd(), f.base, unix.RENAME_EXCHANGE)
	if err == nil {
		return 0
	}
	var no unix.Errno
	if errors.As(err, &no) {
		return no
	}
	return unix.EIO
}

// giveWay puts back what an exchange took out and should not have. What comes out
// then has to be what went in last (its inode); when it is not, it is newer still,
// and has to go back itself.
func (f *folder) giveWay(name string, in uint64) error {
	for range mostTrades {
		var st unix.Stat_t
		if err := unix.Fstatat(f.fd(), name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
		if err := f.step("put back"); err != nil {
			return err
		}
		if no := f.exchange(name); no != 0 {
			return no
		}
		var out unix.Stat_t
		if err := unix.Fstatat(f.fd(), name, &out, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return err
		}
		if out.Ino == in {
			return nil
		}
		in = st.Ino
	}
	return fmt.Errorf("%w: it is being written again and again, its last content may be beside it, in %q", ErrChanged, name)
}

// readBack reads the new content by its path, from the root.
func (c *Candidate) readBack() error {
	now, err := c.f.in.t.openFile(c.f.Path)
	if err != nil {
		return err
	}
	defer now.Close()
	if now.st.Ino != c.st.Ino || now.Digest != c.Digest {
		return fmt.Errorf("%w: somebody wrote it right after it was replaced", ErrChanged)
	}
	return nil
}
