package learn

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"stigwatch/agent/finding"
	"stigwatch/agent/lens"
)

// manager is a System Manager that keeps its settings under names that are made
// up for each test. A save writes every file anew, in any order and any layout,
// counts saves, stamps the time, marks that something changed, and keeps a copy
// of the file before.
type manager struct {
	r      *rand.Rand
	kind   string // of its files: xml, properties or keyvalue
	file   string
	steps  []string // elements from the top to the setting
	unit   string
	words  [2]string // how it spells off and on
	hidden bool      // keeps the setting in a way that no mapping can read
	twin   bool      // keeps it in a second file too
	saves  int
	still  map[string]string // settings that nobody changes
	before string
	copies map[string][]byte // dated ones, now and then removed
	name   string            // where it is, as a verdict has it
}

var spellings = [][2]string{{"false", "true"}, {"no", "yes"}, {"0", "1"}, {"disable", "enable"}, {"Disabled", "Enabled"}, {"off", "ON"}}

func newManager(r *rand.Rand, f Fact) *manager {
	m := &manager{r: r, kind: []string{xml, xml, properties, keyvalue}[r.IntN(4)], still: map[string]string{}, copies: map[string][]byte{}}
	if f.Type.Kind == finding.Strings {
		m.kind = xml
	}
	m.file = "/mi/config-system/" + m.word() + map[string]string{xml: ".xml", properties: ".properties", keyvalue: ".conf"}[m.kind]
	for range 2 + r.IntN(5) {
		m.steps = append(m.steps, m.word())
	}
	m.name = strings.Join(m.steps, ".")
	if m.kind == xml {
		if f.Type.Kind != finding.Strings && r.IntN(2) == 0 {
			m.steps[len(m.steps)-1] = "@" + m.word()
		}
		m.name = "/" + strings.Join(m.steps, "/")
	}
	m.unit = f.units()[r.IntN(len(f.units()))]
	m.words = spellings[r.IntN(len(spellings))]
	for range r.IntN(12) {
		m.still[m.word()] = []string{"5", "15", "900", "true", "off", "a", "1"}[r.IntN(7)]
	}
	return m
}

func (m *manager) word() string {
	b := make([]byte, 3+m.r.IntN(8))
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[m.r.IntN(52)]
	}
	return string(b)
}

// spelled is the setting as it is kept.
func (m *manager) spelled(f Fact, set any) []string {
	text := fmt.Sprint(set)
	switch set := set.(type) {
	case bool:
		text = m.words[bit(set != m.hidden)]
	case int64:
		if m.unit == "" {
			break
		}
		n := set * 60
		if m.unit == "minutes" {
			n = set / 60
		}
		text = strconv.FormatInt(n, 10)
	case []string:
		if !m.hidden {
			return set
		}
	}
	if m.hidden {
		text = "~" + text
	}
	return []string{text}
}

// save gives the tree after the setting was set.
func (m *manager) save(f Fact, set any) map[string][]byte {
	m.saves++
	values := m.spelled(f, set)
	if b, ok := set.(bool); m.hidden && ok {
		values = []string{m.words[bit(!b)]}
	}
	text := m.write(slices.Clone(values))
	m.copies[fmt.Sprintf("%s.%d", m.file, m.saves)] = []byte(text)
	files := map[string][]byte{
		m.file:                    []byte(text),
		m.file + ".previous":      []byte(m.before),
		"/mi/config-system/state": fmt.Appendf(nil, "saves = %d\nlast %d\nchanged true\nport 443\n", m.saves+4, 1700000000+m.saves*7),
	}
	if m.twin {
		files["/mi/config-system/running"] = fmt.Appendf(nil, "%s = %s\n", m.steps[0], values[0])
	}
	m.before = text
	if m.r.IntN(3) == 0 {
		clear(m.copies)
	}
	maps.Copy(files, m.copies)
	return files
}

func (m *manager) write(values []string) string {
	if m.kind == xml {
		for i, v := range values {
			values[i] = strings.ReplaceAll(v, "&", "&amp;")
		}
		return m.document(values)
	}
	lines := []string{m.name + []string{"=", " = "}[m.r.IntN(2)] + values[0], "# " + m.name + " = 99", fmt.Sprintf("rev.%s=%d", m.steps[0], m.saves)}
	for name, text := range m.still {
		lines = append(lines, name+"="+text)
	}
	m.r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	return strings.Join(lines, "\n") + "\n"
}

// document puts the setting among others: beside each element on the way there
// are some that nobody changes.
func (m *manager) document(values []string) string {
	gap := []string{"", "\n", "\n\t", "\n    "}[m.r.IntN(4)]
	last := m.steps[len(m.steps)-1]
	body, attr := "", ""
	if name, ok := strings.CutPrefix(last, "@"); ok {
		attr = fmt.Sprintf(" %s='%s' was='15'", name, values[0])
	} else {
		for _, v := range values {
			body += fmt.Sprintf("%s<%s>%s</%s>", gap, last, v, last)
		}
	}
	for i := len(m.steps) - 2; i >= 0; i-- {
		parts := []string{body, fmt.Sprintf("%s<revision>%d</revision>", gap, m.saves)}
		for name, text := range m.still {
			parts = append(parts, fmt.Sprintf("%s<%s>%s</%s><!-- %s -->", gap, name, text, name, values[0]))
		}
		m.r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		body = fmt.Sprintf("<%s%s>%s%s</%s>", m.steps[i], attr, strings.Join(parts, ""), gap, m.steps[i])
		attr = ""
	}
	return body
}

// another gives a value that is not the one before.
func another(r *rand.Rand, f Fact, before any) string {
	for {
		text := strconv.Itoa(1 + r.IntN(30))
		switch f.Type.Kind {
		case finding.Integer:
			if f.unit() == "seconds" {
				text += "0"
				if n, _ := strconv.Atoi(text); n%60 != 0 {
					text = strconv.Itoa(n * 6)
				}
			}
		case finding.Boolean:
			text = []string{"on", "off"}[r.IntN(2)]
		case finding.String:
			text = []string{"v2c", "v3", "Two words", "5", "Text & more"}[r.IntN(5)]
		case finding.Strings:
			text = []string{"a", "b, a", "TLSv1.2,TLSv1.1", "192.0.2.1"}[r.IntN(4)]
		}
		if v, _ := f.Read(text); fmt.Sprint(v) != fmt.Sprint(before) {
			return text
		}
	}
}

// lesson has an operator set values until a place is found, and gives it.
func lesson(t *testing.T, m *manager, f Fact) (found *Candidate, values int) {
	t.Helper()
	var pictures []Picture
	var set any
	for values = 1; values <= 10; values++ {
		set, _ = f.Read(another(m.r, f, set))
		pictures = append(pictures, Picture{Files: m.save(f, set), Set: set})
		if v := Judge(f, pictures); v.State == Found {
			return &v.Candidates[0], values
		}
	}
	return nil, values
}

func TestALessonNeverProposesAWrongPlace(t *testing.T) {
	learned := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		for _, f := range []Fact{number, minutes, wait, flag, text, words} {
			m := newManager(r, f)
			switch r.IntN(4) {
			case 0:
				m.hidden = true
			case 1:
				m.twin = f.Type.Kind != finding.Strings
			}
			c, values := lesson(t, m, f)
			switch {
			case m.hidden && m.twin:
				t.Fatal("the case is two cases")
			case c == nil && !m.hidden && !m.twin:
				t.Errorf("seed %d: %s was not found after %d values", seed, f.Name, values)
			case c == nil:
			case m.hidden:
				t.Errorf("seed %d: %s cannot be read and was found at %v", seed, f.Name, *c)
			case m.twin && values < 10:
				t.Errorf("seed %d: %s lies in two places and was found at %v", seed, f.Name, *c)
			case c.File != m.file || c.Path != m.name || c.Unit != m.unit:
				t.Errorf("seed %d: %s was found at %v, and is at %s %s %s", seed, f.Name, *c, m.file, m.name, m.unit)
			default:
				learned++
			}
			if t.Failed() {
				return
			}
		}
	}
	if learned < 120 {
		t.Errorf("only %d lessons found a place", learned)
	}
}

// What the scan of a document finds at a place is what its lens answers.
func TestTheScanAgreesWithTheLenses(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 2))
		for _, f := range []Fact{number, words} {
			m := newManager(r, f)
			set, _ := f.Read(another(r, f, nil))
			p := Picture{Files: m.save(f, set)}
			for at, got := range scanOf(p).places {
				l, _ := lens.ByName(at.lens)
				doc, err := l.Parse(at.file, p.Files[at.file])
				if err != nil {
					t.Fatal(err)
				}
				values, err := l.Get([]*lens.File{{Doc: doc}}, lens.Query{Path: at.path})
				var texts []string
				for _, v := range values {
					texts = append(texts, v.Text)
				}
				if err != nil || !slices.Equal(texts, got.texts) {
					t.Fatalf("seed %d: %v: the lens says %q, %v, the scan %q", seed, at, texts, err, got.texts)
				}
			}
		}
	}
}
