package doctor

import (
	"bytes"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPackagesAreVerified(t *testing.T) {
	const (
		dpkgLine = "/usr/bin/dpkg --verify stigwatch"
		rpmLine  = "/usr/bin/rpm -V --nodeps stigwatch"
		rpmAsks  = "/usr/bin/rpm -q stigwatch"
	)
	exit := exec.Command("false").Run()
	byDpkg := func(*machine) {}
	byRPM := func(m *machine) { m.remove(dpkgLists); m.file(rpm, "", 0o755, 0, 0) }
	for name, c := range map[string]struct {
		by    func(*machine)
		line  string
		said  string
		err   error
		state State
		found string
	}{
		"dpkg, all as it was":     {byDpkg, dpkgLine, "", nil, OK, "dpkg finds everything else"},
		"rpm, all as it was":      {byRPM, rpmLine, "", nil, OK, "rpm finds everything else"},
		"a changed binary":        {byDpkg, dpkgLine, "??5??????   /usr/bin/stigwatch\n", exit, Fail, "/usr/bin/stigwatch is not as the package brought it (??5??????)"},
		"a changed binary, rpm":   {byRPM, rpmLine, "S.5....T.    /usr/bin/stigwatch\n", exit, Fail, "(S.5....T.)"},
		"a configuration":         {byRPM, rpmLine, "S.5....T.  c /etc/stigwatch/stigwatch.yaml\n", exit, OK, "the configuration file /etc/stigwatch/stigwatch.yaml was changed"},
		"a configuration, dpkg":   {byDpkg, dpkgLine, "??5?????? c /etc/stigwatch/stigwatch.yaml\n", exit, OK, "was changed"},
		"documents":               {byDpkg, dpkgLine, "missing     /usr/share/doc/stigwatch\nmissing     /usr/share/man/man1/stigwatch.1.gz\n", exit, Warn, "of stigwatch, 2 documents are not there"},
		"a document and a unit":   {byDpkg, dpkgLine, "missing     /usr/share/doc/stigwatch/x\nmissing     /usr/lib/systemd/system/stigwatch.service\n", exit, Fail, "stigwatch.service is missing"},
		"a changed document":      {byDpkg, dpkgLine, "??5??????   /usr/share/doc/stigwatch/x\n", exit, Fail, "doc/stigwatch/x is not as"},
		"missing":                 {byRPM, rpmLine, "missing     /usr/bin/stigwatch\n", exit, Fail, "/usr/bin/stigwatch is missing"},
		"a missing configuration": {byDpkg, dpkgLine, "missing   c /etc/stigwatch/stigwatch.yaml\n", exit, OK, "was removed"},
		"not to be seen":          {byRPM, rpmLine, "missing     /etc/stigwatch/a (Permission denied)\n", exit, Skipped, "cannot verify /etc/stigwatch/a: permission denied"},
		"not to be read":          {byRPM, rpmLine, "..?......    /usr/bin/stigwatch\n", exit, Skipped, "permission denied"},
		"a mode":                  {byRPM, rpmLine, ".M.......    /var/lib/stigwatch\n", exit, Fail, "(.M.......)"},
		"no words":                {byRPM, rpmLine, "", exit, Skipped, "cannot have rpm verify"},
		"other words":             {byDpkg, dpkgLine, "dpkg: error: the database is locked\n", exit, Skipped, "the database is locked"},
		"no answer":               {byDpkg, dpkgLine, "", errors.New("no answer within 2m0s"), Skipped, "no answer within"},
		"a flood":                 {byRPM, rpmLine, strings.Repeat("missing     /x\n", 1000), exit, Fail, "and more"},
		"rpm without it":          {byRPM, rpmAsks, "package stigwatch is not installed\n", exit, Warn, "no package brought /usr/lib"},
		"rpm's documents":         {byRPM, rpmLine, "missing   d /usr/share/x\n", exit, Warn, "of stigwatch, 1 document is not there"},
		"a database that is away": {byRPM, rpmAsks, "error: cannot open Packages database\n", exit, Skipped, "cannot open Packages"},
		"rpm that does not run":   {byRPM, rpmAsks, "", errors.New("permission denied"), Skipped, "cannot ask rpm"},
		"no package manager":      {func(m *machine) { m.remove(dpkgLists) }, "", "", nil, Warn, "no package brought /usr/lib"},
	} {
		t.Run(name, func(t *testing.T) {
			m := sound(t)
			c.by(m)
			for _, other := range ours[1:] {
				m.exits["/usr/bin/rpm -q "+other], m.said["/usr/bin/rpm -q "+other] = exit, "package "+other+" is not installed\n"
			}
			m.said[c.line], m.exits[c.line] = c.said, c.err
			items := m.look("package")
			wantItem(t, items, c.state, c.found, "")
			if len(items) > mostLines+1 {
				t.Errorf("%d items", len(items))
			}
		})
	}
}

func TestWithoutAPackageThereIsNothingToVerify(t *testing.T) {
	m := sound(t)
	m.remove(dpkgLists)
	m.o.euid = func() int { return 1000 }
	wantItem(t, m.look("package"), Skipped, "this user sees no package", "sudo")
	m.link("/usr/lib/systemd/system/stigwatch.service", "/etc/systemd/system/stigwatch.service") // service install's place
	wantItem(t, m.look("package"), NotApplicable, "no package", "")
}

func TestEachOfOurPackagesIsVerified(t *testing.T) {
	m := sound(t)
	m.remove(dpkgLists)
	m.file(rpm, "", 0o755, 0, 0)
	m.exits["/usr/bin/rpm -q stigwatch-selinux"], m.said["/usr/bin/rpm -q stigwatch-selinux"] = exec.Command("false").Run(), "package stigwatch-selinux is not installed\n"
	m.said["/usr/bin/rpm -V --nodeps stigwatch-enforcer"] = "missing     /usr/lib/systemd/system/stigwatch-enforcer.service\n"
	wantItem(t, m.look("package"), Fail, "stigwatch-enforcer.service is missing", "")
	want := []string{"/usr/bin/rpm -q stigwatch", "/usr/bin/rpm -V --nodeps stigwatch", "/usr/bin/rpm -q stigwatch-enforcer", "/usr/bin/rpm -V --nodeps stigwatch-enforcer", "/usr/bin/rpm -q stigwatch-selinux"}
	if !slices.Equal(m.ran, want) {
		t.Errorf("ran %q", m.ran)
	}
}

func TestCommandsAreBounded(t *testing.T) {
	out, err := run(t.Context(), time.Minute, "/bin/echo", "a", "b; c")
	if out != "a b; c\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	t.Setenv("STIGWATCH_TEST", "1")
	if out, err := run(t.Context(), time.Minute, "/usr/bin/env"); out != "LC_ALL=C\n" || err != nil {
		t.Errorf("environment %q, %v", out, err)
	}
	if _, err := run(t.Context(), time.Millisecond, "/bin/sleep", "60"); err == nil || !strings.Contains(err.Error(), "no answer within 1ms") {
		t.Errorf("%v", err)
	}
	var c capped
	for range 3 {
		if n, err := c.Write(bytes.Repeat([]byte("x"), maxSaid/2+1)); n != maxSaid/2+1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if c.Len() != maxSaid {
		t.Errorf("%d bytes are kept", c.Len())
	}
}
