package mapping

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"stigwatch/agent/finding"
)

func (c checker) source(key string, e *Entry, t finding.FactType, s *Source) {
	switch files, of := c.Has(key+".files"), c.Has(key+".file_of"); {
	case files && of:
		c.Wrong(key, "files and file_of stand here: keep one")
	case !files && !of:
		c.Wrong(key, "neither files nor file_of stands here: say which file")
	case files && len(s.Files) == 0:
		c.Wrong(key+".files", "the list is empty: name at least one file")
	case of:
		c.fileOf(key+".file_of", e, s)
	}
	for i, glob := range s.Files {
		if err := checkGlob(glob); err != nil {
			c.Wrong(key+".files["+strconv.Itoa(i)+"]", "%v", err)
		}
	}
	if c.Has(key+".lens") && !slices.Contains(c.known.Lenses, s.Lens) {
		c.Wrong(key+".lens", "there is no lens %q: known are %s", s.Lens, strings.Join(c.known.Lenses, ", "))
	}
	c.unit(key+".unit", e, s)
	c.fields(key+".fields", t, s)
}

func (c checker) fileOf(key string, e *Entry, s *Source) {
	switch t, ok := c.known.Facts[s.FileOf]; {
	case !ok:
		c.Wrong(key, "there is no fact %q: %s", s.FileOf, c.known.near(s.FileOf))
	case s.FileOf == e.Fact:
		c.Wrong(key, "a fact cannot name its own file")
	case t.Kind != finding.String:
		c.Wrong(key, "the fact %q is not text, so it names no file", s.FileOf)
	}
}

func (c checker) unit(key string, e *Entry, s *Source) {
	switch {
	case !c.Has(key):
	case s.Unit != Seconds && s.Unit != Minutes:
		c.Wrong(key, "%q is not a unit: write seconds or minutes", s.Unit)
	case !strings.HasSuffix(e.Fact, "_"+Seconds) && !strings.HasSuffix(e.Fact, "_"+Minutes):
		c.Wrong(key, "the fact %q has no unit to convert to: remove the key", e.Fact)
	}
}

func (c checker) fields(key string, t finding.FactType, s *Source) {
	switch {
	case len(s.Fields) == 0:
		return
	case s.Lens != "xml":
		c.Wrong(key, "only the xml lens has fields: remove the key")
		return
	case t.Kind != "" && t.Fields == nil:
		c.Wrong(key, "the fact is not made of records: remove the key")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(s.Fields)) {
		if _, ok := t.Fields[name]; !ok && t.Kind != "" {
			c.Wrong(key+"."+name, "the fact's records have no such field: theirs are %s",
				strings.Join(slices.Sorted(maps.Keys(t.Fields)), ", "))
		}
	}
}

// checkGlob says what is wrong with a path or glob of a mapping: it must lie in
// the root or in the evidence folder whatever it matches.
func checkGlob(glob string) error {
	if live, ok := strings.CutPrefix(glob, LivePrefix); ok {
		return checkLive(glob, live)
	}
	rest, evidence := strings.CutPrefix(glob, EvidencePrefix)
	switch {
	case !evidence && !strings.HasPrefix(glob, "/"):
		return fmt.Errorf("%q is not absolute: write a path from /, or %s and a file name", glob, EvidencePrefix)
	case evidence && (rest == "" || strings.HasPrefix(rest, "/")):
		return fmt.Errorf("%q: a relative file name belongs after %s", glob, EvidencePrefix)
	case slices.Contains(strings.Split(rest, "/"), ".."):
		return fmt.Errorf("%q leads upwards: write the path without \"..\"", glob)
	case strings.ContainsRune(rest, 0):
		return fmt.Errorf("%q holds a zero byte", glob)
	}
	if _, err := path.Match(rest, ""); err != nil {
		return fmt.Errorf("%q is not a glob: close its [ ], or write a backslash before them", glob)
	}
	return nil
}

// checkLive says what is wrong with a question to the running appliance.
func checkLive(glob, question string) error {
	kind, what, _ := strings.Cut(question, "/")
	switch n, err := strconv.ParseUint(what, 10, 16); {
	case (kind == "tls" || kind == "cert") && err == nil && n > 0:
	case kind == "unit" && isUnit(what):
	default:
		return fmt.Errorf("%q asks for nothing that is known: write %[2]stls/ or %[2]scert/ and a port, or %[2]sunit/ and a name like rsyslog.service", glob, LivePrefix)
	}
	return nil
}

// isUnit tells the name of a systemd unit, by systemd.unit(5).
func isUnit(name string) bool {
	const letters = `abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\@`
	dot := strings.LastIndexByte(name, '.')
	return dot > 0 && dot < len(name)-1 && len(name) <= 255 && strings.Trim(name, letters) == ""
}
