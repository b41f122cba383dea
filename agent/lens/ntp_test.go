package lens

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChrony(t *testing.T) {
	checkProgram(t, Chrony{}, []programCase{
		{"kinds", "server 192.0.2.1 iburst\npeer b\npool c maxsources 2\n", "servers", []string{"host=192.0.2.1 kind=server", "host=b kind=peer", "host=c kind=pool"}},
		{"case", "SERVER a\n", "servers", []string{"host=a kind=server"}},
		{"comments", "! server a\n; server b\n# server c\n  % server d\n", "servers", nil},
		{"twice is twice", "server a\nserver a\n", "servers", []string{"host=a kind=server", "host=a kind=server"}},
		{"near misses", "servers a\nlocal stratum 10\nallow server\nserver\n", "servers", nil},
	})
}

func TestChronyIncludes(t *testing.T) {
	cases := []struct {
		name  string
		files disk
		want  []string
	}{
		{"include", disk{"/f": "server a\ninclude /i/*.conf\nserver z\n", "/i/1.conf": "server i\n", "/i/1.txt": "server x\n"}, []string{"a", "i", "z"}},
		{"one name counts once", disk{"/f": "confdir /c /d\n", "/c/2.conf": "server c2\n", "/d/1.conf": "server d1\n", "/d/2.conf": "server d2\n"}, []string{"d1", "c2"}},
		{"sources", disk{"/f": "sourcedir /s\n", "/s/a.sources": "server a\npool b\n", "/s/a.conf": "server x\n"}, []string{"a", "b"}},
		{"sources without end", disk{"/f": "sourcedir /s\n", "/s/a.sources": "server a\nserver b"}, []string{"a"}},
		{"file without end", disk{"/f": "confdir /s\n", "/s/a.conf": "server a\nserver b"}, []string{"a", "b"}},
		{"no includes in sources", disk{"/f": "sourcedir /s\n", "/s/a.sources": "include /i\n", "/i": "server a\n"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var hosts []string
			for _, v := range c.files.asked(t, Chrony{}, "servers", "/f") {
				hosts = append(hosts, v.Fields["host"])
			}
			if d := cmp.Diff(c.want, hosts); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestChronyAgrees compares with what chronyd says that it read. It does not
// run.
func TestChronyAgrees(t *testing.T) {
	chronyd := realProgram(t, "chronyd", "/usr/sbin/chronyd")
	dir := t.TempDir()
	text := "! c\nServer 192.0.2.1 iburst\n # server x\npool 192.0.2.2\n;server y\nconfdir DIR/c DIR/d\npeer 192.0.2.3\ninclude DIR/i*\n"
	files := disk{"/f": text, "/c/2.conf": "server 192.0.2.4\n", "/d/1.conf": "server 192.0.2.5\n", "/d/2.conf": "server 192.0.2.6\n", "/i1": "server 192.0.2.7\n"}
	placed := disk{}
	for name, text := range files {
		placed[dir+name] = strings.ReplaceAll(text, "DIR", dir)
		if err := os.MkdirAll(filepath.Dir(dir+name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+name, []byte(placed[dir+name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(chronyd, "-p", "-f", dir+"/f").Output()
	if err != nil {
		t.Skipf("SKIPPED: the comparison with chronyd: %v", err)
	}
	var want, got []string
	for line := range strings.Lines(string(out)) {
		if words := strings.Fields(line); len(words) > 1 && strings.Contains("server peer pool", strings.ToLower(words[0])) {
			want = append(want, strings.ToLower(words[0])+" "+words[1])
		}
	}
	for _, v := range placed.asked(t, Chrony{}, "servers", dir+"/f") {
		got = append(got, v.Fields["kind"]+" "+v.Fields["host"])
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("chronyd differs: %s", d)
	}
}

func TestNTP(t *testing.T) {
	checkProgram(t, NTP{}, []programCase{
		{"kinds", "server 192.0.2.1 iburst\npeer b\npool c\n", "servers", []string{"host=192.0.2.1 kind=server", "host=b kind=peer", "host=c kind=pool"}},
		{"family", "server -6 a\nserver ipv4 b\n", "servers", []string{"host=a kind=server", "host=b kind=server"}},
		{"local clock", "server 127.127.1.0\nfudge 127.127.1.0 stratum 10\nserver 127.0.0.1\n", "servers", []string{"host=127.0.0.1 kind=server"}},
		{"comments", "#server a\n server b#c\n", "servers", []string{"host=b kind=server"}},
		{"quotes", "server \"a\"\n", "servers", []string{"host=a kind=server"}},
		{"near misses", "Server a\nrestrict b\nserver\n", "servers", nil},
	})
	files := disk{"/f": "includefile /i\nserver a\n", "/i": "server i\n"}
	if d := cmp.Diff([]string{"host=i kind=server", "host=a kind=server"}, said(files.asked(t, NTP{}, "servers", "/f"))); d != "" {
		t.Error(d)
	}
}

func TestASourceThatIsOnlyLookedAtIsNone(t *testing.T) {
	for name, l := range map[string]Lens{"chrony": Chrony{}, "ntp": NTP{}} {
		doc, err := l.Parse("/f", []byte("server a iburst\nserver b iburst noselect\npool c NoSelect\nserver noselect\n"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := l.Get([]*File{{Doc: doc}}, Query{Path: "servers"})
		if err != nil || len(got) != 2 || got[0].Fields["host"] != "a" || got[1].Fields["host"] != "noselect" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
