package doctor

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestPackagesAreVerified(t *testing.T) {
	const (
		dpkgLine = "/usr/bin/dpkg --verify stigwatch"
		rpmLine  = "/usr/bin/rpm -V stigwatch"
		rpmAsks  = "/usr/bin/rpm -q stigwatch"
	)
	exit := exec.Command("false").Run()
	byDpkg := func(m *machine) { m.file(dpkgList, "", 0o644, 0, 0) }
	byRPM := func(m *machine) { m.file(rpm, "", 0o755, 0, 0) }
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
		"missing":                 {byRPM, rpmLine, "missing     /usr/bin/stigwatch\n", exit, Fail, "/usr/bin/stigwatch is missing"},
		"a missing configuration": {byDpkg, dpkgLine, "missing   c /etc/stigwatch/stigwatch.yaml\n", exit, OK, "was removed"},
		"not to be seen":          {byRPM, rpmLine, "missing     /etc/stigwatch/a (Permission denied)\n", exit, Skipped, "permission denied"},
		"not to be read":          {byRPM, rpmLine, "..?......    /usr/bin/stigwatch\n", exit, Skipped, "permission denied"},
		"a mode":                  {byRPM, rpmLine, ".M.......    /var/lib/stigwatch\n", exit, Fail, "(.M.......)"},
		"no words":                {byRPM, rpmLine, "", exit, Skipped, "cannot have rpm verify"},
		"other words":             {byDpkg, dpkgLine, "dpkg: error: the database is locked\n", exit, Skipped, "the database is locked"},
		"no answer":               {byDpkg, dpkgLine, "", errors.New("no answer within 2m0s"), Skipped, "no answer within"},
		"a flood":                 {byRPM, rpmLine, strings.Repeat("missing     /x\n", 1000), exit, Fail, "and more"},
		"rpm without it":          {byRPM, rpmAsks, "package stigwatch is not installed\n", exit, NotApplicable, "no package"},
		"rpm that does not run":   {byRPM, rpmAsks, "", errors.New("permission denied"), Skipped, "cannot ask rpm"},
		"no package manager":      {func(*machine) {}, "", "", nil, NotApplicable, "no package"},
	} {
		t.Run(name, func(t *testing.T) {
			m := sound(t)
			c.by(m)
			m.said[c.line], m.exits[c.line] = c.said, c.err
			items := m.look("package")
			wantItem(t, items, c.state, c.found, "")
			if len(items) > mostLines+1 {
				t.Errorf("%d items", len(items))
			}
		})
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
