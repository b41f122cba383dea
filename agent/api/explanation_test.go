package api_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"stigwatch/agent/api"
	"stigwatch/agent/finding"
)

func TestExplainDerivesWhatWouldMakeItPass(t *testing.T) {
	evidence := []finding.Item{
		{Fact: "a.bad", Role: finding.Required, State: finding.Known, Actual: 1, Expected: ">= 2", Reason: "is 1"},
		{Fact: "a.lost", Role: finding.Required, State: finding.Unreadable, Reason: "permission denied", File: "/etc/lost"},
		{Fact: "a.good", Role: finding.Required, State: finding.Known},
		{Fact: "a.beside", Role: finding.Corroborating, State: finding.Unmapped, Reason: "not mapped"},
	}
	site := []api.SiteValue{{Key: "limit"}, {Key: "users", Set: true, Value: []any{}}, {Key: "liberties", Optional: true}}
	want := []api.Need{
		{Fact: "a.bad", Expected: ">= 2", Reason: "is 1"},
		{Fact: "a.lost", Reason: "permission denied", Next: "let stigwatch read it: /etc/lost"},
		{Fact: "site.limit", Reason: "the site profile does not set it", Next: "set limit in the site profile; \"stigwatch site init\" shows what the appliance has now"},
	}
	cases := map[finding.Outcome][]api.Need{
		finding.Fail:          want,
		finding.NotChecked:    want,
		finding.Pass:          {},
		finding.NotApplicable: {},
	}
	for outcome, want := range cases {
		result := finding.Result{Rule: "V-1", Outcome: outcome, Evidence: evidence}
		got := api.Explain("h", time.Unix(0, 0), api.Policy{}, &finding.Rule{ID: "V-1"}, result, nil, site)
		if diff := cmp.Diff(want, got.ToPass); diff != "" {
			t.Errorf("%s: -want +got:\n%s", outcome, diff)
		}
	}
}

func TestExplainNamesTheNextStepOfWhatIsNotKnown(t *testing.T) {
	rule := &finding.Rule{
		ID: "V-1", Requires: []string{"a.x"}, AbsentOK: []string{"a.free"},
		MissingOK: map[string]string{"a.one": "a.other", "a.other": "a.one", "a.alone": "a.good"},
		OffBox:    []finding.Question{{Fact: "core.set", Ask: "Core is set."}},
	}
	yes, no := &finding.Answer{Status: finding.Pass, By: "A"}, &finding.Answer{Status: finding.Fail, By: "A"}
	attest := func(fact string) string {
		return "stigwatch attest V-1 --fact " + fact + " --statement TEXT --by NAME --role ROLE"
	}
	cases := map[string]struct {
		item finding.Item
		want []api.Need
	}{
		"unmapped":                   {finding.Item{Fact: "a.x", State: finding.Unmapped, Reason: "r"}, []api.Need{{Fact: "a.x", Reason: "r", Next: "stigwatch map learn a.x"}}},
		"unconfirmed":                {finding.Item{Fact: "a.x", State: finding.Unconfirmed, Reason: "r"}, []api.Need{{Fact: "a.x", Reason: "r", Next: "stigwatch map confirm a.x --by NAME"}}},
		"nothing to confirm":         {finding.Item{Fact: "a.empty", State: finding.Unconfirmed, Reason: "r"}, []api.Need{{Fact: "a.empty", Reason: "r", Next: "stigwatch map learn a.empty"}}},
		"what was confirmed is gone": {finding.Item{Fact: "a.gone", State: finding.Unconfirmed, Reason: "r", File: "/etc/x"}, []api.Need{{Fact: "a.gone", Reason: "r", Next: "look why it is not there: /etc/x"}}},
		"missing":                    {finding.Item{Fact: "a.x", State: finding.Missing, Reason: "r", File: "/etc/x"}, []api.Need{{Fact: "a.x", Reason: "r", Next: "look why it is not there: /etc/x"}}},
		"not captured":               {finding.Item{Fact: "a.x", State: finding.Missing, Reason: "r", File: "evidence:x.txt"}, []api.Need{{Fact: "a.x", Reason: "r", Next: "capture what the command answers in the evidence folder, as x.txt"}}},
		"one of two missing":         {finding.Item{Fact: "a.alone", State: finding.Missing, Reason: "r"}, []api.Need{}},
		"both missing":               {finding.Item{Fact: "a.one", State: finding.Missing, Reason: "r"}, []api.Need{{Fact: "a.one", Reason: "r; a.other would do instead", Next: "look why it is not there"}}},
		"absent and good":            {finding.Item{Fact: "a.free", State: finding.Absent, Reason: "r"}, []api.Need{}},
		"not attested":               {finding.Item{Fact: "core.set", State: finding.Unmapped, Reason: "r"}, []api.Need{{Fact: "core.set", Expected: "Core is set.", Reason: "nobody has attested it", Next: attest("core.set")}}},
		"attested":                   {finding.Item{Fact: "core.set", State: finding.Unmapped, Reason: "r", Answer: yes}, []api.Need{}},
		"attested to be wrong":       {finding.Item{Fact: "core.set", State: finding.Unmapped, Reason: "r", Answer: no}, []api.Need{{Fact: "core.set", Expected: "Core is set.", Reason: "attested by A not to be so", Next: attest("core.set")}}},
	}
	for name, c := range cases {
		c.item.Role = finding.Required
		good := finding.Item{Fact: "a.good", Role: finding.Required, State: finding.Known}
		result := finding.Result{Rule: "V-1", Outcome: finding.Fail, Evidence: []finding.Item{c.item, good}}
		facts := []api.Fact{{Fact: "a.x", Value: int64(5)}, {Fact: "a.empty", Mapping: "assumed"}, {Fact: "a.gone", Mapping: "confirmed"}}
		got := api.Explain("h", time.Unix(0, 0), api.Policy{}, rule, result, facts, nil)
		if diff := cmp.Diff(c.want, got.ToPass); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}
