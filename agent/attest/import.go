package attest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"stigwatch/agent/finding"
	"stigwatch/agent/strict"
)

// Import says how another tool's answers become attestations.
type Import struct {
	File    string              // the file as it was named to us
	OffBox  map[string][]string // rule → its questions, only of rules with nothing that can be read on the box
	By      Person              // who answers; a SAF file names the person itself, not the role
	Now     time.Time           // when a checklist's or answer file's answers are given; SAF answers after it are refused
	Expires time.Time           // of a checklist's or answer file's answers; a SAF file says it itself

	Host      string // this appliance's name, "" when it is not known; an answer file has answers for one host
	AnswerKey string // which answers of an answer file hold; DEFAULT where it has no such key
}

// Imported is what a file gave.
type Imported struct {
	Attestations []Attestation
	Refused      []string // a sentence for each answer that was not taken
}

// foreign is one answer of another tool's file.
type foreign struct {
	ids       []string // what the file calls the rule
	status    finding.Outcome
	statement string
	by        string
	when      time.Time
	expires   time.Time
	fault     string // why it cannot be taken, if that shows already
}

// ruleIDs is how files call a rule: V-251004, SV-251004, SV-251004r1028242_rule.
var ruleIDs = regexp.MustCompile(`(?i)^S?V-(\d{6})(r\d+)?(_rule)?$`)

// whyTorn is said of a rule with answers that differ.
const whyTorn = "it is answered more than once, and differently: keep one answer in the file"

// errorf is about the whole file.
func (in Import) errorf(line int, format string, args ...any) error {
	return strict.Mistakes{{File: in.File, Line: line, Msg: fmt.Sprintf(format, args...)}}
}

// take makes attestations of answers. Two different answers for one rule are
// both refused: which of them holds is for a person to say.
func (in Import) take(answers []foreign) Imported {
	var out Imported
	at := map[string]int{}    // rule → its attestation
	torn := map[string]bool{} // rules with different answers
	for i := range answers {
		a, why := in.attestation(&answers[i])
		if why != "" {
			out.Refused = append(out.Refused, a.Rule+": "+why)
			continue
		}
		first, twice := at[a.Rule]
		switch {
		case !twice:
			at[a.Rule] = len(out.Attestations)
			out.Attestations = append(out.Attestations, a)
		case !torn[a.Rule] && !same(a, out.Attestations[first]):
			torn[a.Rule] = true
			out.Refused = append(out.Refused, a.Rule+": "+whyTorn)
		}
	}
	out.Attestations = slices.DeleteFunc(out.Attestations, func(a Attestation) bool { return torn[a.Rule] })
	return out
}

// attestation checks one answer as the loader will. With a reason why not, the
// attestation's rule is what a sentence about it begins with.
func (in Import) attestation(f *foreign) (a Attestation, why string) {
	rule, ok := ruleOf(f.ids)
	a = Attestation{
		Rule: rule, Facts: slices.Clone(in.OffBox[rule]), Status: f.status, Statement: tidy(f.statement),
		By:   Person{tidy(f.by), tidy(in.By.Role)},
		When: f.when.UTC().Format(time.RFC3339), Expires: f.expires.UTC().Format(time.RFC3339),
	}
	_, when := strict.Instant(a.When)
	_, expires := strict.Instant(a.Expires)
	switch {
	case !ok:
		why = "this does not name one rule: write it like V-251004"
	case len(a.Facts) == 0:
		why = "it is no rule of this appliance that only a person can answer: one that can be read here is answered fact by fact, in attestations.yaml"
	case f.fault != "":
		why = f.fault
	case a.Statement == "":
		why = "there is no statement: say in the file what is so, and how it is known"
	case utf8.RuneCountInString(a.Statement) > maxStatement:
		why = fmt.Sprintf("its statement has more than %d characters: shorten it", maxStatement)
	case strings.ContainsFunc(a.Statement, unprintable) || strings.ContainsFunc(a.By.Name+a.By.Role, unicode.IsControl):
		why = "it holds control characters: write plain text"
	case a.By.Name == "" || a.By.Role == "":
		why = "it does not say who answers in what role: name both"
	case !when || !expires || !f.expires.After(f.when) || f.expires.Sub(f.when) > maxTerm:
		why = "its time is not one to be attested for: it has to end after it begins, at most 366 days later"
	}
	return a, why
}

// ruleOf gives the one rule that all the names mean, or the names for a sentence.
func ruleOf(ids []string) (string, bool) {
	rule := ""
	for _, id := range ids {
		m := ruleIDs.FindStringSubmatch(strings.TrimSpace(id))
		if m == nil || rule != "" && rule != "V-"+m[1] {
			return brief(strings.Join(ids, " ")), false
		}
		rule = "V-" + m[1]
	}
	if rule == "" {
		return "an answer without a rule", false
	}
	return rule, true
}

func same(a, b Attestation) bool {
	return a.Status == b.Status && a.Statement == b.Statement && a.By == b.By && a.When == b.When && a.Expires == b.Expires
}

// tidy takes away what differs between systems and editors only.
func tidy(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
}

// brief quotes a piece of a file in a sentence.
func brief(s string) string {
	const most = 60
	if r := []rune(s[:min(len(s), 4*most)]); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}

// body is a file's text without the mark of its encoding.
func body(b []byte) []byte { return bytes.TrimSpace(bytes.TrimPrefix(b, []byte("\uFEFF"))) }
