package doctor

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"

	"stigwatch/agent/service"
)

// The package managers, and where dpkg says that it knows the package.
const (
	dpkg     = "/usr/bin/dpkg"
	dpkgList = "/var/lib/dpkg/info/" + service.Name + ".list"
	rpm      = "/usr/bin/rpm"

	verifyTime = 2 * time.Minute // it reads every file, on a slow disk too
	mostLines  = 20
)

// runner runs a program to its end, and gives what it printed.
type runner func(ctx context.Context, timeout time.Duration, file string, args ...string) (string, error)

func (b *box) packages(ctx context.Context) []Item {
	if _, err := b.stat(dpkgList); err == nil {
		return b.verify(ctx, "dpkg", dpkg, "--verify", service.Name)
	}
	if _, err := b.stat(rpm); err == nil {
		_, err := b.o.run(ctx, verifyTime, b.at(rpm), "-q", service.Name)
		if err == nil {
			return b.verify(ctx, "rpm", rpm, "-V", service.Name)
		}
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
			return []Item{skip("", "cannot ask rpm: %v", err)}
		}
	}
	return []Item{none("no package has installed it")}
}

// verify reads what both programs print for each file that is not as it was: a word of
// results, a "c" for configuration, the path (rpm(8), dpkg(1)).
func (b *box) verify(ctx context.Context, name, file string, args ...string) []Item {
	out, err := b.o.run(ctx, verifyTime, b.at(file), args...)
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return []Item{skip("", "cannot have %s verify the package: %v", name, err)}
	}
	var items []Item
	for line := range strings.Lines(out) {
		if i, found := verified(strings.TrimSpace(line)); found {
			items = append(items, i)
		}
		if len(items) == mostLines {
			return append(items, fail("", "and more"))
		}
	}
	if err != nil && len(items) == 0 {
		return []Item{skip(asRoot, "cannot have %s verify the package: %v: %s", name, err, strings.TrimSpace(out))}
	}
	if worst(items) == NotApplicable || worst(items) == OK {
		items = append(items, ok("%s finds everything else as the package brought it", name))
	}
	return items
}

// verified judges one line.
func verified(line string) (Item, bool) {
	f := strings.Fields(line)
	if len(f) < 2 || !strings.HasPrefix(f[len(f)-1], "/") && !strings.Contains(line, " /") {
		return Item{}, false
	}
	path := line[strings.Index(line, " /")+1:]
	config := len(f) > 2 && f[1] == "c"
	switch {
	case strings.Contains(line, "(Permission denied)"), !config && unknown(f[0]):
		return skip(asRoot, "cannot verify %s: permission denied", path), true
	case f[0] == "missing" && config:
		return ok("the configuration file %s was removed", path), true
	case f[0] == "missing":
		return fail("reinstall the package", "%s is missing", path), true
	case config:
		return ok("the configuration file %s was changed (%s)", path, f[0]), true
	}
	return fail("reinstall the package", "%s is not as the package brought it (%s)", path, f[0]), true
}

// unknown tells a result of which nothing is a difference: each column says that it is
// the same, or that it could not be looked at.
func unknown(results string) bool {
	return strings.Trim(results, ".?") == "" && strings.Contains(results, "?")
}
