package lens

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func chronySetCase() setCase {
	return setCase{
		name: "chrony", lens: Chrony{}, files: []string{"/f", "/c/a.conf", "/s/a.sources"}, top: 1, into: "/f",
		seeds: [][]string{
			{"# c\r\nserver 192.0.2.1 iburst minpoll 4\r\n  peer b\r\npool p maxsources 4\r\nserver a\nserver a prefer offline\n! server x\nrtcsync\n", "server c\n", "server d\npool e"},
			{"confdir /c\nsourcedir /s\nserver a key 1\n", "Server a iburst\n\nserver a", "\uFEFFserver x\nserver y nts\nserver z"},
			{"include /c/a.conf\ninclude /c/a.conf\nserver a", "", ""},
		},
		queries: []Query{{Path: "servers"}},
		wants: [][]Want{
			records("host=192.0.2.9 kind=server"), records("host=n.example kind=pool", "host=2001:db8::1 kind=peer"),
			records("host=a"), records("host=192.0.2.1 kind=server", "host=n.example"), records("host=a_b-c.example. kind=server"),
			records("host=x~y kind=server"), records("host=a kind=refclock"), records("kind=server"), {{Text: "a"}},
		},
		owns: func(_ Query, line string) bool {
			low := strings.ToLower(strings.TrimSpace(line))
			return strings.HasPrefix(low, "server") || strings.HasPrefix(low, "pool") || strings.HasPrefix(low, "peer")
		},
	}
}

func ntpSetCase() setCase {
	c := chronySetCase()
	c.name, c.lens, c.files = "ntp", NTP{}, []string{"/f", "/i"}
	c.seeds = [][]string{
		{"server -4 a iburst # c\npeer \"b\"\npool c#d\nserver 127.127.1.0\nincludefile /i\ndriftfile /d\n", "server i\nserver a"},
		{"restrict default ignore\nserver a\n", ""},
		{"server a\r\n  server b minpoll 4 # the old one\r\nserver k key 7\n", ""},
	}
	return c
}

func TestSetChrony(t *testing.T) {
	want := records("host=a kind=server", "host=b kind=server")
	checkList(t, chronySetCase(), []listChange{
		{name: "added behind the last", before: []string{"# c\nserver a iburst minpoll 4\n\nrtcsync\n"}, want: want,
			after: []string{"# c\nserver a iburst minpoll 4\nserver b iburst\n\nrtcsync\n"}},
		{name: "none yet", before: []string{"rtcsync\n"}, want: records("host=a", "host=p kind=pool", "host=q kind=peer"),
			after: []string{"rtcsync\nserver a iburst\npool p iburst\npeer q\n"}},
		{name: "an empty file", want: records("host=a"), after: []string{"server a iburst\n"}},
		{name: "the host alone changes", before: []string{"server x iburst minpoll 4\nserver a\n"}, want: want,
			after: []string{"server b iburst minpoll 4\nserver a\n"}},
		{name: "options that do not fit another host", before: []string{"server x offline\n"}, want: records("host=b"),
			after: []string{"server b iburst\n"}},
		{name: "another kind", before: []string{"  pool x\r\nrtcsync\r\n"}, want: records("host=b"),
			after: []string{"  server b iburst\r\nrtcsync\r\n"}},
		{name: "removed", before: []string{"# c\nserver a\n\nserver b\n"}, want: records("host=b"), after: []string{"# c\n\nserver b\n"}},
		{name: "all removed", before: []string{"server a\npool b\n"}, after: []string{""}},
		{name: "one of two alike", before: []string{"server a iburst\nserver a\n"}, want: records("host=a"), after: []string{"server a iburst\n"}},
		{name: "twice", before: []string{"server a\n"}, want: records("host=a", "host=a"), after: []string{"server a\nserver a iburst\n"}},
		{name: "without a last newline", before: []string{"server a"}, want: want, after: []string{"server a\nserver b iburst"}},
		{name: "the last line goes", before: []string{"rtcsync\npool x maxdelay 1"}, want: records("host=a"), after: []string{"rtcsync\nserver a iburst"}},
		{name: "line ends", before: []string{"server a\r\n"}, want: want, after: []string{"server a\r\nserver b iburst\r\n"}},
		{name: "the last line of a sources file does not count", before: []string{"sourcedir /s\n", "", "server x"}, into: "/s/a.sources", want: records("host=a"),
			after: []string{"sourcedir /s\n", "", "server a iburst\nserver x"}},
		{name: "in a sources file", before: []string{"sourcedir /s\n", "", "server b\nserver x"}, into: "/s/a.sources", want: want,
			after: []string{"sourcedir /s\n", "", "server b\nserver a iburst\nserver x"}},
		{name: "in another file", before: []string{"confdir /c\nserver a\n", "pool x\n"}, want: want,
			after: []string{"confdir /c\nserver a\nserver b iburst\n", ""}},
		{name: "keys", before: []string{"server x key 1\n"}, want: want, why: `/f:1: its option "key"`},
		{name: "keys may go", before: []string{"server x key 1\nserver a\n"}, want: records("host=a"), after: []string{"server a\n"}},
		{name: "a file that is read twice", before: []string{"include /c/a.conf\ninclude /c/a.conf\n", "server a\n"}, want: records("host=a"), why: "/c/a.conf:1: one statement"},
		{name: "into a file that is read twice", before: []string{"include /c/a.conf\ninclude /c/a.conf\n"}, into: "/c/a.conf", want: records("host=a"), why: "would not say"},
		{name: "a file that is not read", before: []string{""}, into: "/c/a.conf", want: records("host=a"), why: "no file"},
		{name: "no host", want: records("kind=server"), why: "is no host"},
		{name: "a port", want: records("host=a:123"), why: "is no host"},
		{name: "a name that is a number", want: records("host=1.2.3"), why: "is no host"},
		{name: "a zone", want: records("host=fe80::1%eth0"), why: "is no host"},
		{name: "two lines", want: []Want{{Fields: map[string]string{"host": "a\nb"}}}, why: "is no host"},
		{name: "an option", want: records("host=-4"), why: "is no host"},
		{name: "too long", want: records("host=" + strings.Repeat("a.", 130)), why: "is no host"},
		{name: "a kind", want: records("host=a kind=refclock"), why: "is no kind"},
		{name: "another field", want: records("host=a port=1"), why: "no field"},
		{name: "no record", want: wanted("a"), why: "records"},
	})
}

func TestSetNTP(t *testing.T) {
	checkList(t, ntpSetCase(), []listChange{
		{name: "the host alone changes", before: []string{"server \"x\" iburst\nserver 127.127.1.0\n"}, want: records("host=b"),
			after: []string{"server \"b\" iburst\nserver 127.127.1.0\n"}},
		{name: "a comment about the old one", before: []string{"server x # X\ndriftfile /d\n"}, want: records("host=b"),
			after: []string{"server b iburst\ndriftfile /d\n"}},
		{name: "the family of the old one", before: []string{"server -4 x\n"}, want: records("host=2001:db8::1"), after: []string{"server 2001:db8::1 iburst\n"}},
		{name: "behind the last", before: []string{"server a\nincludefile /i\n", "server i\n"}, want: records("host=i", "host=a", "host=b kind=pool"),
			after: []string{"server a\npool b iburst\nincludefile /i\n", "server i\n"}},
		{name: "the local clock is none", want: records("host=127.127.1.0"), why: "would not say"},
		{name: "a family is none", want: records("host=ipv4"), why: "would not say"},
		{name: "all others are ignored", before: []string{"restrict -6 default ignore\nserver a\n"}, want: records("host=b"), why: "/f:1: it makes ntpd ignore"},
		{name: "all others are ignored, by address", before: []string{"restrict 0.0.0.0 mask 0.0.0.0 ignore\n"}, want: records("host=b"), why: "/f:1: it makes ntpd ignore"},
	})
}

// TestSetChronyIsRead asks chronyd whether it takes what was written.
func TestSetChronyIsRead(t *testing.T) {
	chronyd := realProgram(t, "chronyd", "/usr/sbin/chronyd")
	want := records("host=192.0.2.1", "host=pool.example kind=pool", "host=192.0.2.3 kind=peer", "host=2001:db8::4")
	got, err := setList(t, chronySetCase(), []string{"server x iburst minpoll 4\nserver y maxdelay 1", "", ""}, Query{Path: "servers"}, want)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "chrony.conf")
	if err := os.WriteFile(name, []byte(got[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(chronyd, "-p", "-f", name).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, line := range []string{"server 192.0.2.1 iburst minpoll 4", "pool pool.example iburst", "peer 192.0.2.3", "server 2001:db8::4 iburst"} {
		if !strings.Contains(string(out), line) {
			t.Errorf("chronyd does not read %q:\n%s", line, out)
		}
	}
}
