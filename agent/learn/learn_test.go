package learn

import (
	"strings"
	"testing"

	"stigwatch/agent/finding"
)

func fact(name string, kind finding.Kind) Fact {
	return Fact{Name: name, Type: finding.FactType{Kind: kind}}
}

var (
	number  = fact("a.number", finding.Integer)
	minutes = fact("a.time_minutes", finding.Integer)
	wait    = fact("a.wait_seconds", finding.Integer)
	flag    = fact("a.flag", finding.Boolean)
	text    = fact("a.text", finding.String)
	words   = fact("a.words", finding.Strings)
)

// shot is one picture: what was set, then a file and its text, and so on.
type shot []string

// judge gives a verdict in a few words: the state, and where.
func judge(t *testing.T, f Fact, shots ...shot) (string, Verdict) {
	t.Helper()
	var pictures []Picture
	for _, s := range shots {
		p := Picture{Files: map[string][]byte{}}
		var err error
		if p.Set, err = f.Read(s[0]); err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(s); i += 2 {
			p.Files[s[i]] = []byte(s[i+1])
		}
		pictures = append(pictures, p)
	}
	v := Judge(f, pictures)
	got := string(v.State)
	for _, c := range v.Candidates {
		got += " " + strings.TrimSpace(c.File+" "+c.Lens+" "+c.Path+" "+c.Unit)
	}
	return got, v
}

func TestJudge(t *testing.T) {
	tests := map[string]struct {
		fact  Fact
		shots []shot
		want  string
	}{
		"an element":            {number, []shot{{"15", "/x", "<a><b>15</b></a>"}, {"8", "/x", "<a><b>8</b></a>"}}, "found /x xml /a/b"},
		"an attribute":          {number, []shot{{"15", "/x", "<a b='15'/>"}, {"8", "/x", "<a b='8'/>"}}, "found /x xml /a/@b"},
		"a property":            {number, []shot{{"15", "/x.properties", "k: 15"}, {"8", "/x.properties", "k: 8"}}, "found /x.properties properties k"},
		"a key":                 {number, []shot{{"15", "/x.conf", "k = 15 # old"}, {"8", "/x.conf", "k=8"}}, "found /x.conf keyvalue k"},
		"a key, two lenses":     {number, []shot{{"15", "/x.conf", "k = 15"}, {"8", "/x.conf", "k=8"}}, "found /x.conf keyvalue k"},
		"seconds for minutes":   {minutes, []shot{{"15", "/x", "k 900"}, {"10", "/x", "k 600"}}, "found /x keyvalue k seconds"},
		"minutes for seconds":   {wait, []shot{{"900", "/x", "k 15"}, {"600", "/x", "k 10"}}, "found /x keyvalue k minutes"},
		"nought says no unit":   {wait, []shot{{"600", "/x", "k 10"}, {"0", "/x", "k never"}}, "found /x keyvalue k minutes"},
		"spelled two ways":      {flag, []shot{{"on", "/x", "k Enabled"}, {"off", "/x", "k 0"}, {"yes", "/x", "k TRUE"}}, "found /x keyvalue k"},
		"text over lines":       {text, []shot{{"one two", "/x", "<a>one\n two</a>"}, {"three", "/x", "<a>three</a>"}}, "found /x xml /a"},
		"a list":                {words, []shot{{"b, a", "/x", "<a><b>a</b><b>b</b></a>"}, {"c", "/x", "<a><b>c</b></a>"}}, "found /x xml /a/b"},
		"the file is rewritten": {number, []shot{{"15", "/x", "<a><c>15</c><b>15</b></a>"}, {"8", "/x", "<?xml version='1.0'?>\n<a>\n <b>8</b>\n <c>15</c>\n</a>"}}, "found /x xml /a/b"},

		"one value":          {number, []shot{{"15", "/x", "k 15"}, {"15", "/x", "k 15"}}, "more"},
		"lists of one":       {words, []shot{{"a", "/x", "<a>a</a>"}, {"b", "/x", "<a>b</a>"}}, "more"},
		"a list in one text": {words, []shot{{"a,b", "/x", "<a>a,b</a>"}, {"c", "/x", "<a>c</a>"}}, "none"},
		"never seen":         {number, []shot{{"15", "/x", "k 15"}, {"8", "/x", "k 15"}}, "none"},
		"the wrong unit":     {number, []shot{{"15", "/x", "k 900"}, {"8", "/x", "k 480"}}, "none"},
		"the other way":      {flag, []shot{{"on", "/x", "k off"}, {"off", "/x", "k on"}, {"on", "/x", "k off"}}, "none"},
		"two places":         {number, []shot{{"15", "/x", "k 15\nl 15"}, {"8", "/x", "k 8\nl 8"}}, "several /x keyvalue k /x keyvalue l"},
		"told apart":         {number, []shot{{"15", "/x", "k 15\nl 15"}, {"8", "/x", "k 8\nl 8"}, {"9", "/x", "k 8\nl 9"}}, "found /x keyvalue l"},
		"only upwards":       {number, []shot{{"15", "/x", "k 15"}, {"16", "/x", "k 16"}}, "more /x keyvalue k"},
		"up and down":        {number, []shot{{"15", "/x", "k 15"}, {"16", "/x", "k 16"}, {"15", "/x", "k 15"}}, "found /x keyvalue k"},
		"text that counts":   {text, []shot{{"1", "/x", "k 1"}, {"2", "/x", "k 2"}}, "more /x keyvalue k"},
		"one way":            {flag, []shot{{"on", "/x", "k on"}, {"off", "/x", "k off"}}, "more /x keyvalue k"},
		"set twice":          {number, []shot{{"15", "/x", "<a><b>15</b><b>15</b></a>"}, {"8", "/x", "<a><b>8</b><b>8</b></a>"}}, "none"},

		"half a file":            {number, []shot{{"15", "/x", "<a>15</a>", "/y", "k 15"}, {"8", "/x", "<a>8", "/y", "k 8"}}, "more /y keyvalue k"},
		"an empty file":          {number, []shot{{"15", "/x", "<a>15</a>", "/y", "k 15"}, {"8", "/x", "\n", "/y", "k 8"}}, "more /y keyvalue k"},
		"a file that went away":  {number, []shot{{"15", "/x", "<a>15</a>", "/y", "k 15"}, {"8", "/y", "k 8"}}, "more /y keyvalue k"},
		"a broken file, no hint": {number, []shot{{"15", "/x", "<a>1", "/y", "k 15"}, {"8", "/x", "<a>1", "/y", "k 8"}}, "found /y keyvalue k"},
		"copies of each save": {number, []shot{{"15", "/y", "k 15", "/y.1", "k 15"}, {"9", "/y", "k 9", "/y.2", "k 9"},
			{"8", "/y", "k 8", "/y.3", "k 8"}}, "found /y keyvalue k"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, v := judge(t, tt.fact, tt.shots...)
			if got != tt.want || (v.State == Found) != (v.Why == "") {
				t.Errorf("got %s (%s), want %s", got, v.Why, tt.want)
			}
		})
	}
}

func TestPairsOfNameAndValueAreToldOf(t *testing.T) {
	const doc = "<a><s><n>x</n><v>15</v></s><s><n>y</n><v>20</v></s></a>"
	_, v := judge(t, number, shot{"15", "/x", doc}, shot{"8", "/x", strings.Replace(doc, "15", "8", 1)})
	if v.State != None || !strings.Contains(v.Why, "at /x /a/s/v it stands among others") {
		t.Errorf("%s: %s", v.State, v.Why)
	}
}

func TestReadRefuses(t *testing.T) {
	tests := map[string]struct {
		fact Fact
		text string
		want string
	}{
		"no value":     {text, " \t", "from no value"},
		"no number":    {minutes, "soon", "a whole number of minutes"},
		"no switch":    {flag, "maybe", "write on or off"},
		"records":      {fact("a.all", finding.Records), "x", "made of records"},
		"a record":     {fact("a.one", finding.Record), "x", "made of records"},
		"a huge value": {number, "99999999999", "a whole number"},
	}
	for name, tt := range tests {
		if v, err := tt.fact.Read(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v", name, v, err)
		}
	}
}
