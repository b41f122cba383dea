package attest

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"stigwatch/agent/finding"
)

// Answer is what an attestation says about one fact at one instant.
type Answer = finding.Answer

// At gives every answer of the book, void ones too, in the order of the file.
// digest gives the "sha256:…" of a file in the evidence folder.
func (b *Book) At(now time.Time, digest func(file string) (string, error)) []Answer {
	var out []Answer
	for i := range b.Attestations {
		a := &b.Attestations[i]
		void := a.void(now, digest)
		for _, fact := range a.Facts {
			out = append(out, Answer{
				Rule: a.Rule, Fact: fact, Status: a.Status, Statement: a.Statement,
				By: a.By.Name, Role: a.By.Role, When: a.start(), Expires: a.end(), Void: void,
			})
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

// Expiring gives a warning for each attestation that ends within 30 days.
func (b *Book) Expiring(now time.Time) []Warning {
	var out []Warning
	for i := range b.Attestations {
		a := &b.Attestations[i]
		if days := threshold(a.end().Sub(now)); days > 0 && !a.start().After(now) {
			out = append(out, Warning{Rule: a.Rule, Facts: a.Facts, Days: days, Expires: a.end()})
		}
	}
	return out
}

// threshold gives the smallest number of days to warn at that is not less than
// what is left; 0 when it is too early or too late to warn.
func threshold(left time.Duration) int {
	if left <= 0 {
		return 0
	}
	for _, days := range []int{7, 14, 30} {
		if left <= time.Duration(days)*24*time.Hour {
			return days
		}
	}
	return 0
}
