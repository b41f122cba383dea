package stig

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/finding"
)

// document is what we read of XCCDF 1.1. Lists show when an element that may
// stand once stands twice, and what would be lost if it were there.
type document struct {
	XMLName    xml.Name    `xml:"http://checklists.nist.gov/xccdf/1.1 Benchmark"`
	ID         string      `xml:"id,attr"`
	Titles     []text      `xml:"title"`
	Versions   []text      `xml:"version"`
	PlainTexts []plainText `xml:"plain-text"`
	Groups     []group     `xml:"Group"`
	Rules      []struct{}  `xml:"Rule"`
}

type plainText struct {
	ID   string `xml:"id,attr"`
	Text string `xml:",chardata"`
}

type group struct {
	ID     string     `xml:"id,attr"`
	Titles []text     `xml:"title"` // the SRG
	Rules  []rule     `xml:"Rule"`
	Groups []struct{} `xml:"Group"`
}

type rule struct {
	ID           string  `xml:"id,attr"`
	Severity     string  `xml:"severity,attr"`
	Versions     []text  `xml:"version"` // the STIG id
	Titles       []text  `xml:"title"`
	Descriptions []text  `xml:"description"`
	Fixes        []text  `xml:"fixtext"`
	Idents       []ident `xml:"ident"`
	Checks       []struct {
		Contents []text `xml:"check-content"`
	} `xml:"check"`
}

type ident struct {
	System string `xml:"system,attr"`
	Value  string `xml:",chardata"`
}

// text is the text of an element that has no others in it: theirs would be lost.
type text string

// UnmarshalXML reads the text whole or not at all.
func (t *text) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var b strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.CharData:
			b.Write(token)
		case xml.StartElement:
			return fmt.Errorf("the text of %s has the element %s in it", brief(start.Name.Local), brief(token.Name.Local))
		case xml.EndElement:
			*t = text(b.String())
			return nil
		}
	}
}

var (
	releaseInfo = regexp.MustCompile(`^Release: (\d{1,3}) Benchmark Date: (\d{1,2} [A-Z][a-z]{2} \d{4})$`)
	discussion  = regexp.MustCompile(`(?s)^\s*<VulnDiscussion>(.*?)</VulnDiscussion>`)
)

// Parse reads an official file: a manual XCCDF, or the ZIP that it comes in, which
// may hold several.
func Parse(b []byte) ([]*Benchmark, error) {
	if len(b) > MaxBytes {
		return nil, errLarge
	}
	if bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		return unpack(b)
	}
	one, err := parseXCCDF(b)
	if err != nil {
		return nil, err
	}
	return []*Benchmark{one}, nil
}

func parseXCCDF(b []byte) (*Benchmark, error) {
	body := bytes.TrimPrefix(b, []byte("\uFEFF"))
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		return nil, errors.New("it is no XML: name the file that ends in -xccdf.xml, or the ZIP that it came in")
	}
	if err := walk(body); err != nil {
		return nil, err
	}
	var d document
	if err := xml.Unmarshal(body, &d); err != nil {
		return nil, err
	}
	out, err := d.benchmark()
	if err != nil {
		return nil, err
	}
	out.Digest = digest(b)
	return out, out.check()
}

func (d *document) benchmark() (*Benchmark, error) {
	if len(d.Rules) > 0 {
		return nil, errors.New("it has a rule outside of a group")
	}
	b := &Benchmark{ID: d.ID}
	var err error
	if b.Title, err = one("the benchmark", "title", d.Titles); err != nil {
		return nil, err
	}
	if b.Release, b.Date, err = d.release(); err != nil {
		return nil, err
	}
	for i := range d.Groups {
		r, err := d.Groups[i].rule()
		if err != nil {
			return nil, err
		}
		b.Rules = append(b.Rules, r)
	}
	return b, nil
}

// release puts together what the document says in two places.
func (d *document) release() (release, date string, err error) {
	version, err := one("the benchmark", "version", d.Versions)
	if err != nil {
		return "", "", err
	}
	var infos []text
	for _, p := range d.PlainTexts {
		if p.ID == "release-info" {
			infos = append(infos, text(p.Text))
		}
	}
	info, err := one("the benchmark", "release-info", infos)
	if err != nil {
		return "", "", err
	}
	m := releaseInfo.FindStringSubmatch(strings.TrimSpace(info))
	if m == nil {
		return "", "", fmt.Errorf("its release-info is %s, which names no release and date", brief(info))
	}
	day, err := time.Parse("2 Jan 2006", m[2])
	if err != nil {
		return "", "", fmt.Errorf("its release-info is %s, which names no date", brief(info))
	}
	return "V" + strings.TrimSpace(version) + "R" + m[1], day.Format(time.DateOnly), nil
}

func (g *group) rule() (Rule, error) {
	name := "group " + brief(g.ID)
	if len(g.Rules) != 1 || len(g.Groups) > 0 {
		return Rule{}, fmt.Errorf("%s has %d rules and %d groups in it, and one rule was expected", name, len(g.Rules), len(g.Groups))
	}
	r := &g.Rules[0]
	out := Rule{Rule: g.ID, RuleID: r.ID, Severity: finding.Severity(r.Severity)}
	var contents []text
	for _, c := range r.Checks {
		contents = append(contents, c.Contents...)
	}
	for _, part := range []struct {
		into *string
		what string
		from []text
	}{
		{&out.SRG, "title", g.Titles},
		{&out.StigID, "version", r.Versions},
		{&out.Title, "title of its rule", r.Titles},
		{&out.Discussion, "description of its rule", r.Descriptions},
		{&out.Fix, "fixtext", r.Fixes},
		{&out.Check, "check-content", contents},
	} {
		var err error
		if *part.into, err = one(name, part.what, part.from); err != nil {
			return Rule{}, err
		}
	}
	if m := discussion.FindStringSubmatch(out.Discussion); m != nil { // beside it stand other fields, mostly empty
		out.Discussion = m[1]
	}
	out.CCIs, out.Legacy = sorted(r.Idents, "/cci"), sorted(r.Idents, "/legacy")
	return out, nil
}

// one gives the one element of its kind.
func one(where, what string, all []text) (string, error) {
	if len(all) != 1 {
		return "", fmt.Errorf("%s has %d times a %s, and one was expected", where, len(all), what)
	}
	return string(all[0]), nil
}

// sorted gives the ids of the systems that end so. Their hosts changed over time.
func sorted(idents []ident, system string) []string {
	out := []string{}
	for _, i := range idents {
		if strings.HasSuffix(i.System, system) {
			out = append(out, strings.TrimSpace(i.Value))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
