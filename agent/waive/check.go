package waive

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"stigwatch/agent/strict"
)

const (
	maxReason = 1000 // characters
	maxTerm   = 366 * 24 * time.Hour
)

var (
	ruleForm   = regexp.MustCompile(`^V-\d{6}$`)
	digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// parse reads the file's bytes, looking at no other file.
func parse(name string, b []byte, rules []string) ([]Waiver, error) {
	var f file
	c := checker{strict.Decode(name, b, &f), rules}
	granted := map[[4]string]int{}
	for i := range f.Waivers {
		w, key := &f.Waivers[i], fmt.Sprintf("%s[%d]", fileKey, i)
		c.waiver(key, w)
		id := [4]string{w.Rule, w.Evidence, w.Policy, w.Expires}
		if line, twice := granted[id]; twice && !slices.Contains(id[:], "") {
			c.Wrong(key, "the same waiver stands in line %d already: keep one of the two", line)
			continue
		}
		granted[id] = c.Line(key)
	}
	if err := c.Mistakes().Err(); err != nil {
		return nil, err
	}
	return f.Waivers, nil
}

// checker looks for what the types alone do not show.
type checker struct {
	*strict.Doc
	rules []string
}

func (c checker) waiver(key string, w *Waiver) {
	switch {
	case !c.Has(key + ".rule"):
	case !ruleForm.MatchString(w.Rule):
		c.Wrong(key+".rule", "%q is not a rule: write it like V-250987", w.Rule)
	case !slices.Contains(c.rules, w.Rule):
		c.Wrong(key+".rule", "there is no rule %q: write one that stigwatch status lists", w.Rule)
	}
	c.reason(key+".reason", w)
	c.name(key+".approver", w.Approver, "name who accepts the deviation")
	c.name(key+".ticket", w.Ticket, "name the ticket under which it was accepted")
	c.term(key, w)
	c.digest(key+".evidence", w.Evidence)
	c.digest(key+".policy", w.Policy)
}

func (c checker) reason(key string, w *Waiver) {
	w.Reason = strings.TrimSpace(w.Reason)
	n := utf8.RuneCountInString(w.Reason)
	switch {
	case !c.Has(key):
	case n == 0:
		c.Wrong(key, "it is blank: say why the deviation is acceptable")
	case n > maxReason:
		c.Wrong(key, "it has %d characters: write at most %d, and put the rest in the ticket", n, maxReason)
	case strings.ContainsFunc(w.Reason, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
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

func (c checker) term(key string, w *Waiver) {
	when, ok := c.instant(key+".when", w.When)
	expires, too := c.instant(key+".expires", w.Expires)
	if !ok || !too {
		return
	}
	if last := when.Add(maxTerm); !expires.After(when) {
		c.Wrong(key+".expires", "it is not after when, %s: write a later time", w.When)
	} else if expires.After(last) {
		c.Wrong(key+".expires", "it is more than 366 days after when: write %s or earlier, and have it accepted anew then", last.Format(time.RFC3339))
	}
}

func (c checker) instant(key, value string) (time.Time, bool) {
	t, ok := strict.Instant(value)
	if !ok && c.Has(key) {
		c.Wrong(key, `%q is not a time in UTC: write it like "2026-11-20T10:00:00Z"`, value)
	}
	return t, ok
}

func (c checker) digest(key, value string) {
	if c.Has(key) && !digestForm.MatchString(value) {
		c.Wrong(key, "%q is not a digest: write sha256: and 64 hexadecimal digits in lower case; stigwatch waive fills it in", value)
	}
}
