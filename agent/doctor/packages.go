package doctor

import (
	"context"
	"errors"
	"os/exec"
	"path"
	"strings"
	"time"

	"stigwatch/agent/service"
)

// The package managers, and where dpkg says which packages it knows.
const (
	dpkg      = "/usr/bin/dpkg"
	dpkgLists = "/var/lib/dpkg/info"
	rpm       = "/usr/bin/rpm"

	verifyTime = 2 * time.Minute // it reads every file, on a slow disk too
	mostLines  = 20
)

// ours are the names of our packages.
var ours = []string{service.Name, service.Name + "-enforcer", service.Name + "-selinux"}

// runner runs a program to its end, and gives what it printed.
type runner func(ctx context.Context, timeout time.Duration, file string, args ...string) (string, error)

func (b *box) packages(ctx context.Context) []Item {
	var items []Item
	_, noRPM := b.stat(rpm)
	for _, name := range ours {
		if _, err := b.stat(path.Join(dpkgLists, name+".list")); err == nil {
			items = append(items, b.verify(ctx, name, dpkg, "--verify", name)...)
			continue
		}
		if noRPM != nil {
			continue
		}
		switch out, err := b.o.run(ctx, verifyTime, b.at(rpm), "-q", name); {
		case err == nil:
			items = append(items, b.verify(ctx, name, rpm, "-V", "--nodeps", name)...)
		case !strings.Contains(out, "is not installed"):
			items = append(items, skip(asRoot, "cannot ask rpm for %s: %v: %s", name, err, strings.TrimSpace(out)))
		}
	}
	if len(items) == 0 {
		return []Item{b.unpackaged()}
	}
	return items
}

// unpackaged: a unit where packages put theirs, of which no package knows, was copied by
// hand, or the list of packages is not for this user to see.
func (b *box) unpackaged() Item {
	at, _ := b.installed(agentUnit)
	switch {
	case !strings.HasPrefix(at, "/usr/lib/") && !strings.HasPrefix(at, "/lib/"):
		return none("no package has installed it")
	case b.o.euid() != 0:
		return skip(asRoot, "%s is there, and this user sees no package that brought it", at)
	}
	return warn("install the package, or stigwatch service install", "no package brought %s", at)
}

// verify reads what both programs print for each file that is not as it was: a word of
// results, a "c" for configuration, the path (rpm(8), dpkg(1)).
func (b *box) verify(ctx context.Context, name, file string, args ...string) []Item {
	by := path.Base(file)
	out, err := b.o.run(ctx, verifyTime, b.at(file), args...)
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return []Item{skip("", "cannot have %s verify %s: %v", by, name, err)}
	}
	var items []Item
	documents := 0
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if undocumented(line) {
			documents++
			continue
		}
		if i, found := verified(line); found {
			items = append(items, i)
		}
		if len(items) == mostLines {
			return append(items, fail("", "and more"))
		}
	}
	if err != nil && len(items)+documents == 0 {
		return []Item{skip(asRoot, "cannot have %s verify %s: %v: %s", by, name, err, strings.TrimSpace(out))}
	}
	if documents > 0 {
		items = append(items, warn("", "of %s, %s not there: this machine keeps none, or somebody removed them", name, plural(documents, "document is", "documents are")))
	}
	if state := worst(items); state != Fail && state != Skipped {
		items = append(items, ok("%s finds everything else of %s as the package brought it", by, name))
	}
	return items
}

// parts are a line's results, its letter, "c" for configuration and "d" for documents,
// and where the path begins; rpm(8) has more letters.
func parts(line string) (results, letter, file string) {
	f := strings.Fields(line)
	i := strings.Index(line, " /")
	if len(f) < 2 || i < 0 {
		return "", "", ""
	}
	if len(f[1]) == 1 {
		letter = f[1]
	}
	return f[0], letter, line[i+1:]
}

// undocumented tells a page that is not there: many machines are made to keep none
// (path-exclude of dpkg.cfg(5)).
func undocumented(line string) bool {
	results, letter, file := parts(line)
	return results == "missing" && (letter == "d" || strings.HasPrefix(file, "/usr/share/doc/") || strings.HasPrefix(file, "/usr/share/man/")) &&
		!strings.HasSuffix(file, deniedMark)
}

// deniedMark is what both put behind a path that they may not look at.
const deniedMark = " (Permission denied)"

// verified judges one line.
func verified(line string) (Item, bool) {
	results, letter, file := parts(line)
	config := letter == "c"
	switch {
	case results == "":
		return Item{}, false
	case strings.HasSuffix(line, deniedMark), !config && unknown(results):
		return skip(asRoot, "cannot verify %s: permission denied", strings.TrimSuffix(file, deniedMark)), true
	case results == "missing" && config:
		return ok("the configuration file %s was removed", file), true
	case results == "missing":
		return fail("reinstall the package", "%s is missing", file), true
	case config:
		return ok("the configuration file %s was changed (%s)", file, results), true
	}
	return fail("reinstall the package", "%s is not as the package brought it (%s)", file, results), true
}

// unknown tells a result of which nothing is a difference: each column says that it is
// the same, or that it could not be looked at.
func unknown(results string) bool {
	return strings.Trim(results, ".?") == "" && strings.Contains(results, "?")
}
