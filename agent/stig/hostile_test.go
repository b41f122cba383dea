package stig

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	good := xccdf(made(madeRule(1), madeRule(2)))
	change := func(from, to string) string {
		if !strings.Contains(good, from) {
			t.Fatalf("%q is not there to be changed", from)
		}
		return strings.Replace(good, from, to, 1)
	}
	bomb := `<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>`
	outside := `<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]>`
	for name, c := range map[string]struct{ text, want string }{
		"nothing":             {"", "it is no XML"},
		"other text":          {"V-1 is fine", "it is no XML"},
		"broken XML":          {change("</fixtext>", "</fixtxt>"), "XML syntax error on line"},
		"no UTF-8":            {change("Made up", "Made \xff up"), "invalid UTF-8"},
		"another encoding":    {change(`encoding="utf-8"`, `encoding="utf-16"`), "utf-16"},
		"control character":   {change("Made up", "Made \x1b up"), "illegal character"},
		"entity bomb":         {change("<Benchmark", bomb+"<Benchmark"), "document type"},
		"outside entity":      {change("<Benchmark", outside+"<Benchmark"), "document type"},
		"undeclared entity":   {change("Shut it.", "&c;"), "invalid character entity"},
		"second document":     {good + good[strings.Index(good, "<Benchmark"):], "more than one document"},
		"text after the end":  {good + "more", "outside of the document"},
		"end without begin":   {good + "</Group>", "does not begin"},
		"deep":                {change("<Group", strings.Repeat("<a>", 40)+strings.Repeat("</a>", 40)+"<Group"), "nested more than"},
		"long tag":            {change(`xml:lang="en"`, `xml:lang="`+strings.Repeat("e", maxToken)+`"`), "tag or a text"},
		"many attributes":     {change(`<Group`, "<x"+strings.Repeat(` a=""`, 100_000)+"/><Group"), "more than 64 attributes"},
		"attribute twice":     {change(`severity="medium"`, `severity="medium" severity="high"`), "twice"},
		"another document":    {"<html><body/></html>", "expected element"},
		"XCCDF 1.2":           {change("xccdf/1.1", "xccdf/1.2"), "name space"},
		"no title":            {change("<title>Made up</title>", ""), "0 times a title"},
		"two versions":        {change("<version>", "<version>9</version><version>"), "2 times a version"},
		"odd version":         {change("<version>3", "<version>../3"), "its release is"},
		"no release":          {change("Release: 2 Benchmark", "Benchmark"), "names no release"},
		"no such date":        {change("3 Feb 2026", "31 Feb 2026"), "names no date"},
		"no rules":            {xccdf(made()), "0 rules"},
		"odd group":           {change(`Group id="V-000001"`, `Group id="../x"`), `"../x"`},
		"another's rule id":   {change("SV-000001r7_rule", "SV-000009r7_rule"), "SV-000009r7_rule"},
		"rule twice":          {xccdf(made(madeRule(1), madeRule(1))), "twice"},
		"odd severity":        {change(`severity="medium"`, `severity="grave"`), "grave"},
		"odd STIG id":         {change("MADE-ND-000001", "a b"), "is no STIG id"},
		"odd SRG":             {change("SRG-APP-000001-NDM-000200", "SRG"), "is no SRG"},
		"odd CCI":             {change("CCI-000054", "CCI-54"), "CCI-54"},
		"no check":            {change("<check-content>", "<check-text>x</check-text><check-other>") + "", "XML syntax error"},
		"empty fix":           {change("Shut it.", " "), "its fix is empty"},
		"fix twice":           {change("<fixtext", "<fixtext>x</fixtext><fixtext"), "2 times a fixtext"},
		"text would be lost":  {change("Shut it.", "<b>Shut</b> it."), `has the element "b" in it`},
		"rule in no group":    {change("<Group", "<Rule/><Group"), "outside of a group"},
		"group in a group":    {change("<Rule", `<Group id="x"/><Rule`), "1 groups in it"},
		"two rules in one":    {change("</Rule></Group>", `</Rule><Rule id="x"/></Group>`), "2 rules"},
		"hostile name":        {change(`Group id="V-000001"`, `Group id="`+strings.Repeat("\u202e", 500)+`"`), "…"},
		"no archive":          {"PK\x03\x04 and then nothing", "zip"},
		"archive of nothing":  {string(zipped(t, "a.xml", good)), "-xccdf.xml"},
		"archive in it":       {string(zipped(t, "a.zip", string(zipped(t, "a-xccdf.xml", good)))), "unpack that one first"},
		"broken in archive":   {string(zipped(t, "a-xccdf.xml", good[:900])), `"a-xccdf.xml" in it: XML syntax error`},
		"too many benchmarks": {string(zipped(t, strings.Split(strings.Repeat("-xccdf.xml\x00"+good+"\x00", 9), "\x00")[:18]...)), "more than 8 benchmarks"},
		"too many files":      {string(zipped(t, strings.Split(strings.Repeat("a\x00\x00", 1001), "\x00")[:2002]...)), "more than 1000 files"},
	} {
		_, err := Parse([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 600 {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestParseRefusesEveryTruncation(t *testing.T) {
	good := xccdf(made(madeRule(1)))
	packed := string(zipped(t, "a-xccdf.xml", good))
	for _, whole := range []string{good, packed} {
		for n := range len(whole) {
			if _, err := Parse([]byte(whole[:n])); err == nil {
				t.Fatalf("%d of %d bytes are taken for a whole", n, len(whole))
			}
		}
	}
}

func TestSizeCap(t *testing.T) {
	if _, err := Parse(make([]byte, MaxBytes+1)); !errors.Is(err, errLarge) {
		t.Error(err)
	}
}

// What unpacks to more costs no more than the cap allows, whatever size it states.
func TestZipBomb(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("bomb-xccdf.xml")
	if err == nil {
		_, err = io.CopyN(w, spaces{}, MaxBytes*3/2)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	bomb := b.Bytes()
	lying := bytes.Clone(bomb)
	at := bytes.LastIndex(lying, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(lying[at+24:], 100) // the size that it states
	for name, one := range map[string][]byte{"honest": bomb, "lying": lying} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse(one)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: taken", name)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 8*MaxBytes {
			t.Errorf("%s: %d bytes for an archive of %d", name, used, len(one))
		}
	}
}

func TestAnArchiveHasOneBudget(t *testing.T) {
	large := strings.Repeat("<!--"+strings.Repeat(" ", maxToken/2)+"-->", 20) // of the 32 that fit
	one, two := xccdf(made(madeRule(1)))+large, xccdf(made(madeRule(2)))+large
	if _, err := Parse(zipped(t, "a-xccdf.xml", one)); err != nil {
		t.Errorf("one: %v", err)
	}
	if _, err := Parse(zipped(t, "a-xccdf.xml", one, "b-xccdf.xml", two)); err == nil || !strings.Contains(err.Error(), "unpacks to more than") {
		t.Errorf("two: %v", err)
	}
}

type spaces struct{}

func (spaces) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

// Every mutation is refused, or gives a benchmark that holds together.
func TestMutationsHoldTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	good := xccdf(made(madeRule(1), madeRule(2)))
	for range 1000 {
		b := []byte(good)
		for range 1 + r.IntN(3) {
			b[r.IntN(len(b))] = "<>&\"/ \x00\xffV-9aR"[r.IntN(13)]
		}
		holdsTogether(t, b)
	}
}

func holdsTogether(t *testing.T, b []byte) {
	t.Helper()
	all, err := Parse(b)
	if err != nil {
		if len(all) > 0 {
			t.Fatalf("benchmarks beside %v", err)
		}
		return
	}
	for _, one := range all {
		if err := one.check(); err != nil {
			t.Fatal(err)
		}
		one.Name = "made"
		text, err := encode(one)
		if err != nil || len(text) > maxKept {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
		c, err := Compare([]Known{{"made", one.Release, one.Rules}}, one)
		if err != nil || len(c.Strays)+len(c.Changes) > 0 {
			t.Fatalf("against itself: %+v, %v", c, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	good := xccdf(made(madeRule(1), madeRule(2)))
	f.Add([]byte(good))
	f.Add(zipped(f, "a-xccdf.xml", good))
	f.Add([]byte(strings.Replace(good, "<Benchmark", `<!DOCTYPE b [<!ENTITY a "ha">]><Benchmark`, 1)))
	f.Add([]byte(fmt.Sprintf("%.900s", good)))
	f.Fuzz(func(t *testing.T, b []byte) { holdsTogether(t, b) })
}
