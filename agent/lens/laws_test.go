package lens

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// lawCase is a lens with texts of its format and questions that it knows. A
// lens's fuzz target starts from the same texts.
type lawCase struct {
	name    string
	lens    Lens
	seeds   []string
	queries []Query
}

// lawCases lists the lenses that TestLaws and FuzzX check. Add a lens here and
// a line in fuzz_test.go.
func lawCases() []lawCase {
	return slices.Concat(plainLaws(), captureLaws())
}

func plainLaws() []lawCase {
	return []lawCase{
		{"xml", XML{}, []string{
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c -->\n<configuration xmlns=\"http://x/y\">\n <system a='1' b=\" two \">\n  <n>15</n><n/>\n  <t> a &amp; &#x62;\r\n <![CDATA[<c>]]></t>\n </system>\n</configuration>\n",
			"\uFEFF<!DOCTYPE a SYSTEM \"x\"><a:b xmlns:a=\"u\" a:c=\"d\">x<e>ü</e> y<?p i?></a:b>",
			"<a><b>1</b><b><c x=''>2</c></b></a>",
		}, []Query{{Path: "/configuration/system/n"}, {Path: "/a/b"}, {Path: "/b/@c"}, {Path: "/configuration/system/@b"},
			{Path: "/configuration/system", Fields: map[string]string{"n": "n", "a": "@a", "self": "."}}, {Path: "/a/b/c"}}},
		{"properties", Properties{}, []string{
			"# c\n! c\na=b\nc : d\\\n   e\nf\\ g\\=h i\\u0041\\t\nflag\nx=\\uD83D\\uDE00\r\nlast=1\\",
			"a=1\ra=2\n\n   a   3  \nempty=\n",
		}, []Query{{Path: "a"}, {Path: "c"}, {Path: "f g=h"}, {Path: "empty"}, {Path: "last"}}},
		{"keyvalue", KeyValue{}, []string{
			"# c\nminlen = 15 # why\nucredit=-1\ndifok 8\neven_deny_root\nNAME=\"Oracle \\\"L\\\"\"\nV='a b' # c\nx = it's #1\ny=\nz=#1\n",
			"a = \"open\n\tb\t=\tc\t\r\nd = \"x\" y\npassword = hunter2\n",
		}, []Query{{Path: "minlen"}, {Path: "NAME"}, {Path: "V"}, {Path: "y"}, {Path: "a"}, {Path: "password"}, {Path: "even_deny_root"}}},
		{"passwd", Passwd{}, []string{
			"root:x:0:0:root:/root:/bin/bash\nbin:x:1:1::/bin:/sbin/nologin\n\n# c\nevil:$6$salt$hashhash:00:0:::\n+@g::::::\n",
		}, []Query{{Path: "login_shells"}, {Path: "uid0"}}},
		{"text", Text{}, []string{"1\n", " \n0", "\n\n", "You are accessing\r\na system\n", "root:$6$abcdefgh$0123456789:1:\n", "\xff\xfe"},
			[]Query{{Path: ""}, {Path: "trimmed"}, {Path: "bool01"}}},
		{"token", Token{}, []string{
			"BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro fips=0 fips=1 x=\"a b\"\n", "# c\n\nFIPS:OSPP\n",
		}, []Query{{Path: "first"}, {Path: "key:fips"}, {Path: "key:x"}}},
		{"release", Release{}, []string{"Sentry Standalone 9.20.2 Build 16 (Branch r9.20)\n", "\n R10.05\n", "none\n"},
			[]Query{{Path: "version"}, {Path: "build"}}},
	}
}

func captureLaws() []lawCase {
	return []lawCase{
		{"pem", PEM{}, []string{testChain + "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", "text\n" + testLeaf},
			[]Query{{Path: "leaf"}}},
		{"showfips", ShowFIPS{}, []string{"sentry1# show fips\r\nFIPS 140 mode is enabled\r\n", "FIPS 140 mode is disabled"},
			[]Query{{Path: "enabled"}}},
		{"showhttpd", ShowHTTPD{}, []string{showHTTPDText, strings.ReplaceAll(showHTTPDText, " TLSv1.2", " | TLSv1.1, TLSv1.2 |\r")},
			[]Query{{Path: "protocols"}}},
		{"tlsprobe", TLSProbe{}, []string{probeText, "TLSv1.2 on"}, []Query{{Path: "on"}, {Path: "off"}}},
		{"tlsflight", TLSFlight{}, []string{flightHead + "requested\n" + testLeaf, flightHead + "not requested\n"}, []Query{{Path: "asks"}}},
		{"unit", Unit{}, []string{unitText, strings.Replace(unitText, "Job=0", "Job=7", 1)}, []Query{{Path: "state"}}},
	}
}

const flightHead = "version TLSv1.2\nclient certificate "

const unitText = "Id=rsyslog.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nJob=0\n"

const probeText = `SSLv3 unreadable it timed out
TLSv1 off the alert protocol_version
TLSv1.2 on a ServerHello of TLSv1.2
TLSv1.3 on a ServerHello of TLSv1.3
`

const showHTTPDText = `sentry1# show httpd protocol
+--------+---------------------------
Port + TLS Protocols Enabled
+--------+---------------------------
8443 TLSv1.2
9090 TLSv1.2
sentry1#
`

func TestLaws(t *testing.T) {
	for _, c := range lawCases() {
		t.Run(c.name, func(t *testing.T) {
			for _, seed := range c.seeds {
				if !keepsLaws(t, c, []byte(seed)) {
					t.Errorf("the seed %q is not of the format", seed)
				}
			}
		})
	}
}

// keepsLaws checks what holds for every lens and every input. It says whether
// the input is of the format.
func keepsLaws(t *testing.T, c lawCase, b []byte) bool {
	t.Helper()
	doc, err := c.lens.Parse("/f", bytes.Clone(b))
	if err != nil {
		wantSyntaxError(t, err, b)
		return false
	}
	if !bytes.Equal(doc.Bytes(), b) || doc.Name != "/f" {
		t.Fatal("the bytes are not those that were parsed")
	}
	root := doc.Root
	if root.Start != 0 || root.End != len(b) || root.Line != 1 {
		t.Fatalf("the root is not the whole file: %+v", root)
	}
	inOrder(t, root, b, 0)
	c.lens.Includes(doc)
	for _, q := range c.queries {
		vs, err := c.lens.Get([]*File{{Doc: doc}}, q)
		if err != nil {
			wantSyntaxError(t, err, b)
		}
		for _, v := range vs {
			goodValue(t, v, b)
		}
	}
	return true
}

func wantSyntaxError(t *testing.T, err error, b []byte) {
	t.Helper()
	var se *SyntaxError
	if !errors.As(err, &se) {
		t.Fatalf("not a SyntaxError: %v", err)
	}
	if se.File != "/f" || se.Line < 1 || se.Line > 1+bytes.Count(b, []byte("\n")) || se.Msg == "" {
		t.Fatalf("a bad SyntaxError: %+v", se)
	}
}

// inOrder checks ranges and lines of all that is in n. Lines are counted from
// the last node on, or this would take longer than what it checks.
func inOrder(t *testing.T, n *Node, b []byte, depth int) {
	t.Helper()
	if n.Start > n.ValStart || n.ValStart > n.ValEnd || n.ValEnd > n.End || n.End > len(b) {
		t.Fatalf("bad ranges: %+v", n)
	}
	if depth > MaxDepth+2 {
		t.Fatalf("%d deep", depth)
	}
	at, line := n.Start, n.Line
	for _, c := range n.Children {
		if c.Start < at || c.End > n.End {
			t.Fatalf("%+v is not in order within %+v", c, n)
		}
		line += bytes.Count(b[at:c.Start], []byte("\n"))
		if c.Line != line {
			t.Fatalf("%+v starts in line %d", c, line)
		}
		inOrder(t, c, b, depth+1)
		line += bytes.Count(b[c.Start:c.End], []byte("\n"))
		at = c.End
	}
}

func goodValue(t *testing.T, v Value, b []byte) {
	t.Helper()
	if v.File != "/f" || v.Line < 1 || v.Line > 1+bytes.Count(b[:max(0, v.Start)], []byte("\n")) {
		t.Fatalf("bad place: %+v", v)
	}
	if v.Start < 0 || v.Start > v.End || v.End > len(b) {
		t.Fatalf("bad range: %+v", v)
	}
	if len(v.Raw) > 256 || !utf8.ValidString(v.Raw) || !utf8.ValidString(v.Text) {
		t.Fatalf("bad text: %+v", v)
	}
	raw := string(b[v.Start:v.End])
	plain := utf8.ValidString(raw) && !strings.ContainsAny(raw, "&<\\\r\"'$") && !strings.Contains(raw, "PRIVATE KEY")
	computed := v.Fields != nil || v.Text == "true" || v.Text == "false" || strings.Count(v.Text, ".") == 2
	if plain && !computed && v.Text != raw {
		t.Fatalf("%q is said to be %q", raw, v.Text)
	}
}
