package doctor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"stigwatch/agent/fips"
	"stigwatch/agent/journal"
)

var errUntried = errors.New("there is nothing to connect to")

func (b *box) journal(context.Context) []Item {
	const take = "stigwatch journal key, on a terminal; keep it on another machine"
	if b.agent != nil && b.agent.Agent != nil {
		j := b.agent.Agent.Journal
		switch {
		case j == nil:
			return []Item{fail("stigwatch status", "the agent has no journal: the folder %s takes none", b.o.Config.StateDir)}
		case j.Fault != "":
			return []Item{fail("stigwatch status", "nothing can be recorded: %s", j.Fault)}
		case j.KeyWaits:
			return []Item{ok("%s", plural(int(j.Entries), "entry", "entries")), warn(take, "nobody has taken its verification key")}
		}
		return []Item{ok("%s, and its verification key is taken", plural(int(j.Entries), "entry", "entries"))}
	}
	dir := b.o.Config.StateDir
	switch _, err := b.stat(filepath.Join(dir, "journal.db")); {
	case absent(err):
		return []Item{none("there is no journal in %s yet", dir)}
	case err != nil:
		return []Item{unseen(dir, err)}
	case journal.KeyWaits(b.at(dir)):
		return []Item{b.notSaid(), warn(take, "nobody has taken the journal's verification key")}
	}
	return []Item{b.notSaid(), ok("the journal's verification key is taken")}
}

// What is little room, for a journal that grows by some MB in a busy month and is
// compacted by writing it anew.
const (
	tooFull    = 64 << 20
	nearlyFull = 512 << 20
	noInodes   = 100
	fewInodes  = 10_000
)

func (b *box) disk(context.Context) []Item {
	dir := b.o.Config.StateDir
	var fs unix.Statfs_t
	err := unix.Statfs(b.at(dir), &fs)
	if absent(err) {
		dir = filepath.Dir(dir)
		err = unix.Statfs(b.at(dir), &fs)
	}
	if err != nil {
		return []Item{unseen(dir, err)}
	}
	return room(dir, &fs)
}

// room judges a file system; one that counts no inodes (Btrfs) has enough.
func room(dir string, fs *unix.Statfs_t) []Item {
	const next = "make room; the journal keeps what it holds, and waits"
	free, inodes := fs.Bavail*uint64(fs.Bsize), fs.Ffree
	found := fmt.Sprintf("%s has %d MB free", dir, free>>20)
	if fs.Files > 0 {
		found += fmt.Sprintf(" and %d inodes", inodes)
	} else {
		inodes = fewInodes
	}
	switch {
	case fs.Flags&unix.ST_RDONLY != 0:
		return []Item{fail("mount it writable", "%s is on a read-only file system", dir)}
	case free < tooFull || inodes < noInodes:
		return []Item{fail(next, "%s", found)}
	case free < nearlyFull || inodes < fewInodes:
		return []Item{warn(next, "%s", found)}
	}
	return []Item{ok("%s", found)}
}

// clock is what adjtimex(2) says.
type clock struct {
	synchronised bool
	maxError     time.Duration
}

func kernelClock() (clock, error) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return clock{}, err
	}
	return clockOf(state, &t), nil
}

func clockOf(state int, t *unix.Timex) clock {
	return clock{state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0, time.Duration(t.Maxerror) * time.Microsecond}
}

func (b *box) clock(context.Context) []Item {
	c, err := b.o.clock()
	switch {
	case err != nil:
		return []Item{skip("", "cannot ask the kernel: %v", err)}
	case !c.synchronised:
		return []Item{fail("chronyc tracking, timedatectl", "the kernel says that nobody synchronises the clock: times in alerts and in the journal are not to be relied on")}
	}
	return []Item{ok("the clock is synchronised, at most %s wrong by the kernel's estimate", c.maxError.Round(time.Millisecond))}
}

// fips looks at the mode and at the module: switched on in a build of another module it
// is that module's, which nobody certified.
func (b *box) fips(context.Context) []Item {
	kernel, err := b.text("/proc/sys/crypto/fips_enabled")
	on := strings.TrimSpace(kernel) == "1"
	if b.agent == nil || b.agent.Agent == nil {
		return []Item{b.notSaid()}
	}
	const next = "a release build whose unit has Environment=GODEBUG=fips140=on"
	a := b.agent.Agent
	switch {
	case !a.FIPS && on:
		return []Item{fail(next, "the kernel is in FIPS mode, and the agent is not")}
	case !a.FIPS:
		return []Item{warn(next, "the agent is not in FIPS mode")}
	case a.FIPSModule != fips.Certified:
		return []Item{warn("a release build", "the agent is in FIPS mode, and its module %q is not the certified %s", a.FIPSModule, fips.Certified)}
	case on:
		return []Item{ok("the agent is in FIPS mode with the certified module, and so is the kernel")}
	case err != nil:
		return []Item{ok("the agent is in FIPS mode with the certified module; the kernel does not tell whether it is")}
	}
	return []Item{ok("the agent is in FIPS mode with the certified module; the kernel is not, which a rule judges")}
}
