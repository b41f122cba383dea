// Package waive owns waivers.yaml: deviations that somebody accepted, for how
// long, and what makes a waiver void. A waived result stays an open finding.
//
// A waiver holds for what was seen when it was granted: other evidence, or
// another policy of the rule, is another deviation that nobody accepted.
package waive

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"stigwatch/agent/finding"
	"stigwatch/agent/strict"
)

// fileKey is the one key of the file.
const fileKey = "waivers"

// Waiver is one accepted deviation, as it stands in the file.
type Waiver struct {
	Rule     string `key:"rule,required"`     // "V-250987"
	Reason   string `key:"reason,required"`   // without white space around it
	Approver string `key:"approver,required"` //
	Ticket   string `key:"ticket,required"`   //
	When     string `key:"when,required"`     // RFC 3339 in UTC
	Expires  string `key:"expires,required"`  // likewise; from this instant on it is void
	Evidence string `key:"evidence,required"` // CanonicalEvidence of the result that it was granted for
	Policy   string `key:"policy,required"`   // "sha256:…" of the rule's policy then
}

// Book is waivers.yaml. The zero value holds no waiver. A rule may have several:
// those that are void tell what was accepted before.
type Book struct {
	Waivers []Waiver
	Digest  string // "sha256:…" of the file
}

type file struct {
	Waivers []Waiver `key:"waivers"`
}

// Load reads a waivers.yaml. It may be missing unless somebody named it. rules
// are the rules that there are. The error, if any, is a strict.Mistakes.
func Load(path string, named bool, rules []string) (*Book, error) {
	b, err := strict.ReadFile(path)
	if err != nil && (named || !errors.Is(err, fs.ErrNotExist)) {
		return nil, strict.Mistakes{{File: path, Msg: strict.Cannot("read", err)}}
	}
	list, err := parse(path, b, rules)
	if err != nil {
		return nil, err
	}
	return &Book{Waivers: list, Digest: strict.Digest(b)}, nil
}

// Add appends a waiver to the file at path, which it makes when there is none.
// What stands there stays as it is, byte for byte. A mistake in the file, or in
// w, is a strict.Mistakes in the error's chain, and the file stays as it was.
func Add(path string, w Waiver, rules []string) error {
	w.Reason = strings.TrimSpace(w.Reason)
	err := strict.Append(path, fileKey, w, func(b []byte) ([]Waiver, error) { return parse(path, b, rules) })
	if err != nil {
		return fmt.Errorf("cannot add the waiver: %w", err)
	}
	return nil
}

// Find gives the waiver in force for a rule that fails on that evidence under
// that policy, the one that holds longest. Without one it gives nil, and when
// the rule has waivers that are void, why the last of them in the file is.
func (b *Book) Find(rule, evidence, policy string, now time.Time) (w *Waiver, void string) {
	for i := range b.Waivers {
		is := &b.Waivers[i]
		if is.Rule != rule {
			continue
		}
		if why := is.void(evidence, policy, now); why != "" {
			void = fmt.Sprintf("waiver %s %s", is.Ticket, why)
		} else if w == nil || is.end().After(w.end()) {
			w = is
		}
	}
	if w != nil {
		return w, ""
	}
	return nil, void
}

func (w *Waiver) void(evidence, policy string, now time.Time) string {
	switch {
	case w.start().After(now):
		return "is dated in the future, " + w.When
	case !now.Before(w.end()):
		return "expired on " + w.Expires
	case w.Evidence != evidence:
		return "is void: the evidence changed since it was granted"
	case w.Policy != policy:
		return "is void: the rule's policy changed since it was granted"
	}
	return ""
}

// Warning says that a waiver ends soon.
type Warning struct {
	Rule    string
	Ticket  string
	Days    int // 30, 14 or 7: the last threshold that was crossed
	Expires time.Time
}

// Key is the same for each warning that says the same.
func (w Warning) Key() string {
	return fmt.Sprintf("%s %q %s %d", w.Rule, w.Ticket, w.Expires.Format(time.RFC3339Nano), w.Days)
}

// Expiring gives a warning for each waiver that ends within 30 days, unless
// another one of its rule, for the same evidence and policy, holds longer.
func (b *Book) Expiring(now time.Time) []Warning {
	var out []Warning
	for i := range b.Waivers {
		w := &b.Waivers[i]
		days := finding.SoonDays(w.end().Sub(now))
		if longest, _ := b.Find(w.Rule, w.Evidence, w.Policy, now); days > 0 && longest == w {
			out = append(out, Warning{Rule: w.Rule, Ticket: w.Ticket, Days: days, Expires: w.end()})
		}
	}
	return out
}

// start and end are When and Expires of a waiver that was checked.
func (w *Waiver) start() time.Time { t, _ := strict.Instant(w.When); return t }
func (w *Waiver) end() time.Time   { t, _ := strict.Instant(w.Expires); return t }
