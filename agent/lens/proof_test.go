package lens

import (
	"errors"
	"strings"
	"testing"
)

// TestProofRefuses gives edits that no lens should make to the proof.
func TestProofRefuses(t *testing.T) {
	const a, b = "Banner /a\nPort 22\nInclude b\nMatch User x\nBanner /x\n", "Port 23\n"
	for _, c := range []struct {
		name  string
		edits []Edit
		why   string // "" for good
	}{
		{"good", []Edit{{"/etc/ssh/a", 7, 9, "/n"}}, ""},
		{"good, said twice", []Edit{{"/etc/ssh/a", 0, 10, "Banner /n\n"}, {"/etc/ssh/a", 0, 10, "Banner /n\n"}}, ""},
		{"another value", []Edit{{"/etc/ssh/a", 7, 9, "/m"}}, "no way to say that"},
		{"another keyword", []Edit{{"/etc/ssh/a", 7, 17, "/n\nPort 2"}}, "another setting"},
		{"another keyword in another file", []Edit{{"/etc/ssh/a", 7, 9, "/n"}, {"/etc/ssh/b", 0, 4, "port"}, {"/etc/ssh/b", 6, 7, "4"}}, "another setting"},
		{"a line more", []Edit{{"/etc/ssh/a", 7, 9, "/n\nPort 1"}}, "another setting"},
		{"another question", []Edit{{"/etc/ssh/a", 7, 9, "/n"}, {"/etc/ssh/a", strings.Index(a, "/x"), strings.Index(a, "/x") + 2, "/y"}}, `"match:banner"`},
		{"another include", []Edit{{"/etc/ssh/a", 7, 9, "/n"}, {"/etc/ssh/a", 26, 27, "c"}}, "other files"},
		{"not of the format", []Edit{{"/etc/ssh/a", 7, 9, `"/n`}}, "not be readable"},
		{"one over the other", []Edit{{"/etc/ssh/a", 7, 9, "/n"}, {"/etc/ssh/a", 8, 9, "n"}}, "overlap"},
	} {
		f, err := disk{"/etc/ssh/a": a, "/etc/ssh/b": b}.file(SSHD{}, "/etc/ssh/a")
		if err != nil {
			t.Fatal(err)
		}
		p := proof{lens: SSHD{}, files: []*File{f}, keeps: []Query{{Path: "match:banner"}}, rest: restBut("banner")}
		edits, err := p.of(Query{Path: "banner"}, wanted("/n"), c.edits)
		if c.why == "" && (err != nil || len(edits) != 1) {
			t.Errorf("%s: %+v, %v", c.name, edits, err)
		}
		if c.why != "" && (!errors.Is(err, ErrCannotWrite) || !strings.Contains(err.Error(), c.why) || edits != nil) {
			t.Errorf("%s: %+v, %v", c.name, edits, err)
		}
	}
}

func TestSaysAlready(t *testing.T) {
	a := map[string]string{"a": "1"}
	for _, c := range []struct {
		vs   []Value
		want []Want
		same bool
	}{
		{nil, nil, true},
		{[]Value{{Text: "x"}}, wanted("x"), true},
		{[]Value{{Text: "x"}}, wanted("y"), false},
		{[]Value{{Text: "x"}}, wanted("x", "x"), false},
		{[]Value{{Text: "x"}}, nil, false},
		{[]Value{{}}, []Want{{Fields: map[string]string{}}}, false},
		{[]Value{{Fields: a}}, []Want{{Fields: map[string]string{"a": "1"}}}, true},
		{[]Value{{Fields: a}}, []Want{{Fields: map[string]string{"a": "2"}}}, false},
		{[]Value{{Fields: a}}, []Want{{Fields: map[string]string{"b": "1"}}}, false},
		{[]Value{{Fields: a}}, []Want{{Fields: map[string]string{"a": "1", "b": "1"}}}, false},
		{[]Value{{Fields: a}}, wanted(""), false},
	} {
		if saysAlready(c.vs, c.want) != c.same {
			t.Errorf("%+v and %+v", c.vs, c.want)
		}
	}
}

// TestRefusalsSayWhy reads the sentences: each names what is in the way.
func TestRefusalsSayWhy(t *testing.T) {
	hash := wanted("$6$abcdefgh$0123456789")
	for _, r := range []struct {
		c    setCase
		text string // of each file
		path string
		want []Want
		why  string
	}{
		{keyValueSetCase(), "a=1\n", "a", wanted("2\n"), "line break"},
		{keyValueSetCase(), "a=1\n", "a", wanted("2\x00"), "NUL"},
		{keyValueSetCase(), "a=1\n", "a", wanted("\xff"), "UTF-8"},
		{keyValueSetCase(), "a=1\n", "a", hash, "secret"},
		{keyValueSetCase(), "a=1\n", "a", wanted(strings.Repeat("x", MaxLine+1)), "longer than"},
		{keyValueSetCase(), "a=1\n", "a", wanted("1", "2"), "one value, not 2"},
		{keyValueSetCase(), "a=1\n", "a", []Want{{Fields: map[string]string{}}}, "not a record"},
		{textSetCase(), "a\n", "", []Want{{Fields: map[string]string{}}}, "not a record"},
		{textSetCase(), "0\n", "bool01", wanted("true"), "kernel"},
		{textSetCase(), "a\n", "", wanted("", "b"), "empty"},
		{textSetCase(), "a\n", "", wanted("a\x00b", "b"), "NUL"},
		{textSetCase(), "a\n", "", wanted("\xff", "b"), "UTF-8"},
		{textSetCase(), "a\n", "", append(hash, hash...), "secret"},
		{textSetCase(), "a\n", "", wanted(strings.Repeat("x", MaxLine+1), "b"), "more than"},
		{textSetCase(), "a\n", "", wanted("a"), "2 files have a text"},
		{textSetCase(), "\n", "", wanted("a", "b"), "0 files have a text"},
		{sshdSetCase(), "Match User x\nBanner /x\n", "match:banner", wanted("a", "b"), "only a person knows"},
		{sshdSetCase(), "Banner /x\n", "banner", wanted(""), "does not start"},
		{pamSetCase(), "auth a b.so c=1\n", "auth/b.so/c", wanted("a#"), "comment"},
		{pamSetCase(), "auth a b.so c=1\n", "auth/b.so/c", wanted(`a\`), "backslash"},
		{pamSetCase(), "auth a b.so [c=1 \\\n 2]\n", "auth/b.so/c", wanted("a"), "spans lines"},
		{pamSetCase(), "auth a b.so [c=1 \\\n 2]\n", "auth/b.so/c", nil, "spans lines"},
		{pamSetCase(), "auth a b.so\n", "auth/c.so/c", wanted("a"), `no line names "c.so"`},
		{limitsSetCase(), "* - maxlogins 1\n", "all/maxsyslogins", wanted("1"), `push out "all/maxlogins"`},
		{limitsSetCase(), "* - maxlogins 1\n* - maxsyslogins 2\n", "all/maxsyslogins", nil, `also change "all/maxlogins"`},
		{limitsSetCase(), "* - maxlogins 1\n", "all/maxlogins", wanted("x"), "a number"},
	} {
		contents := make([]string, len(r.c.files))
		for i := range r.c.top {
			contents[i] = r.text
		}
		after, err := setText(t, r.c, contents, Query{Path: r.path}, r.want)
		if !errors.Is(err, ErrCannotWrite) || !strings.Contains(err.Error(), r.why) {
			t.Errorf("%s %q: %q, %v", r.c.name, r.path, after, err)
		}
	}
}

// TestIntoHasToBeRead names files that nothing reads.
func TestIntoHasToBeRead(t *testing.T) {
	for _, c := range setCases() {
		w, err := newSetWorld(c, make([]string, len(c.files)))
		if err != nil {
			t.Fatal(err)
		}
		files, _ := w.top(c)
		doc, err := c.lens.Parse(c.files[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, into := range []*File{nil, {}, {Doc: doc}} {
			_, err := c.lens.Set(files, c.queries[0], wanted("1"), into)
			if !errors.Is(err, ErrCannotWrite) || !strings.Contains(err.Error(), "file") {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if edits, err := c.lens.Set(files, c.queries[0], wanted("1"), &File{Doc: files[0].Doc}); c.name != "pam" && (err != nil || len(edits) != 1) {
			t.Errorf("%s: %+v, %v", c.name, edits, err)
		}
	}
}
