package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"stigwatch/agent/finding"
)

// judgement is all that a verdict is made of.
type judgement struct {
	rule          *finding.Rule
	snap          finding.Snapshot
	site          map[string]any
	answers       map[string]*finding.Answer // by fact
	violations    []violation
	notApplicable []string
	naFacts       []string
	remarks       []string
	err           error
	seen          uint64 // the input's clock when Rego was asked
}

// verdict decides; the first line that holds:
// no policy → notchecked; a policy error → error; a violation, or one that a
// person attested → fail; not applicable, by known facts or by attestation →
// notapplicable; a needed fact unreadable, a site value not set → notchecked; a
// needed fact unmapped, unconfirmed or off the box, and no attestation in force
// that names it → notchecked; one missing, or absent where the rule does not say
// that absence is compliant → notchecked; else pass.
func (j *judgement) verdict() finding.Result {
	r := finding.Result{Rule: j.rule.ID, Remark: j.remark(), Assurance: finding.Unknown, Evidence: j.evidence()}
	switch reason := ""; {
	case !j.rule.HasPolicy:
		r.Outcome, r.Reason, r.Evidence = finding.NotChecked, "no policy yet", []finding.Item{}
	case j.err != nil:
		r.Outcome, r.Reason = finding.Error, "policy error: "+j.err.Error()
	case len(j.violations) > 0:
		r.Outcome, r.Reason, r.Assurance = finding.Fail, j.messages()+j.disagreement(), j.offendingAssurance()
	case j.attestedFault() != nil:
		a := j.attestedFault()
		r.Outcome, r.Reason, r.Assurance = finding.Fail, "attested by "+a.By+": "+a.Statement, finding.Attested
	case j.attestedNotApplicable():
		r.Outcome, r.Reason, r.Assurance = finding.NotApplicable, j.statements(), finding.Attested
	case len(j.notApplicable) > 0 && j.allKnown(j.naFacts):
		r.Outcome, r.Reason, r.Assurance = finding.NotApplicable, strings.Join(j.notApplicable, "; "), j.notApplicableBy()
	case j.blocked(&reason):
		r.Outcome, r.Reason = finding.NotChecked, reason
	default:
		r.Outcome, r.Assurance = finding.Pass, j.assurance(j.required())
	}
	return r
}

// blocked tells the first thing that keeps a rule without violations from
// passing. Unreadable facts and unset site values come before the rest: no
// attestation may answer for them.
func (j *judgement) blocked(reason *string) bool {
	for _, name := range j.rule.Requires {
		if f := j.fact(name); f.State == finding.Unreadable {
			*reason = fmt.Sprintf("%s is unreadable: %s", name, f.Reason)
			return true
		}
	}
	for _, key := range j.rule.Site {
		if _, set := j.site[key]; !set {
			*reason = fmt.Sprintf("site value %q is not set", key)
			return true
		}
	}
	for _, name := range j.required() {
		if !j.satisfied(name) {
			f := j.fact(name)
			*reason = strings.TrimSuffix(fmt.Sprintf("%s is %s: %s", name, f.State, f.Reason), ": ")
			if q := j.question(name); q != nil {
				*reason = name + " cannot be read on the box; somebody has to attest: " + q.Ask
			}
			if a := j.answers[name]; a != nil && a.Void != "" && answerable(f) {
				*reason += "; its attestation does not hold: " + a.Void
			}
			return true
		}
	}
	return false
}

// satisfied tells whether a required fact is good enough for a pass, once no
// violation was found.
func (j *judgement) satisfied(name string) bool {
	switch j.fact(name).State {
	case finding.Known:
		return true
	case finding.Absent:
		return slices.Contains(j.rule.AbsentOK, name)
	case finding.Unmapped, finding.Unconfirmed:
		return j.answer(name) != nil // one that says fail was told before
	case finding.Missing:
		alt, ok := j.rule.MissingOK[name]
		return ok && j.fact(alt).State == finding.Known
	}
	return false
}

// fact never gives nil: a fact that is not in the snapshot is unmapped.
func (j *judgement) fact(name string) *finding.Fact {
	if f := j.snap[name]; f != nil {
		return f
	}
	if q := j.question(name); q != nil {
		return &finding.Fact{Name: name, State: finding.Unmapped, Reason: "it cannot be read on the box; somebody has to attest: " + q.Ask}
	}
	return &finding.Fact{Name: name, State: finding.Unmapped, Reason: "no mapping says where it lives"}
}

// question is what the rule asks people under that name; nil if nothing.
func (j *judgement) question(name string) *finding.Question {
	for i := range j.rule.OffBox {
		if j.rule.OffBox[i].Fact == name {
			return &j.rule.OffBox[i]
		}
	}
	return nil
}

func (j *judgement) allKnown(names []string) bool {
	for _, name := range names {
		if j.fact(name).State != finding.Known {
			return false
		}
	}
	return true
}

// assurance is the weakest of those facts that answered.
func (j *judgement) assurance(names []string) finding.Assurance {
	a := finding.Direct
	for _, name := range names {
		switch f := j.fact(name); {
		case f.State == finding.Known || f.State == finding.Absent:
			a = a.Weaker(f.Assurance)
		case j.answer(name) != nil:
			a = a.Weaker(finding.Attested)
		}
	}
	return a
}

// notApplicableBy is how it is known that the rule does not apply; the site's word
// alone is a person's.
func (j *judgement) notApplicableBy() finding.Assurance {
	if len(j.naFacts) == 0 {
		return finding.Attested
	}
	return j.assurance(j.naFacts)
}

// offendingAssurance is the strongest of those facts that show a violation: one
// of them is enough for the verdict.
func (j *judgement) offendingAssurance() finding.Assurance {
	best := finding.Unknown
	for _, v := range j.violations {
		if a := j.assurance([]string{v.fact}); best.Weaker(a) == best {
			best = a
		}
	}
	return best
}

func (j *judgement) remark() string {
	all := slices.Clone(j.remarks)
	slices.Sort(all)
	if j.rule.Remark != "" {
		all = append(all, j.rule.Remark)
	}
	return strings.Join(all, "; ")
}

// messages joins what is wrong, each message once, in the order of evidence.
func (j *judgement) messages() string {
	j.sort()
	var out []string
	for _, v := range j.violations {
		if !slices.Contains(out, v.message) {
			out = append(out, v.message)
		}
	}
	return strings.Join(out, "; ")
}

// disagreement says of each pair of what was saved and what is in effect whether
// only one of them is wrong; "" when none is so.
func (j *judgement) disagreement() string {
	wrong := map[string]bool{}
	for _, v := range j.violations {
		wrong[v.fact] = true
	}
	var out strings.Builder
	for _, applied := range slices.Sorted(maps.Keys(j.rule.Applied)) {
		saved := j.rule.Applied[applied]
		switch {
		case !j.told(applied) || !j.told(saved) || wrong[applied] == wrong[saved]:
		case wrong[applied]:
			fmt.Fprintf(&out, "; saved but not applied: %s is in order, %s is not", saved, applied)
		default:
			fmt.Fprintf(&out, "; applied but not saved: %s is in order, %s is not", applied, saved)
		}
	}
	return out.String()
}

// told tells a fact whose source says something; that it is not set, too.
func (j *judgement) told(name string) bool {
	f := j.fact(name)
	return f.State == finding.Known || f.State == finding.Absent
}

// sort puts violations in the order in which METADATA names the facts.
func (j *judgement) sort() {
	order := slices.Concat(j.rule.Requires, j.rule.Corroborates)
	slices.SortFunc(j.violations, func(a, b violation) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.fact), slices.Index(order, b.fact)),
			cmp.Compare(a.item, b.item), cmp.Compare(a.message, b.message),
		)
	})
}

// evidence lists the offending items first, then each other fact that the rule
// needed or compared.
func (j *judgement) evidence() []finding.Item {
	j.sort()
	items := make([]finding.Item, 0, len(j.violations)+len(j.rule.Requires)+len(j.rule.Corroborates))
	listed := map[string]bool{}
	for _, v := range j.violations {
		listed[v.fact] = true
		items = append(items, j.offending(v))
	}
	for _, name := range j.required() {
		if !listed[name] {
			it := item(j.fact(name), finding.Required)
			it.Answer = j.answer(name)
			items = append(items, it)
		}
	}
	for _, name := range j.rule.Corroborates {
		if f := j.fact(name); !listed[name] && (f.State == finding.Known || f.State == finding.Unreadable) {
			items = append(items, item(f, finding.Corroborating))
		}
	}
	return items
}

func (j *judgement) offending(v violation) finding.Item {
	f := j.fact(v.fact)
	role := finding.Required
	if slices.Contains(j.rule.Corroborates, v.fact) {
		role = finding.Corroborating
	}
	it := item(f, role)
	it.Expected, it.Reason = v.expected, v.message
	if list, ok := f.ForPeople().([]any); ok && v.item >= 0 && v.item < len(list) {
		it.Actual = list[v.item]
		if v.item < len(f.Items) {
			it.At(f.Items[v.item])
		}
	}
	return it
}

func item(f *finding.Fact, role finding.Role) finding.Item {
	it := finding.Item{Fact: f.Name, Role: role, State: f.State, Reason: f.Reason}
	if f.State == finding.Known {
		it.Actual = f.ForPeople()
	}
	if len(f.Evidence) > 0 {
		it.At(f.Evidence[0])
	}
	return it
}
