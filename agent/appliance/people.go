package appliance

import (
	"fmt"
	"io/fs"
	"slices"
	"time"

	"stigwatch/agent/attest"
	"stigwatch/agent/facts"
	"stigwatch/agent/finding"
	"stigwatch/agent/waive"
)

// hear reads both files. Its error lists the mistakes of both.
func (p *Parts) hear() error {
	var wrong, more error
	p.Attestations, wrong = attest.Load(p.Config.Attestations, false, p.Answerable())
	p.Waivers, more = waive.Load(p.Config.Waivers, false, p.Engine.Order)
	return joinMistakes(wrong, more)
}

// Answerable gives by rule the names that an attestation may answer: the facts that
// it requires, and its questions.
func (p *Parts) Answerable() attest.Known {
	names := attest.Known{}
	for id, rule := range p.Engine.Rules {
		names[id] = slices.Concat(rule.Requires, rule.Questions())
	}
	return names
}

// Attest has the engine judge by what people attested, as far as it holds now.
func (p *Parts) Attest(now time.Time) {
	p.Engine.Attest(p.Attestations.At(now, p.EvidenceDigest))
}

// EvidenceDigest gives the digest of a file in the evidence folder.
func (p *Parts) EvidenceDigest(file string) (string, error) {
	if p.evidence == nil {
		return "", fs.ErrNotExist
	}
	f, err := p.evidence.Read("/" + file)
	if err != nil {
		return "", err
	}
	return f.Digest, nil
}

// ShownBy tells whether an attestation rests on a path of the evidence folder.
func (p *Parts) ShownBy(path string) bool {
	return slices.ContainsFunc(p.Attestations.Attestations, func(a attest.Attestation) bool {
		return a.Evidence != nil && facts.EvidencePrefix+a.Evidence.File == path
	})
}

// Watched is what the facts and the attestations look at.
func (p *Parts) Watched() (files, dirs []string) {
	files, dirs = p.Reader.Watch()
	var more []string
	for _, a := range p.Attestations.Attestations {
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

// Mark marks the findings that were accepted, and the passes that rest on what
// stigwatch wrote itself.
func (p *Parts) Mark(results []finding.Result, now time.Time) {
	p.waive(results, now)
	p.written.unseen(results)
}

// waive marks the findings that were accepted. One whose waiver does not hold
// any more says why in its remark.
func (p *Parts) waive(results []finding.Result, now time.Time) {
	for i := range results {
		r := &results[i]
		if r.Outcome != finding.Fail || !p.isWaived(r.Rule) {
			continue
		}
		w, void := p.Waivers.Find(r.Rule, waive.CanonicalEvidence(*r), p.Engine.Rules[r.Rule].Digest, now)
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
func (p *Parts) isWaived(rule string) bool {
	return slices.ContainsFunc(p.Waivers.Waivers, func(w waive.Waiver) bool { return w.Rule == rule })
}

// Expiring gives, by a key that stays the same, what to say of each attestation
// and waiver that ends soon.
func (p *Parts) Expiring(now time.Time) map[string]string {
	soon := map[string]string{}
	for _, w := range p.Attestations.Expiring(now) {
		soon[w.Key()] = fmt.Sprintf("the attestation of %s ends on %s, in %d days at most", w.Rule, w.Expires.Format(time.DateOnly), w.Days)
	}
	for _, w := range p.Waivers.Expiring(now) {
		soon[w.Key()] = fmt.Sprintf("waiver %s of %s ends on %s, in %d days at most", w.Ticket, w.Rule, w.Expires.Format(time.DateOnly), w.Days)
	}
	return soon
}
