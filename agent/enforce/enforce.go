// Package enforce owns changing the machine: transactions of file replacements,
// with a write-ahead log and copies for undo.
//
// One job replaces several files, and ends with all of them new or all of them
// old. Each step is written to the ledger, and synced, before what it announces is
// done; whatever dies, Recover finds in the ledger what may have happened, looks at
// the files, and goes back. It goes forward only from the last state, when all rules
// have been judged and nothing but tidying is left. Going back in the same process
// and after a crash is the same code, so that it is tested by both.
//
// What somebody else writes is never touched: a file that holds neither content of
// a job ends it as a conflict, which names both.
package enforce

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"stigwatch/agent/ownership"
	"stigwatch/agent/replace"
)

// DefaultDir is where the ledger and the copies are on an appliance.
const DefaultDir = "/var/lib/stigwatch-enforcer"

const (
	defaultCheckTimeout  = 10 * time.Second
	defaultReloadTimeout = time.Minute
)

// Errors that a caller branches on; more of them are types in errors.go.
var (
	ErrHeld       = errors.New("another process uses it")
	ErrUnsafe     = errors.New("it is not this user's alone")
	ErrUnfinished = errors.New("an earlier plan is unfinished and has to be recovered first")
	ErrUnknown    = errors.New("there is no such plan")
	ErrNothing    = errors.New("it would change nothing")
	ErrCopiesGone = errors.New("its copies have been removed, for age or size")
	ErrTooLate    = errors.New("its time to be confirmed is over")
)

// Options of an Engine. Nil functions do nothing and find nothing wrong.
type Options struct {
	Dir      string          // "" is DefaultDir; made when it is not there, its parent not
	Files    replace.Options // Step is set from Step
	Programs []Program       // which program checks which file; nil is Programs(), empty is none

	Reload  func(ctx context.Context, units []string) error // units of the files that changed, sorted
	Healthy func(ctx context.Context, units []string) error // asked after Reload
	Judge   func(ctx context.Context, r Record) error       // judges all rules again; an error takes everything back
	Now     func() time.Time                                // nil is time.Now
	Step    func(name string) error                         // for tests: asked before each thing done to the disk; see replace.Options

	CheckTimeout  time.Duration // of one program; 0 is 10 s
	ReloadTimeout time.Duration // of reloading and asking again after files were taken back; 0 is a minute
}

// Engine applies jobs, one at a time. It is safe for use by several goroutines;
// what changes nothing does not wait for what does.
type Engine struct {
	opts  Options
	tree  *replace.Tree
	lock  *os.File
	plans string // the folder of plans

	busy sync.Mutex // held by whoever changes files or the ledger

	mu      sync.Mutex // guards records
	records []Record   // by Seq; the ledger as it is on disk
}

// Open takes the state folder, which nobody else may be using (ErrHeld) or be able
// to write to (ErrUnsafe) or have brought further (SchemaError), and reads the ledger. Call Recover before anything else.
func Open(o Options) (*Engine, error) {
	if o.Dir == "" {
		o.Dir = DefaultDir
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Programs == nil {
		o.Programs = Programs()
	}
	if o.CheckTimeout <= 0 {
		o.CheckTimeout = defaultCheckTimeout
	}
	if o.ReloadTimeout <= 0 {
		o.ReloadTimeout = defaultReloadTimeout
	}
	o.Files.Step = o.Step
	e := &Engine{opts: o, plans: filepath.Join(o.Dir, "plans")}
	if err := e.open(); err != nil {
		e.Close()
		return nil, fmt.Errorf("cannot open state folder %q: %w", o.Dir, err)
	}
	return e, nil
}

func (e *Engine) open() error {
	err := own(e.opts.Dir)
	if err != nil {
		return err
	}
	if e.lock, err = hold(filepath.Join(e.opts.Dir, "lock")); err != nil {
		return err
	}
	if err := known(e.opts.Dir); err != nil {
		return err
	}
	if err := own(e.plans); err != nil {
		return err
	}
	if e.records, err = e.load(); err != nil {
		return err
	}
	e.tree, err = replace.New(e.opts.Files)
	return err
}

// Close lets the state folder go. Calls after it fail.
func (e *Engine) Close() error {
	var errs []error
	if e.tree != nil {
		errs = append(errs, e.tree.Close())
	}
	if e.lock != nil {
		// A program that is being started may have the lock open for another instant.
		errs = append(errs, unix.Flock(int(e.lock.Fd()), unix.LOCK_UN), e.lock.Close())
	}
	return errors.Join(errs...)
}

// own makes a folder that only this user can write to, or sees that it is one.
func own(dir string) error {
	switch err := os.Mkdir(dir, 0o700); {
	case err == nil:
		if err := syncDir(filepath.Dir(dir)); err != nil {
			return err
		}
	case !errors.Is(err, os.ErrExist):
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return err
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return fmt.Errorf("%w: %q is no folder", ErrUnsafe, dir)
	case int(st.Uid) != os.Geteuid():
		return fmt.Errorf("%w: %q belongs to uid %d, not to %d", ErrUnsafe, dir, st.Uid, os.Geteuid())
	case st.Mode&0o022 != 0:
		return fmt.Errorf("%w: %q has mode %04o, others may write to it", ErrUnsafe, dir, st.Mode&0o7777)
	}
	if os.Geteuid() != 0 {
		return nil
	}
	if err := ownership.Alone(dir); err != nil { // who owns a folder above it can put another in its place
		return fmt.Errorf("%w: %w", ErrUnsafe, err)
	}
	return nil
}

func hold(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if err == unix.EWOULDBLOCK {
		return nil, ErrHeld
	}
	return nil, err
}

func (e *Engine) now() time.Time {
	return e.opts.Now().UTC()
}

func (e *Engine) step(name string) error {
	if e.opts.Step == nil {
		return nil
	}
	return e.opts.Step(name)
}

// newID gives an id that sorts by time and has not been given before.
func (e *Engine) newID() (string, error) {
	for {
		var b [2]byte
		if _, err := io.ReadFull(rand.Reader, b[:]); err != nil {
			return "", err
		}
		id := fmt.Sprintf("%s-%x", e.now().Format("20060102T150405Z"), b)
		if _, err := os.Lstat(filepath.Join(e.plans, id)); errors.Is(err, os.ErrNotExist) {
			return id, nil
		}
	}
}
