package strict

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type plant struct {
	Name   string            `key:"name,required"`
	Height *int64            `key:"height"`
	Edible bool              `key:"edible"`
	Colors []string          `key:"colors"`
	Notes  map[string]string `key:"notes"`
	Pots   []pot             `key:"pots"`
	Hidden string
}

type pot struct {
	Size  int64  `key:"size,required"`
	Label string `key:"label"`
}

func TestDecodeReadsEveryType(t *testing.T) {
	var got plant
	d := Decode("p.yaml", []byte("name: 10.70\nheight: -3\nedible: true\ncolors: []\n"+
		"notes: {a: b, V-1: 2026-11-20}\npots:\n  - size: 0\n    label: |\n      two\n      lines\n"), &got)
	if err := d.Mistakes().Err(); err != nil {
		t.Fatal(err)
	}
	height := int64(-3)
	want := plant{Name: "10.70", Height: &height, Edible: true, Colors: []string{},
		Notes: map[string]string{"a": "b", "V-1": "2026-11-20"}, Pots: []pot{{0, "two\nlines\n"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d.Line("pots[0].label") != 8 || d.Line("notes.V-1") != 5 {
		t.Errorf("lines: %v", d.lines)
	}
}

func TestDecodeListsMistakes(t *testing.T) {
	tests := map[string]struct{ yaml, want string }{
		"empty":            {"", "p.yaml: name: the key is missing: it has no default"},
		"comments only":    {"# a\n", "p.yaml: name: the key is missing: it has no default"},
		"several at once":  {"name: true\nheight: 010\nedible: yes\ncolors: red\nsize: 1\n", "p.yaml:1: name: \"true\" stands here where text belongs: put it in quotes if it is meant as text\np.yaml:2: height: \"010\" stands here where a whole number belongs: digits only, without quotes or leading zeros\np.yaml:3: edible: \"yes\" stands here where true or false belongs\np.yaml:4: colors: \"red\" stands here where a list belongs ([a, b], or one \"- item\" for each line)\np.yaml:5: size: unknown key: known here are name, height, edible, colors, notes, pots"},
		"duplicate":        {"name: a\n\nname: b\n", "p.yaml:3: name: the key stands in line 1 already: keep one of the two"},
		"null":             {"name:\n", "p.yaml:1: name: there is no value: write one, or remove the key to get its default"},
		"missing in item":  {"name: a\npots:\n  - label: x\n", "p.yaml:3: pots[0].size: the key is missing: it has no default"},
		"item of no type":  {"name: a\npots: [7, {size: 1.5}]\n", "p.yaml:2: pots[0]: \"7\" stands here where keys with values belong (name: value)\np.yaml:2: pots[1].size: \"1.5\" stands here where a whole number belongs: digits only, without quotes or leading zeros"},
		"alias":            {"name: &x a\nnotes: {k: *x}\n", "p.yaml:1: name: anchors (&x) are not accepted: remove it, and write the value out where it is needed\np.yaml:2: notes.k: aliases (*x) are not accepted: write the value out"},
		"merge":            {"name: a\n<<: {edible: true}\n", "p.yaml:2: <<: unknown key: known here are name, height, edible, colors, notes, pots"},
		"two documents":    {"name: a\n---\nname: b\n", "p.yaml:2: a second document starts here: one file holds one document, remove the --- line"},
		"a list":           {"- name\n", "p.yaml:1: a list stands here where keys with values belong (name: value)"},
		"not YAML":         {"name: a\n\tb: c\n", "p.yaml:2: this is not YAML: found a tab character that violates indentation; check indentation, quotes and colons here and just above"},
		"odd key":          {"name: a\n[1]: 2\n", "p.yaml:2: a key must be one plain word"},
		"control in a key": {"name: a\n\"b\\nc\": 2\n", "p.yaml:2: \"b\\nc\": unknown key: known here are name, height, edible, colors, notes, pots"},
		"too large":        {strings.Repeat("#", MaxBytes+1), "p.yaml: the file is larger than 1048576 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var p plant
			got := Decode("p.yaml", []byte(tt.yaml), &p).Mistakes().Error()
			if got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestWrongNamesTheNearestLineOnce(t *testing.T) {
	var p plant
	d := Decode("p.yaml", []byte("name: a\npots:\n  - size: x\n    label: y\n"), &p)
	d.Wrong("pots[0].size", "too small") // not decoded: already noted
	d.Wrong("pots[0].label", "too short")
	d.Wrong("pots[0].color", "none")
	d.Wrong("height", "none")
	want := Mistakes{
		{"p.yaml", 0, "height", "none"},
		{"p.yaml", 3, "pots[0].size", `"x" stands here where a whole number belongs: digits only, without quotes or leading zeros`},
		{"p.yaml", 3, "pots[0].color", "none"},
		{"p.yaml", 4, "pots[0].label", "too short"},
	}
	if diff := cmp.Diff(want, d.Mistakes()); diff != "" {
		t.Error(diff)
	}
}

func TestMistakesAreBounded(t *testing.T) {
	var p plant
	d := Decode("p.yaml", []byte("name: a\npots: ["+strings.Repeat("1,", 5000)+"]"), &p)
	if n := len(d.Mistakes()); n != maxMistakes+1 {
		t.Errorf("%d mistakes", n)
	}
}

func TestReadFileRefusesOddFiles(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, MaxBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, large, os.DevNull} {
		if _, err := ReadFile(path); err == nil {
			t.Errorf("%q was read", path)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("name: a\nheight: 3\npots: [{size: 1}]\n"))
	f.Add([]byte("a: &a [*a, *a]\n--- {}\n<<: *a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p plant
		d := Decode("f", b, &p)
		for _, m := range d.Mistakes() {
			if m.Msg == "" || m.Line < 0 {
				t.Errorf("empty mistake: %+v", m)
			}
		}
	})
}
