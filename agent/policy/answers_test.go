package policy

import (
	"context"
	"strings"
	"testing"
	"time"

	"stigwatch/agent/finding"
)

func answer(fact string, status finding.Outcome, void string) finding.Answer {
	return finding.Answer{Rule: "V-250989", Fact: fact, Status: status, Statement: "seen in the portal", By: "the ISSO", Void: void}
}

func TestAttestation(t *testing.T) {
	const length, minlen, core = "mics.password_policy.min_length", "pwquality.minlen", "core.policy_assigned"
	questions := needsLength + "\n#   off_box: [{fact: " + core + ", ask: Core assigns the policy to everybody.}]"
	const mayNot = "\n#   not_applicable_when: Nobody uses it."
	room := questions + mayNot
	both := "#   requires: [" + length + "]\n#   corroborates: [" + minlen + "]"
	corroborated := tooShort + `
violations contains {"fact": "pwquality.minlen", "expected": ">= 15", "message": "the OS allows less"} if {
	input.pwquality.minlen < 15
}
`
	for _, c := range []struct {
		name      string
		custom    string
		body      string
		facts     map[string]*finding.Fact
		answers   []finding.Answer
		outcome   finding.Outcome
		assurance finding.Assurance
		reason    string
	}{
		{"answers an unmapped fact", needsLength, tooShort, nil,
			[]finding.Answer{answer(length, finding.Pass, "")}, finding.Pass, finding.Attested, ""},
		{"answers an unconfirmed fact", needsLength, tooShort, map[string]*finding.Fact{length: state(finding.Unconfirmed)},
			[]finding.Answer{answer(length, finding.Pass, "")}, finding.Pass, finding.Attested, ""},
		{"never an unreadable one", needsLength, tooShort, map[string]*finding.Fact{length: state(finding.Unreadable)},
			[]finding.Answer{answer(length, finding.Pass, "")}, finding.NotChecked, finding.Unknown, length + " is unreadable: why"},
		{"never a missing one", needsLength, tooShort, map[string]*finding.Fact{length: state(finding.Missing)},
			[]finding.Answer{answer(length, finding.Pass, "")}, finding.NotChecked, finding.Unknown, length + " is missing: why"},
		{"never a known bad one", needsLength, tooShort, map[string]*finding.Fact{length: known(int64(8))},
			[]finding.Answer{answer(length, finding.Pass, "")}, finding.Fail, finding.Direct, "too short"},
		{"not needed for a known good one", needsLength, tooShort, map[string]*finding.Fact{length: known(int64(15))},
			[]finding.Answer{answer(length, finding.Fail, "")}, finding.Pass, finding.Direct, ""},
		{"never a known bad corroborating one", both, corroborated, map[string]*finding.Fact{minlen: known(int64(8))},
			[]finding.Answer{answer(length, finding.Pass, "")}, finding.Fail, finding.Direct, "the OS allows less"},
		{"that says fail is a finding", needsLength, tooShort, nil,
			[]finding.Answer{answer(length, finding.Fail, "")}, finding.Fail, finding.Attested, "attested by the ISSO: seen in the portal"},
		{"that does not hold says why", needsLength, tooShort, nil,
			[]finding.Answer{answer(length, finding.Pass, "it expired on 2026-01-01")}, finding.NotChecked, finding.Unknown,
			length + " is unmapped: no mapping says where it lives; its attestation does not hold: it expired on 2026-01-01"},
		{"of another fact does not count", needsLength, tooShort, nil,
			[]finding.Answer{answer(minlen, finding.Pass, "")}, finding.NotChecked, finding.Unknown, length + " is unmapped: no mapping says where it lives"},
		{"is asked for off the box", questions, tooShort, map[string]*finding.Fact{length: known(int64(15))},
			nil, finding.NotChecked, finding.Unknown, core + " cannot be read on the box; somebody has to attest: Core assigns the policy to everybody."},
		{"of one question does not stand for the other", questions, tooShort, nil,
			[]finding.Answer{answer(core, finding.Pass, "")}, finding.NotChecked, finding.Unknown, length + " is unmapped: no mapping says where it lives"},
		{"beside a known fact weakens the assurance", questions, tooShort, map[string]*finding.Fact{length: known(int64(15))},
			[]finding.Answer{answer(core, finding.Pass, "")}, finding.Pass, finding.Attested, ""},
		{"that it does not apply, where the text has no room for that", questions, tooShort, nil,
			[]finding.Answer{answer(core, finding.NotApplicable, ""), answer(length, finding.NotApplicable, "")}, finding.NotChecked, finding.Unknown, length + " is unmapped: no mapping says where it lives"},
		{"that all of it does not apply", room, tooShort, nil,
			[]finding.Answer{answer(core, finding.NotApplicable, ""), answer(length, finding.NotApplicable, "")}, finding.NotApplicable, finding.Attested, "seen in the portal"},
		{"that one part does not apply leaves the other", room, tooShort, map[string]*finding.Fact{length: known(int64(15))},
			[]finding.Answer{answer(core, finding.NotApplicable, "")}, finding.Pass, finding.Attested, ""},
		{"cannot make a readable rule not applicable", needsLength + mayNot, tooShort, map[string]*finding.Fact{length: known(int64(15))},
			[]finding.Answer{answer(length, finding.NotApplicable, "")}, finding.Pass, finding.Direct, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Load(Options{Tree: small(t, c.custom, c.body)})
			if err != nil {
				t.Fatal(err)
			}
			e.Attest(c.answers)
			r := e.Evaluate(context.Background(), snapshot(c.facts), []string{"V-250989"}, time.Unix(0, 0))[0]
			if r.Outcome != c.outcome || r.Reason != c.reason || r.Assurance != c.assurance {
				t.Errorf("%s, %s (%s), want %s, %s (%s)", r.Outcome, r.Assurance, r.Reason, c.outcome, c.assurance, c.reason)
			}
		})
	}
}

func TestRuleThatOnlyPeopleCanAnswer(t *testing.T) {
	tree := small(t, "#   off_box: [{fact: core.a, ask: A holds.}, {fact: core.b, ask: B holds.}]", "")
	e, err := Load(Options{Tree: tree})
	if err != nil {
		t.Fatal(err)
	}
	judge := func(answers ...finding.Answer) finding.Result {
		e.Attest(answers)
		return e.Evaluate(context.Background(), nil, []string{"V-250989"}, time.Unix(0, 0))[0]
	}
	if r := judge(answer("core.a", finding.Pass, "")); r.Outcome != finding.NotChecked || !strings.Contains(r.Reason, "B holds.") {
		t.Errorf("half answered: %s: %s", r.Outcome, r.Reason)
	}
	r := judge(answer("core.a", finding.Pass, ""), answer("core.b", finding.Pass, ""))
	if r.Outcome != finding.Pass || len(r.Evidence) != 2 || r.Evidence[1].Answer == nil || r.Evidence[1].Answer.By != "the ISSO" {
		t.Errorf("%+v", r)
	}
}

func TestDigestOfARuleFollowsItsPolicyAndTheLibraryItUses(t *testing.T) {
	load := func(body, helper string) string {
		tree := small(t, needsLength, body)
		putModule(tree, "lib/used/used.rego", "package lib.used\n\nleast := "+helper+"\n")
		putModule(tree, "lib/other/other.rego", "package lib.other\n\nx := "+helper+"\n")
		e, err := Load(Options{Tree: tree})
		if err != nil {
			t.Fatal(err)
		}
		return e.Rules["V-250989"].Digest
	}
	using := strings.ReplaceAll(tooShort, "< 15", "< data.lib.used.least")
	if load(tooShort, "15") != load(tooShort, "16") {
		t.Error("it follows a library that the rule does not use")
	}
	if load(using, "15") == load(using, "16") {
		t.Error("it does not follow the library that the rule uses")
	}
	if load(tooShort, "15") == load(tooShort+"\n# more\n", "15") {
		t.Error("it does not follow the rule's own file")
	}
}
