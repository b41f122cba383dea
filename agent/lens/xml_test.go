package lens

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const identity = `<?xml version="1.0" encoding="UTF-8"?>
<configuration xmlns="http://xsdobjects.mi.com/identityconf" xmlns:x="u">
  <!-- users -->
  <identity>
    <user id="1">
      <principal>admin</principal>
      <x:email> a&amp;b@lab.example </x:email>
      <passwordHashSHA512>$6$saltsalt$abcdefghijkl</passwordHashSHA512>
      <name><first>A</first></name>
    </user>
    <user id="2"><principal><![CDATA[op<1>]]></principal><email/></user>
    <policy><minlength>15</minlength></policy>
  </identity>
</configuration>
`

func TestXMLScalars(t *testing.T) {
	table(t, XML{}, identity, map[string][]string{
		"/configuration/identity/user/principal":          {"admin", "op<1>"},
		"/configuration/identity/user/email":              {"a&b@lab.example"},
		"/configuration/identity/user/@id":                {"1", "2"},
		"/configuration/identity/policy/minlength":        {"15"},
		"/configuration/identity/user/passwordHashSHA512": {"********"},
		"/configuration/identity/none":                    nil,
		"/configuration/identity":                         nil,
		"/configuration/@xmlns":                           nil,
		"/identity/user":                                  nil,
	})
	v := ask(t, XML{}, Query{Path: "/configuration/identity/policy/minlength"}, identity)[0]
	if v.Line != 12 || identity[v.Start:v.End] != "15" || v.Raw != "minlength=15" {
		t.Errorf("got %+v", v)
	}
}

func TestXMLRecords(t *testing.T) {
	got := ask(t, XML{}, Query{Path: "/configuration/identity/user", Fields: map[string]string{
		"principal": "principal", "email": "email", "id": "@id", "first": "name/first", "self": ".",
	}}, identity)
	want := []map[string]string{
		{"principal": "admin", "email": "a&b@lab.example", "id": "1", "first": "A"},
		{"principal": "op<1>", "id": "2"},
	}
	for i, v := range got {
		if d := cmp.Diff(want[i], v.Fields); d != "" {
			t.Error(d)
		}
		if !strings.HasPrefix(identity[v.Start:v.End], "<user ") || !strings.HasSuffix(identity[v.Start:v.End], "</user>") {
			t.Errorf("range %d..%d", v.Start, v.End)
		}
	}
	if len(got) != 2 || got[1].Raw != "@id=2 principal=op<1>" {
		t.Errorf("got %+v", got)
	}
	secret := ask(t, XML{}, Query{Path: "/configuration/identity/user", Fields: map[string]string{"h": "passwordHashSHA512"}}, identity)
	if secret[0].Fields["h"] != "********" || strings.Contains(secret[0].Raw, "$6$") {
		t.Errorf("got %+v", secret[0])
	}
}

func TestXMLText(t *testing.T) {
	cases := map[string]string{
		"<a> x\r\ny\rz </a>":                                   "x\ny\nz",
		"<a>x<b>no</b> y<!-- c -->z</a>":                       "x yz",
		"<a>x <b/>  <b/> y</a>":                                "x    y",
		"<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x41;</a>":          `<>&'"AA`,
		"<a>&#32;x&#10;</a>":                                   "x",
		"<a><![CDATA[ ]]&gt; ]]></a>":                          "]]&gt;",
		"<a>\n<![CDATA[\r\n x]]>\n</a>":                        "x",
		"<a>ü &#x1F600;</a>":                                   "ü 😀",
		"\uFEFF<!DOCTYPE a>\n<?pi x?><a>1</a>\n<!-- end -->\n": "1",
		"<!DOCTYPE a PUBLIC \"[p]\" '>'><a>1</a>":              "1",
		"<?xml version='1.0' encoding='US-ASCII' standalone=\"yes\" ?><a\n>1</a\n>": "1",
	}
	for text, want := range cases {
		if got := answers(ask(t, XML{}, Query{Path: "/a"}, text)); !cmp.Equal(got, []string{want}) {
			t.Errorf("%q: got %q", text, got)
		}
	}
	table(t, XML{}, "<a b=' &#9;x\n\ty&quot; ' c=''  x:d = \"'\"/>", map[string][]string{"/a/@b": {"x  y\""}, "/a/@c": nil, "/a/@d": {"'"}})
}

func TestXMLRefuses(t *testing.T) {
	deep := strings.Repeat("<a>", MaxDepth+1) + strings.Repeat("</a>", MaxDepth+1)
	cases := []struct {
		text string
		line int
	}{
		{"", 1}, {" \n ", 2}, {"x", 1}, {"<a>\n", 1}, {"<a>\n<b>\n</a>\n</b>", 3}, {"<a/>\n<b/>", 2}, {"<a/>\nx", 2},
		{"<a/><![CDATA[]]>", 1}, {"<a></b>", 1}, {"</a>", 1}, {"<a>\n</a></a>", 2}, {"<a", 1}, {"<a b", 1}, {"<a b=", 1},
		{"<a b=c/>", 1}, {"<a b='c/>", 1}, {"<a b='1'c='2'/>", 1}, {"<a b='1' b='2'/>", 1}, {"<a b='<'/>", 1}, {"<1/>", 1},
		{"< a/>", 1}, {"<a:/>", 1}, {"<:a/>", 1}, {"<a:b:c/>", 1}, {"<a:1/>", 1}, {"<a>&</a>", 1}, {"<a>&foo;</a>", 1},
		{"<a>&#0;</a>", 1}, {"<a>&#xD800;</a>", 1}, {"<a>&#x110000;</a>", 1}, {"<a>&#;</a>", 1}, {"<a>&#+65;</a>", 1}, {"<a>&lt</a>", 1},
		{"<a>]]></a>", 1}, {"<a><!-- -- --></a>", 1}, {"<a><!-- --", 1}, {"<a><![CDATA[ ]]</a>", 1}, {"<a><?x</a>", 1},
		{"<a><??></a>", 1}, {" <?xml version='1.0'?><a/>", 1}, {"<?xml version='1.1'?><a/>", 1}, {"<?xml?><a/>", 1},
		{"<?xml version='1.0' encoding='UTF-16'?><a/>", 1}, {"<?xml version='1.0' encoding='latin1'?><a>ü</a>", 1},
		{"<?xml version='1.0'encoding='UTF-8'?><a/>", 1}, {"<?xml encoding='UTF-8'?><a/>", 1},
		{"<a>\n\x00</a>", 2}, {"<a>\n\xff</a>", 2}, {"<a>\x01</a>", 1}, {"<a b='\x01'/>", 1}, {"<a>\uFFFE</a>", 1},
		{"<!DOCTYPE a [<!ENTITY x 'y'>]>\n<a>&x;</a>", 1}, {"<!DOCTYPE a><!DOCTYPE a><a/>", 1}, {"<a/><!DOCTYPE a>", 1},
		{"<!DOCTYPE a", 1}, {"<!DOCTYPE a '", 1}, {"<!ELEMENT a><a/>", 1}, {"<a><b></a>", 1}, {deep, 1}, {"<", 1}, {"<a/", 1}, {"<a></", 1},
	}
	for _, c := range cases {
		if se := refuses(t, fmt.Sprintf("%q", c.text), XML{}, Query{Path: "/a"}, c.text); se != nil && se.Line != c.line {
			t.Errorf("%q: %v", c.text, se)
		}
	}
	ask(t, XML{}, Query{Path: "/a"}, deep[3:len(deep)-4])
}

func TestXMLRefusesBadPaths(t *testing.T) {
	for _, path := range []string{"", "a", "/", "//a", "/a/", "/a/@b/c", "/a/@", "/a/./b"} {
		if _, err := try(XML{}, Query{Path: path}, "<a/>"); err == nil {
			t.Errorf("%q is taken", path)
		}
	}
	for _, path := range []string{"", "/x", "x//y", "@a/b"} {
		if _, err := try(XML{}, Query{Path: "/a", Fields: map[string]string{"f": path}}, "<a/>"); err == nil {
			t.Errorf("field %q is taken", path)
		}
	}
}

// leaves gives path and text of every element and attribute of our tree.
func leaves(n *Node, path string, out []string) []string {
	for _, c := range n.Children {
		at := path + "/" + c.Name
		i := len(out)
		out = append(out, "")
		out = leaves(c, at, out)
		out[i] = at + "=" + c.Value
	}
	return out
}

// stdLeaves gives the same by encoding/xml, which keeps the prefixes' URLs apart
// and does not turn white space in attributes into blanks.
func stdLeaves(text string) ([]string, error) {
	type open struct {
		at   int
		path string
		text strings.Builder
	}
	var out []string
	stack := []*open{{at: -1}}
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			o := &open{at: len(out), path: top.path + "/" + tok.Name.Local}
			stack, out = append(stack, o), append(out, "")
			for _, a := range tok.Attr {
				if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
					out = append(out, o.path+"/@"+a.Name.Local+"="+strings.Trim(a.Value, " \t\r\n"))
				}
			}
		case xml.CharData:
			top.text.Write(tok)
		case xml.EndElement:
			out[top.at] = top.path + "=" + strings.Trim(top.text.String(), " \t\r\n")
			stack = stack[:len(stack)-1]
		}
	}
}

// sameAsStd compares where both accept the text, and says whether they did.
func sameAsStd(t *testing.T, text string) bool {
	t.Helper()
	doc, err := XML{}.Parse("/f", []byte(text))
	if err != nil {
		var se *SyntaxError
		if !errors.As(err, &se) {
			t.Fatal(err)
		}
		return false
	}
	want, err := stdLeaves(text)
	if err != nil {
		return false
	}
	blank := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	got := leaves(doc.Root, "", nil)
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || blank.Replace(got[i]) != blank.Replace(want[i]) {
			t.Fatalf("%q:\n%q\n%q", text, got, want)
		}
	}
	return true
}

func TestXMLSeesWhatEncodingXMLSees(t *testing.T) {
	for _, text := range append(lawCases()[0].seeds, identity, "<a b='\r\n&#13; x' c=\"1\">&#13;\r\n\rx<b/>\r<![CDATA[\r\n]]>y</a>") {
		text = strings.TrimPrefix(text, "\uFEFF")
		if !sameAsStd(t, text) {
			t.Errorf("not accepted by both: %q", text)
		}
	}
}

func FuzzXMLSeesWhatEncodingXMLSees(f *testing.F) {
	for _, seed := range lawCases()[0].seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { sameAsStd(t, text) })
}

// TestXMLStaysLinear feeds it what makes careless parsers quadratic.
func TestXMLStaysLinear(t *testing.T) {
	const n = 150_000
	ask(t, XML{}, Query{Path: "/a"}, "<a>"+strings.Repeat("x<b/>", n)+"</a>")
	ask(t, XML{}, Query{Path: "/a"}, "<a>"+strings.Repeat("&amp;<!---->", n)+"</a>")
	refuses(t, "open", XML{}, Query{Path: "/a"}, "<a>"+strings.Repeat("<!--", n))
	refuses(t, "attributes", XML{}, Query{Path: "/a"}, "<a"+strings.Repeat(" xmlns:b=''", n)+"/>")
}

func BenchmarkXML(b *testing.B) {
	text := []byte(identity + strings.Repeat(" ", 8))
	body := strings.Repeat("      <interface mtu=\"1500\"><name>GigabitEthernet1</name><ipaddress>192.0.2.10</ipaddress>\n        <enabled>true</enabled></interface>\n", 16)
	text = []byte(strings.Replace(string(text), "    <policy>", body+"    <policy>", 1))
	b.Run("parse", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := (XML{}).Parse("/f", text); err != nil {
				b.Fatal(err)
			}
		}
	})
	doc, _ := XML{}.Parse("/f", text)
	files := []*File{{Doc: doc}}
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			XML{}.Get(files, Query{Path: "/configuration/identity/policy/minlength"})
		}
	})
}
