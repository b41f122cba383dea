// Package learn finds where a setting lies by watching it change. It gets two or
// more pictures of the configuration tree, each with the value that a person saw
// set at that moment, and looks for the one place that says the same every time.
//
// It would rather not know than be wrong. A place counts when each picture agrees
// with it; two such places are none; a file that could not be read in one picture
// might hold the place, so nothing is settled until it can. A number has to go
// down once, because counters of saves only go up, and a switch has to go both
// ways, because a mark such as "changed" goes one way by itself.
//
// Out of scope: records, lists in one piece of text, settings that lie in several
// places together, and switches that are stored the other way round.
package learn

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"stigwatch/agent/finding"
)

// Fact is what is looked for.
type Fact struct {
	Name string
	Type finding.FactType
}

// Picture is the tree at one moment.
type Picture struct {
	Files  map[string][]byte // by path inside the root
	Unread map[string]string // files that are there and could not be read → why
	Set    any               // what was set then, as Fact.Read gives it
}

// State says what pictures come to.
type State string

// The states of a verdict.
const (
	Found   State = "found"   // exactly one place
	None    State = "none"    // no place
	Several State = "several" // more than one
	More    State = "more"    // too little was seen to tell
)

// Candidate is a place that may be the one.
type Candidate struct {
	File, Lens, Path string
	Unit             string   // of the place, if it is not the fact's own
	Texts            []string // what stood there, by picture
	lines            []int
}

// Verdict is what the pictures come to.
type Verdict struct {
	State      State
	Candidates []Candidate // that agree with every picture, the likeliest first
	Why        string      // what is missing, and the next step; "" when found
}

// Judge looks for the places that explain all pictures.
func Judge(f Fact, pictures []Picture) Verdict {
	if why := f.tooFew(pictures); why != "" {
		return Verdict{State: More, Why: why}
	}
	scans := make([]scan, len(pictures))
	for i, p := range pictures {
		scans[i] = scanOf(p)
	}
	v := Verdict{Candidates: f.explain(scans, pictures)}
	switch gap := f.gap(scans, pictures); {
	case gap != "":
		v.State, v.Why = More, gap
	case len(v.Candidates) == 0:
		v.State, v.Why = None, none(f.among(scans, pictures))
	case len(v.Candidates) > 1:
		v.State, v.Why = Several, fmt.Sprintf("%d places agree with every value so far: set another value; if they stay, name the folder or file with --dir", len(v.Candidates))
	default:
		v.State = Found
		if v.Why = f.tooWeak(pictures); v.Why != "" {
			v.State = More
		}
	}
	return v
}

func none(among []string) string {
	why := "no place agrees with every value: look whether the setting was applied and saved and the values are as the page shows them, or name other folders with --dir"
	if len(among) > 0 {
		why += fmt.Sprintf("; at %s it stands among others of the same name, which no mapping can tell apart", among[0])
	}
	return why
}

// explain gives the places that agree with every picture.
func (f Fact) explain(scans []scan, pictures []Picture) []Candidate {
	var out []Candidate
	for at := range scans[0].places {
		for _, unit := range f.units() {
			if c, ok := f.candidate(at, unit, scans, pictures); ok {
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, Candidate.compare)
	return slices.CompactFunc(out, Candidate.sameLines)
}

func (f Fact) candidate(at place, unit string, scans []scan, pictures []Picture) (Candidate, bool) {
	c := Candidate{File: at.file, Lens: at.lens, Path: at.path, Unit: unit}
	for i, s := range scans {
		got := s.places[at]
		if !f.fits(unit, got.texts, pictures[i].Set) {
			return c, false
		}
		c.Texts, c.lines = append(c.Texts, strings.Join(got.texts, ", ")), append(c.lines, got.line)
	}
	return c, true
}

// compare puts places of one line together, the lens for the file's kind first.
func (c Candidate) compare(o Candidate) int {
	return cmp.Or(
		strings.Count(c.File+c.Path, "/")-strings.Count(o.File+o.Path, "/"),
		strings.Compare(c.File, o.File), slices.Compare(c.lines, o.lines),
		c.likely()-o.likely(), strings.Compare(c.Path, o.Path), strings.Compare(c.Unit, o.Unit),
	)
}

func (c Candidate) likely() int {
	if (path.Ext(c.File) == ".properties") == (c.Lens == properties) {
		return 0
	}
	return 1
}

// sameLines tells that two lenses read the same lines of one file.
func (c Candidate) sameLines(o Candidate) bool {
	return c.File == o.File && c.Lens != o.Lens && c.Lens != xml && o.Lens != xml && slices.Equal(c.lines, o.lines)
}

// gap says which file might hold the place and was not to be read in every
// picture: one with a place that agrees wherever it was.
func (f Fact) gap(scans []scan, pictures []Picture) string {
	var gaps []string
	for _, s := range scans {
		for at := range s.places {
			i := slices.IndexFunc(scans, func(s scan) bool { return !s.read[at.file] })
			if i >= 0 && matters(at.file, scans, pictures) && f.agrees(at, scans, pictures) {
				gaps = append(gaps, fmt.Sprintf("%s could not be read with value %d (%s), and it may be the place: set the value again", at.file, i+1, scans[i].unread(at.file)))
			}
		}
	}
	if len(gaps) == 0 {
		return ""
	}
	return slices.Min(gaps)
}

// matters tells whether a file that was not read every time has to be waited
// for. One that was not there is most likely a copy that each save makes anew,
// and drops out when it was there with one value only.
func matters(file string, scans []scan, pictures []Picture) bool {
	first, others := -1, false
	for i, s := range scans {
		switch {
		case s.why[file] != "":
			return true
		case s.read[file] && first < 0:
			first = i
		case s.read[file]:
			others = others || !reflect.DeepEqual(pictures[i].Set, pictures[first].Set)
		}
	}
	return others || first == 0 && len(scans) == 2
}

// agrees looks only at the pictures in which the file was read.
func (f Fact) agrees(at place, scans []scan, pictures []Picture) bool {
	return slices.ContainsFunc(f.units(), func(unit string) bool {
		for i, s := range scans {
			if s.read[at.file] && !f.fits(unit, s.places[at].texts, pictures[i].Set) {
				return false
			}
		}
		return true
	})
}

// among gives the places where one of several values of the same name changed
// as the setting did.
func (f Fact) among(scans []scan, pictures []Picture) []string {
	var out []string
	for at := range scans[0].places {
		same := func(unit string) bool { return f.oneChanges(at, unit, scans, pictures) }
		if f.Type.Kind != finding.Strings && slices.ContainsFunc(f.units(), same) {
			out = append(out, at.file+" "+at.path)
		}
	}
	slices.Sort(out)
	return out
}

func (f Fact) oneChanges(at place, unit string, scans []scan, pictures []Picture) bool {
	var rest []string // the others, which must stay
	for i, s := range scans {
		texts := s.places[at].texts
		j := slices.IndexFunc(texts, func(t string) bool { return f.fits(unit, []string{t}, pictures[i].Set) })
		if j < 0 || len(texts) < 2 {
			return false
		}
		others := slices.Sorted(slices.Values(slices.Delete(slices.Clone(texts), j, j+1)))
		if i > 0 && !slices.Equal(rest, others) {
			return false
		}
		rest = others
	}
	return true
}

// tooFew says what is missing before anything can be looked for.
func (f Fact) tooFew(pictures []Picture) string {
	differ := slices.ContainsFunc(pictures, func(p Picture) bool { return !reflect.DeepEqual(p.Set, pictures[0].Set) })
	long := slices.ContainsFunc(pictures, func(p Picture) bool { list, _ := p.Set.([]string); return len(list) > 1 })
	switch {
	case !differ:
		return "one value can stand in many places: set a second, different one"
	case f.Type.Kind == finding.Strings && !long:
		return "how the list is kept shows only when it has two entries: set it to two or more"
	}
	return ""
}

// tooWeak says what a single place has not shown yet.
func (f Fact) tooWeak(pictures []Picture) string {
	var up, down bool
	for i := 1; i < len(pictures); i++ {
		step := order(pictures[i].Set, pictures[i-1].Set)
		up, down = up || step > 0, down || step < 0
	}
	switch {
	case f.Type.Kind == finding.Boolean && !(up && down):
		return "a switch has to go both ways: set it back"
	case up && !down:
		return "a counter of saves goes up too: set a smaller value, such as the one before"
	}
	return ""
}

// files gives every file that is in a picture, read or not.
func (p Picture) files() []string {
	return slices.Sorted(maps.Keys(p.Files))
}
