package lens

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sshdSetCase() setCase {
	return setCase{name: "sshd", lens: SSHD{}, files: []string{"/etc/ssh/sshd_config", "/etc/ssh/a", "/etc/ssh/b"}, top: 1,
		into: "/etc/ssh/sshd_config",
		seeds: [][]string{
			{"# c\nBanner /a\nbanner=\"/b c\" # x\nMatch User x\n\tBanner '/c'\nMatch all\nInclude a b\nMaxSessions 3\r\n", "", "MaxSessions 4\n"},
			{"Include a\nPort 22\n\"Banner\" /q\nAcceptEnv LANG LC_* # c", "Banner none\nMatch User y\nBanner /y\nBanner /z # c\n", ""},
			{"Port 22\r\nMatch User x\r\nInclude a\r\nBanner /b\r\n", "Match all\nBanner /m\nInclude b\n", "banner /n\n"},
			{"Match all\nBanner none\nMaxSessions 1\n", "", ""},
			{"Include a a\nMatch Group g\nInclude a", "Banner \"/ x\"\nMaxSessions=3\n", ""},
			{"", "", ""},
		},
		queries: []Query{{Path: "banner"}, {Path: "MaxSessions"}, {Path: "match:banner"}, {Path: "AcceptEnv"}, {Path: "match:maxsessions"}},
		wants:   [][]Want{wanted("/etc/issue"), wanted("/etc/is sue"), wanted("none"), wanted("10"), wanted("/y", "/new"), wanted(`a"b'\`), wanted("#")},
		owns: func(q Query, line string) bool {
			doc, err := SSHD{}.Parse("", []byte(line))
			return err == nil && len(doc.Root.Children) == 1 && doc.Root.Children[0].Name == strings.TrimPrefix(strings.ToLower(q.Path), "match:")
		}}
}

func FuzzSetSSHD(f *testing.F) { fuzzSetLaws(f, "sshd") }

func TestSSHDSet(t *testing.T) {
	one := func(texts ...string) []string { return texts }
	checkSet(t, sshdSetCase(), []setChange{
		{"in place, with its comment", one("#Banner x\n\tbANNER = /a  # c\nBanner /b\n"), "banner", wanted("/etc/issue"), one("#Banner x\n\tbANNER = /etc/issue  # c\nBanner /b\n")},
		{"quotes stay", one("Banner \"/a\"\n"), "banner", wanted("/b"), one("Banner \"/b\"\n")},
		{"quotes with a quote", one("Banner '/a'\n"), "banner", wanted("/b'"), one("Banner '/b\\''\n")},
		{"quotes where a blank needs them", one("Banner /a\n"), "banner", wanted("/a b"), one("Banner \"/a b\"\n")},
		{"a sign of comment", one("Banner /a\n"), "banner", wanted("#b"), one("Banner \"#b\"\n")},
		{"an equals sign", one("Banner /a\n"), "banner", wanted("=b"), one("Banner \"=b\"\n")},
		{"the first wins", one("Include a\nBanner /b\n", "Banner /a\n"), "banner", wanted("/c"), one("Include a\nBanner /b\n", "Banner /c\n")},
		{"match all wins", one("Banner /b\nMatch all\nBanner /a\n"), "banner", wanted("/c"), one("Banner /b\nMatch all\nBanner /c\n")},
		{"none gets a path", one("Banner none\nBanner /b\n"), "banner", wanted("/c"), one("Banner /c\nBanner /b\n")},
		{"added at the end", one("Port 22\r\n"), "banner", wanted("/c"), one("Port 22\r\nBanner /c\r\n")},
		{"added without a last line break", one("Port 22"), "MaxSessions", wanted("10"), one("Port 22\nMaxSessions 10")},
		{"added to an empty file", one(""), "MaxSessions", wanted("10"), one("MaxSessions 10\n")},
		{"added before a match", one("Port 22\nMatch User x\nBanner /x\n"), "banner", wanted("/c"), one("Port 22\nBanner /c\nMatch User x\nBanner /x\n")},
		{"added before an include", one("  Include a*\nPort 22\n"), "banner", wanted("/c"), one("Banner /c\n  Include a*\nPort 22\n")},
		{"several words", one("AcceptEnv LANG # c\n"), "AcceptEnv", wanted("LANG LC_*"), one("AcceptEnv LANG LC_* # c\n")},
		{"several new words", one("\n"), "AcceptEnv", wanted("LANG LC_*"), one("\nAcceptEnv LANG LC_*\n")},
		{"taken out wherever it would count", one("Banner /a\r\nInclude a\r\nMatch User x\r\nBanner /x\r\nMatch all\r\nBanner /b # c", "# Banner\nbanner=/d\n"), "banner", nil,
			one("Include a\r\nMatch User x\r\nBanner /x\r\nMatch all\r\n", "# Banner\n")},
		{"none is none already", one("Banner none\nBanner /a\n"), "banner", nil, one("Banner none\nBanner /a\n")},
		{"a file that is included twice", one("Include a\nInclude a\n", "Banner /a\nPort 22\n"), "banner", nil, one("Include a\nInclude a\n", "Port 22\n")},
		{"none stays none", one("Banner /a\nBanner none\n"), "banner", nil, one("Banner none\n")},
		{"several words that become one", one("AcceptEnv \"A\" B\n"), "AcceptEnv", wanted("C"), one("AcceptEnv C\n")},
		{"several words of a keyword that may come", one("NewWord a b\n"), "newword", wanted("c d"), one("NewWord c d\n")},
		{"a matched value changes", one("Match User x\n\tBanner /x # c\nMatch User y\nBanner /y\n"), "match:banner", wanted("/z", "/y"), one("Match User x\n\tBanner /z # c\nMatch User y\nBanner /y\n")},
		{"a matched value goes", one("Match User x\n\tBanner /x # c\nMatch User y\nBanner /y\n"), "match:banner", wanted("/y"), one("Match User x\nMatch User y\nBanner /y\n")},
		{"all matched values go", one("Banner /a\nMatch User x\nInclude a\n", "Banner /y\nMatch all\nBanner /z\n"), "match:banner", nil, one("Banner /a\nMatch User x\nInclude a\n", "Match all\n")},
		{"a matched value more", one("Match User x\nBanner /x\n"), "match:banner", wanted("/x", "/y"), nil},
		{"none is no banner", one("Banner /a\n"), "banner", wanted("none"), nil},
		{"an empty argument", one("Banner /a\n"), "banner", wanted(""), nil},
		{"no number", one("MaxSessions 1\n"), "MaxSessions", wanted("5x"), nil},
		{"no session", one("MaxSessions 1\n"), "MaxSessions", wanted("0"), nil},
		{"no matched session", one("Match User x\nMaxSessions 1\n"), "match:maxsessions", wanted("0"), nil},
		{"a line break", one("Banner /a\n"), "banner", wanted("/a\nPort 1"), nil},
		{"not UTF-8", one("Banner /a\n"), "banner", wanted("\xff"), nil},
		{"too long", one("Banner /a\n"), "banner", wanted(strings.Repeat("x", MaxLine+1)), nil},
		{"too long for its line", one("Banner /a\n"), "banner", wanted(strings.Repeat("x", MaxLine)), nil},
		{"two values", one("Banner /a\n"), "banner", wanted("/a", "/b"), nil},
		{"a file that counts in and out of a match", one("Include a\nMatch User x\nInclude a\n", "Banner /a\n"), "banner", wanted("/b"), nil},
		{"a keyword that is a block", one("\n"), "match", wanted("all"), nil},
		{"a keyword that includes", one("\n"), "include", wanted("a"), nil},
	})
}

func TestSSHDSetInto(t *testing.T) {
	c := sshdSetCase()
	c.into = "/etc/ssh/a"
	checkSet(t, c, []setChange{
		{"added to the file that is named", []string{"Include a\n", "Port 22\nMatch User x\n"}, "banner", wanted("/c"), []string{"Include a\n", "Port 22\nBanner /c\nMatch User x\n"}},
		{"added where it counts", []string{"Port 22\nMatch User x\nInclude a\n", "Port 22\n"}, "banner", wanted("/c"), []string{"Port 22\nBanner /c\nMatch User x\nInclude a\n"}},
		{"included nowhere", []string{"Port 22\n"}, "banner", wanted("/c"), nil},
	})
}

func TestAlignWants(t *testing.T) {
	for _, c := range []struct {
		have  string
		want  string
		takes []int // one way that is best
	}{
		{"a b c", "b", []int{-1, 0, -1}},
		{"a b c", "a c", []int{0, -1, 1}},
		{"a b c d", "x c d", []int{0, -1, 1, 2}},
		{"a b c", "c b", []int{0, 1, -1}},
		{"a b c d", "a x d", []int{0, 1, -1, 2}},
		{"a a", "a", []int{0, -1}},
		{"a b", "", []int{-1, -1}},
	} {
		takes, ok := alignWants(strings.Fields(c.have), wanted(strings.Fields(c.want)...))
		if !ok || len(takes) != len(c.takes) {
			t.Fatalf("%q to %q: %v", c.have, c.want, takes)
		}
		var kept, most, next int
		for i, j := range takes {
			if j >= 0 && j != next {
				t.Errorf("%q to %q: %v is out of order", c.have, c.want, takes)
			}
			next = max(next, j+1)
			if j >= 0 && strings.Fields(c.have)[i] == strings.Fields(c.want)[j] {
				kept++
			}
			if j := c.takes[i]; j >= 0 && strings.Fields(c.have)[i] == strings.Fields(c.want)[j] {
				most++
			}
		}
		if kept != most {
			t.Errorf("%q to %q: %v keeps %d, not %d", c.have, c.want, takes, kept, most)
		}
	}
	if _, ok := alignWants(slices.Repeat([]string{"a"}, 5000), wanted(slices.Repeat([]string{"b"}, 4000)...)); ok {
		t.Error("twenty million pairs are looked at")
	}
}

func TestSSHDSetRefusesIncludesWithoutEnd(t *testing.T) {
	doc, err := SSHD{}.Parse("/f", []byte("Include x\nInclude y\n"))
	if err != nil {
		t.Fatal(err)
	}
	self := &File{Doc: doc, Included: map[*Node][]*File{}}
	for _, inc := range (SSHD{}).Includes(doc) {
		self.Included[inc.Node] = []*File{self}
	}
	_, err = SSHD{}.Set([]*File{self}, Query{Path: "banner"}, wanted("/a"), self)
	var se *SyntaxError
	if !errors.As(err, &se) {
		t.Errorf("got %v", err)
	}
}

// TestSSHDSetAgrees asks the real program about what was written.
func TestSSHDSetAgrees(t *testing.T) {
	ask := realSSHD(t)
	trees := []disk{}
	for _, c := range sshdTrees() {
		trees = append(trees, c.files)
	}
	for _, c := range sshdCases() {
		if c.path == "banner" {
			trees = append(trees, disk{"/f": c.text})
		}
	}
	written := 0
	for _, files := range trees {
		for _, want := range [][]Want{wanted("/new"), wanted("/new #b"), wanted(`/n\"'`), nil} {
			after, err := files.set(t, SSHD{}, Query{Path: "banner"}, want, "/f")
			if errors.Is(err, ErrCannotWrite) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			written++
			if d := cmp.Diff(append([]string{}, textsOf(want)...), ask(after, "banner")); d != "" {
				t.Errorf("%q became %q, and sshd differs: %s", files, after, d)
			}
		}
	}
	if written < 3*len(trees) {
		t.Errorf("only %d of %d were written", written, 4*len(trees))
	}
}

// set gives the files after one value was set, with name's for the file that
// gets what is new.
func (d disk) set(t *testing.T, l Editor, q Query, want []Want, name string) (disk, error) {
	t.Helper()
	f, err := d.file(l, name)
	if err != nil {
		t.Fatal(err)
	}
	edits, err := l.Set([]*File{f}, q, want, f)
	after := disk{}
	for other, text := range d {
		b, err := Apply(other, []byte(text), edits)
		if err != nil {
			t.Fatal(err)
		}
		after[other] = string(b)
	}
	return after, err
}
