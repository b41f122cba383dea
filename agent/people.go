package agent

import (
	"fmt"
	"io/fs"
	"slices"
	"time"

	"stigwatch/agent/attest"
	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/policy"
	"stigwatch/agent/waive"
)

// people is what people said: attestations and waivers.
type people struct {
	attestations *attest.Book
	waivers      *waive.Book
}

// hear reads both files. Its error lists the mistakes of both.
func (p *parts) hear(engine *policy.Engine) error {
	var wrong, more error
	p.attestations, wrong = attest.Load(p.cfg.Attestations, false, answerable(engine))
	p.waivers, more = waive.Load(p.cfg.Waivers, false, engine.Order)
	return joinMistakes(wrong, more)
}

// answerable gives by rule the names that an attestation may answer: the facts
// that it requires, and its questions.
func answerable(engine *policy.Engine) attest.Known {
	names := attest.Known{}
	for id, rule := range engine.Rules {
		names[id] = slices.Concat(rule.Requires, questions(rule))
	}
	return names
}

func questions(rule *finding.Rule) []string {
	var names []string
	for _, q := range rule.OffBox {
		names = append(names, q.Fact)
	}
	return names
}

// attest has the engine judge by what people attested, as far as it holds now.
func (p *parts) attest(now time.Time) {
	p.engine.Attest(p.attestations.At(now, p.evidenceDigest))
}

// evidenceDigest gives the digest of a file in the evidence folder.
func (p *parts) evidenceDigest(file string) (string, error) {
	if p.evidence == nil {
		return "", fs.ErrNotExist
	}
	f, err := p.evidence.Read("/" + file)
	if err != nil {
		return "", err
	}
	return f.Digest, nil
}

// shownBy tells whether an attestation rests on a path of the evidence folder.
func (p *parts) shownBy(path string) bool {
	return slices.ContainsFunc(p.attestations.Attestations, func(a attest.Attestation) bool {
		return a.Evidence != nil && facts.EvidencePrefix+a.Evidence.File == path
	})
}

// watched is what the facts and the attestations look at.
func (p *parts) watched() (files, dirs []string) {
	files, dirs = p.reader.Watch()
	var more []string
	for _, a := range p.attestations.Attestations {
		if a.Evidence != nil {
			more = append(more, facts.EvidencePrefix+a.Evidence.File)
		}
	}
	if len(more) > 0 {
		files = slices.Concat(files, more)
		slices.Sort(files)
		files = slices.Compact(files)
	}
	return files, dirs
}

// waive marks the findings that were accepted. One whose waiver does not hold
// any more says why in its remark.
func (p *parts) waive(results []finding.Result, now time.Time) {
	for i := range results {
		r := &results[i]
		if r.Outcome != finding.Fail || !p.isWaived(r.Rule) {
			continue
		}
		w, void := p.waivers.Find(r.Rule, waive.CanonicalEvidence(*r), p.engine.Rules[r.Rule].Digest, now)
		switch {
		case void != "" && r.Remark != "":
			r.Remark = void + "; " + r.Remark
		case void != "":
			r.Remark = void
		case w != nil:
			expires, _ := time.Parse(time.RFC3339, w.Expires) // it was checked
			r.Waiver = &finding.Waiver{Reason: w.Reason, Approver: w.Approver, Ticket: w.Ticket, Expires: expires}
		}
	}
}

// isWaived spares rules without a waiver the digest of their evidence.
func (p *parts) isWaived(rule string) bool {
	return slices.ContainsFunc(p.waivers.Waivers, func(w waive.Waiver) bool { return w.Rule == rule })
}

// expiring gives, by a key that stays the same, what to say of each attestation
// and waiver that ends soon.
func (p *parts) expiring(now time.Time) map[string]string {
	soon := map[string]string{}
	for _, w := range p.attestations.Expiring(now) {
		soon[w.Key()] = fmt.Sprintf("the attestation of %s ends on %s, in %d days at most", w.Rule, w.Expires.Format(time.DateOnly), w.Days)
	}
	for _, w := range p.waivers.Expiring(now) {
		soon[w.Key()] = fmt.Sprintf("waiver %s of %s ends on %s, in %d days at most", w.Ticket, w.Rule, w.Expires.Format(time.DateOnly), w.Days)
	}
	return soon
}
