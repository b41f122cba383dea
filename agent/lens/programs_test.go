package lens

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// disk is a small tree of files, by their paths.
type disk map[string]string

// file parses one file and, as package facts does, all that it includes.
func (d disk) file(l Lens, name string) (*File, error) {
	doc, err := l.Parse(name, []byte(d[name]))
	if err != nil {
		return nil, err
	}
	f := &File{Doc: doc, Included: map[*Node][]*File{}}
	for _, inc := range l.Includes(doc) {
		for _, other := range slices.Sorted(maps.Keys(d)) {
			if ok, _ := path.Match(inc.Pattern, other); !ok || other == name {
				continue
			}
			sub, err := d.file(l, other)
			if err != nil {
				return nil, err
			}
			f.Included[inc.Node] = append(f.Included[inc.Node], sub)
		}
	}
	return f, nil
}

// asked asks for one path in the first of names, with the others beside it.
func (d disk) asked(t *testing.T, l Lens, query string, names ...string) []Value {
	t.Helper()
	var files []*File
	for _, name := range names {
		f, err := d.file(l, name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	vs, err := l.Get(files, Query{Path: query})
	if err != nil {
		t.Fatal(err)
	}
	return vs
}

// said is what values say: their texts, or their fields in order of name.
func said(vs []Value) []string {
	out := []string{}
	for _, v := range vs {
		if v.Fields == nil {
			out = append(out, v.Text)
			continue
		}
		var words []string
		for _, name := range slices.Sorted(maps.Keys(v.Fields)) {
			words = append(words, name+"="+v.Fields[name])
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}

// programCase is one text and what a path answers about it.
type programCase struct {
	name, text, path string
	want             []string
}

func checkProgram(t *testing.T, l Lens, cases []programCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			vs := disk{"/etc/x/f": c.text}.asked(t, l, c.path, "/etc/x/f")
			if d := cmp.Diff(append([]string{}, c.want...), said(vs)); d != "" {
				t.Error(d)
			}
			for _, v := range vs {
				goodProgramValue(t, v, []byte(c.text))
			}
		})
	}
}

func checkRefused(t *testing.T, l Lens, lines map[string]int) {
	t.Helper()
	for text, line := range lines {
		_, err := l.Parse("/f", []byte(text))
		var se *SyntaxError
		if !errors.As(err, &se) || se.Line != line {
			t.Errorf("%q: got %v, want an error in line %d", text, err, line)
		}
	}
}

// programLaw is a lens with texts of its format and the paths that it knows.
type programLaw struct {
	name  string
	lens  Lens
	paths []string
	seeds []string
}

func programLaws() []programLaw {
	return []programLaw{
		{"sshd", SSHD{}, []string{"banner", "maxsessions", "match:banner"}, []string{
			"# c\nBanner /a\nbanner=\"/b c\" # x\nMatch User x\n\tBanner '/c'\nMatch all\nInclude a b*\nMaxSessions 3\r\n"}},
		{"pam", PAM{}, []string{"auth/pam_faillock.so/deny", "auth/pam_unix.so/nullok"}, []string{
			"#%PAM-1.0\nauth required pam_faillock.so preauth \\\n  deny=3 [x=a \\] b]\n-auth [success=1 default=ignore] pam_unix.so nullok\naccount include other\n@include common\n"}},
		{"limits", Limits{}, []string{"all/maxsyslogins", "all/maxlogins"}, []string{
			"# c\n*  hard maxsyslogins 5 # c\n% - maxlogins 7x\nroot soft core 0\n* - maxlogins unlimited\nshort\n"}},
		{"rsyslog", Rsyslog{}, []string{"forwards"}, []string{
			"$ModLoad x\n*.* @@(o)h:1;T\n& ~\n/* c\n */ if $msg == 'a' then {\n action(type=\"omfwd\" target=[\"a\",\"b\\n\"]\n port=\"1\")\n} else stop\n:msg, contains, \"x\" @[::1]\nmail.* -/v\n",
			"template(name=\"t\" type=\"list\") { property(name=\"x\") constant(value=\"\\\"\") }\nruleset(name=\"r\" queue.type=\"direct\") {\n call s\n}\nset $.x = 1;\ninclude(file=\"/a\" mode=\"optional\")\n",
			"# a \\\n*.* @h\n*.* \\\n   @i\n*.* {\n stop }\n"}},
		{"chrony", Chrony{}, []string{"servers"}, []string{
			"! c\nServer 192.0.2.1 iburst\n  pool p maxsources 4\nconfdir /a /b\ninclude /c/*.conf\nsourcedir /d\nrtcsync\n"}},
		{"ntp", NTP{}, []string{"servers"}, []string{
			"server -4 a iburst # c\npeer \"b\"\npool c#d\nserver 127.127.1.0\nincludefile /x\n"}},
		{"snmpd", Snmpd{}, []string{"users", "access", "communities", "trap_receivers"}, []string{
			"createUser -e 0x80 w SHA-256 \"pass \\\" phrase\" AES 'p'\nrouser w priv\n[snmpd] rwuser x\n[snmp]\nrocommunity secret\n",
			"com2sec n default secret\ntrapsess -v 3 -A passphrase -cpublic udp:h:162\ntrap2sink [::1]:162 secret\nincludeDir /x y\n"}},
		{"httpd", HTTPD{}, []string{"SSLProtocol@8443", "SSLCertificateFile@8443", "SSLVerifyClient@8443"}, []string{
			"ServerRoot \"/etc/httpd\"\nListen 8443 https\nSSLProtocol all \\\n  -SSLv3\n<VirtualHost *:8443 [::]:1>\n <IfModule !x>\nSSLCertificateFile '/a b'\n </IfModule>\n</VirtualHost>\nInclude conf.d/*.conf\n",
			"Listen 8443\n<VirtualHost *:8443>\nSSLVerifyClient Optional\n</VirtualHost>\n<VirtualHost *:8443>\n<IfDefine X>\nSSLVerifyClient require\n</IfDefine>\n</VirtualHost>\n"}},
		{"routes", Routes{}, []string{"routes"}, []string{
			"# c\n10.0.0.0/8 via 192.0.2.1 dev eth1\ndefault nexthop via 192.0.2.1 dev a nexthop via 192.0.2.2\n",
			"ADDRESS0=10.0.0.0\nNETMASK0='255.0.0.0' # c\nGATEWAY0=192.0.2.1\n"}},
		{"procroute", ProcRoute{}, []string{"routes"}, []string{procRoutes}},
		{"iptables", IPTables{}, []string{"filter/INPUT/policy", "filter/INPUT/rules"}, []string{
			savedRules, "*filter\n:INPUT - [0:0]\n-P INPUT \"DROP\"\n-I INPUT 1 ! -s 192.0.2.0/255.255.255.0 -ptcp --dport=:22 -g c\n-F\nCOMMIT\n"}},
		{"procsockets", ProcSockets{}, []string{"listening"}, []string{tcpTable, tcp6Table, udpTable, udp6Table}},
	}
}

func TestProgramLaws(t *testing.T) {
	for _, c := range programLaws() {
		t.Run(c.name, func(t *testing.T) {
			for _, seed := range c.seeds {
				if !keepsProgramLaws(t, c, []byte(seed)) {
					t.Errorf("the seed %q is not of the format", seed)
				}
			}
		})
	}
}

// keepsProgramLaws checks what holds for every lens and every input, and says
// whether the input is of the format. Every include gives the file itself.
func keepsProgramLaws(t *testing.T, c programLaw, b []byte) bool {
	t.Helper()
	doc, err := c.lens.Parse("/f", bytes.Clone(b))
	if err != nil {
		wantSyntaxError(t, err, b)
		return false
	}
	if !bytes.Equal(doc.Bytes(), b) || doc.Root.Start != 0 || doc.Root.End != len(b) {
		t.Fatal("the document is not what was parsed")
	}
	inOrder(t, doc.Root, b, 0)
	file := &File{Doc: doc, Included: map[*Node][]*File{}}
	for i, inc := range c.lens.Includes(doc) {
		if inc.Node == nil || !strings.HasPrefix(inc.Pattern, "/") {
			t.Fatalf("bad include: %+v", inc)
		}
		if i < 2 {
			file.Included[inc.Node] = []*File{{Doc: doc}}
		}
	}
	for _, query := range c.paths {
		vs, err := c.lens.Get([]*File{file}, Query{Path: query})
		if err != nil {
			wantSyntaxError(t, err, b)
		}
		for _, v := range vs {
			goodProgramValue(t, v, b)
		}
	}
	return true
}

func goodProgramValue(t *testing.T, v Value, b []byte) {
	t.Helper()
	if v.Start < 0 || v.Start > v.End || v.End > len(b) || v.Line < 1 || v.Line > 1+bytes.Count(b[:v.Start], []byte("\n")) {
		t.Fatalf("bad place: %+v", v)
	}
	if len(v.Raw) > 256 || !utf8.ValidString(v.Raw) || !utf8.ValidString(v.Text) {
		t.Fatalf("bad text: %+v", v)
	}
	raw := string(b[v.Start:v.End])
	plain := utf8.ValidString(raw) && !strings.ContainsAny(raw, "\\\r\"'$[]#") && !strings.Contains(raw, "PRIVATE KEY")
	computed := v.Fields != nil || v.Text == "-1" || slices.Contains(sslNames(), v.Text) || slices.Contains(verifyNames(), v.Text)
	if plain && !computed && v.Text != raw {
		t.Fatalf("%q is said to be %q", raw, v.Text)
	}
}

func TestProgramLensesRefuseWhatNoTextHas(t *testing.T) {
	for _, c := range programLaws() {
		for _, text := range []string{c.seeds[0] + "a\x00b\n", c.seeds[0] + strings.Repeat("x", MaxLine+1) + "\n"} {
			_, err := c.lens.Parse("/f", []byte(text))
			var se *SyntaxError
			if !errors.As(err, &se) {
				t.Errorf("%s: got %v", c.name, err)
			}
		}
	}
}

func TestProgramLensesKnowTheirPaths(t *testing.T) {
	bad := map[string][]string{
		"sshd": {"", "match:", "a b"}, "pam": {"", "auth/x.so", "auth//x"}, "httpd": {"SSLProtocol", "@1", "a@", "a@b"},
	}
	for _, c := range programLaws() {
		for _, query := range append(bad[c.name], "no/such:path@") {
			_, err := c.lens.Get(nil, Query{Path: query})
			var se *SyntaxError
			if err == nil || errors.As(err, &se) {
				t.Errorf("%s: %q: got %v", c.name, query, err)
			}
		}
		for _, query := range c.paths {
			if vs, err := c.lens.Get(nil, Query{Path: query}); err != nil || vs != nil {
				t.Errorf("%s: %q: got %v, %v", c.name, query, vs, err)
			}
		}
	}
}

// TestProgramLensesStayLinear feeds what a careless parser needs minutes for.
// The limit is far above what a linear one takes.
func TestProgramLensesStayLinear(t *testing.T) {
	const size = 1 << 17
	units := []string{
		"{", "(", "[", "\"", "if ", "if 1 then ", "*.* ", "a(", "/*", "& ", "\\\n", " \\\n", "#\n", "\n", ":a,b,\"\n", "$x\n", "= ", "''",
		"<a>\n", "<IfModule x>\n", "stop\n", "a \\\n", "x=\"\n", "else ", "*.*\n", "action(", "set $x = \"\n", "if $a then stop else\n",
		"auth a b [\n", "@include a\n", "Include a\n", "call a\n", "*.* @h\n&", "ADDRESS1=1\n", "server a \n", "Banner a\n",
		"SSLProtocol all\n", "<VirtualHost *:8443>\n</VirtualHost>\n", "* - maxlogins 1\n", "*.* {\n", "a b c d e f g h\n",
	}
	for _, c := range programLaws() {
		for _, unit := range units {
			b := []byte(strings.Repeat(unit, size/len(unit)))
			begin := time.Now()
			if doc, err := c.lens.Parse("/f", b); err == nil {
				c.lens.Includes(doc)
				for _, query := range c.paths {
					_, _ = c.lens.Get([]*File{{Doc: doc}}, Query{Path: query})
				}
			}
			if took := time.Since(begin); took > 3*time.Second {
				t.Errorf("%s: %q took %v", c.name, unit, took)
			}
		}
	}
}

func TestIncludesWithoutEndAreRefused(t *testing.T) {
	texts := map[string]string{
		"sshd": "Include x\nInclude y\n", "pam": "@include x\n@include y\n", "rsyslog": "$IncludeConfig /x\n$IncludeConfig /y\n",
		"chrony": "include /x\ninclude /y\n", "ntp": "includefile /x\nincludefile /y\n", "snmpd": "includeFile /x\nincludeFile /y\n",
		"httpd": "Include x\nInclude y\n",
	}
	for _, c := range programLaws() {
		text, ok := texts[c.name]
		if !ok {
			continue
		}
		doc, err := c.lens.Parse("/f", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		self := &File{Doc: doc, Included: map[*Node][]*File{}}
		for _, inc := range c.lens.Includes(doc) {
			self.Included[inc.Node] = []*File{self}
		}
		if len(self.Included) != 2 {
			t.Errorf("%s: %d includes", c.name, len(self.Included))
		}
		_, err = c.lens.Get([]*File{self}, Query{Path: c.paths[0]})
		var se *SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func includesOf(t *testing.T, l Lens, name, text string) []string {
	t.Helper()
	doc, err := l.Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, inc := range l.Includes(doc) {
		all = append(all, fmt.Sprintf("%s %t", inc.Pattern, inc.Optional))
	}
	return all
}

func TestProgramIncludes(t *testing.T) {
	cases := []struct {
		lens Lens
		text string
		want []string
	}{
		{SSHD{}, "include a.d/*.conf \"/b c\"\nMatch all\nInclude d\n", []string{"/etc/ssh/a.d/*.conf true", "/b c true", "/etc/ssh/d true"}},
		{PAM{}, "auth include a\n-auth SUBSTACK /b\n@include c\nauth required d\n", []string{"/etc/pam.d/a false", "/b false", "/etc/pam.d/c false"}},
		{Rsyslog{}, "$IncludeConfig /a/*.conf\n$includeconfig /b/\ninclude(file=\"/c\" mode=\"optional\")\ninclude(file=\"/d\")\nif $x then {\ninclude(file=\"/e\")\n}\n#$IncludeConfig /f\n",
			[]string{"/a/*.conf true", "/b/* true", "/c true", "/d false", "/e false"}},
		{Chrony{}, "include /a/*.conf\nInclude /b\nconfdir /c /d\nsourcedir /e\n", []string{"/a/*.conf true", "/b false", "/c/*.conf true", "/d/*.conf true", "/e/*.sources true"}},
		{NTP{}, "includefile /a\nIncludeFile /b\n", []string{"/a true"}},
		{Snmpd{}, "includeFile a.conf\nincludeFile /b c\nincludeDir /d\nincludeAllDir /e\nincludeSearch f\n",
			[]string{"/etc/x/a.conf true", "/b c true", "/d/*.conf true", "/e/* true", "/etc/snmp/f.conf true"}},
		{HTTPD{}, "Include a.conf\nServerRoot \"/srv\"\n<IfModule x>\nIncludeOptional b/*.conf\n</IfModule>\nInclude /c/\n",
			[]string{"/etc/httpd/a.conf false", "/srv/b/*.conf true", "/c/* false"}},
		{Limits{}, "* - maxlogins 1\n", nil},
		{Routes{}, "default via 192.0.2.1\n", nil},
		{ProcRoute{}, procRoutes, nil},
		{IPTables{}, savedRules, nil},
		{ProcSockets{}, tcpTable, nil},
	}
	for _, c := range cases {
		if d := cmp.Diff(c.want, includesOf(t, c.lens, "/etc/x/f", c.text)); d != "" {
			t.Errorf("%T: %s", c.lens, d)
		}
	}
}
