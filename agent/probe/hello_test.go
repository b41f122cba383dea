package probe

import (
	"bytes"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// parsed is a ClientHello as a server reads it.
type parsed struct {
	outer, legacy version
	session       []byte
	suites        []byte
	extensions    map[int][]byte
}

func parseHello(t *testing.T, record []byte) parsed {
	t.Helper()
	c := cursor{rest: record}
	kind := c.number(1)
	p := parsed{outer: version(c.number(2)), extensions: map[int][]byte{}}
	message := cursor{rest: c.vector(2)}
	message.number(1)
	body := cursor{rest: message.vector(3)}
	p.legacy = version(body.number(2))
	body.take(32)
	p.session, p.suites = body.vector(1), body.vector(2)
	if compressions := body.vector(1); !bytes.Equal(compressions, []byte{0}) {
		t.Errorf("compressions %v", compressions)
	}
	if len(body.rest) > 0 {
		in := cursor{rest: body.vector(2)}
		for len(in.rest) > 0 {
			kind := in.number(2)
			p.extensions[kind] = in.vector(2)
		}
		if !in.done() {
			t.Error("malformed extensions")
		}
	}
	if kind != recordHandshake || !c.done() || !message.done() || !body.done() {
		t.Errorf("malformed hello %x", record)
	}
	return p
}

func TestHelloOfEachVersion(t *testing.T) {
	old := []int{extServerName, extSupportedGroups, extPointFormats, extExtendedMasterSecret}
	for _, c := range []struct {
		h             hello
		outer, legacy version
		session       int
		extensions    []int
	}{
		{hello{version: ssl3}, ssl3, ssl3, 0, nil},
		{hello{version: ssl3, listed: true}, tls10, tls12, 0, []int{extSupportedVersions}},
		{hello{version: tls10}, tls10, tls10, 0, old},
		{hello{version: tls11}, tls10, tls11, 0, old},
		{hello{version: tls12}, tls10, tls12, 0, append(slices.Clone(old), extSignatureAlgorithms)},
		{hello{version: tls13, listed: true}, tls10, tls12, 32, append(slices.Clone(old), extSignatureAlgorithms, extSupportedVersions, extKeyShare)},
	} {
		c.h.suites = suitesOf(c.h.version)
		record, err := c.h.record("sentry1.lab.example")
		if err != nil {
			t.Fatal(err)
		}
		p := parseHello(t, record)
		var got []int
		for kind := range p.extensions {
			got = append(got, kind)
		}
		slices.Sort(got)
		slices.Sort(c.extensions)
		if p.outer != c.outer || p.legacy != c.legacy || len(p.session) != c.session || !slices.Equal(got, c.extensions) {
			t.Errorf("%v listed=%v: record %v, hello %v, session id %d, extensions %v", c.h.version, c.h.listed, p.outer, p.legacy, len(p.session), got)
		}
		if listed := p.extensions[extSupportedVersions]; c.h.listed && !bytes.Equal(listed, append([]byte{2}, words(c.h.version)...)) {
			t.Errorf("%v: supported_versions %x", c.h.version, listed)
		}
		if !bytes.Equal(p.suites, words(c.h.suites...)) {
			t.Errorf("%v: other suites", c.h.version)
		}
	}
}

func TestSuitesAreNamedOnce(t *testing.T) {
	for _, v := range versions {
		suites := suitesOf(v)
		slices.Sort(suites)
		if n := len(suites); len(slices.Compact(suites)) != n {
			t.Errorf("%v: a suite is there twice", v)
		}
	}
}

func TestRandomIsNewEachTime(t *testing.T) {
	h := hello{version: tls13, listed: true, suites: suites13}
	a, _ := h.record("")
	b, _ := h.record("")
	if len(a) != len(b) || bytes.Equal(a, b) {
		t.Error("two hellos are the same")
	}
}

func TestOnlyDNSNamesAreSent(t *testing.T) {
	for name, want := range map[string]string{
		"sentry1.lab.example":  "sentry1.lab.example",
		"sentry1.lab.example.": "sentry1.lab.example",
		"localhost":            "localhost",
		"":                     "",
		"192.0.2.10":           "",
		"2001:db8::1":          "",
		"a..b":                 "",
		"a b":                  "",
		"a\x00b":               "",
		"bücher.example":       "",

		strings.Repeat("a", 64):          "",
		strings.Repeat("abc.", 64) + "d": "",
	} {
		if got := dnsName(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

// What crypto/tls would say of old versions in FIPS mode is no word of the peer.
func TestNoTLSLibraryIsImported(t *testing.T) {
	files, _ := filepath.Glob("*.go")
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			first, _, _ := strings.Cut(path, "/")
			if path == "crypto/tls" || path == "net/http" || strings.Contains(first, ".") || first == "stigwatch" {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
	if len(files) == 0 {
		t.Error("no source found")
	}
}
