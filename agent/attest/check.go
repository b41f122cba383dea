package attest

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"stigwatch/agent/finding"
	"stigwatch/agent/strict"
)

const (
	maxStatement = 1000                 // characters
	maxTerm      = 366 * 24 * time.Hour // of an answer that is taken over
)

var (
	ruleForm   = regexp.MustCompile(`^V-\d{6}$`)
	digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// checker looks for what the types alone do not show.
type checker struct {
	*strict.Doc
	known Known
}

func (c checker) attestation(key string, a *Attestation) {
	if !ruleForm.MatchString(a.Rule) && c.Has(key+".rule") {
		c.Wrong(key+".rule", "%q is not a rule: write it like V-251004", a.Rule)
	} else if c.Has(key+".rule") && c.Has(key+".facts") {
		c.facts(key, a)
	}
	switch a.Status {
	case finding.Pass, finding.Fail, finding.NotApplicable:
	default:
		if c.Has(key + ".status") {
			c.Wrong(key+".status", "%q is not a status: write pass, fail or notapplicable", a.Status)
		}
	}
	c.statement(key+".statement", a)
	c.name(key+".by.name", a.By.Name, "name who answers")
	c.name(key+".by.role", a.By.Role, "say in what role, such as ISSO")
	c.term(key, a)
	c.evidence(key+".evidence", a.Evidence)
}

func (c checker) facts(key string, a *Attestation) {
	names, ok := c.known[a.Rule]
	if !ok {
		c.Wrong(key+".rule", "there is no rule %q: write one that stigwatch status lists", a.Rule)
		return
	}
	if len(a.Facts) == 0 {
		c.Wrong(key+".facts", "the list is empty: name at least one of %s", strings.Join(names, ", "))
	}
	for i, fact := range a.Facts {
		at := fmt.Sprintf("%s.facts[%d]", key, i)
		switch {
		case len(names) == 0:
			c.Wrong(at, "%s has nothing that an attestation may answer: remove this entry", a.Rule)
		case !slices.Contains(names, fact):
			c.Wrong(at, "%q is nothing that an attestation may answer for %s: write one of %s", fact, a.Rule, strings.Join(names, ", "))
		case slices.Contains(a.Facts[:i], fact):
			c.Wrong(at, "%s stands there twice: remove one", fact)
		}
	}
}

func (c checker) statement(key string, a *Attestation) {
	a.Statement = strings.TrimSpace(a.Statement)
	n := utf8.RuneCountInString(a.Statement)
	switch {
	case !c.Has(key):
	case n == 0:
		c.Wrong(key, "it is blank: say what is so, and how it is known")
	case n > maxStatement:
		c.Wrong(key, "it has %d characters: write at most %d, and put the rest in an evidence file", n, maxStatement)
	case strings.ContainsFunc(a.Statement, unprintable):
		c.Wrong(key, "it holds control characters: write plain text")
	}
}

func (c checker) name(key, value, next string) {
	switch {
	case !c.Has(key):
	case strings.TrimSpace(value) == "":
		c.Wrong(key, "it is blank: %s", next)
	case strings.ContainsFunc(value, unicode.IsControl):
		c.Wrong(key, "it holds line breaks or control characters: write plain text in one line")
	}
}

func (c checker) term(key string, a *Attestation) {
	when, ok := c.instant(key+".when", a.When)
	expires, too := c.instant(key+".expires", a.Expires)
	if !ok || !too {
		return
	}
	if !expires.After(when) {
		c.Wrong(key+".expires", "it is not after when, %s: write a later time", a.When)
	}
}

func (c checker) instant(key, value string) (time.Time, bool) {
	t, ok := strict.Instant(value)
	if !ok && c.Has(key) {
		c.Wrong(key, `%q is not a time in UTC: write it like "2026-11-20T10:00:00Z"`, value)
	}
	return t, ok
}

func (c checker) evidence(key string, e *Evidence) {
	if e == nil {
		return
	}
	if c.Has(key+".file") && !inside(e.File) {
		c.Wrong(key+".file", "%q does not name a file in the evidence folder: write its name there, without a leading / and without ..", e.File)
	}
	if c.Has(key+".digest") && !digestForm.MatchString(e.Digest) {
		c.Wrong(key+".digest", "%q is not a digest: write sha256: and 64 hexadecimal digits in lower case, as sha256sum prints them", e.Digest)
	}
}

// inside tells whether a name stays in the folder that it is relative to.
func inside(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.Contains(name, `\`) && !strings.ContainsFunc(name, unicode.IsControl)
}

// unprintable tells what has no place in a text of several lines.
func unprintable(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
