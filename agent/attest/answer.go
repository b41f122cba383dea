package attest

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/finding"
)

// Answer is what an attestation says about one fact at one instant.
type Answer = finding.Answer

// At gives an answer for each fact that the book answers, a void one too, in the
// order of the file. Of several the last that is in force counts, so that an
// answer can be renewed or changed by adding another. digest gives the
// "sha256:…" of a file in the evidence folder.
func (b *Book) At(now time.Time, digest func(file string) (string, error)) []Answer {
	var out []Answer
	at := map[[2]string]int{} // rule and fact → its place in out
	for i := range b.Attestations {
		a := &b.Attestations[i]
		void := a.void(now, digest)
		for _, fact := range a.Facts {
			answer := Answer{
				Rule: a.Rule, Fact: fact, Status: a.Status, Statement: a.Statement,
				By: a.By.Name, Role: a.By.Role, When: a.start(), Expires: a.end(), Void: void,
			}
			key := [2]string{a.Rule, fact}
			switch place, before := at[key]; {
			case !before:
				at[key] = len(out)
				out = append(out, answer)
			case void == "" || out[place].Void != "":
				out[place] = answer
			}
		}
	}
	return out
}

func (a *Attestation) void(now time.Time, digest func(file string) (string, error)) string {
	switch {
	case a.start().After(now):
		return "is dated in the future, " + a.When
	case !now.Before(a.end()):
		return "expired on " + a.Expires
	case a.Evidence == nil:
		return ""
	}
	switch is, err := digest(a.Evidence.File); {
	case err != nil:
		return fmt.Sprintf("its evidence %s cannot be read: %s", a.Evidence.File, reason(err))
	case is != a.Evidence.Digest:
		return fmt.Sprintf("its evidence %s changed", a.Evidence.File)
	}
	return ""
}

// reason leaves out the path, which the sentence names already.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}

// Warning says that an attestation in force ends soon.
type Warning struct {
	Rule    string
	Facts   []string
	Days    int // 30, 14 or 7: the last threshold that was crossed
	Expires time.Time
}

// Key is the same for each warning that says the same.
func (w Warning) Key() string {
	return fmt.Sprintf("%s %s %s %d", w.Rule, strings.Join(w.Facts, ","), w.Expires.Format(time.RFC3339Nano), w.Days)
}

// Expiring gives a warning for each attestation that ends within 30 days, unless
// a later one answers all that it does.
func (b *Book) Expiring(now time.Time) []Warning {
	var out []Warning
	for i := range b.Attestations {
		a := &b.Attestations[i]
		if days := finding.SoonDays(a.end().Sub(now)); days > 0 && !a.start().After(now) && !a.renewed(b.Attestations[i+1:], now) {
			out = append(out, Warning{Rule: a.Rule, Facts: a.Facts, Days: days, Expires: a.end()})
		}
	}
	return out
}

// renewed tells whether later entries, begun by now and not over, answer each
// fact of a.
func (a *Attestation) renewed(later []Attestation, now time.Time) bool {
	return !slices.ContainsFunc(a.Facts, func(fact string) bool {
		return !slices.ContainsFunc(later, func(l Attestation) bool {
			return l.Rule == a.Rule && slices.Contains(l.Facts, fact) && !l.start().After(now) && now.Before(l.end())
		})
	})
}
