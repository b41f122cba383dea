package agent

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/attest"
	"stigwatch/agent/config"
	"stigwatch/agent/finding"
	"stigwatch/agent/waive"
	"stigwatch/policies"
)

// Attest writes what a person answers for a rule to the attestations file and
// gives its path. Without names it answers for everything that nobody can read.
// What can be read, or could be and is broken, is refused. Of the evidence only
// the file is given; its digest is taken here.
func Attest(o Options, a attest.Attestation) (string, error) {
	p, err := build(o.withDefaults())
	if err != nil {
		return "", err
	}
	defer p.close()
	ids, err := p.ruleIDs([]string{a.Rule})
	if err != nil {
		return "", err
	}
	a.Rule = ids[0]
	snap, _ := p.reader.All()
	if a.Status == finding.NotApplicable && p.engine.Rules[a.Rule].NotApplicableWhen == "" {
		return "", fmt.Errorf("cannot attest that %s does not apply: its text has no room for that", a.Rule)
	}
	if a.Facts, err = toAnswer(p.engine.Rules[a.Rule], snap, a.Facts); err != nil {
		return "", err
	}
	if a.Evidence != nil {
		if a.Evidence.Digest, err = p.evidenceDigest(a.Evidence.File); err != nil {
			return "", fmt.Errorf("cannot read %q in the evidence folder %q: %w", a.Evidence.File, p.cfg.Evidence, err)
		}
	}
	return p.cfg.Attestations, attest.Add(p.cfg.Attestations, a, answerable(p.engine))
}

// toAnswer gives the names of a rule that a person may answer now: those that
// were asked for, or all.
func toAnswer(rule *finding.Rule, snap finding.Snapshot, asked []string) ([]string, error) {
	open, known := questions(rule), map[string]finding.State{}
	for _, name := range rule.Requires {
		state := finding.Unmapped
		if f := snap[name]; f != nil {
			state = f.State
		}
		if state == finding.Unmapped || state == finding.Unconfirmed {
			open = append(open, name)
		} else {
			known[name] = state
		}
	}
	for _, name := range asked {
		if slices.Contains(open, name) {
			continue
		}
		if state, needed := known[name]; needed {
			return nil, fmt.Errorf("cannot attest %q of %s: it is %s, and only what nobody can read is attested", name, rule.ID, state)
		}
		return nil, fmt.Errorf("cannot attest %q: of %s these can be: %s", name, rule.ID, strings.Join(open, ", "))
	}
	switch {
	case len(open) == 0:
		return nil, fmt.Errorf("cannot attest %s: all that it needs can be read, as stigwatch explain %s shows", rule.ID, rule.ID)
	case len(asked) > 0:
		return asked, nil
	}
	return open, nil
}

// Attestations gives every attestation by fact, those that do not hold first.
func Attestations(o Options, now time.Time) ([]finding.Answer, error) {
	p, err := build(o.withDefaults())
	if err != nil {
		return nil, err
	}
	defer p.close()
	answers := p.attestations.At(now, p.evidenceDigest)
	slices.SortStableFunc(answers, func(a, b finding.Answer) int {
		if (a.Void == "") != (b.Void == "") {
			return strings.Compare(b.Void, a.Void)
		}
		return strings.Compare(a.Rule, b.Rule)
	})
	return answers, nil
}

// ImportAttestations takes answers over from another tool's file: a checklist
// (CKL, CKLB), a SAF attestation file or an answer file of Evaluate-STIG. It gives
// how many were taken, a sentence for each that was not, and the path that they
// were written to.
func ImportAttestations(o Options, b []byte, in attest.Import) (taken int, refused []string, path string, err error) {
	p, err := build(o.withDefaults())
	if err != nil {
		return 0, nil, "", err
	}
	defer p.close()
	if in.Host = p.name; in.Host == "unknown" {
		in.Host = ""
	}
	in.OffBox = map[string][]string{}
	for id, rule := range p.engine.Rules {
		if len(rule.Requires) == 0 {
			in.OffBox[id] = questions(rule)
		}
	}
	got, err := imported(b, in)
	if err != nil {
		return 0, nil, "", err
	}
	refused = got.Refused
	for _, a := range got.Attestations {
		if err := attest.Add(p.cfg.Attestations, a, answerable(p.engine)); err != nil {
			return taken, refused, p.cfg.Attestations, err
		}
		taken++
	}
	return taken, refused, p.cfg.Attestations, nil
}

// imported reads another tool's file, of the kind that its name says.
func imported(b []byte, in attest.Import) (attest.Imported, error) {
	ext := strings.ToLower(filepath.Ext(in.File))
	if in.AnswerKey != "" && ext != ".xml" {
		return attest.Imported{}, fmt.Errorf("cannot import %q with an answer key: only an answer file of Evaluate-STIG (.xml) has them", in.File)
	}
	switch ext {
	case ".ckl", ".cklb":
		return attest.FromChecklist(b, in)
	case ".json", ".yaml", ".yml":
		return attest.FromSAF(b, in)
	case ".xml":
		return attest.FromAnswerFile(b, in)
	}
	return attest.Imported{}, fmt.Errorf("cannot import %q: name a checklist (.ckl, .cklb), a SAF attestation file (.json, .yaml) or an answer file of Evaluate-STIG (.xml)", in.File)
}

// Waive writes that an open finding is accepted to the waivers file and gives its
// path. The digests of w are taken here.
func Waive(ctx context.Context, o Options, w waive.Waiver) (string, error) {
	p, err := build(o.withDefaults())
	if err != nil {
		return "", err
	}
	defer p.close()
	ids, err := p.ruleIDs([]string{w.Rule})
	if err != nil {
		return "", err
	}
	snap, _ := p.reader.All()
	r := p.evaluate(ctx, snap, ids, time.Now())[0]
	w.Rule, w.Evidence, w.Policy = r.Rule, waive.CanonicalEvidence(r), p.engine.Rules[r.Rule].Digest
	switch {
	case r.Outcome != finding.Fail:
		return "", fmt.Errorf("cannot waive %s: it is %s, and only an open finding is waived", r.Rule, r.Outcome)
	case w.Evidence == "":
		return "", fmt.Errorf("cannot waive %s: a person attested that it fails; withdraw or answer that in %s", r.Rule, p.cfg.Attestations)
	}
	return p.cfg.Waivers, waive.Add(p.cfg.Waivers, w, p.engine.Order)
}

// ProposeSite writes a site profile from what the appliance has now. As it is
// written it sets nothing: each value waits for a person's approval.
func ProposeSite(o Options) ([]byte, error) {
	p, err := build(o.withDefaults())
	if err != nil {
		return nil, err
	}
	defer p.close()
	snap, _ := p.reader.All()
	have := map[string]any{}
	for name, f := range snap {
		if f.State == finding.Known {
			have[name] = f.Value
		}
	}
	schema, err := fs.ReadFile(policies.FS, "schemas/site.json")
	if err != nil {
		return nil, err
	}
	return config.InitSite(schema, have)
}

// WaiverUsed is the state of a waiver that covers an open finding now.
const WaiverUsed = "in force"

// ListedWaiver is a waiver and what it does now.
type ListedWaiver struct {
	waive.Waiver
	State string // WaiverUsed, "not used: …", or why it is void
}

// Waivers gives every waiver with its state by one pass.
func Waivers(ctx context.Context, o Options, now time.Time) ([]ListedWaiver, error) {
	p, err := build(o.withDefaults())
	if err != nil {
		return nil, err
	}
	defer p.close()
	snap, _ := p.reader.All()
	var out []ListedWaiver
	for _, w := range p.waivers.Waivers {
		r := p.evaluate(ctx, snap, []string{w.Rule}, now)[0]
		state := WaiverUsed
		if r.Outcome != finding.Fail {
			state = "not used: the rule is " + string(r.Outcome)
		}
		one := &waive.Book{Waivers: []waive.Waiver{w}}
		if _, void := one.Find(w.Rule, waive.CanonicalEvidence(r), p.engine.Rules[w.Rule].Digest, now); void != "" && r.Outcome == finding.Fail {
			state = void
		}
		out = append(out, ListedWaiver{w, state})
	}
	return out, nil
}

// evaluate judges rules, all when nil, by the facts and by what people said.
func (p *parts) evaluate(ctx context.Context, snap finding.Snapshot, ids []string, now time.Time) []finding.Result {
	p.attest(now)
	results := p.engine.Evaluate(ctx, snap, ids, now)
	p.waive(results, now)
	p.written.unseen(results)
	return results
}
