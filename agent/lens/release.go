package lens

import (
	"regexp"
	"strings"
)

// Release reads the appliance's release line, as "Sentry Standalone 9.20.2 Build
// 16 (Branch r9)". The words before the version are not known for every release,
// so any do; a version may have two to four numbers and a leading R or V.
//
// Path "version" gives MAJOR.MINOR.PATCH, "build" the build number.
type Release struct{}

// The parts of the release line. Submatch 1 is what is asked for.
var (
	versionPattern = regexp.MustCompile(`(?:^|[^0-9A-Za-z.])[RrVv]?(\d{1,9}\.\d{1,9}(?:\.\d{1,9})?)(?:\.\d{1,9})?(?:$|[^0-9A-Za-z.])`)
	buildPattern   = regexp.MustCompile(`(?:^|[^0-9A-Za-z])Build (\d{1,9})(?:$|[^0-9A-Za-z])`)
)

// Parse reads one file. The first line that is not blank is the root's child.
func (Release) Parse(name string, b []byte) (*Doc, error) {
	g := newGrow(name, b)
	err := eachLine(name, b, func(l textLine) error {
		start, end := trimRange(l.text, 0, len(l.text))
		if start == end || len(g.doc.Root.Children) > 0 {
			return nil
		}
		n := Node{Value: l.text[start:end], Line: l.no, Start: start, End: end, ValStart: start, ValEnd: end}
		_, err := g.add(g.doc.Root, shifted(n, l.start))
		return err
	})
	if err != nil {
		return nil, err
	}
	return g.doc, nil
}

// Includes is empty: the format has none.
func (Release) Includes(*Doc) []Include { return nil }

// Get answers for each file. A line without a version is a *SyntaxError, one
// without a build number only has none.
func (Release) Get(files []*File, q Query) ([]Value, error) {
	pattern := versionPattern
	switch q.Path {
	case "version":
	case "build":
		pattern = buildPattern
	default:
		return nil, unknownPath("release", q.Path)
	}
	var vs []Value
	for _, f := range files {
		v, ok := releasePart(f, pattern)
		switch {
		case !ok && q.Path == "version":
			return nil, &SyntaxError{File: f.Name, Line: 1, Msg: "no version such as 9.20.2 in the release line"}
		case !ok:
			continue
		case q.Path == "version":
			v.Text = fullVersion(v.Text)
		}
		vs = append(vs, v)
	}
	return vs, nil
}

func releasePart(f *File, pattern *regexp.Regexp) (Value, bool) {
	if len(f.Root.Children) == 0 {
		return Value{}, false
	}
	n := f.Root.Children[0]
	at := pattern.FindStringSubmatchIndex(n.Value)
	if at == nil {
		return Value{}, false
	}
	v := valueOf(f, n)
	v.Text = n.Value[at[2]:at[3]]
	v.Start, v.End = n.Start+at[2], n.Start+at[3]
	return v, true
}

// fullVersion drops leading zeros and adds the patch number that may be missing.
func fullVersion(s string) string {
	parts := strings.Split(s, ".")
	for i, p := range parts {
		parts[i] = strings.TrimLeft(p[:len(p)-1], "0") + p[len(p)-1:]
	}
	if len(parts) == 2 {
		parts = append(parts, "0")
	}
	return strings.Join(parts, ".")
}
