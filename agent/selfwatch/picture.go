package selfwatch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"stigwatch/agent/host"
)

const (
	maxBinary = 1 << 30
	maxFiles  = 500 // in one folder
)

// Picture is all that the agent consists of, at one moment. It is not changed once it
// was taken.
type Picture struct {
	Version  string           `json:"version"`
	Policies string           `json:"policies"`
	Folders  []string         `json:"folders"` // a file that is new in one of these is news
	Parts    map[string]Print `json:"parts"`   // by path; what is not there has one too

	Running string `json:"-"` // digest of the bytes that run; empty: not known
}

// Print is how one part is.
type Print struct {
	Kind   Kind     `json:"kind"`
	There  bool     `json:"there"`
	Digest string   `json:"digest,omitempty"` // empty: it is no file, or cannot be read
	Mode   uint32   `json:"mode,omitempty"`
	UID    uint32   `json:"uid,omitempty"`
	GID    uint32   `json:"gid,omitempty"`
	Link   string   `json:"link,omitempty"`  // where it points to
	Words  []string `json:"words,omitempty"` // of a drop-in what it sets, of a user what he is, of a group who is in it

	stamp stamp
}

// stamp tells, in one life of the agent, whether a file may have been written.
type stamp struct {
	dev, ino     uint64
	size         int64
	mtime, ctime unix.Timespec
}

// look is one look at everything.
type look struct {
	o      *Options
	before *Picture
	host   *host.Host
	parts  map[string]Print
}

// Look takes a picture. Before is the one before it, of this life of the agent or an
// earlier one, or nil.
func (o *Options) Look(before *Picture) (*Picture, error) {
	h, err := host.New(host.Options{Root: o.Root})
	if err != nil {
		return nil, err
	}
	defer h.Close()
	if before == nil {
		before = &Picture{}
	}
	l := &look{o: o, before: before, host: h, parts: map[string]Print{}}
	for _, p := range o.Config {
		l.file(Config, p)
	}
	for _, p := range o.Sinks {
		l.file(Sink, p)
	}
	for _, dir := range o.Mappings {
		l.folder(Config, dir, ".yaml")
	}
	for _, p := range o.units() {
		l.file(Unit, p)
	}
	folders := o.dropIns()
	for _, dir := range folders {
		l.folder(DropIn, dir, ".conf")
	}
	for _, p := range o.links() {
		l.link(p)
	}
	if o.Accounts {
		l.accounts()
	}
	out := &Picture{Version: o.Version, Policies: o.Policies, Folders: slices.Concat(o.Mappings, folders), Parts: l.parts}
	out.Running = l.binary()
	return out, nil
}

// file looks at a file, or at the link that stands in its place and its target.
func (l *look) file(kind Kind, p string) {
	if _, done := l.parts[p]; done {
		return
	}
	print, seen := l.stat(kind, p)
	if !seen {
		l.keep(p)
		return
	}
	defer func() {
		if !l.held(p) {
			l.parts[p] = print
		}
	}()
	if !print.There {
		return
	}
	f, err := l.host.Read(l.o.inside(p))
	if err != nil {
		if was := l.before.Parts[p]; !absent(err) && was.Link == print.Link {
			print.Digest, print.Words = was.Digest, was.Words // what it is when it can be read again is compared with that
		}
		return
	}
	print.Digest = f.Digest
	if kind == DropIn {
		print.Words = settings(f.Bytes)
	}
}

// held keeps the print of before while somebody writes the file. It is asked after
// reading: see watch.Busy.
func (l *look) held(p string) bool {
	return l.o.Busy != nil && l.o.Busy(p) && l.keep(p)
}

// keep takes over what was known of a part, if anything was.
func (l *look) keep(p string) bool {
	was, known := l.before.Parts[p]
	if known {
		l.parts[p] = was
	}
	return known
}

func (l *look) folder(kind Kind, dir, ext string) {
	f, err := os.Open(l.o.At(dir))
	if err != nil {
		for p := range l.before.Parts {
			if path.Dir(p) == dir && !absent(err) {
				l.keep(p)
			}
		}
		return
	}
	defer f.Close()
	names, _ := f.Readdirnames(maxFiles)
	slices.Sort(names)
	for _, name := range names {
		if strings.HasSuffix(name, ext) && !strings.HasPrefix(name, ".") {
			l.file(kind, path.Join(dir, name))
		}
	}
}

// link looks at a link alone: what it leads to is a part of its own.
func (l *look) link(p string) {
	print := Print{Kind: Boot}
	if target, err := os.Readlink(l.o.At(p)); err == nil {
		print.There, print.Link = true, target
	}
	l.parts[p] = print
}

// stat gives all but the digest; not seen is what we may not look at.
func (l *look) stat(kind Kind, p string) (print Print, seen bool) {
	print.Kind = kind
	var st unix.Stat_t
	if err := unix.Lstat(l.o.At(p), &st); err != nil {
		return print, absent(err)
	}
	print.There = true
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		print.Link, _ = os.Readlink(l.o.At(p))
		if unix.Stat(l.o.At(p), &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
			return print, true
		}
	}
	print.Mode, print.UID, print.GID, print.stamp = st.Mode&0o7777, st.Uid, st.Gid, stampOf(&st)
	return print, true
}

func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) }

func stampOf(st *unix.Stat_t) stamp {
	return stamp{dev: uint64(st.Dev), ino: st.Ino, size: st.Size, mtime: st.Mtim, ctime: st.Ctim}
}

// binary looks at the file, and gives the digest of what runs.
func (l *look) binary() string {
	p := l.o.Binary
	if p == "" {
		return ""
	}
	print, seen := l.stat(Binary, p)
	was := l.before.Parts[p]
	switch {
	case !seen:
		print = was
	case print.stamp == stamp{}: // there is no file
	case print.stamp == was.stamp:
		print.Digest = was.Digest
	default:
		var err error
		if print.Digest, err = digest(l.o.At(p)); err != nil {
			print.Digest = was.Digest
		}
	}
	if print.Kind == Binary && !l.held(p) {
		l.parts[p] = print
	}
	if l.before.Running != "" {
		return l.before.Running
	}
	var st unix.Stat_t
	if unix.Stat(l.o.At(l.o.Running), &st) != nil {
		return ""
	}
	if stampOf(&st) == print.stamp {
		return print.Digest
	}
	running, _ := digest(l.o.At(l.o.Running)) // without it nobody knows, which is no fault of the binary
	return running
}

// digest hashes a large file and lets everybody else go first: the daemon's Go code
// runs on one processor.
func digest(name string) (string, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() || fi.Size() > maxBinary {
		return "", errors.Join(err, fmt.Errorf("cannot hash %q: it is no file of a sensible size", name))
	}
	sum, buf := sha256.New(), make([]byte, 64<<10)
	for left := int64(maxBinary); left > 0; {
		n, err := f.Read(buf)
		sum.Write(buf[:n])
		left -= int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
		runtime.Gosched()
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
