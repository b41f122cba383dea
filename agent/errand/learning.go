package errand

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/appliance"
	"stigwatch/agent/finding"
	"stigwatch/agent/host"
	"stigwatch/agent/learn"
	"stigwatch/agent/lens"
	"stigwatch/agent/mapping"
)

// learnedFile is where entries go that were learned or confirmed, in the first
// folder of mappings.
const learnedFile = "50-learned.yaml"

// Mapper is the mapping and what the appliance has, for a person to look at and
// to teach.
type Mapper struct {
	p    *appliance.Parts
	snap finding.Snapshot
}

// NewMapper loads the configuration and reads every fact.
func NewMapper(o appliance.Options) (*Mapper, error) {
	p, err := appliance.Build(o)
	if err != nil {
		return nil, err
	}
	snap, _ := p.Reader.All()
	return &Mapper{p, snap}, nil
}

// Close lets the appliance's tree go.
func (m *Mapper) Close() { m.p.Close() }

// Probed is one fact: where it is mapped, and what is found there.
type Probed struct {
	Fact   string        `json:"fact"`
	About  string        `json:"about"`
	Status string        `json:"status"` // of its mapping; "" without one
	State  finding.State `json:"state"`
	Reason string        `json:"reason"`
	Places []string      `json:"places"` // where the mapping points
	Found  string        `json:"found"`  // file and line; "" when there is no value
	Value  any           `json:"value"`
}

// Probe lists every fact, by name.
func (m *Mapper) Probe() []Probed {
	var out []Probed
	for _, name := range m.p.Engine.Schema.Names() {
		out = append(out, m.probe(name))
	}
	return out
}

func (m *Mapper) probe(name string) Probed {
	e, f := m.p.Mapping[name], m.snap[name]
	got := Probed{
		Fact: name, About: m.p.Engine.Schema[name].Description, Status: string(e.Status),
		State: f.State, Reason: f.Reason, Value: f.ForPeople(), Places: []string{},
	}
	for _, src := range e.From {
		got.Places = append(got.Places, placeOf(src))
	}
	if f.Value != nil && len(f.Evidence) > 0 {
		got.Found = fmt.Sprintf("%s:%d", f.Evidence[0].File, f.Evidence[0].Line)
	}
	return got
}

func placeOf(src mapping.Source) string {
	where := strings.Join(src.Files, ", ")
	if src.FileOf != "" {
		where = "the file of " + src.FileOf
	}
	for _, word := range []string{src.Lens, src.Path, src.Unit} {
		if word != "" {
			where += " " + word
		}
	}
	return where
}

// ToConfirm lists the facts that a person can compare now, those that are not
// confirmed and have a value; or the named ones, each of which has to be such a fact.
func (m *Mapper) ToConfirm(facts []string) ([]Probed, error) {
	if len(facts) == 0 {
		return slices.DeleteFunc(m.Probe(), func(p Probed) bool { return m.comparable(p.Fact) != nil }), nil
	}
	var out []Probed
	for _, fact := range slices.Compact(slices.Sorted(slices.Values(facts))) {
		if err := m.comparable(fact); err != nil {
			return nil, err
		}
		out = append(out, m.probe(fact))
	}
	return out, nil
}

// comparable says why a fact cannot be confirmed now.
func (m *Mapper) comparable(fact string) error {
	f, ok := m.snap[fact]
	switch {
	case !ok:
		return m.unknown("confirm", fact)
	case f.State == finding.Unmapped:
		return fmt.Errorf("cannot confirm %q: no mapping says where it lies; try: stigwatch map learn %s", fact, fact)
	case f.State != finding.Unconfirmed:
		return fmt.Errorf("cannot confirm %q: it needs no confirmation, it is %s", fact, f.State)
	case f.Value == nil:
		return fmt.Errorf("cannot confirm %q: its mapping finds no value to compare", fact)
	}
	return nil
}

func (m *Mapper) unknown(verb, fact string) error {
	return fmt.Errorf("cannot %s %q: there is no such fact; stigwatch map probe lists them", verb, fact)
}

// Who confirms, and for which hosts.
type Who struct {
	By    string
	Fleet bool // every host, not this one alone
	When  time.Time
}

// Confirm writes that somebody compared a fact with what the System Manager
// shows, for this release line, and gives the file.
func (m *Mapper) Confirm(fact string, who Who) (string, error) {
	if err := m.comparable(fact); err != nil {
		return "", err
	}
	line, err := m.release()
	if err != nil {
		return "", fmt.Errorf("cannot confirm %q: %w", fact, err)
	}
	c := &mapping.Confirmation{By: who.By, When: who.When.UTC().Format(time.RFC3339), Release: line, Fleet: who.Fleet}
	if !who.Fleet {
		if c.Host = m.p.Name; c.Host == "unknown" {
			return "", fmt.Errorf("cannot confirm %q: the name of this host cannot be told; confirm for the fleet", fact)
		}
	}
	e := m.p.Mapping[fact]
	e.Status, e.Confirmed = mapping.Confirmed, c
	return m.write(e)
}

var releaseLine = regexp.MustCompile(`^\d+\.\d+`)

// release gives the release line, "10.7" of 10.7.1: a mapping outlives a patch.
func (m *Mapper) release() (string, error) {
	if f := m.snap["release.version"]; f != nil && f.State == finding.Known {
		text, _ := f.Value.(string)
		if line := releaseLine.FindString(text); line != "" {
			return line, nil
		}
	}
	return "", errors.New("which release this is cannot be told, and a confirmation holds for one")
}

// write adds an entry to the folder where the site speaks of its fact already,
// else to the first one.
func (m *Mapper) write(e mapping.Entry) (string, error) {
	dirs := m.p.Config.MappingDirs
	if len(dirs) == 0 {
		return "", fmt.Errorf("cannot write the entry of %q: %q names no folder of mappings", e.Fact, m.p.Config.Path)
	}
	dir := dirs[0]
	if own := filepath.Dir(m.p.Mapping[e.Fact].File); slices.Contains(dirs, own) {
		dir = own
	}
	path, err := mapping.Add(dir, learnedFile, e, mapping.Known{Facts: m.p.Engine.Schema, Lenses: lens.Names()})
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; make it: install -d -m 0750 -g stigwatch %s", err, dir)
	}
	return path, err
}

// Learner watches one setting change.
type Learner struct {
	m        *Mapper
	fact     learn.Fact
	folders  []string
	pictures []learn.Picture
	found    *mapping.Source
}

// Learn begins to look for a fact below these folders; none are the usual ones.
func (m *Mapper) Learn(fact string, folders []string) (*Learner, error) {
	t, ok := m.p.Engine.Schema[fact]
	switch {
	case !ok:
		return nil, m.unknown("learn", fact)
	case t.Kind == finding.Record || t.Kind == finding.Records:
		_, err := learn.Fact{Name: fact, Type: t}.Read("x")
		return nil, err
	case m.p.Mapping[fact].Status == mapping.Documented:
		return nil, fmt.Errorf("cannot learn %q: where it lies is documented (%s)", fact, m.p.Mapping[fact].Source)
	}
	if len(folders) == 0 {
		folders = learn.Folders()
	}
	return &Learner{m: m, fact: learn.Fact{Name: fact, Type: t}, folders: folders}, nil
}

// Now is the fact as it is mapped and found before anything was learned.
func (l *Learner) Now() Probed { return l.m.probe(l.fact.Name) }

// Lesson is what the pictures so far come to.
type Lesson struct {
	Found  bool   // one place, which Save writes
	Why    string // what is missing, and the next step
	Places []Spot // that agree with every value, the likeliest first
	Values int    // how many were set
}

// Spot is one place, and what stood there each time.
type Spot struct {
	Place string
	Texts []string
}

// See takes a picture of the appliance, on which the value is set now.
func (l *Learner) See(value string) (Lesson, error) {
	return l.SeeCopy(l.m.p.Config.Root, value)
}

// SeeCopy takes a picture of a copied tree, on which the value was set.
func (l *Learner) SeeCopy(root, value string) (Lesson, error) {
	set, err := l.fact.Read(value)
	if err != nil {
		return Lesson{}, err
	}
	h, err := host.New(host.Options{Root: root})
	if err != nil {
		return Lesson{}, err
	}
	defer h.Close()
	p, err := learn.Look(h, l.folders)
	if err != nil {
		return Lesson{}, err
	}
	p.Set = set
	l.pictures = append(l.pictures, p)
	return l.judge(), nil
}

func (l *Learner) judge() Lesson {
	v := learn.Judge(l.fact, l.pictures)
	lesson := Lesson{Found: v.State == learn.Found, Why: v.Why, Values: len(l.pictures)}
	l.found = nil
	for _, c := range v.Candidates {
		src := mapping.Source{Files: []string{c.File}, Lens: c.Lens, Path: c.Path, Unit: c.Unit}
		lesson.Places = append(lesson.Places, Spot{placeOf(src), c.Texts})
		if lesson.Found {
			l.found = &src
		}
	}
	return lesson
}

// Unread lists the files that the last picture could not show.
func (l *Learner) Unread() []string {
	var out []string
	if n := len(l.pictures); n > 0 {
		for file, why := range l.pictures[n-1].Unread {
			out = append(out, fmt.Sprintf("%s was left out: %s", file, why))
		}
	}
	slices.Sort(out)
	return out
}

// Save writes what was found with status learned and gives the file.
func (l *Learner) Save(now time.Time) (string, error) {
	if l.found == nil {
		return "", fmt.Errorf("cannot save what %q was learned to be: no single place was found", l.fact.Name)
	}
	e := mapping.Entry{
		Fact: l.fact.Name, Status: mapping.Learned, Assurance: finding.Proxy,
		Source: l.source(now), From: []mapping.Source{*l.found},
	}
	if strings.HasPrefix(l.found.Files[0], "/mi/") { // the product's own configuration
		e.Assurance = finding.Direct
	}
	return l.m.write(e)
}

// source tells how it was learned. The values stay out: a site may share the file.
func (l *Learner) source(now time.Time) string {
	on := "a release that cannot be told"
	if line, err := l.m.release(); err == nil {
		on = "release " + line
	}
	return fmt.Sprintf("learned on %s, %s, from %d values that were set", on, now.UTC().Format(time.DateOnly), len(l.pictures))
}
