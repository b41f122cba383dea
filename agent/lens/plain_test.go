package lens

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ask parses texts as files /f0, /f1 … and asks for q.
func ask(t *testing.T, l Lens, q Query, texts ...string) []Value {
	t.Helper()
	vs, err := try(l, q, texts...)
	if err != nil {
		t.Fatalf("%v: %v", q, err)
	}
	return vs
}

func try(l Lens, q Query, texts ...string) ([]Value, error) {
	var files []*File
	for i, text := range texts {
		doc, err := l.Parse("/f"+string(rune('0'+i)), []byte(text))
		if err != nil {
			return nil, err
		}
		files = append(files, &File{Doc: doc})
	}
	return l.Get(files, q)
}

// answers gives the texts of all values.
func answers(vs []Value) []string {
	var texts []string
	for _, v := range vs {
		texts = append(texts, v.Text)
	}
	return texts
}

func refuses(t *testing.T, name string, l Lens, q Query, text string) *SyntaxError {
	t.Helper()
	vs, err := try(l, q, text)
	var se *SyntaxError
	if !errors.As(err, &se) {
		t.Errorf("%s: got %v, %v", name, vs, err)
	}
	return se
}

// table asks for one path after the other in one text.
func table(t *testing.T, l Lens, text string, want map[string][]string) {
	t.Helper()
	for path, texts := range want {
		if d := cmp.Diff(texts, answers(ask(t, l, Query{Path: path}, text))); d != "" {
			t.Errorf("%q: %s", path, d)
		}
	}
}

func TestUnknownPathsAreTheMappingsFault(t *testing.T) {
	for _, c := range lawCases() {
		for _, path := range []string{"no/such path", "@"} {
			if c.name == "keyvalue" || c.name == "properties" {
				path = ""
			}
			_, err := try(c.lens, Query{Path: path}, c.seeds[0])
			var se *SyntaxError
			if err == nil || errors.As(err, &se) {
				t.Errorf("%s asked for %q: %v", c.name, path, err)
			}
		}
	}
}

func TestTextLensesRefuseNULAndLongLines(t *testing.T) {
	for _, l := range []Lens{Properties{}, KeyValue{}, Token{}, PEM{}, ShowFIPS{}, ShowHTTPD{}, Release{}, Passwd{}} {
		if se := refuses(t, "NUL", l, Query{Path: "x"}, "a\nb\x00"); se != nil && se.Line != 2 {
			t.Errorf("line %d", se.Line)
		}
		refuses(t, "long", l, Query{Path: "x"}, strings.Repeat("y", MaxLine+1))
	}
	refuses(t, "NUL", Text{}, Query{}, "a\x00")
}

func TestTooManyNodes(t *testing.T) {
	refuses(t, "keyvalue", KeyValue{}, Query{Path: "a"}, strings.Repeat("a\n", MaxNodes+1))
	refuses(t, "properties", Properties{}, Query{Path: "a"}, strings.Repeat("a\n", MaxNodes+1))
	refuses(t, "token", Token{}, Query{Path: "first"}, strings.Repeat(strings.Repeat("a ", 1000)+"\n", MaxNodes/1000))
	refuses(t, "xml", XML{}, Query{Path: "/a"}, "<a>"+strings.Repeat("<b/>", MaxNodes)+"</a>")
	if _, err := try(KeyValue{}, Query{Path: "a"}, strings.Repeat("a\n", MaxNodes)); err != nil {
		t.Error(err)
	}
}

func TestKeyValue(t *testing.T) {
	text := `# minlen = 1
minlen = 8
  minlen=15 # because
ucredit -1
dcredit	=	-1
Minlen = 3
even_deny_root
flag # a comment
hash=a#b
hash2 = #b
empty=
blank = ""
quoted = "a # b"  # c
single='it''s'
apo = it's # c
escapes="\"\$\\\x"
open="abc
two = "a" "b"
crlf = yes` + "\r\nlast = 1\nlast = 2"
	table(t, KeyValue{}, text, map[string][]string{
		"minlen": {"15"}, "ucredit": {"-1"}, "dcredit": {"-1"}, "Minlen": {"3"}, "none": nil,
		"even_deny_root": {""}, "flag": {""}, "hash": {"a#b"}, "hash2": {""}, "empty": {""}, "blank": {""},
		"quoted": {"a # b"}, "single": {`'it''s'`}, "apo": {"it's"}, "escapes": {`"$\\x`}, "open": {`"abc`},
		"two": {`"a" "b"`}, "crlf": {"yes"}, "last": {"2"},
	})
}

func TestLastFileWins(t *testing.T) {
	got := ask(t, KeyValue{}, Query{Path: "a"}, "a=1\n", "\n a = 2 # x\n", "b=3\n")
	want := []Value{{Text: "2", File: "/f1", Line: 2, Start: 6, End: 7, Raw: "a = 2"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestProperties(t *testing.T) {
	text := "# a=0\n! a=0\na=1\na : 2\nb\\:\\ c=d\nlong = x\\\n    y, \\\n  z\\\\\nnext 1\nflag\nempty=\n" +
		"u=\\u00e9\\uD83D\\uDE00\nctl=a\\tb\\nc\\q\ntrail = x \nsep = = x\n\\u0061\\u0061=3\ncr=1\rcr2=2\n#c\\\nafter=1\n"
	table(t, Properties{}, text, map[string][]string{
		"a": {"2"}, "b: c": {"d"}, "long": {`xy, z\`}, "next": {"1"}, "flag": {""}, "empty": {""}, "none": nil,
		"u": {"é😀"}, "ctl": {"a\tb\ncq"}, "trail": {"x "}, "sep": {"= x"}, "aa": {"3"}, "cr": {"1"}, "cr2": {"2"},
		"after": {"1"},
	})
	refuses(t, "escape", Properties{}, Query{Path: "a"}, `a=\u12x4`)
}

func TestPasswd(t *testing.T) {
	text := "root:x:0:0:root:/root:/bin/bash\nbin:x:1:1::/:/sbin/nologin\nsync:x:5:0::/sbin:/bin/sync\n" +
		"toor:$6$abcdefgh$0123456789:00:0::/root:\nu:*:1000:1000::/home/u:/bin/false\n\n# c\n+@net::::::\nx:x:10:0::/:/bin/rbash\n"
	table(t, Passwd{}, text, map[string][]string{
		"login_shells": {"root", "toor", "+@net", "x"},
		"uid0":         {"root", "toor"},
	})
	toor := ask(t, Passwd{}, Query{Path: "uid0"}, text)[1]
	if toor.Raw != "toor:********:00:0::/root:" || toor.Line != 4 || text[toor.Start:toor.End] != "toor" {
		t.Errorf("got %+v", toor)
	}
	for _, bad := range []string{"root:x:0:0:root:/root\n", "root:x:0:0:root:/root:/bin/sh:\n", "root:x:0x0:0:::\n", "root:x::0:::\n", "root\n"} {
		refuses(t, bad, Passwd{}, Query{Path: "uid0"}, bad)
	}
}

func TestText(t *testing.T) {
	table(t, Text{}, " \n a\n b \n\n", map[string][]string{"": {"a\n b"}, "trimmed": {"a\n b"}})
	table(t, Text{}, " \n\t\r\n", map[string][]string{"": nil, "trimmed": nil})
	table(t, Text{}, "1\n", map[string][]string{"bool01": {"true"}})
	table(t, Text{}, "0", map[string][]string{"bool01": {"false"}})
	for _, bad := range []string{"", "2\n", "01", "true", "1 0"} {
		refuses(t, bad, Text{}, Query{Path: "bool01"}, bad)
	}
	if v := ask(t, Text{}, Query{}, "\n\nabc\n")[0]; v.Line != 1 || v.Start != 2 || v.End != 5 {
		t.Errorf("got %+v", v)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	shadow := "root:$6$saltsalt$" + strings.Repeat("h", 86) + ":19000::\nu:$y$j9T$abcdefgh$xyz:1\np:$2b$12$abcdefghijkl:1\nprice: $5 and $HOME\n"
	got := ask(t, Text{}, Query{}, shadow)[0]
	want := "root:********:19000::\nu:********:1\np:********:1\nprice: $5 and $HOME"
	if got.Text != want || got.Raw != want {
		t.Errorf("got %+v", got)
	}
	key := "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIsecret\n-----END RSA PRIVATE KEY-----\nb\n-----BEGIN PRIVATE KEY-----\nMIIsecret"
	if got := ask(t, Text{}, Query{}, key)[0]; strings.Contains(got.Text+got.Raw, "MII") || !strings.Contains(got.Text, "\nb\n") {
		t.Errorf("got %+v", got)
	}
	if got := ask(t, KeyValue{}, Query{Path: "bind-password"}, "bind-password = hunter2\n")[0]; got.Raw != "bind-password = ********" {
		t.Errorf("got %+v", got)
	}
	if got := ask(t, KeyValue{}, Query{Path: "require_password"}, "require_password = yes\n")[0]; got.Raw != "require_password = yes" {
		t.Errorf("got %+v", got)
	}
}

func TestEvidenceIsShort(t *testing.T) {
	got := ask(t, KeyValue{}, Query{Path: "a"}, "a = "+strings.Repeat("é", 300))[0]
	if len(got.Raw) > 256 || !strings.HasSuffix(got.Raw, "é…") || len(got.Text) != 600 {
		t.Errorf("%d bytes: %q", len(got.Raw), got.Raw)
	}
}

func TestToken(t *testing.T) {
	table(t, Token{}, "BOOT=/v ro fips=0 quiet fips=1 x=\"a b\" fipsy=2 boot fips\n", map[string][]string{
		"first": {"BOOT=/v"}, "key:fips": {"1"}, "key:x": {"a b"}, "key:ro": nil, "key:none": nil, "key:fipsy": {"2"},
	})
	table(t, Token{}, "# fips=1\n\n  FIPS:OSPP\nDEFAULT\n", map[string][]string{"first": {"FIPS:OSPP"}, "key:fips": nil})
	table(t, Token{}, "# only\n", map[string][]string{"first": nil})
	if got := answers(ask(t, Token{}, Query{Path: "first"}, "A\n", "B C\n", "#\n")); !cmp.Equal(got, []string{"B"}) {
		t.Errorf("got %v", got)
	}
}

func TestRelease(t *testing.T) {
	cases := []struct {
		text    string
		version string
		build   []string
	}{
		{"Sentry Standalone 9.20.2 Build 16 (Branch r9.20)\n", "9.20.2", []string{"16"}},
		{"VSP Standalone 9.8 Build 25\n", "9.8.0", []string{"25"}},
		{"R10.5.2", "10.5.2", nil},
		{"\n\nSentry-9.19.0.4-12\n", "9.19.0", nil},
		{"v10.04.000", "10.4.0", nil},
	}
	for _, c := range cases {
		table(t, Release{}, c.text, map[string][]string{"version": {c.version}, "build": c.build})
	}
	for _, bad := range []string{"", "Sentry\n", "Sentry 9\n", "Sentry\n9.8.0\n", "9.8b.1"} {
		refuses(t, bad, Release{}, Query{Path: "version"}, bad)
	}
}
