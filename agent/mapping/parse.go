package mapping

import (
	"regexp"
	"strconv"
	"time"

	"stigwatch/agent/finding"
	"stigwatch/agent/strict"
)

var releaseForm = regexp.MustCompile(`^\d+(\.\d+)+$`)

// Parse reads one mapping file. The error, if any, is a strict.Mistakes that
// lists every mistake of the file.
func Parse(name string, b []byte, known Known) ([]Entry, error) {
	var m Mapping
	c := checker{strict.Decode(name, b, &m), known}
	for i := range m.Facts {
		e, key := &m.Facts[i], "facts["+strconv.Itoa(i)+"]"
		e.File, e.Line = name, c.Line(key)
		if e.Assurance == "" {
			e.Assurance = finding.Proxy
		}
		c.entry(key, e)
	}
	if err := c.Mistakes().Err(); err != nil {
		return nil, err
	}
	return m.Facts, nil
}

// checker looks for what the types alone do not show.
type checker struct {
	*strict.Doc
	known Known
}

func (c checker) entry(key string, e *Entry) {
	t, ok := c.known.Facts[e.Fact]
	if !ok && c.Has(key+".fact") {
		c.Wrong(key+".fact", "there is no fact %q: %s", e.Fact, c.known.near(e.Fact))
	}
	switch e.Assurance {
	case finding.Direct, finding.Proxy:
	default:
		c.Wrong(key+".assurance", "%q is not an assurance: write direct (read where the product uses it) or proxy", e.Assurance)
	}
	c.status(key, e)
	if c.Has(key+".from") && len(e.From) == 0 {
		c.Wrong(key+".from", "the list is empty: name at least one place")
	}
	for i := range e.From {
		c.source(key+".from["+strconv.Itoa(i)+"]", e, t, &e.From[i])
	}
}

func (c checker) status(key string, e *Entry) {
	switch e.Status {
	case Documented:
		if e.Source == "" {
			c.Wrong(key+".source", "a documented entry needs it: say where this is known from")
		}
	case Confirmed:
		if !c.Has(key + ".confirmed") {
			c.Wrong(key+".confirmed", "a confirmed entry needs it: {by, when, release, and host or fleet: true}")
		}
	case Learned:
		if e.Source == "" {
			c.Wrong(key+".source", "a learned entry needs it: say on which release, and by which values")
		}
	case Assumed:
	default:
		if c.Has(key + ".status") {
			c.Wrong(key+".status", "%q is not a status: write documented, assumed, learned or confirmed", e.Status)
		}
	}
	if e.Confirmed == nil {
		return
	}
	if e.Status != Confirmed && c.Has(key+".status") {
		c.Wrong(key+".confirmed", "the status is %q: write confirmed there, or remove this key", e.Status)
	}
	c.confirmation(key+".confirmed", e.Confirmed)
}

func (c checker) confirmation(key string, f *Confirmation) {
	if f.By == "" && c.Has(key+".by") {
		c.Wrong(key+".by", "it is empty: name who compared")
	}
	if _, err := time.Parse(time.RFC3339, f.When); err != nil && c.Has(key+".when") {
		c.Wrong(key+".when", `%q is not a time: write it like "2026-11-20T10:00:00Z"`, f.When)
	}
	if !releaseForm.MatchString(f.Release) && c.Has(key+".release") {
		c.Wrong(key+".release", "%q is not a release: write at least two numbers, like \"10.7\"", f.Release)
	}
	switch {
	case f.Host == "" && !f.Fleet:
		c.Wrong(key, "it does not say where it holds: add host, or fleet: true for every appliance")
	case f.Host != "" && f.Fleet:
		c.Wrong(key, "host and fleet: true contradict each other: keep one")
	}
}
