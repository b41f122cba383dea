package errand

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"stigwatch/agent/appliance"
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
func Attest(o appliance.Options, a attest.Attestation) (string, error) {
	p, err := appliance.Build(o)
	if err != nil {
		return "", err
	}
	defer p.Close()
	ids, err := p.RuleIDs([]string{a.Rule})
	if err != nil {
		return "", err
	}
	a.Rule = ids[0]
	snap, _ := p.Reader.All()
	if a.Status == finding.NotApplicable && p.Engine.Rules[a.Rule].NotApplicableWhen == "" {
		return "", fmt.Errorf("cannot attest that %s does not apply: its text has no room for that", a.Rule)
	}
	if a.Facts, err = toAnswer(p.Engine.Rules[a.Rule], snap, a.Facts); err != nil {
		return "", err
	}
	if a.Evidence != nil {
		if a.Evidence.Digest, err = p.EvidenceDigest(a.Evidence.File); err != nil {
			return "", fmt.Errorf("cannot read %q in the evidence folder %q: %w", a.Evidence.File, p.Config.Evidence, err)
		}
	}
	return p.Config.Attestations, attest.Add(p.Config.Attestations, a, p.Answerable())
}

// toAnswer gives the names of a rule that a person may answer now: those that
// were asked for, or all.
func toAnswer(rule *finding.Rule, snap finding.Snapshot, asked []string) ([]string, error) {
	open, known := rule.Questions(), map[string]finding.State{}
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
func Attestations(o appliance.Options, now time.Time) ([]finding.Answer, error) {
	p, err := appliance.Build(o)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	answers := p.Attestations.At(now, p.EvidenceDigest)
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
func ImportAttestations(o appliance.Options, b []byte, in attest.Import) (taken int, refused []string, path string, err error) {
	p, err := appliance.Build(o)
	if err != nil {
		return 0, nil, "", err
	}
	defer p.Close()
	if in.Host = p.Name; in.Host == "unknown" {
		in.Host = ""
	}
	in.OffBox = map[string][]string{}
	for id, rule := range p.Engine.Rules {
		if len(rule.Requires) == 0 {
			in.OffBox[id] = rule.Questions()
		}
	}
	got, err := imported(b, in)
	if err != nil {
		return 0, nil, "", err
	}
	refused = got.Refused
	for _, a := range got.Attestations {
		if err := attest.Add(p.Config.Attestations, a, p.Answerable()); err != nil {
			return taken, refused, p.Config.Attestations, err
		}
		taken++
	}
	return taken, refused, p.Config.Attestations, nil
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
func Waive(ctx context.Context, o appliance.Options, w waive.Waiver) (string, error) {
	p, err := appliance.Build(o)
	if err != nil {
		return "", err
	}
	defer p.Close()
	ids, err := p.RuleIDs([]string{w.Rule})
	if err != nil {
		return "", err
	}
	snap, _ := p.Reader.All()
	r := p.Evaluate(ctx, snap, ids, time.Now())[0]
	w.Rule, w.Evidence, w.Policy = r.Rule, waive.CanonicalEvidence(r), p.Engine.Rules[r.Rule].Digest
	switch {
	case r.Outcome != finding.Fail:
		return "", fmt.Errorf("cannot waive %s: it is %s, and only an open finding is waived", r.Rule, r.Outcome)
	case w.Evidence == "":
		return "", fmt.Errorf("cannot waive %s: a person attested that it fails; withdraw or answer that in %s", r.Rule, p.Config.Attestations)
	}
	return p.Config.Waivers, waive.Add(p.Config.Waivers, w, p.Engine.Order)
}

// ProposeSite writes a site profile from what the appliance has now. As it is
// written it sets nothing: each value waits for a person's approval.
func ProposeSite(o appliance.Options) ([]byte, error) {
	p, err := appliance.Build(o)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	snap, _ := p.Reader.All()
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
func Waivers(ctx context.Context, o appliance.Options, now time.Time) ([]ListedWaiver, error) {
	p, err := appliance.Build(o)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	snap, _ := p.Reader.All()
	var out []ListedWaiver
	for _, w := range p.Waivers.Waivers {
		r := p.Evaluate(ctx, snap, []string{w.Rule}, now)[0]
		state := WaiverUsed
		if r.Outcome != finding.Fail {
			state = "not used: the rule is " + string(r.Outcome)
		}
		one := &waive.Book{Waivers: []waive.Waiver{w}}
		if _, void := one.Find(w.Rule, waive.CanonicalEvidence(r), p.Engine.Rules[w.Rule].Digest, now); void != "" && r.Outcome == finding.Fail {
			state = void
		}
		out = append(out, ListedWaiver{w, state})
	}
	return out, nil
}
